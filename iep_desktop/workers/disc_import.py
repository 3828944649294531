"""The job of a CD import: medium → spool → gate → coerce → PACS → verified. Plain, blocking, resumable.

Each instance has its own state in the ledger, so the job can be killed at any moment and starts again where it was:
what is spooled needs no disc, what PACS has taken is not sent again, and nothing leaves the spool before the gate
(R-GATE) is open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from iep_desktop.core.errors import ImagesRefused
from iep_desktop.core.job import Context
from iep_desktop.core.ris import ris_requirements
from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import (
    Instance,
    InstanceCounts,
    InstanceState,
    Requirement,
    Status,
    Transaction,
)
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.copying import Copying
from iep_desktop.workers.gatekeeper import Gatekeeper
from iep_desktop.workers.sending import Sending
from iep_desktop.workers.verifying import Verifying

_log = logging.getLogger(__name__)

ENGINE = "engine"


@dataclass(frozen=True)
class DiscImport:
    """The job; its parts do the three moves of an instance."""

    transactions: Transactions
    gatekeeper: Gatekeeper
    spool: Spool
    copying: Copying
    sending: Sending
    verifying: Verifying
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self, transaction_id: int, ctx: Context) -> None:
        """Bring one import as far as it goes.

        Raises:
            Retriable: PACS is away, full or slow to show what it took; the engine tries again.
            ImagesRefused: PACS refused images for good, or the medium could not be read in places.
        """
        transaction = self.transactions.by_id(transaction_id)
        if transaction.status in FINAL:  # it had come to rest when it was killed
            self._put_away(transaction_id)
            return
        if transaction.status is Status.NEW:
            self.transactions.move(transaction_id, Status.STARTED, "Started copying from the disc", ENGINE)
        self.sending.recover(transaction_id)
        self.copying.copy(transaction, ctx)
        if self._may_send(transaction_id, ctx):
            self._send_and_verify(transaction_id, ctx)
            self._settle(transaction_id)

    def _may_send(self, id: int, ctx: Context) -> bool:
        """R-GATE-1, 2: the gate is asked again with what is known now; blocked, it waits for a person."""
        transaction = self.transactions.by_id(id)
        gate = self.gatekeeper.assess_transaction(transaction, ctx).gate
        missing = () if gate.is_open else _medium_requirement(transaction.counts)
        self.transactions.require(id, gate.requirements + missing)
        if not gate.is_open:
            self.transactions.record(id, "blocked", _blocked(gate.requirements), ENGINE)
            self.transactions.unqueue(id)
        return gate.is_open

    def _send_and_verify(self, id: int, ctx: Context) -> None:
        waiting = self.transactions.instances(id, frozenset({InstanceState.SPOOLED}))
        if waiting:
            transaction = self.transactions.by_id(id)
            if transaction.status is not Status.UPLOADING:
                self.transactions.move(id, Status.UPLOADING, f"Sending to {transaction.node}", ENGINE)
            self.sending.send(self.transactions.by_id(id), waiting, ctx)
        self.verifying.verify(self.transactions.by_id(id), ctx)

    def _settle(self, id: int) -> None:
        """All has been tried: delivered, or what stands in the way."""
        transaction = self.transactions.by_id(id)
        counts = transaction.counts
        if counts.failed:
            raise self._refusal(transaction)
        if counts.listed:
            self.transactions.require(id, _medium_requirement(counts))
            self.transactions.unqueue(id)
            return
        self.transactions.move(
            id,
            Status.DELIVERED,
            f"Delivered: {counts.verified} of {counts.wanted} images verified",
            ENGINE,
            required=ris_requirements(transaction.exams),
        )
        self._put_away(id)

    def _put_away(self, id: int) -> None:
        self.spool.free(id)
        self.transactions.unqueue(id)

    def _refusal(self, transaction: Transaction) -> ImagesRefused:
        failed = self.transactions.instances(transaction.id, frozenset({InstanceState.FAILED}))
        counts, first = transaction.counts, failed[0]
        if any(i.dicom_status is not None or i.spool_name for i in failed):
            title = f"{transaction.node} refused {len(failed)} of {counts.wanted} images"
            hint = "The other images have arrived. Correct the cause, then retry the failed images."
        else:
            title = f"{len(failed)} of {counts.wanted} images cannot be read from the disc"
            hint = "The other images have arrived. Clean the disc and retry, or ask the sender for another."
        return ImagesRefused(title, _reasons(failed), hint, dicom_status=first.dicom_status)


def _reasons(failed: tuple[Instance, ...]) -> str:
    reasons = list(dict.fromkeys(instance.reason for instance in failed if instance.reason))
    more = f" And {len(reasons) - 3} other reasons." if len(reasons) > 3 else ""
    return " ".join(reasons[:3]) + more


def _medium_requirement(counts: InstanceCounts) -> tuple[Requirement, ...]:
    if not counts.listed:
        return ()
    title = f"Insert the disc again: {counts.listed} of {counts.wanted} images are not copied yet"
    return (Requirement("medium", title, "", "R-DISC-5", "A5", "Insert the disc and retry"),)


def _blocked(requirements: tuple[Requirement, ...]) -> str:
    titles = "; ".join(f"{r.title} ({r.clause})" for r in requirements[:3])
    more = f" and {len(requirements) - 3} more" if len(requirements) > 3 else ""
    return f"Waits for a person: {titles}{more}"
