"""Drafts of the wizards: opaque text that a person can go on with. The owner's alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from iep_desktop.store.database import Database
from iep_desktop.store.tables import DraftRow


@dataclass(frozen=True)
class Draft:
    kind: str
    key: str
    text: str
    updated_at: datetime


class Drafts:
    """Keeps, finds and forgets drafts of one owner."""

    def __init__(self, database: Database, owner: str = "") -> None:
        self._database = database
        self._owner = owner

    def save(self, kind: str, key: str, text: str) -> None:
        """Keep it, replacing the one of that kind and key."""
        row = DraftRow(owner=self._owner, kind=kind, key=key, text=text, updated_at=self._database.now())
        with self._database.write() as session:
            session.merge(row)

    def load(self, kind: str, key: str) -> str | None:
        with self._database.read() as session:
            row = session.get(DraftRow, (self._owner, kind, key))
            return row.text if row else None

    def list(self, kind: str) -> tuple[Draft, ...]:
        """Last changed first."""
        wanted = select(DraftRow).where(DraftRow.owner == self._owner, DraftRow.kind == kind)
        with self._database.read() as session:
            rows = session.scalars(wanted.order_by(DraftRow.updated_at.desc(), DraftRow.key))
            return tuple(Draft(row.kind, row.key, row.text, row.updated_at) for row in rows)

    def delete(self, kind: str, key: str) -> None:
        with self._database.write() as session:
            session.execute(
                delete(DraftRow).where(
                    DraftRow.owner == self._owner, DraftRow.kind == kind, DraftRow.key == key
                )
            )
