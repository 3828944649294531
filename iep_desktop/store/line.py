"""The waiting line of one hospital (R-ENG-2): who waits in which order, what holds it back, and who changes that.

Order: by priority, then by the time that stands in `queue_at`, which is that of creation until a person moves it.
Claiming a slot is `slots`' matter; both ask the same questions, which are written here once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Priority
from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import Direction, InstanceState, Transaction
from iep_desktop.store import search
from iep_desktop.store.acts import Act, acting, next_number, too_late
from iep_desktop.store.columns import among
from iep_desktop.store.database import Database
from iep_desktop.store.exchange_tables import TransferRow
from iep_desktop.store.queue_tables import CircuitRow, PauseRow
from iep_desktop.store.rows import transactions_of
from iep_desktop.store.tables import EndRow, InstanceRow, SlotRow, TransactionRow

EVERYTHING = ""
"""The destination that stands for all."""

_TO_MOVE = (InstanceState.LISTED, InstanceState.SPOOLED)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Waiting:
    """One that waits, or runs, and how much of it is still to be moved."""

    transaction: Transaction
    bytes_left: int
    running: bool = False
    paused: bool = False
    node_down: str = ""  # the node that fails for all


class Line:
    """One hospital's waiting line, as persons see and change it."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def all(self) -> tuple[Waiting, ...]:
        """What runs and what waits, in the order of the queue."""
        now = self._database.now()
        with self._database.read() as session:
            line = in_order(queued(self._hospital)).with_only_columns(*EndRow.__table__.columns)
            ends = session.execute(line).all()
            ids = [end.transaction_id for end in ends]
            running = set(session.scalars(_running(self._hospital, now)))
            left = _bytes_left(session, ids)
            paused, down = pauses(session, self._hospital), _open_nodes(session, self._hospital)
            return tuple(
                Waiting(
                    found,
                    left.get(found.id, 0),
                    found.id in running,
                    bool(paused & {EVERYTHING, found.recipient}),
                    next((node for node in (found.node, found.source_node) if node in down), ""),
                )
                for found in transactions_of(session, ends)
            )

    def paused(self) -> frozenset[str]:
        """The destinations that are paused."""
        with self._database.read() as session:
            return pauses(session, self._hospital)

    def found(self, typed: str) -> frozenset[int]:
        """Those that run or wait and that a search finds, as worklists are searched."""
        wanted = queued(self._hospital).where(search.matches(EndRow.search, typed))
        with self._database.read() as session:
            return frozenset(session.scalars(wanted.with_only_columns(EndRow.transaction_id)))

    # -- what persons change

    def pause(self, destination: str, actor: str) -> None:
        """Nothing more goes to that hospital; what runs stops between two images and keeps its place."""
        row = PauseRow(
            hospital=self._hospital,
            destination=destination,
            paused_by=actor,
            paused_at=self._database.now(),
        )
        with self._database.write() as session:
            session.merge(row)
            touch(session, self._hospital)

    def resume(self, destination: str) -> None:
        with self._database.write() as session:
            row = session.get(PauseRow, (self._hospital, destination))
            if row is not None:
                session.delete(row)
            touch(session, self._hospital)

    def place(self, id: int, before: int | None, actor: str) -> None:
        """Move one that waits before another of its priority and direction, or to the end of these.

        Raises:
            Refused: it does not wait (any more), or the other is not one of these.
        """
        with acting(self._database, self._hospital, id) as act:
            peers = self._peers(act)
            if act.ours not in peers:
                raise Refused(f"{act.row.number} does not wait", "It has begun, or is done.", "Refresh.")
            times = [end.queue_at for end in peers]
            peers.remove(act.ours)
            at = len(peers) if before is None else _index(peers, before)
            peers.insert(at, act.ours)
            _give_times(peers, times, next_number(act.session, "changes"))
            act.record("queue", f"Moved in the queue by {actor}, now {_th(at + 1)} of its priority", actor)

    def set_priority(
        self, id: int, priority: Priority, reason: str, actor: str, not_before: datetime | None = None
    ) -> None:
        """R-TX-3: raise or lower it, with the reason in its history. A Blue Light waits for nothing.

        Raises:
            Refused: it has come to rest, or has that priority already.
        """
        with acting(self._database, self._hospital, id) as act:
            before = act.row.priority
            if act.row.status in FINAL:
                raise Refused(
                    f"{act.row.number} is {act.row.status.value}", "Its priority means nothing now."
                )
            if before is priority:
                raise too_late(f"{act.row.number} is {priority.value} already")
            act.row.priority = priority
            act.form.document = replace(act.form.document, priority=priority, priority_reason=reason)
            act.record("priority", f"{before.value} → {priority.value}: {reason}", actor)
            for end in act.ends:
                if end.queue_at is not None and (priority is Priority.BLUE_LIGHT or not end.attempts):
                    end.not_before = not_before if end is act.ours else None

    # -- inside

    def _peers(self, act: Act) -> list[EndRow]:
        wanted = waiting(self._hospital, act.now).where(
            EndRow.direction == act.ours.direction, EndRow.priority == act.row.priority
        )
        return list(act.session.scalars(in_order(wanted)))


def touch(session: Session, hospital: str) -> None:
    """Open windows look again at whatever waits or runs."""
    line = [EndRow.hospital == hospital, EndRow.queue_at.is_not(None)]
    session.execute(update(EndRow).where(*line).values(changed=next_number(session, "changes")))


# -- the questions


def queued(hospital: str) -> Select[EndRow]:
    """What waits or runs."""
    return select(EndRow).where(EndRow.hospital == hospital, EndRow.queue_at.is_not(None))


def waiting(hospital: str, now: datetime) -> Select[EndRow]:
    """Queued and held by no living slot."""
    held = exists().where(
        SlotRow.hospital == EndRow.hospital,
        SlotRow.transaction_id == EndRow.transaction_id,
        SlotRow.lease_until > now,
    )
    return queued(hospital).where(~held)


def runnable(hospital: str, now: datetime, batch_open: bool) -> Select[EndRow]:
    """Waits for nothing but a slot (R-ENG-2)."""
    found = waiting(hospital, now).where(
        or_(EndRow.not_before.is_(None), EndRow.not_before <= now), ~_held_back(hospital)
    )
    return found if batch_open else found.where(EndRow.priority != Priority.BATCH)


def in_order(line: Select[EndRow]) -> Select[EndRow]:
    """R-ENG-2: by priority, then oldest first."""
    return line.order_by(EndRow.priority, EndRow.queue_at, EndRow.transaction_id)


def _held_back(hospital: str) -> ColumnElement[bool]:
    """Its destination is paused, or a node that it needs fails for all."""
    paused = select(PauseRow.destination).where(PauseRow.hospital == hospital)
    down = select(CircuitRow.node).where(CircuitRow.hospital == hospital, CircuitRow.open_since.is_not(None))
    return or_(
        paused.where(PauseRow.destination == EVERYTHING).exists(),
        exists().where(
            TransactionRow.id == EndRow.transaction_id,
            or_(TransactionRow.recipient.in_(paused), TransactionRow.node.in_(down)),
        ),
        exists().where(
            TransferRow.transaction_id == EndRow.transaction_id,
            or_(
                and_(EndRow.direction == Direction.OUT, TransferRow.source_node.in_(down)),
                and_(EndRow.direction == Direction.IN, TransferRow.gateway.in_(down)),
            ),
        ),
    )


def _running(hospital: str, now: datetime) -> Select[int | None]:
    return select(SlotRow.transaction_id).where(
        SlotRow.hospital == hospital, SlotRow.transaction_id.is_not(None), SlotRow.lease_until > now
    )


def pauses(session: Session, hospital: str) -> frozenset[str]:
    """The destinations that persons have paused."""
    return frozenset(session.scalars(select(PauseRow.destination).where(PauseRow.hospital == hospital)))


def _open_nodes(session: Session, hospital: str) -> frozenset[str]:
    wanted = select(CircuitRow.node).where(
        CircuitRow.hospital == hospital, CircuitRow.open_since.is_not(None)
    )
    return frozenset(session.scalars(wanted))


def _bytes_left(session: Session, ids: Sequence[int]) -> dict[int, int]:
    wanted = (
        select(InstanceRow.transaction_id, func.sum(InstanceRow.size))
        .where(InstanceRow.transaction_id.in_(among(ids)), InstanceRow.state.in_(_TO_MOVE))
        .group_by(InstanceRow.transaction_id)
    )
    return {owner: int(size) for owner, size in session.execute(wanted)}


def _index(peers: Sequence[EndRow], id: int) -> int:
    for at, end in enumerate(peers):
        if end.transaction_id == id:
            return at
    raise Refused(
        "It can only be moved among those of its priority that wait",
        "The other has another priority, another direction, or has begun.",
        "Change its priority instead, or refresh.",
        rule="R-ENG-2",
    )


def _give_times(peers: Sequence[EndRow], times: Sequence[datetime | None], tick: int) -> None:
    """The same times in the new order, none twice."""
    last: datetime | None = None
    for end, time in zip(peers, times, strict=True):
        assert time is not None  # it waits
        last = time if last is None else max(time, last + _MOMENT)
        if end.queue_at != last:
            end.queue_at, end.changed = last, tick


def _th(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"
