"""Which leg of a transfer is ours: the sender uploads to the gateway, the recipient downloads from it."""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Direction
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.download import Download
from iep_desktop.workers.upload import Upload


@dataclass(frozen=True)
class Legs:
    """The job of transfers and directly routed studies."""

    transactions: Transactions
    upload: Upload
    download: Download

    def run(self, transaction_id: int, ctx: Context) -> None:
        """Raises what the leg raises."""
        ours = self.transactions.by_id(transaction_id).direction
        (self.download if ours is Direction.IN else self.upload).run(transaction_id, ctx)
