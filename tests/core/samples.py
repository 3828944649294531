"""A complete import of one synthetic patient, from which tests take pieces away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from iep_desktop.core.matching import Identity, Match, compare, identity_of_form, identity_of_medium
from iep_desktop.core.medium import MediumInstance, MediumPatient, MediumSeries, MediumStudy
from iep_desktop.core.model import Exam, Form, FormKind, Patient, Requester
from iep_desktop.core.rules import Check, Gate, ImportFacts, Registration, import_gate
from iep_desktop.core.transaction import MatchDecision

DAY = date(2026, 3, 9)


def nhs_number(first_nine: str) -> str:
    """The valid number that starts with these nine digits; only for those that have a check digit."""
    remainder = (
        sum(int(digit) * weight for digit, weight in zip(first_nine, range(10, 1, -1), strict=True)) % 11
    )
    check = (11 - remainder) % 11
    assert check != 10
    return f"{first_nine}{check}"


NHS_NUMBER = nhs_number("999000001")
PATIENT = Patient(
    "MOUSE^Minnie", date(1980, 11, 18), "S999111", NHS_NUMBER, "", "1 Cheese Lane, Leicester", "F"
)
REQUESTER = Requester(
    "Dr Daisy Field", "daisy.field@example.nhs.uk", "0116 496 0001", "Dr Field", "Chest clinic"
)
EXAM = Exam(DAY, "CT", "CT chest", "CCHES")
FORM = Form(FormKind.IMPORT, "06396375", REQUESTER, PATIENT, "RX1", exams=(EXAM,))
CD_FORM = replace(FORM, kind=FormKind.CD, discs=1, labelled=True)


def study(
    uid: str = "2.25.1", day: date | None = DAY, *modalities: str, description: str = ""
) -> MediumStudy:
    series = tuple(
        MediumSeries(f"{uid}.{n}", modality, n, instances=(MediumInstance(f"{uid}.{n}.1", "1", "2", "IM1"),))
        for n, modality in enumerate(modalities or ("CT",))
    )
    return MediumStudy(uid, day, description, series=series)


ON_DISC = MediumPatient("N555", "RX1", "MOUSE^Minnie", date(1980, 11, 18), "F", NHS_NUMBER, (study(),))
STRANGER = MediumPatient("N777", "RX1", "DUCK^Donald", date(1934, 6, 9), "M", "", (study(),))
ON_PACS = Identity("MOUSE^MINNIE", date(1980, 11, 18), NHS_NUMBER, "S999111", "F")


def match_of(medium: MediumPatient = ON_DISC, pacs: Identity | None = ON_PACS, form: Form = FORM) -> Match:
    return compare(identity_of_form(form.patient), identity_of_medium(medium), pacs)


def decision(by: str = "Anna", confirmed_by: str = "") -> MatchDecision:
    at = datetime(2026, 3, 10, 9, tzinfo=UTC)
    return MatchDecision("N777", "DUCK^Donald", "Letter of the sender", by, at, confirmed_by)


def facts(**changes: Any) -> ImportFacts:
    """All that a complete import knows, with changes."""
    complete = ImportFacts(
        form=FORM,
        hospital_known=True,
        registration=Registration.KNOWN_TO_PACS,
        match=match_of(),
        patients_on_medium=1,
        decision=None,
        studies=ON_DISC.studies,
    )
    return replace(complete, **changes)


def gate(**changes: Any) -> Gate:
    return import_gate(facts(**changes))


def codes(checks: tuple[Check, ...]) -> set[str]:
    return {check.code for check in checks}
