"""A file's head: its data set up to the pixel data, and where those lie. Nothing is decoded.

Owns how much of a foreign file is read into memory. Must not know how pixels are shown.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from iep_desktop.dicom.file_start import DEFLATED, NotDicom, read_start
from iep_desktop.dicom.render.attributes import raw_bytes
from iep_desktop.dicom.render.checks import PixelFormat, pixel_format, unshowable
from iep_desktop.dicom.render.fragments import PixelElement, pixel_element
from iep_desktop.dicom.render.tags import TAGS
from iep_desktop.dicom.skim import Damaged

_MOST_INFLATED = 512 << 20  # of a deflated data set, which is held in memory
_CHUNK = 1 << 20
_PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}


@dataclass(frozen=True, eq=False)
class Opened:
    """`inflated` gives the data set of a deflated file; frames of others are read from the file itself."""

    ds: Dataset
    format: PixelFormat
    transfer_syntax: str
    element: PixelElement
    offsets: tuple[int, ...]  # the extended offset table
    inflated: Callable[[], BinaryIO] | None = None


def read_head(file: BinaryIO) -> Opened:
    """Raises Permanent, and whatever the parser raises."""
    try:
        start = read_start(file)
    except (NotDicom, Damaged) as error:
        raise unshowable("The file is not DICOM, or does not begin as it should.") from error
    body, inflated = file, None
    if start.transfer_syntax == DEFLATED:
        data = inflated_data(file)
        body, inflated = io.BytesIO(data), lambda: io.BytesIO(data)
    implicit, little = start.syntax.implicit, start.syntax.little
    ds = read_dataset(body, implicit, little, stop_when=_at_pixels, specific_tags=list(TAGS))
    element = pixel_element(body, implicit=implicit, little=little)
    said = pixel_format(ds, element.tag)
    return Opened(ds, said, start.transfer_syntax, element, _offsets(ds), inflated)


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag in _PIXELS


def _offsets(ds: Dataset) -> tuple[int, ...]:
    """Extended Offset Table (PS3.3 C.7.6.3.1.8)."""
    data = raw_bytes(ds, "ExtendedOffsetTable")
    return struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])


def inflated_data(file: BinaryIO) -> bytes:
    """PS3.5 A.5. A small file can grow a thousand times: it is stopped at a size that no image has."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    parts, size = [], 0
    while not inflate.eof:
        packed = inflate.unconsumed_tail or file.read(_CHUNK)
        try:
            data = inflate.decompress(packed, _CHUNK)
        except zlib.error as error:
            raise unshowable("The deflated data set is damaged.") from error
        if not (packed or data):
            raise unshowable("The deflated data set is cut short.")
        parts.append(data)
        size += len(data)
        if size > _MOST_INFLATED:
            raise unshowable("The file is too large when unpacked.")
    return b"".join(parts)
