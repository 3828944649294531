"""The second half of every way into PACS: gate → coerce → PACS → verified → delivered (R-GATE-1, 2; R-TX-4).

Discs, downloads and directly routed studies differ in how their images come into the spool; from there on they go
this one way, so that nothing reaches PACS past the gate. Resumable as the jobs are that use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from iep_desktop.core.errors import ImagesRefused
from iep_desktop.core.job import Context
from iep_desktop.core.ris import ris_requirements
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
from iep_desktop.workers.gatekeeper import Gatekeeper
from iep_desktop.workers.sending import Sending
from iep_desktop.workers.verifying import Verifying

ENGINE = "engine"

Finish = Callable[[int, str, tuple[Requirement, ...]], None]
"""Transaction, text, what is left to do: writes *Delivered*."""


@dataclass(frozen=True)
class Source:
    """Where the images came from, in words for a person, and what must be done while some have not come."""

    words: str  # "the disc"
    under_way: Status  # while it is sent
    unread_hint: str
    still_listed: Callable[[InstanceCounts], tuple[Requirement, ...]]


@dataclass(frozen=True)
class Delivery:
    transactions: Transactions
    gatekeeper: Gatekeeper
    spool: Spool
    sending: Sending
    verifying: Verifying
    source: Source
    finish: Finish

    def deliver(self, id: int, ctx: Context) -> None:
        """Bring what is spooled to PACS, if the gate is open.

        Raises:
            Retriable: PACS is away, full or slow to show what it took; the engine tries again.
            ImagesRefused: PACS refused images for good, or they could not be read in the first place.
        """
        if self._may_send(id, ctx):
            self._send(id, ctx)
            self.verifying.verify(self.transactions.by_id(id), ctx)
            self._settle(id)

    def put_away(self, id: int) -> None:
        """Nothing is left to do: the spool is emptied."""
        self.spool.free(id)
        self.transactions.unqueue(id)

    def _may_send(self, id: int, ctx: Context) -> bool:
        """The gate is asked again with what is known now; blocked, it waits for a person."""
        transaction = self.transactions.by_id(id)
        gate = self.gatekeeper.assess_transaction(transaction, ctx).gate
        missing = () if gate.is_open else self.source.still_listed(transaction.counts)
        self.transactions.require(id, gate.requirements + missing)
        if not gate.is_open:
            self.transactions.record(id, "blocked", _blocked(gate.requirements), ENGINE)
            self.transactions.unqueue(id)
        return gate.is_open

    def _send(self, id: int, ctx: Context) -> None:
        waiting = self.transactions.instances(id, frozenset({InstanceState.SPOOLED}))
        if waiting:
            transaction = self.transactions.by_id(id)
            if transaction.status is not self.source.under_way:
                self.transactions.move(id, self.source.under_way, f"Sending to {transaction.node}", ENGINE)
            self.sending.send(self.transactions.by_id(id), waiting, ctx)

    def _settle(self, id: int) -> None:
        """All has been tried: delivered, or what stands in the way."""
        transaction = self.transactions.by_id(id)
        counts = transaction.counts
        if counts.failed:
            raise self._refusal(transaction)
        if counts.listed:
            self.transactions.require(id, self.source.still_listed(counts))
        if counts.listed or counts.sent:  # sent, but the node does not commit itself to it: a person decides
            self.transactions.unqueue(id)
            return
        text = f"Delivered: {counts.verified} of {counts.wanted} images verified"
        self.finish(id, text, ris_requirements(transaction.exams))
        self.put_away(id)

    def _refusal(self, transaction: Transaction) -> ImagesRefused:
        failed = self.transactions.instances(transaction.id, frozenset({InstanceState.FAILED}))
        counts, first = transaction.counts, failed[0]
        if any(i.dicom_status is not None or i.spool_name for i in failed):
            title = f"{transaction.node} refused {len(failed)} of {counts.wanted} images"
            hint = "The other images have arrived. Correct the cause, then retry the failed images."
        else:
            title = f"{len(failed)} of {counts.wanted} images cannot be read from {self.source.words}"
            hint = f"The other images have arrived. {self.source.unread_hint}"
        return ImagesRefused(title, reasons(failed), hint, dicom_status=first.dicom_status)


def reasons(failed: tuple[Instance, ...]) -> str:
    """The distinct reasons of failed images, at most three in full."""
    distinct = list(dict.fromkeys(instance.reason for instance in failed if instance.reason))
    more = f" And {len(distinct) - 3} other reasons." if len(distinct) > 3 else ""
    return " ".join(distinct[:3]) + more


def _blocked(requirements: tuple[Requirement, ...]) -> str:
    titles = "; ".join(f"{r.title} ({r.clause})" for r in requirements[:3])
    more = f" and {len(requirements) - 3} more" if len(requirements) > 3 else ""
    return f"Waits for a person: {titles}{more}"
