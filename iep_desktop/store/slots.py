"""The hospital's slots (R-ENG): who may move what, across all its workstations, and the waiting line.

A slot is claimed with a lease by one conditional UPDATE. Who is lost does not renew; then the slot is free again
and another carries on. The token of a claim tells a lost one from a later one of the same holder.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Select, and_, exists, false, func, or_, select, update
from sqlalchemy.orm import Session

from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, Slot, SlotKind
from iep_desktop.store.database import Database
from iep_desktop.store.tables import EndRow, SlotRow

SIZES = {SlotKind.INBOUND: 4, SlotKind.OUTBOUND: 4, SlotKind.BLUE_LIGHT: 1}
"""R-ENG-1."""


@dataclass(frozen=True)
class Claim:
    """A slot that is ours until its lease ends."""

    kind: SlotKind
    no: int
    transaction_id: int
    holder: str
    token: str


class Slots:
    """Claims, renews and releases one hospital's slots."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital
        self._complete = False

    def claim(
        self, holder: str, lease: timedelta, now: datetime, *, batch_open: bool = False
    ) -> Claim | None:
        """The next transaction that may run and has a slot, or None (R-ENG-2)."""
        self._ensure()
        with self._database.read() as session:  # most looks find nothing and need no lock
            if self._choose(session, now, batch_open) is None:
                return None
        with self._database.write() as session:
            self._reap(session, now)
            chosen = self._choose(session, now, batch_open)
            if chosen is None:
                return None
            kind, no, transaction_id = chosen
            claim = Claim(kind, no, transaction_id, holder, uuid.uuid4().hex)
            free = and_(self._slot(kind, no), SlotRow.transaction_id.is_(None))
            taken = session.execute(
                update(SlotRow)
                .where(free)
                .values(
                    transaction_id=transaction_id, holder=holder, token=claim.token, lease_until=now + lease
                )
            )
            return claim if _rows(taken) else None

    def renew(self, claim: Claim, lease: timedelta, now: datetime) -> None:
        """Raises Refused where the slot was lost: stop, another may run it."""
        with self._database.write() as session:
            kept = session.execute(update(SlotRow).where(self._held(claim)).values(lease_until=now + lease))
            if not _rows(kept):
                raise Refused("The slot was lost", "Its lease ended before it was renewed.")

    def release(self, claim: Claim) -> None:
        """Give the slot back; one that was lost already is not touched."""
        with self._database.write() as session:
            session.execute(update(SlotRow).where(self._held(claim)).values(_FREE))

    def slots(self) -> tuple[Slot, ...]:
        """All nine, inbound first."""
        self._ensure()
        with self._database.read() as session:
            rows = session.scalars(select(SlotRow).where(SlotRow.hospital == self._hospital)).all()
        order = list(SlotKind)
        return tuple(
            Slot(row.kind, row.no, row.transaction_id, row.holder, row.lease_until)
            for row in sorted(rows, key=lambda row: (order.index(row.kind), row.no))
        )

    def free(self, slot: Slot) -> None:
        """Take a slot from a holder that is known to be gone; untouched where somebody else has it by now."""
        held = and_(self._slot(slot.kind, slot.no), SlotRow.holder == slot.holder)
        with self._database.write() as session:
            session.execute(update(SlotRow).where(held).values(_FREE))

    def anything_queued(self) -> bool:
        """Whether something runs, waits for a slot, or waits for its next try."""
        with self._database.read() as session:
            return session.scalars(_in_order(self._queued()).limit(1)).first() is not None

    def place_in_queue(self, id: int) -> int | None:
        """Its place from 1 in the waiting line of its direction; None where it does not wait."""
        now = self._database.now()
        with self._database.read() as session:
            line = _in_order(self._waiting(now)).with_only_columns(EndRow.transaction_id, EndRow.direction)
            waiting = session.execute(line).all()
        direction = next((found for found_id, found in waiting if found_id == id), None)
        ahead = [found_id for found_id, found in waiting if found is direction]
        return ahead.index(id) + 1 if direction else None

    # -- inside

    def _choose(self, session: Session, now: datetime, batch_open: bool) -> tuple[SlotKind, int, int] | None:
        """A free slot and the first in the line that may use it."""
        free = self._free(session, now)
        runnable = self._waiting(now).where(
            or_(EndRow.not_before.is_(None), EndRow.not_before <= now), _fits(frozenset(k for k, _ in free))
        )
        if not batch_open:
            runnable = runnable.where(EndRow.priority != Priority.BATCH)
        end = session.scalars(_in_order(runnable).limit(1)).first()
        if end is None:
            return None
        # A Blue Light takes an ordinary slot where one is free: the reserved one stays for the next.
        wanted = SlotKind.INBOUND if end.direction is Direction.IN else SlotKind.OUTBOUND
        kind, no = min((s for s in free if s[0] is wanted), default=(SlotKind.BLUE_LIGHT, 1))
        return kind, no, end.transaction_id

    def _free(self, session: Session, now: datetime) -> list[tuple[SlotKind, int]]:
        wanted = select(SlotRow.kind, SlotRow.no).where(
            SlotRow.hospital == self._hospital,
            or_(SlotRow.transaction_id.is_(None), SlotRow.lease_until <= now),
        )
        return [(kind, no) for kind, no in session.execute(wanted)]

    def _waiting(self, now: datetime) -> Select[EndRow]:
        """Queued and held by no living slot."""
        held = exists().where(
            SlotRow.hospital == EndRow.hospital,
            SlotRow.transaction_id == EndRow.transaction_id,
            SlotRow.lease_until > now,
        )
        return self._queued().where(~held)

    def _queued(self) -> Select[EndRow]:
        return select(EndRow).where(EndRow.hospital == self._hospital, EndRow.queue_at.is_not(None))

    def _reap(self, session: Session, now: datetime) -> None:
        """Slots whose holder was lost are free."""
        dead = and_(SlotRow.hospital == self._hospital, SlotRow.lease_until <= now)
        session.execute(update(SlotRow).where(dead).values(_FREE))

    def _slot(self, kind: SlotKind, no: int) -> ColumnElement[bool]:
        return and_(SlotRow.hospital == self._hospital, SlotRow.kind == kind, SlotRow.no == no)

    def _held(self, claim: Claim) -> ColumnElement[bool]:
        return and_(self._slot(claim.kind, claim.no), SlotRow.token == claim.token)

    def _ensure(self) -> None:
        """The hospital's slots are there; asked once."""
        if self._complete:
            return
        mine = select(func.count()).where(SlotRow.hospital == self._hospital)
        with self._database.read() as session:
            self._complete = session.scalar(mine) == sum(SIZES.values())
        if not self._complete:
            with self._database.write() as session:
                for kind, size in SIZES.items():
                    for no in range(1, size + 1):
                        if session.get(SlotRow, (self._hospital, kind, no)) is None:
                            session.add(
                                SlotRow(hospital=self._hospital, kind=kind, no=no, holder="", token="")
                            )
            self._complete = True


_FREE = {"transaction_id": None, "holder": "", "token": "", "lease_until": None}


def _in_order(line: Select[EndRow]) -> Select[EndRow]:
    """R-ENG-2: by priority, then oldest first."""
    return line.order_by(EndRow.priority, EndRow.queue_at, EndRow.transaction_id)


def _fits(free: frozenset[SlotKind]) -> ColumnElement[bool]:
    """What the free slots can take (R-ENG-1)."""
    ways: list[ColumnElement[bool]] = [false()]
    if SlotKind.INBOUND in free:
        ways.append(EndRow.direction == Direction.IN)
    if SlotKind.OUTBOUND in free:
        ways.append(EndRow.direction == Direction.OUT)
    elif SlotKind.BLUE_LIGHT in free:
        ways.append(and_(EndRow.direction == Direction.OUT, EndRow.priority == Priority.BLUE_LIGHT))
    return or_(*ways)


def _rows(result: object) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
