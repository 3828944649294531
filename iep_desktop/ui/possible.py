"""Which acts work on a transaction now, at our end (R-TX-4, R-TX-8). Pure; the one place that screens ask.

A button that is shown works: what the ledger would refuse is not offered.
"""

from __future__ import annotations

from collections.abc import Iterator

from iep_desktop.core.model import Priority
from iep_desktop.core.states import COMMITMENT, FINAL, legal_moves
from iep_desktop.core.transaction import Direction, Status, Transaction, TransactionType
from iep_desktop.ui.acts import Act, lifting

_SHARED = (TransactionType.REQUEST, TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)
_WAITING_FOR_SLOT = (
    Status.NEW,
    Status.STARTED,
    Status.UPLOADING,
    Status.DOWNLOAD_REQUEST,
    Status.DOWNLOADING,
)
_HOLDS_IMAGES = (Status.ON_IEP, Status.DOWNLOAD_REQUEST, Status.DOWNLOADING, Status.DELIVERED)
_NO_KIND = frozenset({0x0122, 0x0124})  # SOP Class Not Supported, Not Authorized (PS3.7 C)


def possible(transaction: Transaction, me: str) -> tuple[Act, ...]:
    """What works on this transaction now, in the order of the menu, each once."""
    acts = [Act.DETAILS, *_of_type(transaction), *_for_everybody(transaction, me)]
    return tuple(dict.fromkeys(act for act in acts if act is not Act.RESPOND))


def _of_type(transaction: Transaction) -> Iterator[Act]:
    match transaction.type, transaction.direction:
        case TransactionType.REQUEST, Direction.IN:
            yield from _of_asked(transaction)
        case TransactionType.REQUEST, _:
            yield from _lifting(transaction)
        case _:
            yield from _of_images(transaction)


def _of_asked(transaction: Transaction) -> Iterator[Act]:
    """A request that we answer."""
    status = transaction.status
    if status in (Status.NEW, Status.STARTED):
        yield Act.ACCEPT
    if any(requirement.code == "send" for requirement in transaction.required):
        yield Act.SEND
    if Status.DECLINED in legal_moves(transaction.type, status) and not transaction.answers:
        yield Act.DECLINE
    if status in (Status.NEW, Status.STARTED) and not waits_for_details(transaction):
        yield Act.ASK_DETAILS


def _of_images(transaction: Transaction) -> Iterator[Act]:
    arriving = transaction.direction is Direction.IN and transaction.type is not TransactionType.CD_IMPORT
    if arriving and transaction.status is Status.ON_IEP:
        yield Act.DOWNLOAD
    if arriving and transaction.on_iep_at and transaction.status in _HOLDS_IMAGES[1:3]:
        yield Act.STOP
    yield from fixing(transaction)
    if transaction.status is Status.DECLINED and transaction.direction is Direction.OUT:
        yield Act.OFFER_AGAIN
    yield from _lifting(transaction)
    if arriving and transaction.status in (*_HOLDS_IMAGES[:3], Status.FAILED):
        yield Act.OWN_FORM
    if arriving and transaction.status is Status.ON_IEP:
        yield Act.DECLINE


def fixing(transaction: Transaction) -> Iterator[Act]:
    """What mends a failure, where it is ours to mend; the next right thing first."""
    if not can_retry(transaction):
        return
    failure, failed = transaction.failure, transaction.counts.failed
    if failed:
        yield Act.RETRY_FAILED
    yield Act.RETRY
    if failure and failure.dicom_status in _NO_KIND and failed < transaction.counts.wanted:
        yield Act.REDUCE
    if transaction.type is TransactionType.TRANSFER and transaction.status is Status.FAILED:
        yield from (Act.OTHER_NODE, Act.TO_STICK) if is_sending(transaction) else (Act.TO_STICK,)
    if failure and failure.kind in ("node-unreachable", "node-rejected"):
        yield Act.EDIT_NODE


def _lifting(transaction: Transaction) -> Iterator[Act]:
    for requirement in transaction.required:
        act = lifting(requirement, transaction)
        if act is not Act.DOWNLOAD or transaction.status is Status.ON_IEP:
            yield act


def _for_everybody(transaction: Transaction, me: str) -> Iterator[Act]:
    status, kind = transaction.status, transaction.type
    if kind in _SHARED and transaction.other_hospital:
        yield Act.MESSAGE
    if has_images(transaction):
        yield Act.VIEW
    if status not in FINAL and transaction.assigned_to != me:
        yield Act.ASSIGN
    if can_hurry(transaction):
        yield Act.RAISE if transaction.priority is not Priority.BLUE_LIGHT else Act.LOWER
    yield Act.PRINT_FORM
    if Status.CANCELLED in legal_moves(kind, status) and is_ours(transaction):
        yield Act.CANCEL


def has_images(transaction: Transaction) -> bool:
    """They are listed, and somebody still holds them: the spool, a gateway, our PACS or the disc."""
    if transaction.type is TransactionType.REQUEST or not transaction.counts.total:
        return False
    gone = (Status.PURGED, Status.DECLINED, Status.CANCELLED)
    return transaction.direction is Direction.OUT or transaction.status not in gone


def is_ours(transaction: Transaction) -> bool:
    """A request or a transfer is its maker's to cancel; what came by itself or from a disc is ours."""
    made_by_hospital = transaction.type in (TransactionType.REQUEST, TransactionType.TRANSFER)
    return not made_by_hospital or transaction.direction is Direction.OUT


def is_sending(transaction: Transaction) -> bool:
    return transaction.direction is Direction.OUT and transaction.on_iep_at is None


def is_our_move(transaction: Transaction) -> bool:
    """A transfer is the sender's until it lies On IEP, and the recipient's from then (R-TX-8)."""
    if transaction.type in (TransactionType.CD_IMPORT, TransactionType.DIRECT_ROUTING):
        return transaction.direction is Direction.IN
    return (transaction.direction is Direction.IN) is (transaction.on_iep_at is not None)


def can_retry(transaction: Transaction) -> bool:
    """It failed, or it waits for its next try; and it is our move."""
    if transaction.type is TransactionType.REQUEST or not is_our_move(transaction):
        return False
    if any(r.code == COMMITMENT and r.blocking for r in transaction.required):
        return True
    waits = transaction.not_before is not None and transaction.attempts > 0
    return transaction.status is Status.FAILED or (waits and transaction.status in _WAITING_FOR_SLOT)


def can_hurry(transaction: Transaction) -> bool:
    """Its place in the waiting line is still ours to change."""
    if transaction.type is TransactionType.REQUEST:
        asking = transaction.direction is Direction.OUT
        return asking and transaction.status in (Status.NEW, Status.STARTED, Status.ACCEPTED)
    return is_our_move(transaction) and transaction.status in (
        *_WAITING_FOR_SLOT,
        Status.FAILED,
        Status.ON_IEP,
    )


def waits_for_details(transaction: Transaction) -> bool:
    """R-TX-7: the asker has been asked; the clock of R-TIME-5 runs."""
    return any(requirement.code == "details" for requirement in transaction.required)
