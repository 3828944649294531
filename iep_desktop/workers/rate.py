"""How fast images move on this workstation now: measured from the progress of the jobs, or told by who runs them."""

from __future__ import annotations

import time
from collections import deque

from iep_desktop.core.job import Progress
from iep_desktop.workers.engine_line import Working


class Rate:
    """Images and bytes a second over the last seconds, over all running jobs, from their progress."""

    WINDOW = 5.0

    def __init__(self) -> None:
        self._last: dict[int, Progress] = {}
        self._steps: deque[tuple[float, int, int]] = deque(maxlen=1000)
        self._usual = 0.0

    def note(self, id: int, progress: Progress) -> None:
        before = self._last.get(id)
        self._last[id] = progress
        if before and before.stage == progress.stage:
            images, size = progress.done - before.done, progress.bytes_done - before.bytes_done
            self._steps.append((time.monotonic(), max(images, 0), max(size, 0)))

    def forget(self, id: int) -> None:
        self._last.pop(id, None)

    def per_second(self) -> tuple[float, float]:
        """Images/s and bytes/s; zero when nothing moved for a while."""
        since = time.monotonic() - self.WINDOW
        steps = [step for step in list(self._steps) if step[0] >= since]  # a copy: asked from another thread
        return sum(s[1] for s in steps) / self.WINDOW, sum(s[2] for s in steps) / self.WINDOW

    def usual(self) -> float:
        """Bytes/s by which to estimate: as measured now, or when something moved last; zero before anything did."""
        now = self.per_second()[1]
        self._usual = now or self._usual
        return self._usual


class ToldRate:
    """As `Rate`, where the jobs run in another process."""

    def __init__(self) -> None:
        self._told = Working(0, 0.0, 0.0, 0.0)

    def tell(self, working: Working) -> None:
        self._told = working

    def per_second(self) -> tuple[float, float]:
        """Images/s and bytes/s."""
        return self._told.images_per_second, self._told.bytes_per_second

    def usual(self) -> float:
        """Bytes/s by which to estimate."""
        return self._told.usual
