"""The service's hours where something is queued (R-TIME-4): one answer for whoever queues and for the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.clocks import waits_until
from iep_desktop.core.model import Priority


@dataclass(frozen=True)
class Hours:
    """`keep`: whether standard transfers wait for them. Batch waits for its night in any case (R-ENG-2)."""

    calendar: ServiceCalendar
    keep: bool = True
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def waits_until(self, priority: Priority, trauma: bool = False) -> datetime | None:
        """Until when a transfer that is queued now waits; None where it may run at once.

        A Blue Light is the Clinical Emergency of the trauma pathway, and always runs.
        """
        if priority is Priority.NORMAL and not self.keep:
            return None
        urgent = trauma or priority is Priority.BLUE_LIGHT
        return waits_until(priority, self.now(), self.calendar, trauma=urgent)
