"""What a person does with any transaction that is under way: try again, leave out, cancel, take. Plain and blocking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from iep_desktop.core.clocks import purge_due
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.me import Me
from iep_desktop.core.model import NodeRole, Priority
from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import (
    Direction,
    InstanceState,
    Requirement,
    Status,
    Transaction,
    TransactionType,
)
from iep_desktop.store.circuits import Circuits
from iep_desktop.store.commitments import Commitments
from iep_desktop.store.directory import Directory
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.upload import download_requirement

_MOVES_IMAGES = (TransactionType.CD_IMPORT, TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)
_CLASS_REFUSED = frozenset({None, 0x0122, 0x0124})
"""How a peer says that it does not take a kind of image: no presentation context, or PS3.7 C.5.6, C.5.19."""


@dataclass(frozen=True)
class Acts:
    me: Me
    transactions: Transactions
    exchange: Exchange
    directory: Directory
    circuits: Circuits
    commitments: Commitments
    hours: Callable[[Priority, bool], datetime | None]

    def retry(self, id: int, *, failed_only: bool = False, node: str = "") -> None:
        """Try again what has not arrived; with `failed_only` only the images that were refused or not given.

        With `node` everything goes to another node of the same hospital and role.

        Raises:
            Refused: it is at rest, moves no images, or it is the other hospital's move.
            InvalidInput: no such node of that hospital.
        """
        transaction = self._to_move(id)
        if node and node != transaction.node:
            self._redirect(transaction, node)
            self._again(transaction)
            return
        states = {InstanceState.FAILED} if failed_only else {InstanceState.FAILED, InstanceState.SENT}
        changes = [
            InstanceChange(
                i.sop_instance_uid, InstanceState.SPOOLED if i.spool_name else InstanceState.LISTED
            )
            for i in self.transactions.instances(id, frozenset(states))
        ]
        self.transactions.update_instances(id, changes)
        self.transactions.record(id, "retry", f"Retry asked for by {self.me.user}", self.me.user)
        self._again(transaction)

    def offer_again(self, id: int) -> None:
        """A transfer that the recipient did not want is offered once more, after a word between the two.

        Raises:
            Refused: it is not ours, or not declined.
        """
        transaction = self.transactions.by_id(id)
        if transaction.type is not TransactionType.TRANSFER or transaction.direction is not Direction.OUT:
            raise Refused(
                f"{transaction.number} is no transfer of ours", "Only its sender can offer it again."
            )
        due = purge_due(transaction.on_iep_at or transaction.created_at)
        self.transactions.move(
            id,
            Status.ON_IEP,
            f"Offered again by {self.me.user}",
            self.me.user,
            expected=Status.DECLINED,
            required=(),
            required_there=(download_requirement(transaction.counts.verified, due),),
        )

    def reduce(self, id: int, reason: str) -> int:
        """Leave out the images whose kind the peer does not take, and go on with the rest; how many are left out.

        Raises:
            Refused: there is none, nothing would be left, or it is the other hospital's move.
            InvalidInput: no reason.
        """
        transaction = self._to_move(id)
        if not reason.strip():
            raise InvalidInput("Say why they are left out")
        refused = [
            i
            for i in self.transactions.instances(id, frozenset({InstanceState.FAILED}))
            if i.spool_name and i.dicom_status in _CLASS_REFUSED
        ]
        if not refused or len(refused) == transaction.counts.wanted:
            raise Refused("No image can be left out", "None was refused for its kind, or no other is left.")
        left_out = f"Left out by {self.me.user}: {reason.strip()}"
        self.transactions.update_instances(
            id, [InstanceChange(i.sop_instance_uid, InstanceState.SKIPPED, reason=left_out) for i in refused]
        )
        text = f"{len(refused)} images that {transaction.node} does not take are left out: {reason.strip()}"
        self.transactions.record(id, "reduced", text, self.me.user)
        self._again(transaction)
        return len(refused)

    def accept_evidence(self, id: int) -> None:
        """A person takes what the node shows for enough, where it has not committed itself to keep the images.

        Raises:
            Refused: there are none, or they have not arrived by other evidence either.
        """
        text = f"{self.me.user} accepts what the node shows, without its storage commitment"
        self.commitments.accept(id, text, self.me.user)

    def cancel(self, id: int) -> None:
        """Nothing more is done for it; both ends see that.

        Raises:
            Refused: it is at rest, lies On IEP, or was asked or sent by the other hospital.
        """
        transaction = self.transactions.by_id(id)
        theirs = transaction.type in (TransactionType.REQUEST, TransactionType.TRANSFER)
        if theirs and transaction.direction is Direction.IN:
            raise Refused(
                f"{transaction.number} is not ours to cancel",
                "Only the hospital that made it can cancel it.",
                "Decline it, or write a message.",
            )
        self.transactions.cancel(id, self.me.user)
        self._reopen_request(transaction)

    def assign(self, id: int, user: str | None = None, seen: str | None = None) -> None:
        """To the person who is signed in, or to somebody; the empty word takes it from whoever had it.

        `seen` is whom the person saw it with. Raises Refused where it is with somebody else by now.
        """
        had = self.transactions.by_id(id).assigned_to if seen is None else seen
        self.transactions.assign(id, self.me.user if user is None else user, instead_of=had)

    # -- inside

    def _redirect(self, transaction: Transaction, name: str) -> None:
        outbound = transaction.direction is Direction.OUT
        role = NodeRole.GATEWAY if outbound else NodeRole.PACS
        owner = transaction.recipient if outbound else self.me.hospital
        if not any(n.name == name and n.role is role for n in self.directory.nodes(owner)):
            raise InvalidInput(f"{name} is no {role.value} of that hospital", "", "Choose another node.")
        self.exchange.redirect(transaction.id, name, self.me.user)

    def _reopen_request(self, transaction: Transaction) -> None:
        """The request that a cancelled transfer answered is still to be answered."""
        if transaction.request_id is None:
            return
        request = self.transactions.by_id(transaction.request_id)
        if request.status is Status.ACCEPTED:
            again = Requirement(
                "send", "Choose the images and send them", "The transfer was cancelled.", "R-TX-4", "A1",
                "New Transfer",
            )  # fmt: skip
            self.transactions.require(request.id, (again,))

    def _to_move(self, id: int) -> Transaction:
        transaction = self.transactions.by_id(id)
        if transaction.type not in _MOVES_IMAGES:
            raise Refused(f"{transaction.number} moves no images", "There is nothing to try again.")
        if transaction.status in FINAL:
            raise Refused(
                f"{transaction.number} is {transaction.status.value}", "There is nothing to try again."
            )
        if not _is_our_move(transaction):
            raise Refused(
                f"{transaction.number} is the other hospital's to mend",
                "Its images are on the other hospital's way.",
                "Write a message.",
                rule="R-TX-8",
            )
        return transaction

    def _again(self, transaction: Transaction) -> None:
        self.circuits.forget(transaction.node)  # a person says that it is worth a try
        self.transactions.clear_failure(transaction.id, self.me.user)
        not_before = None
        if transaction.direction is Direction.OUT:
            not_before = self.hours(transaction.priority, transaction.trauma)
        self.transactions.queue(transaction.id, not_before=not_before, attempts=0)


def _is_our_move(transaction: Transaction) -> bool:
    """A transfer is the sender's until it lies On IEP, and the recipient's from then."""
    if transaction.type is TransactionType.CD_IMPORT:
        return True
    if transaction.type is TransactionType.DIRECT_ROUTING:  # nobody else has it
        return transaction.status is not Status.ON_IEP
    if transaction.status in (Status.ON_IEP, Status.DECLINED):
        return False
    return (transaction.direction is Direction.IN) is (transaction.on_iep_at is not None)
