"""Forms as JSON files (cli.md, R-FORM): reading says every mistake at once with its place; writing loses nothing.

What is merely *missing* is not an error here: `rules.py` says which clause it blocks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.model import (
    Exam,
    Form,
    FormKind,
    Patient,
    Priority,
    Recipient,
    Requester,
    RisState,
)

_PRIORITIES = {
    "normal": Priority.NORMAL,
    "standard": Priority.NORMAL,  # R-TX-3: what the forms call it
    "batch": Priority.BATCH,
    "blue light": Priority.BLUE_LIGHT,
    "clinical emergency": Priority.BLUE_LIGHT,
}


class _Wrong(Exception):
    """One value is of the wrong type or content."""


def parse_form(text: str | bytes) -> Form:
    """Read a form file.

    Raises:
        InvalidInput: not JSON, unknown keys, wrong types, impossible dates; the message names every place.
    """
    try:
        document = json.loads(text)
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


def form_to_json(form: Form) -> dict[str, Any]:
    """The form as a JSON document that `parse_form` reads back to the same form."""
    patient, requester, recipient = form.patient, form.requester, form.recipient
    return {
        "kind": form.kind.value,
        "call_ref": form.call_ref,
        "requester": vars(requester) | {},
        "patient": vars(patient) | {"birth_date": _iso(patient.birth_date)},
        "hospital": form.hospital,
        "recipient": vars(recipient) | {},
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
            if "kind" not in fields:
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
        self.mistakes += [f"{place}: unknown key {key!r}" for key in unknown]
        return {key: item for key, item in value.items() if key in known}

    def patient(self, value: Any, place: str) -> Patient:
        readers = dict.fromkeys(Patient.__dataclass_fields__, _text) | {"birth_date": _date}
        return Patient(**self._values(self._object(value, place, set(readers)), f"{place}.", readers))

    def requester(self, value: Any, place: str) -> Requester:
        readers = dict.fromkeys(Requester.__dataclass_fields__, _text)
        return Requester(**self._values(self._object(value, place, set(readers)), f"{place}.", readers))

    def recipient(self, value: Any, place: str) -> Recipient:
        readers = dict.fromkeys(Recipient.__dataclass_fields__, _text)
        return Recipient(**self._values(self._object(value, place, set(readers)), f"{place}.", readers))

    def exams(self, value: Any, place: str) -> tuple[Exam, ...]:
        if not isinstance(value, list):
            raise _Wrong("expected a list")
        readers = dict.fromkeys(Exam.__dataclass_fields__, _text) | {"date": _date, "ris_state": _ris_state}
        exams = []
        for number, item in enumerate(value):
            at = f"{place}[{number}]"
            exams.append(Exam(**self._values(self._object(item, at, set(readers)), f"{at}.", readers)))
        return tuple(exams)


def _text(_: _Reader, value: Any, __: str) -> str:
    if not isinstance(value, str):
        raise _Wrong("expected text")
    if any(ord(c) < 32 and c not in "\r\n\t" for c in value) or "\x7f" in value:
        raise _Wrong("holds control characters")
    return value.strip()


def _date(_: _Reader, value: Any, __: str) -> date:
    """ISO 8601, or DD/MM/YYYY as the forms print it."""
    if not isinstance(value, str):
        raise _Wrong("expected a date as text")
    parts = value.strip().split("/")
    try:
        if len(parts) == 3 and [len(part) for part in parts] == [2, 2, 4]:
            day, month, year = map(int, parts)
            return date(year, month, day)
        if len(value.strip()) != 10:
            raise ValueError
        return date.fromisoformat(value.strip())
    except ValueError:
        raise _Wrong(f"{value[:20]!r} is not a date (YYYY-MM-DD or DD/MM/YYYY)") from None


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


_FORM_READERS: dict[str, Callable[[_Reader, Any, str], Any]] = {
    "kind": _kind,
    "call_ref": _text,
    "requester": _Reader.requester,
    "patient": _Reader.patient,
    "hospital": _text,
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
