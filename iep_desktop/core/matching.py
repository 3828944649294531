"""Whose images are these: form, medium and PACS side by side, field by field (screens.md, CD wizard page 4).

Comparing only; whether a difference stops the import is decided in `rules.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from iep_desktop.core.identifiers import format_nhs_number, normalise_hospital_number, normalise_nhs_number
from iep_desktop.core.medium import MediumPatient, MediumStudy
from iep_desktop.core.model import Exam, Patient
from iep_desktop.core.names import display_name, same_name

SCORE_NEEDED = 90


@dataclass(frozen=True)
class Identity:
    """What one source says of a patient; empty where it says nothing."""

    name: str = ""  # PN
    birth_date: date | None = None
    nhs_no: str = ""
    hospital_no: str = ""
    sex: str = ""
    address: str = ""


def identity_of_form(patient: Patient) -> Identity:
    return Identity(
        patient.name,
        patient.birth_date,
        normalise_nhs_number(patient.nhs_no),
        normalise_hospital_number(patient.hospital_no),
        patient.sex,
        patient.address,
    )


def identity_of_medium(patient: MediumPatient) -> Identity:
    number = normalise_hospital_number(patient.patient_id)
    return Identity(patient.name, patient.birth_date, patient.nhs_no, number, patient.sex)


class Field(StrEnum):
    NAME = "Name"
    BIRTH_DATE = "Date of birth"
    NHS_NUMBER = "NHS number"
    HOSPITAL_NUMBER = "S number"
    SEX = "Sex"
    ADDRESS = "Address"


class Agreement(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    ABSENT = "absent"  # this source says nothing
    OWN = "own"  # the sender's own number: neither agrees nor contradicts


@dataclass(frozen=True)
class Cell:
    text: str
    agreement: Agreement


@dataclass(frozen=True)
class FieldMatch:
    field: Field
    form: str
    medium: Cell
    pacs: Cell


@dataclass(frozen=True)
class ScoreLine:
    label: str
    points: int
    of: int


@dataclass(frozen=True)
class Match:
    """The comparison of one medium patient with the form and with what PACS knows under the form's number."""

    fields: tuple[FieldMatch, ...]
    lines: tuple[ScoreLine, ...]

    @property
    def score(self) -> int:
        """Points of those that could be compared, in per cent."""
        possible = sum(line.of for line in self.lines)
        return round(100 * sum(line.points for line in self.lines) / possible) if possible else 0

    def medium(self, field: Field) -> Agreement:
        return next(f.medium.agreement for f in self.fields if f.field is field)

    def pacs(self, field: Field) -> Agreement:
        return next(f.pacs.agreement for f in self.fields if f.field is field)

    @property
    def medium_agrees(self) -> bool:
        """Name and birth date are on both and agree, and no number contradicts."""
        both = self.medium(Field.NAME), self.medium(Field.BIRTH_DATE)
        return all(a is Agreement.AGREES for a in both) and not self.medium_differences

    @property
    def medium_differences(self) -> tuple[Field, ...]:
        return tuple(f.field for f in self.fields if f.medium.agreement is Agreement.DIFFERS)

    @property
    def pacs_contradictions(self) -> tuple[Field, ...]:
        """Another name or birth date on PACS under the form's hospital number: a stop."""
        return tuple(f for f in (Field.NAME, Field.BIRTH_DATE) if self.pacs(f) is Agreement.DIFFERS)

    @property
    def nothing_in_common(self) -> bool:
        telling = (Field.NAME, Field.BIRTH_DATE, Field.NHS_NUMBER, Field.HOSPITAL_NUMBER)
        return not any(self.medium(field) is Agreement.AGREES for field in telling)


def compare(form: Identity, medium: Identity, pacs: Identity | None) -> Match:
    """Compare what the form says with the medium and, where it answered, with PACS."""
    known = pacs or Identity()
    fields = tuple(_compare_field(field, form, medium, known) for field in Field)
    return Match(fields, _score(fields, pacs_known=pacs is not None, number_given=bool(form.hospital_no)))


def _compare_field(field: Field, form: Identity, medium: Identity, pacs: Identity) -> FieldMatch:
    return FieldMatch(field, _text(field, form), _cell(field, form, medium), _cell(field, form, pacs))


def _cell(field: Field, form: Identity, other: Identity) -> Cell:
    text = _text(field, other)
    if not text:
        return Cell("", Agreement.ABSENT)
    if field is Field.HOSPITAL_NUMBER and other.hospital_no != form.hospital_no:
        return Cell(text, Agreement.OWN)
    if not _text(field, form) or _says_nothing(field, form, other):
        return Cell(text, Agreement.ABSENT)
    return Cell(text, Agreement.AGREES if _same(field, form, other) else Agreement.DIFFERS)


def _says_nothing(field: Field, form: Identity, other: Identity) -> bool:
    """`O` is also what scanners write when nobody entered a sex (PS3.3 C.7.1.1): it contradicts nothing."""
    return (
        field is Field.SEX
        and form.sex.upper() != other.sex.upper()
        and "O" in (form.sex.upper(), other.sex.upper())
    )


def _same(field: Field, form: Identity, other: Identity) -> bool:
    if field is Field.NAME:
        return same_name(form.name, other.name)
    if field is Field.ADDRESS:
        return _squeeze(form.address) == _squeeze(other.address)
    return _text(field, form) == _text(field, other)


def _text(field: Field, who: Identity) -> str:
    match field:
        case Field.NAME:
            return display_name(who.name)
        case Field.BIRTH_DATE:
            return who.birth_date.strftime("%d/%m/%Y") if who.birth_date else ""
        case Field.NHS_NUMBER:
            return format_nhs_number(who.nhs_no)
        case Field.HOSPITAL_NUMBER:
            return who.hospital_no
        case Field.SEX:
            return {"M": "Male", "F": "Female", "O": "Other"}.get(who.sex.upper(), "")
        case Field.ADDRESS:
            return who.address


def _squeeze(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


_WEIGHTS = {Field.NHS_NUMBER: 40, Field.NAME: 22, Field.BIRTH_DATE: 18}
_KNOWN_TO_PACS = 20


def _score(fields: Iterable[FieldMatch], *, pacs_known: bool, number_given: bool) -> tuple[ScoreLine, ...]:
    lines = []
    for item in fields:
        weight = _WEIGHTS.get(item.field)
        if weight is None or item.medium.agreement is Agreement.ABSENT:
            continue
        agrees = item.medium.agreement is Agreement.AGREES
        verb = "agrees" if agrees else "differs in the images"
        lines.append(ScoreLine(f"{item.field.value} {verb}", weight if agrees else 0, weight))
    if number_given:
        label = "S number known to PACS" if pacs_known else "S number not known to PACS"
        lines.append(ScoreLine(label, _KNOWN_TO_PACS if pacs_known else 0, _KNOWN_TO_PACS))
    return tuple(lines)


def asked_studies(exams: Iterable[Exam], studies: Iterable[MediumStudy]) -> dict[str, Exam]:
    """Which studies the form asks for: study UID → the exam that names it (same date, modality among the study's).

    Of several exams of one day and modality it is the one that is worded most alike, then one not yet found.
    """
    wanted = tuple(exams)
    asked: dict[str, Exam] = {}
    found: set[int] = set()
    for study in studies:
        naming = [exam for exam in wanted if _names(exam, study)]
        if naming:
            exam = min(naming, key=lambda exam: (-_words_shared(exam, study), id(exam) in found))
            asked[study.study_uid] = exam
            found.add(id(exam))
    return asked


def _words_shared(exam: Exam, study: MediumStudy) -> int:
    wanted, given = (
        set(re.findall(r"\w{3,}", text.casefold())) for text in (exam.description, study.description)
    )
    return len(wanted & given)


def _names(exam: Exam, study: MediumStudy) -> bool:
    if exam.date is None or exam.date != study.date or not exam.modality:
        return False
    return exam.modality.upper() in {modality.upper() for modality in study.modalities}
