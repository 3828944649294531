"""One DICOM file (PS3.10) as preamble, file meta, a head of data elements, and a tail that is only copied.

Owns how a file begins, in which transfer syntax it really is, and how it is written again. The head is everything
before the pixel data (group 7FE0); the tail is the rest, copied from file to file without ever being held.
Must not know what is changed in the head, nor why.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from iep_desktop.core.errors import MediumUnreadable
from iep_desktop.dicom import disk
from iep_desktop.dicom.elements import HELD, Element, Malformed, Syntax, copy_range, element, walk, write

IMPLEMENTATION_CLASS_UID = (
    "2.25.78824297643717409082337218429377474999"  # PS3.5 B.2, of a UUID made for this program
)
IMPLEMENTATION_VERSION = "IEPDESKTOP_1"

SOP_CLASS = 0x00080016
SOP_INSTANCE = 0x00080018
PIXELS = 0x7FE00000
_MOST_INFLATED = 4 << 30  # bytes; a deflated file that grows beyond is a bomb
_CHUNK = 1 << 20
_META = Syntax(implicit=False)  # PS3.10 7.1: always explicit little endian
_OURS = {0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013}
_BEGINNING = b"\0" * 128 + b"DICM"
_same = functools.lru_cache(maxsize=256)(element)  # in file after file
_PLAIN = {True: ImplicitVRLittleEndian, False: ExplicitVRLittleEndian}


@dataclass(frozen=True)
class Part10:
    """An open file. `body` holds the data set, inflated where the transfer syntax is the deflated one."""

    meta: tuple[Element, ...]
    transfer_syntax: str
    syntax: Syntax
    body: BinaryIO
    start: int
    tail: int  # where the pixel data begin, or the end
    end: int
    head: tuple[Element, ...]
    tail_tags: frozenset[int] = frozenset()
    inflated: bool = False  # `body` is another file than the one that was opened

    def text(self, tag: int) -> str:
        """A UID or code of the head, else of the file meta; empty where absent."""
        value = next((e.value for e in self.head if e.tag == tag), None)
        if value is None:
            same = {SOP_CLASS: 0x00020002, SOP_INSTANCE: 0x00020003}.get(tag)
            value = next((e.value for e in self.meta if e.tag == same), None)
        return (value or b"").decode("ascii", "replace").strip(" \0")

    def head_held(self, most: int) -> list[Element]:
        """The head again, with values of up to `most` bytes in memory."""
        self.body.seek(self.start)
        return list(walk(self.body, self.syntax, self.tail, hold=most, stop=PIXELS))

    def front(self, head: list[Element]) -> bytes:
        """How the data set begins with another head; the tail follows in the file."""
        out = BytesIO()
        write(sorted(head, key=lambda e: e.tag), self.body, out)
        return out.getvalue()

    def write(self, out: BinaryIO, head: list[Element]) -> None:
        """The file with another head. The preamble is zeros whatever it was (CVE-2019-11687).

        A data set whose values have odd lengths (PS3.5 7.1.1 forbids it, some devices write it) gets a zero byte at
        its end where it would be odd as a whole: archives break off an association over a fragment of odd length.
        """
        kept = [e for e in self.meta if e.tag not in _OURS and e.vr]
        out.write(file_meta(self.text(SOP_CLASS), self.text(SOP_INSTANCE), self.transfer_syntax, kept))
        begin = out.tell()
        deflated = _Deflating(out) if self.transfer_syntax == DeflatedExplicitVRLittleEndian else None
        body = cast("BinaryIO", deflated) if deflated else out
        write(sorted(head, key=lambda e: e.tag), self.body, body)
        copy_range(self.body, body, self.tail, self.end - self.tail)
        if deflated:
            deflated.finish()
        out.write(b"\0" * ((out.tell() - begin) % 2))


def file_meta(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, kept: Iterable[Element] = ()
) -> bytes:
    """Preamble, prefix and file meta (PS3.10 7.1), ours anew; of another's, what is `kept` (Source AE Title, private
    information)."""
    uid = element(_META, 0x00020003, "UI", sop_instance_uid.encode())
    kept = tuple(kept)
    if not kept:
        before, after = _around(sop_class_uid, transfer_syntax_uid, uid.length)
        return before + (uid.value or b"") + after
    same = (*_before(sop_class_uid), *_after(transfer_syntax_uid))
    group = b"".join(e.raw for e in sorted([*same, uid, *kept], key=lambda e: e.tag))
    return _BEGINNING + _group_length(len(group)) + group


@functools.lru_cache(maxsize=64)  # in image after image
def _around(sop_class_uid: str, transfer_syntax_uid: str, length: int) -> tuple[bytes, bytes]:
    """What stands before and after a SOP Instance UID of this length."""
    before = b"".join(e.raw for e in _before(sop_class_uid)) + _META.header(0x00020003, "UI", length)
    after = b"".join(e.raw for e in _after(transfer_syntax_uid))
    return _BEGINNING + _group_length(len(before) + length + len(after)) + before, after


def _before(sop_class_uid: str) -> tuple[Element, ...]:
    return (
        _same(_META, 0x00020001, "OB", b"\0\1"),
        _same(_META, 0x00020002, "UI", sop_class_uid.encode()),
    )


def _after(transfer_syntax_uid: str) -> tuple[Element, ...]:
    return (
        _same(_META, 0x00020010, "UI", transfer_syntax_uid.encode()),
        _same(_META, 0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
        _same(_META, 0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
    )


def _group_length(count: int) -> bytes:
    return element(_META, 0x00020000, "UL", count.to_bytes(4, "little")).raw


@contextlib.contextmanager
def opened(path: Path, scratch: Path) -> Iterator[Part10]:
    """Read a file's head; the folder `scratch` takes a deflated data set while it is inflated.

    Raises:
        MediumUnreadable: not a DICOM instance, damaged, or cut short.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(path, "rb", buffering=1 << 16))
            yield _read(file, scratch, stack)
        except (Malformed, zlib.error) as error:
            raise MediumUnreadable("The file is damaged or cut short", str(error), _ASK) from error


_ASK = "Ask the sender for the images again."


def _read(file: BinaryIO, scratch: Path, stack: contextlib.ExitStack) -> Part10:
    meta = _read_meta(file)
    start, end = file.tell(), file.seek(0, 2)
    said = (
        next((e.value or b"" for e in meta if e.tag == 0x00020010), b"")
        .decode("ascii", "replace")
        .strip(" \0")
    )
    body = file
    if said == DeflatedExplicitVRLittleEndian:
        body = stack.enter_context(_inflated(file, start, scratch))
        start, end = 0, body.seek(0, 2)
    body.seek(start)
    syntax = _syntax(body.read(6), said)
    body.seek(start)
    head = tuple(walk(body, syntax, end, hold=HELD, stop=PIXELS))
    tail = body.tell()
    part10 = Part10(
        tuple(meta),
        _true_syntax(said, syntax),
        syntax,
        body,
        start,
        tail,
        end,
        head,
        inflated=body is not file,
    )
    if not (part10.text(SOP_CLASS) and part10.text(SOP_INSTANCE)):
        raise MediumUnreadable(
            "The file is not a DICOM instance", "It has no SOP Class or Instance UID.", _ASK
        )
    if part10.text(SOP_CLASS) == MediaStorageDirectoryStorage:
        raise MediumUnreadable("The file is a DICOMDIR, not an image")
    return replace(part10, tail_tags=_tags_of_tail(part10))


def _read_meta(file: BinaryIO) -> list[Element]:
    """Group 0002, wherever it begins; leaves `file` at the data set."""
    file.seek(0, 2)
    end = file.tell()
    file.seek(128)
    if file.read(4) != b"DICM":
        file.seek(0)
    meta: list[Element] = []
    while file.tell() + 8 <= end:
        start = file.tell()
        is_meta = file.read(2) == b"\x02\x00"
        file.seek(start)
        if not is_meta:
            break
        meta.append(next(walk(file, _META, end)))
    return meta


def _syntax(first: bytes, said: str) -> Syntax:
    """How the data set really is encoded: its first element knows better than the file meta."""
    if len(first) < 6:
        raise MediumUnreadable("The file holds no data set", hint=_ASK)
    little = first[0] != 0 or first[1] == 0
    group = int.from_bytes(first[:2], "little" if little else "big")
    vr = first[4:6]
    explicit = vr.isalpha() and vr.isupper()
    if not 0 < group <= 0x7FE0 or (not said and group > 0x10):
        raise MediumUnreadable("The file is not DICOM")
    if not little and not explicit:
        raise MediumUnreadable(
            "The file is encoded in a way that DICOM does not know", "Implicit VR, big endian."
        )
    return Syntax(not explicit, little)


def _true_syntax(said: str, syntax: Syntax) -> str:
    """The transfer syntax as the file meta says it, unless the data set shows otherwise or nothing was said."""
    if not syntax.little:
        return ExplicitVRBigEndian
    plain = {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, ""}
    return _PLAIN[syntax.implicit] if said in plain else said


def _tags_of_tail(part10: Part10) -> frozenset[int]:
    """What stands in the tail, found by walking over it: raises Malformed where the pixel data are cut short."""
    tags: list[int] = [0]
    part10.body.seek(part10.tail)
    for e in walk(part10.body, part10.syntax, part10.end, hold=-1):
        if e.tag <= tags[-1]:
            break  # not a data element: a sector's padding
        tags.append(e.tag)
    return frozenset(tags)


@contextlib.contextmanager
def _inflated(file: BinaryIO, start: int, scratch: Path) -> Iterator[BinaryIO]:
    """The data set of the deflated transfer syntax (PS3.5 A.5) in a temporary file."""
    file.seek(start)
    with disk.own_disk(), tempfile.TemporaryFile(dir=scratch, prefix=".", suffix=disk.PART) as whole:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        size = 0
        while not inflate.eof:
            packed = inflate.unconsumed_tail or file.read(_CHUNK)
            data = inflate.decompress(packed, _CHUNK)
            if not (packed or data):
                raise Malformed("the deflated data end early")
            size += len(data)
            if size > _MOST_INFLATED:
                raise MediumUnreadable("The file is too large when unpacked")
            whole.write(data)
        yield cast("BinaryIO", whole)


class _Deflating:
    """Deflates what is written to it, as PS3.5 A.5 wants it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._deflate = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)

    def write(self, data: bytes) -> None:
        self._out.write(self._deflate.compress(data))

    def finish(self) -> None:
        self._out.write(self._deflate.flush())
