"""Which running transactions must give their slot back, told from the ledger alone.

Nobody is told to: every engine looks at the same rows, finds the same answer, and stops those that it runs itself. So
a Blue Light takes a slot at the next boundary between two images, whichever workstation runs there (R-ENG-2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, SlotKind, Status
from iep_desktop.store.database import Database
from iep_desktop.store.line import EVERYTHING, pauses, runnable
from iep_desktop.store.slots import SIZES
from iep_desktop.store.tables import EndRow, SlotRow, TransactionRow

_URGENCY = list(Priority)
_NEVER = datetime.min.replace(tzinfo=UTC)
_KINDS = {
    Direction.IN: (SlotKind.INBOUND,),
    Direction.OUT: (SlotKind.OUTBOUND, SlotKind.BLUE_LIGHT),
}


@dataclass(frozen=True)
class Stop:
    """Why one must stop, for its history. `urgent`: it may not take its time to the end of a long image."""

    text: str
    urgent: bool = False


@dataclass(frozen=True)
class _Held:
    """A slot that a living process holds, and what runs in it."""

    id: int
    kind: SlotKind
    heard: bool  # its holder looks at the ledger
    direction: Direction
    priority: Priority
    queue_at: datetime | None
    status: Status
    recipient: str


class Yielding:
    """Looks at one hospital's slots."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def stops(self, now: datetime, lease: timedelta, *, batch_open: bool = True) -> Mapping[int, Stop]:
        """By transaction. A lease that is not renewed in time is of somebody who would not hear it."""
        with self._database.read() as session:
            held = self._held(session, now, lease)
            found = self._by_themselves(held, pauses(session, self._hospital), batch_open)
            for direction, blue in self._blue_lights(session, now).items():
                wanting = blue - _becoming_free(direction, held, found)
                for victim in _least_urgent(held, direction, found)[: max(wanting, 0)]:
                    found[victim.id] = Stop("Makes way for a Blue Light, and goes on after it", urgent=True)
        return found

    def _held(self, session: Session, now: datetime, lease: timedelta) -> list[_Held]:
        wanted = (
            select(SlotRow, EndRow, TransactionRow.recipient)
            .join(TransactionRow, TransactionRow.id == SlotRow.transaction_id)
            .join(
                EndRow,
                (EndRow.transaction_id == SlotRow.transaction_id) & (EndRow.hospital == SlotRow.hospital),
            )
            .where(SlotRow.hospital == self._hospital, SlotRow.lease_until > now)
        )
        return [
            _Held(
                end.transaction_id,
                slot.kind,
                slot.lease_until is not None and slot.lease_until > now + lease / 2,
                end.direction,
                end.priority,
                end.queue_at,
                end.status,
                recipient,
            )
            for slot, end, recipient in session.execute(wanted)
        ]

    def _by_themselves(self, held: list[_Held], paused: frozenset[str], batch_open: bool) -> dict[int, Stop]:
        """Whoever must stop whether somebody waits for the slot or not."""
        found: dict[int, Stop] = {}
        for one in held:
            if one.status is Status.CANCELLED:
                found[one.id] = Stop("", urgent=True)
            elif paused & {EVERYTHING, one.recipient}:
                found[one.id] = Stop("Paused")
            elif one.priority is Priority.BATCH and not batch_open:
                found[one.id] = Stop("The night window is over, it goes on in the next one")  # R-ENG-2
            elif one.kind is SlotKind.BLUE_LIGHT and one.priority is not Priority.BLUE_LIGHT:
                found[one.id] = Stop(
                    "No Blue Light any more, and in the slot that is kept for one"
                )  # R-ENG-1
        return found

    def _blue_lights(self, session: Session, now: datetime) -> dict[Direction, int]:
        """How many wait for a slot in which direction."""
        line = runnable(self._hospital, now, batch_open=True).where(EndRow.priority == Priority.BLUE_LIGHT)
        counted = line.with_only_columns(EndRow.direction, func.count()).group_by(EndRow.direction)
        return dict(session.execute(counted).all())


def _becoming_free(direction: Direction, held: list[_Held], stopping: Mapping[int, Stop]) -> int:
    """Slots that a Blue Light of that direction may use, and that are free or about to be."""
    busy = sum(1 for h in held if h.direction is direction and h.id not in stopping)
    return sum(SIZES[kind] for kind in _KINDS[direction]) - busy


def _least_urgent(held: list[_Held], direction: Direction, stopping: Mapping[int, Stop]) -> list[_Held]:
    """Those that may have to make way: Batch before Normal, of these the youngest first."""
    ordinary = [h for h in held if h.heard and h.priority is not Priority.BLUE_LIGHT]
    able = [h for h in ordinary if h.direction is direction and h.id not in stopping]
    return sorted(able, key=lambda h: (_URGENCY.index(h.priority), h.queue_at or _NEVER, h.id), reverse=True)
