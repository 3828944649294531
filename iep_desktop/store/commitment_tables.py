"""The tables of storage commitment (PS3.4 J): what a node was asked to keep, and what it said of each image."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from iep_desktop.core.evidence import CommitmentState
from iep_desktop.store.tables import Base


class CommitmentRow(Base):
    """One request (N-ACTION), written before it is sent."""

    __tablename__ = "commitments"
    __table_args__ = (Index(None, "uid", unique=True), Index(None, "transaction_id"), Index(None, "node"))

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("transactions.id", ondelete="CASCADE"))
    hospital: Mapped[str]  # whose program asked
    uid: Mapped[str] = mapped_column(String(64))  # Transaction UID (0008,1195)
    node: Mapped[str]
    state: Mapped[CommitmentState]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]  # so long the job waits
    reported_at: Mapped[datetime | None]


class CommitmentImageRow(Base):
    """One image of a request, and what the report says of it."""

    __tablename__ = "commitment_images"
    __table_args__ = (Index(None, "instance_id"), {"sqlite_with_rowid": False})

    commitment_id: Mapped[int] = mapped_column(
        ForeignKey("commitments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    instance_id: Mapped[int] = mapped_column(
        ForeignKey("instances.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    committed: Mapped[bool | None]  # None: not said
    failure_reason: Mapped[int | None]  # (0008,1197), PS3.3 C.14.1.1
