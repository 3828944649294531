"""How a DICOM file begins (PS3.10 7.1): preamble, file meta, and the encoding that the data set really has.

Owns telling DICOM from everything else by the first bytes, with and without preamble, at the cost of one read. Must
not read the data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from iep_desktop.dicom.elements import Syntax
from iep_desktop.dicom.skim import EXPLICIT, Values, skim, tags

META_CLASS, META_INSTANCE, META_SYNTAX = 0x00020002, 0x00020003, 0x00020010
DEFLATED = "1.2.840.10008.1.2.1.99"
_META = tags(META_CLASS, META_INSTANCE, META_SYNTAX)
_FIRST_GROUPS = (0x0002, 0x0004, 0x0008)  # what a file without preamble begins with
_PLAIN = {True: ImplicitVRLittleEndian, False: ExplicitVRLittleEndian}


class NotDicom(Exception):
    """The first bytes are of something else."""


@dataclass(frozen=True, slots=True)
class Start:
    """`transfer_syntax` is the declared one unless the data set shows otherwise; `syntax` is what it is encoded in."""

    preamble: bytes  # empty where there is none
    meta: Values
    transfer_syntax: str
    syntax: Syntax


def read_start(fp: BinaryIO) -> Start:
    """Read up to the data set, where `fp` is left.

    Raises:
        NotDicom: this is something else.
        Damaged: the file meta is not whole.
        OSError: the drive cannot read it.
    """
    first = fp.read(132)
    preamble = first[:128] if first[128:] == b"DICM" else b""
    if not preamble:
        fp.seek(0)
        if not _looks_like_a_dataset(first):
            raise NotDicom
    meta = skim(fp, EXPLICIT, _META, _after_meta)
    start = fp.tell()
    said = _uid(meta, META_SYNTAX)
    if said == DEFLATED:
        return Start(preamble, meta, said, EXPLICIT)
    syntax = _encoding(fp.read(8), said)
    fp.seek(start)
    return Start(preamble, meta, _true_syntax(said, syntax), syntax)


def _after_meta(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag >> 16 != 0x0002


def _looks_like_a_dataset(first: bytes) -> bool:
    """Without preamble: a group that files begin with, and a VR or a length that can be one."""
    if len(first) < 8:
        return False
    little = first[0] != 0
    group = int.from_bytes(first[:2], "little" if little else "big")
    implicit_length = int.from_bytes(first[4:8], "little")
    return group in _FIRST_GROUPS and (_is_vr(first[4:6]) or (little and implicit_length <= 0xFFFF))


def _encoding(first: bytes, said: str) -> Syntax:
    """The first element knows better than the file meta, which may be wrong or absent."""
    if len(first) < 8:
        return Syntax(said == ImplicitVRLittleEndian, said != ExplicitVRBigEndian)
    little = first[0] != 0 or first[1] == 0
    return Syntax(implicit=not _is_vr(first[4:6]), little=little)


def _true_syntax(said: str, syntax: Syntax) -> str:
    if not syntax.little:
        return str(ExplicitVRBigEndian)
    plain = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, "")
    return str(_PLAIN[syntax.implicit]) if said in plain else said


def _is_vr(two: bytes) -> bool:
    return two.isalpha() and two.isupper()


def _uid(values: Values, tag: int) -> str:
    value = values.get(tag)
    return value.decode("ascii", "replace").strip(" \0") if isinstance(value, bytes) else ""
