"""The page Queues, the service's hours and the priorities: what a person sees, and what their acts do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.me import Me
from iep_desktop.core.model import Priority
from iep_desktop.store.database import Database
from iep_desktop.store.line import Line
from iep_desktop.store.slots import Slots
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers.hours import Hours
from iep_desktop.workers.priorities import Priorities
from iep_desktop.workers.queue import Queue
from tests.store.conftest import Clock
from tests.store.samples import THEM, US, disc, images, transfer

ME = Me("A. Operator", US, "here")
BLUE, NORMAL, BATCH = Priority.BLUE_LIGHT, Priority.NORMAL, Priority.BATCH
IMAGE = 526_000
LEASE = timedelta(minutes=1)


class Office:
    """A Tuesday at noon in a hospital whose engine has measured one image a second."""

    def __init__(self, database: Database, clock: Clock) -> None:
        calendar = ServiceCalendar()
        self.clock = clock
        self.transactions = Transactions(database, US)
        self.slots = Slots(database, US)
        self.rate = float(IMAGE)
        line = Line(database, US)
        self.hours = Hours(calendar, now=clock)
        self.queue = Queue(ME, line, self.slots, calendar, lambda: self.rate, clock)
        self.priorities = Priorities(ME, self.transactions, line, self.hours)

    def send(self, count: int = 10, **changes: Any) -> int:
        return self.transactions.create(transfer(instances=images(count), **changes)).id

    def waiting(self) -> list[tuple[int, int, str]]:
        return [(row.transaction.id, row.place, row.why) for row in self.queue.view().waiting]

    def starts(self, id: int) -> datetime | None:
        return next(row.starts for row in self.queue.view().waiting if row.transaction.id == id)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = Clock()
    database = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", 1, clock)
    yield Office(database, clock)
    database.dispose()


def test_slots_show_what_runs_and_the_line_who_waits_with_place_and_estimate(office: Office) -> None:
    running, first, second = office.send(10), office.send(20), office.send(5)
    incoming = office.transactions.create(disc(3)).id
    claims = [office.slots.claim("here", LEASE, office.clock()) for _ in range(1)]
    assert [claim.transaction_id for claim in claims if claim] == [running]
    view = office.queue.view()
    assert len(view.slots) == 9
    assert [row.transaction.id for row in view.slots if row.transaction] == [running]
    assert office.waiting() == [(first, 1, ""), (second, 2, ""), (incoming, 1, "")]
    now = office.clock()
    assert office.starts(first) == now + timedelta(seconds=10)
    assert office.starts(second) == now + timedelta(seconds=30)
    assert office.starts(incoming) == now
    office.rate = 0.0
    assert office.starts(second) is None
    assert office.starts(incoming) == now


def test_the_forecast_goes_by_what_is_ahead_and_its_own(office: Office) -> None:
    office.send(10)
    blue = office.send(4, priority=BLUE)
    load = office.queue.load(blue)
    assert (load.ahead, load.own, load.bytes_per_second) == (0, 4 * IMAGE, IMAGE)
    normal = office.send(1)
    assert office.queue.load(normal).ahead == 14 * IMAGE
    office.transactions.unqueue(normal)
    with pytest.raises(InvalidInput):
        office.queue.load(normal)


def test_each_row_says_what_it_waits_for(office: Office) -> None:
    now = office.clock()
    batch, later, tried, paused = office.send(1, priority=BATCH), office.send(), office.send(), office.send()
    office.transactions.queue(later, not_before=datetime(2026, 11, 25, 8, tzinfo=UTC))
    office.transactions.queue(tried, not_before=now + timedelta(minutes=5), attempts=2)
    assert office.waiting() == [
        (later, 1, "Waits until 25/11 08:00"),
        (tried, 2, "Try 3 at 12:05"),
        (paused, 3, ""),
        (batch, 4, "Night window"),
    ]
    assert office.starts(batch) == datetime(2026, 11, 24, 22, 0, 30, tzinfo=UTC)
    office.queue.pause(THEM.lower())
    assert {row.why for row in office.queue.view().waiting} == {"Paused"}
    assert office.queue.view().paused == {THEM}
    assert office.starts(paused) is None
    office.queue.resume(THEM)
    assert office.waiting()[2] == (paused, 3, "")


def test_what_is_held_back_delays_nobody(office: Office) -> None:
    office.send(1000, recipient="RNA")
    other = office.send()
    office.queue.pause("RNA")
    assert office.starts(other) == office.clock()


def test_a_person_moves_one_within_its_priority_only(office: Office) -> None:
    first, second, batch = office.send(), office.send(), office.send(1, priority=BATCH)
    office.queue.place(second, first)
    assert [row[0] for row in office.waiting()] == [second, first, batch]
    with pytest.raises(Refused):
        office.queue.place(batch, first)
    office.queue.place(second)
    assert [row[0] for row in office.waiting()] == [first, second, batch]


# -- hours (R-TIME)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 11, 24, 17, 29, tzinfo=UTC), None),  # a Tuesday
        (datetime(2026, 11, 24, 17, 30, tzinfo=UTC), datetime(2026, 11, 25, 8, tzinfo=UTC)),
        (datetime(2026, 11, 28, 19, 59, tzinfo=UTC), None),  # a Saturday
        (datetime(2026, 12, 24, 20, 0, tzinfo=UTC), datetime(2026, 12, 27, 8, tzinfo=UTC)),  # bank holidays
        (datetime(2027, 3, 27, 21, 0, tzinfo=UTC), datetime(2027, 3, 28, 7, tzinfo=UTC)),  # 08:00 BST
        (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)),  # 08:00 GMT
    ],
)
def test_standard_transfers_wait_for_the_hours_and_clinical_emergencies_never(
    at: datetime, until: datetime | None
) -> None:
    hours = Hours(ServiceCalendar(), now=lambda: at)
    assert hours.waits_until(NORMAL) == until
    assert hours.waits_until(BLUE) is None
    assert hours.waits_until(NORMAL, True) is None
    assert Hours(ServiceCalendar(), keep=False, now=lambda: at).waits_until(NORMAL) is None


def test_batch_waits_for_its_night_also_where_hours_are_not_kept() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    hours = Hours(ServiceCalendar(), keep=False, now=lambda: noon)
    assert hours.waits_until(BATCH) == datetime(2026, 11, 24, 22, tzinfo=UTC)


# -- priorities (R-TX-3)


def test_a_raised_transfer_runs_out_of_hours_and_a_lowered_one_waits_for_them(office: Office) -> None:
    office.clock.forward(hours=8)  # 20:00
    made = office.send()
    office.transactions.queue(made, not_before=office.hours.waits_until(NORMAL))
    assert office.slots.claim("here", LEASE, office.clock()) is None
    office.priorities.change(made, BLUE, "  Theatre\n in an hour ")
    assert office.transactions.by_id(made).form.priority_reason == "Theatre in an hour"
    claim = office.slots.claim("here", LEASE, office.clock())
    assert claim is not None
    office.slots.release(claim)
    office.priorities.change(made, NORMAL, "Postponed to the morning")
    assert office.waiting() == [(made, 1, "Waits until 25/11 08:00")]


def test_an_import_knows_no_hours(office: Office) -> None:
    office.clock.forward(hours=8)
    made = office.transactions.create(disc(1, priority=BLUE)).id
    office.priorities.change(made, NORMAL, "Not so urgent")
    assert office.transactions.by_id(made).not_before is None


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501])
def test_a_priority_is_not_changed_without_a_reason(office: Office, reason: str) -> None:
    made = office.send()
    with pytest.raises(InvalidInput):
        office.priorities.change(made, BLUE, reason)
    assert office.transactions.by_id(made).priority is NORMAL


@pytest.mark.timeout(300)
def test_five_hundred_that_are_queued_at_once_keep_caps_places_and_order(office: Office) -> None:
    made = [office.send(1) for _ in range(500)]
    claims = [
        claim for claim in (office.slots.claim("here", LEASE, office.clock()) for _ in range(6)) if claim
    ]
    assert [claim.transaction_id for claim in claims] == made[:4]  # the fifth slot is a Blue Light's
    places = {key: place for key, place, _ in office.waiting()}
    assert places == {key: at for at, key in enumerate(made[4:], 1)}
    assert office.queue.load(made[-1]).ahead == 499 * IMAGE
    office.slots.release(claims[0])
    office.transactions.unqueue(made[0])
    freed = office.slots.claim("here", LEASE, office.clock())
    assert freed is not None
    assert freed.transaction_id == made[4]
    urgent = office.send(1, priority=BLUE)
    reserved = office.slots.claim("here", LEASE, office.clock())
    assert reserved is not None
    assert reserved.transaction_id == urgent
