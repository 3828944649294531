"""The clocks of the exchange (R-TIME): Blue Light, purge, missing details, hours. Pure: the time is always handed in.

Whole days are counted in hours of 24, so that a change to or from summer time neither lengthens nor shortens them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, Requirement, Status, Transaction


@dataclass(frozen=True)
class Terms:
    """Every value is a setting with the guideline's value as default."""

    blue_light: timedelta = timedelta(hours=4)  # A7
    near: timedelta = timedelta(minutes=30)  # with nothing measured, so little time left is an alarm
    purge: timedelta = timedelta(days=15)  # A1
    purge_warnings: tuple[timedelta, ...] = (timedelta(days=3), timedelta(days=1))  # before the purge
    missing_details: timedelta = timedelta(weeks=2)  # §2.4d


TERMS = Terms()


@dataclass(frozen=True)
class Load:
    """What the forecast goes by: bytes ahead of it, its own bytes, and the measured rate."""

    ahead: int
    own: int
    bytes_per_second: float


UNMEASURED = Load(0, 1, 0.0)
"""Of what does not wait for the engine, or has not said yet how much it is: there is nothing to go by."""


class Alarm(StrEnum):
    """How a Blue Light stands against its target (R-TIME-2)."""

    NONE = "in time"
    FORECAST = "will be late"
    MISSED = "late"


@dataclass(frozen=True)
class Countdown:
    """What is left of a Blue Light's time; `done_at` is None where nothing has been measured yet."""

    due: datetime
    left: timedelta  # negative once it is late
    done_at: datetime | None
    alarm: Alarm


def countdown(created: datetime, now: datetime, load: Load, terms: Terms = TERMS) -> Countdown:
    """R-TIME-2: the alarm comes before the miss, as soon as the forecast says so."""
    due = created + terms.blue_light
    done_at = forecast(now, load)
    if now > due:
        alarm = Alarm.MISSED
    elif done_at > due if done_at is not None else due - now <= terms.near:
        alarm = Alarm.FORECAST
    else:
        alarm = Alarm.NONE
    return Countdown(due, due - now, done_at, alarm)


def countdown_of(transaction: Transaction, now: datetime, load: Load, terms: Terms = TERMS) -> Countdown:
    """That of a Blue Light. One that has failed is an alarm at once: it does not move by itself (R-TRAUMA)."""
    counted = countdown(transaction.created_at, now, load, terms)
    if transaction.status is Status.FAILED and counted.alarm is Alarm.NONE:
        return replace(counted, done_at=None, alarm=Alarm.FORECAST)
    return counted


def forecast(now: datetime, load: Load) -> datetime | None:
    """When the last image will have arrived at the measured rate; None where there is no rate to go by."""
    waiting = load.ahead + load.own
    if not waiting:
        return now
    if load.bytes_per_second <= 0:
        return None
    try:
        return now + timedelta(seconds=waiting / load.bytes_per_second)
    except OverflowError:  # later than any calendar goes: as good as never
        return datetime.max.replace(tzinfo=now.tzinfo)


_COUNTS = (
    Status.NEW,
    Status.STARTED,
    Status.ACCEPTED,
    Status.UPLOADING,
    Status.DOWNLOADING,
    Status.DOWNLOAD_REQUEST,
    Status.FAILED,
)


def target_counts(priority: Priority, status: Status, direction: Direction) -> bool:
    """Whether a Blue Light's time runs at this end: the sender's until On IEP, the recipient's until Delivered."""
    waits_for_us = status is Status.ON_IEP and direction is Direction.IN
    return priority is Priority.BLUE_LIGHT and (status in _COUNTS or waits_for_us)


LATE = "blue-light-late"
"""The code of the alarm among what a person must do."""

_LATE_TITLES = {Alarm.FORECAST: "Blue Light will be late", Alarm.MISSED: "Blue Light is late"}


def late_requirement(counted: Countdown) -> Requirement | None:
    """The alarm as something to do, in Action Required; None while it is in time."""
    if counted.alarm is Alarm.NONE:
        return None
    return Requirement(
        LATE,
        _LATE_TITLES[counted.alarm],
        "Make way for it, choose another node, or ring the other hospital.",
        "R-TIME-2",
        "A7",
        due=counted.due,
        blocking=False,
    )


def with_alarm(required: tuple[Requirement, ...], alarm: Requirement | None) -> tuple[Requirement, ...]:
    """The alarm stands first, and outlives whatever else comes to be required."""
    others = tuple(r for r in required if r.code != LATE)
    return others if alarm is None else (alarm, *others)


def purge_due(on_iep_since: datetime, terms: Terms = TERMS) -> datetime:
    """R-TIME-3."""
    return on_iep_since + terms.purge


def purge_warnings_due(
    on_iep_since: datetime, last_looked: datetime, now: datetime, terms: Terms = TERMS
) -> tuple[timedelta, ...]:
    """The warnings (time before the purge) that fell due after `last_looked` and up to `now`, earliest first.

    Each is told once, however seldom somebody looks; none is told after the purge itself.
    """
    end = purge_due(on_iep_since, terms)
    if now >= end:
        return ()
    ordered = sorted(terms.purge_warnings, reverse=True)
    return tuple(before for before in ordered if last_looked < end - before <= now)


def cancel_due(details_missing_since: datetime, terms: Terms = TERMS) -> datetime:
    """R-TIME-5."""
    return details_missing_since + terms.missing_details


def waits_until(
    priority: Priority, now: datetime, calendar: ServiceCalendar, *, trauma: bool = False
) -> datetime | None:
    """R-TIME-4: until when it waits, None where it may run now.

    Out of hours only the trauma pathway runs. Batch belongs to the night window instead (R-ENG-2).
    """
    if trauma:
        return None
    if priority is Priority.BATCH:
        return None if calendar.in_batch_window(now) else calendar.next_batch(now)
    return None if calendar.is_open(now) else calendar.next_opening(now)
