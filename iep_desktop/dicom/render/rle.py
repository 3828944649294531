"""RLE Lossless (PS3.5 annex G): PackBits in byte planes. Pure Python: it can fail, but not crash."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np

from iep_desktop.dicom.render.arrays import Pixels
from iep_desktop.dicom.render.checks import PixelFormat, unshowable

_MOST_SEGMENTS = 15


def unpack_rle(data: bytes, said: PixelFormat) -> bytes | Pixels:
    """The frame: packed bits for one bit a sample, else an array of rows × columns (× samples)."""
    planes = [_unpacked(part, said) for part in _segments(data)]
    if said.allocated == 1:
        return planes[0]
    width = said.allocated // 8
    if len(planes) != width * said.samples:
        raise unshowable(f"Its RLE frame has {len(planes)} segments instead of {width * said.samples}.")
    # One plane for each byte of each sample, the most significant first.
    cube = np.frombuffer(b"".join(planes), np.uint8).reshape(said.samples, width, said.pixels)
    big = np.ascontiguousarray(cube.transpose(2, 0, 1)).view(f">u{width}")
    return big.reshape(said.rows, said.columns, said.samples).astype(f"u{width}")


def _segments(data: bytes) -> list[bytes]:
    if len(data) < 64:
        raise unshowable("Its RLE frame is cut short.")
    count, *offsets = struct.unpack_from("<16L", data)
    if not 1 <= count <= _MOST_SEGMENTS:
        raise unshowable(f"Its RLE frame announces {count} segments.")
    bounds = [*offsets[:count], len(data)]
    if bounds[0] < 64 or bounds != sorted(bounds):
        raise unshowable("The segments of its RLE frame are not where they should be.")
    return [data[a:b] for a, b in pairwise(bounds)]


def _unpacked(part: bytes, said: PixelFormat) -> bytes:
    """PackBits (G.3.2); longer than needed is padding, shorter is an error."""
    wanted = -(-said.pixels // 8) if said.allocated == 1 else said.pixels
    out = bytearray()
    at, end = 0, len(part)
    while at < end and len(out) < wanted:
        head = part[at]
        at += 1
        if head < 128:
            out += part[at : at + head + 1]
            at += head + 1
        elif head > 128 and at < end:
            out += part[at : at + 1] * (257 - head)
            at += 1
    if len(out) < wanted:
        raise unshowable("Its RLE frame is cut short.")
    return bytes(out[:wanted])
