"""The alarm before a Blue Light misses its target (R-TIME-2), raised by the clock, with a window or without.

Plain and blocking; `keeping` asks for it. Compares what the queue forecasts with the target and writes what changed
into Action Required; the first of several workstations does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.clocks import (
    LATE,
    TERMS,
    UNMEASURED,
    Alarm,
    Countdown,
    Load,
    Terms,
    countdown_of,
    late_requirement,
)
from iep_desktop.core.transaction import Requirement, Transaction
from iep_desktop.store.alarms import Alarms

STEADY = timedelta(minutes=10)
"""So much earlier than the target a forecast must lie to end an alarm: rates go up and down."""


@dataclass(frozen=True)
class BlueLights:
    """Those of one hospital. `loads` says what each forecast goes by, of all that wait or run."""

    alarms: Alarms
    loads: Callable[[], Mapping[int, Load]]
    terms: Terms = TERMS

    def look(self, now: datetime, actor: str) -> None:
        """Raise the alarm of each that is or will be late, and end that of each that recovered."""
        running = self.alarms.blue_lights()
        loads = self.loads() if running else {}
        for transaction in running:
            load = loads.get(transaction.id, UNMEASURED)
            counted = countdown_of(transaction, now, load, self.terms)
            alarm, stands = late_requirement(counted), _alarm_of(transaction)
            if alarm == stands or (alarm is None and not _recovered(counted)):
                continue
            self.alarms.set(transaction.id, alarm, _text(counted), actor)


def _alarm_of(transaction: Transaction) -> Requirement | None:
    return next((r for r in transaction.required if r.code == LATE), None)


def _recovered(counted: Countdown) -> bool:
    return counted.done_at is None or counted.done_at <= counted.due - STEADY


def _text(counted: Countdown) -> str:
    due = f"due {_clock(counted.due)}"
    if counted.alarm is Alarm.MISSED:
        return f"Blue Light missed its four hours: {due}"
    if counted.done_at is None:
        return f"Blue Light will be late: {due}, and nothing moves"
    if counted.alarm is Alarm.FORECAST:
        return f"Blue Light will be late: {due}, forecast {_clock(counted.done_at)}"
    return f"Blue Light is in time again: {due}, forecast {_clock(counted.done_at)}"


def _clock(at: datetime) -> str:
    try:
        return f"{at.astimezone(LONDON):%d/%m %H:%M}"
    except OverflowError:  # the forecast of what hardly moves lies behind every calendar
        return "never"
