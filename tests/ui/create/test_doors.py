"""The doors in the main window: by keyboard, from elsewhere, where there is little room, and what happens after."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.model import FormKind
from iep_desktop.core.transaction import Direction, Status, Tab, TransactionType
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.create.door import Door
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries
from tests.ui.create.fake_desk import STUDIES, FakeDesk
from tests.ui.create.samples import MAIL
from tests.ui.fake_desk import NOW, MemoryState, transaction


@pytest.fixture
def window(
    queries: Queries, theme: Theme, desk: FakeDesk, show: Callable[[QWidget], None], qtbot: QtBot
) -> MainWindow:
    made = MainWindow(desk, queries, theme, MemoryState(), now=lambda: NOW)
    show(made)
    made.show_tab(None)
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_ctrl_n_leads_to_the_doors_and_return_opens_one(window: MainWindow, qtbot: QtBot) -> None:
    window.show_tab(Tab.ALL)
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    page = window.create_page
    assert window.focusWidget() is page.request_door
    qtbot.keyClick(page.request_door, Qt.Key.Key_Return)
    assert page.form is page.request_page
    assert page.request_door.accessibleDescription() == "Ask a hospital for images, open"
    assert window.focusWidget() in (
        page.request_page.institution.box,
        page.request_page.institution.box.lineEdit(),
    )


def test_every_door_has_its_own_letter_and_one_line_of_explanation(window: MainWindow) -> None:
    doors = window.create_page.findChildren(Door)
    names = ["New Request", "New Transfer", "Import CD", "Trauma transfer to NUH"]
    assert [door.accessibleName() for door in doors] == names
    letters = [door.text()[door.text().index("&") + 1].lower() for door in doors]
    assert len(set(letters)) == 4
    assert all(door.accessibleDescription() for door in doors)


@pytest.mark.parametrize("page", ["request", "transfer"])
def test_no_two_things_in_sight_have_the_same_letter(
    window: MainWindow, desk: FakeDesk, page: str, qtbot: QtBot
) -> None:
    """A letter of two would press neither."""
    create = window.create_page
    if page == "request":
        create.open_request()
    else:
        create.open_transfer()
        create.transfer_page.fill_from(MAIL)
        create.transfer_page.search()
        qtbot.waitUntil(lambda: bool(create.transfer_page.studies.rows.studies))
        create.transfer_page.studies.rows.tick(frozenset({STUDIES[0].study_uid}))
    texts = [button.text() for button in window.findChildren(QAbstractButton) if button.isVisible()]
    texts += [label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.buddy()]
    letters = [match[1].lower() for text in texts if (match := re.search("&([^& ])", text))]
    assert len(letters) > 12
    assert sorted(letters) == sorted(set(letters))


def test_closing_a_form_keeps_what_was_typed(window: MainWindow, qtbot: QtBot) -> None:
    page = window.create_page
    page.open_request()
    page.request_page.fill_from(MAIL)
    page.request_page.close_button.click()
    assert page.form is None
    assert window.focusWidget() is page.request_door
    page.open_transfer()
    page.open_request()
    assert page.request_page.order().call_ref == "06396375"


def test_the_import_door_asks_for_the_wizard(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.import_disc_wanted) as wanted:
        window.create_page.import_door.click()
    assert wanted.args == [""]


def test_the_trauma_page_is_a_window_of_its_own_and_there_is_one(window: MainWindow, qtbot: QtBot) -> None:
    window.create_page.trauma_door.click()
    first = window.doors.open_trauma()
    assert window.doors.open_trauma() is first
    with qtbot.waitSignal(window.import_disc_wanted):
        first.side.disc.click()
    first.close()
    qtbot.waitUntil(lambda: not window.doors.is_trauma_open)
    second = window.doors.open_trauma()
    assert second is not first
    window.close()
    qtbot.waitUntil(lambda: not window.doors.is_trauma_open)


def test_what_is_sent_is_shown_where_it_stands(window: MainWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    page = window.create_page
    page.open_request()
    form = page.request_page
    qtbot.waitUntil(lambda: form.institution.box.hospital_count > 0)
    form.fill_from(MAIL)
    form.institution.box.setEditText("Kettering General Hospital (RNQ)")
    form.institution.confirm()
    qtbot.waitUntil(lambda: form.may_send)
    with qtbot.waitSignal(window.transaction_made) as made:
        qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.tab is Tab.IN_PROGRESS
    view = window.worklists[Tab.IN_PROGRESS]
    qtbot.waitUntil(lambda: view.model.is_loaded)
    assert made.args[0].id == desk.reading.rows[-1].id
    assert window.toast.words.text() == f"{made.args[0].number} is sent"


def test_choosing_images_for_an_accepted_request_opens_new_transfer(
    window: MainWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    accepted = transaction(70, type=TransactionType.REQUEST, status=Status.ACCEPTED, sender="RNQ")
    desk.reading.rows.append(accepted)
    window.show_tab(Tab.ALL)
    window.do(Wish(Act.SEND, accepted))
    page = window.create_page
    qtbot.waitUntil(lambda: page.form is not None and page.transfer_page.institution.is_confirmed)
    assert page.transfer_page.order().request_id == 70


def test_re_working_a_declined_request_opens_its_own_form(
    window: MainWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    ours = transaction(
        71,
        type=TransactionType.REQUEST,
        status=Status.DECLINED,
        sender="RWE",
        recipient="RNQ",
        direction=Direction.OUT,
    )
    ours = replace(ours, form=replace(ours.form, kind=FormKind.IMPORT, hospital="RNQ"))
    desk.reading.rows.append(ours)
    window.do(Wish(Act.REWORK, ours))
    page = window.create_page
    qtbot.waitUntil(lambda: page.form is not None)
    qtbot.waitUntil(lambda: page.request_page.heading.text() == "Re-work 2026-000071")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360)])
def test_nothing_is_wider_than_the_window_and_a_low_one_is_left_to_the_form(
    window: MainWindow, width: int, height: int, qtbot: QtBot
) -> None:
    """1280×720, and the same at 200 %."""
    page = window.create_page
    page.open_transfer()
    window.resize(width, height)
    qtbot.waitUntil(lambda: window.size().width() == width)
    qtbot.waitUntil(lambda: page.transfer_page.isVisible())
    assert page.request_door.isVisible() is (height > 700)
    side = page.transfer_page.side
    for widget in (side.send, side.clear, page.transfer_page.close_button):
        corner = widget.mapTo(window, widget.rect().bottomRight())
        assert widget.isVisible()
        assert corner.x() < width
        assert corner.y() < height


def test_no_part_of_a_form_is_a_window_for_a_moment(
    window: MainWindow, qapp: QApplication, qtbot: QtBot
) -> None:
    """It would flash, and take the keyboard away."""
    shown: list[QObject] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(watched)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    page = window.create_page
    page.open_request()
    page.open_transfer()
    trauma = window.doors.open_trauma()
    qtbot.waitUntil(lambda: page.transfer_page.institution.box.hospital_count > 0)
    qapp.removeEventFilter(watch)
    assert shown == [trauma]
