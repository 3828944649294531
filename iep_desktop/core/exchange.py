"""What is asked and answered between hospitals: a search in PACS, an order to transfer, attachments, the waiting line.

Frozen dataclasses between windows or command line and the workers; no behaviour beyond what the data itself says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from iep_desktop.core.errors import IepError
from iep_desktop.core.form_rules import Gate
from iep_desktop.core.imports import EarlierTransaction
from iep_desktop.core.model import Form
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Instance, Slot, Transaction
from iep_desktop.core.viewing import Review

LARGEST_ATTACHMENT = 50 * 1024 * 1024
"""Bytes. A report has a few hundred kilobytes; the ledger is no file store."""


@dataclass(frozen=True)
class StudyCriteria:
    """What New Transfer searches PACS by; empty values ask for all. Dates are inclusive."""

    patient_ids: tuple[str, ...] = ()  # ways to write one number: the first that finds something counts
    date_from: date | None = None
    date_to: date | None = None
    description: str = ""  # body part or study description
    modalities: frozenset[str] = frozenset()
    accession: str = ""
    limit: int = 500


@dataclass(frozen=True)
class StudySearch:
    """`more`: PACS had more than the limit; the search must be narrowed."""

    studies: tuple[PacsStudy, ...]
    more: bool = False


class MediaType(StrEnum):
    """What may be attached."""

    PDF = "application/pdf"
    TEXT = "text/plain"


@dataclass(frozen=True)
class Attachment:
    """A document that travels with a transfer. `correct`: a person ticked that its content is correct (R-TRAUMA)."""

    name: str
    media_type: MediaType
    content: bytes
    correct: bool = False


@dataclass(frozen=True)
class AttachmentInfo:
    """An attachment as it is listed, without its content. `sop_instance_uid`: the document that it became."""

    id: int
    name: str
    media_type: MediaType
    size: int  # bytes
    sha256: str
    added_by: str
    added_at: datetime
    sop_instance_uid: str = ""


@dataclass(frozen=True)
class TransferOrder:
    """What a person wants to send: the ticked studies of one patient, or some instances of them, to one hospital."""

    to: str  # ODS
    form: Form
    studies: tuple[PacsStudy, ...] = ()
    instances: tuple[Instance, ...] = ()  # ticked in the review; empty: everything in the studies
    source_node: str = ""  # our PACS; empty: the hospital's own
    destination_node: str = ""  # a gateway of the recipient; empty: its first
    onward_reason: str = ""  # R-GATE-8
    attachments: tuple[Attachment, ...] = ()
    request_id: int | None = None  # the request that it answers
    review: Review | None = None
    trauma: bool = False  # R-TRAUMA
    confirmed_patient: bool = False  # R-TRAUMA: "confirm it is the right patient"


@dataclass(frozen=True)
class TransferAssessment:
    """The gate's answer to an order. `pacs_error`: PACS could not be asked whether the studies are as shown."""

    gate: Gate
    earlier: tuple[EarlierTransaction, ...] = ()
    pacs_error: IepError | None = None


@dataclass(frozen=True)
class SlotRow:
    """One of the nine slots and what runs in it."""

    slot: Slot
    transaction: Transaction | None = None


@dataclass(frozen=True)
class WaitingRow:
    """One in the waiting line. `why`: what it waits for besides a free slot; empty where only for that."""

    transaction: Transaction
    place: int  # from 1, in its direction
    starts: datetime | None = None  # estimated, None where nothing has been measured
    why: str = ""


@dataclass(frozen=True)
class QueueView:
    """`paused` holds destinations (ODS); the empty word means everything."""

    slots: tuple[SlotRow, ...]
    waiting: tuple[WaitingRow, ...]
    paused: frozenset[str] = frozenset()
