"""What happened before to the same patient, exams, disc or studies (R-GATE-10, finding `already-imported`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.imports import EarlierTransaction
from iep_desktop.core.model import Exam, Patient
from iep_desktop.core.transaction import Status, TransactionType
from iep_desktop.store import search
from iep_desktop.store.tables import EndRow, ExamRow, MediumRow, SeriesRow, TransactionRow


@dataclass(frozen=True)
class EarlierImport:
    """An import of the same disc (`study_uid` empty) or of one of its studies."""

    number: str
    when: datetime
    disc_no: int | None
    study_uid: str = ""


def of_patient(
    session: Session, hospital: str, patient: Patient, exams: Sequence[Exam]
) -> tuple[EarlierTransaction, ...]:
    """Transactions with the same patient, exam date and modality, newest first."""
    same = [
        select(TransactionRow.id).where(column == value)
        for column, value in (
            (TransactionRow.nhs_no, search.digits(patient.nhs_no)),
            (TransactionRow.hospital_no, search.hospital_number(patient)),
        )
        if value
    ]
    days = {exam.date for exam in exams if exam.date}
    if not same or not days:
        return ()
    wanted = _ours(hospital).add_columns(ExamRow).join(ExamRow, ExamRow.transaction_id == TransactionRow.id)
    wanted = wanted.where(TransactionRow.id.in_(union(*same)), ExamRow.date.in_(days)).order_by(
        TransactionRow.created_at.desc(), ExamRow.position
    )
    found = (
        EarlierTransaction(
            row.number,
            _label(exam),
            f"{row.created_at.astimezone(LONDON):%d/%m/%Y}",
            row.status.value,
        )
        for row, exam in session.execute(wanted)
        if any(_same_exam(exam, asked) for asked in exams)
    )
    return tuple(dict.fromkeys(found))


def of_disc(
    session: Session, hospital: str, fingerprint: str, study_uids: Iterable[str]
) -> tuple[EarlierImport, ...]:
    """Imports of the same disc, and of the same studies, newest first."""
    imports = (
        _ours(hospital)
        .outerjoin(MediumRow, MediumRow.transaction_id == TransactionRow.id)
        .where(TransactionRow.type == TransactionType.CD_IMPORT)
        .order_by(TransactionRow.created_at.desc())
    )
    same_disc = imports.where(TransactionRow.id.in_(_with_disc(fingerprint)))
    same_study = imports.join(SeriesRow, SeriesRow.transaction_id == TransactionRow.id).where(
        SeriesRow.study_uid.in_(list(study_uids))
    )
    discs = session.execute(same_disc.add_columns(MediumRow.disc_no))
    studies = session.execute(same_study.add_columns(MediumRow.disc_no, SeriesRow.study_uid).distinct())
    return (
        *(EarlierImport(row.number, row.created_at, no) for row, no in discs),
        *(EarlierImport(row.number, row.created_at, no, uid) for row, no, uid in studies),
    )


def _with_disc(fingerprint: str) -> Select[int]:
    """Found first, by its index: a join would lead SQLite to look at the discs of all our transactions."""
    return select(MediumRow.transaction_id).where(
        MediumRow.fingerprint == fingerprint, MediumRow.fingerprint != ""
    )


def _ours(hospital: str) -> Select[TransactionRow]:
    """Our transactions that count as history: a cancelled one moved nothing that we rely on."""
    return (
        select(TransactionRow)
        .join(EndRow, EndRow.transaction_id == TransactionRow.id)
        .where(EndRow.hospital == hospital, TransactionRow.status != Status.CANCELLED)
    )


def _same_exam(kept: ExamRow, asked: Exam) -> bool:
    return kept.date == asked.date and bool(_modalities(kept.modality) & _modalities(asked.modality))


def _modalities(text: str) -> set[str]:
    return {part.strip().upper() for part in text.replace("\\", ",").split(",")}


def _label(row: ExamRow) -> str:
    return Exam(row.date, row.modality, row.description, row.exam_code).label
