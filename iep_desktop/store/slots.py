"""The hospital's slots (R-ENG): who may move what, across all its workstations.

A slot is claimed with a lease by one conditional UPDATE. Who is lost does not renew; then the slot is free again
and another carries on. The token of a claim tells a lost one from a later one of the same holder.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, and_, false, func, or_, select, update
from sqlalchemy.orm import Session

from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, Slot, SlotKind
from iep_desktop.store.database import Database
from iep_desktop.store.line import in_order, queued, runnable, waiting
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
    urgent: bool = False
    """It is a Blue Light."""


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
            kind, no, transaction_id, urgent = chosen
            claim = Claim(kind, no, transaction_id, holder, uuid.uuid4().hex, urgent)
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

    def revive(self, claims: Collection[Claim], lease: timedelta, now: datetime) -> None:
        """Whoever asks is alive: its leases that a clock set forward has ended hold on, where nobody was faster."""
        tokens = [claim.token for claim in claims]
        over = and_(SlotRow.token.in_(tokens), SlotRow.lease_until <= now)
        with self._database.read() as session:
            if session.scalars(select(SlotRow).where(over).limit(1)).first() is None:
                return
        with self._database.write() as session:
            session.execute(update(SlotRow).where(over).values(lease_until=now + lease))

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
            return session.scalars(in_order(queued(self._hospital)).limit(1)).first() is not None

    def place_in_queue(self, id: int) -> int | None:
        """Its place from 1 in the waiting line of its direction; None where it does not wait."""
        now = self._database.now()
        with self._database.read() as session:
            line = session.scalars(in_order(waiting(self._hospital, now))).all()
        direction = next((end.direction for end in line if end.transaction_id == id), None)
        ahead = [end.transaction_id for end in line if end.direction is direction]
        return ahead.index(id) + 1 if direction else None

    # -- inside

    def _choose(
        self, session: Session, now: datetime, batch_open: bool
    ) -> tuple[SlotKind, int, int, bool] | None:
        """A free slot, the first in the line that may use it, and whether that is a Blue Light."""
        free = self._free(session, now)
        line = runnable(self._hospital, now, batch_open).where(_fits(frozenset(k for k, _ in free)))
        end = session.scalars(in_order(line).limit(1)).first()
        if end is None:
            return None
        # A Blue Light takes an ordinary slot where one is free: the reserved one stays for the next.
        wanted = SlotKind.INBOUND if end.direction is Direction.IN else SlotKind.OUTBOUND
        kind, no = min((s for s in free if s[0] is wanted), default=(SlotKind.BLUE_LIGHT, 1))
        return kind, no, end.transaction_id, end.priority is Priority.BLUE_LIGHT

    def _free(self, session: Session, now: datetime) -> list[tuple[SlotKind, int]]:
        wanted = select(SlotRow.kind, SlotRow.no).where(
            SlotRow.hospital == self._hospital,
            or_(SlotRow.transaction_id.is_(None), SlotRow.lease_until <= now),
        )
        return [(kind, no) for kind, no in session.execute(wanted)]

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
