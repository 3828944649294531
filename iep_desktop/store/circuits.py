"""The circuit breaker's memory: which nodes fail for all, in the whole hospital. When it opens, `workers.circuit` says.

A node is counted down by different transactions that fail at it in a row; once open, nothing is sent to it until a
probe succeeds. After that a single failure opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from iep_desktop.store.database import Database
from iep_desktop.store.line import touch
from iep_desktop.store.queue_tables import CircuitRow


@dataclass(frozen=True)
class Circuit:
    """A node that failed lately. `open_since`: nothing is sent to it since then."""

    node: str
    failures: int
    reason: str
    open_since: datetime | None = None


class Circuits:
    """One hospital's view of how nodes fail."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def all(self) -> tuple[Circuit, ...]:
        wanted = select(CircuitRow).where(CircuitRow.hospital == self._hospital).order_by(CircuitRow.node)
        with self._database.read() as session:
            return tuple(Circuit(r.node, r.failures, r.reason, r.open_since) for r in session.scalars(wanted))

    def failed(self, node: str, transaction_id: int, reason: str, limit: int, probe_at: datetime) -> bool:
        """A transaction failed at the node. Returns whether nothing is sent to it any more."""
        with self._database.write() as session:
            row = session.get(CircuitRow, (self._hospital, node)) or CircuitRow(
                hospital=self._hospital, node=node, failures=0
            )
            if row.last_id != transaction_id:
                row.failures += 1
            row.last_id, row.reason = transaction_id, reason
            if row.failures >= limit and row.open_since is None:
                row.open_since, row.probe_at = self._database.now(), probe_at
                touch(session, self._hospital)
            session.add(row)
            return row.open_since is not None

    def answered(self, node: str) -> None:
        """A transaction ended well at the node: whatever it failed before is forgotten."""
        with self._database.read() as session:
            if session.get(CircuitRow, (self._hospital, node)) is None:
                return
        self.forget(node)

    def forget(self, node: str) -> None:
        """As if it had never failed; also where somebody changed its settings."""
        with self._database.write() as session:
            row = session.get(CircuitRow, (self._hospital, node))
            if row is not None:
                session.delete(row)
                touch(session, self._hospital)

    def take_probe(self, now: datetime, again: timedelta) -> str | None:
        """A node that is to be looked at now, by nobody else until `again` has passed."""
        due = select(CircuitRow).where(
            CircuitRow.hospital == self._hospital,
            CircuitRow.open_since.is_not(None),
            CircuitRow.probe_at <= now,
        )
        with self._database.read() as session:
            if session.scalars(due.limit(1)).first() is None:
                return None
        with self._database.write() as session:
            row = session.scalars(due.order_by(CircuitRow.probe_at).limit(1)).first()
            if row is None:
                return None
            row.probe_at = now + again
            return row.node

    def back(self, node: str) -> None:
        """A probe was answered: it goes on, and the next failure opens it again."""
        with self._database.write() as session:
            row = session.get(CircuitRow, (self._hospital, node))
            if row is not None and row.open_since is not None:
                row.failures, row.last_id = row.failures - 1, None
                row.open_since = row.probe_at = None
                touch(session, self._hospital)
