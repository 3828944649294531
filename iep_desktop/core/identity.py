"""Whose images: what their headers say beside what the request says, field by field (screens.md, identity strip).

Comparing only, for a person to look at. Unlike on a foreign disc, two hospital numbers of ours that differ are two
patients.
"""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import (
    normalise_hospital_number,
    normalise_nhs_number,
    parse_hospital_number,
)
from iep_desktop.core.matching import Agreement, Field, Identity, compare
from iep_desktop.core.viewing import ViewPatient

FIELDS = (Field.NAME, Field.BIRTH_DATE, Field.NHS_NUMBER, Field.HOSPITAL_NUMBER, Field.SEX)
_TELLING = (Field.NAME, Field.BIRTH_DATE)


@dataclass(frozen=True)
class IdentityField:
    """`agreement` is that of the images with the request; ABSENT also where nothing was asked."""

    field: Field
    images: str
    request: str
    agreement: Agreement


def identity_of_view(patient: ViewPatient) -> Identity:
    number = normalise_hospital_number(patient.patient_id)
    nhs_no = normalise_nhs_number(patient.nhs_no)
    return Identity(patient.name, patient.birth_date, nhs_no, number, patient.sex.strip().upper())


def compared(asked: ViewPatient | None, header: ViewPatient) -> tuple[IdentityField, ...]:
    """All fields, in the order in which they are shown."""
    request = identity_of_view(asked or ViewPatient())
    match = compare(request, identity_of_view(header), None)
    by_field = {found.field: found for found in match.fields}
    result = []
    for field in FIELDS:
        found = by_field[field]
        agreement = found.medium.agreement
        if field is Field.HOSPITAL_NUMBER and agreement is Agreement.OWN:
            agreement = _numbers(found.form, found.medium.text)
        result.append(IdentityField(field, found.medium.text, found.form, agreement))
    return tuple(result)


def differing_fields(fields: tuple[IdentityField, ...]) -> tuple[Field, ...]:
    return tuple(found.field for found in fields if found.agreement is Agreement.DIFFERS)


def agrees(fields: tuple[IdentityField, ...]) -> bool:
    """Name and date of birth are on both and agree, and nothing differs."""
    telling = [found for found in fields if found.field in _TELLING]
    return not differing_fields(fields) and all(found.agreement is Agreement.AGREES for found in telling)


def _numbers(asked: str, given: str) -> Agreement:
    """Another hospital's number is its own; another number of ours is another patient's."""
    if not asked:
        return Agreement.ABSENT
    try:
        parse_hospital_number(asked)
        parse_hospital_number(given)
    except InvalidInput:
        return Agreement.OWN
    return Agreement.DIFFERS
