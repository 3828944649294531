"""The list of data elements: everything that is there, as it stands, and never a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iep_desktop.core.documents import TagLine, TagListing
from iep_desktop.core.errors import IepError, MediumUnreadable, Permanent
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.dicom.documents import tags as module
from iep_desktop.dicom.documents.reading import header_identity, read_document
from iep_desktop.dicom.documents.tags import LONGEST, list_tags
from tests.dicom.documents.making import (
    CT,
    SAMPLES,
    code,
    content,
    ecg,
    encapsulated,
    item,
    pdf_bytes,
    sr,
    write,
)


def _found(listing: TagListing, tag: str) -> TagLine:
    return next(line for line in listing.lines if line.tag == tag)


def test_every_element_has_tag_vr_keyword_and_value(tmp_path: Path) -> None:
    listing = list_tags(
        write(tmp_path / "a.dcm", CT, WindowWidth="80", Rows=512, PixelSpacing=["0.5", "0.25"])
    )
    assert _found(listing, "(0002,0010)").value == "1.2.840.10008.1.2.1 (Explicit VR Little Endian)"
    name = _found(listing, "(0010,0010)")
    assert (name.vr, name.keyword, name.name, name.value) == (
        "PN",
        "PatientName",
        "Patient's Name",
        "MOUSE^Minnie",
    )
    assert _found(listing, "(0028,0010)").value == "512"
    assert _found(listing, "(0028,0030)").value == "0.5\\0.25"
    assert listing.remark == ""


def test_sequences_are_listed_with_their_items(tmp_path: Path) -> None:
    listing = list_tags(sr(tmp_path / "r.dcm", content("TEXT", "Finding", TextValue="Effusion")))
    at = next(n for n, line in enumerate(listing.lines) if line.tag == "(0040,A730)")
    rows = [(line.depth, line.name or line.keyword, line.value) for line in listing.lines[at : at + 5]]
    assert rows[:3] == [
        (0, "Content Sequence", "1 item"), (1, "Item 1", ""), (2, "Relationship Type", "CONTAINS"),
    ]  # fmt: skip
    assert any(line.value == "Finding" and line.depth == 4 for line in listing.lines)


def test_private_elements_say_whose_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "p.dcm", CT)
    whole = pydicom.dcmread(path)
    block = whole.private_block(0x0009, "ACME 1.0", create=True)
    block.add_new(0x10, "LO", "value of theirs")
    whole.save_as(path)
    listing = list_tags(path)
    assert _found(listing, "(0009,0010)").value == "ACME 1.0"
    own = _found(listing, "(0009,1010)")
    assert (own.name, own.value) == ("Private (ACME 1.0)", "value of theirs")


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("ISO_IR 192", "Größe 山田"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("ISO_IR 100", "Größe"),
        ("GB18030", "王小东"),
    ],
)
def test_text_is_in_the_files_own_characters(tmp_path: Path, charset: str, text: str) -> None:
    path = write(tmp_path / "j.dcm", CT, SpecificCharacterSet=charset, StudyDescription=text)
    assert _found(list_tags(path), "(0008,1030)").value == text


def test_large_and_binary_values_are_shortened(tmp_path: Path) -> None:
    path = write(
        tmp_path / "l.dcm", CT, ImageComments="x" * 2000, ICCProfile=bytes(range(1, 101)),
        EncapsulatedDocument=b"\0" * 600_000,
    )  # fmt: skip
    listing = list_tags(path)
    assert _found(listing, "(0020,4000)").value == "x" * LONGEST + "…"
    assert _found(listing, "(0028,2000)").value.endswith("… (100 bytes)")
    assert _found(listing, "(0042,0011)").value == "600000 bytes"
    assert max(len(line.value) for line in listing.lines) < 700


def test_a_cut_file_is_listed_up_to_the_cut(tmp_path: Path) -> None:
    whole = write(tmp_path / "w.dcm", CT, ImageComments="x" * 1000).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-500])
    listing = list_tags(tmp_path / "cut.dcm")
    assert listing.lines[-1].keyword != "ImageComments"
    assert _found(listing, "(0010,0020)").value == "S999111"
    assert "cannot be read" in listing.remark


def test_a_damaged_sequence_costs_what_is_in_it(tmp_path: Path) -> None:
    path = write(tmp_path / "s.dcm", CT, ReferencedImageSequence=[item(ReferencedSOPInstanceUID="1.2.3")])
    data = path.read_bytes().replace(b"\xfe\xff\x00\xe0", b"\xfe\xff\x77\xe0")
    path.write_bytes(data)
    listing = list_tags(path)
    assert "the rest cannot be read" in _found(listing, "(0008,1140)").value
    assert _found(listing, "(0010,0020)").value == "S999111"


@pytest.mark.parametrize(
    "name", ["DICOMDIR-bigEnd", "rtplan.dcm", "MR_truncated.dcm", "image_dfl.dcm", "ExplVR_BigEndNoMeta.dcm"]
)
def test_every_encoding_is_listed(name: str) -> None:
    path = SAMPLES / name if (SAMPLES / name).exists() else SAMPLES / "dicomdirtests" / name
    assert len(list_tags(path).lines) > 10


def test_numbers_of_a_big_endian_file_are_right() -> None:
    listing = list_tags(SAMPLES / "MR_small_bigendian.dcm")
    assert (_found(listing, "(0028,0010)").value, _found(listing, "(0028,0100)").value) == ("64", "16")


def test_a_list_without_end_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 8)
    listing = list_tags(write(tmp_path / "m.dcm", CT))
    assert len(listing.lines) == 8
    assert "first 8" in listing.remark


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello " * 50)
    with pytest.raises(Permanent, match="not DICOM"):
        list_tags(tmp_path / "x.txt")
    with pytest.raises(MediumUnreadable):
        list_tags(tmp_path / "gone.dcm")


def test_the_header_says_whose_it_is(tmp_path: Path) -> None:
    other = item(PatientID="9990000018", IssuerOfPatientID="NHS")
    path = write(
        tmp_path / "h.dcm", CT, SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎",
        IssuerOfPatientID="RWE", OtherPatientIDsSequence=[other],
    )  # fmt: skip
    assert header_identity(path) == ViewPatient(
        "S999111", "9990000018", "Yamada^Tarou=山田^太郎", date(1961, 3, 17), "F", "RWE"
    )


def test_a_header_without_an_identity_is_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "h.dcm", CT, PatientName="", PatientID="", PatientBirthDate="", PatientSex="")
    assert header_identity(path) == ViewPatient()


# --- damage at random -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ...]:
    folder = tmp_path_factory.mktemp("corpus")
    measured = item(NumericValue="12.5", MeasurementUnitsCodeSequence=code("mm", "mm", "UCUM"))
    paths = [
        sr(
            folder / "sr", content("TEXT", "Finding", TextValue="x"),
            content("CONTAINER", "Part", ContentSequence=[content("NUM", "n", MeasuredValueSequence=[measured])]),
        ),
        ecg(folder / "ecg", [[1, 2], [3, 4]]),
        encapsulated(folder / "pdf", pdf_bytes("x"), "application/pdf"),
        encapsulated(folder / "xml", b"<?xml version='1.0'?><a><text>t</text></a>", "text/xml"),
        SAMPLES / "test-SR.dcm",
        SAMPLES / "UN_sequence.dcm",
        SAMPLES / "priv_SQ.dcm",
    ]  # fmt: skip
    return tuple(path.read_bytes() for path in paths)


@given(data=st.data())
@settings(max_examples=200)
def test_damage_gives_a_document_or_a_reason(
    corpus: tuple[bytes, ...], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    mutated = bytearray(data.draw(st.sampled_from(corpus)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(132, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del mutated[data.draw(st.integers(140, len(mutated))) :]
    path = tmp_path_factory.getbasetemp() / "mutated.dcm"
    path.write_bytes(bytes(mutated))
    reads: tuple[Callable[[Path], object], ...] = (read_document, list_tags, header_identity)
    assert all(_outcome(read, path) for read in reads)


def _outcome(read: Callable[[Path], object], path: Path) -> object:
    """What it gives, or why it does not."""
    try:
        return read(path)
    except IepError as error:
        return error.message
