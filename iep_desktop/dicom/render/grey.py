"""Grey values: stored → modality (PS3.3 C.11.1) → values of interest (C.11.2) → 0 black to 255 white.

Owns windows and tables and applies them; a slice of whole numbers goes through a table of its few thousand values,
so that dragging a window stays far below a frame's time. Reads no files and no data sets (`views.py` does).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from iep_desktop.dicom.render.arrays import Bytes8, Mask, Pixels, Real
from iep_desktop.dicom.render.checks import unshowable

_LARGEST_TABLE = 1 << 16  # entries
_CHUNK = 1 << 20  # values at a time, where each is computed


class Shape(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True)
class Window:
    """C.11.2.1.2 and C.11.2.1.3, in modality values.

    Raises:
        Permanent: a width that the function does not allow.
    """

    centre: float
    width: float
    shape: Shape = Shape.LINEAR
    explanation: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.centre) and math.isfinite(self.width)):
            raise unshowable("The window's centre or width is not a number.")
        if self.width < 1 if self.shape is Shape.LINEAR else self.width <= 0:
            raise unshowable(f"A window of width {self.width:g} shows nothing (PS3.3 C.11.2.1.2).")

    def fractions(self, x: Real) -> Real:
        """Modality values to 0…1."""
        if self.shape is Shape.SIGMOID:
            power = np.clip(-4 * (x - self.centre) / self.width, -700, 700)
            return np.asarray(1 / (1 + np.exp(power)))
        if self.shape is Shape.LINEAR_EXACT:
            return np.clip((x - self.centre) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return np.where(x <= self.centre - 0.5, 0.0, 1.0)
        return np.clip((x - (self.centre - 0.5)) / (self.width - 1) + 0.5, 0, 1)


@dataclass(frozen=True, eq=False)
class Table:
    """A lookup table (C.11.1.1, C.11.2.1.1) of `bits` bits: what lies outside takes its first or last entry."""

    first: int
    entries: Real
    bits: int
    explanation: str = ""

    def looked_up(self, x: Real) -> Real:
        index = np.clip(np.rint(x) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[index.astype(np.intp)], np.float64)

    def fractions(self, x: Real) -> Real:
        return self.looked_up(x) / ((1 << self.bits) - 1)


View = Window | Table  # one way to look at an image: several may stand in a file


@dataclass(frozen=True)
class Rescale:
    """Rescale Slope and Intercept (C.11.1)."""

    slope: float = 1.0
    intercept: float = 0.0

    def looked_up(self, x: Real) -> Real:
        return x * self.slope + self.intercept


Modality = Rescale | Table


@dataclass(frozen=True, eq=False)
class Values:
    """A frame's stored values, and what makes modality values of them. `inverse`: low values are white."""

    stored: Pixels
    modality: Modality
    inverse: bool = False
    padding: tuple[float, float] | None = None  # stored values, from and to, that are no image
    full: Window | None = None  # shows everything that the bits can hold; for small images as they are

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest stored value that is a number.

        Raises:
            Permanent: none is.
        """
        return self._bounds(None)

    @cached_property
    def automatic(self) -> Window:
        """The window that shows all modality values but the padding, from black to white."""
        if self.full is not None:
            return self.full
        return self.spread

    @cached_property
    def spread(self) -> Window:
        """From the least to the greatest modality value, padding left out."""
        shown = self._shown()
        low, high = self.bounds if shown is None else self._bounds(shown)
        if isinstance(self.modality, Table):
            seen = np.unique(self.stored if shown is None else self.stored[shown]).astype(np.float64)
            ends = self.modality.looked_up(seen)
        else:
            ends = self.modality.looked_up(np.array([low, high], np.float64))
        least, most = float(ends.min()), float(ends.max())
        return Window((least + most + 1) / 2, most - least + 1)

    def modality_value(self, row: int, column: int) -> float:
        """For the pointer's read-out; NaN where the pixel is none."""
        return float(self.modality.looked_up(np.array([self.stored[row, column]], np.float64))[0])

    def _shown(self) -> Mask | None:
        """Which pixels are image; None where all are, or none is."""
        if self.padding is None:
            return None
        low, high = self.padding
        image = (self.stored < low) | (self.stored > high)
        return image if image.any() else None

    def _bounds(self, shown: Mask | None) -> tuple[float, float]:
        some = self.stored if shown is None else self.stored[shown]
        if some.dtype.kind == "f":
            some = some[np.isfinite(some)]
            if not some.size:
                raise unshowable("None of its pixels is a number.")
            return float(some.min()), float(some.max())
        return int(some.min()), int(some.max())

    @cached_property
    def _index(self) -> Pixels | None:
        """Each pixel's place in a table of all values; None where that would be too long.

        Values of 8 and 16 bits are their own places, negative ones counted from the table's end: nothing is copied.
        """
        stored = self.stored
        if stored.dtype.kind == "f":
            return None
        if stored.dtype.itemsize <= 2 and stored.dtype.isnative:
            return stored.view(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)
        low, high = (int(bound) for bound in self.bounds)
        if high - low >= _LARGEST_TABLE:
            return None
        return np.asarray(stored.astype(np.int64) & 0xFFFF).astype(np.uint16)


def apply_window(values: Values, view: View) -> Bytes8:
    """Rows × columns of 0 black to 255 white."""
    index = values._index
    if index is None:
        return _one_by_one(values, view)
    low, high = (int(bound) for bound in values.bounds)
    seen = np.arange(low, high + 1)
    table = np.zeros(1 << 8 * index.dtype.itemsize, np.uint8)
    table[seen & (len(table) - 1)] = _greys(values, view, seen.astype(np.float64))
    return np.take(table, index, mode="clip")  # quicker than a check of each index, which no value needs


def _greys(values: Values, view: View, stored: Real) -> Bytes8:
    fractions = view.fractions(values.modality.looked_up(stored))
    if values.inverse:
        fractions = 1 - fractions
    return np.floor(np.clip(fractions, 0, 1) * 255 + 0.5).astype(np.uint8)


def _one_by_one(values: Values, view: View) -> Bytes8:
    """In pieces, so that a large frame of floating point numbers does not take eight times its size."""
    flat = values.stored.reshape(-1)
    out = np.empty(flat.size, np.uint8)
    for at in range(0, flat.size, _CHUNK):
        part = flat[at : at + _CHUNK].astype(np.float64)
        holes = np.isnan(part)
        low, high = values.bounds
        out[at : at + _CHUNK] = np.where(
            holes, 0, _greys(values, view, np.clip(np.where(holes, low, part), low, high))
        )
    return out.reshape(values.stored.shape)


def inverted(values: Values) -> Values:
    return replace(values, inverse=not values.inverse)
