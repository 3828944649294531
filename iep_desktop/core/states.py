"""Statuses and the legal moves between them (R-TX-4): the one table, and how a status follows from instances.

Nothing else decides a status. The store refuses a move that `check_move` refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from iep_desktop.core.clocks import LATE
from iep_desktop.core.errors import Refused
from iep_desktop.core.evidence import Evidence
from iep_desktop.core.transaction import (
    InstanceCounts,
    InstanceState,
    Requirement,
    Status,
    Tab,
    TransactionType,
)

_S = Status

_IMPORT_MOVES: Mapping[Status, frozenset[Status]] = {
    _S.NEW: frozenset({_S.STARTED, _S.UPLOADING, _S.FAILED, _S.CANCELLED}),
    _S.STARTED: frozenset({_S.UPLOADING, _S.DELIVERED, _S.FAILED, _S.CANCELLED}),
    # Back to Started: PACS has lost all that it took, and it is sent again.
    _S.UPLOADING: frozenset({_S.STARTED, _S.DELIVERED, _S.FAILED, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.STARTED, _S.UPLOADING, _S.DELIVERED, _S.CANCELLED}),
}
_REQUEST_MOVES: Mapping[Status, frozenset[Status]] = {
    _S.NEW: frozenset({_S.STARTED, _S.ACCEPTED, _S.DECLINED, _S.CANCELLED}),
    _S.STARTED: frozenset({_S.ACCEPTED, _S.DECLINED, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.FAILED, _S.DECLINED, _S.CANCELLED}),
    _S.DECLINED: frozenset({_S.NEW, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.ACCEPTED, _S.DELIVERED, _S.CANCELLED}),
}
_TRANSFER_MOVES: Mapping[Status, frozenset[Status]] = {
    _S.NEW: frozenset({_S.STARTED, _S.UPLOADING, _S.FAILED, _S.CANCELLED}),
    _S.STARTED: frozenset({_S.UPLOADING, _S.FAILED, _S.CANCELLED}),
    _S.UPLOADING: frozenset({_S.ON_IEP, _S.FAILED, _S.CANCELLED}),
    _S.ON_IEP: frozenset({_S.DOWNLOAD_REQUEST, _S.DECLINED, _S.PURGED}),
    _S.DOWNLOAD_REQUEST: frozenset({_S.DOWNLOADING, _S.ON_IEP, _S.FAILED, _S.PURGED}),
    _S.DOWNLOADING: frozenset({_S.DELIVERED, _S.ON_IEP, _S.FAILED}),
    _S.FAILED: frozenset({_S.UPLOADING, _S.ON_IEP, _S.DOWNLOADING, _S.PURGED, _S.CANCELLED}),
    # Unwanted by the recipient: offered once more after a word, or left to be purged.
    _S.DECLINED: frozenset({_S.ON_IEP, _S.CANCELLED}),
}
_DIRECT_MOVES: Mapping[Status, frozenset[Status]] = {
    # Found in a gateway it begins On IEP; stored to our own listener it comes in, and then waits in our spool.
    _S.NEW: frozenset({_S.DOWNLOADING, _S.CANCELLED}),
    _S.ON_IEP: _TRANSFER_MOVES[_S.ON_IEP],
    _S.DOWNLOAD_REQUEST: _TRANSFER_MOVES[_S.DOWNLOAD_REQUEST],
    _S.DOWNLOADING: _TRANSFER_MOVES[_S.DOWNLOADING] | {_S.CANCELLED},
    _S.FAILED: _TRANSFER_MOVES[_S.FAILED] - {_S.UPLOADING},
    _S.DECLINED: _TRANSFER_MOVES[_S.DECLINED],
}
_EXPORT_MOVES: Mapping[Status, frozenset[Status]] = {
    _S.NEW: frozenset({_S.STARTED, _S.FAILED, _S.CANCELLED}),
    _S.STARTED: frozenset({_S.DELIVERED, _S.FAILED, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.STARTED, _S.CANCELLED}),
}

MOVES: Mapping[TransactionType, Mapping[Status, frozenset[Status]]] = {
    TransactionType.CD_IMPORT: _IMPORT_MOVES,
    TransactionType.REQUEST: _REQUEST_MOVES,
    TransactionType.TRANSFER: _TRANSFER_MOVES,
    TransactionType.DIRECT_ROUTING: _DIRECT_MOVES,
    TransactionType.DISC_EXPORT: _EXPORT_MOVES,
}

INSTANCE_MOVES: Mapping[InstanceState, frozenset[InstanceState]] = {
    InstanceState.LISTED: frozenset({InstanceState.SPOOLED, InstanceState.FAILED, InstanceState.SKIPPED}),
    InstanceState.SPOOLED: frozenset({InstanceState.SENT, InstanceState.FAILED, InstanceState.SKIPPED}),
    # A peer may lose what it took: an unverified instance goes back to be sent again.
    InstanceState.SENT: frozenset({InstanceState.VERIFIED, InstanceState.SPOOLED, InstanceState.FAILED}),
    InstanceState.FAILED: frozenset({InstanceState.LISTED, InstanceState.SPOOLED, InstanceState.SKIPPED}),
    InstanceState.SKIPPED: frozenset({InstanceState.LISTED}),
    InstanceState.VERIFIED: frozenset(),
}

FINAL = frozenset({Status.DELIVERED, Status.CANCELLED, Status.PURGED})


def legal_moves(kind: TransactionType, status: Status) -> frozenset[Status]:
    return MOVES[kind].get(status, frozenset())


def check_move(kind: TransactionType, before: Status, after: Status) -> None:
    """Raise `Refused` where the table does not know the move. Staying where one is is always legal."""
    if before is not after and after not in legal_moves(kind, before):
        raise Refused(
            f"{kind.value} cannot go from {before.value} to {after.value}",
            hint="Refresh: another person may have acted on it.",
            rule="R-TX-4",
        )


def check_instance_move(before: InstanceState, after: InstanceState) -> None:
    """Raise `Refused` where an instance cannot go from one state to the other."""
    if before is not after and after not in INSTANCE_MOVES[before]:
        raise Refused(f"An instance cannot go from {before.value} to {after.value}")


def check_evidence(state: InstanceState, evidence: Evidence | None) -> None:
    """Raise `Refused` where an image is to count as verified, and no node has said that it has it (R-TX-4)."""
    if state is InstanceState.VERIFIED and evidence is None:
        raise Refused("No evidence says that the image has arrived", rule="R-TX-4")


def derive_import_status(counts: InstanceCounts, *, started: bool, failed: bool, cancelled: bool) -> Status:
    """The status of a CD import from its instances and what its events say.

    *Delivered* needs every wanted instance verified in PACS: partial is never delivered.
    """
    if cancelled:
        return Status.CANCELLED
    if is_whole(counts):
        return Status.DELIVERED
    if failed:
        return Status.FAILED
    if counts.arrived:
        return Status.UPLOADING
    return Status.STARTED if started or counts.spooled else Status.NEW


def is_whole(counts: InstanceCounts) -> bool:
    """Whether every wanted image is verified at the end of the leg under way (R-TX-4): the evidence of a status."""
    return counts.wanted > 0 and counts.verified == counts.wanted


COMMITMENT = "commitment"
"""The code of the requirement that `with_commitment` makes."""

ANSWER_MESSAGE = Requirement("message", "Answer a message", "", "R-TX-5", "A1", "Message", blocking=False)


def with_message(required: tuple[Requirement, ...], unread: int, status: Status) -> tuple[Requirement, ...]:
    """An unread message is something to do where nothing else is; what else is to be done comes before it."""
    others = tuple(r for r in required if r.code != ANSWER_MESSAGE.code)
    if any(r.code != LATE for r in others) or not unread or status in (Status.CANCELLED, Status.PURGED):
        return others
    return (*others, ANSWER_MESSAGE)


def with_commitment(
    required: tuple[Requirement, ...], uncommitted: int, status: Status, *, moving: bool
) -> tuple[Requirement, ...]:
    """Images to which a node does not commit itself are a person's matter. Where they have not arrived by other
    evidence (`moving`), nothing goes on before."""
    others = tuple(r for r in required if r.code != COMMITMENT)
    if not uncommitted or status in (Status.CANCELLED, Status.PURGED):
        return others
    what = f"{uncommitted} images" if uncommitted > 1 else "1 image"
    if moving:
        detail = "The node does not answer for them. Details has the list; to retry sends them again."
        return (
            *others,
            Requirement(COMMITMENT, f"{what} without commitment", detail, "R-TX-4", "A1", "Retry"),
        )
    detail = "The node shows them, and has not committed itself to keep them. Details has the list."
    title = f"{what} without commitment"
    return (*others, Requirement(COMMITMENT, title, detail, "R-TX-4", "A1", "Accept", blocking=False))


def tab_of(status: Status, required: Iterable[Requirement]) -> Tab:
    """The working tab in which a transaction waits; `Tab.ALL` where it is history only."""
    if status in (Status.CANCELLED, Status.PURGED):
        return Tab.ALL
    if status is Status.FAILED:
        return Tab.FAILED
    if any(True for _ in required):
        return Tab.ACTION_REQUIRED
    if status is Status.ACCEPTED:
        return Tab.ACCEPTED
    # A declined one waits at the end that must re-work it, which has a requirement; the other is done with it.
    return Tab.ALL if status in (Status.DELIVERED, Status.DECLINED) else Tab.IN_PROGRESS
