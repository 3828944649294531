"""What of a DICOM file goes over the network: which instance it is, and where its data set begins (PS3.10 7.1).

A data set may begin in memory and go on in the file: so a changed head needs no second file, and a small file is read
ahead. Must not know how it is sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

from pynetdicom.dsutils import split_dataset

from iep_desktop.core.errors import MediumUnreadable
from iep_desktop.dicom import disk
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.part10 import file_meta

_BEGINNING = 4096  # bytes; file meta information is hardly ever longer
_CHUNK = 1 << 20
LONG_LENGTH = {b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR", b"OD", b"OF", b"OL", b"OV", b"SV", b"UV"}


@dataclass(frozen=True)
class SendFile:
    """The data set is `front`, then what is in the file from `offset` on, or `rest`, where that was read already.

    `front` has an even length, as PS3.8 E.2 wants it of what goes in a fragment.
    """

    path: Path
    pair: Pair
    sop_instance_uid: str
    offset: int
    front: bytes = b""
    rest: bytes | None = None


def send_file(path: Path) -> SendFile:
    """Raises MediumUnreadable where it is gone or no DICOM file; the path stays out of the message."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
        return parse_start(beginning, path) or _read_by_library(path)
    except Exception as exc:  # whatever pydicom makes of a file that is none
        raise unreadable() from exc


def size_of(file: SendFile) -> int:
    """Bytes of the data set. Raises MediumUnreadable where nothing is left of it."""
    if file.rest is not None:
        return len(file.front) + len(file.rest)
    try:
        rest = file.path.stat().st_size - file.offset
    except OSError as exc:
        raise unreadable() from exc
    if rest <= 0:
        raise unreadable()  # it has no data set, or became shorter
    return len(file.front) + rest


def read_ahead(file: SendFile, most: int) -> SendFile:
    """The same, read into memory where that takes no more than `most` bytes. Raises MediumUnreadable."""
    size = size_of(file) - len(file.front)
    if file.rest is not None or size > most:
        return file
    try:
        with file.path.open("rb", buffering=0) as stream:
            stream.seek(file.offset)
            rest = stream.read(size)
    except OSError as exc:
        raise unreadable() from exc
    if rest is None or len(rest) < size:
        raise unreadable()  # it became shorter meanwhile
    return replace(file, rest=rest)


def pieces(file: SendFile, size: int) -> Iterator[tuple[memoryview, bool]]:
    """The data set in pieces of at most `size` bytes, an even number, and whether each is the last.

    Each is to be used before the next. One shorter than `size` ends what is in memory, or the file. Raises
    MediumUnreadable."""
    left = size_of(file)
    for part in (file.front, file.rest or b""):
        view = memoryview(part)
        for at in range(0, len(view), size):
            piece = view[at : at + size]
            left -= len(piece)
            yield piece, left == 0
    if not left:
        return
    buffer = memoryview(bytearray(min(size, left)))
    try:
        with file.path.open("rb", buffering=0) as stream:
            stream.seek(file.offset)
            while left:
                piece = buffer[:left]
                _fill(piece, stream)
                left -= len(piece)
                yield piece, left == 0
    except OSError as exc:
        raise unreadable() from exc


def _fill(buffer: memoryview, stream: FileIO) -> None:
    while buffer:
        count = stream.readinto(buffer)
        if not count:
            raise unreadable()  # it became shorter while it was sent
        buffer = buffer[count:]


@contextlib.contextmanager
def as_file(file: SendFile) -> Iterator[Path]:
    """A whole DICOM file of it, for who can send nothing else; a temporary one beside it is gone afterwards.

    Raises:
        OutOfSpace, Permanent, Retriable: our own disk.
    """
    if not file.front:
        yield file.path
        return
    with disk.own_disk():
        out, part = disk.open_part(file.path)
    try:
        with out:
            with disk.own_disk():
                pair = file.pair
                out.write(file_meta(pair.sop_class_uid, file.sop_instance_uid, pair.transfer_syntax_uid))
                for piece, _ in pieces(file, _CHUNK):
                    out.write(piece)
                out.flush()
            yield part
    finally:
        part.unlink(missing_ok=True)


def unreadable() -> MediumUnreadable:
    return MediumUnreadable("A file to be sent cannot be read", "It is missing or no DICOM file any more.")


def parse_start(data: bytes, path: Path = Path()) -> SendFile | None:
    """The meta information of an ordinary file, ten times faster than the library; None for any other."""
    if data[128:132] != b"DICM":
        return None
    found: dict[bytes, str] = {}
    at = 132
    while data[at : at + 2] == b"\2\0":
        head, size = (12, 4) if data[at + 4 : at + 6] in LONG_LENGTH else (8, 2)
        length = int.from_bytes(data[at + head - size : at + head], "little")
        found[data[at + 2 : at + 4]] = (
            data[at + head : at + head + length].decode("ascii", "replace").rstrip("\0 ")
        )
        at += head + length
    uids = [found.get(element, "") for element in (b"\2\0", b"\3\0", b"\x10\0")]
    if not all(uids) or at + 2 > len(data):
        return None
    sop_class, sop_instance, syntax = uids
    return SendFile(path, Pair(sop_class, syntax), sop_instance, at)


def _read_by_library(path: Path) -> SendFile:
    meta, offset = split_dataset(path)
    pair = Pair(str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID))
    return SendFile(path, pair, str(meta.MediaStorageSOPInstanceUID), offset)
