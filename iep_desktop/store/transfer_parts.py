"""What a new transfer writes besides every transaction: its part, its attachments, the tie to its request."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from iep_desktop.core.drafts import TransferPart
from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Form
from iep_desktop.core.transaction import Direction, Status, TransactionType
from iep_desktop.store.acts import Act, describe, describe_ends, opened
from iep_desktop.store.exchange_tables import OwnFormRow, TransferRow
from iep_desktop.store.tables import AttachmentRow, TransactionRow

CAME_TO_NOTHING = (Status.CANCELLED, Status.PURGED, Status.DECLINED)
"""A transfer that stands there is no answer to a request."""


def begin(act: Act, part: TransferPart) -> None:
    """Write the part of a transaction that is being made.

    Raises:
        Refused: the request that it answers was not asked by that hospital, or is not accepted (any more).
    """
    act.session.add(
        TransferRow(
            transaction_id=act.row.id,
            request_id=part.request_id,
            source_node=part.source_node,
            gateway=part.gateway or act.row.node,
            onward_reason=part.onward_reason,
            trauma=part.trauma,
            whole_studies=part.whole_studies,
            asked_by="",
            on_iep_at=act.now if act.row.status is Status.ON_IEP else None,
        )
    )
    for attachment, uid in part.attachments:
        act.session.add(
            AttachmentRow(
                transaction_id=act.row.id,
                name=attachment.name,
                media_type=attachment.media_type,
                size=len(attachment.content),
                sha256=hashlib.sha256(attachment.content).hexdigest(),
                added_at=act.now,
                added_by=act.row.created_by,
                content=attachment.content,
                sop_instance_uid=uid,
            )
        )
    if part.request_id is not None:
        _tie(act, part.request_id)


def comes_to_us(act: Act) -> bool:
    """Whether it is a transfer, or a study that came by itself, and we are its recipient."""
    kinds = (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)
    return act.row.type in kinds and act.ours.direction is Direction.IN


def form_of(act: Act) -> Form:
    """As our end sees it: our own where we have one."""
    own = act.session.get(OwnFormRow, (act.row.id, act.ours.hospital)) if comes_to_us(act) else None
    return own.document if own else act.form.document


def write_own_form(act: Act, form: Form) -> None:
    """The recipient's own form: its hospital number for the patient, its call; the sender's form stays."""
    act.session.merge(OwnFormRow(transaction_id=act.row.id, hospital=act.ours.hospital, document=form))
    describe(act.session, act.row, [act.ours], form)


def _tie(act: Act, request_id: int) -> None:
    """What we had to send is being sent; the asker's form is its own form for what it gets."""
    with opened(act.session, act.ours.hospital, request_id, act.now) as request:
        asked_of_us = request.row.type is TransactionType.REQUEST and request.ours.direction is Direction.IN
        if not asked_of_us or request.row.sender != act.row.recipient:
            raise Refused(
                f"{request.row.number} was not asked by that hospital",
                "The images would go to another hospital than the one that asked.",
                rule="R-TX-2",
            )
        if request.row.status is not Status.ACCEPTED:
            raise Refused(
                f"{request.row.number} is {request.row.status.value}",
                "Only an accepted request is answered with images.",
                "Refresh.",
            )
        answer = _living_answer(act, request_id)
        if answer is not None:
            raise Refused(
                f"Images are sent for {request.row.number} already",
                f"Somebody else was first, as {answer}.",
                "Look at that one; cancel it to send others instead.",
                rule="R-TX-2",
            )
        request.record("answered", f"Images are sent as {act.row.number}", act.row.created_by)
        request.ours.required = tuple(r for r in request.ours.required if r.code != "send")
        # The asker's hospital number for the patient stands in its request: it goes into the header there.
        form = request.form.document
        act.session.add(OwnFormRow(transaction_id=act.row.id, hospital=act.row.recipient, document=form))
        theirs = [end for end in act.ends if end is not act.ours]
        describe_ends(act.session, act.row, theirs, form)  # and is what it searches for


def _living_answer(act: Act, request_id: int) -> str | None:
    """The number of another transfer that answers the request and has not come to nothing."""
    wanted = (
        select(TransactionRow.number)
        .join(TransferRow, TransferRow.transaction_id == TransactionRow.id)
        .where(
            TransferRow.request_id == request_id,
            TransactionRow.id != act.row.id,
            TransactionRow.status.not_in(CAME_TO_NOTHING),
        )
    )
    return act.session.scalar(wanted.limit(1))
