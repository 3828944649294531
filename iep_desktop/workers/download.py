"""The recipient's leg: gateway → spool → match and gate → PACS → verified → *Delivered*. Plain, blocking, resumable.

R-GATE-2: nothing reaches PACS by itself. What the headers say is compared with our own form, and where that does not
suffice the transaction waits for a person with its images in the spool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from iep_desktop.core.errors import ImagesWaiting, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import (
    Instance,
    InstanceCounts,
    InstanceState,
    Medium,
    Requirement,
    Status,
    Transaction,
)
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.delivery import ENGINE, Delivery, Source
from iep_desktop.workers.retrieving import Retrieving

SURE_AFTER = 2
"""Looks in vain at the gateway, after which what it does not show is taken for lost."""

ReadHeaders = Callable[[int, Transaction], Medium]
"""What the headers of a transaction's spooled files say."""


@dataclass(frozen=True)
class Download:
    """The job of a transfer to us and of a directly routed study."""

    transactions: Transactions
    exchange: Exchange
    gateway: Callable[[str], Node]
    retrieving: Retrieving
    read_headers: ReadHeaders
    delivery: Delivery

    def run(self, transaction_id: int, ctx: Context) -> None:
        """Bring one transfer as far as it goes.

        Raises:
            Retriable: gateway or PACS is away, full or slow; the engine tries again.
            Permanent: the gateway does not hold what was sent.
            ImagesRefused: PACS refused images for good.
        """
        transaction = self.transactions.by_id(transaction_id)
        if transaction.status in FINAL:  # it had come to rest when it was killed
            self.delivery.put_away(transaction_id)
            return
        if transaction.status in (Status.DOWNLOAD_REQUEST, Status.FAILED):
            text = f"Downloading from {transaction.gateway or 'our listener'}"
            self.transactions.move(transaction_id, Status.DOWNLOADING, text, ENGINE)
        self.delivery.sending.recover(transaction_id)
        self._fetch(self.transactions.by_id(transaction_id), ctx)
        self._note_headers(transaction_id)
        self.delivery.deliver(transaction_id, ctx)

    def _fetch(self, transaction: Transaction, ctx: Context) -> None:
        listed = self.transactions.instances(transaction.id, frozenset({InstanceState.LISTED}))
        if not listed:
            return
        node = self.gateway(transaction.gateway)
        held = self.retrieving.held(node, _studies(listed), ctx)
        self._compare(transaction, listed, held, node)
        self.retrieving.fetch(transaction, node, listed, ctx, held=held)

    def _compare(
        self,
        transaction: Transaction,
        listed: tuple[Instance, ...],
        held: tuple[PacsInstance, ...],
        node: Node,
    ) -> None:
        """Does the gateway hold what the sender says? More is told to a person, less stops the download."""
        there = {one.sop_instance_uid for one in held}
        lacking = [i for i in listed if i.sop_instance_uid not in there]
        if lacking:
            if transaction.attempts < SURE_AFTER:
                raise ImagesWaiting(
                    f"{node.name} does not show {len(lacking)} of {transaction.counts.wanted} images",
                    "It is asked again.",
                )
            raise Permanent(
                f"{node.name} lacks {len(lacking)} of {transaction.counts.wanted} images",
                "They were there when the sender put them in: somebody has removed them, or they were lost.",
                "Send the sender a message to send them again. Nothing has been changed on PACS.",
            )
        ours = {i.sop_instance_uid for i in self.transactions.instances(transaction.id)}
        more = there - ours - self.exchange.known_instances_of(_studies(listed))
        if more:
            text = f"{node.name} holds {len(more)} images of this study more than the sender says; they stay there"
            self.transactions.record(transaction.id, "extra", text, ENGINE)

    def _note_headers(self, id: int) -> None:
        """What the images themselves say of their patient, once they are here."""
        transaction = self.transactions.by_id(id)
        if transaction.medium is None and not transaction.counts.listed:
            self.exchange.set_medium(id, self.read_headers(id, transaction))


def _studies(instances: tuple[Instance, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i.study_uid for i in instances))


def not_fetched(counts: InstanceCounts) -> tuple[Requirement, ...]:
    if not counts.listed:
        return ()
    title = f"{counts.listed} of {counts.wanted} images are not downloaded yet"
    return (Requirement("download", title, "", "R-TX-8", "A4", "Download"),)


GATEWAY = Source(
    "the gateway", Status.DOWNLOADING, "Retry, or ask the sender to send them again.", not_fetched
)
