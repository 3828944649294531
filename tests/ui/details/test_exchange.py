"""Details of what two hospitals share: conversation, clocks, evidence, attachments, links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from iep_desktop.core.clocks import Load, countdown
from iep_desktop.core.model import FormKind, Priority, Recipient, RecipientKind
from iep_desktop.core.replies import LONGEST
from iep_desktop.core.transaction import Direction, Message, Requirement, Status
from iep_desktop.ui.acts import Act
from iep_desktop.ui.details.conversation import SHOWN, MessageRow
from iep_desktop.ui.details.documents import Documents
from iep_desktop.ui.details.head import about
from iep_desktop.ui.details.panel import DetailsPanel
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries
from tests.ui.exchange_rows import exchange_desk, request, transfer
from tests.ui.fake_desk import NOW, FakeDesk

Show = Callable[..., DetailsPanel]


@pytest.fixture
def desk() -> FakeDesk:
    return exchange_desk()


@pytest.fixture
def show(queries: Queries, theme: Theme, desk: FakeDesk, qtbot: QtBot) -> Show:
    def made(id: int, width: int = 420, load: Load = Load(0, 1, 0.0)) -> DetailsPanel:
        panel = DetailsPanel(
            desk.reading,
            queries,
            "A. Operator",
            theme,
            now=lambda: NOW,
            transfers=desk.transfers,
            forecast=lambda one: countdown(one.created_at, NOW, load),
        )
        qtbot.addWidget(panel)
        panel.resize(width, 900)
        panel.show()
        panel.show_transaction(desk.reading.by_id(id))
        qtbot.waitUntil(lambda: panel.details is not None)
        for _ in range(5):
            qtbot.wait(1)  # queued layouts take place
        return panel

    return made


def words(panel: DetailsPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def visible_buttons(panel: DetailsPanel) -> list[str]:
    buttons = panel.findChildren(QPushButton)
    return [button.text().replace("&", "") for button in buttons if button.isVisible()]


# --- conversation


def test_both_sides_stand_in_the_conversation_and_what_is_unread_is_marked(show: Show) -> None:
    panel = show(8)
    assert panel.messages.heading.text() == "Messages, 2 unread"
    said = words(panel)
    for text in (
        "IEP desk, Nottingham University Hospitals",
        "You",
        "not read yet, 14:06",
        "Trauma radiographer, Nottingham University Hospitals",
        "unread, 14:09",
    ):
        assert text in said


def test_ctrl_enter_sends_and_the_text_goes_when_the_ledger_has_it(
    show: Show, desk: FakeDesk, qtbot: QtBot
) -> None:
    panel = show(8)
    assert not panel.messages.send_button.isEnabled()
    qtbot.keyClicks(panel.messages.reply, "Neck follows now")
    with qtbot.waitSignal(panel.wished) as wished:
        qtbot.keyClick(panel.messages.reply, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wish = wished.args[0]
    assert (wish.act, wish.text) == (Act.MESSAGE, "Neck follows now")
    assert panel.messages.reply.toPlainText() == "Neck follows now"  # until it is there
    desk.replies.message(8, wish.text)
    panel.refresh()
    qtbot.waitUntil(lambda: panel.messages.reply.toPlainText() == "")
    qtbot.waitUntil(lambda: "Neck follows now" in words(panel))


def test_what_is_typed_stays_with_its_transaction(show: Show, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = show(8)
    qtbot.keyClicks(panel.messages.reply, "half a thought")
    desk.reading.replace(8, unread=5)
    panel.refresh()
    qtbot.waitUntil(lambda: panel.messages.heading.text() == "Messages, 5 unread")
    assert panel.messages.reply.toPlainText() == "half a thought"
    panel.show_transaction(desk.reading.by_id(1))
    qtbot.waitUntil(lambda: panel.details is not None and panel.details.transaction.id == 1)
    assert panel.messages.reply.toPlainText() == ""
    panel.show_transaction(desk.reading.by_id(8))
    qtbot.waitUntil(lambda: panel.messages.reply.toPlainText() == "half a thought")


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)><b>bold</b>", "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627"],
)
def test_html_and_right_to_left_are_shown_as_they_were_written(
    show: Show, desk: FakeDesk, qtbot: QtBot, text: str
) -> None:
    desk.reading.messages[8] = (Message(NOW, "IEP desk", "RX1", text),)
    panel = show(8)
    row = panel.messages.findChild(MessageRow)
    assert isinstance(row, MessageRow)
    assert row.text.text() == text
    assert row.text.textFormat() is Qt.TextFormat.PlainText


def test_a_message_of_100_000_characters_does_not_fill_the_panel_and_is_whole_on_request(
    show: Show, desk: FakeDesk
) -> None:
    desk.reading.messages[8] = (Message(NOW, "IEP desk", "RX1", "x" * 100_000),)
    row = show(8).messages.findChild(MessageRow)
    assert isinstance(row, MessageRow)
    assert len(row.text.text()) == SHOWN + 1
    row.more.click()
    assert len(row.text.text()) == 100_000


def test_too_long_a_message_is_told_while_it_is_typed(show: Show, qtbot: QtBot) -> None:
    panel = show(8)
    panel.messages.reply.setPlainText("x" * (LONGEST + 1))
    assert not panel.messages.send_button.isEnabled()
    assert panel.messages.problem.text() == f"{LONGEST + 1} characters, {LONGEST} may be sent"


# --- looking


def test_showing_is_not_reading_and_opening_is(show: Show, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = show(8)
    with qtbot.assertNotEmitted(panel.looked, wait=100):
        panel.show_transaction(desk.reading.by_id(1))
        qtbot.waitUntil(lambda: panel.details is not None and panel.details.transaction.id == 1)
    with qtbot.waitSignal(panel.looked) as looked:
        panel.open_for_person()
    assert looked.args[0].id == 1


def test_what_arrives_while_it_is_open_is_read_too(show: Show, desk: FakeDesk, qtbot: QtBot) -> None:
    panel = show(11)
    with qtbot.assertNotEmitted(panel.looked, wait=50):
        panel.open_for_person()  # nothing is new in it
    desk.reading.replace(11, unread=1)
    with qtbot.waitSignal(panel.looked):
        panel.refresh()


def test_writing_is_reading(show: Show, qtbot: QtBot) -> None:
    panel = show(8)
    panel.activateWindow()
    with qtbot.waitSignal(panel.looked):
        panel.messages.reply.setFocus()


# --- header, clocks, evidence


def test_a_transfer_leads_to_its_request_and_back(show: Show, qtbot: QtBot) -> None:
    panel = show(8)
    assert [button.text() for button in panel.header.links] == ["Answers request 2026-000009"]
    with qtbot.waitSignal(panel.linked) as linked:
        panel.header.links[0].click()
    assert linked.args == ["2026-000009"]
    back = show(9)
    assert [button.text() for button in back.header.links] == ["Answered by transfer 2026-000008"]


def test_the_purge_date_is_told_and_warned_of_three_days_before(show: Show) -> None:
    far, near = show(5), show(6)
    assert far.header.deadline.text() == "Purged from IEP on 09/12/2026, in 15 days"
    assert far.header.deadline.property("tone") == "text2"
    assert near.header.deadline.text() == "Purged from IEP on 27/11/2026, in 3 days"
    assert near.header.deadline.property("tone") == "warn"


def test_the_two_weeks_clock_of_missing_details_is_shown(show: Show) -> None:
    panel = show(4)
    assert panel.header.deadline.text() == ("Details are missing: cancelled on 30/11/2026, in 6 days (§2.4)")


def test_until_when_a_standard_transfer_waits_is_shown(show: Show) -> None:
    assert show(40).header.deadline.text() == (
        "Waits until 25/11/2026 06:09: outside hours only trauma runs (§2.8)"
    )


def test_the_countdown_has_its_forecast_in_time_or_late(show: Show) -> None:
    panel = show(8, load=Load(0, 120, 1.0))
    assert panel.clock.forecast.text() == "Forecast 14:11, in time"
    late = show(8, load=Load(20_000, 120, 1.0))
    assert late.clock.forecast.text() == "Forecast 19:44, late"
    assert late.clock.left.property("tone") == "warn"
    assert show(8).clock.forecast.text() == ""


def test_delivered_stands_on_the_evidence_that_pacs_gave(show: Show) -> None:
    panel = show(11)
    assert panel.images.evidence.text() == "Verified: UHLPACSWFM01 shows 212 of 212 images, by instance"
    assert not show(7).images.evidence.isVisible()


def test_what_we_send_is_not_ours_to_enter_on_ris(show: Show) -> None:
    assert not show(8).ris.isVisible()
    assert show(11).ris.isVisible()


# --- what can be done


def test_a_request_has_its_three_answers(show: Show, qtbot: QtBot) -> None:
    panel = show(1)
    assert visible_buttons(panel)[:3] == ["Accept…", "Decline…", "Details missing…"]
    with qtbot.waitSignal(panel.wished) as wished:
        panel.required.buttons[0].click()
    assert wished.args[0].act is Act.ACCEPT


def test_whose_move_is_the_other_hospitals_where_its_gateway_refused(show: Show) -> None:
    panel = show(10, 900)
    assert "Their gateway said no to these images. What arrived stays; the rest waits here." in words(panel)
    assert list(panel.failure.buttons) == [
        Act.RETRY_FAILED, Act.RETRY, Act.REDUCE, Act.OTHER_NODE, Act.TO_STICK, Act.MESSAGE, Act.COPY,
    ]  # fmt: skip


def test_what_is_theirs_to_mend_offers_a_message_only(show: Show, desk: FakeDesk) -> None:
    failed = desk.reading.by_id(10)
    theirs = replace(failed, direction=Direction.IN, sender="RX1", recipient="RWE")
    desk.reading.rows[desk.reading.rows.index(failed)] = theirs
    panel = show(10, 900)
    assert "They see it in their tab Failed." in words(panel)
    assert list(panel.failure.buttons) == [Act.MESSAGE, Act.COPY]


def test_what_is_only_to_be_known_has_no_button(show: Show, desk: FakeDesk) -> None:
    grown = Requirement(
        "grown", "The study has grown by 3 images while it was sent", "", "R-TX-4", "A1", "Look"
    )
    desk.reading.replace(8, required=(grown,))
    panel = show(8)
    assert "The study has grown by 3 images while it was sent" in words(panel)
    assert panel.required.buttons == []


# --- attachments


def test_attachments_are_opened_and_saved_under_names_without_a_patient(
    show: Show, desk: FakeDesk, queries: Queries, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = show(8)
    assert "report.pdf" in words(panel)
    documents = Documents(desk.transfers, queries, panel)
    opened: list[Path] = []
    documents.show_file = opened.append
    panel.open_wanted.connect(documents.open)
    next(b for b in panel.findChildren(QPushButton) if b.accessibleName() == "Open report.pdf").click()
    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].name == "attachment-1.pdf"
    assert opened[0].read_bytes().startswith(b"%PDF-")
    (info,) = desk.transfers.attachments(8)
    with qtbot.waitSignal(documents.saved) as saved:
        documents.save(8, info, tmp_path / "saved.pdf")
    assert saved.args == [f"The attachment is in {tmp_path / 'saved.pdf'}"]
    with qtbot.waitSignal(documents.failed) as failed:
        documents.save(8, info, tmp_path / "no" / "folder.pdf")
    assert failed.args[0].title == "The attachment cannot be written"


@pytest.mark.parametrize("width", [296, 640, 1280])
@pytest.mark.parametrize("id", [1, 4, 6, 8, 9, 10, 11, 40])
def test_no_word_is_cut_at_any_width(show: Show, qtbot: QtBot, id: int, width: int) -> None:
    panel = show(id, width)

    def nothing_cut() -> None:
        for label in panel.findChildren(QLabel):
            if label.isVisible() and label.wordWrap():
                assert label.height() >= label.heightForWidth(label.width()), label.text()
        for button in panel.findChildren(QPushButton):
            if button.isVisible():
                assert button.width() >= button.sizeHint().width(), button.text()

    qtbot.waitUntil(nothing_cut)


def test_a_blue_light_on_iep_still_counts_for_its_recipient_only() -> None:
    from iep_desktop.ui.worklist import texts

    ours = transfer(1, Direction.IN, status=Status.ON_IEP, priority=Priority.BLUE_LIGHT)
    assert texts.runs(ours)
    assert texts.left(ours, NOW).text == "3:59 left"
    assert not texts.runs(transfer(1, Direction.OUT, status=Status.ON_IEP, priority=Priority.BLUE_LIGHT))
    asked = request(2, Direction.IN, priority=Priority.BLUE_LIGHT, status=Status.ACCEPTED)
    assert texts.runs(asked)
    assert not texts.runs(replace(asked, priority=Priority.NORMAL))


def test_who_receives_the_images_stands_in_the_header_at_both_ends() -> None:
    """R-GATE-4, R-FORM: also where the recipient works with a form of its own."""
    who = Recipient("Dr A. Receiver", kind=RecipientKind.INDIVIDUAL)
    row = transfer(8, Direction.OUT)
    row = replace(row, form=replace(row.form, recipient=who))
    line = "2026-000008, call 06396375, for Dr A. Receiver (individual)"
    assert about(row) == line
    own = replace(row.form, kind=FormKind.IMPORT, recipient=Recipient())
    assert about(replace(row, direction=Direction.IN, form=own, their_form=row.form)) == line
