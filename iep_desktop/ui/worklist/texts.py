"""What a row says, as plain texts: for painting, for tool tips, for a screen reader. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from iep_desktop.core.calendar import LONDON, ServiceCalendar
from iep_desktop.core.clocks import LATE, TERMS, Alarm, purge_due, target_counts
from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.model import Patient, Priority, RisState
from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import (
    Direction,
    SeriesProgress,
    Status,
    Transaction,
    TransactionType,
)

NOTHING_FOUND = "No transactions found. Try refining your search criteria"
BLUE_LIGHT_TARGET = TERMS.blue_light
PURGE_IS_NEAR = max(TERMS.purge_warnings)
_TYPE_ICONS = {
    TransactionType.REQUEST: "inbox",
    TransactionType.TRANSFER: "send",
    TransactionType.DIRECT_ROUTING: "route",
    TransactionType.CD_IMPORT: "disc-3",
    TransactionType.DISC_EXPORT: "disc",
}
_MOVING = (Status.UPLOADING, Status.DOWNLOADING)
_RUNNING = (
    Status.NEW,
    Status.STARTED,
    Status.ACCEPTED,
    Status.UPLOADING,
    Status.DOWNLOADING,
    Status.DOWNLOAD_REQUEST,
)
_ON_THE_GATEWAY = (Status.ON_IEP, Status.DOWNLOAD_REQUEST, Status.DOWNLOADING, Status.FAILED)


@dataclass(frozen=True)
class Left:
    """What stands beside the status: a word in a tone, and how full the bar is (None: no bar)."""

    text: str = ""
    tone: str = "text2"
    fraction: float | None = None
    bold: bool = False
    icon: str = ""  # before the word
    spoken: str = ""  # what the sign and the tone say

    @property
    def sentence(self) -> str:
        return f"{self.text}, {self.spoken}" if self.spoken else self.text


def type_icon(kind: TransactionType) -> str:
    return _TYPE_ICONS[kind]


def direction_icon(direction: Direction) -> str:
    return "arrow-down-left" if direction is Direction.IN else "arrow-up-right"


def local(at: datetime) -> datetime:
    """The hospital's own time; the ledger keeps UTC."""
    return at.astimezone(LONDON)


def moment(at: datetime) -> str:
    return f"{local(at):%d/%m/%Y %H:%M}"


def clock(at: datetime, now: datetime) -> str:
    """14:02 for today, else with the day."""
    return f"{local(at):%H:%M}" if local(at).date() == local(now).date() else f"{local(at):%d/%m %H:%M}"


def patient_name(transaction: Transaction) -> str:
    return display_name(transaction.patient.name) or "no name"


def identity_line(patient: Patient) -> str:
    """NHS 999 000 0018,  S999111"""
    nhs = f"NHS {format_nhs_number(patient.nhs_no)}" if patient.nhs_no else "no NHS number"
    return ",  ".join(part for part in (nhs, patient.hospital_no) if part)


def born_line(patient: Patient) -> str:
    sex = {"M": "male", "F": "female", "O": "other"}.get(patient.sex.upper(), "")
    born = f"Born {patient.birth_date:%d/%m/%Y}" if patient.birth_date else ""
    return ", ".join(part for part in (born, sex) if part)


def assignee(transaction: Transaction, me: str) -> str:
    if not transaction.assigned_to:
        return "–"
    return "you" if transaction.assigned_to == me else transaction.assigned_to


def is_blue_light(transaction: Transaction) -> bool:
    return transaction.priority is Priority.BLUE_LIGHT


def blue_light_due(transaction: Transaction) -> datetime:
    return transaction.created_at + BLUE_LIGHT_TARGET


def countdown(due: datetime, now: datetime) -> tuple[str, str]:
    """`3:53 left` and its tone; red once missed."""
    minutes = int((due - now).total_seconds() // 60)
    if minutes < 0:
        return f"{-minutes // 60}:{-minutes % 60:02d} over", "danger"
    return f"{minutes // 60}:{minutes % 60:02d} left", "accent"


def runs(transaction: Transaction) -> bool:
    """Whether the clock of a Blue Light counts at our end."""
    return target_counts(transaction.priority, transaction.status, transaction.direction)


def late_word(transaction: Transaction, now: datetime) -> str:
    """`late` or `will be late`, as the clock found (R-TIME-2); empty where it is in time."""
    if not runs(transaction) or all(r.code != LATE for r in transaction.required):
        return ""
    return Alarm.MISSED.value if now > blue_light_due(transaction) else Alarm.FORECAST.value


def purged_on(transaction: Transaction) -> datetime | None:
    """When its images leave IEP (R-TIME-3); None where they do not lie there."""
    since = transaction.on_iep_at
    return purge_due(since) if since and transaction.status in _ON_THE_GATEWAY else None


def in_days(at: datetime, now: datetime) -> str:
    """`today`, `tomorrow`, `in 6 days`."""
    days = (local(at).date() - local(now).date()).days
    return "today" if days <= 0 else "tomorrow" if days == 1 else f"in {days} days"


def deadline(transaction: Transaction, now: datetime) -> tuple[str, str]:
    """The clock that runs besides Blue Light, in words and a tone: missing details, purge, opening hours."""
    due = next((r.due for r in transaction.required if r.code == "details" and r.due), None)
    if due is not None:
        day = f"{local(due):%d/%m/%Y}"
        return f"Details are missing: cancelled on {day}, {in_days(due, now)} (§2.4)", "warn"
    purge = purged_on(transaction)
    if purge is not None:
        tone = "warn" if purge - now <= PURGE_IS_NEAR else "text2"
        return f"Purged from IEP on {local(purge):%d/%m/%Y}, {in_days(purge, now)}", tone
    if waits_for_hours(transaction, now) and transaction.not_before:
        return f"Waits until {moment(transaction.not_before)}: outside hours only trauma runs (§2.8)", "text2"
    return "", "text2"


def waits_for_hours(transaction: Transaction, now: datetime) -> bool:
    """R-TIME-4: not tried yet, and not before a time to come."""
    waits = transaction.not_before is not None and transaction.not_before > now
    return waits and not transaction.attempts and transaction.status in _RUNNING


def progress(transaction: Transaction) -> float:
    counts = transaction.counts
    return counts.arrived / counts.wanted if counts.wanted else 0.0


def left(transaction: Transaction, now: datetime) -> Left:
    """What is left to happen, in the fewest words."""
    status, fraction = transaction.status, None
    if status in _MOVING:
        fraction = progress(transaction)
    if status is not Status.FAILED and runs(transaction):
        return _blue_light_left(transaction, fraction, now)
    if waits_for_hours(transaction, now) and transaction.not_before:
        return Left(f"waits until {clock(transaction.not_before, now)}")
    if transaction.not_before and transaction.not_before > now and status in _RUNNING:
        return Left(f"next try {clock(transaction.not_before, now)}", "warn", fraction)
    if fraction is not None:
        return Left(f"{fraction:.0%}".replace("%", " %"), "text2", fraction)
    return _settled(transaction, now)


def _blue_light_left(transaction: Transaction, fraction: float | None, now: datetime) -> Left:
    """Never by its colour alone: an alarm has its sign, and its word for a screen reader."""
    text, tone = countdown(blue_light_due(transaction), now)
    late = late_word(transaction, now)
    if tone == "accent" and late:
        return Left(text, "warn", fraction, bold=True, icon="triangle-alert", spoken=late)
    return Left(text, tone, fraction, bold=True, icon="triangle-alert" if tone == "danger" else "")


def _settled(transaction: Transaction, now: datetime) -> Left:
    status = transaction.status
    if status is Status.FAILED and transaction.failure:
        return Left(short_failure(transaction), "danger")
    if status is Status.DELIVERED and any(e.ris_state is RisState.MISSING for e in transaction.exams):
        return Left("RIS missing", "warn")
    purge = purged_on(transaction)
    if status is Status.ON_IEP and purge:
        return _until_purge(purge, now)
    if transaction.required and status in _RUNNING:
        return Left("waits for a person", "warn")
    counts = transaction.counts
    if status is Status.STARTED and counts.spooled and counts.wanted:
        return Left(f"copied {(counts.spooled + counts.arrived) / counts.wanted:.0%}".replace("%", " %"))
    if transaction.priority is Priority.BATCH and status in _RUNNING and transaction.queued:
        return Left(f"batch, {local(ServiceCalendar().next_batch(now)):%H:%M}")
    return Left("queued") if transaction.queued and status in _RUNNING else Left()


def _until_purge(purge: datetime, now: datetime) -> Left:
    if purge - now <= PURGE_IS_NEAR:
        return Left(f"purged {in_days(purge, now)}", "warn")
    return Left(f"{(local(purge).date() - local(now).date()).days} days left")


def short_failure(transaction: Transaction) -> str:
    counts = transaction.counts
    if counts.failed:
        return f"{counts.failed} of {counts.wanted} did not go"
    return transaction.failure.title if transaction.failure else ""


def series_label(series: SeriesProgress) -> str:
    return series.description or "Series without a name"


def images(count: int) -> str:
    return "1 image" if count == 1 else f"{grouped(count)} images"


def grouped(number: int) -> str:
    """2 869: thousands parted by a thin no-break space, as in IEP."""
    return f"{number:,}".replace(",", " ")


def series_state(series: SeriesProgress) -> tuple[str, str, str]:
    """Words, tone and icon for how far a series is."""
    counts = series.counts
    if not counts.wanted:
        return "left out on purpose", "text2", ""
    if counts.failed:
        return f"{counts.failed} did not go", "danger", "circle-x"
    if counts.verified == counts.wanted:
        return "verified", "ok", "check"
    if counts.arrived == counts.wanted:
        return "sent, being verified", "text2", ""
    if counts.arrived:
        return f"{grouped(counts.arrived)} sent", "text2", ""
    return (f"{grouped(counts.spooled)} copied" if counts.spooled else "waiting"), "text2", ""


def row_sentence(transaction: Transaction, hospitals: Mapping[str, str], me: str, now: datetime) -> str:
    """The whole row for a screen reader."""
    other = transaction.other_hospital
    beside = left(transaction, now).sentence
    parts = [
        "Blue Light" if is_blue_light(transaction) else "",
        f"{transaction.type.value} {transaction.direction.value}",
        patient_name(transaction),
        hospitals.get(other, other),
        transaction.status.value,
        beside,
        moment(transaction.created_at),
        f"assigned to {assignee(transaction, me)}" if transaction.assigned_to else "not assigned",
        f"{transaction.unread} unread messages" if transaction.unread else "",
    ]
    return ", ".join(part for part in parts if part)
