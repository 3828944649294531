"""Three synthetic hospital discs with the forms they came with, and the patients that the demo's PACS knows already.

    clean         one patient, one CT, all in order
    damaged       one patient, two MR: files missing, not listed, cut short, twice, and a viewer program beside them
    two-patients  two patients on one disc; the form is about one of them

Everything is made of numbers and the same at every run. Only synthetic patients with 999 NHS numbers.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from iep_desktop.core.forms import form_to_json
from iep_desktop.core.model import Exam, Form, FormKind, Patient, Requester
from iep_desktop.dicom import phantoms
from iep_desktop.dicom.file_set import FileOnMedium
from iep_desktop.dicom.synthetic import (
    CORONAL,
    SAGITTAL,
    Geometry,
    Subject,
    SyntheticSeries,
    SyntheticStudy,
    write_disc,
    write_series,
)

DISCS = ("clean", "damaged", "two-patients")
OUR_CODE = "RWE"

MINNIE = Patient(
    "MOUSE^Minnie", date(1961, 3, 17), "S999111", "9990000018", "", "12 Harbour Rd, Leicester LE99 9ZZ", "F"
)
PERCY = Patient(
    "PIG^Percy", date(1985, 9, 4), "S999112", "9990000026", "", "3 Orchard Way, Oadby LE99 8YY", "M"
)
DONALD = Patient(
    "DUCK^Donald",
    date(1934, 6, 9),
    "S999113",
    "9990000034",
    "",
    "1313 Webfoot Walk, Loughborough LE99 7XX",
    "M",
)
CLARABELLE = Patient("COW^Clarabelle", date(1958, 4, 23), nhs_no="9990000042", sex="F")


@dataclass(frozen=True)
class Disc:
    """One disc of the demo and the form beside it."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def form(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.form.json")


def make_discs(folder: Path) -> tuple[Disc, ...]:
    """Make the three discs and their forms in `folder`; what lies there under their names is replaced."""
    makers = {"clean": _clean, "damaged": _damaged, "two-patients": _two_patients}
    discs = tuple(Disc(folder / name) for name in DISCS)
    for disc in discs:
        shutil.rmtree(disc.folder, ignore_errors=True)
        form = makers[disc.name](disc.folder)
        disc.form.write_text(json.dumps(_filled(form), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return discs


def make_earlier_studies(folder: Path) -> None:
    """What the demo's PACS holds at first: one radiograph of each patient whom our hospital knows, in plain files."""
    for number, patient in enumerate((MINNIE, PERCY, DONALD), start=1):
        subject = _subject(patient, patient.hospital_no, OUR_CODE)
        study = SyntheticStudy(
            date(2025, 5, 5 + number),
            "093000",
            "XR Chest",
            f"RWE2505{number:04}",
            "University Hospitals of Leicester NHS Trust",
            (_radiograph(256),),
            "CHEST",
        )
        write_series(folder, (f"earlier-{number}",), subject, study, study.series[0])


def series_for(modality: str, description: str, images: int) -> tuple[SyntheticSeries, str]:
    """A series for an exam that somebody asks for, and the body part that it shows."""
    words = description.casefold()
    if modality == "CT":
        head = "head" in words or "brain" in words
        volume = phantoms.head_ct(images) if head else phantoms.chest_ct(images)
        spacing, window = (0.9, (40, 80)) if head else (350 / volume.shape[2], (40, 400))
        view = {"WindowCenter": window[0], "WindowWidth": window[1]}
        series = SyntheticSeries("CT", 2, description or "CT", volume, Geometry(spacing, 4), _CT | view)
        return series, "HEAD" if head else "CHEST"
    if modality == "MR":
        if "knee" in words:
            knee = phantoms.knee_sagittal(images)
            return _mr(2, "Sag PD fat sat", knee, Geometry(0.625, 3.5, SAGITTAL)), "KNEE"
        return _mr(1, "Ax T2", phantoms.brain_t2(images), Geometry(0.9, 5)), "HEAD"
    return _radiograph(512), "CHEST"


# --- the discs ---------------------------------------------------------------------------------------------------


def _clean(root: Path) -> Form:
    volume = phantoms.chest_ct(120)
    spacing = 350 / volume.shape[2]
    study = SyntheticStudy(
        date(2026, 11, 2),
        "101530",
        "CT Thorax with contrast",
        "K2611020417",
        "Kettering General Hospital",
        (
            SyntheticSeries("CT", 1, "Scout", phantoms.scout(volume), None, _CT | _scout_geometry(spacing)),
            SyntheticSeries(
                "CT", 2, "Thorax 2.5 mm", volume, Geometry(spacing, 2.5),
                _CT | {"WindowCenter": [40, -600], "WindowWidth": [400, 1500]},
            ),
        ),
        "CHEST",
    )  # fmt: skip
    write_disc(root, "KGH_CT_0417", [(_subject(MINNIE, "884120", "RNQ"), [study])], study.institution)
    return _form(MINNIE, "06396375", "RNQ", Exam(study.day, "CT", "CT Thorax", "CCHES"))


def _damaged(root: Path) -> Form:
    sender = "Nottingham University Hospitals"
    knee = SyntheticStudy(
        date(2026, 10, 29),
        "143210",
        "MRI Knee Lt",
        "N261029771",
        sender,
        (
            _mr(1, "Localiser", phantoms.knee_sagittal(5, 128), Geometry(1.4, 8, SAGITTAL), listed=False),
            _mr(2, "Sag PD fat sat", phantoms.knee_sagittal(24), Geometry(0.625, 3.5, SAGITTAL)),
            _mr(3, "Cor T1", phantoms.knee_coronal(20), Geometry(0.625, 3.5, CORONAL)),
        ),
        "KNEE",
    )
    brain = SyntheticStudy(
        date(2026, 10, 29),
        "150105",
        "MRI Head",
        "N261029772",
        sender,
        (
            _mr(1, "Ax T2", phantoms.brain_t2(24), Geometry(0.9, 5)),
            _mr(2, "Ax T1", phantoms.brain_t1(24), Geometry(0.9, 5)),
        ),
        "HEAD",
    )
    files = write_disc(root, "NUH_MR_0771", [(_subject(PERCY, "771203", "RX1"), [knee, brain])], sender)
    _damage(root, files)
    exams = (Exam(knee.day, "MR", "MRI Knee Lt", "MKNEL"), Exam(brain.day, "MR", "MRI Head", "MSKUH"))
    return _form(PERCY, "06397120", "RX1", *exams)


def _two_patients(root: Path) -> Form:
    sender = "Northampton General Hospital"
    head = SyntheticStudy(
        date(2026, 11, 12),
        "201544",
        "CT Head",
        "NGH2611120032",
        sender,
        (
            SyntheticSeries(
                "CT", 2, "Head 4 mm", phantoms.head_ct(40), Geometry(0.9, 4),
                _CT | {"WindowCenter": 40, "WindowWidth": 80},
            ),
        ),
        "HEAD",
    )  # fmt: skip
    chest = SyntheticStudy(
        date(2026, 11, 12), "112000", "XR Chest", "NGH2611120007", sender, (_radiograph(1024),), "CHEST"
    )
    donald, clarabelle = _subject(DONALD, "5520034", "RNS"), _subject(CLARABELLE, "5519877", "RNS")
    write_disc(root, "NGH_1112", [(clarabelle, [chest]), (donald, [head])], sender)
    return _form(DONALD, "06398004", "RNS", Exam(head.day, "CT", "CT Head", "CSKUH"))


def _damage(root: Path, files: list[FileOnMedium]) -> None:
    """What happens to discs: scratches, a careless writer, a viewer."""
    paths = [root / Path(*file.file_id) for file in files]
    knee, brain = paths[5:29], paths[49:73]
    for missing in (knee[3], knee[17], brain[11]):
        missing.unlink()
    cut = brain[20]
    cut.write_bytes(cut.read_bytes()[:61_440])  # at the end of a sector
    twice = root / "DICOM" / "COPY"
    twice.mkdir()
    shutil.copyfile(knee[0], twice / "IM000000")
    viewer = root / "VIEWER"
    viewer.mkdir()
    (root / "AUTORUN.INF").write_bytes(b"[autorun]\r\nopen=VIEWER\\VIEWER.EXE\r\n")
    (viewer / "VIEWER.EXE").write_bytes(b"MZ" + b"This is no program." * 50)
    (viewer / "HELP.PDF").write_bytes(b"%PDF-1.4\n% not a document\n%%EOF\n")


# --- what they have in common ------------------------------------------------------------------------------------

_CT: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "RescaleIntercept": -phantoms.CT_OFFSET,
    "RescaleSlope": 1,
    "RescaleType": "HU",
    "KVP": 120,
    "XRayTubeCurrent": 210,
    "WindowCenter": 40,
    "WindowWidth": 400,
}
_CR: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY"],
    "WindowCenter": 1300,
    "WindowWidth": 2600,
    "ViewPosition": "PA",
    "PatientOrientation": ["L", "F"],
}
_MR: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "SE"],
    "WindowCenter": 850,
    "WindowWidth": 1700,
    "MagneticFieldStrength": 1.5,
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "MRAcquisitionType": "2D",
}


def _scout_geometry(spacing: float) -> dict[str, Any]:
    """A localizer lies in the frontal plane; its picture is as wide as high."""
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "PixelSpacing": [spacing, spacing],
        "ImageOrientationPatient": list(CORONAL),
        "ImagePositionPatient": [-175, 0, 150],
        "WindowCenter": 300,
        "WindowWidth": 1500,
    }


def _mr(
    number: int, description: str, images: phantoms.Images, geometry: Geometry, *, listed: bool = True
) -> SyntheticSeries:
    return SyntheticSeries("MR", number, description, images, geometry, _MR, listed)


def _radiograph(size: int) -> SyntheticSeries:
    spacing = {"ImagerPixelSpacing": [430 / size, 430 / size]}
    return SyntheticSeries("CR", 1, "PA erect", phantoms.chest_cr(size), None, _CR | spacing)


def _subject(patient: Patient, patient_id: str, issuer: str) -> Subject:
    assert patient.birth_date is not None
    return Subject(patient_id, issuer, patient.name, patient.birth_date, patient.sex, patient.nhs_no)


def _form(patient: Patient, call_ref: str, hospital: str, *exams: Exam) -> Form:
    requester = Requester(
        "Dr Daisy Field", "daisy.field@example.invalid", "0116 496 0123", "Dr Field", "Respiratory medicine"
    )
    return Form(
        FormKind.CD, call_ref, requester, patient, hospital, exams=exams, discs=1, disc_no=1, labelled=True
    )


def _filled(form: Form) -> dict[str, Any]:
    """The form as a person would write it: without what is empty."""
    document: dict[str, Any] = _without_empty(
        form_to_json(replace(form, comments="Synthetic patient of the demo."))
    )
    for exam in document["exams"]:
        del exam["ris_state"]
    return document


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        filled = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in filled.items() if item not in (None, "", {}, [])}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value
