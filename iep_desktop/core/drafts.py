"""A transaction before it has a number: what its maker hands to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iep_desktop.core.exchange import Attachment
from iep_desktop.core.model import Exam, Form, Priority
from iep_desktop.core.transaction import Instance, MatchDecision, Medium, Requirement, Status, TransactionType
from iep_desktop.core.viewing import Review


@dataclass(frozen=True)
class TransferPart:
    """What a transfer, or a study that came by itself, has besides."""

    request_id: int | None = None  # the request that it answers
    source_node: str = ""  # our PACS; empty: the hospital's own
    gateway: str = ""  # where it lies already (direct routing)
    onward_reason: str = ""  # R-GATE-8
    trauma: bool = False  # R-TRAUMA
    attachments: tuple[tuple[Attachment, str], ...] = ()  # each with the SOP Instance UID it is sent under
    whole_studies: bool = True  # everything in the studies; else the instances that are listed


@dataclass(frozen=True)
class TransactionDraft:
    """Everything that a new transaction starts with; requirements and queue are those of the maker's end.

    `required_there` is what the other hospital must do.
    """

    type: TransactionType
    sender: str  # ODS
    recipient: str  # ODS
    priority: Priority
    form: Form
    created_by: str
    node: str = ""  # the node that receives
    instances: tuple[Instance, ...] = ()
    exams: tuple[Exam, ...] = ()  # RIS lines; where empty, those of the form
    medium: Medium | None = None
    match: MatchDecision | None = None
    registered_by: str = ""
    everything_reason: str = ""
    required: tuple[Requirement, ...] = ()
    required_there: tuple[Requirement, ...] = ()
    queued: bool = False
    not_before: datetime | None = None  # the engine may not take it earlier
    status: Status = Status.NEW  # On IEP for what lies in our gateway already
    transfer: TransferPart | None = None
    event: str = "Created"  # first line of its history
    review: Review | None = None  # the second, where the images were looked at before
