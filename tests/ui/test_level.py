"""What stands beside a field stands at its height, whatever is said above or below; columns stand in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.queries import EchoResult
from iep_desktop.core.transaction import Tab
from iep_desktop.ui.admin.node_editor import NodeEditor
from iep_desktop.ui.create.door import Door
from iep_desktop.ui.create.institution import InstitutionPicker
from iep_desktop.ui.create.page import CreatePage
from iep_desktop.ui.create.trauma.patient import PatientStep
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.worklist.filter_bar import FilterBar
from iep_desktop.workers.queries import Queries
from tests.ui.create.fake_desk import FakeDesk
from tests.ui.fake_desk import HOSPITALS, MemoryState

Show = Callable[[QWidget], None]


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    def shown(widget: QWidget) -> None:
        qtbot.addWidget(widget)
        widget.resize(900, 400)
        with qtbot.waitExposed(widget):
            widget.show()

    return shown


def middle(widget: QWidget) -> int:
    return widget.mapTo(widget.window(), widget.rect().center()).y()


def level(*widgets: QWidget) -> bool:
    """Within what an odd number of pixels makes."""
    middles = [middle(widget) for widget in widgets]
    return max(middles) - min(middles) <= 1


def test_find_and_the_way_without_an_nhs_number_stand_beside_their_fields(theme: Theme, show: Show) -> None:
    step = PatientStep(theme)
    show(step)
    beside = (step.number, step.nhs, step.find_button, step.no_nhs)
    assert level(*beside)
    step.fields["number"].set_error("Not a hospital number.")
    step.layout().activate()
    assert level(*beside)


def test_confirm_stands_beside_the_institution_also_when_it_is_unknown(
    theme: Theme, show: Show, qtbot: QtBot
) -> None:
    picker = InstitutionPicker(theme)
    show(picker)
    picker.set_hospitals(HOSPITALS)
    assert level(picker.box, picker.confirm_button)
    picker.box.setEditText("Hogwarts Infirmary")
    qtbot.waitUntil(lambda: level(picker.box, picker.confirm_button))
    assert picker.field.error


def test_tls_stands_beside_the_port(theme: Theme, queries: Queries, show: Show) -> None:
    editor = NodeEditor(theme, queries, lambda _node: EchoResult(0.0, ""))
    show(editor)
    assert level(editor.port, editor.tls)


@pytest.mark.parametrize("width", [640, 760, 900, 1280])
def test_the_filters_take_few_lines_and_overlap_nothing(
    theme: Theme, show: Show, width: int, qtbot: QtBot
) -> None:
    bar = FilterBar(Tab.ALL, "A. Operator", theme)
    bar.add_tool(Button("All Worklists", theme), first=True)
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(bar)
    column.addStretch(1)
    show(window)
    window.resize(width, 400)
    qtbot.waitUntil(lambda: bar.height() == bar.heightForWidth(width))
    assert level(bar.date_from, bar.date_to)
    lines = {middle(each) for each in (bar.incoming, bar.types, bar.date_from, bar.refresh_button)}
    assert len(lines) <= (3 if width < 900 else 2)
    shown = (
        bar.incoming,
        bar.emergency,
        bar.types,
        bar.date_from,
        bar.date_to,
        bar.refresh_button,
        bar.totals,
    )
    places = [QRect(each.mapTo(bar, QPoint()), each.size()) for each in shown]
    assert not [(a, b) for at, a in enumerate(places) for b in places[:at] if a.intersects(b)]
    assert all(bar.rect().contains(place) for place in places)


def test_doors_have_one_width(desk: FakeDesk, queries: Queries, theme: Theme, show: Show) -> None:
    page = CreatePage(desk, queries, theme, MemoryState())
    show(page)
    assert len({door.width() for door in page.findChildren(Door)}) == 1
