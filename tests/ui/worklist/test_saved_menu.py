from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import LedgerBusy
from iep_desktop.core.transaction import Direction, Tab, TransactionType, WorklistFilter
from iep_desktop.ui.main_window import MainWindow
from tests.ui.fake_desk import FakeDesk

Open = Callable[..., MainWindow]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
OURS = WorklistFilter(
    Tab.FAILED,
    "MOUSE",
    frozenset({Direction.IN}),
    frozenset({TransactionType.CD_IMPORT}),
    blue_light_only=True,
)


def opened(window: MainWindow, qtbot: QtBot) -> list[str]:
    saved = window.worklists[Tab.IN_PROGRESS].saved
    with qtbot.waitSignal(saved.shown):
        qtbot.keyClick(saved.button, Qt.Key.Key_Down)
    texts = [action.text() for action in saved.menu.actions() if action.text()]
    saved.menu.close()
    return texts


def test_a_search_is_saved_opened_renamed_and_deleted(
    open_window: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    assert opened(window, qtbot) == ["No worklist is saved yet", "&Save this one…"]
    page.filters.emergency.setChecked(True)
    page.saved.ask_name()
    assert page.saved.dialog is not None
    page.saved.dialog.setTextValue("  Night   shift ")
    page.saved.dialog.accept()
    qtbot.waitUntil(lambda: "Night shift" in desk.worklists_saved.saved)
    assert desk.worklists_saved.saved["Night shift"].blue_light_only
    assert opened(window, qtbot)[0] == "Night shift"
    page.saved.rename("Night shift", "Nights")
    qtbot.waitUntil(lambda: list(desk.worklists_saved.saved) == ["Nights"])
    page.saved.delete("Nights")
    qtbot.waitUntil(lambda: desk.worklists_saved.saved == {})


def test_opening_one_goes_to_its_tab_with_all_its_filters(
    open_window: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.worklists_saved.saved = {"Ours": OURS}
    window = open_window()
    opened(window, qtbot)
    window.worklists[Tab.IN_PROGRESS].saved.menu.actions()[0].trigger()
    assert window.tab is Tab.FAILED
    failed = window.worklists[Tab.FAILED]
    assert failed.filters.filter() == OURS
    qtbot.waitUntil(lambda: failed.model.is_loaded and failed.model.filter == OURS)
    assert failed.model.total == 1
    assert "Clinical Emergency" in failed.filters.applied.text()


def test_a_ledger_that_is_locked_is_said(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    desk.worklists_saved.error = LedgerBusy("The ledger is busy")
    page.saved.save("Mine")
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert page.banner.title.text() == "The ledger is busy"
