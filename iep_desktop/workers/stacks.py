"""The frames of a series in their order, one after another: what a person scrolls through. Plain and thread-safe.

How many frames a file holds may be known only when it is read, so that a stack can grow; frames keep their key.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from itertools import accumulate

from iep_desktop.core.pictures import Slot
from iep_desktop.core.planes import Plane
from iep_desktop.core.viewing import ViewSeries, ViewStudy


class Stack:
    """Places count from 0."""

    def __init__(self, study: ViewStudy, series: ViewSeries) -> None:
        self.study, self.series = study, series
        self._lock = threading.Lock()
        self._frames = [max(1, image.frames) for image in series.images]
        self._ends = list(accumulate(self._frames))
        self._at = {Slot(image).key[0]: at for at, image in enumerate(series.images)}
        self._planes: dict[tuple[str, int], Plane] = {}
        self._placed: set[str] = set()  # images of which is known where they lie, or that it cannot be known

    def __len__(self) -> int:
        with self._lock:
            return self._ends[-1] if self._ends else 0

    def slot(self, place: int) -> Slot:
        """Raises IndexError outside."""
        with self._lock:
            if not 0 <= place < (self._ends[-1] if self._ends else 0):
                raise IndexError(place)
            at = bisect_right(self._ends, place)
            return Slot(self.series.images[at], place - self._ends[at] + self._frames[at])

    def slot_of(self, key: tuple[str, int]) -> Slot | None:
        """The frame of a key, as `planes` has them."""
        with self._lock:
            at = self._at.get(key[0])
            return Slot(self.series.images[at], key[1]) if at is not None else None

    def place(self, slot: Slot) -> int:
        """Where the frame is, or the last one of its image where it has fewer; 0 for what is not of the series."""
        with self._lock:
            at = self._at.get(slot.key[0])
            if at is None:
                return 0
            return self._ends[at] - self._frames[at] + min(slot.frame, self._frames[at] - 1)

    def set_frames(self, slot: Slot, frames: int) -> bool:
        """What the file turned out to hold; whether that moved what follows."""
        with self._lock:
            at = self._at.get(slot.key[0])
            if at is None or self._frames[at] == frames:
                return False
            self._frames[at] = frames
            self._ends = list(accumulate(self._frames))
            return True

    def set_plane(self, slot: Slot, plane: Plane) -> None:
        with self._lock:
            self._planes[slot.key] = plane

    def planes(self) -> dict[tuple[str, int], Plane]:
        """By key, of the frames that were looked at."""
        with self._lock:
            return dict(self._planes)

    def set_placed(self, slot: Slot) -> None:
        """All that can be known of where an image lies is known."""
        with self._lock:
            self._placed.add(slot.key[0])

    def unplaced(self) -> list[Slot]:
        """Images of which that is not so yet."""
        with self._lock:
            slots = [Slot(image) for image in self.series.images]
            return [slot for slot in slots if slot.key[0] not in self._placed]

    @property
    def is_placed(self) -> bool:
        with self._lock:
            return self._placed >= self._at.keys()
