"""Requests for images as the asking hospital acts on them: assess, send, re-work and send again, withdraw.

Plain and blocking. What the hospital that is asked does is in `replies`. A request moves no image, so that no engine
ever takes it; and it is made only behind an open gate, because the other hospital sees it at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from iep_desktop.core.clocks import TERMS
from iep_desktop.core.drafts import TransactionDraft
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.export_rules import RequestFacts, request_gate
from iep_desktop.core.form_rules import Gate
from iep_desktop.core.me import Me
from iep_desktop.core.model import Form, Priority
from iep_desktop.core.transaction import (
    Direction,
    Requirement,
    Status,
    Transaction,
    TransactionType,
)
from iep_desktop.store.directory import Directory
from iep_desktop.store.transactions import Transactions


class Requests:
    """The acts of the hospital that asks."""

    def __init__(
        self,
        me: Me,
        transactions: Transactions,
        directory: Directory,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._me = me
        self._transactions = transactions
        self._directory = directory
        self._now = now

    def assess(self, form: Form, number: str = "") -> Gate:
        """What the gate says, without sending anything. `number` is that of the request itself, no history."""
        earlier = self._transactions.earlier(form.patient, form.exams)
        known = bool(form.hospital) and self._directory.hospital(form.hospital) is not None
        lines = dict.fromkeys(e.line for e in earlier if e.number != number)
        return request_gate(RequestFacts(form, self._me.hospital, known, tuple(lines), self._me.numbers))

    def create(self, to: str, form: Form) -> Transaction:
        """Send a request to a hospital.

        Raises:
            InvalidInput: the form names another hospital.
            Refused: the gate is shut; the error names the first clause and all that lacks.
        """
        form = _addressed(form, to)
        _must_be_open(self.assess(form))
        return self._transactions.create(
            TransactionDraft(
                type=TransactionType.REQUEST,
                sender=self._me.hospital,
                recipient=to,
                priority=form.priority,
                form=form,
                created_by=self._me.user,
                required_there=(self._answer(form),),
                event=f"Requested, call {form.call_ref}",
            )
        )

    def send_again(self, id: int, form: Form | None = None) -> None:
        """R-TX-6: re-worked after a decline; the same transaction with its history and messages.

        Raises:
            Refused: it is not ours to send, is not declined, or the gate is shut.
            InvalidInput: the form names another hospital (R-TX-2).
        """
        request = self._ours(id)
        if request.status is not Status.DECLINED:
            raise Refused(f"{request.number} is {request.status.value}", "Only a declined one is sent again.")
        form = _addressed(form or request.form, request.recipient)
        _must_be_open(self.assess(form, request.number))
        self._transactions.move(
            id,
            Status.NEW,
            f"Sent again by {self._me.user}",
            self._me.user,
            expected=Status.DECLINED,
            required=(),
            required_there=(self._answer(form),),
            form=form,
        )

    def give_details(self, id: int, form: Form) -> None:
        """R-TX-7: the details that were missing. The clock stops; it is the other hospital's to answer again.

        Raises:
            Refused: it is not ours to complete, nobody asked for details, or the gate is shut.
            InvalidInput: the form names another hospital (R-TX-2).
        """
        request = self._ours(id)
        if not any(r.code == "details" for r in request.required):
            raise Refused(f"{request.number} lacks no details", "Write a message instead.")
        form = _addressed(form, request.recipient)
        _must_be_open(self.assess(form, request.number))
        self._transactions.move(
            id,
            Status.STARTED,
            f"Details completed by {self._me.user}",
            self._me.user,
            expected=Status.STARTED,
            required=(),
            required_there=(self._answer(form),),
            instead_of=request.required,
            form=form,
        )

    def cancel(self, id: int) -> None:
        """Withdraw it; both ends see that. Raises Refused where it is not ours, or at rest already."""
        self._transactions.cancel(self._ours(id).id, self._me.user)

    # -- inside

    def _ours(self, id: int) -> Transaction:
        request = self._transactions.by_id(id)
        if request.type is not TransactionType.REQUEST or request.direction is not Direction.OUT:
            raise Refused(
                f"{request.number} is no request of ours",
                "Only the hospital that asked can do this.",
                "Decline it, or write a message.",
                rule="R-TX-5",
            )
        return request

    def _answer(self, form: Form) -> Requirement:
        """What the other end must do; a Blue Light until its four hours are over (R-TIME-2)."""
        due = self._now() + TERMS.blue_light if form.priority is Priority.BLUE_LIGHT else None
        title = "Answer the request for images"
        return Requirement("answer", title, "", "R-TX-4", "A1", "Answer", due=due)


def _addressed(form: Form, to: str) -> Form:
    if form.hospital and form.hospital != to:
        raise InvalidInput(
            "The form names another institution",
            f"It says {form.hospital[:10]}, the request goes to {to}.",
            "Correct the form, or choose the other institution.",
            rule="R-TX-2",
        )
    return replace(form, hospital=to)


def _must_be_open(gate: Gate) -> None:
    if not gate.is_open:
        first = gate.blocking[0]
        more = "; ".join(f"{check.title} ({check.clause})" for check in gate.blocking)
        raise Refused("The request cannot be sent yet", f"{more}.", f"{first.lift}.", rule=first.rule)
