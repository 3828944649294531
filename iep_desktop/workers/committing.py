"""Asking a node to commit itself to keep what it took (PS3.4 J), and waiting for what it says, which the ledger learns.

The database is the truth: a report may come to this program or to another, on this association or a new one, also
after this one was killed. A node that does not take the request, or stays silent, fails no image: then other evidence
counts (see `verifying`).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from iep_desktop.core.errors import IepError, NodeRejected, NodeUnreachable
from iep_desktop.core.evidence import Commitment, CommitmentState, CommitmentUse, Reference
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Instance, Transaction
from iep_desktop.store.commitments import Commitments, Said
from iep_desktop.store.transactions import Transactions

_log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks whether a report has come."""

MOST = 1000
"""Images in one request: a larger one takes long to answer, and some nodes do not take it."""

SILENT_FOR = timedelta(hours=1)
"""So long nobody waits for a node whose last requests all stayed without a report."""

NOTHING = Said(frozenset(), {}, frozenset())


class CommitmentSession(Protocol):
    @property
    def alive(self) -> bool: ...
    def ask(self, uid: str, images: Iterable[Reference]) -> None: ...


OpenCommitment = Callable[[Node, Context], AbstractContextManager[CommitmentSession]]


@dataclass(frozen=True)
class Asked:
    """The requests that a job has made or found, and what came of them."""

    uids: tuple[str, ...] = ()
    said: Said = NOTHING
    late: Commitment | None = None  # the first of those that stayed without a report


@dataclass(frozen=True)
class Committing:
    transactions: Transactions
    commitments: Commitments
    open: OpenCommitment
    hears_of: Callable[[Node], bool]  # whether a report of this node can come to our listener
    wait: float  # seconds
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def ask(self, transaction: Transaction, node: Node, sent: Sequence[Instance], ctx: Context) -> Asked:
        """Ask for what was sent, unless that was done before this program was stopped; and wait for the reports.

        Raises:
            Cancelled: the job was stopped. What was asked for stays so.
        """
        going = self._going(transaction, node, {i.sop_instance_uid for i in sent})
        if not going and not self._wanted(node):
            return Asked()
        ctx.progress(Progress("commitment", 0, len(sent)), force=True)
        if going:
            self._await([one.uid for one in going], max(one.due_at for one in going), lambda: True, ctx)
            uids = [one.uid for one in going]
            if not self.commitments.waiting(uids):
                return self._asked(transaction, uids)
            self.commitments.give_up(uids, CommitmentState.SETTLED)  # it may have come while nobody listened
        return self._asked(transaction, self._ask(transaction, node, sent, ctx))

    def settle(self, transaction: Transaction) -> None:
        """Act upon what a run had in hand that was killed when all its images were verified already."""
        unsettled = (CommitmentState.REPORTED, CommitmentState.LATE)
        uids = [one.uid for one in self.commitments.of(transaction.id) if one.state in unsettled]
        if uids:
            self.commitments.settle(transaction.id, uids)

    def _wanted(self, node: Node) -> bool:
        if node.dicomweb or node.commitment is CommitmentUse.OFF:
            return False
        if node.commitment is CommitmentUse.ALWAYS:
            return True
        return self.hears_of(node) and not self.commitments.silent(node.name, SILENT_FOR)

    def _going(self, transaction: Transaction, node: Node, sent: set[str]) -> list[Commitment]:
        """Requests of an earlier run which together name all that is sent; what cannot come is asked for anew."""
        open_ones = [
            one
            for one in self.commitments.of(transaction.id)
            if one.state in (CommitmentState.ASKED, CommitmentState.REPORTED) and one.node == node.name
        ]
        if not open_ones:
            return []
        hears = self.hears_of(node)
        going = [one for one in open_ones if one.reported_at or (hears and one.due_at > self.now())]
        said = self.commitments.said(one.uid for one in going)
        if sent <= said.committed | said.failed.keys() | said.unsaid:
            return going
        self.commitments.give_up([one.uid for one in open_ones], CommitmentState.SETTLED)
        return []

    def _ask(
        self, transaction: Transaction, node: Node, sent: Sequence[Instance], ctx: Context
    ) -> tuple[str, ...]:
        """The requests that were made; none where the node does not take them."""
        uids: list[str] = []
        try:
            with self.open(node, ctx) as session:
                for some in _batches(sent):
                    uids.append(_new_uid())
                    names = [i.sop_instance_uid for i in some]
                    wait = timedelta(seconds=self.wait)
                    self.commitments.ask(transaction.id, node.name, uids[-1], names, wait)
                    session.ask(uids[-1], [Reference(i.sop_class_uid, i.sop_instance_uid) for i in some])
                hears, end = self.hears_of(node), self.now() + timedelta(seconds=self.wait)
                self._await(uids, end, lambda: hears or session.alive, ctx)
        except (NodeRejected, NodeUnreachable) as error:
            self._not_taken(transaction, uids, error)
        return tuple(uids)

    def _not_taken(self, transaction: Transaction, uids: Sequence[str], error: IepError) -> None:
        """A report that comes all the same still counts."""
        _log.info("transaction %d: %s", transaction.id, error.title)
        if uids:
            self.commitments.give_up(uids, CommitmentState.DECLINED)
            self.transactions.record(
                transaction.id, "commitment", f"{error.title}: {error.message}", "engine"
            )

    def _await(self, uids: Sequence[str], end: datetime, hears: Callable[[], bool], ctx: Context) -> None:
        """Until all have their report, the limit is over, or none can come any more."""
        while self.commitments.waiting(uids) and self.now() < end and hears():
            ctx.wait(LOOK)

    def _asked(self, transaction: Transaction, uids: Sequence[str]) -> Asked:
        self.commitments.give_up(uids, CommitmentState.LATE)
        mine = [one for one in self.commitments.of(transaction.id) if one.uid in uids]
        late = next((one for one in mine if one.state is CommitmentState.LATE), None)
        return Asked(tuple(uids), self.commitments.said(uids), late)


def _batches(sent: Sequence[Instance]) -> Iterator[Sequence[Instance]]:
    for first in range(0, len(sent), MOST):
        yield sent[first : first + MOST]


def _new_uid() -> str:
    """A Transaction UID (0008,1195), PS3.5 B.2."""
    return f"2.25.{uuid.uuid4().int}"
