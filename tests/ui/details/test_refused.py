"""Of two who act on one row at once the second is told in the dialog that he wrote in, with his words still there."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import LedgerBusy
from iep_desktop.core.model import Priority
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.transaction import Tab
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.form_dialog import FormDialog
from iep_desktop.ui.details.match_dialog import MatchDialog
from iep_desktop.ui.details.reason_dialog import DeclineDialog, PriorityDialog, TextDialog
from iep_desktop.ui.widgets.errors import ErrorDialog
from tests.store.samples import disc
from tests.two_hospitals import THEM, US
from tests.ui.details.test_two_ends import End, Open, asked, open_end

__all__ = ["open_end"]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
LONG = 5000
D = TypeVar("D", bound=QDialog)


def opened(end: End, wish: Wish, kind: type[D], qtbot: QtBot) -> D:
    end.window.do(wish)
    qtbot.waitUntil(lambda: isinstance(end.window.doing.dialog, kind), timeout=LONG)
    dialog = end.window.doing.dialog
    assert isinstance(dialog, kind)
    return dialog


def test_a_decline_that_came_second_keeps_its_words_to_be_copied(open_end: Open, qtbot: QtBot) -> None:
    first, second = open_end(THEM, "their desk"), open_end(THEM, "their other desk")
    request = asked(open_end(US, "operator at home"))
    dialog = opened(second, Wish(Act.DECLINE, second.desk.reading.by_id(request.id)), DeclineDialog, qtbot)
    dialog.reasons[DeclineReason.OTHER].setChecked(True)
    qtbot.keyClicks(dialog.editor, "The patient has withdrawn")
    first.desk.replies.decline(request.id, Decline(DeclineReason.NO_STUDY))
    dialog.do_button.click()
    qtbot.waitUntil(lambda: dialog.refusal.isVisible(), timeout=LONG)
    assert second.window.doing.dialog is dialog
    assert dialog.editor.toPlainText() == "The patient has withdrawn"
    assert dialog.reasons[DeclineReason.OTHER].isChecked()
    assert dialog.refusal.title.text() == f"{request.number} is declined already"
    said = dialog.refusal.message.text()
    assert "Somebody else was first." in said
    assert f"{request.number} has the status Decline now. This cannot be done any more" in said
    qtbot.keyClicks(dialog.editor, ", he says")
    assert not dialog.do_button.isEnabled()
    assert dialog.editor.isEnabled()
    dialog.leave_button.click()
    qtbot.waitUntil(lambda: second.window.doing.dialog is None)
    texts = [event.text for event in second.desk.reading.details(request.id).events]
    assert sum("Declined" in text for text in texts) == 1


def test_a_question_for_details_that_came_second_keeps_its_words(open_end: Open, qtbot: QtBot) -> None:
    first, second = open_end(THEM, "their desk"), open_end(THEM, "their other desk")
    request = asked(open_end(US, "operator at home"))
    dialog = opened(second, Wish(Act.ASK_DETAILS, second.desk.reading.by_id(request.id)), TextDialog, qtbot)
    qtbot.keyClicks(dialog.editor, "Which side is the knee?")
    first.desk.replies.decline(request.id, Decline(DeclineReason.NO_STUDY))
    dialog.do_button.click()
    qtbot.waitUntil(lambda: dialog.refusal.isVisible(), timeout=LONG)
    assert dialog.editor.toPlainText() == "Which side is the knee?"
    assert not dialog.do_button.isEnabled()


def test_a_form_that_came_second_keeps_its_words_takes_over_the_others_and_is_saved_again(
    open_end: Open, qtbot: QtBot
) -> None:
    us, colleague = open_end(US, "operator at home"), open_end(US, "a colleague")
    made = us.desk.ledger.transactions.create(disc(1))
    seen = us.desk.reading.by_id(made.id)
    dialog = opened(us, Wish(Act.CORRECT_FORM, seen), FormDialog, qtbot)
    retype(dialog, "address", "13 Harbour Rd", qtbot)
    retype(dialog, "requester_phone", "x11111", qtbot)
    theirs = replace(
        seen.form, comments="By a colleague", requester=replace(seen.form.requester, phone="x22222")
    )
    colleague.desk.imports.correct_form(made.id, theirs)
    dialog.save_button.click()
    qtbot.waitUntil(lambda: dialog.refusal.isVisible(), timeout=LONG)
    assert dialog.refusal.title.text() == f"The form of {made.number} has changed"
    assert "press “Save the form” again" in dialog.refusal.message.text()
    assert dialog.changes.text().split("\n") == [
        "Changed meanwhile:",
        "Telephone: “x22222”, yours is kept",
        "Comments: “By a colleague”",
    ]
    assert us.desk.reading.by_id(made.id).form == theirs
    with qtbot.waitSignal(us.window.doing.done, timeout=LONG):
        dialog.save_button.click()
    form = us.desk.reading.by_id(made.id).form
    assert (form.patient.address, form.requester.phone, form.comments) == (
        "13 Harbour Rd", "x11111", "By a colleague",
    )  # fmt: skip
    events = [event.text for event in us.desk.reading.details(made.id).events]
    assert events.count("Form corrected") == 2


def retype(dialog: FormDialog, name: str, text: str, qtbot: QtBot) -> None:
    edit = dialog.editor.control(name)
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    qtbot.keyClicks(edit, text)


def test_a_blue_light_that_was_raised_by_another_keeps_the_reason(open_end: Open, qtbot: QtBot) -> None:
    us, colleague = open_end(US, "operator at home"), open_end(US, "a colleague")
    request = asked(us)
    dialog = opened(us, Wish(Act.RAISE, us.desk.reading.by_id(request.id)), PriorityDialog, qtbot)
    qtbot.keyClicks(dialog.reason, "theatre at 16:00")
    colleague.desk.priorities.change(request.id, Priority.BLUE_LIGHT, "ambulance")
    dialog.do_button.click()
    qtbot.waitUntil(lambda: dialog.refusal.isVisible(), timeout=LONG)
    assert dialog.reason.text() == "theatre at 16:00"
    assert not dialog.do_button.isEnabled()


def test_grounds_for_a_match_that_came_second_stay(open_end: Open, qtbot: QtBot) -> None:
    us, colleague = open_end(US, "operator at home"), open_end(US, "a colleague")
    made = us.desk.ledger.transactions.create(disc(1))
    dialog = opened(us, Wish(Act.DECIDE, us.desk.reading.by_id(made.id)), MatchDialog, qtbot)
    qtbot.keyClicks(dialog.grounds, "Form and PAS agree")
    colleague.desk.imports.decide(made.id, "Compared on the telephone")
    dialog.do_button.click()
    qtbot.waitUntil(lambda: dialog.refusal.isVisible(), timeout=LONG)
    assert dialog.refusal.title.text() == f"{made.number} is decided by a colleague"
    assert dialog.grounds.text() == "Form and PAS agree"
    match = us.desk.reading.by_id(made.id).match
    assert match is not None
    assert match.grounds == "Compared on the telephone"


def test_an_accession_number_that_came_second_stays_beside_the_one_that_stands(
    open_end: Open, qtbot: QtBot
) -> None:
    us, colleague = open_end(US, "operator at home"), open_end(US, "a colleague")
    made = us.desk.ledger.transactions.create(disc(1))
    us.window.show_transaction(us.desk.reading.by_id(made.id))
    ris = us.window.worklists[Tab.ALL].details.ris
    qtbot.waitUntil(lambda: bool(ris.rows) and ris.rows[0].edit.isVisible(), timeout=LONG)
    row = ris.rows[0]
    row.edit.selectAll()
    qtbot.keyClicks(row.edit, "RWE123")
    colleague.desk.imports.enter_ris(made.id, 0, "RWE999")
    row.button.click()
    qtbot.waitUntil(lambda: isinstance(us.window.doing.dialog, ErrorDialog), timeout=LONG)
    us.window.doing.dialog.close()
    qtbot.waitUntil(lambda: row.state.text() == "On RIS, RWE999", timeout=LONG)
    assert row.edit.isVisible()
    assert row.edit.text() == "RWE123"
    row.button.click()
    qtbot.waitUntil(lambda: us.desk.reading.by_id(made.id).exams[0].accession == "RWE123", timeout=LONG)
    qtbot.waitUntil(lambda: not row.edit.isVisible(), timeout=LONG)


def test_a_reworked_request_that_came_second_stays_on_its_page(open_end: Open, qtbot: QtBot) -> None:
    us, colleague, them = (
        open_end(hospital, name) for hospital, name in ((US, "operator"), (US, "a colleague"), (THEM, "desk"))
    )
    request = asked(us)
    them.desk.replies.decline(request.id, Decline(DeclineReason.NO_STUDY))
    us.window.do(Wish(Act.REWORK, us.desk.reading.by_id(request.id)))
    page = us.window.create_page.request_page
    qtbot.waitUntil(lambda: page.heading.text() == f"Re-work {request.number}", timeout=LONG)
    comments = page.fields.control("comments")
    assert isinstance(comments, QPlainTextEdit)
    qtbot.keyClicks(comments, "It was on 10/01, at your other site")
    qtbot.waitUntil(lambda: page.may_send, timeout=LONG)
    colleague.desk.requests.send_again(request.id)
    page.send()
    qtbot.waitUntil(lambda: "the status New now" in page.error.message.text(), timeout=LONG)
    assert page.isVisible()
    assert comments.toPlainText() == "It was on 10/01, at your other site"
    assert "still here, to be copied; look at what was sent" in page.error.message.text()
    with qtbot.waitSignal(us.window.create_page.shown, timeout=LONG) as shown:
        page.error.button.click()
    assert shown.args[0].id == request.id
    events = [event.text for event in us.desk.reading.details(request.id).events]
    assert sum("Sent again" in text for text in events) == 1


def test_a_message_that_is_refused_stays_where_it_was_written(
    open_end: Open, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def full(_id: int, _text: str) -> None:
        raise LedgerBusy("The ledger is busy", "Another program holds it.")

    them = open_end(THEM, "their desk")
    request = asked(open_end(US, "operator at home"))
    them.window.show_transaction(them.desk.reading.by_id(request.id))
    reply = them.window.worklists[Tab.ALL].details.messages.reply
    qtbot.waitUntil(reply.isVisible, timeout=LONG)
    qtbot.keyClicks(reply, "Which side?")
    monkeypatch.setattr(them.desk.replies, "message", full)
    qtbot.keyClick(reply, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(them.window.doing.dialog, ErrorDialog), timeout=LONG)
    assert reply.toPlainText() == "Which side?"


def test_what_a_busy_ledger_did_not_take_is_sent_again_as_it_was_typed(
    open_end: Open, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    them = open_end(THEM, "their desk")
    request = asked(open_end(US, "operator at home"))
    dialog = opened(them, Wish(Act.ASK_DETAILS, them.desk.reading.by_id(request.id)), TextDialog, qtbot)
    qtbot.keyClicks(dialog.editor, "Which side is the knee?")

    def busy(_id: int, _text: str) -> None:
        raise LedgerBusy("The ledger is busy", "Another program holds it.")

    with monkeypatch.context() as patch:
        patch.setattr(them.desk.replies, "ask_details", busy)
        dialog.do_button.click()
        qtbot.waitUntil(lambda: dialog.refusal.isVisible(), timeout=LONG)
    assert "press “Ask for them” again" in dialog.refusal.message.text()
    with qtbot.waitSignal(them.window.doing.done, timeout=LONG):
        dialog.do_button.click()
    messages = [message.text for message in them.desk.reading.details(request.id).messages]
    assert sum("Which side is the knee?" in text for text in messages) == 1
