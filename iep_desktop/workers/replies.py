"""What either hospital answers to a transaction of both: look, message, decline (R-TX-4, 5, 6). Plain and blocking.

Each is an event or a message that both ends see; of two persons who act at once the second is told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from iep_desktop.core.clocks import TERMS, Terms, cancel_due
from iep_desktop.core.errors import Refused
from iep_desktop.core.me import Me
from iep_desktop.core.replies import Decline, parse_message
from iep_desktop.core.states import check_move
from iep_desktop.core.transaction import Direction, Requirement, Status, Transaction, TransactionType
from iep_desktop.store.transactions import Transactions


class Replies:
    """The acts that are not bound to who created a transaction."""

    def __init__(
        self,
        me: Me,
        transactions: Transactions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        terms: Terms = TERMS,
    ) -> None:
        self._me = me
        self._transactions = transactions
        self._now = now
        self._terms = terms

    def look(self, id: int) -> None:
        """A person of ours has it before them: what came in is no longer *New*, its messages no longer unread."""
        transaction = self._transactions.by_id(id)
        if transaction.unread:
            self._transactions.mark_read(id)
        if _is_asked_of_us(transaction) and transaction.status is Status.NEW:
            text = f"Acknowledged by {self._me.user}"
            try:
                self._transactions.move(id, Status.STARTED, text, self._me.user, expected=Status.NEW)
            except Refused:
                return  # a colleague looked, or the asker withdrew it, in this moment

    def message(self, id: int, text: str) -> None:
        """Write to the other hospital; it is unread there.

        Raises:
            InvalidInput: empty or too long.
            Refused: there is no other hospital that would see it.
        """
        transaction = self._transactions.by_id(id)
        if transaction.type in (TransactionType.CD_IMPORT, TransactionType.DISC_EXPORT):
            raise Refused(
                f"Nobody else sees {transaction.number}",
                f"A {transaction.type.value} is an act of one hospital.",
                "Write to the other hospital by e-mail.",
                rule="R-TX-5",
            )
        self._transactions.add_message(id, self._me.user, parse_message(text))

    def accept(self, id: int) -> None:
        """We shall send the images; from now a transfer may be tied to it.

        Raises:
            Refused: it was not asked of us, or is answered or withdrawn already.
        """
        transaction = self._asked(id)
        if transaction.status is Status.ACCEPTED:
            raise Refused(f"{transaction.number} is accepted already", "Somebody else was first.", "Refresh.")
        self._transactions.move(
            id,
            Status.ACCEPTED,
            f"Accepted by {self._me.user}",
            self._me.user,
            expected=transaction.status,
            required=(_SEND,),
            required_there=(),
        )

    def ask_details(self, id: int, text: str) -> None:
        """R-TX-7: the request lacks details. The asker has two weeks, then it is cancelled (R-TIME-5).

        Raises:
            InvalidInput: empty or too long.
            Refused: it was not asked of us, or is answered or withdrawn already.
        """
        transaction, question = self._asked(id), parse_message(text)
        if transaction.status not in (Status.NEW, Status.STARTED):
            raise Refused(f"{transaction.number} is {transaction.status.value}", "Write a message instead.")
        due = cancel_due(self._now(), self._terms)
        self._transactions.move(
            id,
            Status.STARTED,
            "Details are missing: asked for",
            self._me.user,
            expected=transaction.status,
            required=(_details("Waiting for details", "", due),),
            required_there=(_details("Complete the details", question, due),),
            instead_of=transaction.required,
        )
        self._transactions.add_message(id, self._me.user, question)

    def decline(self, id: int, decline: Decline) -> None:
        """R-TX-6: the images are not sent, for a reason; now it is the asker's to re-work.

        Raises:
            Refused: it was not asked of us, or is answered or withdrawn already.
        """
        transaction = self._asked(id)
        if transaction.status is Status.DECLINED:
            raise Refused(f"{transaction.number} is declined already", "Somebody else was first.", "Refresh.")
        check_move(transaction.type, transaction.status, Status.DECLINED)
        self._transactions.move(
            id,
            Status.DECLINED,
            f"Declined: {decline.line}",
            self._me.user,
            expected=transaction.status,
            required=(),
            required_there=(_rework(decline),),
        )

    def _asked(self, id: int) -> Transaction:
        transaction = self._transactions.by_id(id)
        if not _is_asked_of_us(transaction):
            raise Refused(
                f"{transaction.number} is not asked of us",
                "Only the hospital that has the images can answer it.",
                rule="R-TX-6",
            )
        return transaction


_SEND = Requirement("send", "Choose the images and send them", "", "R-TX-4", "A1", "New Transfer")


def _details(title: str, text: str, due: datetime) -> Requirement:
    return Requirement("details", title, text, "R-TIME-5", "§2.4", "Complete the details", due=due)


def _is_asked_of_us(transaction: Transaction) -> bool:
    return transaction.type is TransactionType.REQUEST and transaction.direction is Direction.IN


def _rework(decline: Decline) -> Requirement:
    title = f"Declined: {decline.reason.value}"
    return Requirement("rework", title, decline.text, "R-TX-6", "§2.5", "Re-work and send again")
