"""A transaction before it has a number: what its maker hands to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.model import Exam, Form, Priority
from iep_desktop.core.transaction import Instance, MatchDecision, Medium, Requirement, TransactionType


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
    event: str = "Created"  # first line of its history
