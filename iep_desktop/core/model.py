"""People, hospitals, nodes and forms as frozen dataclasses: no session, no socket, no file handle.

Datetimes are aware and in UTC; dates are plain. Names are DICOM PN (PS3.5 6.2.1.1). NHS numbers are ten digits,
hospital numbers S numbers (R-ID). Enumerations carry the words that IEP shows (R-TX).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from iep_desktop.core.evidence import CommitmentUse


class Priority(StrEnum):
    """R-TX-3. The order of the members is the order of the queue (R-ENG-2)."""

    BLUE_LIGHT = "Blue Light"
    NORMAL = "Normal"
    BATCH = "Batch"


class RisState(StrEnum):
    """R-RIS: whether the exam has its own RIS event."""

    MISSING = "missing"
    ENTERED = "entered"


MOST_ASSOCIATIONS = 16
"""More of one transaction no node is asked for."""


class NodeRole(StrEnum):
    PACS = "pacs"
    GATEWAY = "gateway"


@dataclass(frozen=True)
class Hospital:
    ods: str
    name: str
    town: str = ""


@dataclass(frozen=True)
class Node:
    """A DICOM application entity that belongs to a hospital (PS3.8 AE title ≤ 16 characters)."""

    name: str
    role: NodeRole
    hospital: str  # ODS code
    ae_title: str
    host: str
    port: int
    calling_ae: str = "IEPDESKTOP"
    tls: bool = False
    rest_url: str = (
        ""  # of a gateway that is an Orthanc: there its owner deletes what is to be purged (R-TIME-3)
    )
    dicomweb: str = ""  # address of its DICOMweb services (PS3.18), spoken instead of DIMSE
    commitment: CommitmentUse = CommitmentUse.AUTOMATIC  # of what it took from us (PS3.4 J)
    associations: int = 0  # for one transaction at once; 0: as many as pay


@dataclass(frozen=True)
class Patient:
    """Our patient, as the form says; what goes into the images after coercion."""

    name: str = ""  # PN
    birth_date: date | None = None
    hospital_no: str = ""
    nhs_no: str = ""
    nhs_no_absent_reason: str = ""
    address: str = ""
    sex: str = ""  # M, F, O or empty


@dataclass(frozen=True)
class Exam:
    """One examination of a form, and later its RIS entry (R-RIS)."""

    date: date | None = None
    modality: str = ""
    description: str = ""
    exam_code: str = ""
    accession: str = ""
    ris_state: RisState = RisState.MISSING
    study_uid: str = ""

    @property
    def label(self) -> str:
        when = self.date.strftime("%d/%m/%Y") if self.date else "no date"
        what = self.description or self.exam_code
        said = self.modality and what.upper().startswith(self.modality.upper())  # "MRI Head" says MR
        return " ".join(part for part in ("" if said else self.modality, what) if part) + f", {when}"


@dataclass(frozen=True)
class Requester:
    name: str = ""
    email: str = ""
    phone: str = ""
    consultant: str = ""
    department: str = ""


class RecipientKind(StrEnum):
    """R-FORM, New Transfer. All are reached at the gateway of an institution; what differs is who is meant there."""

    INSTITUTION = "institution"
    COMPANY = "company, hospital or third party"
    INDIVIDUAL = "individual"


@dataclass(frozen=True)
class Recipient:
    """The named person who receives what is sent (R-GATE-4)."""

    name: str = ""
    position: str = ""
    phone: str = ""
    email: str = ""
    kind: RecipientKind = RecipientKind.INSTITUTION

    @property
    def label(self) -> str:
        """`Dr N. Radiologist, Consultant (individual)`"""
        who = ", ".join(part for part in (self.name, self.position) if part)
        return who if self.kind is RecipientKind.INSTITUTION else f"{who} ({self.kind.value})".strip()


class FormKind(StrEnum):
    IMPORT = "import"  # A2
    EXPORT = "export"  # A3
    CD = "cd"  # A6


@dataclass(frozen=True)
class Form:
    """A form of the guideline (R-FORM, R-DISC-1)."""

    kind: FormKind
    call_ref: str = ""
    requester: Requester = Requester()
    patient: Patient = Patient()
    hospital: str = ""  # ODS code of where the images come from, or go to
    recipient: Recipient = Recipient()
    exams: tuple[Exam, ...] = ()
    discs: int | None = None
    disc_no: int | None = None
    labelled: bool | None = None
    priority: Priority = Priority.NORMAL
    priority_reason: str = ""
    needed_by: date | None = None
    comments: str = ""
