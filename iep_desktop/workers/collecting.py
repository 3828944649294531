"""Collects garbage in the thread of the event loop, and nowhere else.

Python collects in whatever thread happens to allocate. A Qt object in a cycle would then be destroyed in a thread
that is not its own, under the hands of the loop that paints it. Worker threads allocate most, so they must not collect.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500
SHARE = 0.005
"""Of the time, that the whole collections may take: one that took 20 ms is not repeated for 4 s."""


class Collecting(QObject):
    """For as long as an event loop runs; `stop` gives collecting back to Python."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._whole_from = 0.0
        self._tick = QTimer(self)
        self._tick.setInterval(EVERY_MS)
        self._tick.timeout.connect(self.look)

    def start(self) -> None:
        self._tick.start()

    def stop(self) -> None:
        self._tick.stop()
        gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if counts[2] > thresholds[2] and time.monotonic() >= self._whole_from:
            began = time.monotonic()
            gc.collect()
            ended = time.monotonic()
            self._whole_from = ended + (ended - began) / SHARE
        elif counts[1] > thresholds[1]:
            gc.collect(1)
        elif counts[0] > thresholds[0]:
            gc.collect(0)
