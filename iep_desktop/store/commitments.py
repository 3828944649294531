"""Storage commitment in the ledger (PS3.4 J): what nodes were asked to keep, what they said, what a person looks at.

A request is written before it is sent, a report before it is answered; whoever waits, in whatever program, learns of
it here. Only the first report to a request counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from iep_desktop.core.errors import Refused
from iep_desktop.core.evidence import (
    OPEN,
    Commitment,
    CommitmentReport,
    CommitmentState,
    Evidence,
    Uncommitted,
    why_uncommitted,
)
from iep_desktop.core.transaction import InstanceState
from iep_desktop.store import instances
from iep_desktop.store.acts import Act, acting, opened
from iep_desktop.store.commitment_tables import CommitmentImageRow, CommitmentRow
from iep_desktop.store.database import Database
from iep_desktop.store.tables import InstanceRow, SeriesRow

_LATELY = 3
"""So many requests in a row without a report, and a node is not waited for until some time has passed."""


@dataclass(frozen=True)
class Said:
    """What requests have come to, by SOP Instance UID."""

    committed: frozenset[str]
    failed: dict[str, int | None]  # with the reason code
    unsaid: frozenset[str]  # no report, or one that leaves them out


class Commitments:
    """One hospital's requests; each is known by its Transaction UID."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    # -- the job

    def ask(self, id: int, node: str, uid: str, images: Sequence[str], wait: timedelta) -> None:
        """Write a request for images of a transaction, before it is sent."""
        with self._database.write() as session:
            now = self._database.now()
            row = CommitmentRow(
                transaction_id=id,
                hospital=self._hospital,
                uid=uid,
                node=node,
                state=CommitmentState.ASKED,
                asked_at=now,
                due_at=now + wait,
            )
            session.add(row)
            session.flush()
            keys = instances.keys(session, id, images)
            session.execute(
                insert(CommitmentImageRow), [{"commitment_id": row.id, "instance_id": key} for key in keys]
            )

    def of(self, id: int) -> tuple[Commitment, ...]:
        """Our requests for a transaction's images, oldest first."""
        c = CommitmentRow
        images = select(func.count()).where(CommitmentImageRow.commitment_id == c.id).scalar_subquery()
        wanted = select(c, images).where(c.transaction_id == id, c.hospital == self._hospital).order_by(c.id)
        with self._database.read() as session:
            return tuple(
                Commitment(r.uid, r.node, r.state, r.asked_at, r.due_at, r.reported_at, number)
                for r, number in session.execute(wanted)
            )

    def waiting(self, uids: Iterable[str]) -> int:
        """How many of these requests have no report yet."""
        c = CommitmentRow
        wanted = select(func.count()).where(c.uid.in_(tuple(uids)), c.state == CommitmentState.ASKED)
        with self._database.read() as session:
            return session.scalar(wanted) or 0

    def said(self, uids: Iterable[str]) -> Said:
        """What these requests have come to by now."""
        c, i, ci = CommitmentRow, InstanceRow, CommitmentImageRow
        wanted = select(i.sop_instance_uid, ci.committed, ci.failure_reason)
        wanted = wanted.join(ci, ci.instance_id == i.id).join(c, c.id == ci.commitment_id)
        with self._database.read() as session:
            found = session.execute(wanted.where(c.uid.in_(tuple(uids)))).all()
        committed = frozenset(uid for uid, yes, _ in found if yes)
        failed = {uid: reason for uid, yes, reason in found if yes is False and uid not in committed}
        return Said(committed, failed, frozenset(uid for uid, *_ in found) - committed - failed.keys())

    def give_up(self, uids: Iterable[str], state: CommitmentState) -> None:
        """Wait no more for those of these requests that have no report."""
        with self._database.write() as session:
            _change(session, CommitmentRow.uid.in_(tuple(uids)), CommitmentState.ASKED, state)

    def settle(self, id: int, uids: Sequence[str]) -> int:
        """The reports to these requests have been acted upon; how many images a person has to look at now."""
        c, ci = CommitmentRow, CommitmentImageRow
        lacking = select(ci.instance_id).where(ci.commitment_id == c.id, ci.committed.is_not(True)).exists()
        with acting(self._database, self._hospital, id) as act:
            mine = c.uid.in_(tuple(uids))
            _change(act.session, mine & lacking, CommitmentState.REPORTED, CommitmentState.REFUSED)
            _change(act.session, mine, CommitmentState.REPORTED, CommitmentState.SETTLED)
            _strengthen(act, uids)
            return _review(act)

    def silent(self, node: str, again: timedelta) -> bool:
        """Whether its last requests all stayed without a report, the last of them lately."""
        c = CommitmentRow
        wanted = select(c.state, c.asked_at, c.reported_at).where(
            c.node == node, c.hospital == self._hospital, c.state != CommitmentState.DECLINED
        )
        with self._database.read() as session:
            last = session.execute(wanted.order_by(c.id.desc()).limit(_LATELY)).all()
        if len(last) < _LATELY or self._database.now() - last[0].asked_at > again:
            return False
        return all(r.reported_at is None and r.state is not CommitmentState.ASKED for r in last)

    # -- the node

    def take(self, report: CommitmentReport) -> bool:
        """Record what a node reports; False where nobody here has asked for it. A second report changes nothing."""
        c = CommitmentRow
        wanted = select(c).where(c.uid == report.uid, c.hospital == self._hospital).with_for_update()
        with self._database.write() as session:
            row = session.scalar(wanted)
            if row is None or row.reported_at is not None:
                return row is not None
            row.reported_at = self._database.now()
            _note(session, row, report)
            if row.state is CommitmentState.ASKED:  # whoever waits for it acts upon it
                row.state = CommitmentState.REPORTED
            else:
                self._take_late(session, row)
            return True

    def _take_late(self, session: Session, row: CommitmentRow) -> None:
        """Nobody waits any more: what it says still counts, and lifts what was asked of a person."""
        ci = CommitmentImageRow
        counted = select(func.count(), func.count().filter(ci.committed.is_(True)))
        counted = counted.where(ci.commitment_id == row.id)
        asked, kept = session.execute(counted).one()
        if row.state is CommitmentState.LATE:
            row.state = CommitmentState.SETTLED if kept == asked else CommitmentState.REFUSED
        session.flush()
        with opened(session, self._hospital, row.transaction_id, self._database.now()) as act:
            text = f"{row.node} has committed itself to {kept} of {asked} images, after the limit"
            act.record("commitment", text, "engine")
            _strengthen(act, (row.uid,))
            _review(act)

    # -- the person

    def evidence(self, id: int) -> tuple[tuple[Evidence, int], ...]:
        """How many verified images there are of each kind, the strongest first."""
        i = InstanceRow
        wanted = select(i.evidence, func.count()).where(
            i.transaction_id == id, i.state == InstanceState.VERIFIED, i.evidence.is_not(None)
        )
        with self._database.read() as session:
            found = dict(session.execute(wanted.group_by(i.evidence)).all())
        return tuple((kind, found[kind]) for kind in Evidence if kind in found)

    def uncommitted(self, id: int) -> tuple[Uncommitted, ...]:
        """The images that a person has to look at, in the order in which they were added."""
        i, s, ci = InstanceRow, SeriesRow, CommitmentImageRow
        columns = (
            i.sop_instance_uid,
            s.series_uid,
            s.modality,
            s.description,
            ci.committed,
            ci.failure_reason,
        )
        wanted = _open(self._hospital, id).join(s, s.id == i.series_id).with_only_columns(*columns)
        with self._database.read() as session:
            found = session.execute(wanted.order_by(i.id, ci.commitment_id)).all()
        last = {row.sop_instance_uid: row for row in found}
        return tuple(
            Uncommitted(
                row.sop_instance_uid,
                row.series_uid,
                row.modality,
                row.description,
                why_uncommitted(row.committed, row.failure_reason),
            )
            for row in last.values()
        )

    def accept(self, id: int, text: str, actor: str) -> None:
        """A person takes the other evidence for enough. Raises Refused where there is nothing to accept."""
        with acting(self._database, self._hospital, id) as act:
            if not act.ours.uncommitted or act.row.sent:
                title = f"{act.row.number} has no images to accept without storage commitment"
                raise Refused(title, "", "Refresh: another person may have acted on it.")
            act.record("commitment", text, actor)
            forget(act)


def forget(act: Act) -> None:
    """Nothing follows any more from what was asked for before: a person has dealt with it, or it begins anew."""
    c = CommitmentRow
    mine = (c.transaction_id == act.row.id) & (c.hospital == act.ours.hospital)
    for state in (CommitmentState.ASKED, CommitmentState.REPORTED, *OPEN):
        _change(act.session, mine, state, CommitmentState.SETTLED)
    act.ours.uncommitted = 0


def _change(session: Session, which: Any, before: CommitmentState, after: CommitmentState) -> None:
    c = CommitmentRow
    session.execute(update(c).where(which, c.state == before).values(state=after))


def _note(session: Session, row: CommitmentRow, report: CommitmentReport) -> None:
    """What it says of each image that was asked for. One named as of another kind counts as not named; one named
    both ways is not kept."""
    i, ci = InstanceRow, CommitmentImageRow
    wanted = select(ci.instance_id, i.sop_instance_uid, i.sop_class_uid)
    wanted = wanted.join(i, i.id == ci.instance_id).where(ci.commitment_id == row.id)
    kept = {(one.sop_class_uid, one.sop_instance_uid) for one in report.committed}
    changes = []
    for key, uid, sop_class in session.execute(wanted):
        no = uid in report.failed
        if no or (sop_class, uid) in kept:
            reason = report.failed.get(uid)
            changes.append(
                {
                    "commitment_id": row.id,
                    "instance_id": key,
                    "committed": not no,
                    "failure_reason": reason,
                }
            )
    if changes:
        session.execute(update(CommitmentImageRow), changes)


def _strengthen(act: Act, uids: Iterable[str]) -> None:
    """What was shown otherwise meanwhile is now known by the stronger evidence."""
    c, i, ci = CommitmentRow, InstanceRow, CommitmentImageRow
    kept = (
        select(ci.instance_id)
        .join(c, c.id == ci.commitment_id)
        .where(c.uid.in_(tuple(uids)), c.node == act.row.node, ci.committed.is_(True))
    )
    shown = (i.transaction_id == act.row.id) & (i.state == InstanceState.VERIFIED)
    changed = update(i).where(shown, i.id.in_(kept)).values(evidence=Evidence.COMMITMENT)
    act.session.execute(changed, execution_options={"synchronize_session": False})


def _review(act: Act) -> int:
    """Count again what a person has to look at."""
    act.ours.uncommitted = count_open(act.session, act.ours.hospital, act.row.id)
    return act.ours.uncommitted


def count_open(session: Session, hospital: str, id: int) -> int:
    """How many images of a transaction the hospital's people have to look at."""
    images = func.count(CommitmentImageRow.instance_id.distinct())
    return session.scalar(_open(hospital, id).with_only_columns(images)) or 0


def _open(hospital: str, id: int) -> Select[Any]:
    """Images of open requests which their node keeps by no other."""
    c, i, ci = CommitmentRow, InstanceRow, CommitmentImageRow
    other, at = aliased(CommitmentRow), aliased(CommitmentImageRow)
    elsewhere = select(at.instance_id).join(other, other.id == at.commitment_id)
    elsewhere = elsewhere.where(
        at.instance_id == ci.instance_id, at.committed.is_(True), other.node == c.node
    )
    return (
        select(i.id)
        .join(ci, ci.instance_id == i.id)
        .join(c, c.id == ci.commitment_id)
        .where(c.transaction_id == id, c.hospital == hospital, c.state.in_(OPEN))
        .where(ci.committed.is_not(True), ~elsewhere.exists())
    )
