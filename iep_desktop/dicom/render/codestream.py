"""What the head of a compressed frame says of itself: JPEG, JPEG-LS (ISO 10918-1, 14495-1) and JPEG 2000 (15444-1).

Read in Python before a native codec sees the frame, so that no codec allocates what the data set did not announce.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iep_desktop.dicom.render.checks import PixelFormat, unshowable

_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}
_RGB_IDS = {b"RGB", b"rgb"}
_SOC_SIZ = b"\xff\x4f\xff\x51"


@dataclass(frozen=True)
class Head:
    """`signed` is JPEG 2000's; `rgb` and `ycc` are true where the codestream itself says which colours it holds."""

    columns: int
    rows: int
    components: int
    precision: int
    process: int = 0  # JPEG: its SOF marker
    signed: bool = False
    mixed: bool = False  # JPEG 2000: the colours were transformed, and the codec turns them back
    rgb: bool = False
    ycc: bool = False


def checked_head(data: bytes, said: PixelFormat, *, jpeg_2000: bool) -> Head:
    """The frame's head, which must agree with the data set."""
    try:
        head = _jpeg_2000(data) if jpeg_2000 else _jpeg(data)
    except (struct.error, IndexError, ValueError) as error:
        raise unshowable("The compressed frame has no readable beginning.") from error
    if (head.columns, head.rows, head.components) != (said.columns, said.rows, said.samples):
        raise unshowable(
            f"The compressed frame has {head.columns} × {head.rows} pixels of {head.components} samples,"
            f" the data set announces {said.columns} × {said.rows} of {said.samples}."
        )
    if head.signed and said.colour:
        raise unshowable("The compressed frame has signed colours.")
    if not 1 <= head.precision <= max(said.allocated, 8):
        raise unshowable(f"The compressed frame has {head.precision} bits a sample.")
    return head


def bare_jpeg_2000(data: bytes) -> bytes:
    """Without the JP2 file that some wrap around it: DICOM knows the codestream alone (PS3.5 A.4.4)."""
    if data[4:8] != b"jP  ":
        return data
    start = data.find(_SOC_SIZ, data.find(b"jp2c"))
    return data[max(start, 0) :]


def _jpeg(data: bytes) -> Head:
    """Markers up to the frame header (SOF)."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no SOI")
    at, jfif, adobe = 2, False, -1
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if marker in _FRAME_MARKERS:
            return _frame_header(marker, body, jfif, adobe)
        jfif = jfif or (marker == 0xE0 and body.startswith(b"JFIF"))
        if marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        if length < 2 or marker in (0xDA, 0xD9):
            raise ValueError("no frame header")
        at += 2 + length


def _frame_header(marker: int, body: bytes, jfif: bool, adobe: int) -> Head:
    precision, rows, columns, components = struct.unpack_from(">BHHB", body)
    ids = body[6 : 6 + 3 * components : 3]
    three = components == 3
    rgb = three and (adobe == 0 or (adobe < 0 and ids in _RGB_IDS))
    ycc = three and not rgb and (jfif or adobe == 1)
    return Head(columns, rows, components, precision, process=marker, rgb=rgb, ycc=ycc)


def _jpeg_2000(data: bytes) -> Head:
    """SIZ and COD of the main header."""
    size, _, right, bottom, left, top = struct.unpack_from(">HHLLLL", data, 4)
    if not data.startswith(_SOC_SIZ):
        raise ValueError("no SOC, SIZ")
    (components,) = struct.unpack_from(">H", data, 40)
    depths = {data[42 + 3 * i] for i in range(components)}
    steps = {data[42 + 3 * i + j] for i in range(components) for j in (1, 2)}
    if len(depths) != 1 or steps != {1}:
        raise ValueError("components differ")
    depth = depths.pop()
    mixed = _mixed(data, 4 + size)
    return Head(right - left, bottom - top, components, (depth & 0x7F) + 1, signed=depth >= 0x80, mixed=mixed)


def _mixed(data: bytes, at: int) -> bool:
    """COD's multiple component transformation."""
    while data[at] == 0xFF and data[at + 1] != 0x90:
        if data[at + 1] == 0x52:
            return data[at + 8] == 1
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False
