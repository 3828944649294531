"""The form as it is typed: every field is the text in it, so that nothing half typed is ever lost.

Owns what a single field may hold and the way to `core.model.Form`. What is *missing* is no error here:
`core.rules.form_checks` says which clause it blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import (
    UHL_NUMBERS,
    NumberFormat,
    normalise_hospital_number,
    parse_call_reference,
    parse_nhs_number,
)
from iep_desktop.core.model import Exam, Form, FormKind, Patient, Priority, Recipient, Requester
from iep_desktop.core.names import components, from_parts
from iep_desktop.core.rules import is_all_imaging
from iep_desktop.ui.widgets.field import parse_day as parse_typed_day
from iep_desktop.ui.widgets.field import show_day

MODALITIES = ("CT", "MR", "CR", "DX", "US", "XA", "RF", "MG", "NM", "PT", "IO", "PX", "OT")
SEXES = {"": "Not said", "F": "Female", "M": "Male", "O": "Other"}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True)
class ExamText:
    modality: str = ""
    description: str = ""
    exam_code: str = ""
    date: str = ""

    @property
    def is_blank(self) -> bool:
        return not any((self.modality, self.description, self.exam_code, self.date))


@dataclass(frozen=True)
class FormText:
    """A form A2, A3 or A6 as text; `hospital` is an ODS code, `hospital_typed` what stands in the field."""

    kind: FormKind = FormKind.CD
    call_ref: str = ""
    disc_no: str = "1"
    discs: str = "1"
    labelled: bool = False
    family: str = ""
    given: str = ""
    birth_date: str = ""
    sex: str = ""
    nhs_no: str = ""
    nhs_no_absent_reason: str = ""
    hospital_no: str = ""
    address: str = ""
    hospital: str = ""
    hospital_typed: str = ""
    exams: tuple[ExamText, ...] = (ExamText(),)
    requester_name: str = ""
    requester_email: str = ""
    requester_phone: str = ""
    requester_consultant: str = ""
    requester_department: str = ""
    priority: Priority = Priority.NORMAL
    priority_reason: str = ""
    comments: str = ""
    needed_by: str = ""
    recipient_name: str = ""
    recipient_position: str = ""
    recipient_phone: str = ""
    recipient_email: str = ""

    def to_form(self) -> Form:
        """The form that these texts say; what cannot be read is left out (and `problems` names it)."""
        return Form(
            kind=self.kind,
            call_ref=_readable(parse_call_reference, self.call_ref),
            requester=self._requester(),
            patient=self._patient(),
            hospital=self.hospital,
            recipient=self._recipient(),
            exams=tuple(_exam(text) for text in self.exams if not text.is_blank),
            discs=_number(self.discs),
            disc_no=_number(self.disc_no),
            labelled=self.labelled,
            priority=self.priority,
            priority_reason=self.priority_reason.strip(),
            needed_by=parse_day(self.needed_by),
            comments=self.comments.strip(),
        )

    def _patient(self) -> Patient:
        return Patient(
            name=from_parts(self.family, self.given),
            birth_date=parse_day(self.birth_date),
            hospital_no=normalise_hospital_number(self.hospital_no),
            nhs_no=_readable(parse_nhs_number, self.nhs_no),
            nhs_no_absent_reason=self.nhs_no_absent_reason.strip(),
            address=" ".join(self.address.split()),
            sex=self.sex,
        )

    def _requester(self) -> Requester:
        return Requester(
            name=self.requester_name.strip(),
            email=self.requester_email.strip(),
            phone=self.requester_phone.strip(),
            consultant=self.requester_consultant.strip(),
            department=self.requester_department.strip(),
        )

    def _recipient(self) -> Recipient:
        return Recipient(
            name=self.recipient_name.strip(),
            position=self.recipient_position.strip(),
            phone=self.recipient_phone.strip(),
            email=self.recipient_email.strip(),
        )

    def without_patient(self) -> FormText:
        """The same call with a blank patient: the next patient on one disc has a form of their own."""
        blank = FormText()
        kept = {name: getattr(blank, name) for name in _OF_PATIENT}
        return replace(self, **kept)


_OF_PATIENT = (
    "family", "given", "birth_date", "sex", "nhs_no", "nhs_no_absent_reason", "hospital_no", "address",
    "exams",
)  # fmt: skip


def problems(text: FormText, numbers: NumberFormat = UHL_NUMBERS) -> dict[str, str]:
    """What is wrong in a field, by the field's name (`exams.0.date`); an empty field has no problem here."""
    return dict(_problems(text, numbers))


def _problems(text: FormText, numbers: NumberFormat) -> Iterator[tuple[str, str]]:
    for name, check in (_FIELD_CHECKS | {"hospital_no": _problem_of(numbers.check)}).items():
        value = getattr(text, name)
        problem = check(value) if value.strip() else ""
        if problem:
            yield name, problem
    number, of = _number(text.disc_no), _number(text.discs)
    if number and of and number > of:
        yield "disc_no", f"There are only {of} discs."
    if text.hospital_typed.strip() and not text.hospital:
        yield "hospital", "Pick a hospital from the list."
    for index, exam in enumerate(text.exams):
        yield from _exam_problems(index, exam)


def _exam_problems(index: int, exam: ExamText) -> Iterator[tuple[str, str]]:
    problem = _day_problem(exam.date) if exam.date.strip() else ""
    if problem:
        yield f"exams.{index}.date", problem
    if is_all_imaging(exam.description):
        yield f"exams.{index}.description", "“All imaging” cannot be asked for: name the exam (A2)."


def _problem_of(parse: Callable[[str], object]) -> Callable[[str], str]:
    def problem(text: str) -> str:
        try:
            parse(text)
        except InvalidInput as error:
            return " ".join(part for part in (f"{error.title}.", error.hint or error.message) if part)
        return ""

    return problem


def _day_problem(text: str) -> str:
    day = parse_day(text)
    if day is None:
        return "Not a date: DD/MM/YYYY."
    if day > datetime.now().astimezone().date():
        return "This day is still to come."
    return "" if day.year >= 1880 else "This is too long ago."


def _needed_by_problem(text: str) -> str:
    day = parse_day(text)
    if day is None:
        return "Not a date: DD/MM/YYYY."
    return "This day is past." if day < datetime.now().astimezone().date() else ""


def _count_problem(text: str) -> str:
    return "" if _number(text) else "A number from 1 to 99."


def _email_problem(text: str) -> str:
    return "" if _EMAIL.fullmatch(text.strip()) else "Not an e-mail address."


_FIELD_CHECKS: dict[str, Callable[[str], str]] = {
    "call_ref": _problem_of(parse_call_reference),
    "disc_no": _count_problem,
    "discs": _count_problem,
    "birth_date": _day_problem,
    "nhs_no": _problem_of(parse_nhs_number),
    "requester_email": _email_problem,
    "recipient_email": _email_problem,
    "needed_by": _needed_by_problem,
}


def parse_day(text: str) -> date | None:
    """DD/MM/YYYY, eight digits, or ISO 8601; None for anything else."""
    text = text.strip()
    if len(text) == 8 and text.isascii() and text.isdigit():
        text = f"{text[:2]}/{text[2:4]}/{text[4:]}"
    match = _ISO_DAY.fullmatch(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else parse_typed_day(text)
    except ValueError:
        return None


def of_form(form: Form) -> FormText:
    """The texts of a form that came as JSON."""
    family, given, middle, *_ = components(form.patient.name)
    who, patient, to = form.requester, form.patient, form.recipient
    return FormText(
        kind=form.kind,
        call_ref=form.call_ref,
        disc_no=str(form.disc_no or 1),
        discs=str(form.discs or 1),
        labelled=bool(form.labelled),
        family=family,
        given=" ".join(part for part in (given, middle) if part),
        birth_date=show_day(patient.birth_date),
        sex=patient.sex.upper() if patient.sex.upper() in SEXES else "",
        nhs_no=patient.nhs_no,
        nhs_no_absent_reason=patient.nhs_no_absent_reason,
        hospital_no=patient.hospital_no,
        address=patient.address,
        hospital=form.hospital,
        hospital_typed=form.hospital,
        exams=tuple(
            ExamText(e.modality.upper(), e.description, e.exam_code, show_day(e.date)) for e in form.exams
        )
        or (ExamText(),),
        requester_name=who.name,
        requester_email=who.email,
        requester_phone=who.phone,
        requester_consultant=who.consultant,
        requester_department=who.department,
        priority=form.priority,
        priority_reason=form.priority_reason,
        comments=form.comments,
        needed_by=show_day(form.needed_by),
        recipient_name=to.name,
        recipient_position=to.position,
        recipient_phone=to.phone,
        recipient_email=to.email,
    )


def to_json(text: FormText) -> dict[str, Any]:
    return asdict(text)


def from_json(document: Any) -> FormText:
    """What `to_json` made; what is not understood (another version's draft) is left blank."""
    if not isinstance(document, dict):
        return FormText()
    known: dict[str, Any] = {}
    for field in fields(FormText):
        value = document.get(field.name)
        if field.name not in ("exams", "kind", "priority") and type(value) is type(field.default):
            known[field.name] = value
    known["exams"] = _exams_from_json(document.get("exams"))
    if document.get("kind") in list(FormKind):
        known["kind"] = FormKind(document["kind"])
    if document.get("priority") in list(Priority):
        known["priority"] = Priority(document["priority"])
    return FormText(**known)


def _exams_from_json(items: Any) -> tuple[ExamText, ...]:
    names = [field.name for field in fields(ExamText)]
    if not isinstance(items, list | tuple):
        return (ExamText(),)
    rows = [item for item in items if isinstance(item, dict)]
    exams = tuple(ExamText(**{name: str(row.get(name, "")) for name in names}) for row in rows)
    return exams or (ExamText(),)


def _exam(text: ExamText) -> Exam:
    return Exam(parse_day(text.date), text.modality, text.description.strip(), text.exam_code.strip())


def _number(text: str) -> int | None:
    text = text.strip()
    return (
        int(text)
        if text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= 99 and len(text) < 3
        else None
    )


def _readable(parse: Callable[[str], str], text: str) -> str:
    """Normalised where it can be, else as typed: the gate then says what is wrong with it."""
    try:
        return parse(text)
    except InvalidInput:
        return text.strip()
