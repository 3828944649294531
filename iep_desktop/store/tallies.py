"""How many of a hospital's transactions there are of each kind, kept with every change and never counted.

Says the totals of tabs and filters, and on which day of a long list a row stands. A kind is all that a worklist
filters by, except what is searched for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, Tab, TransactionType, WorklistFilter
from iep_desktop.store.tables import EndRow, TallyRow


class Kind(NamedTuple):
    """What ends of one tally have in common; named as the columns are."""

    hospital: str
    day: date
    tab: Tab
    type: TransactionType
    direction: Direction
    priority: Priority
    created_by: str


def kinds(ends: Iterable[EndRow]) -> Counter[Kind]:
    return Counter(
        Kind(e.hospital, day_of(e.created_at), e.tab, e.type, e.direction, e.priority, e.created_by)
        for e in ends
    )


def change(session: Session, before: Counter[Kind], after: Counter[Kind]) -> None:
    """Ends that were of some kinds are of others now; under the lock of the ledger's change counter."""
    moved = Counter(after)
    moved.subtract(before)
    for kind, number in moved.items():
        if number:
            _add(session, kind, number)


def counts(session: Session, hospital: str) -> dict[Tab, int]:
    """How many stand in each tab that holds any."""
    wanted = select(TallyRow.tab, func.sum(TallyRow.number)).where(TallyRow.hospital == hospital)
    return dict(session.execute(wanted.group_by(TallyRow.tab)).all())


def total(session: Session, hospital: str, wanted: WorklistFilter) -> int:
    """How many a worklist holds, whatever is searched for."""
    return session.scalar(select(func.sum(TallyRow.number)).where(*_such(hospital, wanted))) or 0


def day_at(
    session: Session, hospital: str, wanted: WorklistFilter, offset: int, descending: bool
) -> tuple[date | None, int]:
    """The day on which the row at `offset` of a worklist stands that is sorted by date, and how far within it."""
    key = TallyRow.day.desc() if descending else TallyRow.day.asc()
    days = select(TallyRow.day, func.sum(TallyRow.number)).where(*_such(hospital, wanted))
    for day, number in session.execute(days.group_by(TallyRow.day).order_by(key)):
        if offset < number:
            return day, offset
        offset -= number
    return None, offset


def day_of(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def midnight(day: date) -> datetime:
    """The first moment of a day as people here count it."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def until(day: date) -> datetime:
    """The first moment that is not of the day any more."""
    return midnight(day + timedelta(days=1))


def _such(hospital: str, wanted: WorklistFilter) -> list[ColumnElement[bool]]:
    given: list[tuple[Any, ColumnElement[bool]]] = [
        (wanted.tab is not Tab.ALL, TallyRow.tab == wanted.tab),
        (wanted.directions, TallyRow.direction.in_(wanted.directions)),
        (wanted.types, TallyRow.type.in_(wanted.types)),
        (wanted.created_by, TallyRow.created_by == wanted.created_by),
        (wanted.blue_light_only, TallyRow.priority == Priority.BLUE_LIGHT),
        (wanted.date_from, TallyRow.day >= (wanted.date_from or date.min)),
        (wanted.date_to, TallyRow.day <= (wanted.date_to or date.max)),
    ]
    return [TallyRow.hospital == hospital, *(condition for is_given, condition in given if is_given)]


def _add(session: Session, kind: Kind, number: int) -> None:
    row = and_(*(getattr(TallyRow, name) == value for name, value in kind._asdict().items()))
    added = update(TallyRow).where(row).values(number=TallyRow.number + number)
    now = session.scalar(added.returning(TallyRow.number), execution_options={"synchronize_session": False})
    if now is None:
        session.add(TallyRow(**kind._asdict(), number=number))
        session.flush()
    elif now == 0:
        session.execute(delete(TallyRow).where(row), execution_options={"synchronize_session": False})
