"""R-TIME: what is due when, on either side of each limit and over changes to and from summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.clocks import (
    UNMEASURED,
    Alarm,
    Load,
    cancel_due,
    countdown,
    forecast,
    purge_due,
    purge_warnings_due,
    waits_until,
)
from iep_desktop.core.model import Priority

START = datetime(2026, 3, 16, 9, tzinfo=UTC)  # thirteen days before the clocks go forward
CALENDAR = ServiceCalendar()
MOMENTS = st.integers(0, 3 * 365 * 24 * 3600).map(
    lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
ONE = timedelta(microseconds=1)


def test_a_blue_light_has_four_hours_from_its_creation() -> None:
    found = countdown(START, START + timedelta(hours=1), Load(0, 10, 10.0))
    assert (found.due, found.left, found.alarm) == (
        START + timedelta(hours=4),
        timedelta(hours=3),
        Alarm.NONE,
    )


@pytest.mark.parametrize(
    ("after", "load", "alarm"),
    [
        (timedelta(0), Load(0, 4 * 3600, 1.0), Alarm.NONE),
        (timedelta(0), Load(1, 4 * 3600, 1.0), Alarm.FORECAST),
        (timedelta(hours=3), Load(3000, 601, 1.0), Alarm.FORECAST),
        (timedelta(hours=4), Load(0, 0, 1.0), Alarm.NONE),
        (timedelta(hours=4) + ONE, Load(0, 0, 1.0), Alarm.MISSED),
        (timedelta(0), Load(1, 1, 1e-300), Alarm.FORECAST),
        (timedelta(hours=3, minutes=30) - ONE, UNMEASURED, Alarm.NONE),
        (timedelta(hours=3, minutes=30), UNMEASURED, Alarm.FORECAST),
    ],
)
def test_the_alarm_comes_before_the_miss(after: timedelta, load: Load, alarm: Alarm) -> None:
    assert countdown(START, START + after, load).alarm is alarm


def test_without_a_measured_rate_nothing_is_foretold() -> None:
    assert forecast(START, Load(5, 5, 0.0)) is None
    assert countdown(START, START, Load(5, 5, 0.0)).alarm is Alarm.NONE


@given(MOMENTS, st.integers(0, 10**12), st.integers(0, 10**12), st.floats(1.0, 1e9))
def test_a_longer_line_never_makes_it_earlier(now: datetime, ahead: int, own: int, rate: float) -> None:
    alone, behind = forecast(now, Load(0, own, rate)), forecast(now, Load(ahead, own, rate))
    assert alone is not None
    assert behind is not None
    assert now <= alone <= behind


def test_images_are_purged_fifteen_days_after_they_arrive_also_over_a_change_of_clocks() -> None:
    assert purge_due(START) - START == timedelta(hours=15 * 24)


@given(MOMENTS, st.lists(st.integers(0, 20 * 24 * 60), min_size=1, max_size=30))
def test_each_warning_is_told_at_most_once_and_none_after_the_purge(
    arrived: datetime, minutes: list[int]
) -> None:
    last, told = arrived, []
    for minute in sorted(minutes):
        now = arrived + timedelta(minutes=minute)
        for before in purge_warnings_due(arrived, last, now):
            told.append(before)
            assert purge_due(arrived) - before <= now < purge_due(arrived)
        last = now
    assert len(told) == len(set(told))
    assert told == sorted(told, reverse=True)


def test_the_warnings_come_three_days_and_one_day_before() -> None:
    looks = [START + timedelta(days=day) for day in range(17)]
    told = [(b, purge_warnings_due(START, a, b)) for a, b in pairwise(looks)]
    assert [(at - START, warned[0]) for at, warned in told if warned] == [
        (timedelta(days=12), timedelta(days=3)),
        (timedelta(days=14), timedelta(days=1)),
    ]


def test_missing_details_have_two_weeks() -> None:
    assert cancel_due(START) - START == timedelta(days=14)


@given(MOMENTS, st.sampled_from(Priority))
def test_a_trauma_patient_never_waits(now: datetime, priority: Priority) -> None:
    assert waits_until(priority, now, CALENDAR, trauma=True) is None


@given(MOMENTS, st.sampled_from(Priority))
def test_what_waits_may_run_at_the_moment_that_is_shown(now: datetime, priority: Priority) -> None:
    until = waits_until(priority, now, CALENDAR)
    if until is not None:
        assert until > now
        assert waits_until(priority, until, CALENDAR) is None


def test_a_standard_request_waits_over_easter() -> None:
    good_friday = datetime(2026, 4, 3, 10, tzinfo=UTC)
    saturday = datetime(2026, 4, 4, 7, tzinfo=UTC)  # 08:00 in London
    assert waits_until(Priority.NORMAL, good_friday, CALENDAR) == saturday


def test_batch_waits_for_the_night() -> None:
    assert waits_until(Priority.BATCH, START, CALENDAR) == START.replace(hour=22)
