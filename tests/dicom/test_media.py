"""Reading whole discs: what is there, what is missing, and what is said about it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.job import Context
from iep_desktop.core.medium import FindingCode, MediumContents, MediumKind, Severity
from iep_desktop.core.medium_json import to_json
from iep_desktop.dicom.media import fingerprint, open_medium, read, read_all
from tests.fakes.disc_builder import PDI_FILES, Disc, Patient, Record, Series, Study, build_disc

USUAL = {FindingCode.NOT_DICOM: len(PDI_FILES)}


def contents_of(root: Path) -> MediumContents:
    return read_all(open_medium(root))


def codes(contents: MediumContents) -> Counter[FindingCode]:
    return Counter(finding.code for finding in contents.findings)


def paths(contents: MediumContents, code: FindingCode) -> list[str]:
    return [finding.path for finding in contents.findings if finding.code is code]


def present(contents: MediumContents) -> list[str]:
    return sorted(i.sop_instance_uid for study in contents.studies for i in study.present)


@pytest.fixture
def disc(tmp_path: Path) -> Disc:
    return build_disc(tmp_path / "cd")


# -- what a clean disc holds


def test_a_clean_disc_is_read_as_it_is(tmp_path: Path) -> None:
    disc = build_disc(
        tmp_path,
        Patient(
            studies=(
                Study(series=(Series("MR", 2, number=5), Series("CT", 3, number=2, description="HEAD"))),
            )
        ),
    )
    contents = contents_of(disc.root)
    (patient,) = contents.patients
    assert (patient.patient_id, patient.name, patient.sex) == ("N9990001", "TESTING^ANNA", "F")
    assert patient.birth_date == date(1980, 1, 1)
    (study,) = patient.studies
    assert (study.date, study.description, study.accession) == (date(2024, 1, 10), "CT HEAD", "A999001")
    assert study.institution == "NORTHFIELD HOSPITAL"
    assert [(s.number, s.modality, s.description) for s in study.series] == [
        (2, "CT", "HEAD"),
        (5, "MR", "AXIAL"),
    ]
    assert [i.number for i in study.series[0].instances] == [1, 2, 3]
    assert study.series[0].instances[0].transfer_syntax_uid == ExplicitVRLittleEndian
    assert present(contents) == sorted(disc.uids)
    assert contents.bytes == sum(disc.file(i).stat().st_size for i in range(5))
    assert (contents.kind, contents.label, contents.missing) == (MediumKind.DICOMDIR, "TESTDISC", 0)
    assert codes(contents) == USUAL
    assert {finding.severity for finding in contents.findings} == {Severity.INFO}


def test_reading_shows_the_directory_first_and_ends_finished(disc: Disc) -> None:
    steps = list(read(open_medium(disc.root)))
    assert [step.finished for step in steps] == [False] * (len(steps) - 1) + [True]
    assert steps[0].contents.instances == 3
    assert steps[0].contents.patients[0].name == "TESTING^ANNA"
    assert steps[-1].done == steps[-1].total == 3 + 1 + len(PDI_FILES)


def test_more_patients_than_one_are_kept_apart(tmp_path: Path) -> None:
    patients = (Patient("1", "TESTING^ANNA"), Patient("1", "TESTING^BEN"), Patient("2", "TESTING^ANNA"))
    disc = build_disc(tmp_path, *patients)
    contents = contents_of(disc.root)
    assert [(p.patient_id, p.name) for p in contents.patients] == [(p.patient_id, p.name) for p in patients]
    assert contents.instances == 9


def test_the_same_patient_without_birth_date_in_some_files_is_one(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, Patient(birth_date=""), Patient(studies=(Study("20250101"),)), dicomdir=False)
    (patient,) = contents_of(disc.root).patients
    assert patient.birth_date == date(1980, 1, 1)
    assert len(patient.studies) == 2


@pytest.mark.parametrize(
    ("issuer", "number", "said", "expected"),
    [
        ("", "N1", "9990000018", "9990000018"),
        ("", "N1", "999 000 0018", "9990000018"),
        ("", "N1", "9990000019", ""),
        ("NHS", "9990000018", "", "9990000018"),
        ("2.16.840.1.113883.2.1.4.1", "9990000018", "", "9990000018"),
        ("LRI", "9990000018", "", ""),
    ],
)
def test_an_nhs_number_is_one_only_where_the_issuer_says_so_and_it_is_valid(
    tmp_path: Path, issuer: str, number: str, said: str, expected: str
) -> None:
    disc = build_disc(tmp_path, Patient(number, issuer=issuer, nhs_no=said))
    (patient,) = contents_of(disc.root).patients
    assert (patient.nhs_no, patient.issuer, patient.patient_id) == (expected, issuer, number)


def test_another_hospitals_number_is_no_nhs_number(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, Patient(nhs_no="9990000018"))
    for path in (disc.file(0), disc.file(1), disc.file(2)):
        ds = dcmread(path)
        ds.OtherPatientIDsSequence[0].IssuerOfPatientID = "RX1"
        ds.save_as(path)
    assert contents_of(disc.root).patients[0].nhs_no == ""


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        JPEG2000Lossless,
    ],
)
def test_files_are_read_in_every_encoding(tmp_path: Path, syntax: str) -> None:
    disc = build_disc(tmp_path, Patient(name="Äneas^Rüdiger"), syntax=syntax)
    contents = contents_of(disc.root)
    assert contents.patients[0].name == "Äneas^Rüdiger"
    assert {i.transfer_syntax_uid for s in contents.studies for i in s.present} == {syntax}
    assert codes(contents) == USUAL


def test_a_disc_without_directory_is_scanned(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, dicomdir=False)
    contents = contents_of(disc.root)
    assert present(contents) == sorted(disc.uids)
    assert contents.kind is MediumKind.SCAN
    assert codes(contents) == USUAL | {FindingCode.NO_DICOMDIR: 1}


def test_files_without_preamble_or_file_meta_are_found(disc: Disc) -> None:
    disc.dicomdir.unlink()
    whole = disc.file(0).read_bytes()
    disc.file(0).write_bytes(whole[132:])
    ds = dcmread(disc.file(1))
    meta_end = disc.file(1).read_bytes().index(b"\x08\x00\x05\x00CS")
    disc.file(1).write_bytes(disc.file(1).read_bytes()[meta_end:])
    contents = contents_of(disc.root)
    assert present(contents) == sorted(disc.uids)
    second = next(i for s in contents.studies for i in s.present if i.sop_instance_uid == ds.SOPInstanceUID)
    assert second.transfer_syntax_uid == ExplicitVRLittleEndian


# -- names of files


@pytest.mark.parametrize(
    "name",
    [
        str.lower,
        lambda name: f"{name};1" if "IM0" in name or name == "DICOMDIR" else name,
        lambda name: f"{name}.;1" if "IM0" in name or name == "DICOMDIR" else name,
        lambda name: f"{name}." if "IM0" in name or name == "DICOMDIR" else name,
        lambda name: f"{name.lower()}.dcm" if "IM0" in name else name,
    ],
    ids=["lower case", ";1", ".;1", "trailing dot", "extension"],
)
def test_files_are_found_by_whatever_name_the_system_shows(disc: Disc, name: Callable[[str], str]) -> None:
    disc.rename(name)
    contents = contents_of(disc.root)
    assert contents.kind is MediumKind.DICOMDIR
    assert (contents.instances, contents.missing) == (3, 0)
    assert codes(contents) == USUAL
    assert sorted(i.path for s in contents.studies for i in s.present) == sorted(disc.files)


def test_a_reference_with_an_extension_finds_the_file_without(disc: Disc) -> None:
    for record in disc.records[0].below[0].below[0].below:
        *folders, name = record.elements.ReferencedFileID
        record.elements.ReferencedFileID = [*folders, f"{name}.DCM"]
    disc.write_dicomdir()
    assert codes(contents_of(disc.root)) == USUAL


def test_the_end_of_a_uid_is_no_extension(disc: Disc) -> None:
    names = ["1.2.840.1", "1.2.840.2", "1.2.840.2.7"]
    for index, record in enumerate(disc.records[0].below[0].below[0].below):
        record.elements.ReferencedFileID = [*record.elements.ReferencedFileID[:-1], names[index]]
        disc.file(index).rename(disc.file(index).with_name(names[index]))
    disc.write_dicomdir()
    missing = f"{disc.files[1].rpartition('/')[0]}/1.2.840.2"
    (disc.root / missing).unlink()
    contents = contents_of(disc.root)
    assert paths(contents, FindingCode.MISSING_FILE) == [missing]
    assert codes(contents) == USUAL | {FindingCode.MISSING_FILE: 1}


@pytest.mark.parametrize("root_directory", [True, False])
def test_discs_copied_into_folders_are_read_by_their_own_directories(
    tmp_path: Path, root_directory: bool
) -> None:
    one = build_disc(tmp_path, Patient("1"), dicomdir=root_directory, pdi=False)
    two = build_disc(tmp_path / "CD2", Patient("2"), pdi=False)
    three = build_disc(tmp_path / "OLD/CD3", Patient("3"), pdi=False)
    three.file(2).unlink()
    contents = contents_of(tmp_path)
    assert contents.kind is MediumKind.DICOMDIR
    assert present(contents) == sorted(one.uids + two.uids + three.uids[:2])
    assert contents.missing == 1
    assert codes(contents) == {FindingCode.MISSING_FILE: 1}
    assert paths(contents, FindingCode.MISSING_FILE) == [f"OLD/CD3/{three.files[2]}"]


# -- the directory is a hint, the files are the truth


def test_a_missing_file_is_counted_and_named_and_stays_in_the_tree(disc: Disc) -> None:
    disc.file(1).unlink()
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (2, 1)
    assert codes(contents) == USUAL | {FindingCode.MISSING_FILE: 1}
    assert paths(contents, FindingCode.MISSING_FILE) == [disc.files[1]]
    (series,) = contents.studies[0].series
    assert [i.present for i in series.instances] == [True, False, True]
    assert len(contents.patients) == 1


def test_a_patient_all_of_whose_files_are_missing_stays_in_the_tree(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, Patient("1"), Patient("2", "SAMPLE^BEN"))
    shutil.rmtree(disc.root / "PT000001")
    contents = contents_of(disc.root)
    assert [p.patient_id for p in contents.patients] == ["1", "2"]
    assert (contents.instances, contents.missing) == (3, 3)


def test_a_file_that_is_not_listed_is_found(disc: Disc) -> None:
    series = disc.records[0].below[0].below[0]
    del series.below[1]
    disc.write_dicomdir()
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.UNLISTED_FILE: 1}
    assert paths(contents, FindingCode.UNLISTED_FILE) == [disc.files[1]]


def test_a_file_listed_twice_is_counted_once(disc: Disc) -> None:
    series = disc.records[0].below[0].below[0]
    series.below.append(Record("IMAGE", series.below[0].elements))
    disc.write_dicomdir()
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (3, 0)
    assert codes(contents) == USUAL | {FindingCode.DUPLICATE_INSTANCE: 1}


def test_where_directory_and_file_disagree_the_file_counts(tmp_path: Path) -> None:
    disc = build_disc(tmp_path / "a")
    other = build_disc(tmp_path / "b", Patient("N9990002", "SAMPLE^BEN"))
    shutil.copy(other.file(0), disc.file(0))
    contents = contents_of(disc.root)
    assert codes(contents) == USUAL | {FindingCode.CONTRADICTS_FILE: 1}
    (finding,) = (f for f in contents.findings if f.code is FindingCode.CONTRADICTS_FILE)
    assert finding.path == disc.files[0]
    assert "SAMPLE" not in finding.message
    assert "N9990002" not in finding.message
    assert {p.name: len(p.studies[0].present) for p in contents.patients} == {
        "TESTING^ANNA": 2,
        "SAMPLE^BEN": 1,
    }
    assert contents.missing == 0


def test_a_directory_that_names_the_patient_wrongly_does_not_make_a_second_patient(disc: Disc) -> None:
    disc.records[0].elements.PatientName = "TESTING^HANNAH"
    disc.write_dicomdir()
    disc.file(1).unlink()
    contents = contents_of(disc.root)
    assert [p.name for p in contents.patients] == ["TESTING^ANNA"]
    assert (contents.instances, contents.missing) == (2, 1)
    assert codes(contents)[FindingCode.CONTRADICTS_FILE] == 2


def test_a_directory_without_patient_records_leaves_the_patient_to_the_files(disc: Disc) -> None:
    disc.records = disc.records[0].below
    disc.write_dicomdir()
    disc.file(2).unlink()
    contents = contents_of(disc.root)
    assert [p.name for p in contents.patients] == ["TESTING^ANNA"]
    assert (contents.instances, contents.missing) == (2, 1)
    assert codes(contents) == USUAL | {FindingCode.MISSING_FILE: 1}


def test_files_without_any_patient_are_read(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, Patient("", "", "", ""), dicomdir=False)
    (patient,) = contents_of(disc.root).patients
    assert (patient.patient_id, patient.name, patient.birth_date) == ("", "", None)
    assert patient.studies[0].present[0].sop_instance_uid in disc.uids


def test_a_copy_is_counted_once_and_said(disc: Disc) -> None:
    (disc.root / "VIEWER").mkdir()
    shutil.copy(disc.file(0), disc.root / "VIEWER/COPY1.DCM")
    other_preamble = b"\x01" * 128 + disc.file(1).read_bytes()[128:]
    (disc.root / "VIEWER/COPY2.DCM").write_bytes(other_preamble)
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.DUPLICATE_INSTANCE: 2}
    assert paths(contents, FindingCode.DUPLICATE_INSTANCE) == ["VIEWER/COPY1.DCM", "VIEWER/COPY2.DCM"]
    assert {i.path for s in contents.studies for i in s.present} == set(disc.files)


def test_two_files_of_one_uid_that_differ_are_an_error_and_the_listed_one_counts(disc: Disc) -> None:
    data = bytearray(disc.file(0).read_bytes())
    data[-1] ^= 0xFF
    (disc.root / "AAA").write_bytes(data)
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.DIFFERENT_DUPLICATE: 1}
    (finding,) = (f for f in contents.findings if f.code is FindingCode.DIFFERENT_DUPLICATE)
    assert (finding.path, finding.severity) == ("AAA", Severity.ERROR)
    assert {i.path for s in contents.studies for i in s.present} == set(disc.files)


def test_a_missing_file_that_lies_elsewhere_is_not_missing(disc: Disc) -> None:
    disc.file(0).rename(disc.root / "MOVED")
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (3, 0)
    assert codes(contents) == USUAL | {FindingCode.MISSING_FILE: 1, FindingCode.UNLISTED_FILE: 1}


def test_an_unknown_sop_class_is_named_and_counted(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, Patient(studies=(Study(series=(Series(sop_class="1.3.12.2.1107.5.9.1"),)),)))
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.UNSUPPORTED_CLASS: 3}
    message = next(f.message for f in contents.findings if f.code is FindingCode.UNSUPPORTED_CLASS)
    assert "Siemens CSA Non-Image" in message


@pytest.mark.parametrize(
    ("start", "severity"),
    [
        (b"MZ\x90\0", Severity.WARNING),
        (b"\x7fELF", Severity.WARNING),
        (b"II*\0", Severity.INFO),
        (b"ours", None),
    ],
)
def test_a_preamble_that_begins_another_format_is_said(
    disc: Disc, start: bytes, severity: Severity | None
) -> None:
    data = disc.file(0).read_bytes()
    disc.file(0).write_bytes(start.ljust(128, b"\0") + data[128:])
    contents = contents_of(disc.root)
    found = [f.severity for f in contents.findings if f.code is FindingCode.SUSPICIOUS_PREAMBLE]
    assert found == ([severity] if severity else [])
    assert contents.instances == 3


# -- the whole


def test_a_disc_has_the_same_fingerprint_wherever_it_lies_and_another_disc_has_not(tmp_path: Path) -> None:
    one, copy = build_disc(tmp_path / "one"), build_disc(tmp_path / "copy", dicomdir=False)
    other = build_disc(tmp_path / "other", Patient("N9990002"))
    first = fingerprint(contents_of(one.root))
    one.file(0).unlink()  # a scratch: it is still the same disc
    assert first == fingerprint(contents_of(copy.root)) == fingerprint(contents_of(one.root))
    assert first != fingerprint(contents_of(other.root))


def test_the_json_of_inspect_is_exact(disc: Disc) -> None:
    disc.file(2).unlink()
    contents = contents_of(disc.root)
    document = json.loads(json.dumps(to_json(contents)))
    findings = document.pop("findings")
    study = disc.records[0].below[0]
    assert document == {
        "source": str(disc.root),
        "kind": "dicomdir",
        "patients": [
            {
                "patient_id": "N9990001",
                "issuer": "",
                "name": "TESTING^ANNA",
                "birth_date": "1980-01-01",
                "sex": "F",
                "studies": [
                    {
                        "study_uid": study.elements.StudyInstanceUID,
                        "date": "2024-01-10",
                        "description": "CT HEAD",
                        "accession": "A999001",
                        "series": [
                            {
                                "series_uid": study.below[0].elements.SeriesInstanceUID,
                                "modality": "CT",
                                "number": 1,
                                "description": "AXIAL",
                                "instances": 2,
                                "missing": 1,
                            }
                        ],
                    }
                ],
            }
        ],
        "instances": 2,
        "missing": 1,
        "bytes": contents.bytes,
    }
    assert {tuple(sorted(finding)) for finding in findings} == {("code", "message", "path", "severity")}
    assert {"code": "missing-file", "severity": "error"}.items() <= next(
        f.items() for f in findings if f["path"] == disc.files[2]
    )


def test_json_has_null_for_dates_that_nobody_gave(disc: Disc) -> None:
    contents = contents_of(disc.root)
    blank = replace(contents.patients[0], birth_date=None)
    assert to_json(replace(contents, patients=(blank,)))["patients"][0]["birth_date"] is None


def test_reading_stops_when_it_is_cancelled(disc: Disc) -> None:
    ctx = Context()
    steps = read(open_medium(disc.root), ctx)
    next(steps)
    ctx.cancel()
    with pytest.raises(Cancelled):
        list(steps)
