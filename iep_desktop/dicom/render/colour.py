"""Colour: palettes (PS3.3 C.7.6.3.1.5, C.7.9) and YBR to RGB (C.7.6.3.1.2), as 8 bits a sample."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.dicom.render.arrays import Bytes8, Pixels
from iep_desktop.dicom.render.attributes import raw_bytes, words
from iep_desktop.dicom.render.checks import PixelFormat, unshowable

_COLOURS = ("Red", "Green", "Blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def top_eight_bits(array: Pixels, bits: int) -> Bytes8:
    """Unsigned samples of `bits` bits as 8; fewer than 8 are spread over the whole range."""
    if bits >= 8:
        return np.right_shift(array, bits - 8).astype(np.uint8)
    most = (1 << bits) - 1
    return ((array.astype(np.uint16) * 255 + most // 2) // most).astype(np.uint8)


def rgb_of_ybr(array: Bytes8, *, partial: bool = False) -> Bytes8:
    """ITU-R BT.601 (C.7.6.3.1.2). `partial`: luminance from 16 to 235, colour from 16 to 240 (retired)."""
    y, cb, cr = (array[..., i].astype(np.float32) for i in range(3))
    cb, cr = cb - 128, cr - 128
    if partial:
        y, cb, cr = (y - 16) * (255 / 219), cb * (255 / 224), cr * (255 / 224)
    rgb = np.stack((y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb), axis=-1)
    return np.asarray(np.clip(np.rint(rgb), 0, 255), np.uint8)


# --- palettes ----------------------------------------------------------------------------------------------------


class Palette:
    """Three tables of 8 bits; what lies below or above them takes their first or last entry (C.7.6.3.1.5)."""

    def __init__(self, ds: Dataset, said: PixelFormat) -> None:
        tables = [_table(ds, colour, signed=said.signed) for colour in _COLOURS]
        self._first = tables[0][0]
        if len({(first, len(table)) for first, table in tables}) != 1:
            raise unshowable("The three tables of its palette differ in length.")
        self._entries = np.stack([table for _, table in tables], axis=-1)

    def rgb(self, stored: Pixels) -> Bytes8:
        index = stored.astype(np.int64) - self._first
        return self._entries[np.clip(index, 0, len(self._entries) - 1)]


def _table(ds: Dataset, colour: str, *, signed: bool) -> tuple[int, Bytes8]:
    name = f"{colour}PaletteColorLookupTable"
    said = words(ds, f"{name}Descriptor")
    if len(said) != 3:
        raise unshowable(f"Its palette has no description of {colour.lower()}.")
    count, first, bits = said[0] or 0x10000, said[1], said[2]
    if bits not in (8, 16):
        raise unshowable(f"Its palette has entries of {bits} bits.")
    if signed and first >= 0x8000:
        first -= 0x10000
    segments = raw_bytes(ds, f"Segmented{name}Data")
    plain = raw_bytes(ds, f"{name}Data")
    entries = expanded(segments, count, bits) if segments else _plain(plain, count, colour)
    return first, top_eight_bits(entries, 16 if bits == 16 and entries.max() > 0xFF else 8)


def _plain(data: bytes, count: int, colour: str) -> Pixels:
    """Entries of one byte each, or of one word whatever the description says."""
    if len(data) >= 2 * count:
        return np.frombuffer(data, "<u2", count)
    if count <= len(data) <= count + 1:
        return np.frombuffer(data, np.uint8, count).astype(np.uint16)
    raise unshowable(f"Its palette announces {count} entries of {colour.lower()} and holds fewer.")


def expanded(data: bytes, count: int, bits: int) -> Pixels:
    """A segmented table (C.7.9.2): discrete and linear segments, and indirect ones that repeat others."""
    size = bits // 8
    out: list[int] = []
    try:
        for segment in _segments(data, size):
            out += _entries(segment, out)
            if len(out) > count:
                break
    except (struct.error, IndexError, ValueError) as error:
        raise unshowable("The segments of its palette are damaged.") from error
    if len(out) != count:
        raise unshowable(f"Its palette announces {count} entries; its segments make another number.")
    return np.array(out, np.uint16)


_Segment = tuple[
    int, tuple[int, ...]
]  # how many entries, and the values of a discrete or the end of a linear one


def _segments(data: bytes, size: int) -> Iterator[_Segment]:
    at = 0
    while at + 2 * size <= len(data):
        opcode, length = _words(data, at, 2, size)
        if opcode == _INDIRECT:
            # The offset is 32 bits in the table's own words, least significant first.
            parts = _words(data, at + 2 * size, 4 // size, size)
            place = sum(part << (8 * size * i) for i, part in enumerate(parts))
            yield from _repeated(data, place, length, size)
            at += 2 * size + 4
        else:
            segment, at = _segment(data, at, size)
            yield segment


def _repeated(data: bytes, place: int, length: int, size: int) -> Iterator[_Segment]:
    for _ in range(length):
        segment, place = _segment(data, place, size)
        yield segment


def _segment(data: bytes, at: int, size: int) -> tuple[_Segment, int]:
    """A discrete or linear segment and where the next begins; ValueError for another, so nothing can loop."""
    opcode, length = _words(data, at, 2, size)
    at += 2 * size
    if opcode not in (_DISCRETE, _LINEAR) or length == 0:
        raise ValueError("no segment")
    many = length if opcode == _DISCRETE else 1
    values = _words(data, at, many, size)
    return (length if opcode == _LINEAR else 0, values), at + many * size


def _entries(segment: _Segment, before: list[int]) -> list[int]:
    steps, values = segment
    if not steps:
        return list(values)
    start, end = before[-1], values[0]  # a table cannot begin with a line: IndexError
    return [round(start + (end - start) * (i + 1) / steps) for i in range(steps)]


def _words(data: bytes, at: int, count: int, size: int) -> tuple[int, ...]:
    return struct.unpack_from(f"<{count}{'BH'[size - 1]}", data, at)
