"""Lines that a person has drawn on images to measure a distance, by mouse or keys. In image points; paints nothing."""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.planes import Point

Key = tuple[str, int]


@dataclass
class Line:
    start: Point
    end: Point

    @property
    def is_dot(self) -> bool:
        return abs(self.end[0] - self.start[0]) + abs(self.end[1] - self.start[1]) < 1


class Measures:
    """Lines belong to a frame and stay with it; they are never saved or sent."""

    def __init__(self) -> None:
        self._lines: dict[Key, list[Line]] = {}
        self._moves_start = False

    def of(self, key: Key) -> list[Line]:
        return self._lines.get(key, [])

    def begin(self, key: Key, start: Point, end: Point | None = None) -> None:
        self._moves_start = False
        self._lines.setdefault(key, []).append(Line(start, end or start))

    def move(self, key: Key, to: Point) -> None:
        """The end of the newest line that is being moved."""
        line = self._newest(key)
        if line and self._moves_start:
            line.start = to
        elif line:
            line.end = to

    def nudge(self, key: Key, across: float, down: float) -> None:
        line = self._newest(key)
        if line:
            x, y = line.start if self._moves_start else line.end
            self.move(key, (x + across, y + down))

    def other_end(self) -> None:
        self._moves_start = not self._moves_start

    def finish(self, key: Key) -> None:
        """A click without a way is no line."""
        line = self._newest(key)
        if line and line.is_dot:
            self.remove(key)

    def remove(self, key: Key) -> None:
        """The newest line."""
        lines = self._lines.get(key)
        if lines:
            lines.pop()

    def _newest(self, key: Key) -> Line | None:
        lines = self._lines.get(key)
        return lines[-1] if lines else None
