"""Brings the frames that a reader's threads deliver into the event loop. Owns no frame."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot

from iep_desktop.core.viewing import ImageSource
from iep_desktop.workers.frames import MOST_BYTES, Arrival, FrameReader


class FrameFeed(QObject):
    """`arrived(Arrival)` in the thread that made it, until `close`."""

    arrived = Signal(object)
    _came = Signal(object)

    def __init__(self, source: ImageSource, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()  # no parent: it must outlive the reader's last call
        self._came.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._closed = False
        self.reader = FrameReader(source, self._came.emit, most_bytes=most_bytes)

    @Slot(object)
    def _pass_on(self, arrival: Arrival) -> None:
        if not self._closed:
            self.arrived.emit(arrival)

    def close(self) -> None:
        self._closed = True
        self.reader.close()
