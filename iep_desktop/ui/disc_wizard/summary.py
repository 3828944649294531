"""What an import will do, or has been told to do, as lines of label and text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.model import Patient, Priority
from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import MatchDecision, Requirement
from iep_desktop.ui.disc_wizard.case import Case
from iep_desktop.ui.pace import show_count
from iep_desktop.ui.widgets.field import show_day

Line = tuple[str, str]


def summary_lines(case: Case, origin: str, pacs: str, required: tuple[Requirement, ...]) -> tuple[Line, ...]:
    """`origin` and `pacs` are names; `required` is what the ledger says a person must still do."""
    form = case.form
    name = display_name(form.patient.name)
    lines = [
        ("Patient", _who(form.patient)),
        ("From", origin or form.hospital),
        ("To", pacs or "the hospital’s PACS"),
        ("Priority", "Standard" if form.priority is Priority.NORMAL else form.priority.value),
        *(("Still needed", f"{need.title}  {need.clause}") for need in required),
        *(("Study", text) for text in _studies(case)),
        ("Goes into the images", _into_the_images(case, name)),
        ("Match decided by", _decided(case.decision)),
        ("More than the form", case.reason.strip()),
    ]
    return tuple((label, text) for label, text in lines if text)


def _who(patient: Patient) -> str:
    nhs = f"NHS {format_nhs_number(patient.nhs_no)}" if patient.nhs_no else ""
    parts = (display_name(patient.name), show_day(patient.birth_date), patient.hospital_no, nhs)
    return ", ".join(part for part in parts if part)


def _studies(case: Case) -> Iterator[str]:
    lines = {exam.study_uid: exam for exam in case.ris_lines}
    for study in case.studies:
        exam = lines[study.study_uid]
        accession = f"accession {exam.accession}" if exam.accession else "to be entered on RIS later"
        what = study.description or exam.label
        yield f"{what}, {show_day(study.date)}, {show_count(len(study.present))} images, {accession}"


def _into_the_images(case: Case, name: str) -> str:
    numbered = any(exam.accession for exam in case.ris_lines)
    parts = (name, case.form.patient.hospital_no, "the accession number of each study" if numbered else "")
    return ", ".join(part for part in parts if part)


def _decided(decision: MatchDecision | None) -> str:
    if decision is None:
        return ""
    second = f", confirmed by {decision.confirmed_by}" if decision.confirmed_by else ""
    return f"{decision.decided_by}{second}: {decision.grounds}"
