"""Countdowns and forecasts come from one model, and the alarm stands before the miss (R-TIME-2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from iep_desktop.core.clocks import Alarm, Load
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, Status, Tab
from iep_desktop.ui.forecasts import Forecasts, Late, alarm_words
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.workers.queries import Queries
from tests.ui.exchange_rows import exchange_desk, transfer
from tests.ui.fake_desk import NOW, FakeDesk

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
SLOW = Load(8_000_000_000, 500_000_000, 600_000.0)  # four hours for what has less left
QUICK = Load(0, 500_000_000, 60_000_000.0)


@pytest.fixture
def desk() -> FakeDesk:
    return exchange_desk()


@pytest.fixture
def forecasts(desk: FakeDesk, queries: Queries, qtbot: QtBot) -> Iterator[Forecasts]:
    parent = QObject()
    yield Forecasts(desk.reading, desk.queue, queries, lambda: NOW, parent)
    del parent


def look(forecasts: Forecasts, qtbot: QtBot) -> None:
    forecasts._look()  # at once, however soon after the last look
    qtbot.waitUntil(lambda: forecasts._asking is None)


def test_a_forecast_after_the_target_is_an_alarm_before_the_miss(
    forecasts: Forecasts, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.queue.load_of = lambda id: SLOW if id == 8 else QUICK
    with qtbot.waitSignal(forecasts.changed):
        forecasts.look()
    assert [(one.transaction.id, one.countdown.alarm) for one in forecasts.late] == [(8, Alarm.FORECAST)]
    assert alarm_words(forecasts.late) == "1 Blue Light will be late"
    counted = forecasts.countdown(desk.reading.by_id(8))
    assert counted.done_at is not None
    assert counted.done_at > counted.due > NOW


def test_it_ends_when_the_rate_recovers(forecasts: Forecasts, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.queue.load_of = lambda id: SLOW
    look(forecasts, qtbot)
    assert forecasts.late
    desk.queue.load_of = lambda id: QUICK
    with qtbot.waitSignal(forecasts.changed):
        forecasts.look()
    assert forecasts.late == ()


def test_with_nothing_measured_half_an_hour_left_is_an_alarm(
    forecasts: Forecasts, desk: FakeDesk, qtbot: QtBot
) -> None:
    def unknown(id: int) -> Load:
        raise InvalidInput("It does not wait")

    desk.queue.load_of = unknown
    look(forecasts, qtbot)
    assert forecasts.late == ()
    desk.reading.replace(1, created_at=NOW - timedelta(hours=3, minutes=31))
    look(forecasts, qtbot)
    assert [one.transaction.id for one in forecasts.late] == [1]


def test_a_failed_one_is_an_alarm_at_once_in_every_window(
    forecasts: Forecasts, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-TRAUMA: on failure an admin is alerted."""
    desk.queue.load_of = lambda id: QUICK
    desk.reading.replace(10, priority=Priority.BLUE_LIGHT, created_at=NOW - timedelta(minutes=9))
    look(forecasts, qtbot)
    assert [(one.transaction.id, one.countdown.alarm) for one in forecasts.late] == [(10, Alarm.FORECAST)]


def test_a_missed_target_is_said_as_such(forecasts: Forecasts, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.queue.load_of = lambda id: QUICK
    desk.reading.replace(1, created_at=NOW - timedelta(hours=5))
    look(forecasts, qtbot)
    assert alarm_words(forecasts.late) == "1 Blue Light is late"


def test_words_for_several() -> None:
    row = transfer(1, Direction.OUT)

    def late(*alarms: Alarm) -> tuple[Late, ...]:
        from iep_desktop.core.clocks import countdown

        base = countdown(NOW, NOW, QUICK)
        return tuple(Late(row, replace(base, alarm=alarm)) for alarm in alarms)

    assert alarm_words(()) == ""
    assert alarm_words(late(Alarm.MISSED, Alarm.MISSED)) == "2 Blue Lights are late"
    assert alarm_words(late(Alarm.FORECAST, Alarm.FORECAST)) == "2 Blue Lights will be late"
    assert alarm_words(late(Alarm.MISSED, Alarm.FORECAST)) == "2 Blue Lights late, or soon"


def test_the_header_alarms_and_leads_to_the_one_due_first(
    open_window: Callable[..., MainWindow], desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    desk.queue.load_of = lambda id: SLOW if id == 8 else QUICK
    window = open_window()
    assert not window.header.alarm.isVisible()
    queries.ledger_changed.emit()
    qtbot.waitUntil(lambda: window.header.alarm.isVisible())
    assert window.header.alarm.text() == "1 Blue Light will be late"
    window.header.alarm.click()
    assert window.tab is Tab.ALL
    details = window.worklists[Tab.ALL].details
    qtbot.waitUntil(lambda: details.details is not None and details.details.transaction.id == 8)
    assert details.clock.forecast.text() == "Forecast 18:05, late"
    desk.reading.replace(8, status=Status.ON_IEP, on_iep_at=NOW)
    queries.ledger_changed.emit()
    qtbot.waitUntil(lambda: not window.header.alarm.isVisible())


def test_no_blue_light_no_alarm(forecasts: Forecasts, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.reading.rows = [replace(row, priority=Priority.NORMAL) for row in desk.reading.rows]
    desk.queue.load_of = lambda id: SLOW
    look(forecasts, qtbot)
    assert forecasts.late == ()
