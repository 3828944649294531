"""Whether ledger and spool agree with themselves and each other. Looks only: mending is a person's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.soundness import Problem, Trouble
from iep_desktop.store.check import check
from iep_desktop.workers.leftovers import Leftovers

if TYPE_CHECKING:
    from iep_desktop.dicom.spool import Spool
    from iep_desktop.store.database import Database
    from iep_desktop.store.slots import Slots
    from iep_desktop.store.transactions import Transactions
    from iep_desktop.workers.desk import Desk


def soundness_of(desk: Desk) -> Soundness:
    ledger = desk.ledger
    return Soundness(ledger.database, ledger.transactions, ledger.slots, desk.spool)


class Soundness:
    """Looks at the whole ledger, of all hospitals, and at this workstation's spool."""

    def __init__(self, database: Database, transactions: Transactions, slots: Slots, spool: Spool) -> None:
        self._database = database
        self._transactions = transactions
        self._slots = slots
        self._spool = spool

    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong; empty where nothing is.

        Raises:
            LedgerUnusable: it is damaged so far that it cannot be read.
        """
        return (*check(self._database), *self._left_in_spool())

    def _left_in_spool(self) -> Iterator[Problem]:
        """Images of what is at rest, or of what this ledger does not know."""
        for transaction in Leftovers(self._transactions, self._slots, self._spool).at_rest():
            said = f"{transaction.status.value}, but its images still lie in the spool"
            yield Problem(Trouble.SPOOL, said, transaction.number)
        for owner in self._spool.owners():
            try:
                self._transactions.by_id(owner)
            except InvalidInput:
                yield Problem(Trouble.SPOOL, f"Folder {owner} of the spool is of no transaction of ours")
