"""A Blue Light that will miss its four hours stands in Action Required before it does, also where no window is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from iep_desktop.core.clocks import LATE
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import (
    Failure,
    Requirement,
    Status,
    Tab,
    Transaction,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store.alarms import Alarms
from iep_desktop.store.database import Database
from iep_desktop.store.line import Line
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.store.worklists import Worklists
from iep_desktop.workers.alarms import BlueLights
from tests.store.conftest import Clock
from tests.store.samples import THEM, US, transfer
from tests.store.steps import verified
from tests.workers.test_queue import IMAGE, Office

BLUE = Priority.BLUE_LIGHT


class Ward(Office):
    """The office with its clock for Blue Lights; `there` is the other hospital, whose queue is empty."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self.database = database
        self.rate = IMAGE / 3600  # an image takes an hour
        self.alarms = BlueLights(Alarms(database, US), self.queue.forecastable)
        self.there = BlueLights(Alarms(database, THEM), dict)

    def look(self, after: timedelta = timedelta()) -> None:
        self.clock.time += after
        self.alarms.look(self.clock(), "engine")

    def late(self, id: int) -> Requirement | None:
        return next((r for r in self.transactions.by_id(id).required if r.code == LATE), None)

    def told(self, id: int) -> list[str]:
        return [event.text for event in self.transactions.events(id) if event.kind == "late"]

    def tab(self, tab: Tab, hospital: str = US) -> tuple[Transaction, ...]:
        return Worklists(self.database, hospital).page(WorklistFilter(tab=tab), WorklistOrder(), 0, 10).rows


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    clock = Clock()
    database = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", 1, clock)
    yield Ward(database, clock)
    database.dispose()


def test_a_forecast_behind_the_target_is_required_with_its_due_time_hours_before_the_miss(ward: Ward) -> None:
    made, behind = ward.send(10, priority=BLUE), ward.send(5, priority=BLUE)
    ward.rate = float(IMAGE)
    ward.look()
    assert (ward.late(made), ward.late(behind)) == (None, None)
    ward.rate = IMAGE / 1440  # ten take four hours: the first is in time, the second behind it is not
    ward.look()
    assert ward.late(made) is None
    late = ward.late(behind)
    assert late is not None
    assert (late.title, late.rule, late.clause, late.blocking) == (
        "Blue Light will be late", "R-TIME-2", "A7", False,
    )  # fmt: skip
    assert late.due == ward.transactions.by_id(behind).created_at + timedelta(hours=4)
    assert [row.id for row in ward.tab(Tab.ACTION_REQUIRED)] == [behind]
    assert ward.told(behind) == ["Blue Light will be late: due 24/11 16:00, forecast 24/11 18:00"]


def test_it_is_told_once_and_again_when_the_target_is_missed(ward: Ward) -> None:
    made = ward.send(5, priority=BLUE)
    for _ in range(3):
        ward.look(timedelta(minutes=1))
    assert len(ward.told(made)) == 1
    for _ in range(3):
        ward.look(timedelta(hours=4))
    assert ward.told(made)[1:] == ["Blue Light missed its four hours: due 24/11 16:00"]
    assert ward.late(made) is not None


def test_it_ends_when_the_forecast_is_well_in_time_again_and_does_not_flicker(ward: Ward) -> None:
    made = ward.send(5, priority=BLUE)
    ward.look()
    ward.rate = IMAGE / 3600 * 5 / 3.9  # six minutes before the target: not enough to say that all is well
    ward.look()
    assert ward.late(made) is not None
    ward.rate = IMAGE / 3600 * 5 / 2
    ward.look()
    assert ward.late(made) is None
    assert ward.tab(Tab.ACTION_REQUIRED) == ()
    assert ward.told(made)[-1].startswith("Blue Light is in time again")


def test_where_nothing_is_measured_half_an_hour_is_the_alarm(ward: Ward) -> None:
    ward.rate = 0.0
    made = ward.send(1, priority=BLUE)
    ward.look(timedelta(hours=3, minutes=29))
    assert ward.late(made) is None
    ward.look(timedelta(minutes=2))
    assert ward.told(made) == ["Blue Light will be late: due 24/11 16:00, and nothing moves"]


def test_it_outlives_what_else_comes_to_be_required(ward: Ward) -> None:
    made = ward.send(5, priority=BLUE)
    ward.look()
    other = Requirement("purge-by-hand", "Delete its images")
    ward.transactions.require(made, (other,))
    assert [r.code for r in ward.transactions.by_id(made).required] == [LATE, "purge-by-hand"]
    ward.transactions.require(made, ())
    Transactions(ward.database, THEM).add_message(made, "B. Other", "Where is it?")
    assert [r.code for r in ward.transactions.by_id(made).required] == [LATE, "message"]


def test_it_is_each_ends_own_and_the_senders_ends_on_iep(ward: Ward) -> None:
    made = ward.send(1, priority=BLUE)
    rows = Transactions(ward.database, THEM)
    ward.look(timedelta(hours=3, minutes=45))
    assert rows.by_id(made).required == ()
    ward.there.look(ward.clock(), "engine")
    assert [r.code for r in rows.by_id(made).required] == [LATE]
    ward.look(timedelta(minutes=16))
    verified(ward.transactions, made)
    ward.transactions.move(made, Status.UPLOADING, "", "engine")
    assert ward.late(made) is not None
    ward.transactions.move(made, Status.ON_IEP, "", "engine")
    assert ward.late(made) is None
    assert [r.code for r in rows.by_id(made).required] == [LATE]


def test_a_lowered_or_cancelled_one_alarms_no_more_and_a_normal_one_never(ward: Ward) -> None:
    lowered, cancelled = ward.send(5, priority=BLUE), ward.send(1, priority=BLUE)
    normal = ward.send(5)
    ward.look(timedelta(hours=5))
    assert {row.id for row in ward.tab(Tab.ACTION_REQUIRED)} == {lowered, cancelled}
    Line(ward.database, US).set_priority(lowered, Priority.NORMAL, "Not urgent", "A. Operator")
    ward.transactions.cancel(cancelled, "A. Operator")
    ward.look(timedelta(hours=5))
    assert [ward.late(made) for made in (lowered, cancelled, normal)] == [None, None, None]


def test_of_two_workstations_that_look_at_once_the_first_tells_it(ward: Ward) -> None:
    made = ward.send(5, priority=BLUE)
    seen = ward.alarms.alarms.blue_lights()
    ward.look()
    before = ward.told(made)
    alarm = ward.late(made)
    assert [t.required for t in seen] == [()]
    ward.alarms.alarms.set(made, alarm, "twice", "engine")
    assert ward.told(made) == before


def test_an_alarm_of_the_clock_is_no_act_of_a_person(ward: Ward) -> None:
    """Somebody who answers what they read before it was raised is not told that another was first."""
    made = ward.transactions.create(transfer(priority=BLUE)).id
    read = ward.transactions.by_id(made).required
    ward.look(timedelta(hours=3, minutes=45))
    ward.transactions.move(made, Status.STARTED, "Looked at", "A. Operator", instead_of=read, required=())
    assert ward.late(made) is not None


def test_a_blue_light_that_failed_alarms_at_once_and_is_quiet_when_it_goes_on(ward: Ward) -> None:
    """R-TRAUMA: on failure an admin is alerted."""
    ward.rate = float(IMAGE)
    made = ward.send(1, priority=BLUE)
    ward.look()
    assert ward.late(made) is None
    ward.transactions.fail(made, Failure("NUH Radiology PACS does not answer"))
    ward.look()
    assert ward.told(made) == ["Blue Light will be late: due 24/11 16:00, and nothing moves"]
    ward.transactions.clear_failure(made, "A. Operator")
    ward.transactions.queue(made, attempts=0)
    ward.look()
    assert ward.late(made) is None
