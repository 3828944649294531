"""The instances of a transaction: each with its own state, moved in batches, counted with every move."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Table, bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.evidence import Evidence
from iep_desktop.core.states import check_evidence, check_instance_move
from iep_desktop.core.transaction import Instance, InstanceCounts, InstanceState, SeriesProgress
from iep_desktop.store.tables import InstanceRow, SeriesRow, TransactionRow

T = TypeVar("T")

_TABLE = cast("Table", InstanceRow.__table__)

CHUNK = 500
"""UIDs in one question; well below the number of parameters that any database takes."""


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """What became of one instance. None leaves a value as it is; the reason always belongs to the new state."""

    sop_instance_uid: str
    state: InstanceState
    sha256: str | None = None
    spool_name: str | None = None
    dicom_status: int | None = None
    reason: str = ""
    size: int | None = None
    sop_class_uid: str | None = None
    transfer_syntax_uid: str | None = None
    evidence: Evidence | None = None  # that it has arrived; what is verified has some


def add(session: Session, row: TransactionRow, instances: Sequence[Instance]) -> None:
    """Insert instances of a transaction with their series; counts them.

    Raises:
        InvalidInput: a SOP Instance UID twice.
        Refused: one counts as verified without evidence.
    """
    if len({instance.sop_instance_uid for instance in instances}) < len(instances):
        raise InvalidInput("An image is listed twice", hint="Choose each image once.")
    for instance in instances:
        check_evidence(instance.state, instance.evidence)
    series = _add_series(session, row.id, instances)
    for chunk in _chunks(instances):  # the values of a hundred thousand at once would take 200 MB
        session.execute(insert(_TABLE), _rows(row.id, series, chunk))
    _count(row, Counter(i.state for i in instances))


def _rows(
    id: int, series: Mapping[tuple[str, str], int], instances: Sequence[Instance]
) -> list[dict[str, Any]]:
    return [
        {
            "transaction_id": id,
            "series_id": series[i.study_uid, i.series_uid],
            "sop_instance_uid": i.sop_instance_uid,
            "sop_class_uid": i.sop_class_uid,
            "transfer_syntax_uid": i.transfer_syntax_uid,
            "source_path": i.source_path,
            "size": i.size,
            "state": i.state,
            "sha256": i.sha256,
            "spool_name": i.spool_name,
            "dicom_status": i.dicom_status,
            "reason": i.reason,
            "evidence": i.evidence,
        }
        for i in instances
    ]


def of_transaction(
    session: Session, id: int, states: frozenset[InstanceState] | None
) -> tuple[Instance, ...]:
    """In the order in which they were added."""
    i, s = InstanceRow, SeriesRow
    wanted = (
        select(
            i.sop_instance_uid,
            i.sop_class_uid,
            i.transfer_syntax_uid,
            s.study_uid,
            s.series_uid,
            s.modality,
            s.description,
            i.source_path,
            i.size,
            i.state,
            i.sha256,
            i.spool_name,
            i.dicom_status,
            i.reason,
            i.evidence,
        )
        .join(s, s.id == i.series_id)
        .where(i.transaction_id == id)
        .order_by(i.id)
    )
    if states is not None:
        wanted = wanted.where(i.state.in_(states))
    rows = session.execute(
        wanted, execution_options={"yield_per": CHUNK}
    )  # never all of them beside what they become
    shared: dict[str, str] = {}  # what one series' images have in common is kept once: two fifths of them all
    same = shared.setdefault
    return tuple(
        Instance(
            uid,
            same(kind, kind),
            same(syntax, syntax),
            same(study, study),
            same(series, series),
            same(modality, modality),
            same(text, text),
            *rest,
        )
        for uid, kind, syntax, study, series, modality, text, *rest in rows
    )


def change(session: Session, row: TransactionRow, changes: Sequence[InstanceChange]) -> None:
    """Move instances, all or none, and count them anew.

    Raises:
        Refused: the table of `core.states` does not know a move, or there is no evidence for it.
        InvalidInput: the transaction has no such instance.
    """
    known = _known(session, row.id, {c.sop_instance_uid for c in changes})
    moved: Counter[InstanceState] = Counter()
    values: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for item in changes:
        if item.sop_instance_uid not in known:
            raise InvalidInput("The transaction has no such image")
        instance_id, before = known[item.sop_instance_uid]
        check_instance_move(before, item.state)
        check_evidence(item.state, item.evidence)
        known[item.sop_instance_uid] = instance_id, item.state
        moved[before] -= 1
        moved[item.state] += 1
        values[instance_id] |= _values(item)
    _write(session, values)
    _count(row, moved)


def _write(session: Session, changed: Mapping[int, Mapping[str, Any]]) -> None:
    """Of many that become alike in one statement: the write lock is held for each of them."""
    alike: defaultdict[frozenset[tuple[str, Any]], list[int]] = defaultdict(list)
    for instance_id, columns in changed.items():
        alike[frozenset(columns.items())].append(instance_id)
    single: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    connection = session.connection()
    for values, ids in alike.items():
        if len(ids) == 1:
            single[tuple(sorted(name for name, _ in values))].append({"instance": ids[0], **dict(values)})
            continue
        for chunk in _chunks(ids):
            connection.execute(update(_TABLE).where(_TABLE.c.id.in_(chunk)).values(dict(values)))
    for batch in single.values():
        connection.execute(_UPDATE, batch)


def keys(session: Session, id: int, uids: Iterable[str]) -> tuple[int, ...]:
    """The rows of these SOP Instance UIDs."""
    return tuple(key for key, _ in _known(session, id, uids).values())


def progress(session: Session, id: int) -> tuple[SeriesProgress, ...]:
    """How far each series is, in the order of their adding."""
    states = {state: func.sum(case((InstanceRow.state == state, 1), else_=0)) for state in InstanceState}
    s = SeriesRow
    wanted = (
        select(s.study_uid, s.series_uid, s.modality, s.description, *states.values())
        .join(InstanceRow, InstanceRow.series_id == s.id)
        .where(s.transaction_id == id)
        .group_by(s.id, s.study_uid, s.series_uid, s.modality, s.description)
        .order_by(s.id)
    )
    names = [state.value for state in states]
    return tuple(
        SeriesProgress(
            study, series, modality, text, InstanceCounts(**dict(zip(names, numbers, strict=True)))
        )
        for study, series, modality, text, *numbers in session.execute(wanted)
    )


_UPDATE = update(_TABLE).where(_TABLE.c.id == bindparam("instance"))


def _values(item: InstanceChange) -> dict[str, Any]:
    optional = {
        "sha256": item.sha256,
        "spool_name": item.spool_name,
        "dicom_status": item.dicom_status,
        "size": item.size,
        "sop_class_uid": item.sop_class_uid,
        "transfer_syntax_uid": item.transfer_syntax_uid,
        "evidence": item.evidence,
    }
    given = {name: value for name, value in optional.items() if value is not None}
    return {"state": item.state, "reason": item.reason, **given}


def _known(session: Session, id: int, uids: Iterable[str]) -> dict[str, tuple[int, InstanceState]]:
    """Row and state by UID; locked until the session ends."""
    i = InstanceRow
    found: dict[str, tuple[int, InstanceState]] = {}
    for chunk in _chunks(uids):
        wanted = select(i.sop_instance_uid, i.id, i.state).where(
            i.transaction_id == id, i.sop_instance_uid.in_(chunk)
        )
        for uid, instance_id, state in session.execute(wanted.with_for_update()):
            found[uid] = instance_id, state
    return found


def _chunks(every: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(every)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _add_series(session: Session, id: int, instances: Sequence[Instance]) -> dict[tuple[str, str], int]:
    there = session.scalars(select(SeriesRow).where(SeriesRow.transaction_id == id))
    rows = {(row.study_uid, row.series_uid): row for row in there}
    for i in instances:
        if (i.study_uid, i.series_uid) not in rows:
            rows[i.study_uid, i.series_uid] = SeriesRow(
                transaction_id=id,
                study_uid=i.study_uid,
                series_uid=i.series_uid,
                modality=i.modality,
                description=i.series_description,
            )
    session.add_all(rows.values())
    session.flush()
    return {uids: row.id for uids, row in rows.items()}


def _count(row: TransactionRow, moved: Counter[InstanceState]) -> None:
    for state, number in moved.items():
        setattr(row, state.value, (getattr(row, state.value) or 0) + number)
