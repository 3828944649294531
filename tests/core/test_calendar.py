"""R-TIME.1, R-TIME.4 and the night window of R-ENG-2."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.calendar import LONDON, OpenHours, ServiceCalendar

CALENDAR = ServiceCalendar()
ZONES = [UTC, LONDON, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")]
moments = st.datetimes(
    datetime.fromisoformat("2023-01-01"),
    datetime.fromisoformat("2031-01-01"),
    timezones=st.sampled_from(ZONES),
    allow_imaginary=False,
)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-03-09 08:00", True),  # a Monday
        ("2026-03-09 07:59:59", False),
        ("2026-03-09 17:29:59", True),
        ("2026-03-09 17:30", False),
        ("2026-03-13 12:00", True),  # Friday
        ("2026-03-14 08:00", True),  # Saturday
        ("2026-03-14 19:59", True),
        ("2026-03-15 20:00", False),  # Sunday
        ("2026-03-15 07:00", False),
    ],
)
def test_the_service_is_open_at_the_guidelines_hours(when: str, open_: bool) -> None:
    assert CALENDAR.is_open(london(when)) is open_


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 4, 3),  # Good Friday
        date(2026, 4, 6),  # Easter Monday
        date(2026, 5, 4),
        date(2026, 5, 25),
        date(2026, 8, 31),
        date(2025, 12, 25),
        date(2025, 12, 26),
        date(2026, 12, 28),  # for Boxing Day, a Saturday
        date(2021, 12, 27),  # for Christmas, a Saturday
        date(2021, 12, 28),
        date(2022, 1, 3),  # for New Year, a Saturday
        date(2022, 6, 3),  # Platinum Jubilee
        date(2022, 9, 19),  # the Queen's funeral
        date(2023, 5, 8),  # the Coronation
    ],
)
def test_an_english_bank_holiday_is_closed(day: date) -> None:
    assert CALENDAR.is_bank_holiday(day)
    assert not CALENDAR.is_open(datetime.combine(day, time(12), LONDON))


@pytest.mark.parametrize("day", [date(2026, 1, 2), date(2026, 3, 17), date(2026, 8, 3), date(2026, 11, 30)])
def test_the_holidays_of_scotland_and_ireland_are_working_days(day: date) -> None:
    assert not CALENDAR.is_bank_holiday(day)


def test_a_day_of_ones_own_can_be_closed_too() -> None:
    calendar = ServiceCalendar(extra_holidays=frozenset({date(2026, 3, 9)}))
    assert not calendar.is_open(london("2026-03-09 12:00"))
    assert calendar.next_opening(london("2026-03-09 12:00")) == london("2026-03-10 08:00")


@pytest.mark.parametrize(
    ("after", "opens"),
    [
        ("2026-03-09 03:00", "2026-03-09 08:00"),
        ("2026-03-09 12:00", "2026-03-09 12:00"),
        ("2026-03-09 17:30", "2026-03-10 08:00"),
        ("2026-03-13 17:30", "2026-03-14 08:00"),
        ("2026-04-02 18:00", "2026-04-04 08:00"),  # over Good Friday
        ("2026-04-05 20:00", "2026-04-07 08:00"),  # over Easter Monday
        ("2025-12-24 17:30", "2025-12-27 08:00"),  # over Christmas
    ],
)
def test_the_screen_can_say_when_standard_work_goes_on(after: str, opens: str) -> None:
    assert CALENDAR.next_opening(london(after)) == london(opens)


@given(moments)
def test_the_next_opening_is_open_not_past_and_the_first(at: datetime) -> None:
    opening = CALENDAR.next_opening(at)
    assert CALENDAR.is_open(opening)
    assert opening >= at
    step = at
    while step < opening:
        assert not CALENDAR.is_open(step)
        step += timedelta(minutes=30)


@given(moments)
def test_the_answer_does_not_depend_on_the_time_zone_of_the_question(at: datetime) -> None:
    assert CALENDAR.is_open(at) is CALENDAR.is_open(at.astimezone(UTC))
    assert CALENDAR.next_opening(at) == CALENDAR.next_opening(at.astimezone(UTC))
    assert CALENDAR.in_batch_window(at) is CALENDAR.in_batch_window(at.astimezone(UTC))


def test_hours_are_london_hours_on_both_sides_of_the_clock_change() -> None:
    assert CALENDAR.is_open(datetime(2026, 3, 28, 8, 30, tzinfo=UTC))  # Saturday, winter time
    assert not CALENDAR.is_open(datetime(2026, 3, 28, 7, 30, tzinfo=UTC))
    assert CALENDAR.is_open(datetime(2026, 3, 29, 7, 30, tzinfo=UTC))  # Sunday, summer time since 01:00 UTC
    assert CALENDAR.is_open(datetime(2026, 10, 24, 7, 30, tzinfo=UTC))
    assert not CALENDAR.is_open(datetime(2026, 10, 25, 7, 30, tzinfo=UTC))


def test_the_night_of_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    spring = CALENDAR.next_opening(london("2026-03-28 20:00")).astimezone(UTC)
    autumn = CALENDAR.next_opening(london("2026-10-24 20:00")).astimezone(UTC)
    assert spring - london("2026-03-28 20:00").astimezone(UTC) == timedelta(hours=11)
    assert autumn - london("2026-10-24 20:00").astimezone(UTC) == timedelta(hours=13)


def test_a_day_without_hours_is_no_opening() -> None:
    calendar = ServiceCalendar(weekend=OpenHours(time(0), time(0)))
    assert calendar.next_opening(london("2026-03-13 18:00")) == london("2026-03-16 08:00")


def test_a_service_that_never_opens_says_so() -> None:
    shut = OpenHours(time(0), time(0))
    with pytest.raises(ValueError, match="no opening"):
        ServiceCalendar(weekdays=shut, weekend=shut).next_opening(london("2026-03-13 18:00"))


@pytest.mark.parametrize(
    ("when", "night"),
    [
        ("2026-03-09 22:00", True),
        ("2026-03-09 21:59:59", False),
        ("2026-03-09 23:59:59", True),
        ("2026-03-10 00:00", True),
        ("2026-03-10 05:59:59", True),
        ("2026-03-10 06:00", False),
        ("2026-03-10 12:00", False),
        ("2025-12-25 23:00", True),  # nights are nights on holidays as well
    ],
)
def test_the_night_window_spans_midnight(when: str, night: bool) -> None:
    assert CALENDAR.in_batch_window(london(when)) is night


def test_a_night_window_may_lie_within_one_day() -> None:
    calendar = ServiceCalendar(batch=OpenHours(time(1), time(5)))
    assert calendar.in_batch_window(london("2026-03-10 01:00"))
    assert not calendar.in_batch_window(london("2026-03-10 00:59"))
    assert not calendar.in_batch_window(london("2026-03-10 05:00"))
    assert calendar.next_batch(london("2026-03-10 05:00")) == london("2026-03-11 01:00")


@given(
    moments,
    st.sampled_from(
        [OpenHours(time(22), time(6)), OpenHours(time(19), time(23)), OpenHours(time(3), time(4))]
    ),
)
def test_the_next_batch_is_in_the_window_not_past_and_the_first(at: datetime, window: OpenHours) -> None:
    calendar = replace(CALENDAR, batch=window)
    batch = calendar.next_batch(at)
    assert calendar.in_batch_window(batch)
    assert timedelta(0) <= batch.astimezone(UTC) - at.astimezone(UTC) <= timedelta(hours=25)
    step = at
    while step.astimezone(UTC) < batch.astimezone(UTC):
        assert not calendar.in_batch_window(step)
        step = (step.astimezone(UTC) + timedelta(minutes=30)).astimezone(LONDON)
