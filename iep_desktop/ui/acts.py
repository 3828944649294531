"""What a person can do with a transaction, which of it is possible now, and which act lifts which requirement.

Screens emit a `Wish`; the main window does it. Pure: no widget here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.states import FINAL, legal_moves
from iep_desktop.core.transaction import Requirement, Status, Transaction, TransactionType


class Act(StrEnum):
    """The words are those of the menu Open ▾, mnemonics included."""

    DETAILS = "&Details"
    RETRY = "&Retry"
    RETRY_FAILED = "Retry &failed images only"
    REGISTER = "I looked on the &PAS…"
    DECIDE = "&Match…"
    CONFIRM = "Confirm as &second person…"
    CORRECT_FORM = "C&omplete the form…"
    ENTER_RIS = "&Enter on RIS…"
    ASSIGN = "Assign to &me"
    PRINT_FORM = "Print &form…"
    EDIT_NODE = "Edit &node and test…"
    COPY = "Copy for service des&k"
    CANCEL = "&Cancel…"


@dataclass(frozen=True)
class Wish:
    """An act on a transaction, with what the person typed for it."""

    act: Act
    transaction: Transaction
    position: int = 0  # of an exam
    text: str = ""  # grounds, accession number


_ICONS = {
    Act.DETAILS: "info",
    Act.RETRY: "refresh-cw",
    Act.RETRY_FAILED: "rotate-cw",
    Act.REGISTER: "user-check",
    Act.DECIDE: "id-card",
    Act.CONFIRM: "user-round-check",
    Act.CORRECT_FORM: "pencil",
    Act.ENTER_RIS: "list-checks",
    Act.ASSIGN: "user",
    Act.PRINT_FORM: "printer",
    Act.EDIT_NODE: "server",
    Act.COPY: "copy",
    Act.CANCEL: "ban",
}
_BUTTONS = {
    Act.REGISTER: "Registered…",
    Act.DECIDE: "Match…",
    Act.CONFIRM: "Confirm…",
    Act.CORRECT_FORM: "Complete…",
    Act.ENTER_RIS: "Enter on RIS…",
    Act.DETAILS: "Details",
}
_BY_CODE = {
    "registered": Act.REGISTER,
    "match": Act.DECIDE,
    "second-person": Act.CONFIRM,
    "pacs-contradicts": Act.CORRECT_FORM,
    "answer": Act.DETAILS,
    "rework": Act.DETAILS,
}


def icon_of(act: Act) -> str:
    return _ICONS[act]


def button_of(act: Act) -> str:
    """The short word for a button in a row."""
    return _BUTTONS.get(act, act.value.replace("&", ""))


def lifting(requirement: Requirement) -> Act:
    """The act that lifts a requirement; what no table names is a matter of the form."""
    if requirement.code.startswith("ris-"):
        return Act.ENTER_RIS
    return _BY_CODE.get(requirement.code, Act.CORRECT_FORM)


def possible(transaction: Transaction, me: str) -> tuple[Act, ...]:
    """What works on this transaction now, in the order of the menu."""
    acts = [Act.DETAILS]
    if transaction.type is TransactionType.CD_IMPORT:
        acts += _of_import(transaction)
    if transaction.status not in FINAL and transaction.assigned_to != me:
        acts.append(Act.ASSIGN)
    if transaction.type is TransactionType.CD_IMPORT:
        acts.append(Act.PRINT_FORM)
        if Status.CANCELLED in legal_moves(transaction.type, transaction.status):
            acts.append(Act.CANCEL)
    return tuple(acts)


def _of_import(transaction: Transaction) -> list[Act]:
    acts = []
    if can_retry(transaction):
        acts.append(Act.RETRY)
        if transaction.counts.failed:
            acts.append(Act.RETRY_FAILED)
    acts += dict.fromkeys(lifting(requirement) for requirement in transaction.required)
    return acts


def can_retry(transaction: Transaction) -> bool:
    """It failed, or it waits for its next try."""
    waits = transaction.not_before is not None and transaction.status not in FINAL
    return transaction.status is Status.FAILED or waits
