"""Which running transactions must give their slot back: everybody who looks finds the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import SlotKind
from iep_desktop.store.database import Database
from iep_desktop.store.line import Line
from iep_desktop.store.slots import Claim, Slots
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.yielding import Yielding
from tests.store.conftest import Clock
from tests.store.samples import THEM, US, disc, transfer

LEASE = timedelta(seconds=60)
BLUE, BATCH = Priority.BLUE_LIGHT, Priority.BATCH


@pytest.fixture
def slots(database: Database) -> Slots:
    return Slots(database, US)


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database, US)


@pytest.fixture
def yielding(database: Database) -> Yielding:
    return Yielding(database, US)


def _full(slots: Slots, ours: Transactions, clock: Clock) -> list[int]:
    """All outbound slots busy, the reserved one with a Blue Light; the others with Normal ones, oldest first."""
    made = []
    for _ in range(4):
        made.append(ours.create(transfer()).id)
        assert _claim(slots, clock)
        clock.forward(seconds=1)
    ours.create(transfer(priority=BLUE))
    assert _claim(slots, clock)
    return made


def _claim(slots: Slots, clock: Clock) -> Claim | None:
    return slots.claim("here", LEASE, clock(), batch_open=True)


def test_nobody_yields_while_a_slot_is_free_or_no_blue_light_waits(
    slots: Slots, yielding: Yielding, ours: Transactions, clock: Clock
) -> None:
    for _ in range(5):
        ours.create(transfer())
    while _claim(slots, clock):
        pass
    assert yielding.stops(clock(), LEASE) == {}  # the fifth Normal one waits
    ours.create(transfer(priority=BLUE))  # takes the reserved slot
    assert yielding.stops(clock(), LEASE) == {}


def test_the_youngest_normal_one_yields_to_a_blue_light_and_two_to_two(
    slots: Slots, yielding: Yielding, ours: Transactions, clock: Clock
) -> None:
    made = _full(slots, ours, clock)
    ours.create(transfer(priority=BLUE))
    assert set(yielding.stops(clock(), LEASE)) == {made[3]}
    ours.create(transfer(priority=BLUE))
    stops = yielding.stops(clock(), LEASE)
    assert set(stops) == {made[3], made[2]}
    assert all(stop.urgent for stop in stops.values())


def test_batch_yields_before_normal_however_old(
    slots: Slots, yielding: Yielding, line: Line, ours: Transactions, clock: Clock
) -> None:
    made = _full(slots, ours, clock)
    line.set_priority(made[0], BATCH, "No hurry", "A. Operator")
    ours.create(transfer(priority=BLUE))
    assert set(yielding.stops(clock(), LEASE)) == {made[0]}


def test_blue_lights_do_not_yield_to_each_other(
    slots: Slots, yielding: Yielding, ours: Transactions, clock: Clock
) -> None:
    for _ in range(7):
        ours.create(transfer(priority=BLUE))
    while _claim(slots, clock):
        pass
    assert yielding.stops(clock(), LEASE) == {}


def test_who_makes_way_keeps_its_place_and_the_blue_light_gets_the_slot(
    slots: Slots, yielding: Yielding, ours: Transactions, clock: Clock
) -> None:
    made = _full(slots, ours, clock)
    blue = ours.create(transfer(priority=BLUE))
    waiting = ours.create(transfer())
    held = next(slot for slot in slots.slots() if slot.transaction_id == made[3])
    slots.free(held)
    assert yielding.stops(clock(), LEASE) == {}  # the slot is free: enough have made way
    claim = _claim(slots, clock)
    assert claim is not None
    assert (claim.transaction_id, claim.kind) == (blue.id, SlotKind.OUTBOUND)
    assert yielding.stops(clock(), LEASE) == {}
    assert [slots.place_in_queue(made[3]), slots.place_in_queue(waiting.id)] == [1, 2]


def test_each_direction_makes_way_for_its_own(
    slots: Slots, yielding: Yielding, ours: Transactions, clock: Clock
) -> None:
    _full(slots, ours, clock)
    imports = [ours.create(disc(1)).id for _ in range(4)]
    while _claim(slots, clock):
        pass
    ours.create(disc(1, priority=BLUE))
    assert set(yielding.stops(clock(), LEASE)) == {imports[3]}


def test_a_blue_light_that_may_not_run_makes_nobody_yield(
    slots: Slots, yielding: Yielding, line: Line, ours: Transactions, clock: Clock
) -> None:
    _full(slots, ours, clock)
    later, elsewhere = ours.create(transfer(priority=BLUE)), ours.create(transfer(US, "RNA", priority=BLUE))
    ours.queue(later.id, not_before=clock() + timedelta(minutes=1))
    line.pause("RNA", "A. Operator")
    assert yielding.stops(clock(), LEASE) == {}
    line.resume("RNA")
    assert len(yielding.stops(clock(), LEASE)) == 1
    ours.unqueue(elsewhere.id)
    assert yielding.stops(clock(), LEASE) == {}


def test_who_has_not_renewed_its_lease_for_long_is_not_waited_for(
    slots: Slots, yielding: Yielding, ours: Transactions, clock: Clock
) -> None:
    for _ in range(3):
        ours.create(transfer())
    ours.create(transfer(priority=BLUE))
    early = [_claim(slots, clock) for _ in range(4)]
    clock.forward(seconds=40)
    young, blue = ours.create(transfer()), ours.create(transfer(priority=BLUE))
    assert [claim.transaction_id for claim in (_claim(slots, clock),) if claim] == [blue.id]
    assert early[3] is not None
    slots.renew(early[3], LEASE, clock())
    ours.create(transfer(priority=BLUE))
    assert set(yielding.stops(clock(), LEASE)) == {early[3].transaction_id}
    assert slots.place_in_queue(young.id) == 2


def test_what_is_cancelled_paused_or_out_of_its_night_stops_wherever_it_runs(
    slots: Slots, yielding: Yielding, line: Line, ours: Transactions, clock: Clock
) -> None:
    cancelled, paused = ours.create(transfer()), ours.create(transfer(US, "RNA"))
    batch, goes_on = ours.create(transfer(priority=BATCH)), ours.create(transfer())
    while _claim(slots, clock):
        pass
    ours.cancel(cancelled.id, "A. Operator")
    line.pause("RNA", "A. Operator")
    stops = yielding.stops(clock(), LEASE, batch_open=False)
    assert {key: stop.urgent for key, stop in stops.items()} == {
        cancelled.id: True,
        paused.id: False,
        batch.id: False,
    }
    assert goes_on.id not in stops
    assert batch.id not in yielding.stops(clock(), LEASE, batch_open=True)


def test_a_lowered_blue_light_leaves_the_slot_that_is_kept_for_them(
    slots: Slots, yielding: Yielding, line: Line, ours: Transactions, clock: Clock
) -> None:
    for _ in range(4):
        ours.create(transfer())
    while _claim(slots, clock):
        pass
    blue = ours.create(transfer(priority=BLUE))
    claim = _claim(slots, clock)
    assert claim is not None
    assert claim.kind is SlotKind.BLUE_LIGHT
    line.set_priority(blue.id, Priority.NORMAL, "Postponed", "A. Operator")
    assert set(yielding.stops(clock(), LEASE)) == {blue.id}


def test_another_hospitals_blue_light_makes_nobody_of_ours_yield(
    slots: Slots, yielding: Yielding, ours: Transactions, theirs: Transactions, clock: Clock
) -> None:
    _full(slots, ours, clock)
    theirs.create(transfer(THEM, "RNA", priority=BLUE))
    assert yielding.stops(clock(), LEASE) == {}
