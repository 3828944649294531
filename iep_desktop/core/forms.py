"""Forms as JSON files (cli.md, R-FORM): reading says every mistake at once with its place; writing loses nothing.

What is merely *missing* is not an error here: `rules.py` says which clause it blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import normalise_hospital_number, normalise_nhs_number
from iep_desktop.core.model import (
    Exam,
    Form,
    FormKind,
    Patient,
    Priority,
    Recipient,
    RecipientKind,
    Requester,
    RisState,
)
from iep_desktop.core.names import parse_name

MAX_LENGTH = 1_000_000

_PRIORITIES = {
    "normal": Priority.NORMAL,
    "standard": Priority.NORMAL,  # R-TX-3: what the forms call it
    "batch": Priority.BATCH,
    "blue light": Priority.BLUE_LIGHT,
    "clinical emergency": Priority.BLUE_LIGHT,
}


_DATES = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})"),
)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
"""Control characters but tab and line breaks, and halves of characters, which no ledger can keep."""


class _Wrong(Exception):
    """One value is of the wrong type or content."""


def parse_form(text: str | bytes) -> Form:
    """Read a form file.

    Raises:
        InvalidInput: not JSON, unknown keys, wrong types, impossible dates; the message names every place.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidInput(
            "The form is too large", f"A form has at most {MAX_LENGTH} characters.", "Is it a form?"
        )
    try:
        document = json.loads(text, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            "The form is not JSON", str(error), "See the form's example in the help."
        ) from error
    reader = _Reader()
    form = reader.form(document)
    if reader.mistakes:
        raise InvalidInput("The form cannot be used", "; ".join(reader.mistakes), "Correct these places.")
    return form


def parse_priority(text: str) -> Priority:
    """R-TX-3: Standard and Clinical Emergency are other words for Normal and Blue Light."""
    try:
        return _PRIORITIES[text.strip().casefold().replace("-", " ").replace("_", " ")]
    except KeyError:
        raise InvalidInput("Unknown priority", f"{text!r} is none of Normal, Batch, Blue Light.") from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets a key stand twice, and readers differ about which one counts: nobody shall have to guess."""
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidInput("The form cannot be used", f"The key {twice[:40]!r} stands twice.", "Leave one.")
    return document


def form_to_json(form: Form) -> dict[str, Any]:
    """The form as a JSON document that `parse_form` reads back to the same form."""
    patient, requester, recipient = form.patient, form.requester, form.recipient
    return {
        "kind": form.kind.value,
        "call_ref": form.call_ref,
        "requester": vars(requester) | {},
        "patient": vars(patient) | {"birth_date": _iso(patient.birth_date)},
        "hospital": form.hospital,
        "recipient": vars(recipient) | {"kind": recipient.kind.value},
        "exams": [exam_to_json(exam) for exam in form.exams],
        "discs": form.discs,
        "disc_no": form.disc_no,
        "labelled": form.labelled,
        "priority": form.priority.value,
        "priority_reason": form.priority_reason,
        "needed_by": _iso(form.needed_by),
        "comments": form.comments,
    }


def exam_to_json(exam: Exam) -> dict[str, Any]:
    return vars(exam) | {"date": _iso(exam.date), "ris_state": exam.ris_state.value}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


class _Reader:
    """Reads one document and collects what is wrong with it, by JSON path."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def form(self, document: Any) -> Form:
        fields = self._object(document, "form", set(_FORM_READERS))
        values = self._values(fields, "", _FORM_READERS)
        if "kind" not in values:
            if fields.get("kind") is None:
                self.mistakes.append("kind: missing, one of import, export, cd")
            values["kind"] = FormKind.IMPORT
        return Form(**values)

    def _values(
        self, fields: Mapping[str, Any], path: str, readers: Mapping[str, Callable[[_Reader, Any, str], Any]]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in fields.items():
            if value is None:
                continue
            place = f"{path}{key}"
            try:
                values[key] = readers[key](self, value, place)
            except _Wrong as wrong:
                self.mistakes.append(f"{place}: {wrong}")
        return values

    def _object(self, value: Any, place: str, known: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.mistakes.append(f"{place}: expected an object")
            return {}
        unknown = [key for key in value if key not in known]
        self.mistakes += [f"{place}: unknown key {key[:40]!r}" for key in unknown]
        return {key: item for key, item in value.items() if key in known}

    def patient(self, value: Any, place: str) -> Patient:
        readers = dict.fromkeys(Patient.__dataclass_fields__, _line) | _PATIENT_READERS
        return Patient(**self._values(self._object(value, place, set(readers)), f"{place}.", readers))

    def requester(self, value: Any, place: str) -> Requester:
        readers = dict.fromkeys(Requester.__dataclass_fields__, _line)
        return Requester(**self._values(self._object(value, place, set(readers)), f"{place}.", readers))

    def recipient(self, value: Any, place: str) -> Recipient:
        readers = dict.fromkeys(Recipient.__dataclass_fields__, _line) | {"kind": _recipient_kind}
        return Recipient(**self._values(self._object(value, place, set(readers)), f"{place}.", readers))

    def exams(self, value: Any, place: str) -> tuple[Exam, ...]:
        if not isinstance(value, list):
            raise _Wrong("expected a list")
        readers = dict.fromkeys(Exam.__dataclass_fields__, _line) | _EXAM_READERS
        exams = []
        for number, item in enumerate(value):
            at = f"{place}[{number}]"
            exams.append(Exam(**self._values(self._object(item, at, set(readers)), f"{at}.", readers)))
        return tuple(exams)


def _text(_: _Reader, value: Any, __: str) -> str:
    if not isinstance(value, str):
        raise _Wrong("expected text")
    if _NOT_TEXT.search(value):
        raise _Wrong("holds control characters")
    return value.strip()


def _recipient_kind(_: _Reader, value: Any, __: str) -> RecipientKind:
    try:
        return RecipientKind(value)
    except ValueError:
        raise _Wrong(f"none of {', '.join(repr(kind.value) for kind in RecipientKind)}") from None


def _line(reader: _Reader, value: Any, place: str) -> str:
    """Text without line breaks: what a paste brings along becomes one space."""
    return " ".join(_text(reader, value, place).split())


def _name(reader: _Reader, value: Any, place: str) -> str:
    try:
        return parse_name(_line(reader, value, place))
    except InvalidInput as error:
        raise _Wrong(f"{error.title.lower().replace('dicom', 'DICOM')}. {error.message}") from None


def _hospital_no(reader: _Reader, value: Any, place: str) -> str:
    number = normalise_hospital_number(_line(reader, value, place))
    if len(number) > 64 or "\\" in number:  # LO, PS3.5 6.2
        raise _Wrong("is longer than 64 characters or holds a backslash")
    return number


def _nhs_no(reader: _Reader, value: Any, place: str) -> str:
    """R-ID-1: stored as ten digits; one that is wrong is for `rules` to say."""
    return normalise_nhs_number(_line(reader, value, place))


def _sex(reader: _Reader, value: Any, place: str) -> str:
    sex = _line(reader, value, place).upper()
    if sex not in ("", "M", "F", "O"):
        raise _Wrong("expected M, F or O")
    return sex


def _code(reader: _Reader, value: Any, place: str) -> str:
    """SH, PS3.5 6.2."""
    code = _line(reader, value, place)
    if len(code) > 16 or not code.isascii() or "\\" in code:
        raise _Wrong("expected at most 16 plain letters and digits")
    return code


def _date(_: _Reader, value: Any, __: str) -> date:
    """ISO 8601, or DD/MM/YYYY as the forms print it. The mistake does not repeat it: it may be a birth date."""
    if not isinstance(value, str):
        raise _Wrong("expected a date as text")
    for pattern in _DATES:
        if match := pattern.fullmatch(value.strip()):
            try:
                return date(**{part: int(digits) for part, digits in match.groupdict().items()})
            except ValueError:
                raise _Wrong("there is no such day") from None
    raise _Wrong("not a date (YYYY-MM-DD or DD/MM/YYYY)")


def _number(_: _Reader, value: Any, __: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 999:
        raise _Wrong("expected a whole number from 1 to 999")
    return value


def _bool(_: _Reader, value: Any, __: str) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("expected true or false")
    return value


def _kind(_: _Reader, value: Any, __: str) -> FormKind:
    try:
        return FormKind(value)
    except ValueError:
        raise _Wrong("expected import, export or cd") from None


def _priority(reader: _Reader, value: Any, place: str) -> Priority:
    try:
        return parse_priority(_text(reader, value, place))
    except InvalidInput:
        raise _Wrong("expected Normal, Batch or Blue Light") from None


def _ris_state(_: _Reader, value: Any, __: str) -> RisState:
    try:
        return RisState(value)
    except ValueError:
        raise _Wrong("expected missing or entered") from None


_PATIENT_READERS: dict[str, Callable[[_Reader, Any, str], Any]] = {
    "name": _name,
    "birth_date": _date,
    "hospital_no": _hospital_no,
    "nhs_no": _nhs_no,
    "address": _text,
    "sex": _sex,
}

_EXAM_READERS: dict[str, Callable[[_Reader, Any, str], Any]] = {
    "date": _date,
    "exam_code": _code,
    "accession": _code,
    "ris_state": _ris_state,
}

_FORM_READERS: dict[str, Callable[[_Reader, Any, str], Any]] = {
    "kind": _kind,
    "call_ref": _line,
    "requester": _Reader.requester,
    "patient": _Reader.patient,
    "hospital": _line,
    "recipient": _Reader.recipient,
    "exams": _Reader.exams,
    "discs": _number,
    "disc_no": _number,
    "labelled": _bool,
    "priority": _priority,
    "priority_reason": _text,
    "needed_by": _date,
    "comments": _text,
}
