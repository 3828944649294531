"""Transactions, their instances, events and messages, as one end of the exchange sees them (R-TX)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from iep_desktop.core.evidence import Commitment, Evidence, Uncommitted
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.model import Exam, Form, Patient, Priority


class TransactionType(StrEnum):
    """R-TX-1."""

    REQUEST = "Request"
    TRANSFER = "Transfer"
    DIRECT_ROUTING = "Direct Routing"
    CD_IMPORT = "CD Import"
    DISC_EXPORT = "Disc Export"


class Direction(StrEnum):
    IN = "In"
    OUT = "Out"


class Status(StrEnum):
    """R-TX-4; Accepted and Cancelled are ours besides."""

    NEW = "New"
    STARTED = "Started"
    ACCEPTED = "Accepted"
    UPLOADING = "Uploading"
    ON_IEP = "On IEP"
    DOWNLOAD_REQUEST = "Download Request"
    DOWNLOADING = "Downloading"
    DELIVERED = "Delivered"
    FAILED = "Failed"
    DECLINED = "Decline"
    PURGED = "Purged"
    CANCELLED = "Cancelled"


class Tab(StrEnum):
    """R-UI. A transaction stands in one of the working tabs or in none; All holds every one."""

    IN_PROGRESS = "In Progress"
    ACTION_REQUIRED = "Action Required"
    FAILED = "Failed"
    ALL = "All"
    ACCEPTED = "Accepted"


class InstanceState(StrEnum):
    """The way of one instance through a job; SKIPPED was left out on purpose, with a reason."""

    LISTED = "listed"
    SPOOLED = "spooled"
    SENT = "sent"
    VERIFIED = "verified"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Instance:
    """One SOP Instance of a transaction, with its own state. `spool_name` is relative to the spool folder."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    study_uid: str
    series_uid: str
    modality: str = ""  # of the series, for the screen
    series_description: str = ""
    source_path: str = ""
    size: int = 0
    state: InstanceState = InstanceState.LISTED
    sha256: str = ""
    spool_name: str = ""
    dicom_status: int | None = None  # as the peer said
    reason: str = ""  # why failed or skipped
    evidence: Evidence | None = None  # of a verified one


@dataclass(frozen=True)
class InstanceCounts:
    """How many instances stand in which state. `sent` in JSON and on screens includes the verified ones."""

    listed: int = 0
    spooled: int = 0
    sent: int = 0
    verified: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def wanted(self) -> int:
        """All that must arrive (skipped ones were left out on purpose)."""
        return self.listed + self.spooled + self.sent + self.verified + self.failed

    @property
    def total(self) -> int:
        return self.wanted + self.skipped

    @property
    def arrived(self) -> int:
        """Sent, whether verified yet or not."""
        return self.sent + self.verified


@dataclass(frozen=True)
class Medium:
    """A disc that was handled (R-DISC-5)."""

    source: str
    label: str = ""
    fingerprint: str = ""  # of what it holds: same disc, same fingerprint
    disc_no: int | None = None
    discs: int | None = None
    contents: str = ""  # one line: what it held
    patient: MediumPatient | None = None  # as the medium says; its studies and series without instances
    patients: int = 1  # how many the medium holds


@dataclass(frozen=True)
class MatchDecision:
    """Who decided whose images these are, and on what grounds."""

    medium_patient_id: str
    medium_patient_name: str
    grounds: str
    decided_by: str
    decided_at: datetime
    confirmed_by: str = ""  # the second person


@dataclass(frozen=True)
class Requirement:
    """What a person must do, with the clause that asks for it and what lifts it."""

    code: str
    title: str
    detail: str = ""
    rule: str = ""  # R-GATE-5
    clause: str = ""  # §2.7d
    lift: str = ""  # what lifts it, as words for a button
    due: datetime | None = None
    blocking: bool = True


@dataclass(frozen=True)
class Event:
    """One line of a transaction's history: when, who, what."""

    at: datetime
    actor: str
    kind: str
    text: str
    status: Status | None = None  # the status that this event led to


@dataclass(frozen=True)
class Message:
    at: datetime
    author: str
    hospital: str
    text: str
    read: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a transaction failed: plain words, the DICOM status as it came, the next step."""

    title: str
    message: str = ""
    hint: str = ""
    kind: str = ""
    dicom_status: int | None = None
    node: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Transaction:
    """One row of the ledger as one end sees it: `direction` and `hospital` are from the viewer's side."""

    id: int
    number: str  # 2026-004402
    type: TransactionType
    sender: str  # ODS
    recipient: str  # ODS
    direction: Direction
    status: Status
    priority: Priority
    created_at: datetime
    created_by: str
    form: Form
    updated_at: datetime | None = None
    assigned_to: str = ""
    node: str = ""  # the node that receives
    counts: InstanceCounts = InstanceCounts()
    required: tuple[Requirement, ...] = ()
    exams: tuple[Exam, ...] = ()
    unread: int = 0
    failure: Failure | None = None
    match: MatchDecision | None = None
    medium: Medium | None = None
    registered_by: str = ""  # who looked the patient up on the PAS (R-GATE-5)
    everything_reason: str = ""  # R-GATE-7
    attempts: int = 0
    not_before: datetime | None = None  # waits for the next try until then
    queued: bool = False  # the engine may take it
    request_id: int | None = None  # the request that a transfer answers
    request_number: str = ""
    answers: tuple[str, ...] = ()  # numbers of the transfers that answer a request
    asked_by: str = ""  # who asked for the download, "engine" for one that nobody asked for
    on_iep_at: datetime | None = None  # since when it lies in the recipient's gateway
    their_form: Form | None = None  # what the sender wrote, where `form` is our own
    onward_reason: str = ""  # R-GATE-8
    source_node: str = ""  # the sender's PACS; empty: its own
    gateway: str = ""  # the recipient's node in which it lies On IEP
    whole_studies: bool = True  # everything in its studies; else the instances that were ticked
    trauma: bool = False  # R-TRAUMA
    attachments: int = 0

    @property
    def patient(self) -> Patient:
        return self.form.patient

    @property
    def other_hospital(self) -> str:
        """The other end, as the column Institution shows it."""
        return self.sender if self.direction is Direction.IN else self.recipient


class SlotKind(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BLUE_LIGHT = "blue light"


@dataclass(frozen=True)
class Slot:
    """One of the hospital's slots (R-ENG-1) and who holds it."""

    kind: SlotKind
    no: int
    transaction_id: int | None = None
    holder: str = ""  # workstation and process
    lease_until: datetime | None = None


@dataclass(frozen=True)
class WorklistFilter:
    """What a worklist shows (R-UI). Empty sets mean all."""

    tab: Tab = Tab.ALL
    search: str = ""  # number, patient ID or name
    directions: frozenset[Direction] = field(default_factory=frozenset)
    types: frozenset[TransactionType] = field(default_factory=frozenset)
    created_by: str = ""
    blue_light_only: bool = False
    date_from: date | None = None
    date_to: date | None = None


class Column(StrEnum):
    """Columns a worklist can be sorted by."""

    TYPE = "type"
    DIRECTION = "direction"
    DATE = "date"
    PATIENT = "patient"
    INSTITUTION = "institution"
    ASSIGNED = "assigned"
    STATUS = "status"


@dataclass(frozen=True)
class WorklistOrder:
    column: Column = Column.DATE
    descending: bool = True


@dataclass(frozen=True)
class Page:
    """A slice of a worklist and how many rows there are in all."""

    rows: tuple[Transaction, ...]
    total: int
    more: bool = False  # a search finds still more than can be shown


@dataclass(frozen=True)
class SeriesProgress:
    """How far one series of a transaction is."""

    study_uid: str
    series_uid: str
    modality: str
    description: str
    counts: InstanceCounts


@dataclass(frozen=True)
class Details:
    """All that the details panel shows of one transaction."""

    transaction: Transaction
    events: tuple[Event, ...]
    messages: tuple[Message, ...]
    series: tuple[SeriesProgress, ...]
    place: int | None = None  # in the waiting line, from 1
    evidence: tuple[tuple[Evidence, int], ...] = ()  # of how many images, the strongest first
    commitments: tuple[Commitment, ...] = ()
    uncommitted: tuple[Uncommitted, ...] = ()  # what a person has to look at
