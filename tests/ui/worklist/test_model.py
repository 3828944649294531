from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from iep_desktop.core.transaction import (
    Column,
    InstanceCounts,
    Page,
    Status,
    Tab,
    Transaction,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.ui.worklist.columns import Col
from iep_desktop.ui.worklist.model import LOADING, Role, WorklistModel
from iep_desktop.ui.worklist.pager import PAGE, PAGES_KEPT
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import NOW, UNREACHABLE, FakeReading, transaction

Made = Callable[..., WorklistModel]


class BigReading(FakeReading):
    """A hundred thousand transactions that are made when they are asked for."""

    TOTAL = 100_000

    def page(self, filter: WorklistFilter, order: WorklistOrder, offset: int, limit: int) -> Page:
        with self.lock:
            self.asked.append(("page", offset, limit))
        ids = range(offset, min(offset + limit, self.TOTAL))
        return Page(tuple(transaction(each + 1) for each in ids), self.TOTAL)

    def by_id(self, id: int) -> Transaction:
        return transaction(id)


@pytest.fixture
def make(queries: Queries, qtbot: QtBot) -> Made:
    owner = QObject()

    def made(reading: FakeReading, *, wait: bool = True) -> WorklistModel:
        model = WorklistModel(reading, queries, "A. Operator", owner, now=lambda: NOW)
        if wait:
            with qtbot.waitSignal(model.refreshed):
                model.set_filter(WorklistFilter(tab=Tab.ALL))
        return model

    return made


def few(count: int = 5) -> FakeReading:
    return FakeReading([transaction(n, ago=timedelta(minutes=n)) for n in range(1, count + 1)])


def ids(model: WorklistModel) -> list[int]:
    rows = (model.index(row, 0) for row in range(model.rowCount()))
    return [index.data(Role.TRANSACTION).id for index in rows if index.data(Role.SERIES) is None]


def hear(model: WorklistModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.stale):
        model.hear_news()


def test_cells_say_what_the_pictures_show(make: Made) -> None:
    row = transaction(1, ago=timedelta(minutes=7), assigned_to="A. Operator", unread=2)
    model = make(FakeReading([row]))
    said = {col: str(model.index(0, col).data()) for col in Col}
    assert said == {
        Col.TYPE: "CD Import",
        Col.DIRECTION: "In",
        Col.DATE: "24/11/2026 14:02",
        Col.PATIENT: "MOUSE, Minnie",
        Col.INSTITUTION: "Riverside Clinic",
        Col.ASSIGNED: "you",
        Col.MESSAGES: "2",
        Col.STATUS: "Uploading, 50 %",
        Col.ACTIONS: "Open",
    }
    assert model.index(0, Col.STATUS).data(Qt.ItemDataRole.AccessibleTextRole) == "Uploading, 50 %"
    assert model.headerData(Col.MESSAGES, Qt.Orientation.Horizontal) == "Messages"


def test_a_hundred_thousand_rows_are_there_at_once_and_asked_for_by_the_page(
    make: Made, qtbot: QtBot
) -> None:
    reading = BigReading()
    model = make(reading)
    assert model.rowCount() == 100_000
    assert reading.asked == [("page", 0, PAGE)]
    assert model.index(50_000, Col.PATIENT).data() == LOADING
    model.show_rows(50_000, 50_020)
    qtbot.waitUntil(lambda: model.index(50_000, Col.PATIENT).data() == "MOUSE, Minnie")
    assert len(reading.asked) <= 3


def test_a_fling_over_everything_asks_for_no_page_twice_and_ends_where_it_rests(
    make: Made, qtbot: QtBot
) -> None:
    reading = BigReading()
    model = make(reading)
    for row in range(0, 90_000, 500):
        model.show_rows(row, row + 20)
    model.show_rows(99_970, 99_999)
    qtbot.waitUntil(lambda: model.index(99_999, 0).data(Role.TRANSACTION) is not None, timeout=5000)
    # What is called off before it begins never reaches the ledger; nothing is asked for twice.
    assert all(limit == PAGE for _, _, limit in reading.asked)
    assert len(set(reading.asked)) == len(reading.asked)


def test_rows_seen_long_ago_are_forgotten(make: Made, qtbot: QtBot) -> None:
    model = make(BigReading())
    for page in range(PAGES_KEPT + 5):
        at = page * PAGE + PAGE // 2
        model.show_rows(at, at)
        qtbot.waitUntil(lambda at=at: model.index(at, 0).data(Role.TRANSACTION) is not None, timeout=5000)
    assert model.index(0, Col.PATIENT).data() == LOADING


def test_news_change_rows_where_they_stand(make: Made, qtbot: QtBot) -> None:
    reading = few()
    model = make(reading)
    reading.replace(3, status=Status.DELIVERED, counts=InstanceCounts(verified=200), exams=())
    changed: list[int] = []
    model.dataChanged.connect(lambda top, _bottom: changed.append(top.row()))
    hear(model, qtbot)
    assert ids(model) == [1, 2, 3, 4, 5]
    assert changed == [2]
    assert model.index(2, Col.STATUS).data() == "Delivered"


def test_a_row_that_leaves_the_tab_stays_until_refresh_and_the_list_says_so(
    make: Made, qtbot: QtBot, queries: Queries
) -> None:
    reading = few()
    model = WorklistModel(reading, queries, "A. Operator", queries, now=lambda: NOW)
    with qtbot.waitSignal(model.refreshed):
        model.set_filter(WorklistFilter(tab=Tab.IN_PROGRESS))
    reading.replace(3, status=Status.CANCELLED)
    with qtbot.waitSignal(model.stale) as stale:
        model.hear_news()
    assert stale.args == [True]
    assert ids(model) == [1, 2, 3, 4, 5]
    with qtbot.waitSignal(model.refreshed):
        model.refresh()
    assert ids(model) == [1, 2, 4, 5]


def test_new_ones_come_on_top(make: Made, qtbot: QtBot) -> None:
    reading = few()
    model = make(reading)
    reading.rows.append(transaction(9, ago=timedelta(seconds=1)))
    reading.rows.append(transaction(8, ago=timedelta(seconds=2)))
    with qtbot.waitSignal(model.stale) as stale:
        model.hear_news()
    assert ids(model) == [9, 8, 1, 2, 3, 4, 5]
    assert stale.args == [False]
    assert model.total == 7


def test_new_ones_come_on_top_of_an_empty_list(make: Made, qtbot: QtBot) -> None:
    reading = few(0)
    model = make(reading)
    reading.rows.append(transaction(1))
    with qtbot.waitSignal(model.rowsInserted):
        model.hear_news()
    assert ids(model) == [1]


def test_a_row_opens_to_its_series_and_closes(make: Made, qtbot: QtBot) -> None:
    model = make(few())
    with qtbot.waitSignal(model.rowsInserted):
        model.open_row(2)
    assert model.rowCount() == 7
    assert [model.index(row, Col.TYPE).data() for row in (2, 3)] == ["CT Head", "CT Cervical spine"]
    assert model.index(2, Col.PATIENT).data() == "412 images"
    assert model.index(2, Col.STATUS).data() == "verified"
    assert model.index(3, Col.STATUS).data() == "115 sent"
    assert ids(model) == [1, 2, 3, 4, 5]
    model.toggle(model.index(1, 0))
    assert model.rowCount() == 5


def test_an_opened_row_stays_open_over_a_refresh_and_hears_news(make: Made, qtbot: QtBot) -> None:
    reading = few()
    model = make(reading)
    with qtbot.waitSignal(model.rowsInserted):
        model.open_row(2)
    with qtbot.waitSignal(model.refreshed):
        model.refresh()
    assert model.rowCount() == 7
    series = reading.details(2).series
    reading.series[2] = (series[0], replace(series[1], counts=InstanceCounts(verified=411)))
    hear(model, qtbot)
    assert model.index(3, Col.STATUS).data() == "verified"


def test_another_order_is_asked_of_the_ledger(make: Made, qtbot: QtBot) -> None:
    reading = FakeReading([transaction(1, name="ZEBRA^A"), transaction(2, name="APE^B")])
    model = make(reading)
    with qtbot.waitSignal(model.refreshed):
        model.set_order(WorklistOrder(Column.PATIENT, descending=False))
    assert ids(model) == [2, 1]


def test_the_same_filter_is_not_asked_again(make: Made, qtbot: QtBot) -> None:
    reading = few()
    model = make(reading)
    before = len(reading.asked)
    model.set_filter(WorklistFilter(tab=Tab.ALL))
    with qtbot.waitSignal(model.refreshed):
        model.set_filter(WorklistFilter(tab=Tab.ALL, search="mouse"))
    assert len(reading.asked) == before + 1


def test_a_ledger_that_does_not_answer_is_said_and_rows_stay(make: Made, qtbot: QtBot) -> None:
    reading = few()
    model = make(reading)
    reading.broken = UNREACHABLE
    with qtbot.waitSignal(model.failed) as failed:
        model.refresh()
    assert failed.args == [UNREACHABLE]
    assert model.rowCount() == 5


def test_a_list_that_became_shorter_than_where_we_stood_starts_at_the_top(make: Made, qtbot: QtBot) -> None:
    reading = few(300)
    model = make(reading)
    model.show_rows(280, 299)
    qtbot.waitUntil(lambda: model.index(290, 0).data(Role.TRANSACTION) is not None)
    reading.rows = reading.rows[:20]
    with qtbot.waitSignal(model.refreshed):
        model.refresh()
    assert model.rowCount() == 20
    assert ids(model)[0] == 1


def test_the_model_keeps_qts_own_rules(make: Made, qtbot: QtBot) -> None:
    reading = few()
    model = make(reading, wait=False)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    with qtbot.waitSignal(model.refreshed):
        model.set_filter(WorklistFilter())
    with qtbot.waitSignal(model.rowsInserted):
        model.open_row(2)
    reading.rows.append(transaction(9, ago=timedelta(seconds=1)))
    with qtbot.waitSignal(model.rowsInserted):
        model.hear_news()
    model.close_row(model.index_of(2))
    assert model.rowCount(QModelIndex()) == 6
    assert tester.model() is model
