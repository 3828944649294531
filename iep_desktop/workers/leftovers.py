"""Images in this workstation's spool that nobody needs any more, because their transaction has come to rest.

Who brings a transaction to rest frees its images itself. A sender that is killed just before it does, and whose
recipient then delivers, has nothing left to do that it could be started for: they are found here, by the clock.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.transaction import Status, Transaction

if TYPE_CHECKING:
    from iep_desktop.dicom.spool import Spool
    from iep_desktop.store.slots import Slots
    from iep_desktop.store.transactions import Transactions

_log = logging.getLogger(__name__)

_PUT_AWAY = (Status.DELIVERED, Status.PURGED)
"""Nothing of these is needed any more; what is cancelled may lie until its engine has looked at it."""


@dataclass(frozen=True)
class Leftovers:
    """Looks at what lies in the spool; a folder of no transaction of ours is left to a person (`db check`)."""

    transactions: Transactions
    slots: Slots
    spool: Spool

    def at_rest(self) -> tuple[Transaction, ...]:
        """The transactions that are over and whose images still lie here."""
        owners = self.spool.owners()
        running = {slot.transaction_id for slot in self.slots.slots()} if owners else set()
        found = []
        for owner in owners:
            with suppress(InvalidInput):
                transaction = self.transactions.by_id(owner)
                over = transaction.status in _PUT_AWAY and not transaction.queued
                if over and owner not in running:
                    found.append(transaction)
        return tuple(found)

    def put_away(self) -> None:
        for transaction in self.at_rest():
            _log.info("transaction %d is over: its images are taken out of the spool", transaction.id)
            self.spool.free(transaction.id)
