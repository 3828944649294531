"""The job of a CD import: medium → spool, then `delivery` into PACS. Plain, blocking, resumable.

Each instance has its own state in the ledger, so the job can be killed at any moment and starts again where it was:
what is spooled needs no disc, what PACS has taken is not sent again, and nothing leaves the spool before the gate
(R-GATE) is open.
"""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.job import Context
from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import InstanceCounts, Requirement, Status
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.copying import Copying
from iep_desktop.workers.delivery import ENGINE, Delivery, Source


@dataclass(frozen=True)
class DiscImport:
    """The job; its parts do the three moves of an instance."""

    transactions: Transactions
    copying: Copying
    delivery: Delivery

    def run(self, transaction_id: int, ctx: Context) -> None:
        """Bring one import as far as it goes.

        Raises:
            Retriable: PACS is away, full or slow to show what it took; the engine tries again.
            ImagesRefused: PACS refused images for good, or the medium could not be read in places.
        """
        transaction = self.transactions.by_id(transaction_id)
        if transaction.status in FINAL:  # it had come to rest when it was killed
            self.delivery.put_away(transaction_id)
            return
        if transaction.status is Status.NEW:
            self.transactions.move(transaction_id, Status.STARTED, "Started copying from the disc", ENGINE)
        self.delivery.sending.recover(transaction_id)
        self.copying.copy(transaction, ctx)
        self.delivery.deliver(transaction_id, ctx)


def still_on_disc(counts: InstanceCounts) -> tuple[Requirement, ...]:
    """What a person must do while the disc holds images that are not copied."""
    if not counts.listed:
        return ()
    title = f"Insert the disc again: {counts.listed} of {counts.wanted} images are not copied yet"
    return (Requirement("medium", title, "", "R-DISC-5", "A5", "Insert the disc and retry"),)


DISC = Source(
    "the disc",
    Status.UPLOADING,
    "Clean the disc and retry, or ask the sender for another.",
    still_on_disc,
)
