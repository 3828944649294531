"""How worklists and lists find by typed text: what is kept is folded, what is typed is folded the same way."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import InstrumentedAttribute

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import normalise_hospital_number, parse_hospital_number
from iep_desktop.core.model import Patient
from iep_desktop.core.names import components

_NUMBER = re.compile(r"(rwe)?s?\d+")


def fold(text: str) -> str:
    """Without case, accents, hyphens and apostrophes; words parted by one space."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\-'’.]", "", kept.replace("^", " ").replace(",", " ")).casefold().split())


def folded_name(patient: Patient) -> str:
    """Family name first, to sort by."""
    return fold(" ".join(components(patient.name)))


def digits(nhs_no: str) -> str:
    """An NHS number as it is kept; what is none stays findable."""
    return re.sub(r"[\s\-]", "", nhs_no)


def hospital_number(patient: Patient) -> str:
    return normalise_hospital_number(patient.hospital_no)


def haystack(number: str, patient: Patient) -> str:
    """All that finds a transaction: its number, the patient's identifiers and name."""
    parts = (number, _as_rwes(patient.hospital_no), digits(patient.nhs_no))
    return " ".join([*(fold(part).replace(" ", "") for part in parts if part), folded_name(patient)])


def matches(column: InstrumentedAttribute[str], typed: str) -> ColumnElement[bool]:
    """Every typed word is somewhere in the column; a number typed in groups is one word."""
    folded = fold(typed)
    compact = folded.replace(" ", "")
    words = [compact] if _NUMBER.fullmatch(compact) else folded.split()
    return and_(true(), *(column.contains(word, autoescape=True) for word in words))


def _as_rwes(number: str) -> str:
    """R-ID-3: holds the S number too, so either way of typing finds it."""
    try:
        return parse_hospital_number(number).rwes_number
    except InvalidInput:
        return number
