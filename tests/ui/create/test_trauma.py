"""The trauma page by keyboard alone, what blocks on it, and what it watches."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable
from iep_desktop.core.exchange import MediaType
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Failure, Status
from iep_desktop.core.viewing import Review
from iep_desktop.ui.create.study_rows import Column
from iep_desktop.ui.create.trauma.window import TraumaWindow
from iep_desktop.workers.queries import Queries
from tests.ui.create.fake_desk import STUDIES, FakeDesk, study
from tests.ui.fake_desk import NOW, UNREACHABLE, transaction

REPORT = "Left acute subdural, 9 mm. C-spine: no fracture. Verbal report by the duty radiologist at 02:58."
SECONDS_A_KEY = 0.28
"""Of an average typist who does not type blindly (Card, Moran, Newell: the keystroke-level model)."""
SECONDS_TO_THINK = 1.35
"""The same model's pause before each unit of thought."""


@dataclass
class Hands:
    """Presses keys on whatever has the focus, as a person does, and counts them."""

    window: TraumaWindow
    qtbot: QtBot
    keys: int = 0
    thoughts: int = 0
    waited: float = 0
    said: list[str] = field(default_factory=list)

    @property
    def held(self) -> QWidget:
        held = self.window.focusWidget()
        assert held is not None
        return held

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.qtbot.keyClicks(self.held, text)

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        self.keys += 1 + len(modifiers)
        pressed = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            pressed |= modifier
        self.qtbot.keyClick(self.held, key, pressed)

    def think(self, what: str) -> None:
        self.thoughts += 1
        self.said.append(what)

    def read(self, seconds: float, what: str) -> None:
        self.waited += seconds
        self.said.append(what)

    @property
    def seconds(self) -> float:
        return self.keys * SECONDS_A_KEY + self.thoughts * SECONDS_TO_THINK + self.waited


def find(window: TraumaWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(window.patient.number, "RWES999111")
    qtbot.keyClicks(window.patient.nhs, "9990000018")
    with qtbot.waitSignal(window.studies.found):
        window.patient.find_button.click()


def ready(window: TraumaWindow, qtbot: QtBot) -> None:
    find(window, qtbot)
    window.patient.right.click()
    window.today.click()
    window.report.none_yet.click()
    qtbot.waitUntil(lambda: window.may_send)


def titles(window: TraumaWindow) -> list[str]:
    return window.side.checks.titles()


def test_from_opening_to_send_by_keyboard_alone_in_under_a_minute(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-TRAUMA. The report lies in the clipboard, as it does when it was read out of RIS."""
    QGuiApplication.clipboard().setText(REPORT)
    alt, ctrl = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
    hands = Hands(trauma, qtbot)
    qtbot.waitUntil(trauma.isActiveWindow)
    hands.think("the hospital number")
    hands.type("S999111")
    hands.press(Qt.Key.Key_Tab)
    hands.think("the NHS number")
    hands.type("9990000018")
    with qtbot.waitSignal(trauma.studies.found):
        hands.press(Qt.Key.Key_Return)
    hands.read(2, "PACS answers")
    hands.read(5, "name and date of birth, against the wristband")
    hands.press(Qt.Key.Key_Space)
    assert trauma.patient.is_confirmed
    hands.read(5, "which studies there are")
    hands.press(Qt.Key.Key_T, alt)
    qtbot.waitUntil(lambda: len(trauma.studies.ticked) == 3)
    hands.think("the report")
    hands.press(Qt.Key.Key_R, alt)
    hands.press(Qt.Key.Key_V, ctrl)
    hands.read(8, "the report")
    hands.press(Qt.Key.Key_C, alt)
    qtbot.waitUntil(lambda: trauma.side.send.isEnabled())
    hands.read(3, "what is ready, where it goes")
    hands.press(Qt.Key.Key_Return, ctrl)
    qtbot.waitUntil(lambda: bool(desk.transfers.sent))
    assert hands.keys <= 34, hands.said
    assert hands.seconds < 60, hands.said
    [order] = desk.transfers.sent
    assert [attachment.content.decode() for attachment in order.attachments] == [REPORT]


def test_everything_but_patient_studies_and_report_is_preset(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    ready(trauma, qtbot)
    with qtbot.waitSignal(trauma.created) as created:
        trauma.side.send.click()
    [order] = desk.transfers.sent
    assert (order.to, order.destination_node) == ("RX1", "NUH Radiology PACS")
    assert (order.trauma, order.confirmed_patient) == (True, True)
    assert order.form.priority is Priority.BLUE_LIGHT
    assert order.form.patient.name == "MOUSE^Minnie"
    assert (order.form.patient.hospital_no, order.form.patient.nhs_no) == ("S999111", "9990000018")
    assert created.args[0].priority is Priority.BLUE_LIGHT


def test_nothing_is_ticked_and_nobody_is_confirmed_by_itself(trauma: TraumaWindow, qtbot: QtBot) -> None:
    find(trauma, qtbot)
    assert trauma.patient.name.text() == "MOUSE, Minnie"
    assert trauma.patient.name.property("role") == "title"
    assert trauma.patient.born.text().startswith("17/03/1961, ")
    qtbot.waitUntil(lambda: "Not confirmed that it is the right patient" in titles(trauma))
    assert "No study is ticked" in titles(trauma)
    assert not trauma.side.send.isEnabled()


def test_other_numbers_throw_away_patient_studies_and_confirmation(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    ready(trauma, qtbot)
    qtbot.keyClick(trauma.patient.number, Qt.Key.Key_Backspace)
    assert not trauma.patient.is_confirmed
    assert not trauma.patient.name.isVisible()
    assert not trauma.studies.rows.studies
    assert not trauma.may_send
    trauma.send()
    assert not desk.transfers.sent


def test_wrong_numbers_are_said_and_not_searched(trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    qtbot.keyClicks(trauma.patient.number, "RWES99911")
    qtbot.keyClicks(trauma.patient.nhs, "9990000081")
    trauma.patient.find_button.click()
    assert trauma.patient.fields["number"].error == "Not a hospital number."
    assert "check digit" in trauma.patient.fields["nhs"].error
    assert not desk.transfers.asked


def test_without_an_nhs_number_the_reason_and_the_address_are_asked_for(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-ID-4, A4."""
    qtbot.keyClicks(trauma.patient.number, "S999111")
    trauma.patient.no_nhs.click()
    trauma.patient.find_button.click()
    assert trauma.patient.fields["reason"].error == "Say why."
    qtbot.keyClicks(trauma.patient.reason, "Unknown at arrival")
    qtbot.keyClicks(trauma.patient.address, "Not known")
    with qtbot.waitSignal(trauma.studies.found):
        qtbot.keyClick(trauma.patient.address, Qt.Key.Key_Return)
    trauma.patient.right.click()
    trauma.today.click()
    trauma.report.none_yet.click()
    qtbot.waitUntil(lambda: trauma.may_send)
    patient = trauma.order().form.patient
    assert (patient.nhs_no, patient.nhs_no_absent_reason) == ("", "Unknown at arrival")


def test_nothing_goes_without_a_report_unless_a_person_says_that_there_is_none_yet(
    trauma: TraumaWindow, qtbot: QtBot
) -> None:
    ready(trauma, qtbot)
    trauma.report.none_yet.click()
    assert "No report is attached" in titles(trauma)
    assert not trauma.side.send.isEnabled()
    qtbot.keyClick(trauma, Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: trauma.may_send)
    assert "No report yet: it follows" in titles(trauma)
    assert trauma.order().form.comments == "No report yet: it follows."
    trauma.report.text.setPlainText(REPORT)
    assert not trauma.report.none_yet.isEnabled()
    assert trauma.order().form.comments == ""


def test_a_report_that_is_not_ticked_as_correct_blocks(trauma: TraumaWindow, qtbot: QtBot) -> None:
    ready(trauma, qtbot)
    trauma.report.text.setPlainText(REPORT)
    assert "The report is not ticked as correct" in titles(trauma)
    assert not trauma.side.send.isEnabled()
    trauma.report.correct.click()
    qtbot.waitUntil(lambda: trauma.may_send)
    trauma.report.text.appendPlainText("More.")
    assert not trauma.report.correct.isChecked(), "the tick was for other words"


def test_the_report_may_be_a_document(trauma: TraumaWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-1.7 %%EOF")
    ready(trauma, qtbot)
    trauma.report.documents.add_file(str(path))
    qtbot.waitUntil(lambda: "The report is not ticked as correct" in titles(trauma))
    trauma.report.documents._tick(0, True)
    qtbot.waitUntil(lambda: trauma.may_send)
    assert [a.media_type for a in trauma.order().attachments] == [MediaType.PDF]


def test_another_patients_study_under_the_same_number_is_never_ticked_by_the_way(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    other = study(9, "Knee", birth_date=None, patient_id="S999112", patient_name="DUCK^Daisy")
    desk.transfers.studies = (other, *STUDIES)
    find(trauma, qtbot)
    assert trauma.patient.name.text() == "MOUSE, Minnie"
    trauma.patient.right.click()
    trauma.today.click()
    assert other not in trauma.studies.ticked
    qtbot.waitUntil(lambda: len(trauma.studies.ticked) == 3)


def test_a_pacs_that_is_down_leads_to_the_modalitys_own_disc(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.transfers.down = UNREACHABLE
    qtbot.keyClicks(trauma.patient.number, "S999111")
    qtbot.keyClicks(trauma.patient.nhs, "9990000018")
    with qtbot.waitSignal(trauma.studies.failed):
        trauma.patient.find_button.click()
    assert trauma.studies.error.title.text() == "PACS does not answer"
    assert trauma.focusWidget() is trauma.side.disc
    with qtbot.waitSignal(trauma.import_wanted):
        qtbot.keyClick(trauma.side.disc, Qt.Key.Key_Space)


def test_it_says_whether_nuh_answers(trauma: TraumaWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "NUH Radiology PACS answers" in titles(trauma))


def test_a_silent_nuh_warns_and_does_not_keep_the_patient_waiting(
    queries: Queries, trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.nodes.echo_error = NodeUnreachable("It does not answer")
    trauma._ask_where()
    qtbot.waitUntil(lambda: "NUH Radiology PACS does not answer" in titles(trauma))
    ready(trauma, qtbot)


def test_it_watches_until_on_iep(
    trauma: TraumaWindow, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    ready(trauma, qtbot)
    trauma.side.send.click()
    qtbot.waitUntil(lambda: trauma.watch.transaction is not None)
    assert trauma.watch.title.text() == "On its way to NUH"
    assert trauma.header.left.text().endswith(" left")
    sent = trauma.watch.transaction
    assert sent is not None
    desk.reading.replace(sent.id, status=Status.ON_IEP)
    with qtbot.waitSignal(trauma.watch.arrived):
        queries.ledger_changed.emit()
    assert trauma.watch.title.text() == "It is On IEP: NUH can download it"


def test_a_failed_send_says_why_and_leads_to_the_details(
    trauma: TraumaWindow, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    ready(trauma, qtbot)
    trauma.side.send.click()
    qtbot.waitUntil(lambda: trauma.watch.transaction is not None)
    sent = trauma.watch.transaction
    assert sent is not None
    failure = Failure("NUH Radiology PACS is full", "It refused 14 images.", "An admin of NUH must act.")
    desk.reading.replace(sent.id, status=Status.FAILED, failure=failure)
    queries.ledger_changed.emit()
    qtbot.waitUntil(lambda: trauma.watch.title.text() == "It has not reached NUH")
    assert "NUH Radiology PACS is full" in trauma.watch.why.text()
    with qtbot.waitSignal(trauma.shown) as shown:
        trauma.watch.details.click()
    assert shown.args[0].id == sent.id


def test_the_next_patient_finds_an_empty_page(trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    ready(trauma, qtbot)
    trauma.report.text.setPlainText(REPORT)
    trauma.report.correct.click()
    qtbot.waitUntil(lambda: trauma.may_send)
    trauma.side.send.click()
    qtbot.waitUntil(lambda: trauma.watch.transaction is not None)
    trauma.watch.next.click()
    assert (trauma.patient.number.text(), trauma.report.text.toPlainText()) == ("", "")
    assert not trauma.studies.rows.studies
    assert not trauma.patient.is_found
    assert trauma.focusWidget() is trauma.patient.number


def test_what_was_sent_before_is_said_and_opened(trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """R-GATE-10."""
    desk.reading.rows.append(transaction(4402))
    desk.transfers.earlier = ("2026-004402, CT Head, On IEP 24/11/2026",)
    ready(trauma, qtbot)
    link = trauma.side.seen.findChild(QPushButton)
    assert isinstance(link, QPushButton)
    with qtbot.waitSignal(trauma.shown) as shown:
        link.click()
    assert shown.args[0].number == "2026-004402"


def test_the_countdown_runs_from_the_moment_it_was_created(trauma: TraumaWindow) -> None:
    trauma.header.sent_at(NOW)
    assert trauma.header.due.text() == "Due 18:09"
    assert trauma.header.left.text() == "4:00 left"


def test_ticked_studies_are_reviewed_and_the_choice_goes_into_the_order(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    ready(trauma, qtbot)
    trauma.studies.focus_first()
    qtbot.keyClick(trauma.studies.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: trauma.review.viewer is not None)
    viewer = trauma.review.viewer
    assert viewer is not None
    assert viewer.reviewing is not None
    assert viewer.reviewing.bar._mandatory, "the settings ask for it for this hospital"
    assert len(viewer.ticked()) == 12
    kept = sorted(viewer.ticked())[:1]
    viewer.rail.set_ticked(kept)
    viewer.ticked_changed.emit()
    viewer.review_confirmed.emit(Review("A. Operator", NOW, tuple(kept)))
    viewer.close()
    order = trauma.order()
    assert [one.sop_instance_uid for one in order.instances] == kept
    assert order.review is not None
    assert order.review.by == "A. Operator"


def test_a_study_that_is_not_ticked_is_looked_at_beside_the_forms_patient(
    trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot
) -> None:
    find(trauma, qtbot)
    table = trauma.studies.table
    where = table.visualRect(table.proxy.index(0, 1)).center()
    with qtbot.waitSignal(trauma.review.look_wanted) as wanted:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
        qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert wanted.args[1].patient_id == trauma.order().form.patient.hospital_no
    assert not trauma.studies.ticked


def test_the_review_closes_with_the_page(trauma: TraumaWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    ready(trauma, qtbot)
    trauma.review.button.click()
    qtbot.waitUntil(lambda: trauma.review.viewer is not None)
    viewer = trauma.review.viewer
    assert viewer is not None
    with qtbot.waitSignal(viewer.closed):
        trauma.close()


def test_at_200_percent_nothing_that_tells_patient_or_study_is_cut(
    trauma: TraumaWindow, qtbot: QtBot
) -> None:
    """A screen of 1920 by 1080 has 960 by 540 then."""
    trauma.resize(960, 540)
    find(trauma, qtbot)
    step, table = trauma.patient, trauma.studies.table
    words = [*step.findChildren(QLabel), step.right]

    def cut() -> list[str]:
        seen = (w for w in words if w.isVisible() and w.text())
        return [w.text() for w in seen if w.width() < w.sizeHint().width()]

    qtbot.waitUntil(lambda: cut() == [])
    assert table.header().sectionSize(Column.STUDY) >= 160
    assert not table.horizontalScrollBar().isVisible()
    table.setFocus()
    table.first_row()
    row = table.visualRect(table.currentIndex())
    image = table.viewport().grab().toImage()
    flat = {image.pixelColor(row.right() - 4, y).name() for y in range(row.top() + 2, row.bottom() - 2)}
    assert len(flat) == 1, "one plain colour"
    assert step.right.mapTo(step, step.right.rect().bottomRight()).x() <= step.width()
