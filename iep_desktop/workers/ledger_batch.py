"""Writes what became of instances to the ledger in batches, and hears there that somebody has cancelled.

A step at most every 0.5 s or 100 instances (architecture.md, known traps), and more rarely where writing takes long:
one write an instance would be the slowest part of a transfer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.transaction import Status
from iep_desktop.store.transactions import InstanceChange, Transactions

SIZE = 100
SECONDS = 0.5
SHARE = 20
"""A write that took long, because others write too or the ledger is far away, is not repeated for so many times as
long: nine transfers that write all the time would leave nobody else a turn, an order from the window least of all."""
LARGEST = 1000
"""Changes that are kept in memory, and learnt anew after a kill, at most."""


class LedgerBatch:
    """Collects changes of one transaction's instances; leaving the block writes what is left, also on errors."""

    def __init__(
        self,
        transactions: Transactions,
        transaction_id: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._transactions = transactions
        self._id = transaction_id
        self._changes: list[InstanceChange] = []
        self._due = 0.0  # the first is written at once: somebody may wait for it
        self._pause_until = 0.0

    def add(self, change: InstanceChange) -> None:
        self._changes.append(change)
        now, waiting = self._now(), len(self._changes)
        if waiting >= LARGEST or (now >= self._pause_until and (waiting >= SIZE or now >= self._due)):
            self.flush()

    def flush(self) -> None:
        """Write now.

        Raises:
            Cancelled: a person has cancelled the transaction meanwhile, here or elsewhere.
        """
        changes, self._changes = self._changes, []
        began = self._now()
        if changes:
            self._transactions.update_instances(self._id, changes)
        ended = self._now()
        self._due, self._pause_until = ended + SECONDS, ended + SHARE * (ended - began)
        if self._transactions.status(self._id) is Status.CANCELLED:
            raise Cancelled()

    def __enter__(self) -> LedgerBatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._changes:
            self._transactions.update_instances(self._id, self._changes)
            self._changes = []
