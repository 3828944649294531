"""From rows to core objects: a transaction put together from its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from iep_desktop.core.model import Exam
from iep_desktop.core.transaction import InstanceCounts, Medium, Transaction
from iep_desktop.store.columns import among
from iep_desktop.store.exchange_rows import parts_of
from iep_desktop.store.tables import EndRow, ExamRow, FormRow, MediumRow, TransactionRow

BareRow = Row[*tuple[Any, ...]]
"""The columns of one row. A list is read three times as fast without making objects that a session watches."""


def transactions_of(session: Session, ends: Sequence[EndRow | BareRow]) -> tuple[Transaction, ...]:
    """The transactions of these ends, in their order and as their hospital sees them, without media.

    Table by table and by key: a join over `ends` leads SQLite to read all rows of the hospital.
    """
    ids = [end.transaction_id for end in ends]
    wanted = select(*TransactionRow.__table__.columns, FormRow.document).join(
        FormRow, FormRow.transaction_id == TransactionRow.id
    )
    found = {row.id: row for row in session.execute(wanted.where(TransactionRow.id.in_(among(ids))))}
    exams = exams_of(session, ids)
    parts = parts_of(session, ends)
    made = (_transaction(end, found[end.transaction_id], exams.get(end.transaction_id, ())) for end in ends)
    return tuple(replace(one, **parts[one.id]) if one.id in parts else one for one in made)


def _transaction(end: EndRow | BareRow, row: BareRow, exams: tuple[Exam, ...]) -> Transaction:
    return Transaction(
        id=row.id,
        number=row.number,
        type=row.type,
        sender=row.sender,
        recipient=row.recipient,
        direction=end.direction,
        status=row.status,
        priority=row.priority,
        created_at=row.created_at,
        created_by=row.created_by,
        form=row.document,
        updated_at=row.updated_at,
        assigned_to=end.assigned_to,
        node=row.node,
        counts=counts_of(row),
        required=end.required,
        exams=exams,
        unread=end.unread,
        failure=row.failure,
        match=row.match,
        registered_by=row.registered_by,
        everything_reason=row.everything_reason,
        attempts=end.attempts,
        not_before=end.not_before,
        queued=end.queue_at is not None,
    )


def counts_of(row: TransactionRow | BareRow) -> InstanceCounts:
    return InstanceCounts(row.listed, row.spooled, row.sent, row.verified, row.failed, row.skipped)


def exams_of(session: Session, ids: Sequence[int]) -> dict[int, tuple[Exam, ...]]:
    """The exams of several transactions, each in its order."""
    columns = select(*ExamRow.__table__.columns)
    wanted = columns.where(ExamRow.transaction_id.in_(among(ids))).order_by(ExamRow.position)
    found: dict[int, list[Exam]] = defaultdict(list)
    for row in session.execute(wanted):
        found[row.transaction_id].append(_exam(row))
    return {owner: tuple(exams) for owner, exams in found.items()}


def exam_rows(id: int, exams: Iterable[Exam]) -> list[ExamRow]:
    return [
        ExamRow(transaction_id=id, position=position, **vars(exam)) for position, exam in enumerate(exams)
    ]


def medium_of(session: Session, id: int) -> Medium | None:
    row = session.get(MediumRow, id)
    if row is None:
        return None
    return Medium(
        row.source,
        row.label,
        row.fingerprint,
        row.disc_no,
        row.discs,
        row.contents,
        row.patient,
        row.patients,
    )


def medium_row(id: int, medium: Medium) -> MediumRow:
    return MediumRow(transaction_id=id, **vars(medium))


def _exam(row: BareRow) -> Exam:
    return Exam(
        row.date, row.modality, row.description, row.exam_code, row.accession, row.ris_state, row.study_uid
    )
