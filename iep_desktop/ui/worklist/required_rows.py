"""What needs a person, by what is due first (screens.md, Action Required). Pure: transactions in, entries out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.transaction import Direction, Requirement, Status, Transaction, TransactionType
from iep_desktop.ui.acts import Act, lifting
from iep_desktop.ui.worklist import texts

DETAILS_LIMIT = timedelta(days=14)  # R-TIME-5


_END = {"details": "cancelled on", "download": "purged on", "purge-soon": "purged on"}


class Group(StrEnum):
    NOW = "Now"
    TODAY = "Today"
    WEEK = "Next 7 days"
    LATER = "Later"


GROUP_HINTS = {Group.NOW: "Blue Light, due within 4 hours"}


@dataclass(frozen=True)
class Due:
    """When, in two lines and a tone; `at` sorts."""

    at: datetime
    group: Group
    words: str
    tone: str
    below: str


@dataclass(frozen=True)
class Entry:
    """One row. `act` is None once nothing more is required; it stays in its place until Refresh."""

    transaction: Transaction
    due: Due
    title: str
    patient: str
    number: str
    institution: str
    what: str
    act: Act | None

    @property
    def sentence(self) -> str:
        parts = (
            self.title,
            self.patient,
            self.number,
            self.institution,
            self.what,
            self.due.words,
            self.due.below,
        )
        return ", ".join(part for part in parts if part)


def entries_of(
    transactions: Iterable[Transaction], hospitals: Mapping[str, str], now: datetime
) -> tuple[Entry, ...]:
    entries = [entry_of(transaction, hospitals, now) for transaction in transactions if transaction.required]
    return tuple(sorted(entries, key=lambda e: (list(Group).index(e.due.group), e.due.at, e.transaction.id)))


def entry_of(transaction: Transaction, hospitals: Mapping[str, str], now: datetime) -> Entry:
    first = most_urgent(transaction.required)
    act = lifting(first, transaction)
    other = transaction.other_hospital
    name = hospitals.get(other, other)
    word = "from " if transaction.direction is Direction.IN else "to "
    return Entry(
        transaction,
        due_of(transaction, first, now),
        title_of(transaction, first),
        texts.patient_name(transaction),
        format_nhs_number(transaction.patient.nhs_no) or transaction.patient.hospital_no,
        word + name if name else "",
        what_of(transaction, first),
        act,
    )


def done(entry: Entry, now_is: Transaction) -> Entry:
    """Nothing more is required of this one."""
    due = replace(entry.due, words="done", tone="ok", below=now_is.status.value)
    return replace(entry, transaction=now_is, due=due, act=None)


def merge(
    shown: tuple[Entry, ...], fresh: tuple[Entry, ...], gone: Mapping[int, Transaction]
) -> tuple[Entry, ...]:
    """News without moving a row: known ones change in place, lifted ones are marked, new ones end their group."""
    by_id = {entry.transaction.id: entry for entry in fresh}
    merged = []
    for entry in shown:
        new = by_id.pop(entry.transaction.id, None)
        if new is not None:
            merged.append(replace(new, due=replace(new.due, group=entry.due.group)))
        elif entry.transaction.id in gone:
            merged.append(done(entry, gone[entry.transaction.id]))
    merged += by_id.values()
    return tuple(sorted(merged, key=lambda entry: list(Group).index(entry.due.group)))


def most_urgent(required: tuple[Requirement, ...]) -> Requirement:
    """What holds the images up comes before what can follow them."""
    return next((requirement for requirement in required if requirement.blocking), required[0])


_VERBS = {
    Act.REGISTER: "Look the patient up",
    Act.DECIDE: "Match the patient",
    Act.CONFIRM: "Confirm as second person",
    Act.CORRECT_FORM: "Complete the details",
    Act.OWN_FORM: "Complete our form",
    Act.COMPLETE: "Complete the details",
    Act.REWORK: "Re-work",
    Act.MESSAGE: "Answer a message",
    Act.DOWNLOAD: "Download",
    Act.RETRY: "Retry",
    Act.ACCEPT_EVIDENCE: "Look at the evidence",
}
_SAYS_IT_ITSELF = (Act.RESPOND, Act.SEND, Act.DETAILS)


def title_of(transaction: Transaction, first: Requirement) -> str:
    """What is required, as a sentence of few words."""
    act = lifting(first, transaction)
    if act is Act.ENTER_RIS:
        open_ones = sum(lifting(each, transaction) is Act.ENTER_RIS for each in transaction.required)
        return f"Enter on RIS: {open_ones} of {len(transaction.exams)} imported exams have no RIS event"
    more = len(transaction.required) - 1
    also = f", and {more} more" if more else ""
    return f"{_what_to_do(transaction, first, act)}{also}"


def _what_to_do(transaction: Transaction, first: Requirement, act: Act) -> str:
    if first.code == "answer":
        urgent = "a Blue Light request" if texts.is_blue_light(transaction) else "a request"
        return f"Respond to {urgent}"
    if act in _SAYS_IT_ITSELF or first.title.startswith("Download "):
        return f"{first.title}: {first.detail}" if first.detail and act is not Act.SEND else first.title
    said = first.detail if act is Act.COMPLETE and first.detail else first.title
    lower = said[:1].lower() + said[1:] if not said[:2].isupper() else said
    return f"{_VERBS[act]}: {lower}"


def what_of(transaction: Transaction, first: Requirement) -> str:
    exams = ", ".join(exam.label for exam in transaction.exams or transaction.form.exams)
    clause = first.clause or first.rule
    return ", ".join(part for part in (exams, clause) if part)


def due_of(transaction: Transaction, first: Requirement, now: datetime) -> Due:
    if texts.runs(transaction):
        return _blue_light(transaction, now)
    if first.due is not None:
        return _by(first.due, now, f"{_END.get(first.code, 'due')} {texts.local(first.due):%d/%m/%Y}")
    form_of_import = transaction.type is TransactionType.CD_IMPORT and lifting(first, transaction)
    if form_of_import is Act.CORRECT_FORM and transaction.status is not Status.DELIVERED:
        at = transaction.created_at + DETAILS_LIMIT
        return _by(at, now, f"cancelled on {texts.local(at):%d/%m/%Y}")
    return _waiting(transaction, now)


def _blue_light(transaction: Transaction, now: datetime) -> Due:
    at, late = texts.blue_light_due(transaction), texts.late_word(transaction, now)
    words, tone = texts.countdown(at, now)
    below = f"due {texts.clock(at, now)}"
    return Due(
        at,
        Group.NOW,
        words,
        "warn" if late and tone == "accent" else tone,
        f"{below}, {late}" if late else below,
    )


def _waiting(transaction: Transaction, now: datetime) -> Due:
    since = transaction.created_at
    days = (texts.local(now).date() - texts.local(since).date()).days
    words = "today" if days <= 0 else "since yesterday" if days == 1 else f"since {days} days"
    return Due(since, Group.TODAY, words, "text", f"waiting since {texts.clock(since, now)}")


def _by(at: datetime, now: datetime, below: str) -> Due:
    days = (texts.local(at).date() - texts.local(now).date()).days
    if days <= 0:
        return Due(at, Group.TODAY, "today" if at >= now else "overdue", "warn", below)
    words = "tomorrow" if days == 1 else f"in {days} days"
    return Due(at, Group.WEEK if days <= 7 else Group.LATER, words, "warn" if days <= 7 else "text", below)
