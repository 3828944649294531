"""Why a transaction failed, in plain words: whose move it is, what happens by itself, the DICOM status. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iep_desktop.core.transaction import Failure, Transaction, TransactionType
from iep_desktop.ui.acts import Act
from iep_desktop.ui.possible import fixing, is_our_move, is_sending, possible
from iep_desktop.ui.worklist.texts import clock, moment

# PS3.4 B.2.3 (C-STORE) and PS3.7 C: exact codes first, then families by their first digits.
_STATUS_WORDS = {
    0x0110: "Error: Processing Failure (PS3.7 C.5.21)",
    0x0117: "Error: Invalid Object Instance (PS3.7 C.5.16)",
    0x0122: "Refused: SOP Class Not Supported (PS3.7 C.5.6)",
    0x0124: "Refused: Not Authorized (PS3.7 C.5.13)",
    0x0210: "Error: Duplicate Invocation (PS3.7 C.5.7)",
    0x0211: "Error: Unrecognized Operation (PS3.7 C.5.8)",
    0x0212: "Error: Mistyped Argument (PS3.7 C.5.10)",
}
_FAMILY_WORDS = {
    0xA7: "Refused: Out of Resources (PS3.4 B.2.3)",
    0xA9: "Error: Data Set does not match SOP Class (PS3.4 B.2.3)",
    0xB0: "Warning (PS3.4 B.2.3)",
    0xC: "Error: Cannot Understand (PS3.4 B.2.3)",
}
_WHOSE = {
    "node-unreachable": (
        "The PACS office",
        "They see whether the archive runs and the network lets it answer. You need not wait: test the node.",
    ),
    "node-rejected": (
        "An admin",
        "The node answered and said no: AE titles, ours and theirs, must be the ones agreed.",
    ),
    "images-refused": (
        "The PACS office",
        "The archive said no to these images. What arrived stays; the rest waits here.",
    ),
    "images-waiting": ("The PACS office", "The archive cannot take them now, or does not show them yet."),
    "out-of-space": ("The admin of this workstation", "Room is needed in the spool folder."),
    "medium-unreadable": (
        "You, with the disc",
        "Clean it, try another drive, or ask the sender for another disc.",
    ),
    "refused": ("You", "A rule stopped it: what lifts it stands above."),
    "cancelled": ("You", "It was stopped; it can be tried again."),
}


@dataclass(frozen=True)
class Fact:
    """A line of the explanation: icon, label, the fact, and what follows from it."""

    icon: str
    label: str
    fact: str
    more: str = ""


def status_words(code: int) -> str:
    """`A700, Refused: Out of Resources (PS3.4 B.2.3)`: hexadecimal as it came, and what the standard calls it."""
    words = _STATUS_WORDS.get(code) or _FAMILY_WORDS.get(code >> 8) or _FAMILY_WORDS.get(code >> 12)
    return f"{code:04X}, {words or 'not one of the standard’s words'}"


def explain(transaction: Transaction, now: datetime, other: str = "") -> tuple[Fact, ...]:
    """`other` is the other hospital's name, where there is one that takes part."""
    failure = transaction.failure
    if failure is None:
        return ()
    facts = [_whose_move(transaction, failure, other), _by_itself(transaction, now)]
    if failure.dicom_status is not None:
        when = f", {moment(failure.at)}" if failure.at else ""
        facts.append(
            Fact(
                "network",
                "DICOM status",
                status_words(failure.dicom_status),
                f"As {failure.node or 'the node'} sent it{when}.",
            )
        )
    return tuple(facts)


def _whose_move(transaction: Transaction, failure: Failure, other: str) -> Fact:
    """Who can mend it. Images on the way to another hospital are stopped by its gateway, not by our PACS office."""
    if not is_our_move(transaction):
        return Fact("user", "Whose move", other or "The other hospital", "They see it in their tab Failed.")
    office, place = "The PACS office", "the archive"
    if is_sending(transaction) and transaction.type is not TransactionType.CD_IMPORT:
        office, place = other or "The other hospital", "their gateway"
    if failure.dicom_status is not None and failure.dicom_status >> 8 == 0xA7:
        return Fact("user", "Whose move", office, f"They free space in {place}; then retry.")
    who, what = _WHOSE.get(
        failure.kind, ("The service desk", "Copy this for them, with the transaction's number.")
    )
    if who == "The PACS office":
        what = what.replace("the archive", place).replace("The archive", place.capitalize())
        return Fact("user", "Whose move", office, what)
    return Fact("user", "Whose move", who, what)


def _by_itself(transaction: Transaction, now: datetime) -> Fact:
    tried = "Tried once" if transaction.attempts <= 1 else f"Tried {transaction.attempts} times"
    if transaction.not_before and transaction.not_before > now:
        tried += f", next at {clock(transaction.not_before, now)}"
        return Fact("repeat", "By itself", tried, "You need not wait: retry now.")
    if transaction.queued:
        return Fact("repeat", "By itself", f"{tried}, next when a slot is free")
    return Fact(
        "repeat",
        "By itself",
        f"{tried}, nothing more",
        "It waits for you. What arrived stays.",
    )


def fixes(transaction: Transaction) -> tuple[Act, ...]:
    """The buttons, the next right thing first."""
    writes = (Act.MESSAGE,) if Act.MESSAGE in possible(transaction, "") else ()
    return (*fixing(transaction), *writes, Act.COPY)


def for_service_desk(transaction: Transaction) -> str:
    """What the service desk needs and may have: numbers of the case, no patient data."""
    failure = transaction.failure
    counts = transaction.counts
    lines = [
        f"Image Exchange transaction {transaction.number}, {transaction.type.value}, {transaction.status.value}",
        f"Call reference: {transaction.form.call_ref or 'none'}",
        f"Images: {counts.wanted} wanted, {counts.arrived} sent, {counts.verified} verified, {counts.failed} failed",
    ]
    if failure:
        lines.append(f"What happened: {failure.title}. {failure.message}".strip())
        lines += [f"Node: {failure.node}"] if failure.node else []
        lines += (
            [f"DICOM status: {status_words(failure.dicom_status)}"]
            if failure.dicom_status is not None
            else []
        )
        lines += [f"At: {moment(failure.at)}"] if failure.at else []
        lines.append(f"Attempts: {transaction.attempts}")
    return "\n".join(lines)
