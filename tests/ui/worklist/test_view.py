from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from iep_desktop.core.clocks import Alarm, Countdown, late_requirement
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Status, WorklistFilter
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.worklist.columns import WIDTHS, Col
from iep_desktop.ui.worklist.delegate import WorklistDelegate
from iep_desktop.ui.worklist.model import WorklistModel
from iep_desktop.ui.worklist.view import WorklistView
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import NOW, FakeReading, transaction
from tests.ui.worklist.test_model import BigReading

Show = Callable[..., WorklistView]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def show(queries: Queries, theme: Theme, qtbot: QtBot) -> Show:
    def made(reading: FakeReading, width: int = 984) -> WorklistView:
        model = WorklistModel(reading, queries, "A. Operator", now=lambda: NOW)
        view = WorklistView(model, theme, "In Progress, transactions")
        model.setParent(view)
        qtbot.addWidget(view)
        view.resize(width, 400)
        view.show()
        with qtbot.waitSignal(model.refreshed):
            model.set_filter(WorklistFilter())
        return view

    return made


def reading_of(count: int) -> FakeReading:
    return FakeReading([transaction(n, ago=timedelta(minutes=n)) for n in range(1, count + 1)])


def model_of(view: WorklistView) -> WorklistModel:
    model = view.model()
    assert isinstance(model, WorklistModel)
    return model


def refresh(view: WorklistView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model_of(view).refreshed):
        model_of(view).refresh()


def test_the_first_row_is_chosen_and_arrows_move(show: Show, qtbot: QtBot) -> None:
    view = show(reading_of(5))
    assert view.selected_id == 1
    with qtbot.waitSignal(view.selected) as selected:
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert selected.args[0].id == 2


def test_enter_opens_right_expands_left_closes_and_shift_f10_asks_for_the_menu(
    show: Show, qtbot: QtBot
) -> None:
    view = show(reading_of(5))
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert opened.args[0].id == 1
    with qtbot.waitSignal(model_of(view).rowsInserted):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert model_of(view).rowCount() == 7
    qtbot.keyClick(view, Qt.Key.Key_Down)  # onto a child
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert model_of(view).rowCount() == 5
    assert view.selected_id == 1
    with qtbot.waitSignal(view.menu_wanted) as menu:
        qtbot.keyClick(view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert menu.args[0].id == 1


def test_tab_leaves_the_list(show: Show) -> None:
    assert not show(reading_of(2)).tabKeyNavigation()


def test_the_expander_and_open_are_clicked_where_they_are_painted(show: Show, qtbot: QtBot) -> None:
    view = show(reading_of(5))
    first = view.visualRect(model_of(view).index(0, Col.TYPE))
    with qtbot.waitSignal(model_of(view).rowsInserted):
        qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(first.left() + 14, first.center().y())
        )
    cell = view.visualRect(model_of(view).index(3, Col.ACTIONS))
    with qtbot.waitSignal(view.menu_wanted) as menu:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert menu.args[0].id == 2


def test_selection_and_place_are_kept_over_a_refresh(show: Show, qtbot: QtBot) -> None:
    reading = reading_of(90)
    view = show(reading)
    assert view.select(60)
    place = view.verticalScrollBar().value()
    assert place > 0
    reading.rows = [row for row in reading.rows if row.id != 80]
    refresh(view, qtbot)
    assert view.selected_id == 60
    assert view.currentIndex().row() == 59
    assert view.verticalScrollBar().value() == place


def test_new_rows_on_top_do_not_push_away_what_is_looked_at(show: Show, qtbot: QtBot) -> None:
    reading = reading_of(90)
    view = show(reading)
    view.select(60)
    before = view.visualRect(view.currentIndex()).top()
    reading.rows.append(transaction(999, ago=timedelta(seconds=1)))
    with qtbot.waitSignal(model_of(view).rowsInserted):
        model_of(view).hear_news()
    assert view.selected_id == 60
    assert view.visualRect(view.currentIndex()).top() == before


def test_scrolling_through_a_hundred_thousand_rows_asks_for_little(show: Show, qtbot: QtBot) -> None:
    reading = BigReading()
    view = show(reading)
    bar = view.verticalScrollBar()
    for step in range(200):
        bar.setValue(bar.maximum() * step // 200)
    bar.setValue(bar.maximum())
    last = model_of(view).index(99_999, Col.PATIENT)
    qtbot.waitUntil(lambda: last.data() == "MOUSE, Minnie", timeout=5000)
    assert len(reading.asked) <= 12


def test_a_click_on_a_head_sorts_and_a_second_turns_it(show: Show, qtbot: QtBot) -> None:
    view = show(reading_of(3))
    header = view.horizontalHeader()
    for descending in (False, True):
        with qtbot.waitSignal(model_of(view).refreshed):
            header.sectionClicked.emit(Col.PATIENT)
        assert model_of(view).order.descending is descending
    asked = len(model_of(view)._reading.asked)  # type: ignore[attr-defined]
    header.sectionClicked.emit(Col.MESSAGES)
    assert len(model_of(view)._reading.asked) == asked  # type: ignore[attr-defined]


def test_all_columns_fit_and_spare_width_is_used(show: Show) -> None:
    for width in (984, 1280, 1920):
        view = show(reading_of(3), width)
        used = sum(view.columnWidth(col) for col in Col)
        assert used == pytest.approx(view.viewport().width(), abs=2)
        assert all(view.columnWidth(col) >= WIDTHS[col] for col in Col)


def test_columns_are_remembered(show: Show) -> None:
    view = show(reading_of(1))
    other = show(reading_of(1))
    view.setColumnWidth(Col.PATIENT, 222)
    other.restore_columns(view.columns_to_bytes())
    assert other.columnWidth(Col.PATIENT) == 222
    other.restore_columns(None)
    assert other.columnWidth(Col.PATIENT) == 222


def test_a_blue_light_has_a_bar_at_the_edge_of_its_row(show: Show, theme: Theme) -> None:
    rows = [
        transaction(1, ago=timedelta(minutes=1), priority=Priority.BLUE_LIGHT),
        transaction(2, ago=timedelta(minutes=2)),
    ]
    view = show(FakeReading(rows))
    image = view.viewport().grab().toImage()
    height = theme.sizes.row
    assert image.pixelColor(1, height // 2) == theme.color("accent")
    assert image.pixelColor(1, height + height // 2) == theme.color("surface")


def test_a_blue_light_that_will_be_late_has_its_sign_in_the_row(show: Show, theme: Theme) -> None:
    alarm = late_requirement(Countdown(NOW, timedelta(), None, Alarm.FORECAST))
    urgent = {"priority": Priority.BLUE_LIGHT, "status": Status.STARTED, "queued": False}
    rows = [
        transaction(1, ago=timedelta(hours=3), required=(alarm,), **urgent),
        transaction(2, ago=timedelta(hours=3, minutes=1), **urgent),
    ]
    view = show(FakeReading(rows))
    image = view.viewport().grab().toImage()

    def colours(row: int) -> set[str]:
        cell = view.visualRect(model_of(view).index(row, Col.STATUS))
        return {
            image.pixelColor(x, y).name()
            for x in range(cell.left(), cell.right())
            for y in range(cell.top(), cell.bottom())
        }

    warn, accent = theme.color("warn").name(), theme.color("accent").name()
    assert warn in colours(0)
    assert warn not in colours(1)
    assert accent in colours(1)


def test_where_bar_and_countdown_have_no_room_beside_the_status_the_countdown_stays_whole(
    show: Show, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = late_requirement(Countdown(NOW, timedelta(), None, Alarm.FORECAST))
    late = {"priority": Priority.BLUE_LIGHT, "required": (alarm,), "status": Status.DOWNLOADING}
    view = show(FakeReading([transaction(1, ago=timedelta(hours=3), **late)]))
    painted: list[str] = []
    paint = WorklistDelegate._text

    def noted(self: WorklistDelegate, painter: QPainter, rect: QRect, text: str, *more: Any) -> None:
        shown = self._metrics.get(600) or QFontMetrics(self._font(600))
        painted.append(shown.elidedText(text, Qt.TextElideMode.ElideRight, rect.width()))
        paint(self, painter, rect, text, *more)

    monkeypatch.setattr(WorklistDelegate, "_text", noted)
    view.viewport().grab()
    assert "1:00 left" in painted


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_the_status_stands_on_its_soft_fill_in_both_themes(
    show: Show, theme: Theme, choice: ThemeChoice
) -> None:
    theme.set_choice(choice)
    view = show(FakeReading([transaction(1, status=Status.DELIVERED, exams=())]))
    cell = view.visualRect(model_of(view).index(0, Col.STATUS))
    image = view.viewport().grab().toImage()
    assert image.pixelColor(cell.left() + 12, cell.center().y()) == theme.color("ok_soft")


def test_what_is_cut_is_told_by_the_tool_tip(show: Show, qapp: QApplication) -> None:
    view = show(FakeReading([transaction(1, sender="RTG")]))
    view.setColumnWidth(Col.INSTITUTION, 100)
    index = model_of(view).index(0, Col.INSTITUTION)
    at = view.visualRect(index).center()
    QApplication.sendEvent(
        view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at))
    )
    assert QToolTip.text() == "University Hospitals of Derby and Burton"
    QToolTip.hideText()


def test_the_row_is_a_sentence_for_a_screen_reader(show: Show) -> None:
    view = show(reading_of(1))
    assert (
        model_of(view)
        .sentence(model_of(view).index(0, 0))
        .startswith("CD Import In, MOUSE, Minnie, Riverside")
    )
    assert view.accessibleName() == "In Progress, transactions"
