"""What a received instance says of itself, read from any bytes whatsoever."""

from __future__ import annotations

import time
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)
from pynetdicom.dsutils import encode

from iep_desktop.dicom.instance_head import ENOUGH, InstanceHead, NoInstance, read_head
from tests.fakes.instances import make_dataset

SYNTAXES = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]


def encoded(ds: Dataset, syntax: Any) -> bytes:
    data = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    assert data is not None
    return data


def head_of(data: bytes, syntax: str) -> InstanceHead:
    return read_head(data[:ENOUGH], syntax, lambda: BytesIO(data))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("long", [False, True])
def test_it_is_the_same_in_every_encoding(syntax: Any, long: bool) -> None:
    """`long`: with more in front of the UIDs than is looked at first, and a sequence of undefined length."""
    ds = make_dataset(SeriesDescription="AXIAL")
    if long:
        item = make_dataset()
        ds.ReferencedStudySequence = Sequence([item])
        ds["ReferencedStudySequence"].is_undefined_length = True
        ds.add_new(0x00091010, "UN", bytes(2 * ENOUGH))
    assert head_of(encoded(ds, syntax), syntax) == InstanceHead(
        ds.SOPInstanceUID,
        ds.SOPClassUID,
        syntax,
        ds.StudyInstanceUID,
        ds.SeriesInstanceUID,
        "S9990001",
        "TESTING^ANNA",
        "CT",
        "AXIAL",
    )


@pytest.mark.parametrize(
    ("charset", "name"),
    [("ISO_IR 100", "MÜLLER^JÖRG"), ("ISO_IR 192", "Ковалёва^Анна"), ("ISO_IR 144", "Ковалёва^Анна")],
)
def test_names_are_read_in_their_own_character_set(charset: str, name: str) -> None:
    ds = make_dataset(SpecificCharacterSet=charset, PatientName=name)
    assert head_of(encoded(ds, ExplicitVRLittleEndian), ExplicitVRLittleEndian).patient_name == name


def test_a_name_that_its_character_set_does_not_explain_is_still_something() -> None:
    ds = make_dataset(SpecificCharacterSet="ISO_IR 100", PatientName="MÜLLER")
    data = encoded(ds, ExplicitVRLittleEndian).replace(b"ISO_IR 100", b"ISO_IR 999")
    assert head_of(data, ExplicitVRLittleEndian).patient_name.startswith("M")


@pytest.mark.parametrize(
    "keyword", ["SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID"]
)
def test_without_a_uid_it_is_no_instance(keyword: str) -> None:
    ds = make_dataset()
    del ds[keyword]
    with pytest.raises(NoInstance):
        head_of(encoded(ds, ExplicitVRLittleEndian), ExplicitVRLittleEndian)


@given(st.sampled_from([*SYNTAXES, JPEGLSLossless]), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(syntax: str, data: bytes) -> None:
    with pytest.raises(NoInstance):
        head_of(data, syntax)


@given(st.sampled_from(SYNTAXES[:3]), st.data())
def test_a_damaged_data_set_is_read_or_refused(syntax: Any, data: st.DataObject) -> None:
    same = {f"{level}InstanceUID": f"1.2.3.{n}" for n, level in enumerate(("Study", "Series", "SOP"))}
    content = bytearray(encoded(make_dataset(SeriesDescription="AXIAL", **same), syntax))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content))) :]
    try:
        head = head_of(bytes(content), syntax)
    except NoInstance:
        return
    assert head.study_uid
    assert head.series_uid


def test_a_deflated_bomb_is_not_unpacked_whole() -> None:
    start = time.monotonic()
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packed.compress(bytes(100 << 20)) + packed.flush()
    with pytest.raises(NoInstance):
        head_of(bomb, DeflatedExplicitVRLittleEndian)
    assert time.monotonic() - start < 5


def test_a_file_is_opened_only_where_the_first_bytes_do_not_suffice(tmp_path: Path) -> None:
    def never() -> BytesIO:
        raise AssertionError("opened")

    data = encoded(make_dataset(), ExplicitVRLittleEndian)
    assert read_head(data, ExplicitVRLittleEndian, never).patient_id == "S9990001"
