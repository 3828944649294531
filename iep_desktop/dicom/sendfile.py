"""What of a DICOM file goes over the network: which instance it is, and where its data set begins (PS3.10 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pynetdicom.dsutils import split_dataset

from iep_desktop.core.errors import MediumUnreadable
from iep_desktop.dicom.contexts import Pair

_BEGINNING = 4096  # bytes; file meta information is hardly ever longer
LONG_LENGTH = {b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR", b"OD", b"OF", b"OL", b"OV", b"SV", b"UV"}


@dataclass(frozen=True)
class SendFile:
    path: Path
    pair: Pair
    sop_instance_uid: str
    offset: int  # of the data set


def send_file(path: Path) -> SendFile:
    """Raises MediumUnreadable where it is gone or no DICOM file; the path stays out of the message."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
        return parse_start(beginning, path) or _read_by_library(path)
    except Exception as exc:  # whatever pydicom makes of a file that is none
        raise unreadable() from exc


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
