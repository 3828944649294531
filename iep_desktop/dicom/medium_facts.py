"""What a directory record or a file's head says, as core's words: which patient, study, series, instance.

Owns the meaning of the attributes that reading a medium needs, and their text in its own character set. Must not know
where the values come from. What is not given or makes no sense is empty or None: nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydicom._uid_dict import UID_dictionary

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import parse_nhs_number
from iep_desktop.core.medium import MediumInstance, MediumPatient, MediumSeries, MediumStudy
from iep_desktop.dicom.charsets import CHARSET, charset_of
from iep_desktop.dicom.elements import Syntax
from iep_desktop.dicom.skim import Values, item_items, item_text, items, tags

SOP_CLASS, SOP_INSTANCE, INSTANCE_NUMBER = 0x00080016, 0x00080018, 0x00200013
PATIENT_NAME, PATIENT_ID, ISSUER, ISSUER_QUALIFIERS = 0x00100010, 0x00100020, 0x00100021, 0x00100024
BIRTH_DATE, SEX, OTHER_IDS = 0x00100030, 0x00100040, 0x00101002
STUDY_UID, STUDY_DATE, STUDY_DESCRIPTION = 0x0020000D, 0x00080020, 0x00081030
ACCESSION, INSTITUTION = 0x00080050, 0x00080080
SERIES_UID, MODALITY, SERIES_NUMBER, SERIES_DESCRIPTION = 0x0020000E, 0x00080060, 0x00200011, 0x0008103E
_OF_PATIENT = (PATIENT_NAME, PATIENT_ID, ISSUER, BIRTH_DATE, SEX, OTHER_IDS, ISSUER_QUALIFIERS)
_OF_STUDY = (STUDY_UID, STUDY_DATE, STUDY_DESCRIPTION, ACCESSION, INSTITUTION)
_OF_SERIES = (SERIES_UID, MODALITY, SERIES_NUMBER, SERIES_DESCRIPTION)
WANTED = tags(CHARSET, SOP_CLASS, SOP_INSTANCE, INSTANCE_NUMBER, *_OF_PATIENT, *_OF_STUDY, *_OF_SERIES)

NHS_ISSUERS = frozenset({"NHS", "2.16.840.1.113883.2.1.4.1"})
_DATE = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")  # DA, also as ACR-NEMA wrote it

# Label map and height map segmentations: in the standard since pydicom's list was made
_NEWER_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.66.8"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed:
    """An instance with the patient, study and series above it; these without what lies below them."""

    patient: MediumPatient
    study: MediumStudy
    series: MediumSeries
    instance: MediumInstance


class Facts:
    """Interprets values; what many files say alike is interpreted once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}

    def patient(self, values: Values, syntax: Syntax) -> MediumPatient:
        return self._once(_patient, _OF_PATIENT, values, syntax)

    def study(self, values: Values, syntax: Syntax) -> MediumStudy:
        return self._once(_study, _OF_STUDY, values, syntax)

    def series(self, values: Values, syntax: Syntax) -> MediumSeries:
        return self._once(_series, _OF_SERIES, values, syntax)

    def _once(
        self,
        interpret: Callable[[Values, Syntax], T],
        needed: tuple[int, ...],
        values: Values,
        syntax: Syntax,
    ) -> T:
        said = tuple(values.get(tag) for tag in (CHARSET, *needed))
        if not all(value is None or isinstance(value, bytes) for value in said):
            return interpret(values, syntax)
        key = (interpret, syntax, said)
        if key not in self._known:
            self._known[key] = interpret(values, syntax)
        result: T = self._known[key]
        return result


def text(values: Values, tag: int, vr: str = "LO") -> str:
    """Strictly in the declared character set; where that does not explain the bytes, UTF-8, then Latin-1.

    The last two serve a screen: discs whose names lack a declaration are common (PS3.3 C.12.1.1.2).
    """
    value = values.get(tag)
    if not isinstance(value, bytes):
        return ""
    charset = values.get(CHARSET)
    try:
        decoded = charset_of(charset if isinstance(charset, bytes) else None).decode(value, vr)
    except (UnicodeError, LookupError):
        decoded = guessed(value)
    return decoded.strip(" \0\r\n\t")


def code(values: Values, tag: int) -> str:
    """A UID or a code string."""
    value = values.get(tag)
    return value.decode("ascii", "replace").strip(" \0") if isinstance(value, bytes) else ""


def number(values: Values, tag: int) -> int | None:
    """An IS; some writers add a decimal point."""
    try:
        return int(code(values, tag).partition(".")[0])
    except ValueError:
        return None


def day(values: Values, tag: int) -> date | None:
    match = _DATE.fullmatch(code(values, tag))
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def is_standard_class(uid: str) -> bool:
    """Whether the standard names it as a SOP Class, retired ones too (PS3.6 A)."""
    return uid in _NEWER_CLASSES or UID_dictionary.get(uid, ("", ""))[1] == "SOP Class"


def guessed(value: bytes) -> str:
    """Of bytes in a character set that nobody declared."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _patient(values: Values, syntax: Syntax) -> MediumPatient:
    return MediumPatient(
        patient_id=text(values, PATIENT_ID),
        issuer=text(values, ISSUER),
        name=text(values, PATIENT_NAME, "PN").rstrip("="),  # empty groups at the end say nothing (PS3.5 6.2)
        birth_date=day(values, BIRTH_DATE),
        sex=code(values, SEX),
        nhs_no=_nhs_number(values, syntax),
    )


def _study(values: Values, syntax: Syntax) -> MediumStudy:
    return MediumStudy(
        study_uid=code(values, STUDY_UID),
        date=day(values, STUDY_DATE),
        description=text(values, STUDY_DESCRIPTION),
        accession=text(values, ACCESSION),
        institution=text(values, INSTITUTION),
    )


def _series(values: Values, syntax: Syntax) -> MediumSeries:
    return MediumSeries(
        series_uid=code(values, SERIES_UID),
        modality=code(values, MODALITY),
        number=number(values, SERIES_NUMBER),
        description=text(values, SERIES_DESCRIPTION),
    )


def _nhs_number(values: Values, syntax: Syntax) -> str:
    """The first valid one that the patient's own number or another one is said to be (R-ID-1)."""
    qualifiers = values.get(ISSUER_QUALIFIERS, b"")
    issuers = [text(values, ISSUER), *(item_text(i, "UniversalEntityID") for i in items(qualifiers, syntax))]
    numbers = [text(values, PATIENT_ID)] if NHS_ISSUERS & set(issuers) else []
    for item in items(values.get(OTHER_IDS, b""), syntax):
        said_by = [item_text(item, "IssuerOfPatientID")]
        deeper = item_items(item, "IssuerOfPatientIDQualifiersSequence")
        said_by += [item_text(qualifier, "UniversalEntityID") for qualifier in deeper]
        if NHS_ISSUERS & set(said_by):
            numbers.append(item_text(item, "PatientID"))
    return next((valid for valid in map(_valid_nhs_number, numbers) if valid), "")


def _valid_nhs_number(said: str) -> str:
    try:
        return parse_nhs_number(said)
    except InvalidInput:
        return ""
