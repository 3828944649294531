"""Nodes that fail for all: counted over transactions and workstations, left alone, and used again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iep_desktop.core.drafts import TransferPart
from iep_desktop.store.circuits import Circuits
from iep_desktop.store.database import Database
from iep_desktop.store.line import Line
from iep_desktop.store.slots import Slots
from iep_desktop.store.transactions import Transactions
from tests.store.conftest import Clock
from tests.store.samples import THEM, US, disc, transfer

SOON, AGAIN, LEASE = timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=60)


@pytest.fixture
def circuits(database: Database) -> Circuits:
    return Circuits(database, US)


def _fails(circuits: Circuits, clock: Clock, *ids: int, node: str = "PACS") -> list[bool]:
    return [circuits.failed(node, id, "PACS does not answer", 3, clock() + SOON) for id in ids]  # noqa: A001


def test_different_transactions_in_a_row_open_it_and_one_that_tries_again_does_not(
    circuits: Circuits, clock: Clock
) -> None:
    assert _fails(circuits, clock, 1, 1, 1, 1, 2) == [False] * 5
    assert _fails(circuits, clock, 1) == [True]
    (found,) = circuits.all()
    assert (found.node, found.reason, found.open_since) == ("PACS", "PACS does not answer", clock())


def test_one_that_ends_well_between_them_is_enough(circuits: Circuits, clock: Clock) -> None:
    _fails(circuits, clock, 1, 2)
    circuits.answered("PACS")
    assert _fails(circuits, clock, 3, 4) == [False, False]
    circuits.answered("another")
    assert _fails(circuits, clock, 5) == [True]


def test_nothing_is_claimed_for_an_open_node_and_the_others_go_on(
    database: Database, circuits: Circuits, ours: Transactions, clock: Clock
) -> None:
    slots, line = Slots(database, US), Line(database, US)
    waits, goes = ours.create(disc(1)), ours.create(disc(1, node="OTHER"))
    token = ours.change_token()
    _fails(circuits, clock, 1, 2, 3)
    assert set(ours.changes_since(token).ids) == {waits.id, goes.id}
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    assert claim.transaction_id == goes.id
    assert slots.claim("here", LEASE, clock()) is None
    assert [row.node_down for row in line.all()] == ["PACS", ""]
    circuits.back("PACS")
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    assert claim.transaction_id == waits.id


def test_a_transfer_waits_for_the_pacs_that_it_comes_from_as_well(
    database: Database, circuits: Circuits, ours: Transactions, clock: Clock
) -> None:
    made = ours.create(transfer(node="THEIR GATEWAY", transfer=TransferPart(source_node="PACS")))
    _fails(circuits, clock, 1, 2, 3)
    slots = Slots(database, US)
    assert slots.claim("here", LEASE, clock()) is None
    assert [row.node_down for row in Line(database, US).all()] == ["PACS"]
    circuits.forget("PACS")
    claim = slots.claim("here", LEASE, clock())
    assert claim is not None
    assert claim.transaction_id == made.id


def test_one_workstation_at_a_time_looks_whether_it_is_back(circuits: Circuits, clock: Clock) -> None:
    _fails(circuits, clock, 1, 2, 3)
    assert circuits.take_probe(clock(), AGAIN) is None
    clock.forward(seconds=5)
    assert [circuits.take_probe(clock(), AGAIN) for _ in range(2)] == ["PACS", None]
    assert circuits.take_probe(clock.forward(seconds=30), AGAIN) == "PACS"


def test_after_it_is_back_the_next_failure_opens_it_again(circuits: Circuits, clock: Clock) -> None:
    _fails(circuits, clock, 1, 2, 3)
    circuits.back("PACS")
    assert circuits.all()[0].open_since is None
    assert circuits.take_probe(clock.forward(hours=1), AGAIN) is None
    assert _fails(circuits, clock, 3) == [True]
    circuits.forget("PACS")
    assert circuits.all() == ()


def test_another_hospital_has_its_own_experience(
    database: Database, circuits: Circuits, clock: Clock
) -> None:
    _fails(circuits, clock, 1, 2, 3)
    assert Circuits(database, THEM).all() == ()
