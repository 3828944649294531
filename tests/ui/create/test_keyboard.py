"""New Request from Ctrl+N to *Send and Create Transaction* with the keyboard alone, in the window, over a real ledger.

Every key goes to the window, as the screen would give it: the focus decides who gets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from iep_desktop import settings
from iep_desktop.core.model import Exam, Node, NodeRole, Priority
from iep_desktop.core.transaction import (
    Direction,
    Status,
    Transaction,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.settings import Settings
from iep_desktop.ui.create.request.page import RequestPage
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.desk import Desk, open_desk
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import MemoryState

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

NOTTINGHAM = "Nottingham University Hospitals NHS Trust (RX1)"
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Keyboard:
    """The only way into the window; knows where the focus is."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self._window, self._qtbot = window, qtbot

    @property
    def at(self) -> str:
        """What is heard of the control that has the focus."""
        control = QApplication.focusWidget()
        words = control.accessibleName() or (control.text() if isinstance(control, QPushButton) else "")
        return words.removesuffix(", mandatory").replace("&", "")

    def press(
        self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier, times: int = 1
    ) -> None:
        for _ in range(times):
            self._qtbot.keyClick(self._window.windowHandle(), key, modifier)
            QApplication.processEvents()

    def type(self, text: str) -> None:
        for letter in text:
            self._qtbot.keyClick(self._window.windowHandle(), letter)
        QApplication.processEvents()

    def tab_to(self, control: str) -> None:
        """One press: the next control must be this one, and in sight."""
        self.press(Qt.Key.Key_Tab)
        assert self.at == control
        assert self.sees_focus()

    def wait_until_at(self, control: str) -> None:
        """A button that a letter presses is seen to go down first."""
        self._qtbot.waitUntil(lambda: self.at == control)

    def fill(self, *fields: tuple[str, str]) -> None:
        for control, text in fields:
            self.tab_to(control)
            self.type(text)

    def sees_focus(self) -> bool:
        """Nothing scrolled it away or lies outside the window."""
        control = QApplication.focusWidget()
        return control.visibleRegion().boundingRect().contains(control.rect().center())


@pytest.fixture
def real_desk(tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk(settings.create_profile(tmp_path / "profile", Settings(user="operator")))
    opened.nodes.add(Node("UHLPACSWFM01", NodeRole.PACS, "RWE", "UHLPACSWFM01", "127.0.0.1", 4242))
    yield opened
    opened.close()


@pytest.fixture
def window(real_desk: Desk, queries: Queries, theme: Theme, qtbot: QtBot) -> MainWindow:
    window = MainWindow(real_desk, queries, theme, MemoryState())
    qtbot.addWidget(window)
    window.resize(1280, 720)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(lambda: window.tab in window.worklists and window.worklists[window.tab].model.is_loaded)
    return window


@pytest.fixture
def keys(window: MainWindow, qtbot: QtBot) -> Keyboard:
    return Keyboard(window, qtbot)


@pytest.fixture
def page(window: MainWindow, keys: Keyboard, qtbot: QtBot) -> RequestPage:
    """New Request, opened as a person without a mouse opens it."""
    keys.press(Qt.Key.Key_N, CTRL)
    assert keys.at == "New Request"
    keys.press(Qt.Key.Key_Return)
    assert keys.at == "Institution"
    page = window.create_page.request_page
    qtbot.waitUntil(lambda: page.institution.box.hospital_count > 0)
    return page


def confirm_nottingham(keys: Keyboard) -> None:
    keys.type("notting")
    keys.press(Qt.Key.Key_Down)
    keys.press(Qt.Key.Key_Return)
    assert keys.at == "Confirm"
    keys.press(Qt.Key.Key_Return)


def fill_in(keys: Keyboard) -> None:
    """From the call reference, where confirming leaves the focus, to the comments."""
    assert keys.at == "Call reference"
    keys.type("06396375")
    keys.fill(("Needed by", "31/12/2099"), ("Priority", "bl"))
    keys.tab_to("Delivery node")
    keys.fill(
        ("Reason for the Blue Light", "Theatre at 16:00"),
        ("Surname", "MOUSE"),
        ("First name", "Mini"),
        ("Date of birth", "17/03/1961"),
    )
    keys.press(Qt.Key.Key_Tab, SHIFT)
    assert keys.at == "First name"
    keys.type("Minnie")  # Tab selects what is there: the first try is typed over
    keys.tab_to("Date of birth")
    keys.fill(
        ("Sex", "f"),
        ("S number, for the header", "S999111"),
        ("NHS number", "999 000 0018"),
        ("Why there is none", ""),
        ("Address", "12 Harbour Rd, LE99 9ZZ"),
        ("Exam 1, modality", "ct"),
        ("Exam 1, description", "Chest"),
        ("Exam 1, exam code", "CCHES"),
        ("Exam 1, date acquired", "02/11/2026"),
    )
    keys.press(Qt.Key.Key_X, ALT)
    keys.wait_until_at("Exam 2, modality")
    keys.type("mr")
    keys.fill(("Exam 2, description", "Head"), ("Exam 2, exam code", ""))
    keys.fill(("Exam 2, date acquired", "03112026"))
    keys.tab_to("Exam 2, remove")
    keys.tab_to("Add exam")
    keys.fill(
        ("Requesting clinician", "Dr B. Requester"),
        ("Consultant", "Dr C. Consultant"),
        ("Department", "Respiratory medicine"),
        ("Telephone", "x00000"),
        ("E-mail", "clinic@example.invalid"),
        ("Comments: scan types, dates", "With contrast"),
    )


def requests_in(desk: Desk) -> list[Transaction]:
    page = desk.reading.page(WorklistFilter(), WorklistOrder(), 0, 10)
    return [desk.reading.by_id(row.id) for row in page.rows]


@pytest.mark.parametrize("send", ["alt+s", "ctrl+enter", "tab"])
def test_a_request_is_filled_in_and_sent_without_a_mouse(
    page: RequestPage, keys: Keyboard, window: MainWindow, real_desk: Desk, send: str, qtbot: QtBot
) -> None:
    """R-FORM, A1."""
    confirm_nottingham(keys)
    fill_in(keys)
    qtbot.waitUntil(lambda: page.side.send.isEnabled())
    with qtbot.waitSignal(window.transaction_made):
        if send == "alt+s":
            keys.press(Qt.Key.Key_S, ALT)
        elif send == "ctrl+enter":
            keys.press(Qt.Key.Key_Return, CTRL)
        else:
            keys.tab_to("Send and Create Transaction")
            keys.press(Qt.Key.Key_Return)
    [request] = requests_in(real_desk)
    assert (request.type, request.status, request.direction) == (
        TransactionType.REQUEST, Status.NEW, Direction.OUT,
    )  # fmt: skip
    assert (request.sender, request.recipient, request.created_by) == ("RWE", "RX1", "operator")
    form = request.form
    assert (form.call_ref, form.needed_by) == ("06396375", date(2099, 12, 31))
    assert (form.priority, form.priority_reason) == (Priority.BLUE_LIGHT, "Theatre at 16:00")
    patient = form.patient
    assert (patient.name, patient.birth_date, patient.sex) == ("MOUSE^Minnie", date(1961, 3, 17), "F")
    assert (patient.hospital_no, patient.nhs_no) == ("S999111", "9990000018")
    assert patient.address == "12 Harbour Rd, LE99 9ZZ"
    assert form.exams == (
        Exam(date(2026, 11, 2), "CT", "Chest", "CCHES"),
        Exam(date(2026, 11, 3), "MR", "Head"),
    )
    asks = form.requester
    assert (asks.name, asks.consultant, asks.department, asks.phone, asks.email) == (
        "Dr B. Requester", "Dr C. Consultant", "Respiratory medicine", "x00000", "clinic@example.invalid",
    )  # fmt: skip
    assert form.comments == "With contrast"


def test_the_institution_is_picked_from_the_list_without_a_mouse(page: RequestPage, keys: Keyboard) -> None:
    keys.press(Qt.Key.Key_Down, ALT)
    keys.type("notting")
    keys.press(Qt.Key.Key_Return)
    assert page.institution.typed == NOTTINGHAM
    assert keys.at == "Confirm"
    keys.press(Qt.Key.Key_Tab, SHIFT)
    assert keys.at == "Institution"
    keys.press(Qt.Key.Key_C, ALT)
    keys.wait_until_at("Call reference")
    assert page.institution.is_confirmed


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Hogwarts Infirmary", "“Hogwarts Infirmary” is not in the A–Z list. Pick it from the list"),
        ("", "No institution is typed yet. Pick it from the list"),
    ],
)
def test_a_wrong_institution_that_is_confirmed_with_enter_says_so_at_its_field_and_keeps_the_focus(
    page: RequestPage, keys: Keyboard, typed: str, said: str
) -> None:
    keys.type(typed)
    keys.press(Qt.Key.Key_Return)
    assert page.institution.field.error.startswith(said)
    assert keys.at == "Institution"
    assert not page.institution.is_confirmed
    keys.press(Qt.Key.Key_A, CTRL)
    confirm_nottingham(keys)
    assert page.institution.is_confirmed
    assert page.institution.name.text() == NOTTINGHAM


def test_a_wrong_institution_that_was_confirmed_is_let_go_without_a_mouse(
    page: RequestPage, keys: Keyboard
) -> None:
    """R-TX-2: only an empty form lets go of it."""
    confirm_nottingham(keys)
    keys.press(Qt.Key.Key_L, ALT)
    keys.wait_until_at("Institution")
    assert not page.institution.is_confirmed
    assert page.institution.typed == ""
