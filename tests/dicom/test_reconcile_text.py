"""Coercion and character sets: no letter of the file is lost, and our patient's name is written right."""

from __future__ import annotations

from pathlib import Path

import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.charsets import charset_of, transliterated
from iep_desktop.dicom.reconcile import CoercionNote, coerce_file
from tests.dicom.comparing import coercion, complaints, read, texts
from tests.dicom.test_reconcile import coerced, item, made

CHARSET_FILES = sorted((Path(pydicom.data.__file__).parent / "charset_files").glob("*.dcm"))
SINGLE_BYTE = ["ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126", "ISO_IR 127"]
SINGLE_BYTE += ["ISO_IR 138", "ISO_IR 144", "ISO_IR 148", "ISO_IR 166"]
OURS = ["MOUSE^Minnie", "MÜLLER^Jürgen", "山田^太郎", "ΜΟΥΣ^Μίνι"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("path", CHARSET_FILES, ids=lambda p: p.name)
def test_no_text_of_any_character_set_is_lost(path: Path, name: str, tmp_path: Path) -> None:
    before = read(path)
    after, result = coerced(path, tmp_path, name=name)

    assert texts(after) == texts(before)
    assert after.PatientName == name
    assert CoercionNote.TRANSLITERATED not in result.notes
    previous = after.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert previous.PatientName == before.get("PatientName", "")
    assert complaints(tmp_path / "coerced.dcm") <= complaints(path)


def test_there_are_seventeen_character_set_files() -> None:
    assert len(CHARSET_FILES) == 17


def test_a_character_set_that_has_our_letters_is_kept(tmp_path: Path) -> None:
    source = made(tmp_path / "a", SpecificCharacterSet="ISO_IR 100", InstitutionName="Hôpital")
    after, result = coerced(source, tmp_path, name="MÜLLER^Jürgen")

    assert after.SpecificCharacterSet == "ISO_IR 100"
    assert b"M\xdcLLER^J\xfcrgen" in (tmp_path / "coerced.dcm").read_bytes()
    assert result.notes == ()


def test_a_file_without_character_set_is_converted_only_when_a_name_needs_it(tmp_path: Path) -> None:
    source = made(tmp_path / "a")
    plain, _ = coerced(source, tmp_path)
    assert "SpecificCharacterSet" not in plain

    after, result = coerced(source, tmp_path, name="MÜLLER^Jürgen")
    assert after.SpecificCharacterSet == "ISO_IR 192"
    assert "MÜLLER^Jürgen".encode() in (tmp_path / "coerced.dcm").read_bytes()
    assert result.notes == (CoercionNote.CONVERTED,)


def test_the_previous_values_keep_their_bytes_and_name_their_character_set(tmp_path: Path) -> None:
    source = made(tmp_path / "a", SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг")
    after, _ = coerced(source, tmp_path, name="MÜLLER^Jürgen")

    previous = after.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert previous.SpecificCharacterSet == "ISO_IR 144"
    assert previous.PatientName == "Люкceмбypг"
    assert "Люкceмбypг".encode("iso8859_5") in (tmp_path / "coerced.dcm").read_bytes()


def test_a_former_number_in_other_letters_stays_readable(tmp_path: Path) -> None:
    source = made(tmp_path / "a", SpecificCharacterSet="ISO_IR 144", PatientID="Ж-1", IssuerOfPatientID="Ю")
    for name in OURS:
        after, result = coerced(source, tmp_path, name=name)
        other = after.OtherPatientIDsSequence[0]
        assert (other.PatientID, other.IssuerOfPatientID) == ("Ж-1", "Ю")
        assert result.before["PatientID"] == "Ж-1"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_text_in_nested_sequences_is_converted(tmp_path: Path, syntax: str, undefined: bool) -> None:
    deep = item(CodeMeaning="Größe", CodeValue="1")
    own = item(SpecificCharacterSet="ISO_IR 144", CodeMeaning="Диагноз")
    outer = item(
        RequestedProcedureDescription="Schädel", RequestedProcedureCodeSequence=Sequence([deep, own])
    )
    for part in (deep, own, outer):
        part.is_undefined_length_sequence_item = undefined
    outer["RequestedProcedureCodeSequence"].is_undefined_length = undefined
    source = made(
        tmp_path / "a",
        syntax,
        SpecificCharacterSet="ISO_IR 100",
        ReferencedStudySequence=Sequence([outer]),
        Rows=1,
    )
    before = read(source)

    after, result = coerced(source, tmp_path, name="山田^太郎")

    assert result.notes == (CoercionNote.CONVERTED,)
    assert texts(after) == texts(before)
    kept = after.ReferencedStudySequence[0].RequestedProcedureCodeSequence[1]
    assert kept.SpecificCharacterSet == "ISO_IR 144", "an item with a set of its own is left alone"
    assert complaints(tmp_path / "coerced.dcm") == set()


def test_text_of_a_known_private_element_is_converted_in_implicit_files_too(tmp_path: Path) -> None:
    source = made(tmp_path / "a", ImplicitVRLittleEndian, SpecificCharacterSet="ISO_IR 100")
    ds = read(source)
    block = ds.private_block(0x0009, "GEMS_IDEN_01", create=True)
    block.add_new(0x01, "LO", "Schädel")
    ds.save_as(source)

    after, _ = coerced(source, tmp_path, name="山田^太郎")

    assert after[0x0009, 0x1001].value == "Schädel"


@pytest.mark.parametrize(
    ("charset", "lie"),
    [
        ("ISO_IR 192", b"Sch\xe4del"),
        ("", b"Sch\xe4del"),
        ("ISO_IR 126", b"Sch\xffdel"),
        ("NO SUCH SET", b"Sch\xe4del"),
        ("ISO 2022 IR 6\\ISO 2022 IR 87", b"\x1b$)C\xb1\xe8"),
    ],
)
def test_a_file_that_lies_about_its_character_set_keeps_every_byte(
    tmp_path: Path, charset: str, lie: bytes
) -> None:
    lie = lie.ljust(8)
    source = made(tmp_path / "a", StudyDescription="12345678")
    ds = read(source)
    if charset:
        ds.SpecificCharacterSet = charset.split("\\")
    ds.save_as(source)
    source.write_bytes(source.read_bytes().replace(b"12345678", lie))

    after, result = coerced(source, tmp_path, name="MÜLLER^Jürgen")

    assert lie in (tmp_path / "coerced.dcm").read_bytes()
    assert after.get("SpecificCharacterSet") == read(source).get("SpecificCharacterSet")
    if charset == "ISO_IR 192":
        assert after.PatientName == "MÜLLER^Jürgen"
    else:
        assert after.PatientName == "MULLER^Jurgen"
        assert result.notes == (CoercionNote.TRANSLITERATED,)


def test_a_name_without_latin_letters_cannot_go_into_a_lying_file(tmp_path: Path) -> None:
    source = made(tmp_path / "a", StudyDescription="12345678")
    source.write_bytes(source.read_bytes().replace(b"12345678", b"Sch\xe4del "))

    with pytest.raises(Permanent):
        coerce_file(source, tmp_path / "coerced.dcm", coercion("山田^太郎"))
    after, _ = coerced(source, tmp_path, name="YAMADA^Tarou=山田^太郎")
    assert after.PatientName == "YAMADA^Tarou"


def test_common_misspellings_of_character_sets_are_understood() -> None:
    for term in (b"ISO IR 100", b"iso-ir-100", b"ISO_IR_100 "):
        assert charset_of(term).decode(b"\xe4", "LO") == "ä"


def test_a_large_element_of_the_head_is_carried_through_conversion(tmp_path: Path) -> None:
    document = bytes(range(256)) * 12_000
    source = made(
        tmp_path / "a",
        SpecificCharacterSet="ISO_IR 100",
        EncapsulatedDocument=document,
        StudyDescription="Schädel",
    )
    after, _ = coerced(source, tmp_path, name="山田^太郎")
    assert after.EncapsulatedDocument == document
    assert after.StudyDescription == "Schädel"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Müller", "Muller"),
        ("Strauß", "Strauss"),
        ("Łódź", "Lodz"),
        ("Bjørn Æ", "Bjorn AE"),
        ("O’Neill", "O'Neill"),
    ],
)
def test_latin_letters_are_transliterated(text: str, plain: str) -> None:
    assert transliterated(text) == plain


# --- names over character sets ---------------------------------------------------------------------------------


def letters(charset: str) -> st.SearchStrategy[str]:
    """Text that a single-byte character set can write, without DICOM's own separators."""
    codec = python_encoding[charset]
    known = []
    for number in (*range(0x30, 0x5B), *range(0xA1, 0x100)):
        try:
            known.append(bytes([number]).decode(codec))
        except UnicodeDecodeError:
            continue
    usable = [c for c in known if c not in "=^\\" and c.isprintable()]
    return st.text(st.sampled_from(usable), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("charset", SINGLE_BYTE)
def test_any_name_meets_any_character_set_without_loss(
    tmp_path_factory: pytest.TempPathFactory, charset: str, data: st.DataObject
) -> None:
    theirs, description = data.draw(letters(charset)), data.draw(letters(charset))
    ours = data.draw(letters(data.draw(st.sampled_from(SINGLE_BYTE))))
    folder = tmp_path_factory.mktemp("any")
    inner = item(CodeMeaning=description)
    source = made(
        folder / "a",
        SpecificCharacterSet=charset,
        PatientName=theirs,
        StudyDescription=description,
        ProcedureCodeSequence=Sequence([inner]),
    )

    after, result = coerced(source, folder, name=ours)

    assert after.PatientName == ours
    assert after.StudyDescription == description
    assert after.ProcedureCodeSequence[0].CodeMeaning == description
    assert original(after).PatientName == theirs
    assert CoercionNote.TRANSLITERATED not in result.notes


def original(ds: Dataset) -> Dataset:
    previous: Dataset = ds.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    return previous
