"""What a form must say before anything moves (R-GATE-1, 3, 4, 7, R-ID, R-FORM, R-DISC): by clause, with what lifts it.

Pure, and can be asked while the form is being typed. What else must be true is for `rules` and `export_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat, parse_call_reference, parse_nhs_number
from iep_desktop.core.model import Exam, Form, FormKind
from iep_desktop.core.transaction import Requirement

_IMAGES = (
    r"(imaging|images?|stud(y|ies)|scans?|exams?|examinations?|x-?rays?|films?"
    r"|radiology|radiographs?|priors?|mris?|cts?)"
)
_ALL_IMAGING = re.compile(
    rf"\b(all|any|every)\b.{{0,20}}\b{_IMAGES}\b"
    # Only side by side: "whole body scan" and "whole spine MRI" are exams.
    rf"|\b(complete|entire|whole|full)\s+(set\s+of\s+)?{_IMAGES}\b"
    r"|^\W*(all|any|everything|the lot|(all|as|whatever is) available)\W*$",
    re.IGNORECASE | re.DOTALL,
)


class Verdict(StrEnum):
    MET = "met"
    WARNS = "warns"
    BLOCKS = "blocks"


@dataclass(frozen=True)
class Check:
    """One thing that must be true. `lift` names what a person can do about it, in words for a button."""

    code: str
    verdict: Verdict
    title: str
    detail: str = ""
    rule: str = ""
    clause: str = ""
    lift: str = ""

    def as_requirement(self) -> Requirement:
        return Requirement(self.code, self.title, self.detail, self.rule, self.clause, self.lift)


@dataclass(frozen=True)
class Gate:
    """All checks of one import; open only where none blocks."""

    checks: tuple[Check, ...]

    @property
    def is_open(self) -> bool:
        return not self.blocking

    @property
    def blocking(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict is Verdict.BLOCKS)

    @property
    def warnings(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict is Verdict.WARNS)

    @property
    def met(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict is Verdict.MET)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return tuple(check.as_requirement() for check in self.blocking)


def form_checks(
    form: Form, *, hospital_known: bool, everything: bool = False, numbers: NumberFormat = UHL_NUMBERS
) -> Iterator[Check]:
    """R-GATE-1 and R-GATE-3: the form and the call; can be asked while the form is being typed."""
    yield from call_checks(form)
    if form.kind is FormKind.EXPORT:
        yield block(
            "form-kind",
            "This is an export form",
            "R-GATE-3",
            "§2.3a",
            "Use the import form A2 or the CD form A6",
        )
    yield from patient_checks(form, numbers)
    yield from _origin(form, hospital_known)
    yield from exam_checks(form, everything)
    yield from requester_checks(form)
    if form.kind is FormKind.CD:
        yield from _disc_form(form)


def is_all_imaging(text: str) -> bool:
    """R-GATE-7: "all imaging", "all studies" and the like are no description of an exam."""
    return _ALL_IMAGING.search(text) is not None


def block(code: str, title: str, rule: str, clause: str, lift: str, detail: str = "") -> Check:
    return Check(code, Verdict.BLOCKS, title, detail, rule, clause, lift)


def missing(code: str, what: str, clause: str = "§2.3a") -> Check:
    return block(code, f"{what} is missing", "R-GATE-3", clause, "Complete the form")


def call_checks(form: Form) -> Iterator[Check]:
    if not form.call_ref:
        yield block(
            "call", "No service-desk call is logged", "R-GATE-1", "§2.7a", "Enter the call reference",
            "Authorisation is a complete form and a logged call: either alone moves nothing.",
        )  # fmt: skip
        return
    try:
        reference = parse_call_reference(form.call_ref)
    except InvalidInput as error:
        yield block("call", error.title, "R-ID-5", "§2.7a", "Enter the call reference", error.message)
    else:
        yield Check("call", Verdict.MET, f"Call {reference} logged", "", "R-GATE-1", "§2.7a")


def patient_checks(form: Form, numbers: NumberFormat = UHL_NUMBERS) -> Iterator[Check]:
    patient = form.patient
    if not patient.name.strip("^= "):
        yield missing("name", "Patient name")
    if patient.birth_date is None:
        yield missing("birth-date", "Date of birth")
    if not patient.address:
        yield missing("address", "Address")
    yield from _hospital_number(patient.hospital_no, numbers)
    yield from _nhs_number(form)


def _hospital_number(text: str, numbers: NumberFormat) -> Iterator[Check]:
    if not text:
        yield missing("hospital-no", numbers.name)
        return
    try:
        number, warning = numbers.check(text)
    except InvalidInput as error:
        yield block("hospital-no", error.title, error.rule, "§2.3a", "Correct the form", error.message)
        return
    verdict = Verdict.WARNS if warning else Verdict.MET
    yield Check("hospital-no", verdict, f"Hospital number {number}", warning, "R-ID-2", "§2.3a")


def _nhs_number(form: Form) -> Iterator[Check]:
    patient = form.patient
    if not patient.nhs_no:
        if not patient.nhs_no_absent_reason:
            yield block(
                "nhs-no", "NHS number is missing", "R-ID-4", "§2.3a", "Enter it, or why there is none",
                "Without an NHS number the form must say why.",
            )  # fmt: skip
        elif not patient.sex:
            yield block(
                "sex", "Sex is missing", "R-ID-4", "A1", "Complete the form",
                "Without an NHS number every field of the patient is mandatory.",
            )  # fmt: skip
        return
    try:
        parse_nhs_number(patient.nhs_no)
    except InvalidInput as error:
        yield block("nhs-no", error.title, "R-ID-1", "§2.3a", "Correct the form", error.hint)
    else:
        yield Check("nhs-no", Verdict.MET, "NHS number: check digit right", "", "R-ID-1", "§2.3a")


def _origin(form: Form, hospital_known: bool) -> Iterator[Check]:
    if not form.hospital:
        yield missing("hospital", "The hospital the images come from")
    elif not hospital_known:
        yield block(
            "hospital", f"No hospital has the code {form.hospital[:10]}", "R-GATE-3", "§2.3a",
            "Correct the form, or add the hospital in Admin",
        )  # fmt: skip


def exam_checks(form: Form, everything: bool) -> Iterator[Check]:
    if not form.exams and not everything:
        yield block(
            "exams", "The form lists no exams", "R-GATE-7", "§2.7d", "List the exams, or take all with a reason",
            "Every exam needs its date and modality. Everything on the disc may be taken where a reason is recorded.",
        )  # fmt: skip
    for number, exam in enumerate(form.exams, start=1):
        yield from _exam(number, exam)


def _exam(number: int, exam: Exam) -> Iterator[Check]:
    if is_all_imaging(exam.description) or is_all_imaging(exam.exam_code):
        yield block(
            f"exam-{number}-all", f"Exam {number}: “all imaging” cannot be asked for", "R-GATE-7", "A2",
            "Name each exam with date and modality",
        )  # fmt: skip
        return
    if exam.date is None:
        yield block(
            f"exam-{number}-date", f"Exam {number} has no date", "R-GATE-3", "§2.3a", "Complete the form"
        )
    if not exam.modality:
        yield block(
            f"exam-{number}-modality",
            f"Exam {number} has no modality",
            "R-GATE-3",
            "§2.3a",
            "Complete the form",
        )


def requester_checks(form: Form) -> Iterator[Check]:
    if not form.requester.name:
        yield missing("requester", "The requester")
    if not (form.requester.phone or form.requester.email):
        yield missing("requester-contact", "The authorising person's telephone or e-mail")


def _disc_form(form: Form) -> Iterator[Check]:
    """R-DISC-1 and R-DISC-2: the CD form A6."""
    if form.discs is None:
        yield block("discs", "Number of CDs is missing", "R-DISC-1", "A6", "Complete the form")
    if not form.labelled:
        yield block(
            "labelled", "The disc is not labelled", "R-DISC-2", "A5", "Label the disc with the call reference",
            "An unlabelled disc is not processed: it is logged and waits in the box.",
        )  # fmt: skip
    for exam_number, exam in enumerate(form.exams, start=1):
        if not (exam.description or exam.exam_code):
            yield block(
                f"exam-{exam_number}-description", f"Exam {exam_number} has no description or exam code",
                "R-DISC-1", "A6", "Complete the form",
            )  # fmt: skip
    if form.requester.name and not (form.requester.phone and form.requester.email):
        yield block(
            "staff-contact",
            "The CD form needs e-mail and contact number",
            "R-DISC-1",
            "A6",
            "Complete the form",
        )
