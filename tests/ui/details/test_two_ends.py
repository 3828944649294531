"""Two hospitals' windows over one real ledger: what one end does stands on the other's screen within two seconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop import settings
from iep_desktop.app.session import window_desk
from iep_desktop.core.errors import Refused
from iep_desktop.core.forms import parse_form
from iep_desktop.core.replies import DeclineReason
from iep_desktop.core.transaction import Status, Tab, Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.deeds import deed
from iep_desktop.ui.details.reason_dialog import DeclineDialog
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.errors import ErrorDialog
from iep_desktop.ui.widgets.labels import Title
from iep_desktop.workers.desk import Desk, open_desk
from iep_desktop.workers.queries import Queries
from tests.hospital import form
from tests.store.samples import disc
from tests.two_hospitals import NIGHT_AND_DAY, THEM, US
from tests.ui.fake_desk import MemoryState

SOON = 2000  # ms, the figure of performance.md
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


class End:
    """One person at one hospital: a desk over the shared ledger, and the window."""

    def __init__(self, root: Path, ledger: str, ods: str, user: str, theme: Theme) -> None:
        profile = settings.create_profile(
            root, replace(NIGHT_AND_DAY, hospital=ods, user=user, ledger_url=ledger)
        )
        self.desk: Desk = open_desk(profile)
        self.queries = Queries()
        self.window = MainWindow(window_desk(self.desk), self.queries, theme, MemoryState())
        self.window.resize(1280, 800)

    def watch(self) -> None:
        self.window.show()
        self.queries.watch(
            ledger=lambda _: self.desk.ledger_token(),
            lights=lambda _: (),
            drives=lambda _: (),
            flow=lambda _: self.desk.flow(),
        )

    def close(self) -> None:
        self.queries.close()
        self.desk.close()


Open = Callable[[str, str], End]


@pytest.fixture
def open_end(tmp_path: Path, theme: Theme, qtbot: QtBot) -> Iterator[Open]:
    ledger = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    ends: list[End] = []

    def made(ods: str, user: str) -> End:
        end = End(tmp_path / f"{ods}-{len(ends)}", ledger, ods, user, theme)
        ends.append(end)
        qtbot.addWidget(end.window)
        end.watch()
        return end

    yield made
    for end in ends:
        end.window.close()
        end.close()


def asked(end: End) -> Transaction:
    """A request of ours to them."""
    return end.desk.requests.create(THEM, parse_form(json.dumps(form(hospital=THEM)).encode()))


def shown(end: End, tab: Tab, id: int) -> Transaction | None:
    page = end.window.worklists[tab]
    index = page.model.index_of(id)
    return page.model.transaction(index) if index.isValid() else None


def required(end: End) -> list[str]:
    return [entry.title for entry in end.window.required_page.model.entries if entry.act]


@pytest.mark.alone
def test_ask_look_write_and_decline_are_on_the_other_screen_within_two_seconds(
    open_end: Open, qtbot: QtBot
) -> None:
    us, them = open_end(US, "operator at home"), open_end(THEM, "their desk")
    them.window.show_tab(Tab.ACTION_REQUIRED)
    us.window.show_tab(Tab.IN_PROGRESS)
    qtbot.waitUntil(lambda: us.window.worklists[Tab.IN_PROGRESS].model.is_loaded)

    request = asked(us)
    qtbot.waitUntil(lambda: required(them) == ["Respond to a request"], timeout=SOON)
    qtbot.waitUntil(lambda: shown(us, Tab.IN_PROGRESS, request.id) is not None, timeout=SOON)
    assert shown(us, Tab.IN_PROGRESS, request.id).status is Status.NEW  # type: ignore[union-attr]

    qtbot.keyClick(them.window.required_page.view, Qt.Key.Key_Return)  # Respond: they look at it
    qtbot.waitUntil(
        lambda: shown(us, Tab.IN_PROGRESS, request.id).status is Status.STARTED,  # type: ignore[union-attr]
        timeout=SOON,
    )

    details = them.window.required_page.details
    qtbot.waitUntil(lambda: details.details is not None)
    qtbot.keyClicks(details.messages.reply, "Which side?")
    qtbot.keyClick(details.messages.reply, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(
        lambda: shown(us, Tab.IN_PROGRESS, request.id).unread == 1,  # type: ignore[union-attr]
        timeout=SOON,
    )

    us.window.show_tab(Tab.ACTION_REQUIRED)
    them.window.do(Wish(Act.DECLINE, them.desk.reading.by_id(request.id)))
    qtbot.waitUntil(lambda: isinstance(them.window.doing.dialog, DeclineDialog))
    dialog = them.window.doing.dialog
    assert isinstance(dialog, DeclineDialog)
    dialog.reasons[DeclineReason.NO_STUDY].setChecked(True)
    dialog.do_button.click()
    qtbot.waitUntil(lambda: required(us) == ["Re-work: declined: study does not exist"], timeout=SOON)
    us.window.required_page.show_details_of(us.desk.reading.by_id(request.id))
    panel = us.window.required_page.details
    qtbot.waitUntil(lambda: any("Declined" in event.text for event in panel.timeline.shown))
    assert panel.header.chip.text == "Decline"
    qtbot.waitUntil(lambda: us.desk.reading.by_id(request.id).unread == 0)  # opening is reading


def test_of_two_colleagues_who_accept_at_once_the_second_is_told_and_sees_the_row_as_it_is(
    open_end: Open, qtbot: QtBot
) -> None:
    us = open_end(US, "operator at home")
    first, second = open_end(THEM, "their desk"), open_end(THEM, "their other desk")
    request = asked(us)
    second.window.show_tab(Tab.ACTION_REQUIRED)
    qtbot.waitUntil(lambda: required(second) == ["Respond to a request"])
    stale = second.desk.reading.by_id(request.id)
    first.desk.replies.accept(request.id)
    second.window.do(Wish(Act.ACCEPT, stale))
    qtbot.waitUntil(lambda: isinstance(second.window.doing.dialog, ErrorDialog))
    dialog = second.window.doing.dialog
    assert isinstance(dialog, ErrorDialog)
    assert "Somebody else was first." in dialog.message.text()
    dialog.close()
    qtbot.waitUntil(lambda: required(second) == ["Choose the images and send them"])
    events = [event.text for event in us.desk.reading.details(request.id).events]
    assert sum("Accepted" in text for text in events) == 1


def test_of_two_colleagues_who_take_one_row_the_second_is_told_whose_it_is(
    open_end: Open, qtbot: QtBot
) -> None:
    first, second = open_end(THEM, "their desk"), open_end(THEM, "their other desk")
    request = asked(open_end(US, "operator at home"))
    stale = second.desk.reading.by_id(request.id)
    first.window.do(Wish(Act.ASSIGN, stale))
    qtbot.waitUntil(lambda: first.desk.reading.by_id(request.id).assigned_to == "their desk")
    second.window.do(Wish(Act.ASSIGN, stale))
    qtbot.waitUntil(lambda: isinstance(second.window.doing.dialog, ErrorDialog))
    dialog = second.window.doing.dialog
    assert isinstance(dialog, ErrorDialog)
    titles = [label.text() for label in dialog.findChildren(Title)]
    assert titles == [f"{request.number} is with their desk now"]
    dialog.close()
    second.window.do(Wish(Act.ASSIGN, second.desk.reading.by_id(request.id)))  # seen, and taken over
    qtbot.waitUntil(lambda: first.desk.reading.by_id(request.id).assigned_to == "their other desk")


def test_a_form_that_a_colleague_corrected_meanwhile_is_not_written_over(open_end: Open) -> None:
    us = open_end(US, "operator at home")
    made = us.desk.ledger.transactions.create(disc(1))
    seen = us.desk.reading.by_id(made.id)
    us.desk.imports.correct_form(made.id, replace(seen.form, comments="By a colleague"))
    mine = replace(seen.form, comments="By me")
    with pytest.raises(Refused, match="has changed"):
        deed(window_desk(us.desk), Act.CORRECT_FORM, seen, mine).call()
    assert us.desk.reading.by_id(made.id).form.comments == "By a colleague"


def test_missing_details_show_their_clock_at_both_ends(open_end: Open, qtbot: QtBot) -> None:
    us, them = open_end(US, "operator at home"), open_end(THEM, "their desk")
    request = asked(us)
    them.desk.replies.ask_details(request.id, "Which side is the knee?")
    for end in (us, them):
        end.window.show_transaction(end.desk.reading.by_id(request.id))
        header = end.window.worklists[Tab.ALL].details.header
        qtbot.waitUntil(lambda header=header: "cancelled on" in header.deadline.text())  # type: ignore[misc]
        assert header.deadline.text().endswith("in 14 days (§2.4)")
    us.window.show_tab(Tab.ACTION_REQUIRED)
    qtbot.waitUntil(lambda: required(us) == ["Complete the details: which side is the knee?"])


def test_saved_searches_and_an_order_of_the_line_are_kept_in_the_ledger(open_end: Open, qtbot: QtBot) -> None:
    us = open_end(US, "operator at home")
    page = us.window.worklists[Tab.IN_PROGRESS]
    page.filters.emergency.setChecked(True)
    page.saved.save("Night")
    qtbot.waitUntil(lambda: [name for name, _ in us.desk.worklists_saved.list()] == ["Night"])
    us.window.show_tab("Queues")
    queues = us.window.pages.queues_page
    qtbot.waitUntil(lambda: len(queues.slots.lines) == 9)
    queues.pause_all.click()
    qtbot.waitUntil(lambda: queues.paused.text() == "Paused: everything")
    assert us.desk.queue.view().paused == {""}
