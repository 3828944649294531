"""Plays the frames of a pane one after another, at the file's own rate or a person's. Owns time, no frames."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

USUAL, SLOWEST, FASTEST = 15.0, 1.0, 60.0
_TICK_MS = 8  # finer than the fastest rate


class Cine(QObject):
    """`step` is asked for the next frame when it is due; it says no while the last one has not come yet."""

    changed = Signal()

    def __init__(self, step: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._step = step
        self.rate = USUAL
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def running(self) -> bool:
        return self._timer.isActive()

    def start(self, seconds: float | None) -> None:
        """`seconds` from frame to frame, as the file says."""
        self.set_rate(1 / seconds if seconds else USUAL)
        self._due = time.monotonic()
        self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        if self.running:
            self._timer.stop()
            self.changed.emit()

    def set_rate(self, rate: float) -> None:
        self.rate = min(max(rate, SLOWEST), FASTEST)
        self.changed.emit()

    def _tick(self) -> None:
        now = time.monotonic()
        if now < self._due or not self._step():
            return
        # A late frame does not make the next ones hurry: none is left out.
        self._due = max(self._due + 1 / self.rate, now)
