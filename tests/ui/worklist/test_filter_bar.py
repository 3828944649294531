from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop.core.transaction import Direction, Tab, TransactionType, WorklistFilter
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist.filter_bar import FilterBar, applied_words


@pytest.fixture
def bar(theme: Theme, qtbot: QtBot) -> FilterBar:
    made = FilterBar(Tab.ALL, "A. Operator", theme)
    qtbot.addWidget(made)
    made.resize(1280, 72)
    made.show()
    return made


def test_nothing_is_filtered_to_begin_with(bar: FilterBar) -> None:
    assert bar.filter() == WorklistFilter(tab=Tab.ALL)
    assert bar.applied.text() == "No filter applied"
    assert bar.clear_button.isHidden()


def test_every_control_narrows_the_list(bar: FilterBar) -> None:
    bar.outgoing.setChecked(False)
    bar.by_me.setChecked(True)
    bar.emergency.setChecked(True)
    bar._types[TransactionType.REQUEST].setChecked(False)
    bar.date_from.set_day(date(2026, 11, 8))
    bar.date_to.set_day(date(2026, 11, 24))
    bar.set_search("MOUSE")
    assert bar.filter() == WorklistFilter(
        tab=Tab.ALL,
        search="MOUSE",
        directions=frozenset({Direction.IN}),
        types=frozenset(TransactionType) - {TransactionType.REQUEST},
        created_by="A. Operator",
        blue_light_only=True,
        date_from=date(2026, 11, 8),
        date_to=date(2026, 11, 24),
    )


def test_the_line_says_what_is_applied_as_iep_does(bar: FilterBar, qtbot: QtBot) -> None:
    bar.date_from.setText("08/11/2026")
    bar.date_to.setText("24/11/2026")
    with qtbot.waitSignal(bar.changed):
        qtbot.keyClick(bar.date_to, Qt.Key.Key_Return)
    assert bar.applied.text() == "Filter applied: From 08/11/2026 To 24/11/2026"
    assert bar.clear_button.isVisible()
    with qtbot.waitSignal(bar.changed) as changed:
        qtbot.mouseClick(bar.clear_button, Qt.MouseButton.LeftButton)
    assert changed.args == [WorklistFilter(tab=Tab.ALL)]


def test_one_change_is_told_once(bar: FilterBar) -> None:
    told: list[object] = []
    bar.changed.connect(told.append)
    bar.by_me.setChecked(True)
    bar.date_from.editingFinished.emit()
    assert len(told) == 1


def test_neither_incoming_nor_outgoing_cannot_be_asked_for(bar: FilterBar) -> None:
    bar.incoming.setChecked(False)
    bar.outgoing.setChecked(False)
    assert bar.incoming.isChecked()
    assert bar.filter().directions == frozenset({Direction.IN})


def test_no_type_at_all_means_all(bar: FilterBar) -> None:
    for action in bar._types.values():
        action.setChecked(False)
    assert bar.filter().types == frozenset()


def test_a_date_that_is_none_is_marked_and_said(bar: FilterBar) -> None:
    bar.date_from.setText("31/02/2026")
    bar.date_from.editingFinished.emit()
    assert bar.date_from.property("error") is True
    assert bar.applied.text() == "31/02/2026 is not a date: DD/MM/YYYY"
    assert bar.filter().date_from is None


def test_ticks_are_remembered_a_search_and_dates_are_not(theme: Theme, bar: FilterBar, qtbot: QtBot) -> None:
    bar.emergency.setChecked(True)
    bar.incoming.setChecked(False)
    bar.set_search("MOUSE")
    bar.date_from.set_day(date(2026, 11, 8))
    other = FilterBar(Tab.ALL, "A. Operator", theme)
    qtbot.addWidget(other)
    other.restore(bar.to_bytes())
    assert other.filter() == WorklistFilter(
        tab=Tab.ALL, directions=frozenset({Direction.OUT}), blue_light_only=True
    )
    other.restore(None)
    assert other.filter() == WorklistFilter(tab=Tab.ALL)


def test_words_of_a_filter() -> None:
    assert applied_words(WorklistFilter()) == ""
    assert (
        applied_words(WorklistFilter(search="S999111", blue_light_only=True))
        == "Clinical Emergency · “S999111”"
    )


def test_the_bar_wraps_where_it_is_narrow_and_cuts_nothing(bar: FilterBar, qtbot: QtBot) -> None:
    assert bar.heightForWidth(640) > bar.heightForWidth(1280)
    bar.resize(640, bar.heightForWidth(640))
    for box in (bar.incoming, bar.outgoing, bar.by_me, bar.emergency, bar.types, bar.refresh_button):
        assert box.width() >= box.sizeHint().width()
        assert bar.rect().contains(
            box.geometry().translated(box.parentWidget().mapTo(bar, box.rect().topLeft()))
        )
