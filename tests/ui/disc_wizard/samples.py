"""Synthetic discs, patients and forms that the tests of the wizard share. NHS numbers are 999…."""

from __future__ import annotations

from datetime import date

from iep_desktop.core.medium import (
    Finding,
    FindingCode,
    MediumContents,
    MediumInstance,
    MediumKind,
    MediumPatient,
    MediumSeries,
    MediumStudy,
    Severity,
)
from iep_desktop.core.model import FormKind, Hospital
from iep_desktop.ui.disc_wizard.form_text import ExamText, FormText

RIVERSIDE = Hospital("RX1", "Riverside General Hospital", "Riverside")
ACQUIRED = date(2026, 11, 2)

MINNIE_FORM = FormText(
    kind=FormKind.CD,
    call_ref="06396375",
    disc_no="2",
    discs="3",
    labelled=True,
    family="MOUSE",
    given="Minnie",
    birth_date="17/03/1961",
    sex="F",
    nhs_no="999 000 0018",
    hospital_no="S999111",
    address="12 Harbour Rd, LE99 9ZZ",
    hospital="RX1",
    hospital_typed="Riverside General Hospital",
    exams=(ExamText("CT", "chest", "CCHES", "02/11/2026"),),
    requester_name="Dr A Consultant",
    requester_email="a.consultant@example.nhs.uk",
    requester_phone="18000",
)


def series(uid: str, modality: str, description: str, images: int, missing: int = 0) -> MediumSeries:
    instances = tuple(
        MediumInstance(
            f"{uid}.{n}", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", f"IM/{uid}/{n}",
            size=520_000 if n > missing else 0, number=n, present=n > missing,
        )
        for n in range(1, images + 1)
    )  # fmt: skip
    return MediumSeries(uid, modality, 1, description, instances)


CT_CHEST = MediumStudy(
    "1.2.1", ACQUIRED, "CT chest with contrast", "A1", "Riverside",
    (series("1.2.1.1", "CT", "Scout", 2), series("1.2.1.2", "CT", "Chest 1.0 mm, lung", 40)),
)  # fmt: skip
CHEST_PA = MediumStudy(
    "1.2.2", ACQUIRED, "Chest PA", "A2", "Riverside", (series("1.2.2.1", "DX", "PA erect", 1),)
)
MR_KNEE = MediumStudy(
    "1.2.3",
    date(2026, 10, 29),
    "MR knee left",
    "A3",
    "Riverside",
    (series("1.2.3.1", "MR", "Sag PD fat sat", 27),),
)
MINNIE = MediumPatient("884120", "RX1", "MOUSE^Minnie", date(1961, 3, 17), "F", "", (CT_CHEST, CHEST_PA))
MINNIE_OTHER_DAY = MediumPatient(
    "884120", "RX1", "MOUSE^Minnie", date(1961, 8, 17), "F", "", (CT_CHEST, CHEST_PA)
)
DONALD = MediumPatient("771203", "RX1", "DUCK^Donald", date(1934, 6, 9), "M", "", (MR_KNEE,))


def disc(*patients: MediumPatient, findings: tuple[Finding, ...] = ()) -> MediumContents:
    return MediumContents("/media/disc", MediumKind.DICOMDIR, patients, findings, "RIVERSIDE")


ONE_PATIENT = disc(MINNIE)
TWO_PATIENTS = disc(MINNIE, DONALD)
DAMAGED = disc(
    MINNIE,
    findings=(
        Finding(FindingCode.UNREADABLE_FILE, Severity.ERROR, "IM000412 cannot be read", "IM000412"),
        *(Finding(FindingCode.MISSING_FILE, Severity.WARNING, "missing", f"IM/{n}") for n in range(3)),
        *(Finding(FindingCode.NOT_DICOM, Severity.INFO, "not DICOM", f"VIEWER/{n}.EXE") for n in range(7)),
    ),
)
