"""What a person can do with a transaction: the words, icons and buttons of each act, and which lifts which requirement.

Screens emit a `Wish`; the main window does it. What is possible when stands in `possible`. Pure: no widget here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.states import COMMITMENT
from iep_desktop.core.transaction import Direction, Requirement, Transaction, TransactionType


class Act(StrEnum):
    """The words are those of the menu Open ▾, mnemonics included."""

    DETAILS = "&Details"
    RESPOND = "&Respond…"  # of a row: to the details, where the answers are
    ACCEPT = "&Accept and choose images…"
    SEND = "&Choose the images…"
    DECLINE = "D&ecline…"
    ASK_DETAILS = "Details m&issing…"
    COMPLETE = "C&omplete the details…"
    REWORK = "Re-&work and send again…"
    DOWNLOAD = "Do&wnload"
    STOP = "&Stop the download"
    RETRY = "&Retry"
    RETRY_FAILED = "Retry &failed images only"
    OFFER_AGAIN = "Offer a&gain"
    ACCEPT_EVIDENCE = "Accept what the node sho&ws"
    OTHER_NODE = "Other &node…"
    REDUCE = "Send &without what is refused…"
    TO_STICK = "Copy images to a stic&k…"
    REGISTER = "I looked on the &PAS…"
    DECIDE = "&Match…"
    CONFIRM = "Confirm as &second person…"
    CORRECT_FORM = "C&omplete the form…"
    OWN_FORM = "Our &form for this patient…"
    ENTER_RIS = "&Enter on RIS…"
    MESSAGE = "&Message"
    VIEW = "&View images"
    ASSIGN = "Assign to &me"
    RAISE = "Raise to &Blue Light…"
    LOWER = "&Lower the priority…"
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
    text: str = ""  # grounds, accession number, message


_ICONS = {
    Act.DETAILS: "info",
    Act.RESPOND: "inbox",
    Act.ACCEPT: "check",
    Act.SEND: "send",
    Act.DECLINE: "circle-x",
    Act.ASK_DETAILS: "message-circle-question-mark",
    Act.COMPLETE: "pencil",
    Act.REWORK: "undo-2",
    Act.DOWNLOAD: "download",
    Act.STOP: "circle-stop",
    Act.RETRY: "refresh-cw",
    Act.RETRY_FAILED: "rotate-cw",
    Act.OFFER_AGAIN: "rotate-cw",
    Act.ACCEPT_EVIDENCE: "circle-check",
    Act.OTHER_NODE: "server",
    Act.REDUCE: "circle-minus",
    Act.TO_STICK: "usb",
    Act.REGISTER: "user-check",
    Act.DECIDE: "id-card",
    Act.CONFIRM: "user-round-check",
    Act.CORRECT_FORM: "pencil",
    Act.OWN_FORM: "pencil",
    Act.ENTER_RIS: "list-checks",
    Act.MESSAGE: "message-square",
    Act.VIEW: "image",
    Act.ASSIGN: "user",
    Act.RAISE: "siren",
    Act.LOWER: "chevrons-down",
    Act.PRINT_FORM: "printer",
    Act.EDIT_NODE: "settings",
    Act.COPY: "copy",
    Act.CANCEL: "ban",
}
_BUTTONS = {
    Act.ACCEPT: "Accept…",
    Act.SEND: "Choose images…",
    Act.COMPLETE: "Complete…",
    Act.REWORK: "Re-work…",
    Act.STOP: "Stop",
    Act.VIEW: "View",
    Act.PRINT_FORM: "Print…",
    Act.REGISTER: "Registered…",
    Act.DECIDE: "Match…",
    Act.CONFIRM: "Confirm…",
    Act.CORRECT_FORM: "Complete…",
    Act.OWN_FORM: "Our form…",
    Act.TO_STICK: "Copy to a stick…",
    Act.REDUCE: "Without refused…",
    Act.ENTER_RIS: "Enter on RIS…",
    Act.RAISE: "Blue Light…",
    Act.LOWER: "Lower…",
}
_BY_CODE = {
    "registered": Act.REGISTER,
    "match": Act.DECIDE,
    "second-person": Act.CONFIRM,
    "pacs-contradicts": Act.CORRECT_FORM,
    "answer": Act.RESPOND,
    "send": Act.SEND,
    "rework": Act.REWORK,
    "details": Act.COMPLETE,
    "download": Act.DOWNLOAD,
    "review": Act.VIEW,
    "purge-soon": Act.DOWNLOAD,
    "purge-by-hand": Act.DETAILS,
    "message": Act.MESSAGE,
    "blue-light-late": Act.DETAILS,
    "grown": Act.DETAILS,
    "extra": Act.DETAILS,
}


def icon_of(act: Act) -> str:
    return _ICONS[act]


def button_of(act: Act) -> str:
    """The short word for a button in a row."""
    return _BUTTONS.get(act, act.value.replace("&", ""))


def lifting(requirement: Requirement, transaction: Transaction) -> Act:
    """The act that lifts a requirement at our end; what no table names is a matter of the form."""
    if requirement.code.startswith("ris-"):
        return Act.ENTER_RIS
    if requirement.code == COMMITMENT:  # until the images have arrived by other evidence, they are sent again
        return Act.RETRY if requirement.blocking else Act.ACCEPT_EVIDENCE
    act = _BY_CODE.get(requirement.code, Act.CORRECT_FORM)
    if transaction.type is TransactionType.CD_IMPORT:
        return act
    if act is Act.COMPLETE and transaction.direction is Direction.IN:
        return Act.RESPOND  # the other end completes them; until then it can be answered all the same
    if act is Act.REWORK and transaction.type is not TransactionType.REQUEST:
        return Act.MESSAGE  # the recipient does not want it
    return Act.OWN_FORM if act is Act.CORRECT_FORM else act
