from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTabBar,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import LedgerBusy, Refused
from iep_desktop.core.flow import Flow, LightState, NodeLight
from iep_desktop.core.medium import Drive, DriveKind
from iep_desktop.core.model import NodeRole
from iep_desktop.core.transaction import Slot, SlotKind, Status, Tab
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.admin.hospitals import HospitalsDialog
from iep_desktop.ui.admin.nodes import NodesDialog
from iep_desktop.ui.admin.review import ReviewDialog
from iep_desktop.ui.details.form_dialog import FormDialog
from iep_desktop.ui.details.match_dialog import MatchDialog
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.pages import QUEUES, TABS, Place
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.errors import ErrorDialog
from iep_desktop.ui.worklist.model import Role
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import NOW, FakeDesk, MemoryState, transaction
from tests.ui.worklist.test_model import BigReading

Open = Callable[..., MainWindow]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def press(window: MainWindow, key: str) -> None:
    """What the window manager would do with a shortcut."""
    wanted = QKeySequence(key)
    shortcut = next(s for s in window.findChildren(QShortcut) if s.key() == wanted)
    shortcut.activated.emit()


def show_tab(window: MainWindow, tab: Tab, qtbot: QtBot) -> None:
    window.show_tab(tab)
    if tab is Tab.ACTION_REQUIRED:
        qtbot.waitUntil(lambda: bool(window.required_page.model.entries))
    else:
        qtbot.waitUntil(lambda: window.worklists[tab].model.is_loaded)


def do(window: MainWindow, wish: Wish, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.doing.done):
        window.do(wish)


# --- tabs, menus, keys


def test_tabs_stand_in_ieps_order_with_counts(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: "" not in (window.tabs.count_text(4), window.tabs.count_text(6)))
    assert [(window.tabs.tabText(at), window.tabs.count_text(at)) for at in range(window.tabs.count())] == [
        ("Create", ""),
        ("In Progress", "9"),
        ("Action Required", "5"),
        ("Failed", "2"),
        ("All", "77"),
        ("Accepted", "1"),
        ("Queues", "7"),
    ]


def test_it_opens_in_progress_with_the_newest_on_top(open_window: Open) -> None:
    window = open_window()
    assert window.tab is Tab.IN_PROGRESS
    model = window.worklists[Tab.IN_PROGRESS].model
    assert model.index(0, 0).data(Role.TRANSACTION).id == 1
    assert window.worklists[Tab.IN_PROGRESS].filters.totals.text() == "9 transactions"


@pytest.mark.parametrize("at", range(7))
def test_ctrl_and_a_figure_goes_to_a_tab(open_window: Open, at: int) -> None:
    window = open_window()
    press(window, f"Ctrl+{at + 1}")
    assert window.tab is TABS[at]
    tab = TABS[at]
    pages = window.pages
    expected = (
        pages.list_of(tab) if isinstance(tab, Tab) else pages.queues_page if tab else window.create_page
    )
    assert pages.currentWidget() is expected


def test_every_key_that_the_help_names_works(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.activateWindow()
    press(window, "Ctrl+F")
    assert window.focusWidget() is window.header.search
    press(window, "Ctrl+L")
    assert window.focusWidget() is window.worklists[Tab.IN_PROGRESS].view
    with qtbot.waitSignal(window.import_disc_wanted) as wanted:
        press(window, "Ctrl+I")
    assert wanted.args == [""]
    with qtbot.waitSignal(window.worklists[Tab.IN_PROGRESS].model.refreshed):
        press(window, "F5")
    press(window, "Ctrl+D")
    assert window.worklists[Tab.IN_PROGRESS].beside.is_folded
    press(window, "Ctrl+N")
    assert window.tab is None


def test_menus_hold_what_exists_only(open_window: Open) -> None:
    header = open_window().header

    def texts(menu: object) -> list[str]:
        return [a.text().replace("&", "") for a in menu.actions() if a.text()]  # type: ignore[attr-defined]

    assert texts(header.admin_menu) == ["Nodes…", "Hospitals…", "Review before sending…"]
    assert texts(header.help_menu) == ["Keyboard…", "Service desk…", "About…"]
    assert texts(header.user_menu) == [
        "RWE, MBP-4", "As the system", "Light", "Dark", "Close Image Exchange",
    ]  # fmt: skip


def test_menus_open_their_dialogs(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    for at, kind in enumerate((NodesDialog, HospitalsDialog, ReviewDialog)):
        window.header.admin_menu.actions()[at].trigger()
        dialog = window.findChild(kind)
        assert dialog is not None
        assert dialog.isVisible()
        dialog.close()
    for action in window.header.help_menu.actions():
        action.trigger()
        dialogs = [w for w in window.findChildren(QWidget) if w.isWindow() and w.isVisible()]
        assert len(dialogs) == 1
        dialogs[0].close()


def test_home_and_create_go_where_they_say(open_window: Open) -> None:
    window = open_window()
    window.header.create_wanted.emit()
    assert window.tab is None
    window.header.home_wanted.emit()
    assert window.tab is Tab.IN_PROGRESS


def test_the_theme_is_chosen_in_the_users_menu(open_window: Open, theme: Theme, qtbot: QtBot) -> None:
    window = open_window()
    with qtbot.waitSignal(window.theme_chosen) as chosen:
        window.header.theme_actions[ThemeChoice.DARK].trigger()
    assert chosen.args == [ThemeChoice.DARK]
    assert theme.is_dark
    image = window.grab().toImage()
    assert image.pixelColor(600, 20) == theme.color("surface")


# --- lists


def test_a_search_narrows_every_list_and_says_what_is_applied(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    with qtbot.waitSignal(page.model.refreshed):
        qtbot.keyClicks(window.header.search, "goof")
        qtbot.keyClick(window.header.search, Qt.Key.Key_Return)
    assert page.model.total == 1
    assert page.filters.applied.text() == "Filter applied: “goof”"
    assert page.filters.totals.text() == "1 transaction"


def test_a_search_that_finds_more_than_is_shown_says_so(
    open_window: Open, desk: FakeDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, reading, whole = open_window(), desk.reading, desk.reading.page
    page = window.worklists[Tab.IN_PROGRESS]
    monkeypatch.setattr(reading, "page", lambda *asked: replace(whole(*asked), more=True))
    with qtbot.waitSignal(page.model.refreshed):
        window.search("g")
    assert page.filters.totals.text().startswith("More than ")
    monkeypatch.setattr(reading, "page", whole)
    with qtbot.waitSignal(page.model.refreshed):
        window.search("goof")
    assert page.filters.totals.text() == "1 transaction"


def test_a_search_from_create_looks_in_all(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_tab(None)
    window.search("MOUSE")
    assert window.tab is Tab.ALL
    qtbot.waitUntil(lambda: window.worklists[Tab.ALL].model.total == 3)


def test_a_search_narrows_the_queues_too_and_stays_there(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_tab("Queues")
    page = window.pages.queues_page
    qtbot.waitUntil(lambda: len(page.slots.lines) == 9)
    with qtbot.waitSignal(page.counted):
        window.search("2026-000999")
    assert window.tab == "Queues"
    assert page.empty.isVisible()
    assert page.empty.title.text() == "No transactions found. Try refining your search criteria"


def test_nothing_found_says_ieps_words_and_what_to_do(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    with qtbot.waitSignal(page.model.refreshed):
        window.search("nobody of this name")
    assert page.empty.isVisible()
    assert page.empty.title.text() == "No transactions found. Try refining your search criteria"
    assert page.empty.next_step.text() == "Clear the filter, or search in All."
    with qtbot.waitSignal(page.model.refreshed):
        page._clear.click()
    assert page.view.isVisible()


def test_an_empty_tab_says_what_to_do_next(open_window: Open, desk: FakeDesk) -> None:
    desk.reading.rows = []
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    assert page.empty.isVisible()
    assert page.empty.next_step.text() == "Nothing is under way. Press Ctrl+I to import a disc."
    assert not page._clear.isVisible()


def test_the_chosen_row_is_shown_in_the_details(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    page.view.select(5)
    qtbot.waitUntil(lambda: page.details.details is not None and page.details.details.transaction.id == 5)
    assert page.details.header.name.text() == "GOOF, Goofy"


def test_news_from_the_ledger_change_counts_and_rows_in_place(
    open_window: Open, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    page.view.select(5)
    desk.reading.replace(4, status=Status.DELIVERED, exams=())
    queries.ledger_changed.emit()
    cell = page.model.index(3, 7)
    qtbot.waitUntil(lambda: cell.data() == "Delivered")
    qtbot.waitUntil(lambda: window.tabs.count_text(1) == "8")
    assert page.view.selected_id == 5
    assert page.model.total == 9
    assert page.stale_link.isVisible()
    with qtbot.waitSignal(page.model.refreshed):
        page.stale_link.click()
    assert page.model.total == 8
    assert not page.stale_link.isVisible()


def test_a_page_that_was_not_looked_at_is_fresh_when_it_comes_to_front(
    open_window: Open, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    window = open_window()
    show_tab(window, Tab.FAILED, qtbot)
    window.show_tab(Tab.IN_PROGRESS)
    desk.reading.replace(16, status=Status.CANCELLED, failure=None)
    queries.ledger_changed.emit()
    window.show_tab(Tab.FAILED)
    qtbot.waitUntil(lambda: window.worklists[Tab.FAILED].model.total == 1)


def test_a_ledger_that_is_locked_is_said_with_try_again(
    open_window: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    desk.reading.broken = LedgerBusy("The ledger is busy", "Another program holds it.", "Wait a moment.")
    window.refresh()
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert page.banner.title.text() == "The ledger is busy"
    desk.reading.broken = None
    with qtbot.waitSignal(page.model.refreshed):
        page.banner.button.click()
    assert not page.banner.isVisible()


# --- acts


def test_open_on_a_row_offers_what_works(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    with qtbot.waitSignal(page.view.menu_wanted):
        qtbot.keyClick(page.view, Qt.Key.Key_Menu)
    menu = page.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)[-1]
    texts = [action.text() for action in menu.actions() if action.text()]
    acts = (Act.DETAILS, Act.VIEW, Act.LOWER, Act.PRINT_FORM, Act.CANCEL)
    assert texts == [act.value for act in acts]
    menu.close()


def test_retry_and_assign_are_done_and_said(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    do(window, Wish(Act.RETRY_FAILED, desk.reading.by_id(15)), qtbot)
    assert window.toast.words.text() == "2026-000015 is tried again"
    do(window, Wish(Act.RETRY, desk.reading.by_id(16)), qtbot)
    do(window, Wish(Act.ASSIGN, desk.reading.by_id(4)), qtbot)
    do(window, Wish(Act.ENTER_RIS, desk.reading.by_id(13), 0, "RWE123"), qtbot)
    assert desk.acts.calls == [("retry", 15, True, ""), ("retry", 16, False, ""), ("assign", 4)]
    assert desk.imports.calls == [("enter_ris", 13, 0, "RWE123")]


def test_cancelling_asks_and_going_back_does_nothing(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    wish = Wish(Act.CANCEL, desk.reading.by_id(4))
    window.do(wish)
    qtbot.waitUntil(lambda: window.doing.dialog is not None)
    dialog = window.doing.dialog
    assert isinstance(dialog, ConfirmDialog)
    assert "82 images are in PACS already and stay there" in dialog.text.text()
    dialog.reject()
    assert desk.acts.calls == []
    window.do(wish)
    qtbot.waitUntil(lambda: window.doing.dialog is not None)
    again = window.doing.dialog
    assert isinstance(again, ConfirmDialog)
    with qtbot.waitSignal(window.doing.done):
        again.do_button.click()
    assert desk.acts.calls == [("cancel", 4)]


def test_looking_up_on_the_pas_is_confirmed_by_name(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    show_tab(window, Tab.ACTION_REQUIRED, qtbot)
    qtbot.keyClick(window.required_page.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.doing.dialog is not None)
    dialog = window.doing.dialog
    assert isinstance(dialog, ConfirmDialog)
    assert "DUCK, Ludwig, S999111" in dialog.text.text()
    with qtbot.waitSignal(window.doing.done):
        dialog.do_button.click()
    assert desk.imports.calls == [("register", 11)]
    qtbot.waitUntil(lambda: window.required_page.heading.text() == "4 things need a person")
    assert len(window.required_page.model.entries) == 5  # it stays where it is, marked as done


def test_matching_confirming_and_completing_open_their_dialogs(
    open_window: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    window = open_window()
    for act, id_, kind in (
        (Act.DECIDE, 10, MatchDialog),
        (Act.CONFIRM, 14, MatchDialog),
        (Act.CORRECT_FORM, 12, FormDialog),
    ):
        window.do(Wish(act, desk.reading.by_id(id_)))
        qtbot.waitUntil(lambda: window.doing.dialog is not None)
        dialog = window.doing.dialog
        assert isinstance(dialog, kind)
        with qtbot.waitSignal(window.doing.done):
            if isinstance(dialog, MatchDialog):
                dialog.grounds.setText("both are right")
                dialog.do_button.click()
            else:
                assert isinstance(dialog, FormDialog)
                dialog.save_button.click()
        qtbot.waitUntil(lambda: window.doing.dialog is None)
    assert [call[:2] for call in desk.imports.calls] == [
        ("decide", 10),
        ("confirm", 14),
        ("correct_form", 12),
    ]
    assert desk.imports.calls[0][2] == "both are right"


def test_the_form_is_saved_as_pdf(open_window: Open, desk: FakeDesk, qtbot: QtBot, tmp_path: object) -> None:
    window = open_window()
    path = f"{tmp_path}/form.pdf"
    with qtbot.waitSignal(window.doing.done) as done:
        window.doing.print_to(desk.reading.by_id(1), path)
    assert done.args == [f"The form is in {path}"]


def test_copy_for_the_service_desk_goes_to_the_clipboard(open_window: Open, desk: FakeDesk) -> None:
    window = open_window()
    window.do(Wish(Act.COPY, desk.reading.by_id(15)))
    assert "2026-000015" in QGuiApplication.clipboard().text()
    assert "MOUSE" not in QGuiApplication.clipboard().text()


def test_edit_node_opens_the_node_that_failed(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    window.do(Wish(Act.EDIT_NODE, desk.reading.by_id(16)))
    dialog = window.findChild(NodesDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.editor is not None)
    assert dialog.editor is not None
    assert dialog.editor.name.text() == "UHLPACSWFM01"


def test_entering_on_ris_leads_to_the_field(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    show_tab(window, Tab.ACTION_REQUIRED, qtbot)
    page = window.required_page
    window.do(Wish(Act.ENTER_RIS, page.model.entries[1].transaction))
    ris = page.details.ris
    qtbot.waitUntil(lambda: bool(ris.rows) and window.focusWidget() is ris.rows[0].edit)
    assert page.details.details is not None
    assert page.details.details.transaction.id == 13


def test_what_a_rule_stops_is_shown_with_its_hint(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    desk.acts.error = Refused(
        "A second person must confirm it", "You have decided it.", "Ask a colleague.", rule="R-GATE-3"
    )
    window.do(Wish(Act.RETRY, desk.reading.by_id(16)))
    qtbot.waitUntil(lambda: isinstance(window.doing.dialog, ErrorDialog))
    dialog = window.doing.dialog
    assert isinstance(dialog, ErrorDialog)
    assert {"A second person must confirm it", "You have decided it.", "Ask a colleague."} <= {
        label.text() for label in dialog.findChildren(QLabel)
    }
    dialog.close()


def test_a_busy_ledger_offers_to_try_again(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    desk.acts.error = LedgerBusy("The ledger is busy")
    window.do(Wish(Act.RETRY, desk.reading.by_id(16)))
    qtbot.waitUntil(lambda: isinstance(window.doing.dialog, ErrorDialog))
    dialog = window.doing.dialog
    assert isinstance(dialog, ErrorDialog)
    desk.acts.error = None
    with qtbot.waitSignal(window.doing.done):
        dialog.act_button.click()
    assert desk.acts.calls == [("retry", 16, False, "")]


# --- create, strip


def test_create_shows_the_door_that_exists_and_discs_as_they_come(
    open_window: Open, queries: Queries, qtbot: QtBot
) -> None:
    window = open_window()
    window.show_tab(None)
    page = window.create_page
    with qtbot.waitSignal(window.import_disc_wanted) as wanted:
        qtbot.keyClick(page.import_door, Qt.Key.Key_Return)
    assert wanted.args == [""]
    queries.drives_changed.emit((
        Drive("/dev/sr0", DriveKind.OPTICAL, "/media/riverside", "RIVERSIDE", True),
        Drive("/dev/sr1", DriveKind.OPTICAL),
    ))  # fmt: skip
    buttons = [b for b in page.drives.findChildren(QPushButton) if b.text() == "Import"]
    assert [button.accessibleName() for button in buttons] == ["Import RIVERSIDE"]
    with qtbot.waitSignal(window.import_disc_wanted) as wanted:
        buttons[0].click()
    assert wanted.args == ["/media/riverside"]


def test_what_was_imported_last_opens_in_all(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_tab(None)
    page = window.create_page

    def details() -> list[QPushButton]:
        return [b for b in page.latest.findChildren(QPushButton) if b.text() == "Details"]

    qtbot.waitUntil(lambda: len(details()) == 6)
    details()[0].click()
    assert window.tab is Tab.ALL
    panel = window.worklists[Tab.ALL].details
    qtbot.waitUntil(lambda: panel.details is not None and panel.details.transaction.id == 1)


def test_the_strip_hears_what_moves(open_window: Open, queries: Queries) -> None:
    window = open_window()
    queries.flow_changed.emit(Flow((Slot(SlotKind.INBOUND, 0, 1),), 12.0, 3e6))
    queries.lights_changed.emit((NodeLight("P", NodeRole.PACS, LightState.SLOW, "took 2 s"),))
    assert window.strip.slots[SlotKind.INBOUND].words.text() == "1 of 1"
    assert window.strip.lights[0].word.text() == "slow"


# --- remembered, closing


def test_window_tab_folds_and_filters_are_remembered(
    open_window: Open, state: MemoryState, qtbot: QtBot
) -> None:
    window = open_window(1100, 700)
    show_tab(window, Tab.ALL, qtbot)
    page = window.worklists[Tab.ALL]
    page.filters.emergency.setChecked(True)
    page.toggle_details()
    window.close()
    again = open_window()
    assert again.tab is Tab.ALL
    assert again.worklists[Tab.ALL].filters.emergency.isChecked()
    assert again.worklists[Tab.ALL].beside.is_folded
    assert (again.width(), again.height()) == (1280, 800)  # what `open_window` asks for after the restore
    assert state.load("main/geometry")


def test_closing_during_an_import_asks_and_keeps_open(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(busy=lambda: True)
    with qtbot.assertNotEmitted(window.closing):
        window.close()
    assert window.isVisible()
    dialog = window.close_dialog
    assert dialog.text.text() == "An import is running. It stops cleanly and goes on at the next start."
    assert (dialog.do_button.text(), dialog.leave_button.text()) == ("Close", "Keep open")
    dialog.leave_button.click()
    assert window.isVisible()


def test_closing_during_an_import_can_be_said_twice(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(busy=lambda: True)
    window.close()
    with qtbot.waitSignal(window.closing):
        window.close_dialog.do_button.click()
    assert not window.isVisible()


def test_closing_when_nothing_runs_just_closes(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(busy=lambda: False)
    with qtbot.waitSignal(window.closing):
        window.close()


# --- for everybody


def visible(window: QWidget, *kinds: type[QWidget]) -> list[QWidget]:
    found = [widget for kind in kinds for widget in window.findChildren(kind)]
    return [widget for widget in found if widget.isVisible()]


def go(window: MainWindow, tab: Place, qtbot: QtBot) -> None:
    if isinstance(tab, Tab):
        show_tab(window, tab, qtbot)
        details = window.pages.list_of(tab).details
        qtbot.waitUntil(lambda: details.details is not None)
    elif tab == QUEUES:
        window.show_tab(tab)
        qtbot.waitUntil(lambda: bool(window.pages.queues_page.model.rows))
    else:
        window.show_tab(None)
        qtbot.waitUntil(lambda: len(window.create_page.latest.findChildren(QPushButton)) > 0)


def is_reached_by_tab(control: QWidget) -> bool:
    """By itself, or by the arrows from the chosen one of its group (as Qt has it for radio buttons)."""
    group = control.group() if isinstance(control, QAbstractButton) else None
    like = group.buttons() if group else [control]
    return any(one.focusPolicy() & Qt.FocusPolicy.TabFocus for one in like)


def test_every_control_has_a_name_and_is_reached_by_tab(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    for tab in TABS:
        go(window, tab, qtbot)
        controls = visible(window, QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
        assert len(controls) > 5
        for control in controls:
            if isinstance(control.parent(), QLineEdit | QTabBar | QHeaderView | QTableView):
                continue  # a part of its parent, which has the name
            text = control.text() if isinstance(control, QAbstractButton) else ""
            assert text or control.accessibleName(), (tab, control)
            assert is_reached_by_tab(control), (tab, control)


@pytest.mark.parametrize("size", [(1280, 800), (1280, 720), (1024, 640), (640, 360)])
def test_no_text_is_cut(open_window: Open, size: tuple[int, int], qtbot: QtBot) -> None:
    """At 1280×720, and at 200 % of that, which leaves 640×360."""
    window = open_window(*size)
    for tab in TABS:
        go(window, tab, qtbot)

        def nothing_cut(tab: Place = tab) -> None:
            for button in visible(window, QPushButton, QCheckBox):
                assert button.width() >= button.sizeHint().width(), (button.text(), tab)
                assert button.height() >= min(button.sizeHint().height(), 16), (button.text(), tab)
            for label in visible(window, QLabel):
                assert label.pixmap() or fits(label), (label.text(), tab)
            assert overlapping(window) == []

        qtbot.waitUntil(nothing_cut)  # layouts follow one another through the event loop


def overlapping(window: QWidget) -> list[tuple[str, str]]:
    """Words that lie over one another."""
    places = []
    for widget in visible(window, QLabel, QPushButton, QCheckBox, QLineEdit):
        if widget.text():
            seen = widget.visibleRegion().translated(widget.mapTo(window, QPoint(0, 0)))
            places.append((widget.text(), seen.boundingRect()))
    return [
        (one, other)
        for at, (one, here) in enumerate(places)
        for other, there in places[at + 1 :]
        if here.intersects(there)
    ]


def fits(label: QLabel) -> bool:
    """Whole, or elided on purpose with the whole as tool tip."""
    if label.wordWrap():
        return label.height() >= label.heightForWidth(label.width())
    width = QFontMetrics(label.font()).horizontalAdvance(label.text().replace("&", ""))
    return width <= label.width() or label.toolTip() == label.text()


def test_the_window_can_be_as_small_as_half_a_screen(open_window: Open) -> None:
    window = open_window(640, 360)
    assert (window.width(), window.height()) == (640, 360)
    assert not window.strip.isVisible()


def test_details_move_below_where_it_is_narrow(open_window: Open) -> None:
    window = open_window(1280, 800)
    beside = window.worklists[Tab.IN_PROGRESS].beside
    assert beside.orientation() is Qt.Orientation.Horizontal
    window.resize(1000, 800)
    assert beside.orientation() is Qt.Orientation.Vertical


@pytest.mark.alone
def test_the_loop_is_never_held_up_by_a_hundred_thousand_rows(
    queries: Queries, theme: Theme, state: MemoryState, qtbot: QtBot
) -> None:
    from tests.ui.fake_desk import FakeDesk, FakeImports

    reading = BigReading()
    window = MainWindow(FakeDesk(reading, FakeImports(reading)), queries, theme, state, now=lambda: NOW)
    qtbot.addWidget(window)
    window.show()
    window.show_tab(Tab.ALL)
    page = window.worklists[Tab.ALL]
    qtbot.waitUntil(lambda: page.model.is_loaded)
    bar = page.view.verticalScrollBar()
    gaps: list[float] = []
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now
        bar.setValue(bar.value() + bar.maximum() // 150)

    timer = QTimer(window)
    timer.setInterval(5)
    timer.timeout.connect(beat)
    last[0] = time.perf_counter()
    timer.start()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum(), timeout=20_000)
    timer.stop()
    typical = sorted(gaps)[len(gaps) * 9 // 10]
    assert typical < 0.05, f"a step took {typical * 1000:.0f} ms"


def test_a_minute_changes_countdowns_and_moves_nothing(
    open_window: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    widths = [page.view.columnWidth(at) for at in range(9)]
    page.model.now = lambda: NOW + timedelta(minutes=10)
    window._tick()
    assert str(page.model.index(0, 7).data()).endswith("3:43 left")
    assert [page.view.columnWidth(at) for at in range(9)] == widths


def test_what_a_wizard_created_is_shown(open_window: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    window = open_window()
    created = transaction(500, ago=timedelta(0))
    desk.reading.rows.append(created)
    window.show_tab(None)
    window.show_created(created)
    page = window.worklists[Tab.IN_PROGRESS]
    qtbot.waitUntil(lambda: page.model.index(0, 0).data(Role.TRANSACTION).id == 500)
    assert window.tab is Tab.IN_PROGRESS


def test_what_is_opened_stays_open_though_no_row_of_it_is_in_the_list(
    open_window: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    window = open_window()
    window.search("goof")
    window.show_transaction(desk.reading.by_id(11))
    page = window.worklists[Tab.ALL]
    qtbot.waitUntil(lambda: page.model.is_loaded and page.model.total == 1)
    with qtbot.waitSignal(page.model.refreshed):
        page.refresh()
    qtbot.waitUntil(lambda: page.details.details is not None)
    assert page.details.transaction_id == 11
    qtbot.keyClick(page.view, Qt.Key.Key_Home)
    page.view.setCurrentIndex(page.model.index(0, 0))
    qtbot.waitUntil(lambda: page.details.transaction_id == 5)


def test_f1_shows_the_keys(open_window: Open) -> None:
    window = open_window()
    press(window, "F1")
    dialog = window.findChild(QDialog)
    assert dialog is not None
    assert any("Import a disc" in label.text() for label in dialog.findChildren(QLabel))
