"""What one file of a medium says of itself, by its head alone: is it DICOM, whole, and what does it hold.

Owns the judgement of a single file: not DICOM, damaged, a directory, an instance; what its preamble hides; whether its
pixel data are as long as announced. Pixel data are never read, and a file of another kind costs one short read.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal

from pydicom.tag import BaseTag
from pydicom.uid import MediaStorageDirectoryStorage

from iep_desktop.core.medium import MediumInstance, Severity
from iep_desktop.dicom.elements import ITEM, SEQUENCE_END, UNDEFINED, Syntax
from iep_desktop.dicom.file_start import DEFLATED, META_CLASS, META_INSTANCE, NotDicom, Start, read_start
from iep_desktop.dicom.medium_facts import (
    INSTANCE_NUMBER,
    SOP_CLASS,
    SOP_INSTANCE,
    WANTED,
    Facts,
    Placed,
    code,
    number,
)
from iep_desktop.dicom.skim import Damaged, Values, skim, tags

_PIXELS = 0x7FE00008  # float, double and integer pixel data, all of group 7FE0 after the offset tables
_LONG_VRS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OV", b"OL", b"UN"})
_INFLATED = 1 << 24  # bytes of a deflated data set that are looked at
_DELIMITER = {True: b"\xfe\xff\xdd\xe0\0\0\0\0", False: b"\xff\xfe\xe0\xdd\0\0\0\0"}

# What a preamble should not begin with (CVE-2019-11687). TIFF is allowed by PS3.10 7.1.
_SIGNATURES = {
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"\xca\xfe\xba\xbe": "a macOS program",
    b"\xcf\xfa\xed\xfe": "a macOS program",
    b"\xce\xfa\xed\xfe": "a macOS program",
    b"#!": "a script",
    b"PK\x03\x04": "a ZIP archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript document",
    b"\xd0\xcf\x11\xe0": "an Office document",
    b"<": "a web page",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"II+\0": "a TIFF image",
    b"MM\0+": "a TIFF image",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"RIFF": "a sound or video file",
}


@dataclass(frozen=True, slots=True)
class Preamble:
    """What a preamble is the beginning of."""

    kind: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Head:
    """An instance. `damage` says in plain words why it cannot be imported; empty where it can."""

    placed: Placed
    preamble: Preamble | None = None
    damage: str = ""


class IsDirectory(Exception):
    """The file is a DICOMDIR, by whatever name."""


def read_head(fp: BinaryIO, path: str, size: int, facts: Facts) -> Head:
    """Judge an open file of `size` bytes.

    Raises:
        NotDicom: it is something else.
        IsDirectory: it is a media storage directory.
        Damaged: it is DICOM, and its head cannot be read.
        OSError: the drive cannot read it.
    """
    start = read_start(fp)
    if code(start.meta, META_CLASS) == MediaStorageDirectoryStorage:
        raise IsDirectory
    body, end, whole = (fp, size, True)
    if start.transfer_syntax == DEFLATED:
        body, end, whole = _inflated(fp)
    walk = _Walk(body)
    values = skim(body, start.syntax, WANTED, walk.stop)
    if walk.found_directory:
        raise IsDirectory
    if not walk.end_of_last and start.meta:
        raise Damaged("it is cut short")
    sop_class, uid = _identity(start, values)
    if sop_class == MediaStorageDirectoryStorage:
        raise IsDirectory
    instance = MediumInstance(
        sop_instance_uid=uid,
        sop_class_uid=sop_class,
        transfer_syntax_uid=start.transfer_syntax,
        path=path,
        size=size,
        number=number(values, INSTANCE_NUMBER),
    )
    placed = Placed(
        facts.patient(values, start.syntax),
        facts.study(values, start.syntax),
        facts.series(values, start.syntax),
        instance,
    )
    damage = _damage(body, start.syntax, end, walk) if whole else _CUT
    return Head(placed, _preamble(start.preamble), damage)


def sop_instance_uid(fp: BinaryIO) -> str:
    """Which instance a file is: by its data set, for some programs that hide names leave the old meta header.

    Raises:
        NotDicom, Damaged, OSError.
    """
    start = read_start(fp)
    body = _inflated(fp)[0] if start.transfer_syntax == DEFLATED else fp
    return _identity(start, skim(body, start.syntax, _IDENTITY, _after_identity))[1]


def data_set_offset(fp: BinaryIO) -> int:
    """Where the data set begins: what stands before may differ between copies of one instance.

    Raises:
        NotDicom, Damaged, OSError.
    """
    read_start(fp)
    return fp.tell()


_CUT = "The file is damaged: it is cut short"
_IDENTITY = tags(SOP_CLASS, SOP_INSTANCE)


def _after_identity(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) > SOP_INSTANCE


class _Walk:
    """Where the walk over the data elements has come to."""

    def __init__(self, fp: BinaryIO) -> None:
        self._tell = fp.tell
        self.end_of_last = 0
        self.found_pixels = False
        self.found_directory = False

    def stop(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        number = int(tag)
        self.found_pixels = number >= _PIXELS and number >> 16 == 0x7FE0
        self.found_directory = number >> 16 == 0x0004  # whatever its SOP Class says
        self.end_of_last = self._tell() + length
        return self.found_pixels or self.found_directory


def _identity(start: Start, values: Values) -> tuple[str, str]:
    sop_class = code(values, SOP_CLASS) or code(start.meta, META_CLASS)
    uid = code(values, SOP_INSTANCE) or code(start.meta, META_INSTANCE)
    if sop_class == MediaStorageDirectoryStorage:
        return sop_class, uid
    if not (sop_class and uid):
        if not start.preamble and not start.meta:
            raise NotDicom
        raise Damaged("it does not say which image it is (SOP Class or Instance UID)")
    return sop_class, uid


def _preamble(preamble: bytes) -> Preamble | None:
    for signature, kind in _SIGNATURES.items():
        if preamble.startswith(signature):
            return Preamble(kind, Severity.INFO if "TIFF" in kind else Severity.WARNING)
    return None


def _damage(fp: BinaryIO, syntax: Syntax, end: int, walk: _Walk) -> str:
    """Whether the last element, mostly the pixel data, is all there. `fp` stands where the walk ended."""
    start = fp.tell()
    if not walk.found_pixels:
        return _CUT if start > end or _leftover(fp, walk, end) else ""
    header = fp.read(12)
    order: Literal["little", "big"] = "little" if syntax.little else "big"
    long = not syntax.implicit and header[4:6] in _LONG_VRS
    if len(header) < (12 if long else 8):
        return _CUT
    offset = start + (12 if long else 8)
    length = int.from_bytes(header[8:12] if long else header[4:8], order)
    if not long and not syntax.implicit:
        length = int.from_bytes(header[6:8], order)
    if length == UNDEFINED:
        return "" if _is_delimited(fp, syntax, offset, end) else _CUT
    return _CUT if offset + length > end else ""


def _leftover(fp: BinaryIO, walk: _Walk, end: int) -> bool:
    """Whether the file ends with less than the beginning of an element, other than padding."""
    if not 0 < end - walk.end_of_last < 8:
        return False
    fp.seek(walk.end_of_last)
    return bool(fp.read(8).strip(b"\0"))


def _is_delimited(fp: BinaryIO, syntax: Syntax, offset: int, end: int) -> bool:
    """Encapsulated pixel data end with a delimiter (PS3.5 A.4): mostly the last bytes, else after its fragments."""
    fp.seek(max(end - 8, 0))
    if fp.read(8) == _DELIMITER[syntax.little]:
        return True
    order: Literal["little", "big"] = "little" if syntax.little else "big"
    while offset + 8 <= end:
        fp.seek(offset)
        header = fp.read(8)
        group, element = (int.from_bytes(header[i : i + 2], order) for i in (0, 2))
        if group << 16 | element == SEQUENCE_END:
            return True
        if group << 16 | element != ITEM:
            return False
        offset += 8 + int.from_bytes(header[4:8], order)
    return False


def _inflated(fp: BinaryIO) -> tuple[BinaryIO, int, bool]:
    """The first part of a deflated data set (PS3.5 A.5), its length, and whether it is all there as far as seen.

    Raises:
        Damaged: it does not inflate.
    """
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    parts: list[bytes] = []
    size = 0
    try:
        while not inflate.eof and size < _INFLATED:
            packed = inflate.unconsumed_tail or fp.read(_INFLATED >> 4)
            part = inflate.decompress(packed, _INFLATED - size)
            if not (packed or part):
                return BytesIO(b"".join(parts)), size, False
            parts.append(part)
            size += len(part)
    except zlib.error as error:
        raise Damaged("its compressed data are not whole") from error
    end = size if inflate.eof else UNDEFINED << 16
    return BytesIO(b"".join(parts)), end, True
