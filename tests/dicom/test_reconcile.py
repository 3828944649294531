"""Coercion of real and made files: what changes, what does not, and what is told of it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom.data
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
)

from iep_desktop.core.errors import InvalidInput, MediumUnreadable
from iep_desktop.core.model import Patient
from iep_desktop.dicom.part10 import IMPLEMENTATION_CLASS_UID
from iep_desktop.dicom.reconcile import Coerced, CoercionNote, coerce_file
from iep_desktop.dicom.sendfile import send_file
from tests.dicom.comparing import INTENDED, coercion, complaints, differing, read
from tests.fakes.odd_kinds import Kind, kinds_of, odd_files

SAMPLES = Path(pydicom.data.__file__).parent
NOT_INSTANCES = {
    "DICOMDIR",  # all kinds of it
    "MR_truncated.dcm",
    "rtplan_truncated.dcm",
    "empty_charset_LEI.dcm",  # these three have no SOP Instance UID
    "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm",
    "no_meta.dcm",  # begins with a stray byte
}
FILES = sorted(
    path
    for folder in ("test_files", "charset_files")
    for path in (SAMPLES / folder).rglob("*")
    if path.is_file()
    and (path.suffix == ".dcm" or "dicomdirtests" in str(path))
    and path.suffix != ".txt"
    and path.name != "README"
)
INSTANCES = [p for p in FILES if p.name not in NOT_INSTANCES and not p.name.startswith("DICOMDIR")]
OTHERS = [p for p in FILES if p not in INSTANCES]


def made(path: Path, syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> Path:
    """A small synthetic instance."""
    uid = UID(syntax)
    ds = FileDataset(
        BytesIO(), {}, b"MZ" + b"\0" * 126, FileMetaDataset(), uid.is_implicit_VR, uid.is_little_endian
    )
    ds.file_meta.TransferSyntaxUID = uid
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    ds.PatientName, ds.PatientID, ds.StudyDate = "DUCK^Donald", "N-77", "20260101"
    ds.InstitutionName, ds.BitsAllocated = "Far Away Hospital", 8
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.save_as(path, enforce_file_format=True)
    return path


def coerced(source: Path, tmp_path: Path, **changes: Any) -> tuple[FileDataset, Coerced]:
    target = tmp_path / "coerced.dcm"
    result = coerce_file(source, target, coercion(**changes))
    assert not list(tmp_path.glob(".*")), "a temporary file was left"
    return read(target), result


def item(**attributes: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


# --- over many real files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", INSTANCES, ids=lambda p: p.name)
def test_only_the_intended_attributes_of_a_real_file_differ(path: Path, tmp_path: Path) -> None:
    after, result = coerced(path, tmp_path)
    before = read(path)

    assert differing(before, after) <= INTENDED
    assert (after.PatientName, after.PatientID) == ("MOUSE^Minnie", "S999111")
    assert result.sop_instance_uid == after.file_meta.MediaStorageSOPInstanceUID
    assert complaints(tmp_path / "coerced.dcm") <= complaints(path)


@pytest.mark.parametrize("path", OTHERS, ids=lambda p: p.name)
def test_what_is_no_whole_instance_is_refused_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(MediumUnreadable):
        coerce_file(path, tmp_path / "coerced.dcm", coercion())
    assert not list(tmp_path.iterdir())


def test_what_may_be_changed_is_what_the_standard_names() -> None:
    """IHE IRWF.b, PS3.3 C.12.1: the patient, the order, and what tells of the change."""
    assert set(INTENDED) == {
        (0x0008, 0x0050),
        (0x0008, 0x0051),
        (0x0010, 0x0010),
        (0x0010, 0x0020),
        (0x0010, 0x0021),
        (0x0010, 0x0024),
        (0x0010, 0x0030),
        (0x0010, 0x0040),
        (0x0010, 0x1002),
        (0x0018, 0xA001),
        (0x0040, 0x0275),
        (0x0400, 0x0561),
    }


def test_the_samples_are_many() -> None:
    assert len(INSTANCES) > 150


# --- the trail -------------------------------------------------------------------------------------------------


def test_patient_accession_and_request_become_ours(tmp_path: Path) -> None:
    after, result = coerced(made(tmp_path / "a", AccessionNumber="OLD-1"), tmp_path)

    assert (after.PatientBirthDate, after.PatientSex, after.IssuerOfPatientID) == ("19500201", "F", "RWE")
    assert after.AccessionNumber == "RWE0012345"
    assert after.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "RWE"
    request = after.RequestAttributesSequence[0]
    assert request.RequestedProcedureCodeSequence[0].CodeValue == "XCHES"
    assert request.RequestedProcedureDescription == "X-ray chest"
    assert (after.StudyDate, after.InstitutionName) == ("20260101", "Far Away Hospital")
    assert result.before["PatientID"] == "N-77"
    assert result.before["AccessionNumber"] == "OLD-1"


def test_the_previous_values_are_kept_in_original_attributes(tmp_path: Path) -> None:
    after, _ = coerced(made(tmp_path / "a", PatientBirthDate="19400101"), tmp_path)

    original = after.OriginalAttributesSequence[-1]
    assert original.AttributeModificationDateTime == "20260304050607.000089+0000"
    assert original.ModifyingSystem == "IEP desktop RWE"
    assert original.SourceOfPreviousValues == "CD of Nottingham University Hospitals"
    assert original.ReasonForTheAttributeModification == "COERCE"
    previous = original.ModifiedAttributesSequence[0]
    assert (previous.PatientName, previous.PatientID) == ("DUCK^Donald", "N-77")
    assert previous.PatientBirthDate == "19400101"
    assert previous.PatientSex == "", "it was absent: nothing was known"


def test_the_former_number_goes_to_other_patient_ids(tmp_path: Path) -> None:
    qualifiers = Sequence([item(UniversalEntityID="1.2.9", UniversalEntityIDType="ISO")])
    source = made(
        tmp_path / "a",
        IssuerOfPatientID="NUH",
        IssuerOfPatientIDQualifiersSequence=qualifiers,
        OtherPatientIDsSequence=Sequence([item(PatientID="EARLIER", TypeOfPatientID="TEXT")]),
    )
    after, _ = coerced(source, tmp_path)

    former = after.OtherPatientIDsSequence
    assert [i.PatientID for i in former] == ["EARLIER", "N-77"]
    assert (former[1].IssuerOfPatientID, former[1].TypeOfPatientID) == ("NUH", "TEXT")
    assert former[1].IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID == "1.2.9"
    assert "IssuerOfPatientIDQualifiersSequence" not in after, "it would qualify our number"


def test_the_importer_is_in_contributing_equipment(tmp_path: Path) -> None:
    scanner = item(Manufacturer="Siemens")
    after, _ = coerced(made(tmp_path / "a", ContributingEquipmentSequence=Sequence([scanner])), tmp_path)

    assert after.ContributingEquipmentSequence[0].Manufacturer == "Siemens"
    ours = after.ContributingEquipmentSequence[1]
    purpose = ours.PurposeOfReferenceCodeSequence[0]
    assert (purpose.CodeValue, purpose.CodingSchemeDesignator) == ("MEDIM", "DCM")
    assert purpose.CodeMeaning == "Portable Media Importer Equipment"
    assert (ours.StationName, ours.InstitutionName) == ("IMPORT-1", "Leicester")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_original_attributes_are_appended_never_replaced(
    tmp_path: Path, syntax: str, undefined: bool
) -> None:
    earlier = item(ModifyingSystem="NUH", ReasonForTheAttributeModification="CORRECT")
    earlier.is_undefined_length_sequence_item = undefined
    source = made(tmp_path / "a", ImplicitVRLittleEndian if syntax == ImplicitVRLittleEndian else syntax)
    ds = read(source)
    ds.OriginalAttributesSequence = Sequence([earlier])
    ds["OriginalAttributesSequence"].is_undefined_length = undefined
    ds.save_as(source)

    after, _ = coerced(source, tmp_path)

    assert [i.ModifyingSystem for i in after.OriginalAttributesSequence] == ["NUH", "IEP desktop RWE"]
    assert differing(ds, after) <= INTENDED
    assert not complaints(tmp_path / "coerced.dcm")


def test_a_trail_that_was_stored_as_unknown_is_read_and_continued(tmp_path: Path) -> None:
    """A sequence of VR UN holds implicit elements (PS3.5 6.2.2)."""
    source = made(tmp_path / "a", ContributingEquipmentSequence=Sequence([item(Manufacturer="Siemens")]))
    whole = source.read_bytes()
    implicit = b"\xfe\xff\x00\xe0\x10\0\0\0\x08\0\x70\0\x08\0\0\0Siemens "
    explicit = whole[(start := whole.index(b"\x18\0\x01\xa0SQ")) : whole.index(b"Siemens ") + 8]
    source.write_bytes(
        whole[:start] + b"\x18\0\x01\xa0UN\0\0\x18\0\0\0" + implicit + whole[start + len(explicit) :]
    )

    after, _ = coerced(source, tmp_path)

    assert [e.Manufacturer for e in after.ContributingEquipmentSequence] == ["Siemens", "IEP desktop"]
    assert not complaints(tmp_path / "coerced.dcm")


def test_coercing_twice_tells_of_both_and_lists_the_former_number_once(tmp_path: Path) -> None:
    coerce_file(made(tmp_path / "a"), tmp_path / "once", coercion())
    after, _ = coerced(tmp_path / "once", tmp_path)

    assert len(after.OriginalAttributesSequence) == 2
    assert after.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID == "N-77"
    assert after.OriginalAttributesSequence[1].ModifiedAttributesSequence[0].PatientID == "S999111"
    assert [i.PatientID for i in after.OtherPatientIDsSequence] == ["N-77"]
    assert len(after.ContributingEquipmentSequence) == 2
    assert not complaints(tmp_path / "coerced.dcm")


def test_what_we_do_not_know_stays_as_the_sender_wrote_it(tmp_path: Path) -> None:
    source = made(tmp_path / "a", PatientBirthDate="19400101", PatientSex="M", AccessionNumber="OLD-1")
    patient = Patient(name="MOUSE^Minnie", hospital_no="S999111")
    after, _ = coerced(source, tmp_path, patient=patient, accession="", exam_code="", exam_description="")

    assert (after.PatientBirthDate, after.PatientSex, after.AccessionNumber) == ("19400101", "M", "OLD-1")
    assert "RequestAttributesSequence" not in after
    assert "PatientSex" not in after.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]


def test_a_foreign_issuer_does_not_stay_beside_our_number(tmp_path: Path) -> None:
    after, _ = coerced(made(tmp_path / "a", IssuerOfPatientID="NUH"), tmp_path, issuer="")

    assert "IssuerOfPatientID" not in after
    assert after.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].IssuerOfPatientID == "NUH"


def test_times_of_any_zone_are_written_in_utc(tmp_path: Path) -> None:
    when = datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    after, _ = coerced(made(tmp_path / "a"), tmp_path, when=when)
    assert after.OriginalAttributesSequence[0].AttributeModificationDateTime.startswith("20260630233000")


@pytest.mark.parametrize(
    "wrong",
    [
        {"accession": "X" * 17},
        {"accession": "Ä1"},
        {"accession": "A\\B"},
        {"patient": Patient(name="", hospital_no="S999111")},
        {"patient": Patient(name="MOUSE", hospital_no="")},
        {"patient": Patient(name="M\0USE", hospital_no="S999111")},
        {"patient": Patient(name="M" * 65, hospital_no="S999111")},
        {"patient": Patient(name="MOUSE", hospital_no="S999111", sex="female")},
        {"when": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)},
    ],
    ids=str,
)
def test_what_dicom_cannot_hold_is_refused_before_any_file_is_touched(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        coercion(**wrong)


# --- encodings -------------------------------------------------------------------------------------------------


def test_the_preamble_is_zeros_and_the_file_meta_is_ours(tmp_path: Path) -> None:
    after, _ = coerced(made(tmp_path / "a"), tmp_path)

    assert after.preamble == b"\0" * 128, "it was an executable's (CVE-2019-11687)"
    assert after.file_meta.FileMetaInformationVersion == b"\0\1"
    assert after.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert UID(IMPLEMENTATION_CLASS_UID).is_valid
    whole = (tmp_path / "coerced.dcm").read_bytes()
    first = whole.index(b"\x08\0\x16\0UI", 132)
    assert after.file_meta.FileMetaInformationGroupLength == first - 132 - 12


def test_a_file_without_preamble_and_meta_gets_both(tmp_path: Path) -> None:
    ds = read(made(tmp_path / "a", ImplicitVRLittleEndian))
    bare = BytesIO()
    ds.save_as(bare, enforce_file_format=False, implicit_vr=True, little_endian=True)
    (tmp_path / "bare").write_bytes(bare.getvalue()[bare.getvalue().index(b"\x08\0\x16\0") :])

    after, result = coerced(tmp_path / "bare", tmp_path)

    assert result.transfer_syntax_uid == after.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    assert after.file_meta.MediaStorageSOPInstanceUID == "1.2.3.4"
    assert differing(ds, after) <= INTENDED


def test_a_file_meta_that_lies_about_the_encoding_is_corrected(tmp_path: Path) -> None:
    source = made(tmp_path / "a", ImplicitVRLittleEndian)
    source.write_bytes(
        source.read_bytes().replace(b"UI\x12\x001.2.840.10008.1.2\0", b"UI\x14\x001.2.840.10008.1.2.1\0", 1)
    )
    after, result = coerced(source, tmp_path)
    assert result.transfer_syntax_uid == ImplicitVRLittleEndian
    assert after.InstitutionName == "Far Away Hospital"


@pytest.mark.parametrize("description", ["", "a", "ab", "abc", "abcdefgh"])
def test_a_deflated_file_is_deflated_again(tmp_path: Path, description: str) -> None:
    source = made(
        tmp_path / "a",
        DeflatedExplicitVRLittleEndian,
        StudyDescription=description,
        Rows=2,
        Columns=2,
        PixelData=b"\1\2\3\4",
    )
    after, result = coerced(source, tmp_path)

    assert result.transfer_syntax_uid == DeflatedExplicitVRLittleEndian
    assert (tmp_path / "coerced.dcm").stat().st_size % 2 == 0, "PS3.5 A.5 pads to an even length"
    assert after.PixelData == b"\1\2\3\4"
    assert differing(read(source), after) <= INTENDED
    assert not complaints(tmp_path / "coerced.dcm")


def test_what_follows_the_pixel_data_is_copied_and_a_signature_is_mentioned(tmp_path: Path) -> None:
    source = made(
        tmp_path / "a",
        JPEGLosslessSV1,
        PixelData=encapsulate([b"\xff\xd8one\xff\xd9", b"\xff\xd8two\xff\xd9"]),
        DigitalSignaturesSequence=Sequence([item(MACIDNumber=1, Signature=b"1234")]),
        DataSetTrailingPadding=b"\0" * 64,
    )
    before = source.read_bytes()
    _, result = coerced(source, tmp_path)

    pixels = before.index(b"\xe0\x7f\x10\0OB")
    assert (tmp_path / "coerced.dcm").read_bytes().endswith(before[pixels:])
    assert result.notes == (CoercionNote.SIGNATURE,)


def test_private_and_odd_elements_stay_byte_for_byte(tmp_path: Path) -> None:
    source = made(tmp_path / "a")
    ds = read(source)
    block = ds.private_block(0x0029, "ACME", create=True)
    block.add_new(0x01, "UN", b"\1\2\3\xff")
    block.add_new(0x02, "OB", b"\xfe\xff\x00\xe0\xff\xff\xff\xff")
    ds.save_as(source)
    whole = source.read_bytes()
    odd = b"\x09\0\x10\0ZZ\x04\0\x80\x81\x82\x83" + b"\x10\0\x10\x10AS\x06\0ancient"[:14]
    at = whole.index(b"\x08\0\x20\0DA") + 16
    source.write_bytes(whole[:at] + odd[:12] + whole[at:])

    coerced(source, tmp_path)

    after = (tmp_path / "coerced.dcm").read_bytes()
    assert odd[:12] in after
    assert whole[whole.index(b"\x29\0\x10\0LO") :] in after


def test_a_data_set_of_odd_length_goes_out_even_because_archives_break_off_over_it(tmp_path: Path) -> None:
    (odd,) = [path for path in odd_files(tmp_path / "odd") if Kind.ODD_LENGTH in kinds_of(path)]
    after, _ = coerced(odd, tmp_path)
    target = tmp_path / "coerced.dcm"
    assert (target.stat().st_size - send_file(target).offset) % 2 == 0
    assert differing(read(odd), after) <= set(INTENDED)
    assert after.get_item("StudyDescription").value == b"CT HEAD"


def test_retired_group_lengths_that_would_be_wrong_are_left_out(tmp_path: Path) -> None:
    source = made(tmp_path / "a")
    whole = source.read_bytes()
    at, image = whole.index(b"\x10\0\x10\0PN"), whole.index(b"\x20\0\x0d\0UI")
    lengths = [group + b"\0\0UL\x04\0\x99\0\0\0" for group in (b"\x10\0", b"\x20\0")]
    source.write_bytes(whole[:at] + lengths[0] + whole[at:image] + lengths[1] + whole[image:])

    after, _ = coerced(source, tmp_path)

    assert (0x0010, 0x0000) not in after
    assert after[0x0020, 0x0000].value == 0x99, "nothing in its group changed"


def test_elements_out_of_order_are_found_and_written_in_order(tmp_path: Path) -> None:
    source = made(tmp_path / "a")
    whole = source.read_bytes()
    start = whole.index(b"\x10\0\x10\0PN")
    end = whole.index(b"\x10\0\x20\0LO")
    source.write_bytes(whole[:start] + whole[end:] + whole[start:end])

    after, _ = coerced(source, tmp_path)

    assert after.PatientName == "MOUSE^Minnie"
    assert (tmp_path / "coerced.dcm").read_bytes().count(b"\x10\0\x10\0PN") == 2  # ours, and the previous one


# --- hostile and huge ------------------------------------------------------------------------------------------


def test_a_file_cut_at_any_place_is_refused_or_whole(tmp_path: Path) -> None:
    source = made(
        tmp_path / "a",
        OtherPatientIDsSequence=Sequence([item(PatientID="X")]),
        Rows=2,
        Columns=2,
        PixelData=b"\1\2\3\4",
    )
    whole = source.read_bytes()
    accepted = []
    for cut in range(len(whole)):
        source.write_bytes(whole[:cut])
        try:
            coerce_file(source, tmp_path / "coerced.dcm", coercion())
        except MediumUnreadable:
            continue
        accepted.append(cut)

    assert whole.index(b"\1\2\3\4") not in accepted
    assert all(len(whole) - cut > 8 for cut in accepted), "only where a data element ends"
    assert len(accepted) < 0.6 * len(whole)


def test_sequences_nested_without_end_are_refused(tmp_path: Path) -> None:
    source = made(tmp_path / "a")
    nest = (b"\x40\0\x75\x02SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * 100_000
    source.write_bytes(source.read_bytes() + nest)
    with pytest.raises(MediumUnreadable):
        coerce_file(source, tmp_path / "coerced.dcm", coercion())


MEASURE = """
    import resource, sys
    from pathlib import Path
    from iep_desktop.dicom.reconcile import coerce_file
    from tests.dicom.comparing import coercion
    small, large, target = map(Path, sys.argv[1:])
    coerce_file(small, target, coercion("MÜLLER^Jürgen"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    coerce_file(large, target, coercion("MÜLLER^Jürgen"))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def grown(source: Path, target: Path, length: int) -> None:
    """`source` with its last value, of 64 bytes, made `length` long by a hole in the file."""
    whole = source.read_bytes()
    with open(target, "wb") as file:
        file.write(whole[: -64 - 4] + length.to_bytes(4, "little"))
        file.truncate(len(whole) - 64 + length)


@pytest.mark.parametrize("kind", ["pixels", "document", "deflated"])
def test_memory_stays_flat_on_a_huge_object(tmp_path: Path, kind: str) -> None:
    small, large, target = (tmp_path / name for name in ("small", "large", "target"))
    if kind == "deflated":
        made(small, DeflatedExplicitVRLittleEndian, PixelData=b"\0" * 64)
        made(large, DeflatedExplicitVRLittleEndian, PixelData=b"\0" * (100 << 20))
    else:
        keyword = "PixelData" if kind == "pixels" else "EncapsulatedDocument"
        made(small, ExplicitVRLittleEndian, **{keyword: b"\0" * 64})
        grown(small, large, {"pixels": 1 << 30, "document": 200 << 20}[kind])

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE), small, large, target],
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 50 << 10, "KiB"
    assert target.stat().st_size > large.stat().st_size
    target.unlink()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    source = made(tmp_path / "a", PixelData=b"\0" * (1 << 20))
    script = """
        import resource, sys
        from pathlib import Path
        from iep_desktop.core.errors import OutOfSpace
        from iep_desktop.dicom.reconcile import coerce_file
        from tests.dicom.comparing import coercion
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        try:
            coerce_file(Path(sys.argv[1]), Path(sys.argv[2]), coercion())
        except OutOfSpace as error:
            print(error.kind)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), source, tmp_path / "target"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "out-of-space\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
