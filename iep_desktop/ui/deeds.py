"""Which call of which service an act is, and the words for it once it is done. No widget; nothing is called here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Status, Transaction, TransactionType
from iep_desktop.ui.acts import Act
from iep_desktop.ui.services import IsDesk


@dataclass(frozen=True)
class Deed:
    """A blocking call, and what to say when it has worked."""

    call: Callable[[], object]
    words: str


@dataclass(frozen=True)
class Hurry:
    """Another priority, and why (R-TIME-2)."""

    priority: Priority
    reason: str


DIRECT = frozenset(
    {
        Act.RETRY,
        Act.RETRY_FAILED,
        Act.ASSIGN,
        Act.ACCEPT,
        Act.DOWNLOAD,
        Act.STOP,
        Act.OFFER_AGAIN,
        Act.ACCEPT_EVIDENCE,
    }
)
"""Acts that need no word from the person first."""


def deed(desk: IsDesk, act: Act, transaction: Transaction, said: Any = "") -> Deed:
    """`said` is what the person said for it: grounds, a form, a Decline, a Hurry, a node."""
    id_, number = transaction.id, transaction.number
    match act:
        case Act.RETRY:
            return Deed(lambda: desk.acts.retry(id_), f"{number} is tried again")
        case Act.RETRY_FAILED:
            return Deed(lambda: desk.acts.retry(id_, failed_only=True), f"{number} is tried again")
        case Act.OTHER_NODE:
            return Deed(lambda: desk.acts.retry(id_, node=said), f"{number} is sent to {said}")
        case Act.REDUCE:
            return Deed(lambda: desk.acts.reduce(id_, said), f"{number} goes on without what is refused")
        case Act.ASSIGN:
            return Deed(lambda: desk.acts.assign(id_, seen=transaction.assigned_to), f"{number} is yours")
        case Act.RAISE | Act.LOWER:
            hurry: Hurry = said
            words = f"{number} is {hurry.priority.value} now"
            return Deed(lambda: desk.priorities.change(id_, hurry.priority, hurry.reason), words)
        case Act.CANCEL:
            return Deed(lambda: desk.acts.cancel(id_), f"{number} is cancelled")
        case Act.REGISTER:
            return Deed(lambda: desk.imports.register(id_), f"{number}: registered")
        case Act.DECIDE:
            return Deed(lambda: desk.imports.decide(id_, said, transaction), f"{number}: matched")
        case Act.CONFIRM:
            return Deed(lambda: desk.imports.confirm(id_, said, seen=transaction), f"{number}: matched")
        case Act.CORRECT_FORM:
            seen = transaction.form
            return Deed(lambda: desk.imports.correct_form(id_, said, seen), f"{number}: form saved")
        case _:
            return _between_hospitals(desk, act, transaction, said)


def _between_hospitals(desk: IsDesk, act: Act, transaction: Transaction, said: Any) -> Deed:
    id_, number, replies, downloads = transaction.id, transaction.number, desk.replies, desk.downloads
    match act:
        case Act.ACCEPT:
            return Deed(lambda: replies.accept(id_), f"{number} is accepted")
        case Act.ACCEPT_EVIDENCE:
            return Deed(lambda: desk.acts.accept_evidence(id_), f"{number} is accepted as it is shown")
        case Act.OFFER_AGAIN:
            return Deed(lambda: desk.acts.offer_again(id_), f"{number} is offered again")
        case Act.DECLINE if transaction.type is TransactionType.REQUEST:
            return Deed(lambda: replies.decline(id_, said), f"{number} is declined")
        case Act.DECLINE:
            return Deed(lambda: downloads.decline(id_, said), f"{number} is declined")
        case Act.ASK_DETAILS:
            return Deed(lambda: replies.ask_details(id_, said), f"{number}: details are asked for")
        case Act.MESSAGE:
            return Deed(lambda: replies.message(id_, said), f"{number}: message sent")
        case Act.DOWNLOAD:
            return Deed(lambda: downloads.download(id_), f"{number} is downloaded")
        case Act.STOP:
            return Deed(lambda: downloads.stop(id_), f"{number} is {Status.ON_IEP.value} again")
        case Act.OWN_FORM:
            seen = transaction.form
            return Deed(lambda: downloads.match(id_, said, seen), f"{number}: our form is saved")
        case _:
            raise ValueError(f"{act.name} is no call of a service")
