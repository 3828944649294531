"""Changes of instances are written in batches, and the more rarely the longer a write takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.transaction import InstanceCounts, InstanceState
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers.ledger_batch import LARGEST, SECONDS, SHARE, SIZE, LedgerBatch
from tests.store.samples import US, disc, images

COUNT = LARGEST + SIZE


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched(Transactions):
    """Each write takes so long, by the clock of the test; how many changes each had."""

    def __init__(self, path: Path, clock: Clock, seconds: float) -> None:
        self.ledger = open_ledger(f"sqlite:///{path}")
        super().__init__(self.ledger, US)
        self.sizes: list[int] = []
        self._clock, self._seconds = clock, seconds

    def update_instances(self, id: int, changes: Sequence[InstanceChange]) -> InstanceCounts:
        self._clock.now += self._seconds
        self.sizes.append(len(changes))
        return super().update_instances(id, changes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _batch(transactions: Watched, clock: Clock) -> tuple[LedgerBatch, list[InstanceChange]]:
    made = transactions.create(disc(COUNT))
    changes = [InstanceChange(i.sop_instance_uid, InstanceState.SPOOLED) for i in images(COUNT)]
    return LedgerBatch(transactions, made.id, clock), changes


def test_the_first_change_is_written_at_once_and_the_next_with_those_of_half_a_second(
    tmp_path: Path, clock: Clock
) -> None:
    transactions = Watched(tmp_path / "ledger", clock, seconds=0.0)
    batch, changes = _batch(transactions, clock)
    for change in changes[:3]:
        batch.add(change)
    assert transactions.sizes == [1]
    clock.now += SECONDS
    batch.add(changes[3])
    assert transactions.sizes == [1, 3]


def test_a_hundred_changes_are_written_before_half_a_second_is_over(tmp_path: Path, clock: Clock) -> None:
    transactions = Watched(tmp_path / "ledger", clock, seconds=0.0)
    batch, changes = _batch(transactions, clock)
    for change in changes[: 1 + SIZE]:
        batch.add(change)
    assert transactions.sizes == [1, SIZE]


def test_a_write_that_took_long_is_not_repeated_soon(tmp_path: Path, clock: Clock) -> None:
    transactions = Watched(tmp_path / "ledger", clock, seconds=0.5)
    batch, changes = _batch(transactions, clock)
    for change in changes[: 2 * SIZE]:
        batch.add(change)
    assert transactions.sizes == [1]
    clock.now += 0.5 * SHARE
    batch.add(changes[2 * SIZE])
    assert transactions.sizes == [1, 2 * SIZE]


def test_however_long_a_write_takes_no_more_than_a_thousand_changes_wait(
    tmp_path: Path, clock: Clock
) -> None:
    transactions = Watched(tmp_path / "ledger", clock, seconds=60.0)
    batch, changes = _batch(transactions, clock)
    for change in changes[: 1 + LARGEST]:
        batch.add(change)
    assert transactions.sizes == [1, LARGEST]


def test_leaving_it_writes_what_is_left_also_after_an_error(tmp_path: Path, clock: Clock) -> None:
    transactions = Watched(tmp_path / "ledger", clock, seconds=0.0)
    batch, changes = _batch(transactions, clock)
    with pytest.raises(ZeroDivisionError), batch:
        _add_and_fail(batch, changes[:3])
    assert transactions.sizes == [1, 2]


def test_whoever_writes_hears_that_a_person_has_cancelled(tmp_path: Path, clock: Clock) -> None:
    transactions = Watched(tmp_path / "ledger", clock, seconds=0.0)
    batch, changes = _batch(transactions, clock)
    transactions.cancel(1, "operator")
    with pytest.raises(Cancelled):
        batch.add(changes[0])


def _add_and_fail(batch: LedgerBatch, changes: Sequence[InstanceChange]) -> None:
    for change in changes:
        batch.add(change)
    raise ZeroDivisionError
