"""The tables of what keeps the waiting line from moving: pauses of persons, and nodes that fail for all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from iep_desktop.store.tables import Base


class PauseRow(Base):
    """A person has paused what goes to a hospital; the empty destination is everything."""

    __tablename__ = "pauses"

    hospital: Mapped[str] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(primary_key=True)  # ODS
    paused_by: Mapped[str]
    paused_at: Mapped[datetime]


class CircuitRow(Base):
    """How a node has failed lately, over all transactions and workstations of a hospital."""

    __tablename__ = "circuits"

    hospital: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]  # in a row, of different transactions
    last_id: Mapped[int | None]  # the transaction that failed last
    reason: Mapped[str]
    open_since: Mapped[datetime | None]  # nothing is sent to it from then on
    probe_at: Mapped[datetime | None]  # when somebody is to look whether it is back
