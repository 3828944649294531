"""Pixels have a shape: spacing, aspect ratio (PS3.3 C.7.6.3.1.7, 10.7), and the size of what is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.dicom.render.arrays import Bytes8
from iep_desktop.dicom.render.attributes import group, numbers

_MOST_OBLONG = 20.0  # height by width; beyond, it is a mistake in the file
_SOURCES = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


@dataclass(frozen=True)
class Spacing:
    """Between the centres of rows and of columns, in mm; `source` names the attribute that says so."""

    row: float
    column: float
    source: str


def spacing_of(ds: Dataset, frame: int = 0) -> Spacing | None:
    """In the patient where known, else on the detector or the scanned film."""
    for source in _SOURCES:
        place = group(ds, frame, "PixelMeasuresSequence") if source == "PixelSpacing" else ds
        given = numbers(place, source)
        if len(given) == 2 and min(given) > 0:
            return Spacing(given[0], given[1], source)
    return None


def aspect_of(ds: Dataset, frame: int = 0) -> float:
    """A pixel's height by its width; 1 where nothing, or nonsense, is said."""
    spacing = spacing_of(ds, frame)
    ratio = (spacing.row, spacing.column) if spacing else numbers(ds, "PixelAspectRatio")
    if len(ratio) != 2 or min(ratio) <= 0:
        return 1.0
    aspect = ratio[0] / ratio[1]
    return aspect if 1 / _MOST_OBLONG <= aspect <= _MOST_OBLONG else 1.0


def output_size(columns: int, rows: int, aspect: float, most: int | None) -> tuple[int, int]:
    """Width and height with square pixels: the coarser direction is stretched; at most `most` on the longer side."""
    width, height = (columns, rows * aspect) if aspect >= 1 else (columns / aspect, rows)
    scale = min(1.0, most / max(width, height)) if most else 1.0
    return max(1, round(width * scale)), max(1, round(height * scale))


def fitted(array: Bytes8, size: tuple[int, int]) -> Bytes8:
    """Averaged down, interpolated up."""
    height, width = array.shape[:2]
    if (width, height) == size:
        return array
    from PIL import Image

    smaller = size[0] <= width and size[1] <= height
    filtering = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(array).resize(size, filtering))
