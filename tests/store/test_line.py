"""The waiting line: what persons pause, move and hurry, and what the slots make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Patient, Priority
from iep_desktop.core.transaction import InstanceState, Transaction
from iep_desktop.store.database import Database
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.line import Line
from iep_desktop.store.slots import Slots
from iep_desktop.store.transactions import Transactions
from tests.store.conftest import Clock
from tests.store.samples import FORM, THEM, US, disc, images, transfer

LEASE = timedelta(seconds=60)
WHO = "A. Operator"
DUCK = Patient("DUCK^Daisy", hospital_no="S999222")


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database, US)


@pytest.fixture
def slots(database: Database) -> Slots:
    return Slots(database, US)


def _order(line: Line) -> list[int]:
    return [row.transaction.id for row in line.all() if not row.running]


def _ids(made: Sequence[Transaction]) -> list[int]:
    return [transaction.id for transaction in made]


def _claimed(slots: Slots, clock: Clock) -> int | None:
    claim = slots.claim("here", LEASE, clock(), batch_open=True)
    return claim.transaction_id if claim else None


def test_a_moved_one_stands_before_the_other_and_is_claimed_first(
    line: Line, slots: Slots, ours: Transactions, clock: Clock
) -> None:
    made = _ids([ours.create(transfer()) for _ in range(4)])  # all at the same moment
    line.place(made[3], made[1], WHO)
    assert _order(line) == [made[0], made[3], made[1], made[2]]
    assert [_claimed(slots, clock) for _ in range(4)] == [made[0], made[3], made[1], made[2]]
    assert ours.events(made[3])[-1].text == f"Moved in the queue by {WHO}, now 2nd of its priority"


def test_without_another_it_goes_to_the_end_of_its_priority(line: Line, ours: Transactions) -> None:
    first, second = ours.create(transfer()), ours.create(transfer())
    batch = ours.create(transfer(priority=Priority.BATCH))
    line.place(first.id, None, WHO)
    assert _order(line) == [second.id, first.id, batch.id]


def test_it_keeps_its_place_at_a_later_try(line: Line, ours: Transactions) -> None:
    first, second = ours.create(transfer()), ours.create(transfer())
    line.place(second.id, first.id, WHO)
    ours.queue(first.id, attempts=1)
    ours.queue(second.id, attempts=1)
    assert _order(line) == [second.id, first.id]


def test_only_those_of_one_priority_and_direction_that_wait_change_places(
    line: Line, slots: Slots, ours: Transactions, clock: Clock
) -> None:
    normal, batch = ours.create(transfer()), ours.create(transfer(priority=Priority.BATCH))
    incoming, resting = ours.create(disc(1)), ours.create(disc(1, queued=False))
    for other in (batch.id, incoming.id, resting.id, 404):
        with pytest.raises(Refused) as refused:
            line.place(normal.id, other, WHO)
        assert refused.value.rule == "R-ENG-2"
    with pytest.raises(Refused, match="does not wait"):
        line.place(resting.id, None, WHO)
    slots.claim("here", LEASE, clock())  # takes the import, which is the first inbound one
    slots.claim("here", LEASE, clock())
    with pytest.raises(Refused, match="does not wait"):
        line.place(normal.id, None, WHO)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4) | st.none()), max_size=6))
def test_whatever_is_moved_the_line_is_what_a_list_would_be(
    database: Database, line: Line, ours: Transactions, moves: list[tuple[int, int | None]]
) -> None:
    for row in line.all():
        ours.unqueue(row.transaction.id)
    made = _ids([ours.create(transfer()) for _ in range(5)])
    expected = list(made)
    for moved, before in moves:
        if moved == before:
            continue
        line.place(made[moved], None if before is None else made[before], WHO)
        expected.remove(made[moved])
        expected.insert(5 if before is None else expected.index(made[before]), made[moved])
        assert _order(line) == expected


def test_a_paused_destination_holds_its_own_only_and_everything_holds_all(
    line: Line, slots: Slots, ours: Transactions, clock: Clock
) -> None:
    theirs, elsewhere = ours.create(transfer()), ours.create(transfer(recipient="RNA"))
    line.pause(THEM, WHO)
    assert line.paused() == {THEM}
    assert [row.paused for row in line.all()] == [True, False]
    assert _claimed(slots, clock) == elsewhere.id
    assert _claimed(slots, clock) is None
    line.pause("", WHO)
    line.resume(THEM)
    assert _claimed(slots, clock) is None
    line.resume("")
    assert _claimed(slots, clock) == theirs.id


def test_a_pause_holds_what_comes_in_as_well(
    line: Line, slots: Slots, ours: Transactions, clock: Clock
) -> None:
    made = ours.create(disc(1))
    line.pause(US, WHO)
    assert _claimed(slots, clock) is None
    line.resume(US)
    assert _claimed(slots, clock) == made.id


def test_one_hospitals_pause_is_not_anothers(
    database: Database, line: Line, theirs: Transactions, clock: Clock
) -> None:
    made = theirs.create(transfer(THEM, "RNA"))
    line.pause("", WHO)
    assert _claimed(Slots(database, THEM), clock) == made.id


def test_open_windows_hear_of_a_pause_and_of_every_place_that_changed(
    line: Line, ours: Transactions, clock: Clock
) -> None:
    made = []
    for _ in range(3):
        made.append(ours.create(transfer()).id)
        clock.forward(seconds=1)
    token = ours.change_token()
    line.pause(THEM, WHO)
    assert set(ours.changes_since(token).ids) == set(made)
    token = ours.change_token()
    line.place(made[1], made[0], WHO)
    assert set(ours.changes_since(token).ids) == set(made[:2])


def test_a_raised_priority_overtakes_at_once_and_waits_for_nothing(
    line: Line, slots: Slots, ours: Transactions, clock: Clock
) -> None:
    normal, batch = ours.create(transfer()), ours.create(transfer(priority=Priority.BATCH))
    ours.queue(batch.id, not_before=clock() + timedelta(hours=9), attempts=2)
    line.set_priority(batch.id, Priority.BLUE_LIGHT, "Theatre in an hour", WHO)
    found = ours.by_id(batch.id)
    assert (found.priority, found.form.priority, found.form.priority_reason) == (
        Priority.BLUE_LIGHT,
        Priority.BLUE_LIGHT,
        "Theatre in an hour",
    )
    assert ours.events(batch.id)[-1].text == "Batch → Blue Light: Theatre in an hour"
    assert [_claimed(slots, clock), _claimed(slots, clock)] == [batch.id, normal.id]


def test_a_lowered_one_waits_for_its_hours_but_a_later_try_keeps_its_pause(
    line: Line, ours: Transactions, clock: Clock
) -> None:
    morning, soon = clock() + timedelta(hours=8), clock() + timedelta(minutes=1)
    fresh, tried = (ours.create(transfer(priority=Priority.BLUE_LIGHT)) for _ in range(2))
    ours.queue(tried.id, not_before=soon, attempts=1)
    for made in (fresh, tried):
        line.set_priority(made.id, Priority.NORMAL, "Postponed", WHO, morning)
    assert [ours.by_id(made.id).not_before for made in (fresh, tried)] == [morning, soon]


def test_the_priority_of_what_rests_or_has_it_already_is_not_changed(line: Line, ours: Transactions) -> None:
    made = ours.create(transfer())
    with pytest.raises(Refused, match="Normal already"):
        line.set_priority(made.id, Priority.NORMAL, "Why not", WHO)
    ours.cancel(made.id, WHO)
    with pytest.raises(Refused, match="Cancelled"):
        line.set_priority(made.id, Priority.BLUE_LIGHT, "Too late", WHO)


def test_the_line_says_how_much_is_still_to_be_moved(
    line: Line, slots: Slots, ours: Transactions, clock: Clock
) -> None:
    made, empty = ours.create(disc(3)), ours.create(transfer())
    for state in (InstanceState.SPOOLED, InstanceState.SENT):
        ours.update_instances(made.id, [InstanceChange(images(3)[0].sop_instance_uid, state)])
    slots.claim("here", LEASE, clock())
    rows = {row.transaction.id: row for row in line.all()}
    assert (rows[made.id].bytes_left, rows[made.id].running) == (2 * 526_000, True)
    assert (rows[empty.id].bytes_left, rows[empty.id].running) == (0, False)


def test_a_search_finds_those_that_wait_as_in_a_worklist(database: Database, ours: Transactions) -> None:
    line = Line(database, US)
    mouse, duck = ours.create(disc(1)), ours.create(disc(1, form=replace(FORM, patient=DUCK)))
    resting = ours.create(disc(1, queued=False))
    assert line.found("mouse min") == {mouse.id}
    assert line.found("S999222") == {duck.id}
    assert line.found(resting.number) == frozenset()
    assert Line(database, THEM).found("mouse") == frozenset()
