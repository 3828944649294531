"""Files of the kinds that are easily spoilt on the way, and how a file is told to be one of them. No product code."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.fakes.instances import make_instance

_UNDEFINED = 0xFFFFFFFF


class Kind(StrEnum):
    COMPRESSED = "compressed"
    BIG_ENDIAN = "big endian"
    DEFLATED = "deflated"
    PRIVATE = "private elements"
    UNDEFINED_LENGTH = "a sequence of undefined length"
    ODD_LENGTH = "a value of odd length"
    NO_META = "no meta header"
    ANOTHER_META = "another image's meta header"


def kinds_of(path: Path) -> set[Kind]:
    """Of a file that pydicom reads."""
    head = path.read_bytes()[:132]
    ds = dcmread(path, force=True)
    syntax = UID(str(ds.file_meta.get("TransferSyntaxUID", "")) or guessed_syntax(ds))
    found = {
        Kind.COMPRESSED: syntax.is_transfer_syntax and syntax.is_encapsulated,
        Kind.BIG_ENDIAN: syntax == ExplicitVRBigEndian,
        Kind.DEFLATED: syntax == DeflatedExplicitVRLittleEndian,
        Kind.NO_META: head[128:] != b"DICM",
        Kind.ANOTHER_META: ds.file_meta.get("MediaStorageSOPInstanceUID", ds.SOPInstanceUID)
        != ds.SOPInstanceUID,
    }
    return {kind for kind, yes in found.items() if yes} | set(_of_elements(ds))


def guessed_syntax(ds: Dataset) -> str:
    """Of a file that does not say."""
    implicit, little = ds.original_encoding
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _of_elements(ds: Dataset) -> Iterator[Kind]:
    for tag in list(ds.keys()):
        item = ds.get_item(tag)
        if tag.is_private:
            yield Kind.PRIVATE
        if item.VR == "SQ" and getattr(item, "is_undefined_length", False):
            yield Kind.UNDEFINED_LENGTH
        if isinstance(item.value, bytes) and len(item.value) % 2:
            yield Kind.ODD_LENGTH
        if item.VR == "SQ":
            for inner in ds[tag].value or ():
                yield from _of_elements(inner)


def odd_files(folder: Path) -> list[Path]:
    """At least one file of each kind, of a synthetic patient, in one series."""
    folder.mkdir(parents=True, exist_ok=True)
    common = {"StudyInstanceUID": "1.2.826.0.1.77", "SeriesInstanceUID": "1.2.826.0.1.77.1"}
    syntaxes = {
        "deflated": DeflatedExplicitVRLittleEndian,
        "big": ExplicitVRBigEndian,
        "implicit": ImplicitVRLittleEndian,
        "jpeg": JPEGLosslessSV1,
        "jpeg-ls": JPEGLSLossless,
        "jpeg-2000": JPEG2000Lossless,
        "rle": RLELossless,
    }
    files = [
        make_instance(
            folder / f"{name}.dcm",
            syntax=syntax,
            SOPInstanceUID=f"1.2.826.0.1.77.1.{no}",
            **_inner(),
            **common,
        )
        for no, (name, syntax) in enumerate(syntaxes.items(), 1)
    ]
    plain = [
        make_instance(folder / f"{name}.dcm", SOPInstanceUID=f"1.2.826.0.1.77.1.{no}", **_inner(), **common)
        for no, name in enumerate(("private", "undefined", "odd", "no-meta", "another-meta"), 20)
    ]
    _add_private(plain[0])
    _undefine(plain[1])
    _make_odd(plain[2])
    _strip_meta(plain[3])
    _keep_old_meta(plain[4])
    return [*files, *plain]


def _inner() -> dict[str, list[Dataset]]:
    inner, outer = Dataset(), Dataset()
    inner.CodeValue, inner.CodingSchemeDesignator, inner.CodeMeaning = "T-11300", "SRT", "Rib"
    outer.AnatomicRegionSequence = [inner]
    outer.ReferencedSOPInstanceUID = "1.2.3.4"
    return {"ReferencedImageSequence": [outer]}


def _add_private(path: Path) -> None:
    ds = dcmread(path)
    block = ds.private_block(0x0029, "IEP TEST", create=True)
    block.add_new(0x10, "OB", bytes(range(64)))
    block.add_new(0x11, "UN", b"\xff\xfe\x00\x01")
    nested = Dataset()
    nested.private_block(0x0031, "IEP TEST", create=True).add_new(0x01, "LO", "inside")
    block.add_new(0x12, "SQ", [nested])
    ds.save_as(path)


def _undefine(path: Path) -> None:
    ds = dcmread(path)
    ds["ReferencedImageSequence"].is_undefined_length = True
    for outer in ds.ReferencedImageSequence:
        outer.is_undefined_length_sequence_item = True
        outer["AnatomicRegionSequence"].is_undefined_length = True
    ds.save_as(path)


def _make_odd(path: Path) -> None:
    """Study Description of seven bytes, which PS3.5 7.1.1 forbids and some devices write."""
    data = path.read_bytes()
    at = data.index(b"\x08\x00\x30\x10LO")
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    path.write_bytes(data[: at + 6] + (7).to_bytes(2, "little") + b"CT HEAD" + data[at + 8 + length :])


def _strip_meta(path: Path) -> None:
    ds = dcmread(path)
    bare = BytesIO()
    ds.save_as(bare, enforce_file_format=False, implicit_vr=False, little_endian=True)
    data = bare.getvalue()
    path.write_bytes(data[data.index(b"\x08\x00\x16\x00") :])


def _keep_old_meta(path: Path) -> None:
    """As a program leaves it that gives an instance a new UID in the data set alone."""
    data, uid = path.read_bytes(), dcmread(path).SOPInstanceUID.encode()
    path.write_bytes(data.replace(uid, uid[:-1] + b"9", 1))
