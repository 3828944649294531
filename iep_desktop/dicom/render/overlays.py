"""Overlay planes (PS3.3 C.9.2): graphics laid over the pixels, of their own element or in the pixels' unused bits.

Graphics are drawn in white; of a region of interest only the outline, so that nothing is hidden. A plane that is
broken is left out and said. Must not know how pixels are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.arrays import Mask, Pixels
from iep_desktop.dicom.render.attributes import raw_bytes
from iep_desktop.dicom.render.checks import PixelFormat, unshowable

GROUPS = range(0x6000, 0x6020, 2)
ELEMENTS = (0x0010, 0x0011, 0x0015, 0x0040, 0x0050, 0x0051, 0x0100, 0x0102, 0x3000)
_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FRAME_ORIGIN, _ALLOCATED, _POSITION, _DATA = ELEMENTS
_MOST_PIXELS = 1 << 28


@dataclass(frozen=True)
class Plane:
    """`data` is None where the plane lies in bit `position` of the pixels. Origin from 0, may lie outside."""

    rows: int
    columns: int
    top: int
    left: int
    first_frame: int
    frames: int
    region: bool
    data: bytes | None
    position: int

    def mask(self, frame: int, shape: tuple[int, int], containers: Pixels | None) -> Mask | None:
        """Which pixels it draws in a frame; None where it has nothing for it."""
        if self.data is None:
            if containers is None or containers.ndim != 2:
                return None
            drawn = (containers >> self.position & 1).astype(bool)
        else:
            index = 0 if self.frames == 1 and self.first_frame == 0 else frame - self.first_frame
            if not 0 <= index < self.frames:
                return None
            drawn = self._placed(self._bits(index), shape)
        return _outline(drawn) if self.region else drawn

    def _bits(self, index: int) -> Mask:
        assert self.data is not None
        count = self.rows * self.columns
        first = index * count
        part = np.frombuffer(self.data, np.uint8)[first // 8 : -(-(first + count) // 8)]
        bits = np.unpackbits(part, bitorder="little")[first % 8 : first % 8 + count]
        return bits.reshape(self.rows, self.columns).astype(bool)

    def _placed(self, bits: Mask, shape: tuple[int, int]) -> Mask:
        whole = np.zeros(shape, bool)
        top, left = max(self.top, 0), max(self.left, 0)
        bottom, right = min(self.top + self.rows, shape[0]), min(self.left + self.columns, shape[1])
        if bottom > top and right > left:
            part = bits[top - self.top : bottom - self.top, left - self.left : right - self.left]
            whole[top:bottom, left:right] = part
        return whole


def planes_of(ds: Dataset, said: PixelFormat) -> tuple[tuple[Plane, ...], tuple[str, ...]]:
    """The planes of a data set, and what is wrong with others."""
    found: list[Plane] = []
    wrong: list[str] = []
    for group in GROUPS:
        try:
            found += _plane(ds, group, said)
        except Permanent as error:
            wrong.append(error.message)
        except (ValueError, TypeError, OverflowError, AttributeError, IndexError, KeyError):
            wrong.append("An overlay is damaged and left out.")
    return tuple(found), tuple(wrong)


def _plane(ds: Dataset, group: int, said: PixelFormat) -> Iterator[Plane]:
    if (group, _ROWS) not in ds:
        return
    rows, columns = int(_value(ds, group, _ROWS, 0)), int(_value(ds, group, _COLUMNS, 0))
    frames = int(_value(ds, group, _FRAMES, 1))
    top, left = (int(one) for one in (_value(ds, group, _ORIGIN, None) or (1, 1)))
    if rows < 1 or columns < 1 or frames < 1 or rows * columns > _MOST_PIXELS:
        raise unshowable("An overlay announces an impossible size and is left out.")
    data = _data(ds, group)
    position = int(_value(ds, group, _POSITION, 0))
    if data is not None and len(data) * 8 < rows * columns * frames:
        raise unshowable("An overlay is cut short and left out.")
    if data is None and not said.high_bit < position < said.allocated:
        return  # announced, but neither in an element nor in a free bit
    region = str(_value(ds, group, _TYPE, "G")).strip() == "R"
    first = int(_value(ds, group, _FRAME_ORIGIN, 1)) - 1
    yield Plane(rows, columns, top - 1, left - 1, first, frames, region, data, position)


def _value(ds: Dataset, group: int, element: int, absent: Any) -> Any:
    found = ds[group, element].value if (group, element) in ds else None
    return absent if found is None or found == "" else found


def _data(ds: Dataset, group: int) -> bytes | None:
    if (group, _DATA) not in ds:
        return None
    return raw_bytes(ds, group << 16 | _DATA) or None


def _outline(drawn: Mask) -> Mask:
    inner = drawn.copy()
    inner[1:] &= drawn[:-1]
    inner[:-1] &= drawn[1:]
    inner[:, 1:] &= drawn[:, :-1]
    inner[:, :-1] &= drawn[:, 1:]
    inner[[0, -1], :] = False
    inner[:, [0, -1]] = False
    return drawn & ~inner
