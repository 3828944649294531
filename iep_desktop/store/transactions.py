"""The ledger's transactions as one hospital reads and changes them. Each method is one short session.

Statuses and instances move only as `core.states` allows, checked inside the same database transaction that writes:
of two who act on one row at once, the second sees what the first did and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iep_desktop.core import reviewing
from iep_desktop.core.calendar import LONDON
from iep_desktop.core.clocks import with_alarm
from iep_desktop.core.drafts import TransactionDraft
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.imports import EarlierTransaction
from iep_desktop.core.model import Exam, Form, Patient, RisState
from iep_desktop.core.states import FINAL, legal_moves
from iep_desktop.core.transaction import (
    Event,
    Failure,
    Instance,
    InstanceCounts,
    InstanceState,
    MatchDecision,
    Requirement,
    SeriesProgress,
    Status,
    Transaction,
)
from iep_desktop.store import commitments, history, instances, transfer_parts
from iep_desktop.store.acts import Act, acting, make_ends, next_number, too_late, unknown
from iep_desktop.store.history import EarlierImport
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.messages import Messages
from iep_desktop.store.rows import (
    counts_of,
    exam_rows,
    medium_of,
    medium_row,
    transactions_of,
)
from iep_desktop.store.tables import EndRow, EventRow, ExamRow, FormRow, TransactionRow

__all__ = ["Changes", "EarlierImport", "InstanceChange", "Transactions"]


@dataclass(frozen=True)
class Changes:
    """What changed since a token, and the token to ask with next time."""

    token: int
    ids: tuple[int, ...]


class Transactions(Messages):
    """One hospital's transactions."""

    # -- create

    def create(self, draft: TransactionDraft) -> Transaction:
        """Give it a number and write it with its instances.

        Raises:
            InvalidInput: our hospital is neither sender nor recipient, or an image is listed twice.
        """
        with self._database.write() as session:
            act = self._begun(session, draft)
            instances.add(session, act.row, draft.instances)
            act.record("created", draft.event, draft.created_by, draft.status)
            if draft.review:
                act.record(reviewing.EVENT, reviewing.event_text(draft.review), draft.review.by)
            act.ours.required = draft.required
            act.require_there(draft.required_there)
            if draft.transfer:
                transfer_parts.begin(act, draft.transfer)
            if draft.queued:
                act.queue(draft.not_before, 0)
            act.finish()
            session.add_all(act.ends)
            session.flush()
            return self._loaded(session, act.row.id)

    def _begun(self, session: Session, draft: TransactionDraft) -> Act:
        now = self._database.now()
        year = f"{now.astimezone(LONDON):%Y}"
        row = TransactionRow(
            number=f"{year}-{next_number(session, year):06d}",
            type=draft.type,
            sender=draft.sender,
            recipient=draft.recipient,
            status=draft.status,
            priority=draft.priority,
            node=draft.node,
            created_at=now,
            created_by=draft.created_by,
            updated_at=now,
            nhs_no="",
            hospital_no="",
            registered_by=draft.registered_by,
            everything_reason=draft.everything_reason,
            match=draft.match,
        )
        session.add(row)
        session.flush()
        session.add(FormRow(transaction_id=row.id, call_ref=draft.form.call_ref, document=draft.form))
        session.add_all(exam_rows(row.id, draft.exams or draft.form.exams))
        if draft.medium:
            session.add(medium_row(row.id, draft.medium))
        ends = make_ends(session, row, draft.form)
        ours = next((end for end in ends if end.hospital == self._hospital), None)
        if ours is None:
            raise InvalidInput(
                "The transaction is not one of this hospital", hint="Check sender and recipient."
            )
        return Act(session, row, ours, ends, now)

    # -- read

    def get(self, number: str) -> Transaction:
        """Raises InvalidInput where it is unknown or not ours."""
        with self._database.read() as session:
            key = session.scalar(select(TransactionRow.id).where(TransactionRow.number == number.strip()))
            if key is None:
                raise unknown()
            return self._loaded(session, key)

    def by_id(self, id: int) -> Transaction:
        """Raises InvalidInput where it is unknown or not ours."""
        with self._database.read() as session:
            return self._loaded(session, id)

    def _loaded(self, session: Session, id: int) -> Transaction:
        (transaction,) = transactions_of(session, [self._end(session, id)])
        return replace(transaction, medium=medium_of(session, id))

    def status(self, id: int) -> Status:
        with self._database.read() as session:
            return self._end(session, id).status

    def counts(self, id: int) -> InstanceCounts:
        with self._database.read() as session:
            self._end(session, id)
            return counts_of(session.get_one(TransactionRow, id))

    def instances(self, id: int, states: frozenset[InstanceState] | None = None) -> tuple[Instance, ...]:
        """All, or those in certain states, in the order in which they were added."""
        with self._database.read() as session:
            self._end(session, id)
            return instances.of_transaction(session, id, states)

    def series_progress(self, id: int) -> tuple[SeriesProgress, ...]:
        with self._database.read() as session:
            self._end(session, id)
            return instances.progress(session, id)

    def events(self, id: int) -> tuple[Event, ...]:
        """Oldest first."""
        wanted = select(EventRow).where(EventRow.transaction_id == id).order_by(EventRow.id)
        with self._database.read() as session:
            self._end(session, id)
            return tuple(Event(r.at, r.actor, r.kind, r.text, r.status) for r in session.scalars(wanted))

    def earlier(self, patient: Patient, exams: Sequence[Exam]) -> tuple[EarlierTransaction, ...]:
        """R-GATE-10: the same patient and exam in the history, newest first."""
        with self._database.read() as session:
            return history.of_patient(session, self._hospital, patient, exams)

    def imports_of(self, fingerprint: str, study_uids: Iterable[str]) -> tuple[EarlierImport, ...]:
        """Imports of the same disc or of the same studies."""
        with self._database.read() as session:
            return history.of_disc(session, self._hospital, fingerprint, study_uids)

    # -- what changed

    def change_token(self) -> int:
        """Another number after any change of our transactions."""
        newest = select(func.max(EndRow.changed)).where(EndRow.hospital == self._hospital)
        with self._database.read() as session:
            return session.scalar(newest) or 0

    def changes_since(self, token: int) -> Changes:
        """Which of our transactions changed since that token."""
        wanted = select(EndRow.changed, EndRow.transaction_id).where(
            EndRow.hospital == self._hospital, EndRow.changed > token
        )
        with self._database.read() as session:
            found = session.execute(wanted.order_by(EndRow.changed)).all()
        return Changes(found[-1][0] if found else token, tuple(changed for _, changed in found))

    # -- instances and status

    def update_instances(self, id: int, changes: Sequence[InstanceChange]) -> InstanceCounts:
        """Move instances, all of them or none.

        Raises:
            Refused: an instance cannot go there from where it is.
            InvalidInput: an unknown instance.
        """
        if not changes:
            return self.counts(id)
        with acting(self._database, self._hospital, id) as act:
            instances.change(act.session, act.row, changes)
            return counts_of(act.row)

    def move(
        self,
        id: int,
        to: Status,
        text: str,
        actor: str,
        *,
        expected: Status | None = None,
        required: Sequence[Requirement] | None = None,
        required_there: Sequence[Requirement] | None = None,
        instead_of: Sequence[Requirement] | None = None,
        form: Form | None = None,
    ) -> None:
        """Change the status and write the event; with `required` also what a person must do from now on.

        `required_there` is the same for the other hospital. `form` is corrected in the same write.

        Raises:
            Refused: the move is illegal, the status is not `expected` (any more), or our requirements are others than
                `instead_of`: somebody acted since they were read.
        """
        with acting(self._database, self._hospital, id) as act:
            if expected is not None and act.row.status is not expected:
                raise too_late(f"{act.row.number} is {act.row.status.value} now")
            if instead_of is not None and _by_persons(act.ours.required) != _by_persons(instead_of):
                raise too_late(f"{act.row.number} has changed")
            if form is not None and form != act.form.document:
                act.change_form(form)
                act.record("form", "Form corrected", actor)
            act.move(to, text, actor)
            if required is not None:
                act.ours.required = tuple(required)
            if required_there is not None:
                act.require_there(required_there)

    def cancel(self, id: int, actor: str) -> None:
        """Nothing more is done for it, at either end. Raises Refused where it is final already."""
        with acting(self._database, self._hospital, id) as act:
            if act.row.status in FINAL:  # staying where one is would be legal, and told twice
                raise Refused(
                    f"{act.row.number} is {act.row.status.value}", "There is nothing to cancel.", "Refresh."
                )
            act.move(Status.CANCELLED, f"Cancelled by {actor}", actor)
            act.unqueue_everywhere()
            for end in act.ends:
                end.required = ()

    def fail(self, id: int, failure: Failure, actor: str = "engine") -> None:
        """It goes to Failed with its reason. Raises Refused where it is at rest otherwise."""
        with acting(self._database, self._hospital, id) as act:
            act.move(Status.FAILED, failure.title, actor, "failed")
            act.row.failure = failure
            act.unqueue()

    def clear_failure(self, id: int, actor: str = "") -> None:
        """It is taken up again: the reason is forgotten, and what may start anew stands at Started."""
        with acting(self._database, self._hospital, id) as act:
            act.row.failure = None
            commitments.forget(act)
            if act.row.status is Status.FAILED:
                act.move(self._taken_up(act), "Taken up again", actor or "engine")

    def _taken_up(self, act: Act) -> Status:
        """Where a failed one goes on: a transfer in the leg in which it failed."""
        if Status.STARTED in legal_moves(act.row.type, Status.FAILED):
            return Status.STARTED
        return Status.DOWNLOADING if transfer_parts.comes_to_us(act) else Status.UPLOADING

    # -- what a person says about it

    def record(self, id: int, kind: str, text: str, actor: str) -> None:
        """Add a line to its history."""
        with acting(self._database, self._hospital, id) as act:
            act.record(kind, text, actor)

    def require(self, id: int, requirements: Sequence[Requirement]) -> None:
        """These, and no others, are what a person of ours must do now."""
        with acting(self._database, self._hospital, id) as act:
            act.ours.required = tuple(requirements)

    def decide(
        self,
        id: int,
        decision: MatchDecision,
        text: str,
        actor: str,
        *,
        instead_of: MatchDecision | None = None,
    ) -> None:
        """Raises Refused where the decision that stands is not the one that this shall replace (any more)."""
        with acting(self._database, self._hospital, id) as act:
            if act.row.match != instead_of:
                by = act.row.match.decided_by if act.row.match else "nobody"
                raise too_late(f"{act.row.number} is decided by {by}")
            act.row.match = decision
            act.record("match", text, actor)

    def set_registered(self, id: int, by: str) -> None:
        """R-GATE-5: told once. Raises Refused where somebody else has."""
        with acting(self._database, self._hospital, id) as act:
            if act.row.registered_by == by:
                return
            if act.row.registered_by:
                raise too_late(f"{act.row.registered_by} has looked the patient up already")
            act.row.registered_by = by
            act.record("registered", f"{by} has looked the patient up on the PAS", by)

    def set_form(self, id: int, form: Form, actor: str, *, instead_of: Form | None = None) -> None:
        """The form was completed or corrected; its priority and, for a disc, its hospital hold from now on.

        The recipient of a transfer writes its own form beside that of the sender.

        Raises:
            Refused: the form that stands at our end is not the one that this shall replace (any more).
        """
        with acting(self._database, self._hospital, id) as act:
            if instead_of is not None and transfer_parts.form_of(act) != instead_of:
                raise too_late(f"The form of {act.row.number} has changed")
            if transfer_parts.comes_to_us(act):
                transfer_parts.write_own_form(act, form)
            else:
                act.change_form(form)
            act.record("form", "Form corrected", actor)

    def set_exam_ris(
        self,
        id: int,
        position: int,
        accession: str,
        state: RisState,
        actor: str,
        *,
        instead_of: str | None = None,
    ) -> None:
        """R-RIS.

        Raises:
            InvalidInput: there is no such exam.
            Refused: its accession number is not the one that this shall replace (any more).
        """
        wanted = select(ExamRow).where(ExamRow.transaction_id == id, ExamRow.position == position)
        with acting(self._database, self._hospital, id) as act:
            exam = act.session.scalar(wanted)
            if exam is None:
                raise InvalidInput(f"The transaction has no exam {position + 1}")
            if instead_of is not None and exam.accession != instead_of:
                raise too_late(f"Exam {position + 1} has the accession number {exam.accession} now")
            exam.accession, exam.ris_state = accession, state
            act.record("ris", f"Exam {position + 1}: RIS {state.value}, accession number {accession}", actor)

    def assign(self, id: int, user: str, *, instead_of: str | None = None) -> None:
        """Raises Refused where it is not with whom it shall be taken from (any more)."""
        with acting(self._database, self._hospital, id) as act:
            has = act.ours.assigned_to
            if instead_of is not None and has != instead_of:
                raise too_late(f"{act.row.number} is with {has or 'nobody'} now")
            act.ours.assigned_to = user
            act.record("assigned", f"Assigned to {user}" if user else "Assigned to nobody", user)

    # -- queue

    def queue(self, id: int, not_before: datetime | None = None, attempts: int | None = None) -> None:
        """Our engine may take it, not before a time. Raises Refused where it is final."""
        with acting(self._database, self._hospital, id) as act:
            act.queue(not_before, attempts)

    def unqueue(self, id: int) -> None:
        with acting(self._database, self._hospital, id) as act:
            act.unqueue()


def _by_persons(required: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Without the alarm that the clock alone raises: nobody acted."""
    return with_alarm(tuple(required), None)
