"""How long a line on an image is: in mm where the image says how large a pixel is, and where that holds.

Pure; a calibration comes from the file and is never guessed (PS3.3 10.7, C.8.5.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.planes import Point

NOT_CALIBRATED = "not calibrated"


class Basis(StrEnum):
    """What a size in mm is a size of; the words stand behind the number."""

    PATIENT = ""  # Pixel Spacing of a slice, or calibrated: in the patient
    DETECTOR = "at the detector"  # Imager Pixel Spacing: the patient is smaller
    FILM = "on the film"  # Nominal Scanned Pixel Spacing
    REGION = "by ultrasound region"


@dataclass(frozen=True)
class Calibration:
    """Millimetres a pixel, valid inside `region` (left, top, right, bottom in pixels) or everywhere."""

    row_mm: float
    column_mm: float
    basis: Basis
    region: tuple[float, float, float, float] | None = None

    def holds(self, point: Point) -> bool:
        if self.region is None:
            return True
        left, top, right, bottom = self.region
        return left <= point[0] <= right and top <= point[1] <= bottom

    def distance(self, start: Point, end: Point) -> float:
        """In mm."""
        return math.hypot((end[0] - start[0]) * self.column_mm, (end[1] - start[1]) * self.row_mm)


def distance_text(start: Point, end: Point, calibrations: Sequence[Calibration]) -> str:
    """`41.3 mm at the detector`, or the length in pixels with the words that it is not calibrated."""
    for known in calibrations:
        if known.holds(start) and known.holds(end):
            return f"{known.distance(start, end):.1f} mm {known.basis}".rstrip()
    return f"{math.hypot(end[0] - start[0], end[1] - start[1]):.0f} pixels, {NOT_CALIBRATED}"
