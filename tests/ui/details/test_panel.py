from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from iep_desktop.core.model import RisState
from iep_desktop.core.transaction import InstanceCounts, Status
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.panel import DetailsPanel
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import NOT_REGISTERED, NOW, FakeDesk

Show = Callable[..., DetailsPanel]


@pytest.fixture
def show(queries: Queries, theme: Theme, desk: FakeDesk, qtbot: QtBot) -> Show:
    def made(id: int, width: int = 296) -> DetailsPanel:
        panel = DetailsPanel(desk.reading, queries, "A. Operator", theme, now=lambda: NOW)
        qtbot.addWidget(panel)
        panel.resize(width, 700)
        panel.show()
        panel.show_transaction(desk.reading.by_id(id))
        qtbot.waitUntil(lambda: panel.details is not None)
        settle(qtbot)
        return panel

    return made


def settle(qtbot: QtBot) -> None:
    """Let queued layouts take place."""
    for _ in range(5):
        qtbot.wait(1)


def words(panel: DetailsPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def test_the_header_says_who_from_where_to_where_and_how_it_stands(show: Show) -> None:
    panel = show(1)
    said = words(panel)
    for text in (
        "MOUSE, Minnie",
        "NHS 999 000 0018,  S999111",
        "Born 17/03/1961, female",
        "Riverside Clinic",
        "us",
        "2026-000001, call 06396375",
        "3:53 left",
        "Target 18:02",
    ):
        assert text in said
    assert panel.header.chip.text == "Uploading"


def test_series_are_shown_with_their_progress(show: Show) -> None:
    panel = show(1)
    row = panel.images.rows["1.2.3.2"]
    assert row.name.text() == "CT  Cervical spine"
    assert row.count.text() == "115 of 411"
    assert row.bar.fraction == pytest.approx(115 / 411)
    assert row.state.text() == "115 sent"


def test_messages_and_timeline_are_shown(show: Show, qtbot: QtBot) -> None:
    panel = show(1)
    assert "Patient expected 15:10. Is the neck coming too?" in words(panel)
    assert "unread, 14:09" in words(panel)
    assert [event.text for event in panel.timeline.shown][-1] == "Cervical spine, 115 of 411"
    assert "Head sent, 412 of 412" in panel.timeline.accessibleDescription()


def test_a_requirement_stands_with_its_clause_and_the_button_that_lifts_it(show: Show, qtbot: QtBot) -> None:
    panel = show(11)
    said = words(panel)
    assert "Not shown to be registered on the PAS" in said
    assert "§2.7d" in said
    assert "The hospital number is not found on PACS. Look the patient up on the PAS." in said
    button = panel.required.buttons[0]
    assert button.accessibleDescription() == NOT_REGISTERED.title
    with qtbot.waitSignal(panel.wished) as wished:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert isinstance(wished.args[0], Wish)
    assert wished.args[0].act is Act.REGISTER


def test_why_it_failed_stands_first_with_its_facts_and_buttons(show: Show, qtbot: QtBot) -> None:
    panel = show(15)
    said = words(panel)
    assert panel.header.name.text() == "UHLPACSWFM01 has no room for 14 of 823 images"
    for text in (
        "MOUSE, Minnie",
        "Whose move",
        "The PACS office",
        "A700, Refused: Out of Resources (PS3.4 B.2.3)",
    ):
        assert text in said
    retry = panel.failure.buttons[Act.RETRY_FAILED]
    assert retry.text().replace("&", "") == "Retry 14 images"
    with qtbot.waitSignal(panel.wished) as wished:
        retry.click()
    assert wished.args[0].act is Act.RETRY_FAILED


def test_an_accession_number_is_typed_and_saved(show: Show, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = show(13)
    assert panel.ris.focus_first_missing()
    row = panel.ris.rows[0]
    assert not row.button.isEnabled()
    qtbot.keyClicks(row.edit, "RWE123")
    with qtbot.waitSignal(panel.wished) as wished:
        qtbot.keyClick(row.edit, Qt.Key.Key_Return)
    wish = wished.args[0]
    assert (wish.act, wish.position, wish.text) == (Act.ENTER_RIS, 0, "RWE123")


def test_what_is_being_typed_survives_news_and_a_saved_number_is_shown(
    show: Show, desk: FakeDesk, qtbot: QtBot
) -> None:
    panel = show(13)
    row = panel.ris.rows[0]
    qtbot.keyClicks(row.edit, "RWE1")
    desk.reading.replace(13, counts=InstanceCounts(verified=205))
    panel.refresh()
    qtbot.waitUntil(lambda: panel.images.heading.text() == "Images  205 of 205")
    assert panel.ris.rows[0] is row
    assert row.edit.text() == "RWE1"
    qtbot.keyClicks(row.edit, "23")
    desk.imports.enter_ris(13, 0, "RWE123")
    panel.refresh()
    qtbot.waitUntil(lambda: row.state.isVisible())
    assert row.state.text() == "On RIS, RWE123"
    assert desk.reading.by_id(13).exams[0].ris_state is RisState.ENTERED
    assert not row.edit.isVisible()


def test_the_next_transaction_does_not_inherit_what_was_typed(
    show: Show, desk: FakeDesk, qtbot: QtBot
) -> None:
    panel = show(13)
    qtbot.keyClicks(panel.ris.rows[0].edit, "RWE1")
    panel.show_transaction(desk.reading.by_id(10))
    qtbot.waitUntil(lambda: panel.details is not None and panel.details.transaction.id == 10)
    assert panel.ris.rows[0].edit.text() == ""


def test_buttons_below_are_those_that_work(show: Show, qtbot: QtBot) -> None:
    def below(panel: DetailsPanel) -> list[str]:
        return [b.text().replace("&", "") for b in panel._footer.findChildren(QPushButton) if b.isVisible()]

    assert below(show(4)) == ["View", "Assign to me", "Blue Light…", "Print…", "Cancel…"]
    assert below(show(1)) == ["View", "Lower…", "Print…", "Cancel…"]


def test_nothing_chosen_says_what_to_do(queries: Queries, theme: Theme, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = DetailsPanel(desk.reading, queries, "A. Operator", theme)
    qtbot.addWidget(panel)
    panel.show()
    assert "No transaction is chosen" in words(panel)


@pytest.mark.parametrize("width", [296, 640, 1280])
@pytest.mark.parametrize("id", [1, 11, 13, 15, 16])
def test_no_word_is_cut_at_any_width(show: Show, qtbot: QtBot, id: int, width: int) -> None:
    """Every wrapping label is as high as its text needs, and nothing lies over its neighbour."""
    panel = show(id, width)
    for label in panel.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    for button in panel.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.sizeHint().width(), button.text()
            assert button.height() >= button.sizeHint().height(), button.text()


def test_two_columns_where_there_is_room(show: Show, qtbot: QtBot) -> None:
    panel = show(15, 1280)
    assert panel.history.parentWidget() is not panel.images.parentWidget()
    panel.resize(400, 700)
    settle(qtbot)
    assert panel.history.parentWidget() is panel.images.parentWidget()


def test_the_status_of_a_row_changes_in_place(show: Show, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = show(1)
    desk.reading.replace(1, status=Status.DELIVERED)
    panel.refresh()
    qtbot.waitUntil(lambda: panel.header.chip.text == "Delivered")
    assert not panel.clock.isVisible()


def test_enter_leads_to_the_button_that_lifts(show: Show) -> None:
    panel = show(11)
    panel.activateWindow()
    panel.focus_first()
    assert panel.focusWidget() is panel.required.buttons[0]
