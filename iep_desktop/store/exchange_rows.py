"""From rows to core objects: what a transfer or request has besides every transaction, as one end sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from iep_desktop.core.transaction import Direction, Status, TransactionType
from iep_desktop.store.columns import among
from iep_desktop.store.exchange_tables import OwnFormRow, TransferRow
from iep_desktop.store.tables import AttachmentRow, EndRow, FormRow, TransactionRow

_KINDS = (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING, TransactionType.REQUEST)


def parts_of(session: Session, ends: Sequence[EndRow | Row[*tuple[Any, ...]]]) -> dict[int, dict[str, Any]]:
    """By transaction: fields of `Transaction` that differ from what every transaction has."""
    concerned = [end for end in ends if end.type in _KINDS]
    if not concerned:
        return {}
    ids = [end.transaction_id for end in concerned]
    parts: dict[int, dict[str, Any]] = {key: {} for key in ids}
    _add_transfers(session, ids, parts)
    _add_answers(session, ids, parts)
    _add_own_forms(session, concerned, parts)
    return parts


def transfer_delivered(session: Session, request_id: int) -> bool:
    """Whether a transfer that answers the request is delivered."""
    wanted = (
        select(TransactionRow.id)
        .join(TransferRow, TransferRow.transaction_id == TransactionRow.id)
        .where(TransferRow.request_id == request_id, TransactionRow.status == Status.DELIVERED)
    )
    return session.scalar(wanted.limit(1)) is not None


def _add_transfers(session: Session, ids: list[int], parts: dict[int, dict[str, Any]]) -> None:
    request = aliased(TransactionRow)
    wanted = (
        select(TransferRow, request.number)
        .join(request, request.id == TransferRow.request_id, isouter=True)
        .where(TransferRow.transaction_id.in_(among(ids)))
    )
    for row, number in session.execute(wanted):
        parts[row.transaction_id] |= {
            "request_id": row.request_id,
            "request_number": number or "",
            "source_node": row.source_node,
            "gateway": row.gateway,
            "onward_reason": row.onward_reason,
            "trauma": row.trauma,
            "whole_studies": row.whole_studies,
            "asked_by": row.asked_by,
            "on_iep_at": row.on_iep_at,
        }
    counted = (
        select(AttachmentRow.transaction_id, func.count())
        .where(AttachmentRow.transaction_id.in_(among(ids)))
        .group_by(AttachmentRow.transaction_id)
    )
    for key, attachments in session.execute(counted):
        parts[key]["attachments"] = attachments


def _add_answers(session: Session, ids: list[int], parts: dict[int, dict[str, Any]]) -> None:
    wanted = (
        select(TransferRow.request_id, TransactionRow.number)
        .join(TransactionRow, TransactionRow.id == TransferRow.transaction_id)
        .where(TransferRow.request_id.in_(among(ids)))
        .order_by(TransactionRow.id)
    )
    for key, number in session.execute(wanted):
        if key is not None:
            parts[key]["answers"] = (*parts[key].get("answers", ()), number)


def _add_own_forms(
    session: Session, ends: Sequence[EndRow | Row[*tuple[Any, ...]]], parts: dict[int, dict[str, Any]]
) -> None:
    """The recipient works with its own form; what the sender wrote stands beside it."""
    incoming = {end.transaction_id: end.hospital for end in ends if end.direction is Direction.IN}
    wanted = (
        select(OwnFormRow, FormRow.document)
        .join(FormRow, FormRow.transaction_id == OwnFormRow.transaction_id)
        .where(OwnFormRow.transaction_id.in_(among(incoming)))
    )
    for own, theirs in session.execute(wanted):
        if incoming[own.transaction_id] == own.hospital:
            parts[own.transaction_id] |= {"form": own.document, "their_form": theirs}
