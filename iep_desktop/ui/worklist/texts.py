"""What a row says, as plain texts: for painting, for tool tips, for a screen reader. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from iep_desktop.core.calendar import LONDON, ServiceCalendar
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

BLUE_LIGHT_TARGET = timedelta(hours=4)  # R-TIME-2
_TYPE_ICONS = {
    TransactionType.REQUEST: "inbox",
    TransactionType.TRANSFER: "send",
    TransactionType.DIRECT_ROUTING: "route",
    TransactionType.CD_IMPORT: "disc-3",
    TransactionType.DISC_EXPORT: "disc",
}
_MOVING = (Status.UPLOADING, Status.DOWNLOADING)
_RUNNING = (Status.NEW, Status.STARTED, Status.UPLOADING, Status.DOWNLOADING, Status.DOWNLOAD_REQUEST)


@dataclass(frozen=True)
class Left:
    """What stands beside the status: a word in a tone, and how full the bar is (None: no bar)."""

    text: str = ""
    tone: str = "text2"
    fraction: float | None = None
    bold: bool = False


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
    """Its clock still counts."""
    return transaction.status in _RUNNING or transaction.status is Status.FAILED


def progress(transaction: Transaction) -> float:
    counts = transaction.counts
    return counts.arrived / counts.wanted if counts.wanted else 0.0


def left(transaction: Transaction, now: datetime) -> Left:
    """What is left to happen, in the fewest words."""
    status, fraction = transaction.status, None
    if status in _MOVING:
        fraction = progress(transaction)
    if is_blue_light(transaction) and status in _RUNNING:
        text, tone = countdown(blue_light_due(transaction), now)
        return Left(text, tone, fraction, bold=True)
    if transaction.not_before and transaction.not_before > now and status in _RUNNING:
        return Left(f"next try {clock(transaction.not_before, now)}", "warn", fraction)
    if fraction is not None:
        return Left(f"{fraction:.0%}".replace("%", " %"), "text2", fraction)
    return _settled(transaction, now)


def _settled(transaction: Transaction, now: datetime) -> Left:
    status = transaction.status
    if status is Status.FAILED and transaction.failure:
        return Left(short_failure(transaction), "danger")
    if status is Status.DELIVERED and any(e.ris_state is RisState.MISSING for e in transaction.exams):
        return Left("RIS missing", "warn")
    if transaction.required and status in _RUNNING:
        return Left("waits for a person", "warn")
    counts = transaction.counts
    if status is Status.STARTED and counts.spooled and counts.wanted:
        return Left(f"copied {(counts.spooled + counts.arrived) / counts.wanted:.0%}".replace("%", " %"))
    if transaction.priority is Priority.BATCH and status in _RUNNING and transaction.queued:
        return Left(f"batch, {local(ServiceCalendar().next_batch(now)):%H:%M}")
    return Left("queued") if transaction.queued and status in _RUNNING else Left()


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
        return "verified in PACS", "ok", "check"
    if counts.arrived == counts.wanted:
        return "sent, being verified", "text2", ""
    if counts.arrived:
        return f"{grouped(counts.arrived)} sent", "text2", ""
    return (f"{grouped(counts.spooled)} copied" if counts.spooled else "waiting"), "text2", ""


def row_sentence(transaction: Transaction, hospitals: Mapping[str, str], me: str, now: datetime) -> str:
    """The whole row for a screen reader."""
    other = transaction.other_hospital
    beside = left(transaction, now).text
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
