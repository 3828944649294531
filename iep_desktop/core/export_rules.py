"""The gates of the exchange (R-GATE-4, 7, 8, 10): what must be true before we ask for images, and before ours leave.

Pure: facts in, checks out, as in `rules`. Asking PACS and ledger for the facts is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from iep_desktop.core.form_rules import (
    Check,
    Gate,
    Verdict,
    block,
    call_checks,
    exam_checks,
    form_checks,
    missing,
    patient_checks,
    requester_checks,
)
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat, normalise_hospital_number
from iep_desktop.core.model import Form, FormKind, Priority, RecipientKind
from iep_desktop.core.queries import PacsStudy


@dataclass(frozen=True)
class RequestFacts:
    """Everything the gate of a request looks at."""

    form: Form
    us: str  # ODS
    hospital_known: bool
    earlier: tuple[str, ...] = ()  # one line each: number, exam, when
    numbers: NumberFormat = UHL_NUMBERS


@dataclass(frozen=True)
class ExportFacts:
    """Everything the gate of a transfer looks at."""

    form: Form
    us: str  # ODS
    recipient_known: bool
    studies: tuple[PacsStudy, ...]  # those ticked, as PACS shows them now
    foreign: frozenset[str] = frozenset()  # Study Instance UIDs of those that came from elsewhere
    onward_reason: str = ""
    earlier: tuple[str, ...] = ()
    trauma: bool = False  # R-TRAUMA
    numbers: NumberFormat = UHL_NUMBERS


_TOLD_BY_TWO_NUMBERS = frozenset({"address", "birth-date"})
_NOT_ON_A4 = frozenset({"call", "requester-contact", "recipient", "sex"})
"""What the one short page of the trauma pathway does not ask for (A4): the form of §2.6 follows by day."""


def request_gate(facts: RequestFacts) -> Gate:
    """R-GATE-1, 3, 7, 10: the other hospital is asked only for what a complete form names."""
    form = facts.form
    checks = [
        *form_checks(form, hospital_known=facts.hospital_known, everything=True, numbers=facts.numbers),
        *_names_exams(form),
        *_not_ourselves(form, facts.us),
    ]
    if form.kind is FormKind.CD:
        checks.append(
            block("form-kind", "This is a CD form", "R-FORM", "A2", "Use the import form A2"),
        )
    checks += [*_clinic(form), *_urgency(form), *_history(facts.earlier)]
    return Gate(tuple(checks))


def _names_exams(form: Form) -> Iterator[Check]:
    """Nobody has a disc on which everything could be taken."""
    if not form.exams:
        title, why = "The form lists no exams", "Every exam needs its date and modality."
        yield block("exams", title, "R-GATE-7", "A2", "List the exams", why)


def export_gate(facts: ExportFacts) -> Gate:
    """R-GATE-1, 4, 7, 8, 10: nothing leaves PACS before this is open."""
    form = facts.form
    checks = [
        *call_checks(form),
        *patient_checks(form, facts.numbers),
        *exam_checks(form, everything=True),  # what is sent is named by the studies that are ticked
        *requester_checks(form),
        *_recipient(form, facts.recipient_known),
        *_not_ourselves(form, facts.us),
        *_studies(facts),
        *_onward(facts),
        *_urgency(form),
        *_history(facts.earlier),
    ]
    return Gate(tuple(check for check in checks if not (facts.trauma and _is_by_day(check, form))))


def _is_by_day(check: Check, form: Form) -> bool:
    """R-TRAUMA, R-ID-4: with an NHS number the patient is told by the two numbers, without it the rest counts."""
    told = check.code in _TOLD_BY_TWO_NUMBERS and bool(form.patient.nhs_no)
    return told or check.code in _NOT_ON_A4


def _not_ourselves(form: Form, us: str) -> Iterator[Check]:
    if form.hospital and form.hospital == us:
        yield block("ourselves", "The institution is our own", "R-TX-2", "A4", "Choose the other institution")


def _clinic(form: Form) -> Iterator[Check]:
    """R-FORM, New Request: who asks, for whom. The other hospital may decline without it; it does not block."""
    for code, what, value in (
        ("consultant", "consultant", form.requester.consultant),
        ("department", "department", form.requester.department),
    ):
        if not value:
            yield Check(
                code, Verdict.WARNS, f"The {what} is not named", "", "R-FORM", "A1", "Complete the form"
            )


def _urgency(form: Form) -> Iterator[Check]:
    if form.priority is Priority.BLUE_LIGHT and not form.priority_reason:
        yield block(
            "priority-reason", "A Blue Light needs its reason", "R-TIME-2", "§2.3a", "Say why it is urgent",
            "Theatre in the next hours, an ambulance transfer, or surgery or admission within 12 hours.",
        )  # fmt: skip


def _recipient(form: Form, known: bool) -> Iterator[Check]:
    if not form.hospital:
        yield missing("hospital", "The receiving organisation", "§2.6a")
    elif not known:
        title = f"No hospital has the code {form.hospital[:10]}"
        yield block("hospital", title, "R-GATE-4", "§2.6a", "Correct the form, or add the hospital in Admin")
    if not form.recipient.name:
        yield block(
            "recipient", "The person who receives the images is not named", "R-GATE-4", "§2.6a", "Name them"
        )
    elif form.recipient.kind is RecipientKind.INDIVIDUAL and not (
        form.recipient.phone or form.recipient.email
    ):
        title = "How the individual is reached is not named"
        detail = "Only they are told of the images: nobody else at the institution waits for them."
        yield Check("recipient-contact", Verdict.WARNS, title, detail, "R-FORM", "A3", "Complete the form")


def _studies(facts: ExportFacts) -> Iterator[Check]:
    if not facts.studies:
        yield block("selection", "No study is ticked", "R-GATE-8", "A4", "Tick the relevant studies")
    for number, study in enumerate(facts.studies, start=1):
        if is_another_patients(study, facts.form):
            yield block(
                f"study-{number}-patient", f"Study {number} belongs to another patient", "R-GATE-4", "§2.6a",
                "Take it out, or correct the form", "Hospital number or date of birth differ from the form.",
            )  # fmt: skip


def is_another_patients(study: PacsStudy, form: Form) -> bool:
    """A number that differs, or that PACS does not tell, is another patient's; so is another date of birth."""
    if normalise_hospital_number(study.patient_id) != normalise_hospital_number(form.patient.hospital_no):
        return True
    dates = study.birth_date, form.patient.birth_date
    return None not in dates and dates[0] != dates[1]


def _onward(facts: ExportFacts) -> Iterator[Check]:
    """R-GATE-8: images of another hospital go on only where patient care needs it."""
    onward = [study for study in facts.studies if study.study_uid in facts.foreign]
    if not onward:
        return
    if facts.onward_reason.strip():
        yield Check("onward", Verdict.MET, "Sent on with a reason", facts.onward_reason, "R-GATE-8", "§2.6c")
    else:
        title = f"{len(onward)} of the studies came from another hospital"
        yield block("onward", title, "R-GATE-8", "§2.6c", "Say why they must be sent on")


def _history(earlier: tuple[str, ...]) -> Iterator[Check]:
    """R-GATE-10 warns, it never blocks."""
    for line in earlier:
        yield Check("seen-before", Verdict.WARNS, f"Already: {line}", "", "R-GATE-10", "A1")
