"""One attempt at one claimed transaction, and what follows from how it ended. Runs in a thread of the engine's pools.

Plain and blocking: which attempt is made, and when, is the engine's matter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from iep_desktop.core.errors import Cancelled, Cause, IepError, Refused, Retriable
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Failure, Transaction, TransactionType
from iep_desktop.workers.circuit import Breaker
from iep_desktop.workers.holders import is_dead
from iep_desktop.workers.pool import defect
from iep_desktop.workers.retry import RetryPolicy

if TYPE_CHECKING:
    from iep_desktop.store.slots import Claim, Slots
    from iep_desktop.store.transactions import Transactions
    from iep_desktop.store.yielding import Yielding

_log = logging.getLogger(__name__)


class Job(Protocol):
    """Moves the instances of one transaction; blocking, without Qt, killed and started again at any moment."""

    def run(self, transaction_id: int, ctx: Context) -> None: ...


class Performer:
    """One attempt at one claimed transaction, and what follows from how it ended. Runs in a pool's thread."""

    def __init__(
        self,
        transactions: Transactions,
        slots: Slots,
        yielding: Yielding,
        jobs: Mapping[TransactionType, Job],
        retry: RetryPolicy,
        breaker: Breaker,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._transactions = transactions
        self.slots = slots
        self.yielding = yielding
        self._jobs = jobs
        self._retry = retry
        self.breaker = breaker
        self._now = now

    def perform(self, claim: Claim, ctx: Context) -> None:
        try:
            self._attempt(claim.transaction_id, ctx)
        finally:
            self.slots.release(claim)

    def tell(self, id: int, text: str) -> None:
        """A line in its history that explains why it does not go on now."""
        self._transactions.record(id, "stopped", text, "engine")

    def free_dead_slots(self, workstation: str) -> None:
        """Give back what killed processes of this workstation held, without waiting for their leases to end."""
        for slot in self.slots.slots():
            if slot.holder and is_dead(slot.holder, workstation):
                self.slots.free(slot)

    def _attempt(self, id: int, ctx: Context) -> None:
        settled = 0
        try:
            transaction = self._transactions.by_id(id)
            settled = _settled(transaction)
            self._jobs[transaction.type].run(id, ctx)
            self.breaker.answered(transaction.node, transaction.source_node)
        except Cancelled:
            _log.info("transaction %d stopped, its instances wait where they are", id)
        except Retriable as error:
            self._try_later(id, error, settled)
        except IepError as error:
            self.breaker.failed(id, error)
            self._fail(id, error)
        except MemoryError:
            self._try_later(id, _no_memory(), settled)
        except Exception as error:  # a defect must not leave a transaction in limbo
            _log.exception("defect in the job of transaction %d", id)
            self._fail(id, defect(error))

    def _try_later(self, id: int, error: Retriable, settled: int) -> None:
        """A try that brought images forward, beyond the `settled` ones before, begins the count anew; a look in vain
        for what the node took does not."""
        if self.breaker.failed(id, error):
            self._wait_for_node(id, error)
            return
        transaction = self._transactions.by_id(id)
        forward = error.cause is not Cause.NOT_SHOWN and _settled(transaction) > settled
        attempts = 1 if forward else transaction.attempts + 1
        pause = self._retry.pause(attempts, error.cause)
        if pause is None:
            self._transactions.queue(id, attempts=attempts)  # the last try counts, too
            self._fail(id, error)
            return
        _log.warning("transaction %d: %s; try %d in %.0f s", id, error.title, attempts, pause.total_seconds())
        follows = "goes on with the rest" if forward else f"next try {attempts + 1} follows"
        self._transactions.record(id, "retry", f"{error.title}; {follows}", "engine")
        self._transactions.queue(id, not_before=self._now() + pause, attempts=attempts)

    def _wait_for_node(self, id: int, error: Retriable) -> None:
        """Nothing is sent there now: it keeps its place and its tries."""
        pause = self._retry.pause(1, error.cause) or self._retry.longest
        text = f"{error.title}; goes on when {error.node} answers again"
        self._transactions.record(id, "retry", text, "engine")
        self._transactions.queue(id, not_before=self._now() + pause)

    def _fail(self, id: int, error: IepError) -> None:
        _log.warning("transaction %d failed: %s", id, error.title)
        failure = Failure(
            error.title,
            error.message,
            error.hint,
            error.kind,
            getattr(error, "dicom_status", None),
            self._transactions.by_id(id).node,
            self._now(),
        )
        try:
            self._transactions.fail(id, failure)
        except Refused:
            _log.info("transaction %d came to rest otherwise", id)


def _settled(transaction: Transaction) -> int:
    """How many images need no further try."""
    return transaction.counts.arrived + transaction.counts.failed


def _no_memory() -> Retriable:
    return Retriable(
        "This computer has too little memory",
        "The job was stopped; its images wait where they are.",
        "Close other programs. It is tried again.",
    )
