"""What is wished for between hospitals is asked, done, said; and told where somebody else was first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable, Refused
from iep_desktop.core.job import Context
from iep_desktop.core.model import FormKind, Priority
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.transaction import Status
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.compare_dialog import CompareDialog
from iep_desktop.ui.details.form_dialog import FormDialog
from iep_desktop.ui.details.reason_dialog import (
    DeclineDialog,
    NodeDialog,
    PriorityDialog,
    ReasonDialog,
    TextDialog,
)
from iep_desktop.ui.details.stick_dialog import StickDialog
from iep_desktop.ui.doing import Doing
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.errors import ErrorDialog
from iep_desktop.workers.queries import Queries
from tests.ui.exchange_rows import exchange_desk
from tests.ui.fake_desk import FakeDesk

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def desk() -> FakeDesk:
    return exchange_desk()


@pytest.fixture
def doing(desk: FakeDesk, queries: Queries, theme: Theme, qtbot: QtBot) -> Doing:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = Doing(desk, queries, theme, window)
    made.setProperty("window", window)
    return made


Ask = Callable[[Act, int], ConfirmDialog]


@pytest.fixture
def ask(doing: Doing, desk: FakeDesk, qtbot: QtBot) -> Ask:
    def asked(act: Act, id: int) -> ConfirmDialog:
        doing.do(Wish(act, desk.reading.by_id(id)))
        qtbot.waitUntil(lambda: doing.dialog is not None)
        assert isinstance(doing.dialog, ConfirmDialog)
        return doing.dialog

    return asked


@pytest.mark.parametrize(
    ("act", "id", "service", "call", "words"),
    [
        (Act.ACCEPT, 1, "replies", ("accept", 1), "2026-000001 is accepted"),
        (Act.DOWNLOAD, 5, "downloads", ("download", 5), "2026-000005 is downloaded"),
        (Act.STOP, 7, "downloads", ("stop", 7), "2026-000007 is On IEP again"),
        (Act.RETRY, 10, "acts", ("retry", 10, False, ""), "2026-000010 is tried again"),
        (Act.RETRY_FAILED, 10, "acts", ("retry", 10, True, ""), "2026-000010 is tried again"),
        (Act.ASSIGN, 10, "acts", ("assign", 10), "2026-000010 is yours"),
    ],
)
def test_what_needs_no_word_is_done_at_once(
    doing: Doing, desk: FakeDesk, qtbot: QtBot, act: Act, id: int, service: str, call: object, words: str
) -> None:
    with qtbot.waitSignal(doing.done) as done:
        doing.do(Wish(act, desk.reading.by_id(id)))
    assert getattr(desk, service).calls == [call]
    assert done.args == [words]


def test_accepting_leads_to_the_transfer_that_answers(doing: Doing, desk: FakeDesk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(doing.transfer_wanted) as wanted:
        doing.do(Wish(Act.ACCEPT, desk.reading.by_id(1)))
    assert wanted.args == [1]
    with qtbot.waitSignal(doing.transfer_wanted) as again:
        doing.do(Wish(Act.SEND, desk.reading.by_id(2)))
    assert again.args == [2]


def test_a_decline_has_one_of_three_reasons_and_other_needs_a_text(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = ask(Act.DECLINE, 1)
    assert isinstance(dialog, DeclineDialog)
    assert "DUCK, Donald. Kettering General Hospital is told" in dialog.text.text()
    assert not dialog.do_button.isEnabled()
    dialog.reasons[DeclineReason.OTHER].setChecked(True)
    assert not dialog.do_button.isEnabled()
    assert dialog.field.error == "“Other” needs a text."
    dialog.editor.setPlainText("The patient has withdrawn")
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.replies.calls == [("decline", 1, Decline(DeclineReason.OTHER, "The patient has withdrawn"))]


def test_an_unwanted_transfer_is_declined_by_its_recipient(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = ask(Act.DECLINE, 5)
    assert isinstance(dialog, DeclineDialog)
    dialog.reasons[DeclineReason.INAPPROPRIATE].setChecked(True)
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.downloads.calls == [("decline", 5, Decline(DeclineReason.INAPPROPRIATE))]


def test_missing_details_are_asked_for_with_the_two_weeks_told(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = ask(Act.ASK_DETAILS, 1)
    assert isinstance(dialog, TextDialog)
    assert "two weeks" in dialog.text.text()
    dialog.editor.setPlainText("Which side?")
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.replies.calls == [("ask_details", 1, "Which side?")]


def test_raising_and_lowering_ask_why(ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot) -> None:
    raising = ask(Act.RAISE, 7)
    assert isinstance(raising, PriorityDialog)
    assert not raising.do_button.isEnabled()
    raising.reason.setText("theatre at 16:00")
    with qtbot.waitSignal(doing.done) as done:
        raising.do_button.click()
    assert done.args == ["2026-000007 is Blue Light now"]
    qtbot.waitUntil(lambda: doing.dialog is None)
    lowering = ask(Act.LOWER, 8)
    assert isinstance(lowering, PriorityDialog)
    lowering.reason.setText("operation put off")
    lowering.priority.set_value(Priority.BATCH)
    assert lowering.do_button.text() == "Make it Batch"
    with qtbot.waitSignal(doing.done):
        lowering.do_button.click()
    assert desk.priorities.calls == [
        ("change", 7, Priority.BLUE_LIGHT, "theatre at 16:00"),
        ("change", 8, Priority.BATCH, "operation put off"),
    ]


def test_another_node_of_the_recipient_is_chosen(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = ask(Act.OTHER_NODE, 10)
    assert isinstance(dialog, NodeDialog)
    assert dialog.node.currentText() == "NUH Radiology CT"  # the one that failed stands last
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.acts.calls == [("retry", 10, False, "NUH Radiology CT")]


def test_leaving_out_what_is_refused_asks_why(ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot) -> None:
    dialog = ask(Act.REDUCE, 10)
    assert isinstance(dialog, ReasonDialog)
    dialog.reason.setText("dose reports are not needed")
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.acts.calls == [("reduce", 10, "dose reports are not needed")]


def test_matching_shows_form_header_and_pacs_with_the_score(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    row = desk.reading.by_id(6)
    ours = replace(row.form, kind=FormKind.IMPORT)
    desk.reading.replace(6, their_form=row.form, form=ours)
    dialog = ask(Act.DECIDE, 6)
    assert isinstance(dialog, CompareDialog)
    qtbot.waitUntil(lambda: bool(dialog.table._cells))
    assert dialog.table.text(0, 0) == "CHIP, Dale"
    assert dialog.table.text(0, 1) == "MOUSE, Mini"
    assert dialog.table.text(3, 1) == "not in the image header"
    assert dialog.score.words == "78 of 100"
    assert not dialog.do_button.isEnabled()
    dialog.grounds.setText("form and PACS agree")
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.imports.calls == [("decide", 6, "form and PACS agree")]


def test_matching_shows_the_images_and_goes_on(ask: Ask, doing: Doing, qtbot: QtBot) -> None:
    dialog = ask(Act.DECIDE, 6)
    assert isinstance(dialog, CompareDialog)
    with qtbot.waitSignal(doing.viewer_wanted) as wanted:
        qtbot.mouseClick(dialog.view_button, Qt.MouseButton.LeftButton)
    assert wanted.args[0].id == 6
    assert dialog.isVisible()


def test_without_a_form_of_ours_matching_leads_to_it_first(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = ask(Act.DECIDE, 6)
    assert isinstance(dialog, CompareDialog)
    dialog.grounds.setText("they look alike")
    qtbot.waitUntil(lambda: bool(dialog.table._cells))
    assert not dialog.do_button.isEnabled()
    dialog.form_button.click()
    qtbot.waitUntil(lambda: isinstance(doing.dialog, FormDialog))
    form = doing.dialog
    assert isinstance(form, FormDialog)
    assert not form.editor.labelled.isVisibleTo(form)
    form.editor.control("hospital_no").setText("S123456")  # type: ignore[attr-defined]
    with qtbot.waitSignal(doing.done):
        form.save_button.click()
    (call,) = desk.downloads.calls
    assert call[:2] == ("match", 6)
    saved = call[2]
    assert (saved.kind, saved.patient.hospital_no, saved.hospital) == (  # type: ignore[attr-defined]
        FormKind.IMPORT, "S123456", "RTG",
    )  # fmt: skip


def test_pacs_that_does_not_answer_is_told_in_the_comparison_and_asked_again(
    ask: Ask, desk: FakeDesk, qtbot: QtBot
) -> None:
    answers = desk.downloads.assess

    def silent(id: int, ctx: Context, form: object = None) -> object:
        raise NodeUnreachable("PACS does not answer", "", "Ask again.")

    desk.downloads.assess = silent  # type: ignore[method-assign, assignment]
    dialog = ask(Act.DECIDE, 6)
    assert isinstance(dialog, CompareDialog)
    qtbot.waitUntil(lambda: dialog.error.isVisible())
    desk.downloads.assess = answers  # type: ignore[method-assign]
    dialog.error.button.click()
    qtbot.waitUntil(lambda: bool(dialog.table._cells))


def test_images_are_copied_to_a_stick_with_a_receipt(
    doing: Doing, desk: FakeDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    doing.copy_to(desk.reading.by_id(10), str(tmp_path))
    dialog = doing.dialog
    assert isinstance(dialog, StickDialog)
    qtbot.waitUntil(lambda: dialog.count.text() == "3 files, 3 MB, copied and verified")
    assert dialog.button.text() == "&Close"
    assert desk.copies.calls == [("to_stick", 10, tmp_path)]


def test_a_copy_that_fails_says_why(doing: Doing, desk: FakeDesk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.copies.error = Refused("There is no room on the stick", "It lacks 3 MB.")
    doing.copy_to(desk.reading.by_id(10), str(tmp_path))
    dialog = doing.dialog
    assert isinstance(dialog, StickDialog)
    qtbot.waitUntil(lambda: dialog.error.isVisible())
    assert dialog.error.title.text() == "There is no room on the stick"
    assert dialog.count.text() == "Not copied"


def test_of_two_who_act_at_once_the_second_is_told_and_the_row_is_looked_at_again(
    doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.replies.error = Refused("2026-000001 is accepted already", "Somebody else was first.", "Refresh.")
    with qtbot.assertNotEmitted(doing.transfer_wanted), qtbot.waitSignal(doing.refused):
        doing.do(Wish(Act.ACCEPT, desk.reading.by_id(1)))
    qtbot.waitUntil(lambda: isinstance(doing.dialog, ErrorDialog))
    dialog = doing.dialog
    assert isinstance(dialog, ErrorDialog)
    said = {label.text() for label in dialog.findChildren(QLabel)}
    assert {"2026-000001 is accepted already", "Somebody else was first."} <= said
    dialog.close()


def test_a_message_is_sent_and_looking_is_silent(doing: Doing, desk: FakeDesk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(doing.done):
        doing.do(Wish(Act.MESSAGE, desk.reading.by_id(8), text="Neck follows"))
    assert desk.replies.calls == [("message", 8, "Neck follows")]
    with qtbot.assertNotEmitted(doing.done):
        doing.look(desk.reading.by_id(1))
        qtbot.waitUntil(lambda: ("look", 1) in desk.replies.calls)
    assert desk.reading.by_id(1).status is Status.STARTED


def test_cancelling_a_transfer_says_that_both_hospitals_see_it(
    ask: Ask, doing: Doing, desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = ask(Act.CANCEL, 8)
    assert dialog.text.text() == (
        "MOUSE, Minnie: nothing more is sent. 527 images are in the recipient’s gateway already and stay there. "
        "Both hospitals see that. It stays in All."
    )
    with qtbot.waitSignal(doing.done):
        dialog.do_button.click()
    assert desk.acts.calls == [("cancel", 8)]
