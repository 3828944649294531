"""Blue Lights of one hospital whose time runs, and the alarm of those that are, or will be, late (R-TIME-2).

Keeps what it is told; whether one is late is not decided here.
"""

from __future__ import annotations

from sqlalchemy import select

from iep_desktop.core.clocks import LATE, target_counts
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Requirement, Tab, Transaction
from iep_desktop.store.acts import acting
from iep_desktop.store.database import Database
from iep_desktop.store.rows import transactions_of
from iep_desktop.store.tables import EndRow

_WORKING = (Tab.IN_PROGRESS, Tab.ACTION_REQUIRED, Tab.FAILED, Tab.ACCEPTED)
MOST = 500
"""The newest; more at once no hospital has."""


class Alarms:
    """One hospital's Blue Lights, as its clock looks at them."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def blue_lights(self) -> tuple[Transaction, ...]:
        """Those whose four hours run at our end, or are over and they are not done."""
        wanted = select(EndRow).where(
            EndRow.hospital == self._hospital,
            EndRow.priority == Priority.BLUE_LIGHT,
            EndRow.tab.in_(_WORKING),
        )
        newest = wanted.order_by(EndRow.created_at.desc()).limit(MOST)
        with self._database.read() as session:
            found = transactions_of(session, session.scalars(newest).all())
        return tuple(t for t in found if target_counts(t.priority, t.status, t.direction))

    def set(self, id: int, alarm: Requirement | None, text: str, actor: str) -> None:
        """Raise, change or end the alarm of one, with a line in its history. What stands already is not told twice."""
        with acting(self._database, self._hospital, id) as act:
            stands = next((r for r in act.ours.required if r.code == LATE), None)
            if stands != alarm:
                act.set_alarm(alarm)
                act.record("late", text, actor)
