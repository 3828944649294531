"""Reading one disc off the event loop: steps thinned to what a window can show, pause, cancel, pace.

Knows no page; `desk.discs` does the reading.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents, ReadingStep
from iep_desktop.ui.pace import Pace
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

_SHOW_MS = 120  # the tree grows this often, however fast the disc is


class ReadsDiscs(Protocol):
    def read(self, path: str, ctx: Context, step: Callable[[ReadingStep], None]) -> MediumContents: ...


class DiscReader(QObject):
    """Reads one disc at a time; a new one takes the place of the last."""

    stepped = Signal(object)  # ReadingStep
    finished = Signal(object)  # MediumContents
    failed = Signal(object)  # IepError
    state_changed = Signal()

    def __init__(self, discs: ReadsDiscs, queries: Queries, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._discs = discs
        self._queries = queries
        self._running: Running | None = None
        self._go = threading.Event()
        self._newest: ReadingStep | None = None
        self._percent: int | None = None
        self.pace = Pace()
        self._timer = QTimer(self)
        self._timer.setInterval(_SHOW_MS)
        self._timer.timeout.connect(self._show)

    @property
    def is_reading(self) -> bool:
        return self._running is not None

    @property
    def is_paused(self) -> bool:
        return self.is_reading and not self._go.is_set()

    @property
    def percent(self) -> int | None:
        """None while nobody knows how much there is."""
        return self._percent

    def start(self, path: str) -> None:
        self.cancel()
        self.pace = Pace()
        self._percent = None
        self._go.set()
        discs, go = self._discs, self._go

        def question(ctx: Context, emit: Callable[[Any], None]) -> MediumContents:
            def step(value: ReadingStep) -> None:
                emit(value)
                while not go.is_set():
                    ctx.wait(0.1)

            return discs.read(path, ctx, step)

        self._running = self._queries.stream(
            question, self._step, self._answered, self._could_not, owner=self
        )
        self._timer.start()
        self.state_changed.emit()

    def pause(self) -> None:
        self._go.clear()
        self.state_changed.emit()

    def resume(self) -> None:
        self.pace.forget()
        self._go.set()
        self.state_changed.emit()

    def cancel(self) -> None:
        """Stop; what has been read so far stays shown."""
        if self._running is not None:
            self._running.cancel()
            self._show()
            self._settle()

    def _settle(self) -> None:
        self._running = None
        self._newest = None
        self._go.set()
        self._timer.stop()
        self.state_changed.emit()

    def _step(self, step: ReadingStep) -> None:
        self._newest = step
        self._percent = min(100 * step.done // step.total, 100) if step.total else None
        self.pace.saw(time.monotonic(), step.done)

    def _show(self) -> None:
        if self._newest is not None:
            step, self._newest = self._newest, None
            self.stepped.emit(step)

    def _answered(self, contents: MediumContents) -> None:
        self._show()
        self._settle()
        self.finished.emit(contents)

    def _could_not(self, error: IepError) -> None:
        self._show()
        self._settle()
        self.failed.emit(error)
