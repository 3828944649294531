"""The demo's discs: plausible, conformant, damaged exactly as meant, and the same at every run."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from iep_desktop.core.forms import parse_form
from iep_desktop.core.identifiers import is_uid, parse_hospital_number, parse_nhs_number
from iep_desktop.core.matching import compare, identity_of_form, identity_of_medium
from iep_desktop.core.medium import FindingCode, MediumContents, MediumKind
from iep_desktop.core.model import Form
from iep_desktop.core.rules import ImportFacts, Registration, import_gate
from iep_desktop.demo.discs import DISCS, make_discs, make_earlier_studies
from iep_desktop.dicom.media import open_medium, read_all
from iep_desktop.dicom.preview import preview
from iep_desktop.workers.imports import asked_series, likely_patient

pytestmark = pytest.mark.xdist_group("demo")


def _contents(folder: Path) -> MediumContents:
    return read_all(open_medium(str(folder)))


def _form(discs: Path, name: str) -> Form:
    return parse_form((discs / f"{name}.form.json").read_bytes())


def _counts(contents: MediumContents) -> Counter[FindingCode]:
    return Counter(f.code for f in contents.findings)


def _images(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "DICOM").rglob("*") if p.is_file())


# --- what is on them ---------------------------------------------------------------------------------------------


def test_the_clean_disc_has_nothing_wrong_with_it(discs: Path) -> None:
    contents = _contents(discs / "clean")
    assert (contents.kind, contents.label) == (MediumKind.DICOMDIR, "KGH_CT_0417")
    assert (contents.instances, contents.missing) == (121, 0)
    assert set(_counts(contents)) == {FindingCode.NOT_DICOM}  # README.TXT and INDEX.HTM
    (patient,) = contents.patients
    assert (patient.name, patient.patient_id, patient.issuer) == ("MOUSE^Minnie", "884120", "RNQ")
    (study,) = patient.studies
    assert [(s.description, len(s.present)) for s in study.series] == [("Scout", 1), ("Thorax 2.5 mm", 120)]


def test_the_damaged_disc_is_damaged_as_meant(discs: Path) -> None:
    contents = _contents(discs / "damaged")
    counts = _counts(contents)
    assert counts[FindingCode.MISSING_FILE] == 3
    assert counts[FindingCode.UNREADABLE_FILE] == 1
    assert counts[FindingCode.UNLISTED_FILE] == 5
    assert counts[FindingCode.DUPLICATE_INSTANCE] == 1
    assert {f.path for f in contents.findings if f.code is FindingCode.NOT_DICOM} >= {
        "AUTORUN.INF", "VIEWER/VIEWER.EXE", "VIEWER/HELP.PDF",
    }  # fmt: skip
    (patient,) = contents.patients
    assert [s.description for s in patient.studies] == ["MRI Knee Lt", "MRI Head"]
    assert (contents.instances, contents.missing) == (93, 4)


def test_the_third_disc_holds_two_patients_and_the_form_is_about_one(discs: Path) -> None:
    contents = _contents(discs / "two-patients")
    assert {p.name for p in contents.patients} == {"DUCK^Donald", "COW^Clarabelle"}
    assert _form(discs, "two-patients").patient.name == "DUCK^Donald"
    assert {m for p in contents.patients for s in p.studies for m in s.modalities} == {"CR", "CT"}


@pytest.mark.parametrize("name", DISCS)
def test_the_form_asks_for_what_is_on_the_disc_and_opens_the_gate(discs: Path, name: str) -> None:
    form, contents = _form(discs, name), _contents(discs / name)
    patient = likely_patient(form, contents)
    assert patient
    wanted = asked_series(form, patient)
    assert wanted == {s.series_uid for study in patient.studies for s in study.series}
    identity = identity_of_form(form.patient)
    match = compare(identity, identity_of_medium(patient), identity)
    assert match.medium_agrees
    facts = ImportFacts(
        form, True, Registration.KNOWN_TO_PACS, match, len(contents.patients), None, patient.studies
    )
    assert import_gate(facts).is_open is (name != "two-patients")


@pytest.mark.parametrize("name", DISCS)
def test_all_patients_are_synthetic(discs: Path, name: str) -> None:
    for patient in (*(p.nhs_no for p in _contents(discs / name).patients), _form(discs, name).patient.nhs_no):
        assert parse_nhs_number(patient).startswith("999")
    assert parse_hospital_number(_form(discs, name).patient.hospital_no).warning == ""


def test_the_forms_hold_only_what_is_filled_in(discs: Path) -> None:
    text = (discs / "clean.form.json").read_text("utf-8")
    assert '""' not in text
    assert "null" not in text
    assert json.loads(text)["exams"] == [
        {"date": "2026-11-02", "modality": "CT", "description": "CT Thorax", "exam_code": "CCHES"}
    ]


# --- how they are written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DISCS)
def test_file_names_conform_to_the_standard(discs: Path, name: str) -> None:
    """PS3.10 8.2 for what the DICOMDIR names; ISO 9660 level 1 for the rest."""
    for path in (discs / name).rglob("*"):
        parts = path.relative_to(discs / name).parts
        assert len(parts) <= 8
        assert re.fullmatch(r"[A-Z0-9_]{1,8}(\.[A-Z0-9]{1,3})?", parts[-1]), path


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("clean", {"PATIENT": 1, "STUDY": 1, "SERIES": 2, "IMAGE": 121}),
        ("damaged", {"PATIENT": 1, "STUDY": 2, "SERIES": 4, "IMAGE": 92}),
        ("two-patients", {"PATIENT": 2, "STUDY": 2, "SERIES": 2, "IMAGE": 41}),
    ],
)
def test_the_records_offsets_lead_to_every_file(discs: Path, name: str, levels: dict[str, int]) -> None:
    ds = dcmread(discs / name / "DICOMDIR")
    at = {record.seq_item_tell: record for record in ds.DirectoryRecordSequence}

    def walk(offset: int) -> Iterator[Dataset]:
        while offset:
            yield (record := at[offset])
            yield from walk(record.OffsetOfReferencedLowerLevelDirectoryEntity)
            offset = record.OffsetOfTheNextDirectoryRecord

    walked = list(walk(ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity))
    assert Counter(record.DirectoryRecordType for record in walked) == levels
    last = at[ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity]
    assert last is [record for record in walked if record.DirectoryRecordType == "PATIENT"][-1]
    images = [record for record in walked if record.DirectoryRecordType == "IMAGE"]
    files = [discs / name / Path(*record.ReferencedFileID) for record in images]
    there = [(file, record) for file, record in zip(files, images, strict=True) if file.exists()]
    assert len(files) - len(there) == (3 if name == "damaged" else 0)
    for file, record in there:
        assert dcmread(file, stop_before_pixels=True).SOPInstanceUID == record.ReferencedSOPInstanceUIDInFile


@pytest.mark.parametrize("name", DISCS)
def test_every_uid_is_one_and_stands_once(discs: Path, name: str) -> None:
    read = [
        dcmread(path, stop_before_pixels=True) for path in _images(discs / name) if "COPY" not in path.parts
    ]
    uids = [ds.SOPInstanceUID for ds in read]
    assert len(uids) == len(set(uids))
    assert all(
        is_uid(uid) for ds in read for uid in (ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID)
    )


def test_slices_lie_side_by_side_in_the_body(discs: Path) -> None:
    slices = [dcmread(p, stop_before_pixels=True) for p in _images(discs / "clean") if "SE000001" in p.parts]
    heights = [float(ds.ImagePositionPatient[2]) for ds in slices]
    assert np.allclose(np.diff(heights), -2.5)  # from head to feet
    assert np.isclose(np.mean(heights), 0)
    assert {tuple(ds.PixelSpacing) for ds in slices} == {(350 / 256, 350 / 256)}


def test_a_chest_shows_air_fat_muscle_and_bone_in_hounsfield_units(discs: Path) -> None:
    ds = dcmread(_images(discs / "clean")[60])
    units = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    assert units.shape == (256, 256)
    for low, high in ((-1024, -950), (-900, -780), (-120, -70), (20, 80), (300, 700)):
        assert ((units > low) & (units < high)).mean() > 0.002, (low, high)


@pytest.mark.parametrize("name", DISCS)
def test_every_series_has_a_picture_to_recognise_it_by(discs: Path, name: str) -> None:
    contents = _contents(discs / name)
    for series in (s for study in contents.studies for s in study.series):
        middle = series.present[len(series.present) // 2]
        shown = preview(discs / name / middle.path, 64)
        grey = np.frombuffer(shown.data, np.uint8)
        assert (shown.width, shown.height) == (64, 64)
        assert grey.std() > 20, series.description


def test_made_again_they_are_the_same_and_nothing_old_stays(discs: Path, tmp_path: Path) -> None:
    (tmp_path / "two-patients" / "DICOM").mkdir(parents=True)
    (tmp_path / "two-patients" / "DICOM" / "OLD").write_bytes(b"old")
    assert [disc.form.name for disc in make_discs(tmp_path)] == [f"{name}.form.json" for name in DISCS]
    assert _hashes(tmp_path) == _hashes(discs)


def test_pacs_knows_the_patient_of_each_form_by_our_number(discs: Path, tmp_path: Path) -> None:
    make_earlier_studies(tmp_path)
    known = {}
    for path in tmp_path.rglob("IM*"):
        ds = dcmread(path, stop_before_pixels=True)
        known[ds.PatientID] = (str(ds.PatientName), ds.PatientBirthDate)
    for name in DISCS:
        patient = _form(discs, name).patient
        assert known[patient.hospital_no] == (patient.name, f"{patient.birth_date:%Y%m%d}")


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
