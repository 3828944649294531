"""The tables that only transfers between hospitals need, beside `tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from iep_desktop.core.model import Form
from iep_desktop.store.tables import Base


class TransferRow(Base):
    """What a transfer or directly routed study has besides every transaction."""

    __tablename__ = "transfers"
    __table_args__ = (Index(None, "request_id"), Index(None, "on_iep_at"))

    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True
    )
    request_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id", ondelete="SET NULL"))
    source_node: Mapped[str]  # the sender's PACS
    gateway: Mapped[str]  # the recipient's node in which it lies On IEP
    onward_reason: Mapped[str]  # R-GATE-8
    trauma: Mapped[bool]  # R-TRAUMA
    whole_studies: Mapped[bool]  # everything in the studies, also what comes while it is sent
    asked_by: Mapped[str]  # who asked for the download; empty: nobody yet
    on_iep_at: Mapped[datetime | None]  # R-TIME-3 counts from here
    purged_at: Mapped[datetime | None]  # its images are gone from the gateway, whatever became of them
    warned_at: Mapped[datetime | None]  # when the warnings of the purge were looked at last


class OwnFormRow(Base):
    """The recipient's own form for a transfer: its hospital number for the patient, its call, its requester."""

    __tablename__ = "own_forms"

    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True
    )
    hospital: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[Form]
