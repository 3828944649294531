"""What kills met: which jobs ran, in which states their images were, and between which two memories of them.

Read from what the dead engine has left: its slots and its ledger, its spool and its journal, and from what the
archives were given over the wire.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import Direction, InstanceState, Transaction, TransactionType
from iep_desktop.dicom.spool import file_name
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.journal import Journal


class Kind(StrEnum):
    """The jobs."""

    IMPORT = "import"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    ROUTED = "direct routing"


class Moment(StrEnum):
    """Where an image can be between two of the places that remember it."""

    ON_DISK = "whole in the spool, not in the ledger"
    TAKEN = "given to the peer, not in the journal"
    JOURNAL = "in the journal, not in the ledger"
    VERIFYING = "all sent, not all verified"
    FREEING = "at rest, its spool not freed"


@dataclass(frozen=True)
class Met:
    """One job that a kill ended."""

    kind: Kind
    states: frozenset[InstanceState]
    moments: frozenset[Moment]
    in_flight: int  # images that the peer was given since the engine began, and nobody has noted


def kind_of(transaction: Transaction) -> Kind:
    if transaction.type is TransactionType.CD_IMPORT:
        return Kind.IMPORT
    if transaction.type is TransactionType.DIRECT_ROUTING:
        return Kind.ROUTED
    return Kind.UPLOAD if transaction.direction is Direction.OUT else Kind.DOWNLOAD


def met(transactions: Transactions, id: int, spool: Path, given: Collection[str]) -> Met:
    """`given`: the UIDs that came to its target since the engine began."""
    transaction, folder = transactions.by_id(id), spool / str(id)
    by_state: dict[InstanceState, set[str]] = {}
    for instance in transactions.instances(id):
        by_state.setdefault(instance.state, set()).add(instance.sop_instance_uid)
    listed, waiting = (by_state.get(s, set()) for s in (InstanceState.LISTED, InstanceState.SPOOLED))
    noted = Journal(folder / "sent.journal").noted()
    taken = (waiting & set(given)) - noted
    moments = {
        Moment.ON_DISK: any((folder / file_name(uid)).exists() for uid in listed),
        Moment.TAKEN: bool(taken),
        Moment.JOURNAL: bool(noted & waiting),
        Moment.VERIFYING: InstanceState.SENT in by_state and not listed and not waiting,
        Moment.FREEING: is_over(transaction) and folder.exists(),
    }
    states, there = frozenset(by_state), frozenset(moment for moment, yes in moments.items() if yes)
    return Met(kind_of(transaction), states, there, len(taken))


def is_over(transaction: Transaction) -> bool:
    """Its leg has nothing left to move."""
    if kind_of(transaction) is Kind.UPLOAD:
        return transaction.on_iep_at is not None
    return transaction.status in FINAL


@dataclass
class Record:
    """All that the kills of a day met."""

    kills: int = 0
    at_once: Counter[int] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    states: Counter[tuple[Kind, InstanceState]] = field(default_factory=Counter)
    moments: Counter[tuple[Kind, Moment]] = field(default_factory=Counter)
    in_flight: int = 0  # jobs that ran when they, or their archive, were killed: each may send so much again

    def note(self, jobs: tuple[Met, ...]) -> None:
        self.kills += 1
        self.at_once[len(jobs)] += 1
        self.in_flight += len(jobs)
        for job in jobs:
            self.kinds[job.kind] += 1
            self.states.update((job.kind, state) for state in job.states)
            self.moments.update((job.kind, moment) for moment in job.moments)

    def __str__(self) -> str:
        lines = [f"{self.kills} kills, jobs under way at each: {dict(sorted(self.at_once.items()))}"]
        lines += [f"{number:4} {kind}" for kind, number in sorted(self.kinds.items())]
        pairs = (*self.states.items(), *self.moments.items())
        return "\n".join([*lines, *(f"{number:4} {kind}: {what}" for (kind, what), number in sorted(pairs))])
