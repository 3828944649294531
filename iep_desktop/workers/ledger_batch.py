"""Writes what became of instances to the ledger in batches, and hears there that somebody has cancelled.

A step at most every 0.5 s or 100 instances (architecture.md, known traps): one write an instance would be the
slowest part of a transfer.
"""

from __future__ import annotations

import time
from types import TracebackType

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.transaction import Status
from iep_desktop.store.transactions import InstanceChange, Transactions

SIZE = 100
SECONDS = 0.5


class LedgerBatch:
    """Collects changes of one transaction's instances; leaving the block writes what is left, also on errors."""

    def __init__(self, transactions: Transactions, transaction_id: int) -> None:
        self._transactions = transactions
        self._id = transaction_id
        self._changes: list[InstanceChange] = []
        self._written = 0.0  # the first is written at once: somebody may wait for it

    def add(self, change: InstanceChange) -> None:
        self._changes.append(change)
        if len(self._changes) >= SIZE or time.monotonic() - self._written >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write now.

        Raises:
            Cancelled: a person has cancelled the transaction meanwhile, here or elsewhere.
        """
        changes, self._changes = self._changes, []
        if changes:
            self._transactions.update_instances(self._id, changes)
        self._written = time.monotonic()
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
