"""Opening hours, English bank holidays and the night window (R-TIME.1, R-TIME.4, R-ENG-2), in aware datetimes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class OpenHours:
    """From `opens` up to, and not including, `closes`; local time."""

    opens: time
    closes: time


@dataclass(frozen=True)
class ServiceCalendar:
    """When the service works (§2.9). Every value is a setting with the guideline's value as default."""

    weekdays: OpenHours = OpenHours(time(8), time(17, 30))
    weekend: OpenHours = OpenHours(time(8), time(20))
    batch: OpenHours = OpenHours(time(22), time(6))  # spans midnight
    zone: ZoneInfo = LONDON
    extra_holidays: frozenset[date] = field(default_factory=frozenset)

    def is_bank_holiday(self, day: date) -> bool:
        return day in self.extra_holidays or day in _english_holidays(day.year)

    def is_open(self, at: datetime) -> bool:
        """Whether standard work runs at `at` (an aware datetime)."""
        local = at.astimezone(self.zone)
        hours = self._hours(local.date())
        return hours is not None and hours.opens <= local.time() < hours.closes

    def next_opening(self, after: datetime) -> datetime:
        """The first moment at or after `after` when standard work runs."""
        if self.is_open(after):
            return after
        local = after.astimezone(self.zone)
        for offset in range(15):
            day = local.date() + timedelta(days=offset)
            hours = self._hours(day)
            if hours is None or hours.opens >= hours.closes:
                continue
            opening = datetime.combine(day, hours.opens, self.zone)
            if opening >= local:
                return opening
        raise ValueError("the calendar has no opening within two weeks")

    def in_batch_window(self, at: datetime) -> bool:
        """Whether Batch transfers may run (R-ENG-2)."""
        now, window = at.astimezone(self.zone).time(), self.batch
        if window.opens <= window.closes:
            return window.opens <= now < window.closes
        return now >= window.opens or now < window.closes

    def next_batch(self, after: datetime) -> datetime:
        """When the night window is open next: `after` itself where it is open."""
        if self.in_batch_window(after):
            return after
        local = after.astimezone(self.zone)
        today = datetime.combine(local.date(), self.batch.opens, self.zone)
        return (
            today
            if today >= local
            else datetime.combine(local.date() + timedelta(days=1), self.batch.opens, self.zone)
        )

    def _hours(self, day: date) -> OpenHours | None:
        if self.is_bank_holiday(day):
            return None
        return self.weekend if day.weekday() >= 5 else self.weekdays


@lru_cache(maxsize=16)
def _english_holidays(year: int) -> frozenset[date]:
    import holidays  # lazy: a window shows no calendar before the first rows are there

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))
