"""What a received instance says of itself, read from the first bytes of its data set without decoding the rest.

Owns the few attributes by which an instance is filed and its patient is told from another. An ordinary data set is
walked in microseconds; whatever else the standard allows before them (sequences of undefined length, big endian,
very long values) goes by `elements.walk` over the file. Must not judge what it reads.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import BinaryIO

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian
from pydicom.valuerep import PN_DELIMS

from iep_desktop.dicom.elements import Malformed, Syntax, walk
from iep_desktop.dicom.sendfile import LONG_LENGTH

ENOUGH = 1 << 16  # bytes that nearly always hold all of it

_CHARSET, _CLASS, _INSTANCE, _MODALITY = 0x00080005, 0x00080016, 0x00080018, 0x00080060
_SERIES_DESCRIPTION, _NAME, _ID = 0x0008103E, 0x00100010, 0x00100020
_STUDY, _SERIES = 0x0020000D, 0x0020000E
_WANTED = frozenset(
    (_CHARSET, _CLASS, _INSTANCE, _MODALITY, _SERIES_DESCRIPTION, _NAME, _ID, _STUDY, _SERIES)
)
_LONGEST = 1024  # bytes of a value of these
_MOST_INFLATED = 16 << 20
_MOST_ELEMENTS = 10_000  # before the UIDs; more is no image but an attack
_EXPLICIT, _IMPLICIT, _LENGTH = struct.Struct("<HH2sH"), struct.Struct("<HHL"), struct.Struct("<L")
_UNDEFINED = 0xFFFFFFFF


class NoInstance(Exception):
    """The bytes are no data set of an instance: damaged, or without the UIDs that make it one."""


class _NotOrdinary(Exception):
    """Something that only the thorough way reads."""


@dataclass(frozen=True, slots=True)
class InstanceHead:
    """Texts as in the data set, decoded for reading; the transfer syntax is the one it was sent in."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    study_uid: str
    series_uid: str
    patient_id: str = ""
    patient_name: str = ""  # PN
    modality: str = ""
    series_description: str = ""


def read_head(first: bytes, transfer_syntax_uid: str, data_set: Callable[[], BinaryIO]) -> InstanceHead:
    """From the `first` bytes of a data set where they suffice, else from `data_set`, opened at its beginning.

    Raises:
        NoInstance: it cannot be read, or it lacks one of the UIDs.
    """
    head = start_of_head(first, transfer_syntax_uid)
    if head is not None:
        return head
    with data_set() as file:
        deflated = transfer_syntax_uid == DeflatedExplicitVRLittleEndian
        whole = BytesIO(_inflated(file.read(_MOST_INFLATED), _MOST_INFLATED)) if deflated else file
        return _head(_thoroughly(whole, transfer_syntax_uid), transfer_syntax_uid)


def start_of_head(first: bytes, transfer_syntax_uid: str) -> InstanceHead | None:
    """From the `first` bytes alone; None where they do not suffice. Raises NoInstance."""
    deflated = transfer_syntax_uid == DeflatedExplicitVRLittleEndian
    try:
        values = _quickly(_inflated(first, ENOUGH) if deflated else first, transfer_syntax_uid)
    except _NotOrdinary:
        return None
    return _head(values, transfer_syntax_uid)


def _quickly(data: bytes, transfer_syntax_uid: str) -> dict[int, bytes]:
    if transfer_syntax_uid == ExplicitVRBigEndian:
        raise _NotOrdinary
    implicit = transfer_syntax_uid == ImplicitVRLittleEndian
    values: dict[int, bytes] = {}
    at, end = 0, len(data)
    while at + 12 <= end:
        if implicit:
            group, number, length = _IMPLICIT.unpack_from(data, at)
            at += 8
        else:
            group, number, vr, length = _EXPLICIT.unpack_from(data, at)
            at += 8
            if vr in LONG_LENGTH:
                (length,) = _LENGTH.unpack_from(data, at)
                at += 4
        tag = group << 16 | number
        if tag > _SERIES:
            return values
        if length == _UNDEFINED or at + length > end:
            raise _NotOrdinary
        if tag in _WANTED:
            values[tag] = data[at : at + min(length, _LONGEST)]
        at += length
        if tag == _SERIES:
            return values
    raise _NotOrdinary


def _thoroughly(file: BinaryIO, transfer_syntax_uid: str) -> dict[int, bytes]:
    start = file.tell()
    end = file.seek(0, 2)
    file.seek(start)
    syntax = Syntax(transfer_syntax_uid == ImplicitVRLittleEndian, transfer_syntax_uid != ExplicitVRBigEndian)
    try:
        found = islice(walk(file, syntax, end, hold=_LONGEST, stop=_SERIES + 1), _MOST_ELEMENTS)
        return {e.tag: e.value for e in found if e.tag in _WANTED and e.value is not None}
    except Malformed as exc:
        raise NoInstance(str(exc)) from exc


def _inflated(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, most)
    except zlib.error as exc:
        raise NoInstance("its deflated data cannot be read") from exc


def _head(values: dict[int, bytes], transfer_syntax_uid: str) -> InstanceHead:
    charset = values.get(_CHARSET, b"").decode("ascii", "replace").strip(" \0")
    head = InstanceHead(
        sop_instance_uid=_plain(values, _INSTANCE),
        sop_class_uid=_plain(values, _CLASS),
        transfer_syntax_uid=transfer_syntax_uid,
        study_uid=_plain(values, _STUDY),
        series_uid=_plain(values, _SERIES),
        patient_id=_text(values, _ID, charset),
        patient_name=_text(values, _NAME, charset),
        modality=_plain(values, _MODALITY),
        series_description=_text(values, _SERIES_DESCRIPTION, charset),
    )
    if not (head.sop_instance_uid and head.sop_class_uid and head.study_uid and head.series_uid):
        raise NoInstance("it lacks a UID")
    return head


def _plain(values: dict[int, bytes], tag: int) -> str:
    return values.get(tag, b"").decode("ascii", "replace").strip(" \0")


def _text(values: dict[int, bytes], tag: int, charset: str) -> str:
    """In the data set's own character set; what it does not explain is replaced: it is for reading only."""
    value = values.get(tag, b"")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii").strip(" \0")
    encodings = convert_encodings(charset.split("\\"))
    with contextlib.suppress(LookupError, ValueError):
        return decode_bytes(value, encodings, PN_DELIMS if tag == _NAME else {0x5C}).strip(" \0")
    return value.decode("latin-1").strip(" \0")
