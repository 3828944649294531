"""Where an image lies in the patient: letters at its edges, the line where two slices cross, the nearest slice.

Pure mathematics of the patient's coordinates (PS3.3 C.7.6.2.1.1: x to the left, y to the back, z to the head; mm).
Reads no files, draws nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Vector = tuple[float, float, float]
Point = tuple[float, float]  # column and row, in pixels; (0, 0) is the corner of the first one

_AXES = (("L", "R"), ("P", "A"), ("H", "F"))  # towards more, towards less
_OPPOSITE = str.maketrans("LRPAHF", "RLAPFH")
_LETTER_FROM = 0.3  # of a direction's length along an axis; below, the letter would mislead
_UNIT_WITHIN = 0.01
_PARALLEL = 0.98  # cosine of the angle between two normals
_TOUCHES = 1e-6


@dataclass(frozen=True)
class Letters:
    """The patient's directions at the four edges of what is shown; empty where they are not known."""

    left: str = ""
    top: str = ""
    right: str = ""
    bottom: str = ""

    def turned(self, quarters: int) -> Letters:
        """After turning the image clockwise by quarters."""
        edges = [self.left, self.top, self.right, self.bottom]
        shift = quarters % 4
        return Letters(*(edges[(at - shift) % 4] for at in range(4)))

    def mirrored(self) -> Letters:
        """After exchanging left and right."""
        return Letters(self.right, self.top, self.left, self.bottom)


@dataclass(frozen=True)
class Plane:
    """A slice. `row` is the direction in which columns count up, `column` that of rows (PS3.3 C.7.6.2.1.1)."""

    position: Vector  # of the centre of the first pixel
    row: Vector
    column: Vector
    row_mm: float  # between rows
    column_mm: float  # between columns
    rows: int
    columns: int
    frame_of_reference: str = ""

    @property
    def normal(self) -> Vector:
        return cross(self.row, self.column)

    @property
    def depth(self) -> float:
        """Where the slice lies along its normal, which is what "slice position" means."""
        return dot(self.position, self.normal)

    @property
    def letters(self) -> Letters:
        right, bottom = letters_of(self.row), letters_of(self.column)
        return Letters(opposite(right), opposite(bottom), right, bottom)

    def at(self, point: Point) -> Vector:
        x, y = (point[0] - 0.5) * self.column_mm, (point[1] - 0.5) * self.row_mm
        return _sum(self.position, _times(self.row, x), _times(self.column, y))

    def project(self, place: Vector) -> Point:
        """The pixel below a place in the patient."""
        way = _minus(place, self.position)
        return dot(way, self.row) / self.column_mm + 0.5, dot(way, self.column) / self.row_mm + 0.5

    @property
    def corners(self) -> tuple[Vector, ...]:
        width, height = float(self.columns), float(self.rows)
        return tuple(self.at(corner) for corner in ((0, 0), (width, 0), (width, height), (0, height)))

    @property
    def middle(self) -> Vector:
        return self.at((self.columns / 2, self.rows / 2))


def plane_of(
    position: Sequence[float],
    orientation: Sequence[float],
    spacing: tuple[float, float],
    size: tuple[int, int],
    frame_of_reference: str = "",
) -> Plane | None:
    """From Image Position and Orientation (Patient); `size` is rows, columns. None where they make no sense."""
    if len(position) != 3 or len(orientation) != 6 or min(spacing) <= 0:
        return None
    if not all(map(math.isfinite, (*position, *orientation))):
        return None
    x, y, z, *rest = (float(part) for part in orientation)
    row, column = (x, y, z), (rest[0], rest[1], rest[2])
    lengths = math.hypot(*row), math.hypot(*column)
    if any(abs(length - 1) > _UNIT_WITHIN for length in lengths) or abs(dot(row, column)) > _UNIT_WITHIN:
        return None
    where = (float(position[0]), float(position[1]), float(position[2]))
    return Plane(where, row, column, *spacing, *size, frame_of_reference)


def letters_of_patient_orientation(values: Sequence[str]) -> Letters:
    """Patient Orientation (0020,0020): the direction of rows, then that of columns."""
    words = [value.strip().upper() for value in values]
    if len(words) != 2 or not all(word and set(word) <= set("LRPAHF") for word in words):
        return Letters()
    return Letters(opposite(words[0]), opposite(words[1]), words[0], words[1])


def letters_of(direction: Vector) -> str:
    """The nearest directions of the patient, the nearest first (PS3.3 C.7.6.1.1.1)."""
    by_size = sorted(zip(direction, _AXES, strict=True), key=lambda part: -abs(part[0]))
    return "".join(axis[0 if part > 0 else 1] for part, axis in by_size if abs(part) > _LETTER_FROM)


def opposite(letters: str) -> str:
    return letters.translate(_OPPOSITE)


def crossing(seen: Plane, other: Plane) -> tuple[Point, Point] | None:
    """The line on `seen` where the slice `other` cuts it; None where they do not meet or share no coordinates."""
    if not _comparable(seen, other) or abs(dot(seen.normal, other.normal)) > _PARALLEL:
        return None
    ends = []
    corners = other.corners
    heights = [dot(_minus(corner, seen.position), seen.normal) for corner in corners]
    for at in range(4):
        here, there = heights[at], heights[(at + 1) % 4]
        if (here > 0) != (there > 0):
            way = _minus(corners[(at + 1) % 4], corners[at])
            ends.append(seen.project(_sum(corners[at], _times(way, here / (here - there)))))
    return _clipped(ends[0], ends[1], seen.columns, seen.rows) if len(ends) == 2 else None


def nearest(target: Plane, planes: Sequence[Plane | None]) -> int | None:
    """Which of the slices lies at the target's height; None where none is parallel, or the target lies beyond them."""
    best, least, heights = None, math.inf, []
    for at, plane in enumerate(planes):
        if plane is None or not _comparable(target, plane) or not parallel(target, plane):
            continue
        height = dot(_minus(target.middle, plane.position), plane.normal)
        heights.append(height)
        if abs(height) < least:
            best, least = at, abs(height)
    if len(heights) > 1 and least > (max(heights) - min(heights)) / (len(heights) - 1):
        return None  # farther than one step
    return best


def why_apart(one: Plane | None, other: Plane | None) -> str:
    """Why two slices cannot be scrolled together; empty where they can."""
    if one is None or other is None:
        return "no position in the patient"
    if not _comparable(one, other):
        return "no common coordinates"
    return "" if parallel(one, other) else "another direction"


def parallel(one: Plane, other: Plane) -> bool:
    return abs(dot(one.normal, other.normal)) > _PARALLEL


def _comparable(one: Plane, other: Plane) -> bool:
    return bool(one.frame_of_reference) and one.frame_of_reference == other.frame_of_reference


def _clipped(start: Point, end: Point, width: float, height: float) -> tuple[Point, Point] | None:
    """The part of a line inside the image (Liang and Barsky)."""
    first, last = 0.0, 1.0
    way = end[0] - start[0], end[1] - start[1]
    sides = (
        (-way[0], start[0]), (way[0], width - start[0]), (-way[1], start[1]), (way[1], height - start[1]),
    )  # fmt: skip
    for step, room in sides:
        if abs(step) < _TOUCHES:
            if room < 0:
                return None
            continue
        if step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if last - first < _TOUCHES:
        return None
    return _along(start, way, first), _along(start, way, last)


def _along(start: Point, way: Point, part: float) -> Point:
    return start[0] + way[0] * part, start[1] + way[1] * part


def dot(one: Vector, other: Vector) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def cross(one: Vector, other: Vector) -> Vector:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def _minus(one: Vector, other: Vector) -> Vector:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


def _times(one: Vector, by: float) -> Vector:
    return one[0] * by, one[1] * by, one[2] * by


def _sum(*parts: Vector) -> Vector:
    return sum(p[0] for p in parts), sum(p[1] for p in parts), sum(p[2] for p in parts)
