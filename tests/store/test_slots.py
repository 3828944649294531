"""Slots: caps, order, leases; and many programs that want them at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import SlotKind, Status, Transaction, TransactionType
from iep_desktop.store.database import Database
from iep_desktop.store.slots import Claim, Slots
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from tests.store.conftest import Clock
from tests.store.samples import THEM, US, disc, transfer

LEASE = timedelta(seconds=60)
BLUE = Priority.BLUE_LIGHT


@pytest.fixture
def slots(database: Database) -> Slots:
    return Slots(database, US)


def _claims(slots: Slots, now: datetime, *, batch_open: bool = False) -> list[Claim]:
    """Claims until there is nothing to claim."""
    found = []
    while claim := slots.claim("here", LEASE, now, batch_open=batch_open):
        found.append(claim)
    return found


def _ids(made: Iterable[Transaction | Claim]) -> list[int]:
    return [item.id if isinstance(item, Transaction) else item.transaction_id for item in made]


def test_a_hospital_has_nine_free_slots(slots: Slots) -> None:
    kinds = [slot.kind for slot in slots.slots()]
    assert kinds == [SlotKind.INBOUND] * 4 + [SlotKind.OUTBOUND] * 4 + [SlotKind.BLUE_LIGHT]
    assert all(slot.transaction_id is None for slot in slots.slots())


def test_nothing_queued_is_nothing_claimed(slots: Slots, ours: Transactions, clock: Clock) -> None:
    ours.create(disc(queued=False))
    assert slots.claim("here", LEASE, clock()) is None


def test_a_claim_shows_in_its_slot_until_it_is_released(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    made = ours.create(disc())
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    assert (claim.kind, claim.no, claim.transaction_id, claim.holder) == (
        SlotKind.INBOUND,
        1,
        made.id,
        "here",
    )
    slot = slots.slots()[0]
    assert (slot.transaction_id, slot.holder, slot.lease_until) == (made.id, "here", clock() + LEASE)
    slots.release(claim)
    assert slots.slots()[0].transaction_id is None
    again = slots.claim("there", LEASE, clock())
    assert again is not None
    assert again.transaction_id == made.id


def test_a_transaction_is_held_by_one_slot_only(slots: Slots, ours: Transactions, clock: Clock) -> None:
    ours.create(disc())
    assert len(_claims(slots, clock())) == 1


def test_four_come_in_and_four_go_out_at_once(slots: Slots, ours: Transactions, clock: Clock) -> None:
    imports = [ours.create(disc(1)) for _ in range(6)]
    transfers = [ours.create(transfer()) for _ in range(6)]
    claims = _claims(slots, clock())
    assert sorted(_ids(claims)) == sorted(_ids(imports[:4]) + _ids(transfers[:4]))
    assert len({(claim.kind, claim.no) for claim in claims}) == 8
    slots.release(claims[0])
    assert _claims(slots, clock())[0].transaction_id == claims[0].transaction_id


def test_a_blue_light_has_a_slot_of_its_own_when_all_are_busy(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    for _ in range(5):
        ours.create(transfer())
    assert len(_claims(slots, clock())) == 4
    first, second = ours.create(transfer(priority=BLUE)), ours.create(transfer(priority=BLUE))
    (claim,) = _claims(slots, clock())
    assert (claim.kind, claim.transaction_id) == (SlotKind.BLUE_LIGHT, first.id)
    assert slots.place_in_queue(second.id) == 1


def test_a_blue_light_takes_any_free_slot_and_leaves_its_own_for_the_next(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    for _ in range(6):
        ours.create(transfer(priority=BLUE))
    kinds = [claim.kind for claim in _claims(slots, clock())]
    assert kinds == [SlotKind.OUTBOUND] * 4 + [SlotKind.BLUE_LIGHT]


def test_an_import_never_takes_the_blue_light_slot(slots: Slots, ours: Transactions, clock: Clock) -> None:
    for _ in range(6):
        ours.create(disc(1, priority=BLUE))
    assert [claim.kind for claim in _claims(slots, clock())] == [SlotKind.INBOUND] * 4


def test_blue_light_goes_before_normal_before_batch_and_old_before_new(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    made = {}
    for name, priority in (
        ("batch", Priority.BATCH),
        ("old", Priority.NORMAL),
        ("new", Priority.NORMAL),
        ("blue", BLUE),
    ):
        made[name] = ours.create(disc(1, priority=priority)).id
        clock.forward(seconds=1)
    assert [slots.place_in_queue(made[name]) for name in ("blue", "old", "new", "batch")] == [1, 2, 3, 4]
    order = _ids(_claims(slots, clock(), batch_open=True))
    assert order == [made[name] for name in ("blue", "old", "new", "batch")]


def test_batch_waits_for_its_window(slots: Slots, ours: Transactions, clock: Clock) -> None:
    made = ours.create(disc(1, priority=Priority.BATCH))
    assert slots.claim("here", LEASE, clock(), batch_open=False) is None
    claim = slots.claim("here", LEASE, clock(), batch_open=True)
    assert claim is not None
    assert claim.transaction_id == made.id


def test_what_waits_for_its_next_try_is_not_claimed_before(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    made = ours.create(disc())
    ours.queue(made.id, not_before=clock() + timedelta(seconds=30), attempts=1)
    assert slots.claim("here", LEASE, clock()) is None
    assert slots.claim("here", LEASE, clock.forward(seconds=30)) is not None


def test_what_waits_does_not_hold_up_the_next(slots: Slots, ours: Transactions, clock: Clock) -> None:
    first, second = ours.create(disc()), ours.create(disc())
    ours.queue(first.id, not_before=clock() + timedelta(hours=1))
    assert _ids(_claims(slots, clock())) == [second.id]


def test_a_lost_workstations_work_is_taken_over(slots: Slots, ours: Transactions, clock: Clock) -> None:
    made = ours.create(disc())
    lost = slots.claim("lost", LEASE, clock())
    assert lost is not None
    assert slots.claim("here", LEASE, clock.forward(seconds=59)) is None
    taken = slots.claim("here", LEASE, clock.forward(seconds=1))
    assert taken is not None
    assert taken.transaction_id == made.id
    with pytest.raises(Refused):
        slots.renew(lost, LEASE, clock())
    slots.release(lost)  # too late to do harm
    assert slots.slots()[taken.no - 1].holder == "here"
    assert slots.claim("third", LEASE, clock()) is None


def test_the_slot_of_a_holder_known_to_be_gone_is_free_at_once(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    ours.create(disc())
    slots.claim("gone", LEASE, clock())
    seen = slots.slots()[0]
    slots.free(replace(seen, holder="another"))
    assert slots.claim("here", LEASE, clock()) is None
    slots.free(seen)
    assert slots.claim("here", LEASE, clock()) is not None


def test_what_runs_or_waits_for_its_next_try_is_still_queued(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    assert not slots.anything_queued()
    made = ours.create(disc())
    slots.claim("here", LEASE, clock())
    assert slots.anything_queued()
    ours.unqueue(made.id)
    assert not slots.anything_queued()


def test_a_renewed_lease_holds(slots: Slots, ours: Transactions, clock: Clock) -> None:
    ours.create(disc())
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    for _ in range(5):
        slots.renew(claim, LEASE, clock.forward(seconds=50))
        assert slots.claim("there", LEASE, clock()) is None


def test_a_clock_set_forward_takes_nothing_from_who_is_alive_and_looks_first(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    ours.create(disc())
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    slots.revive([claim], LEASE, clock.forward(hours=1))
    assert slots.claim("there", LEASE, clock()) is None
    assert slots.claim("there", LEASE, clock.forward(hours=1)) is not None
    slots.revive([claim], LEASE, clock())
    with pytest.raises(Refused):
        slots.renew(claim, LEASE, clock())


def test_a_released_claim_cannot_be_renewed(slots: Slots, ours: Transactions, clock: Clock) -> None:
    ours.create(disc())
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    slots.release(claim)
    with pytest.raises(Refused):
        slots.renew(claim, LEASE, clock())


def test_slots_of_lost_workstations_do_not_count_as_busy(
    slots: Slots, ours: Transactions, clock: Clock
) -> None:
    for _ in range(8):
        ours.create(disc(1))
    assert len(_claims(slots, clock())) == 4
    assert len(_claims(slots, clock.forward(seconds=61))) == 4


def test_each_hospital_has_slots_of_its_own_and_runs_its_own_end(
    database: Database, slots: Slots, ours: Transactions, theirs: Transactions, clock: Clock
) -> None:
    made = ours.create(transfer())
    other = Slots(database, THEM)
    assert other.claim("there", LEASE, clock()) is None
    theirs.queue(made.id)
    incoming, outgoing = other.claim("there", LEASE, clock()), slots.claim("here", LEASE, clock())
    assert incoming is not None
    assert outgoing is not None
    assert (incoming.kind, outgoing.kind) == (SlotKind.INBOUND, SlotKind.OUTBOUND)


def test_a_cancelled_transaction_is_not_claimed(slots: Slots, ours: Transactions, clock: Clock) -> None:
    made = ours.create(disc())
    ours.cancel(made.id, "A. Operator")
    assert slots.claim("here", LEASE, clock()) is None


def test_what_runs_or_does_not_wait_has_no_place(slots: Slots, ours: Transactions, clock: Clock) -> None:
    running, resting = ours.create(disc()), ours.create(disc(queued=False))
    outgoing = ours.create(transfer(type=TransactionType.TRANSFER))
    assert slots.place_in_queue(running.id) == slots.place_in_queue(outgoing.id) == 1  # a line each
    slots.claim("here", LEASE, clock())
    assert slots.place_in_queue(running.id) is None
    assert slots.place_in_queue(resting.id) is None
    assert slots.place_in_queue(404) is None


def test_programs_that_claim_at_once_never_share_a_slot_or_a_transaction(path: Path, tmp_path: Path) -> None:
    database = open_ledger(f"sqlite:///{path}")
    ours = Transactions(database, US)
    imports = [ours.create(disc(1)) for _ in range(20)]
    transfers = [ours.create(transfer(priority=BLUE if no % 3 == 0 else Priority.NORMAL)) for no in range(20)]
    for folder in ("slots", "transactions", "done"):
        (tmp_path / folder).mkdir()
    program = f"from tests.store.test_slots import work; work({str(path)!r}, {str(tmp_path)!r})"
    workers = [
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for worker in workers:
        errors = worker.communicate(timeout=90)[1]
        assert (worker.returncode, errors) == (0, "")
    done = sorted(int(file.name) for file in (tmp_path / "done").iterdir())
    assert done == sorted(_ids(imports) + _ids(transfers))
    assert {ours.by_id(made.id).status for made in imports} == {Status.STARTED}
    assert all(slot.transaction_id is None for slot in Slots(database, US).slots())
    database.dispose()


def work(ledger: str, folder: str) -> None:
    """One program of several: claims up to three at once, and finds out where another does the same."""
    database = open_ledger(f"sqlite:///{ledger}", 30)
    ours, slots = Transactions(database, US), Slots(database, US)
    held: list[Claim] = []
    places = Path(folder)
    while True:
        claim = slots.claim("worker", LEASE, database.now()) if len(held) < 3 else None
        if claim:
            (places / "slots" / f"{claim.kind}-{claim.no}").touch(exist_ok=False)
            (places / "transactions" / str(claim.transaction_id)).touch(exist_ok=False)
            held.append(claim)
        elif held:
            _finish(ours, slots, held.pop(0), places)
        else:
            break
    database.dispose()


def _finish(ours: Transactions, slots: Slots, claim: Claim, places: Path) -> None:
    id = claim.transaction_id  # noqa: A001
    ours.move(id, Status.STARTED, "", "worker", expected=Status.NEW)
    ours.unqueue(id)
    (places / "done" / str(id)).touch(exist_ok=False)
    (places / "transactions" / str(id)).unlink()
    (places / "slots" / f"{claim.kind}-{claim.no}").unlink()
    slots.release(claim)
