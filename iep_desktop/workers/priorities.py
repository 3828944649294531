"""Raising and lowering the priority of a transaction, with a reason (R-TX-3). Queue and slots follow at once."""

from __future__ import annotations

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.me import Me
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import TransactionType
from iep_desktop.store.line import Line
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.hours import Hours

LONGEST_REASON = 500


class Priorities:
    """The acts of the person who is signed in."""

    def __init__(self, me: Me, transactions: Transactions, line: Line, hours: Hours) -> None:
        self._me = me
        self._transactions = transactions
        self._line = line
        self._hours = hours

    def change(self, id: int, priority: Priority, reason: str) -> None:
        """From now on it has that priority; lowered out of hours, it waits for them (R-TIME-4).

        Raises:
            InvalidInput: no reason is given.
            Refused: it has come to rest, or has that priority already.
        """
        reason = " ".join(reason.split())
        if not 1 <= len(reason) <= LONGEST_REASON:
            raise InvalidInput(
                "A change of priority needs its reason",
                f"A few words, up to {LONGEST_REASON} characters.",
                "Say who asked for it, and why.",
                rule="R-TX-3",
            )
        transaction = self._transactions.by_id(id)
        transfer = transaction.type in (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)
        until = self._hours.waits_until(priority, transaction.trauma) if transfer else None
        self._line.set_priority(id, priority, reason, self._me.user, until)
