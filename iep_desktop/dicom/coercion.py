"""What an import changes in an instance, and what it leaves to be told (IHE IRWF.b): the words, no files.

Owns the checks that a coercion can be written as DICOM. Must not read or write data elements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from iep_desktop.core.errors import InvalidInput, Permanent
from iep_desktop.core.model import Patient
from iep_desktop.dicom.charsets import Charset, ascii_or_mark, transliterated

NOT_ALLOWED = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")


class CoercionNote(StrEnum):
    """What somebody may want to know about a coerced file."""

    CONVERTED = "text converted to ISO_IR 192"
    TRANSLITERATED = "our text written in ASCII: the file holds text that its character set does not explain"
    SIGNATURE = "a digital signature in the file no longer verifies"


@dataclass(frozen=True)
class Importer:
    """What names this program in Contributing Equipment (PS3.3 C.12.1.1.5)."""

    manufacturer: str = "IEP desktop"
    institution: str = ""
    station: str = ""
    model: str = ""
    version: str = ""


@dataclass(frozen=True)
class Coercion:
    """Whose images they become, and who says so. Raises InvalidInput for what DICOM cannot hold.

    An empty birth date or sex is not known to us: the file keeps its own. Without an accession number the file keeps
    its own, and its issuer; the request is written where the exam is known. `issuer` is of `patient.hospital_no`.
    """

    patient: Patient
    issuer: str
    modifying_system: str
    source_of_previous_values: str  # the sending hospital, or "CD of …"
    when: datetime
    accession: str = ""
    accession_issuer: str = ""
    exam_code: str = ""
    exam_description: str = ""
    exam_code_scheme: str = "99NICIP"
    importer: Importer = Importer()

    def __post_init__(self) -> None:
        patient = self.patient
        _check("Patient name", patient.name, 64, required=True)
        _check("Hospital number", patient.hospital_no, 64, required=True)
        _check("Issuer of the hospital number", self.issuer, 64)
        _check("Accession number", self.accession, 16)
        _check("Issuer of the accession number", self.accession_issuer, 64)
        _check("Exam code", self.exam_code, 16)
        if not (self.accession + self.exam_code + self.exam_code_scheme).isascii():
            raise InvalidInput("Accession number or exam code holds a letter that no RIS gives")
        if patient.sex not in ("", "M", "F", "O"):
            raise InvalidInput("Sex is not M, F or O")
        if self.when.tzinfo is None:
            raise InvalidInput("The time of the import has no time zone")

    def fits(self, charset: Charset) -> bool:
        try:
            charset.encode("".join(self._texts()))
        except UnicodeEncodeError:
            return False
        return True

    def in_ascii(self) -> Coercion:
        """Every text of ours transliterated; what only informs loses letters rather than stop the import."""
        patient, importer = self.patient, self.importer
        try:
            name = transliterated(patient.name.partition("=")[0])  # the alphabetic group (PS3.5 6.2.1.2)
            number, issuer = transliterated(patient.hospital_no), transliterated(self.issuer)
        except UnicodeEncodeError as error:
            raise Permanent(
                "The patient's name cannot be written into this file",
                "The file holds text outside its declared character set, and the name has no Latin letters.",
                "Give the name in Latin letters, or ask the sender to correct the file.",
            ) from error
        return replace(
            self,
            patient=replace(patient, name=name, hospital_no=number),
            issuer=issuer,
            accession_issuer=ascii_or_mark(self.accession_issuer),
            modifying_system=ascii_or_mark(self.modifying_system),
            source_of_previous_values=ascii_or_mark(self.source_of_previous_values),
            exam_description=ascii_or_mark(self.exam_description),
            importer=Importer(**{label: ascii_or_mark(text) for label, text in vars(importer).items()}),
        )

    def _texts(self) -> tuple[str, ...]:
        """Every text of ours that goes into the file."""
        own = (v for v in (*vars(self).values(), *vars(self.importer).values()) if isinstance(v, str))
        return (self.patient.name, self.patient.hospital_no, *own)


@dataclass(frozen=True)
class Coerced:
    """What was made. `before` holds the previous values, for the audit and the ledger, never for a log."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    before: Mapping[str, str]
    notes: tuple[CoercionNote, ...] = ()


def _check(label: str, text: str, most: int, *, required: bool = False) -> None:
    if required and not text.strip("^= "):
        raise InvalidInput(f"{label} is missing")
    if max(map(len, text.split("="))) > most:  # a name's limit is that of each of its groups
        raise InvalidInput(f"{label} is longer than {most} characters")
    if NOT_ALLOWED.search(text):
        raise InvalidInput(f"{label} holds a character that DICOM does not allow")
