"""The ledger's tables. One transaction, its ends (each hospital's view of it), and what belongs to it.

`ends` repeats what a worklist sorts, filters and searches by; `tallies` how many ends there are of each kind, and
`transactions` the counts of its instances. All are written with what they repeat, in one transaction.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from iep_desktop.core.evidence import CommitmentState, CommitmentUse, Evidence
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.model import Form, NodeRole, Priority, RisState
from iep_desktop.core.transaction import (
    Direction,
    Failure,
    InstanceState,
    MatchDecision,
    Requirement,
    SlotKind,
    Status,
    Tab,
    TransactionType,
)
from iep_desktop.store.columns import Document, FileName, Instant, Rank, Word


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: Instant(),
        Status: Word(Status),
        Tab: Word(Tab),
        TransactionType: Word(TransactionType),
        Direction: Word(Direction),
        InstanceState: Word(InstanceState),
        RisState: Word(RisState),
        NodeRole: Word(NodeRole),
        SlotKind: Word(SlotKind),
        Evidence: Word(Evidence),
        CommitmentUse: Word(CommitmentUse),
        CommitmentState: Word(CommitmentState),
        Priority: Rank(),
        Form: Document(Form),
        Failure: Document(Failure),
        MatchDecision: Document(MatchDecision),
        MediumPatient: Document(MediumPatient),
        tuple[Requirement, ...]: Document(tuple[Requirement, ...]),
    }


def _owner() -> Mapped[int]:
    """The transaction that a row belongs to."""
    return mapped_column(ForeignKey("transactions.id", ondelete="CASCADE"))


# -- transactions


class CounterRow(Base):
    """Numbers that are given out once: a year's transactions, the ledger's changes."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class TransactionRow(Base):
    __tablename__ = "transactions"
    __table_args__ = (
        UniqueConstraint("number"),
        Index(None, "nhs_no"),
        Index(None, "hospital_no"),
        CheckConstraint(
            "listed >= 0 AND spooled >= 0 AND sent >= 0 AND verified >= 0 AND failed >= 0 AND skipped >= 0",
            "counts",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16))
    type: Mapped[TransactionType]
    sender: Mapped[str]
    recipient: Mapped[str]
    status: Mapped[Status]
    priority: Mapped[Priority]
    node: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    updated_at: Mapped[datetime]
    nhs_no: Mapped[str]  # of the form's patient, normalised, for the history
    hospital_no: Mapped[str]
    registered_by: Mapped[str]
    everything_reason: Mapped[str]
    failure: Mapped[Failure | None]
    match: Mapped[MatchDecision | None]
    # How many instances stand in which state.
    listed: Mapped[int] = mapped_column(default=0)
    spooled: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    verified: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)


class EndRow(Base):
    """A transaction as one hospital has it: its tab, its requirements, its queue.

    Kept in the order of the primary key (SQLite: without rowid), which is that of a worklist: a filter or search
    that no index serves reads the hospital's rows one after the other.
    """

    __tablename__ = "ends"
    __table_args__ = (
        UniqueConstraint("transaction_id", "hospital"),
        Index(None, "hospital", "changed"),
        # One for each filter that leaves few, in the order of time.
        *(
            Index(None, "hospital", column, "created_at", "transaction_id")
            for column in ("tab", "created_by", "priority")
        ),
        # One for each column that a worklist is sorted by; by date it is the primary key.
        *(
            Index(None, "hospital", column, "transaction_id")
            for column in ("type", "direction", "patient", "institution", "assigned_to", "status")
        ),
        Index(
            "ix_ends_queue",
            "hospital",
            "priority",
            "queue_at",
            "transaction_id",
            sqlite_where=text("queue_at IS NOT NULL"),
            postgresql_where=text("queue_at IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    hospital: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True
    )
    direction: Mapped[Direction]
    tab: Mapped[Tab]
    required: Mapped[tuple[Requirement, ...]]
    assigned_to: Mapped[str]
    unread: Mapped[int]
    uncommitted: Mapped[int] = mapped_column(server_default="0")  # images that a person has to look at
    changed: Mapped[int] = mapped_column(BigInteger)  # of the ledger's changes, the last that touched it
    # The queue: waiting or running where queue_at is set, which is also the place.
    queue_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    attempts: Mapped[int]
    # Repeated for the worklists.
    type: Mapped[TransactionType]
    status: Mapped[Status]
    priority: Mapped[Priority]
    created_by: Mapped[str]
    patient: Mapped[str]  # folded name, to sort by
    institution: Mapped[str]  # folded name of the other end, to sort by
    search: Mapped[str]  # folded number, identifiers and name


class TallyRow(Base):
    """How many ends are alike in all that a worklist filters by; a million of them fold into some thousand rows."""

    __tablename__ = "tallies"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hospital: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)  # of creation, as people here count it
    tab: Mapped[Tab] = mapped_column(primary_key=True)
    type: Mapped[TransactionType] = mapped_column(primary_key=True)
    direction: Mapped[Direction] = mapped_column(primary_key=True)
    priority: Mapped[Priority] = mapped_column(primary_key=True, autoincrement=False)
    created_by: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class FormRow(Base):
    __tablename__ = "forms"

    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True
    )
    call_ref: Mapped[str]
    document: Mapped[Form]


class ExamRow(Base):
    __tablename__ = "exams"
    __table_args__ = (UniqueConstraint("transaction_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = _owner()
    position: Mapped[int]
    date: Mapped[date | None]
    modality: Mapped[str]
    description: Mapped[str]
    exam_code: Mapped[str]
    accession: Mapped[str]
    ris_state: Mapped[RisState]
    study_uid: Mapped[str]


class SeriesRow(Base):
    """What the instances of one series have in common."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("transaction_id", "study_uid", "series_uid"),
        Index(None, "study_uid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = _owner()
    study_uid: Mapped[str]
    series_uid: Mapped[str]
    modality: Mapped[str]
    description: Mapped[str]


class InstanceRow(Base):
    __tablename__ = "instances"
    __table_args__ = (UniqueConstraint("transaction_id", "sop_instance_uid"), Index(None, "series_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = _owner()
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    sop_instance_uid: Mapped[str]
    sop_class_uid: Mapped[str]
    transfer_syntax_uid: Mapped[str]
    source_path: Mapped[str] = mapped_column(FileName())
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[InstanceState]
    sha256: Mapped[str]
    spool_name: Mapped[str]
    dicom_status: Mapped[int | None]
    reason: Mapped[str]
    evidence: Mapped[Evidence | None]  # of the leg in which it was verified last


class MediumRow(Base):
    __tablename__ = "media"
    __table_args__ = (Index(None, "fingerprint"),)

    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[str] = mapped_column(FileName())
    label: Mapped[str] = mapped_column(FileName())
    fingerprint: Mapped[str]
    disc_no: Mapped[int | None]
    discs: Mapped[int | None]
    contents: Mapped[str]
    patient: Mapped[MediumPatient | None]
    patients: Mapped[int]


class EventRow(Base):
    __tablename__ = "events"
    __table_args__ = (Index(None, "transaction_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = _owner()
    at: Mapped[datetime]
    hospital: Mapped[str]  # whose person or program it was
    actor: Mapped[str]
    kind: Mapped[str] = mapped_column(String(32))
    text: Mapped[str]
    status: Mapped[Status | None]


class MessageRow(Base):
    __tablename__ = "messages"
    __table_args__ = (Index(None, "transaction_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = _owner()
    at: Mapped[datetime]
    author: Mapped[str]
    hospital: Mapped[str]
    text: Mapped[str]
    read: Mapped[bool]  # by the other end


class AttachmentRow(Base):
    __tablename__ = "attachments"
    __table_args__ = (Index(None, "transaction_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = _owner()
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    sop_instance_uid: Mapped[str] = mapped_column(server_default="")  # of the document that it is sent as
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


# -- the engine


class SlotRow(Base):
    """R-ENG-1. A transaction is held by one slot of a hospital at a time."""

    __tablename__ = "slots"
    __table_args__ = (UniqueConstraint("hospital", "transaction_id"),)

    hospital: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[SlotKind] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id", ondelete="SET NULL"))
    holder: Mapped[str]
    token: Mapped[str]  # of the claim, which alone may renew and release it
    lease_until: Mapped[datetime | None]


class DraftRow(Base):
    """A wizard's draft; opaque text."""

    __tablename__ = "drafts"

    owner: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    updated_at: Mapped[datetime]
