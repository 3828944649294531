"""An engine that kills itself at a seam: where one memory knows of an image already, and the next does not yet.

    python -m tests.acceptance.doomed JOURNAL 3 TRANSFER --profile … run --until-idle

runs `iep-desktop --profile … run --until-idle` and ends it by SIGKILL when it comes to the seam for the third time with
a transaction of this type. A kill at a random moment meets most seams too seldom.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import count
from typing import Any

from iep_desktop.__main__ import main
from iep_desktop.core.transaction import InstanceState, Transaction, TransactionType
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.journal import Journal


class Seam(StrEnum):
    ON_DISK = "whole in the spool, and the ledger does not know"
    TAKEN = "taken by the peer, and the journal does not know"
    JOURNAL = "in the journal, and the ledger does not know"
    LEDGER = "in the ledger, and the journal is not cleared"
    SHOWN = "shown by the peer, and the ledger does not know"
    VERIFIED = "verified, and the transaction is not at rest"
    FREEING = "at rest, and half of its spool freed"


_BEFORE = {
    Seam.ON_DISK: InstanceState.SPOOLED,
    Seam.JOURNAL: InstanceState.SENT,
    Seam.SHOWN: InstanceState.VERIFIED,
}
_AFTER = {Seam.LEDGER: InstanceState.SENT, Seam.VERIFIED: InstanceState.VERIFIED}


def _watch(seam: Seam, reached: Callable[[int], None]) -> None:
    """Have `reached` called with the transaction's id wherever the program comes to this seam."""
    update, note, free = Transactions.update_instances, Journal.note, Spool.free

    def updating(self: Transactions, id: int, changes: Sequence[InstanceChange]) -> Any:
        states = {change.state for change in changes}
        if _BEFORE.get(seam) in states:
            reached(id)
        counts = update(self, id, changes)
        if _AFTER.get(seam) in states:
            reached(id)
        return counts

    def noting(self: Journal, sop_instance_uid: str) -> None:
        if seam is Seam.TAKEN:
            reached(int(self._path.parent.name))
        note(self, sop_instance_uid)

    def freeing(self: Spool, transaction_id: int) -> None:
        if seam is Seam.FREEING:
            for path in sorted(self.folder(transaction_id).glob("*"))[::2]:
                path.unlink()
            reached(transaction_id)
        free(self, transaction_id)

    Transactions.update_instances = updating  # type: ignore[method-assign]
    Journal.note = noting  # type: ignore[method-assign]
    Spool.free = freeing  # type: ignore[method-assign]


def _types() -> dict[int, TransactionType]:
    """By id, of all that the program looks at from now on: each job begins with that."""
    types: dict[int, TransactionType] = {}
    by_id = Transactions.by_id

    def looking(self: Transactions, id: int) -> Transaction:
        transaction = by_id(self, id)
        types[id] = transaction.type
        return transaction

    Transactions.by_id = looking  # type: ignore[method-assign]
    return types


def _run(seam: Seam, nth: int, wanted: TransactionType) -> int:
    times, types = count(1), _types()

    def reached(id: int) -> None:
        if types.get(id) is wanted and next(times) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    _watch(seam, reached)
    return main()


if __name__ == "__main__":
    name, nth, wanted = sys.argv[1:4]
    del sys.argv[1:4]
    sys.exit(_run(Seam[name], int(nth), TransactionType[wanted]))
