"""One change of one transaction: opened with the write lock, seen by both ends, written with what repeats it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from iep_desktop.core.clocks import LATE, target_counts, with_alarm
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.model import Form
from iep_desktop.core.states import FINAL, check_move, is_whole, tab_of, with_commitment, with_message
from iep_desktop.core.transaction import Direction, Requirement, Status, TransactionType
from iep_desktop.store import search, tallies
from iep_desktop.store.database import Database
from iep_desktop.store.directory_tables import HospitalRow
from iep_desktop.store.exchange_rows import transfer_delivered
from iep_desktop.store.exchange_tables import OwnFormRow
from iep_desktop.store.rows import counts_of, exam_rows
from iep_desktop.store.tables import (
    CounterRow,
    EndRow,
    EventRow,
    ExamRow,
    FormRow,
    TransactionRow,
)

_MOVING_OUT = (Status.STARTED, Status.UPLOADING)
_MOVING_IN = (*_MOVING_OUT, Status.DOWNLOADING)


def next_number(session: Session, counter: str) -> int:
    """The next of a series that gives each number once; holds the counter until the session ends."""
    counted = update(CounterRow).where(CounterRow.name == counter).values(value=CounterRow.value + 1)
    value: int | None = session.scalar(counted.returning(CounterRow.value))
    if value is None:
        session.add(CounterRow(name=counter, value=1))
        session.flush()
        return 1
    return value


class Act:
    """What one person or job does to a transaction; nothing is written unless all of it is legal."""

    def __init__(
        self, session: Session, row: TransactionRow, ours: EndRow, ends: list[EndRow], now: datetime
    ):
        self.session = session
        self.row = row
        self.ours = ours
        self.ends = ends
        self.now = now
        known = [end for end in ends if end in session]  # not those that are made just now
        self._tallied = tallies.kinds(known)
        self._words = {end.hospital: end.search for end in known}
        self._alarms = {end.hospital: r for end in known for r in end.required if r.code == LATE}

    @property
    def form(self) -> FormRow:
        return self.session.get_one(FormRow, self.row.id)

    def move(self, to: Status, text: str, actor: str, kind: str = "status") -> None:
        """Raises Refused where `core.states` does not know the move, or the evidence for it is missing."""
        check_move(self.row.type, self.row.status, to)
        self._check_evidence(to)
        self.row.status = to
        self.record(kind, text, actor, to)

    def record(self, kind: str, text: str, actor: str, status: Status | None = None) -> None:
        self.session.add(
            EventRow(
                transaction_id=self.row.id,
                at=self.now,
                hospital=self.ours.hospital,
                actor=actor,
                kind=kind,
                text=text,
                status=status,
            )
        )

    def queue(self, not_before: datetime | None, attempts: int | None) -> None:
        """Our engine may take it; its place is that of its creation, also at later tries."""
        if self.row.status in FINAL:
            raise Refused(
                f"{self.row.number} is {self.row.status.value}", "There is nothing left to do for it."
            )
        self.ours.queue_at = self.ours.queue_at or self.row.created_at
        self.ours.not_before = not_before
        if attempts is not None:
            self.ours.attempts = attempts

    def unqueue(self) -> None:
        self.ours.queue_at = self.ours.not_before = None

    def unqueue_everywhere(self) -> None:
        for end in self.ends:
            end.queue_at = end.not_before = None

    def require_there(self, requirements: Sequence[Requirement]) -> None:
        """What the other hospital must do now."""
        for end in self.ends:
            if end is not self.ours:
                end.required = tuple(requirements)

    def set_alarm(self, alarm: Requirement | None) -> None:
        """A Blue Light of ours is, or will be, late, or is not any more (R-TIME-2)."""
        if alarm is None:
            self._alarms.pop(self.ours.hospital, None)
        else:
            self._alarms[self.ours.hospital] = alarm

    def change_form(self, form: Form) -> None:
        self.form.document = form
        self.form.call_ref = form.call_ref
        self.row.priority = form.priority
        if self.row.type is TransactionType.CD_IMPORT:
            self.row.sender = form.hospital
        if self.row.type is TransactionType.REQUEST:  # its exams are those of the form, no RIS lines yet
            self.session.execute(delete(ExamRow).where(ExamRow.transaction_id == self.row.id))
            self.session.add_all(exam_rows(self.row.id, form.exams))
        describe(self.session, self.row, self._without_own_form(), form)

    def _without_own_form(self) -> list[EndRow]:
        own = select(OwnFormRow.hospital).where(OwnFormRow.transaction_id == self.row.id)
        hospitals = set(self.session.scalars(own))
        return [end for end in self.ends if end.hospital not in hospitals]

    def finish(self) -> None:
        """Write what repeats the transaction at its ends, and count the change."""
        self.row.updated_at = self.now
        tick = next_number(self.session, "changes")
        for end in self.ends:
            required = with_alarm(end.required, self._alarm_of(end))
            moving = self._moves(end)
            waits = 0 if moving and end.queue_at else end.uncommitted  # the engine asks once more by itself
            required = with_commitment(required, waits, self.row.status, moving=moving)
            end.required = with_message(required, end.unread, self.row.status)
            end.changed = tick
            end.status = self.row.status
            end.priority = self.row.priority
            end.tab = tab_of(self.row.status, end.required)
        tallies.change(self.session, self._tallied, tallies.kinds(self.ends))
        words = {end.hospital: end.search for end in self.ends}
        search.index(self.session, self.row.id, self._words, words)

    def _alarm_of(self, end: EndRow) -> Requirement | None:
        counts = target_counts(self.row.priority, self.row.status, end.direction)
        return self._alarms.get(end.hospital) if counts else None

    def _moves(self, end: EndRow) -> bool:
        """Whether its images are on their way by this end's hands."""
        inbound = end.direction is Direction.IN
        return self.row.status in (_MOVING_IN if inbound else _MOVING_OUT)

    def _check_evidence(self, to: Status) -> None:
        """R-TX-4: partial is never *Delivered*, nor *On IEP*; a request is delivered by a transfer that is."""
        if to not in (Status.DELIVERED, Status.ON_IEP) or self.row.type is TransactionType.DISC_EXPORT:
            return
        if self.row.type is TransactionType.REQUEST:
            if not transfer_delivered(self.session, self.row.id):
                raise Refused("It is not delivered yet", "No transfer for it is delivered.", rule="R-TX-4")
            return
        counts = counts_of(self.row)
        if not is_whole(counts):
            raise Refused(
                f"It is not {to.value} yet",
                f"{counts.verified} of {counts.wanted} images are verified.",
                rule="R-TX-4",
            )


@contextmanager
def acting(database: Database, hospital: str, id: int) -> Iterator[Act]:
    """Open a transaction of ours for a change.

    Raises:
        InvalidInput: unknown, or not ours.
    """
    with database.write() as session, opened(session, hospital, id, database.now()) as act:
        yield act


@contextmanager
def opened(session: Session, hospital: str, id: int, now: datetime) -> Iterator[Act]:
    """The same within a change that has begun: a transfer that ends also moves the request it answers."""
    row = session.scalar(select(TransactionRow).where(TransactionRow.id == id).with_for_update())
    ends = list(session.scalars(select(EndRow).where(EndRow.transaction_id == id)))
    ours = next((end for end in ends if end.hospital == hospital), None)
    if row is None or ours is None:
        raise unknown()
    act = Act(session, row, ours, ends, now)
    yield act
    act.finish()


def unknown() -> InvalidInput:
    return InvalidInput("There is no such transaction", hint="Search for it in the tab All.")


def too_late(title: str) -> Refused:
    """Of two who act at once, the second is told."""
    return Refused(title, "Somebody else was first.", "Refresh.")


def hospitals_of(row: TransactionRow) -> dict[str, Direction]:
    """Both ends; a CD import and a disc are acts of one hospital, which the other one does not see."""
    directions: dict[str, Direction] = {}
    if row.type is not TransactionType.CD_IMPORT and row.sender:
        directions[row.sender] = Direction.OUT
    if row.type is not TransactionType.DISC_EXPORT and row.recipient:
        directions[row.recipient] = Direction.IN
    return directions


def make_ends(session: Session, row: TransactionRow, form: Form) -> list[EndRow]:
    nothing: tuple[Requirement, ...] = ()
    ends = [
        EndRow(
            hospital=ods,
            transaction_id=row.id,
            direction=direction,
            required=nothing,
            assigned_to="",
            unread=0,
            uncommitted=0,
            attempts=0,
            type=row.type,
            created_at=row.created_at,
            created_by=row.created_by,
        )
        for ods, direction in hospitals_of(row).items()
    ]
    describe(session, row, ends, form)
    return ends


def describe(session: Session, row: TransactionRow, ends: list[EndRow], form: Form) -> None:
    """Repeat what transactions are found and sorted by."""
    row.nhs_no = search.digits(form.patient.nhs_no)
    row.hospital_no = search.hospital_number(form.patient)
    describe_ends(session, row, ends, form)


def describe_ends(session: Session, row: TransactionRow, ends: Iterable[EndRow], form: Form) -> None:
    """The same for ends that have a form of their own."""
    for end in ends:
        other = row.sender if end.direction is Direction.IN else row.recipient
        known = session.get(HospitalRow, other)
        end.institution = search.fold(known.name if known else other)
        end.patient = search.folded_name(form.patient)
        end.search = search.haystack(row.number, form.patient)
