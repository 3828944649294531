"""What a program does besides its jobs: it listens for images, and looks now and then at what is due.

Lives in the thread of the event loop and never blocks it; the work is that of `keeping`, in a thread of its own, so
that a gateway that does not answer holds up nothing else.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QTimer, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.pool import Pool

_log = logging.getLogger(__name__)

EVERY_MS = 5_000


class Listener(QObject):
    """Started and stopped beside the engine."""

    looked = Signal()  # a round is over: something may be queued now

    def __init__(self, desk: Desk, parent: QObject | None = None, every_ms: int = EVERY_MS) -> None:
        super().__init__(parent)
        self._desk = desk
        self._pool = Pool(1, self)
        self._looking = False
        self.rounds = 0
        self._tick = QTimer(self)
        self._tick.setInterval(every_ms)
        self._tick.timeout.connect(self.look)

    def start(self) -> None:
        self._tick.start()
        self.look()

    def look(self) -> None:
        if not self._looking:
            self._looking = True
            self._pool.run(self._round, done=lambda _: self._ended(), failed=self._failed)

    def stop(self, seconds: float = 5.0) -> bool:
        self._tick.stop()
        return self._pool.close(seconds)

    def _round(self, ctx: Context) -> None:
        try:
            _ = self._desk.storage_listener  # listens from its first use on
        except IepError as error:
            _log.warning("no images can be stored to us: %s", error.title)
        self._desk.keeping.run(ctx)

    def _failed(self, error: IepError) -> None:
        _log.warning("what is due could not be looked at: %s", error.title)
        self._ended()

    def _ended(self) -> None:
        self._looking = False
        self.rounds += 1
        self.looked.emit()
