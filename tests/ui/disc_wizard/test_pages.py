from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable, Permanent
from iep_desktop.core.medium import Drive, DriveKind, Finding, FindingCode, Severity
from iep_desktop.core.transaction import Status
from iep_desktop.ui.disc_wizard import DiscWizard
from iep_desktop.ui.disc_wizard.case import Step
from iep_desktop.ui.disc_wizard.form_text import ExamText
from iep_desktop.ui.disc_wizard.health import HealthAction
from iep_desktop.ui.disc_wizard.rail import StepState
from iep_desktop.ui.disc_wizard.remedies import Remedy
from iep_desktop.ui.disc_wizard.second_person import SecondPersonDialog
from iep_desktop.workers.queries import Queries
from tests.ui.disc_wizard.conftest import DRIVE, PATH
from tests.ui.disc_wizard.fake_desk import FakeDesk, moved
from tests.ui.disc_wizard.samples import (
    CHEST_PA,
    DAMAGED,
    DONALD,
    MINNIE,
    MINNIE_FORM,
    MINNIE_OTHER_DAY,
    ONE_PATIENT,
    disc,
)

CHECK = Qt.ItemDataRole.CheckStateRole


def _next_is_allowed(wizard: DiscWizard) -> bool:
    return wizard.page.footer().next_enabled


def _read(wizard: DiscWizard, qtbot: QtBot) -> None:
    """A complete form and a disc that has been read."""
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((DRIVE,))
    qtbot.waitUntil(lambda: wizard.case.reading_finished)


def _assessed(wizard: DiscWizard, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    wizard.show_step(Step.MATCH)
    qtbot.waitUntil(lambda: wizard.assessor.assessment is not None)


# --- page 1: call -------------------------------------------------------------------------------------------


def test_an_empty_form_says_what_blocks_and_lets_nobody_on(wizard: DiscWizard) -> None:
    assert "No service-desk call is logged" in wizard.call.checks.titles()
    assert not _next_is_allowed(wizard)
    wizard.go_on()
    assert wizard.step is Step.CALL


def test_typing_shows_a_mistake_at_its_field_at_once(wizard: DiscWizard, qtbot: QtBot) -> None:
    qtbot.keyClicks(wizard.call.editor.control("nhs_no"), "9990000019")
    qtbot.waitUntil(lambda: "check digit" in wizard.call.editor.problem("nhs_no"))
    assert wizard.footer.words == "1 field is wrong"


def test_what_blocks_goes_as_it_is_typed(wizard: DiscWizard, qtbot: QtBot) -> None:
    qtbot.keyClicks(wizard.call.editor.control("call_ref"), "06396375")
    qtbot.waitUntil(lambda: "Call 06396375 logged" in wizard.call.checks.titles())
    assert "06396375" in wizard.header.words


def test_a_complete_form_lets_one_on(wizard: DiscWizard) -> None:
    wizard.case.set_text(MINNIE_FORM)
    assert _next_is_allowed(wizard)
    wizard.go_on()
    assert wizard.step is Step.DISC


def test_an_incomplete_form_can_go_on_to_be_logged(wizard: DiscWizard) -> None:
    wizard.case.set_text(replace(MINNIE_FORM, address=""))
    act = wizard.page.footer().left
    assert act is not None
    act.run()
    assert wizard.step is Step.DISC
    assert wizard.case.goes_on_incomplete


def test_a_form_without_exams_may_go_on_because_a_reason_can_lift_it(wizard: DiscWizard) -> None:
    wizard.case.set_text(replace(MINNIE_FORM, exams=(ExamText(),)))
    assert _next_is_allowed(wizard)


def test_a_hospital_is_found_by_name_and_by_code(wizard: DiscWizard) -> None:
    wizard.call.fill_from("Hospital: seaside infirmary")
    assert wizard.case.text.hospital == "RX2"
    wizard.call.fill_from("Hospital: rx1")
    assert wizard.case.text.hospital == "RX1"


def test_a_hospital_that_is_not_on_the_list_is_said(wizard: DiscWizard, qtbot: QtBot) -> None:
    wizard.call.fill_from("Hospital: Atlantis General")
    qtbot.waitUntil(lambda: "Pick a hospital" in wizard.call.editor.problem("hospital"))


def test_a_paste_says_what_it_filled_and_what_it_did_not_understand(wizard: DiscWizard) -> None:
    wizard.call.fill_from("Surname: MOUSE\nFavourite colour: green")
    assert "surname" in wizard.call.note.text()
    assert "Favourite colour: green" in wizard.call.note.text()
    assert wizard.case.text.family == "MOUSE"


def test_exam_rows_are_added_and_removed(wizard: DiscWizard, qtbot: QtBot) -> None:
    rows = wizard.call.editor.exams
    rows.add.click()
    qtbot.keyClicks(rows.rows[1].description, "knee")
    assert [exam.description for exam in wizard.case.text.exams] == ["", "knee"]
    rows.rows[0].remove.click()
    assert [exam.description for exam in wizard.case.text.exams] == ["knee"]
    rows.rows[0].remove.click()
    assert wizard.case.text.exams == (ExamText(),)


def test_eight_digits_become_a_date_when_the_field_is_left(wizard: DiscWizard, qtbot: QtBot) -> None:
    edit = wizard.call.editor.control("birth_date")
    assert isinstance(edit, QLineEdit)
    qtbot.keyClicks(edit, "17031961")
    edit.editingFinished.emit()
    assert wizard.case.text.birth_date == "17/03/1961"


def test_the_cursor_stays_where_it_is_while_the_page_is_brought_up_to_date(
    wizard: DiscWizard, qtbot: QtBot
) -> None:
    edit = wizard.call.editor.control("family")
    assert isinstance(edit, QLineEdit)
    qtbot.keyClicks(edit, "MOSE")
    edit.setCursorPosition(2)
    qtbot.keyClicks(edit, "U")
    qtbot.waitUntil(lambda: wizard.case.text.family == "MOUSE")
    assert edit.cursorPosition() == 3


# --- page 2: disc -------------------------------------------------------------------------------------------


def test_the_one_disc_that_is_in_is_read_by_itself(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    assert wizard.step is Step.CONTENTS
    assert desk.discs.reads == [PATH]


def test_of_two_discs_none_is_read_before_one_is_chosen(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    other = Drive("E:", DriveKind.REMOVABLE, "/media/stick", "STICK", True)
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((DRIVE, other))
    assert wizard.step is Step.DISC
    assert wizard.disc.list.titles() == ["Drive D:, RIVERSIDE", "Drive E:, STICK"]
    qtbot.keyClick(wizard.disc.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.discs.reads == [PATH])


def test_an_empty_drive_cannot_be_read(wizard: DiscWizard) -> None:
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((Drive("D:", DriveKind.OPTICAL),))
    assert not _next_is_allowed(wizard)


def test_a_drive_that_comes_is_listed_by_the_news_of_drives(
    wizard: DiscWizard, queries: Queries, desk: FakeDesk, qtbot: QtBot
) -> None:
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    queries.drives_changed.emit((DRIVE,))
    qtbot.waitUntil(lambda: desk.discs.reads == [PATH])


def test_a_folder_can_be_read(wizard: DiscWizard, desk: FakeDesk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.discs.media[str(tmp_path)] = ONE_PATIENT
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.choose_folder(str(tmp_path))
    qtbot.waitUntil(lambda: wizard.case.reading_finished)
    assert wizard.case.contents == ONE_PATIENT
    assert wizard.page.footer().eject is None


# --- page 3: what is on it ----------------------------------------------------------------------------------


def test_only_what_the_form_asks_for_is_ticked(wizard: DiscWizard, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.footer.words.startswith("42 images ticked"))
    assert _next_is_allowed(wizard)


def test_ticking_more_asks_for_a_reason_with_its_clause(wizard: DiscWizard, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    model = wizard.contents.model
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    chest = model.index(1, 0, model.index(0, 0))
    model.setData(chest, Qt.CheckState.Checked, CHECK)
    qtbot.waitUntil(lambda: wizard.contents.reason.isVisible())
    assert not _next_is_allowed(wizard)
    qtbot.keyClicks(wizard.contents.reason, "asked for by the consultant")
    assert _next_is_allowed(wizard)
    assert wizard.case.order is not None
    assert wizard.case.order.everything_reason == "asked for by the consultant"


def test_ticking_another_patient_takes_the_ticks_of_the_first(wizard: DiscWizard, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    model = wizard.contents.model
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    model.setData(model.index(1, 0), Qt.CheckState.Checked, CHECK)
    qtbot.waitUntil(lambda: model.data(model.index(1, 0), CHECK) is Qt.CheckState.Checked)
    assert model.data(model.index(0, 0), CHECK) is Qt.CheckState.Unchecked
    assert wizard.case.patient == DONALD


def test_space_ticks_and_unticks_in_the_tree(wizard: DiscWizard, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    tree, model = wizard.contents.tree, wizard.contents.model
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    tree.setCurrentIndex(model.index(0, 0, model.index(0, 0)))
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert wizard.case.series == frozenset()
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert wizard.case.series == {"1.2.1.1", "1.2.1.2"}


def test_a_click_on_the_tick_toggles_it(wizard: DiscWizard, qtbot: QtBot) -> None:
    _read(wizard, qtbot)
    tree, model = wizard.contents.tree, wizard.contents.model
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    study = model.index(0, 0, model.index(0, 0))
    qtbot.waitUntil(lambda: tree.visualRect(study).height() > 0)
    at = tree.visualRect(study)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.left() + 12, at.center().y()))
    assert wizard.case.series == frozenset()


def test_what_is_closed_in_the_tree_stays_closed_while_the_disc_is_read(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.steps[PATH] = [ONE_PATIENT]
    desk.discs.gate.clear()
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((DRIVE,))
    tree, model = wizard.contents.tree, wizard.contents.model
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    assert tree.isExpanded(model.index(0, 0))
    tree.collapse(model.index(0, 0))
    desk.discs.gate.set()
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    assert not tree.isExpanded(model.index(0, 0))


def test_reading_shows_how_far_it_is_and_can_be_stopped(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.steps[PATH] = [ONE_PATIENT]
    desk.discs.gate.clear()
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((DRIVE,))
    qtbot.waitUntil(lambda: "1 of 2 files" in wizard.contents.progress.words)
    assert not _next_is_allowed(wizard)
    assert wizard.rail.steps[Step.CONTENTS].view.line == "Reading, 50 %"
    wizard.contents.progress.cancel.click()
    qtbot.waitUntil(lambda: not wizard.contents.progress.isVisible())
    assert wizard.case.contents == ONE_PATIENT
    assert not wizard.case.reading_finished
    desk.discs.gate.set()


def test_disc_health_groups_what_was_found(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.media[PATH] = DAMAGED
    _read(wizard, qtbot)
    qtbot.waitUntil(lambda: "1 file is damaged" in wizard.contents.health.titles())
    assert wizard.contents.health.titles()[0] == "1 file is damaged"


def test_the_list_of_missing_files_can_be_copied_for_the_sender_without_the_patients_name(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = DAMAGED
    _read(wizard, qtbot)
    qtbot.waitUntil(lambda: "3 files are missing" in wizard.contents.health.titles())
    line = next(line for line in wizard.contents.health.lines if line.action is HealthAction.COPY_LIST)
    wizard.contents.health.asked.emit(line.action, line)
    copied = QGuiApplication.clipboard().text()
    assert "06396375" in copied
    assert "IM/2" in copied
    assert "MOUSE" not in copied


def test_a_disc_imported_before_is_said(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.imports.seen_before = (
        Finding(FindingCode.ALREADY_IMPORTED, Severity.WARNING, "Imported before as 2026-000001", "1.2.2"),
    )
    _read(wizard, qtbot)
    qtbot.waitUntil(lambda: "Imported before: Chest PA" in wizard.contents.health.titles())


def test_a_disc_that_cannot_be_read_says_why_and_offers_to_read_again(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    contents = desk.discs.media.pop(PATH)
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((DRIVE,))
    qtbot.waitUntil(lambda: wizard.contents.error.isVisible())
    assert wizard.contents.error.title.text() == "The disc cannot be read"
    desk.discs.media[PATH] = contents
    wizard.contents.error.button.click()
    qtbot.waitUntil(lambda: wizard.case.reading_finished)


def test_ejecting_before_the_start_gives_the_disc_up(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    _read(wizard, qtbot)
    act = wizard.page.footer().eject
    assert act is not None
    act.run()
    qtbot.waitUntil(lambda: wizard.step is Step.DISC)
    assert desk.discs.ejected == [DRIVE]
    assert wizard.case.source is None


def test_a_drive_that_will_not_open_says_so(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.eject_error = Permanent("The drive will not open", "Another program uses it.", "Close it.")
    _read(wizard, qtbot)
    act = wizard.page.footer().eject
    assert act is not None
    act.run()
    qtbot.waitUntil(lambda: wizard.error.isVisible())
    assert wizard.case.source is not None


def test_pictures_of_the_series_arrive(wizard: DiscWizard, qtbot: QtBot) -> None:
    from iep_desktop.ui.disc_wizard.tree_model import Role

    _read(wizard, qtbot)
    model = wizard.contents.model
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    series = model.index(0, 0, model.index(0, 0, model.index(0, 0)))
    qtbot.waitUntil(lambda: model.data(series, Role.THUMBNAIL) is not None)
    assert model.data(series, Role.THUMBNAIL).width() == 8


# --- page 4: whose it is ------------------------------------------------------------------------------------


def test_who_agrees_can_go_on_at_once(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.media[PATH] = ONE_PATIENT
    _assessed(wizard, qtbot)
    assert _next_is_allowed(wizard)
    assert wizard.match.table.text(0, 3) == "MOUSE, Minnie  all three agree"


def test_one_of_several_patients_is_confirmed_by_a_button(wizard: DiscWizard, qtbot: QtBot) -> None:
    _assessed(wizard, qtbot)
    assert not _next_is_allowed(wizard)
    button = wizard.match.checks.button("match", Remedy.THIS_PATIENT)
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))
    assert wizard.case.decision is not None
    assert "name, date of birth, sex agree" in wizard.case.decision.grounds


def test_saying_that_the_disc_is_wrong_records_the_grounds_and_opens_the_gate(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = disc(MINNIE_OTHER_DAY)
    _assessed(wizard, qtbot)
    assert wizard.footer.words == "1 thing still blocks"
    button = wizard.match.checks.button("match", Remedy.DISC_IS_WRONG)
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))
    assert wizard.case.decision is not None
    assert "17/08/1961" in wizard.case.decision.grounds


def test_a_decision_can_be_taken_back(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.media[PATH] = disc(MINNIE_OTHER_DAY)
    _assessed(wizard, qtbot)
    wizard.case.decide("wrong")
    qtbot.waitUntil(lambda: wizard.match.checks.button("match", Remedy.TAKE_BACK) is not None)
    button = wizard.match.checks.button("match", Remedy.TAKE_BACK)
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: wizard.match.checks.button("match", Remedy.DISC_IS_WRONG) is not None)
    assert wizard.case.decision is None


def _ask_second_person(wizard: DiscWizard, qtbot: QtBot) -> SecondPersonDialog:
    dialogs: list[SecondPersonDialog] = []
    wizard.match.asks_second_person.connect(dialogs.append)
    button = wizard.match.checks.button("second-person", Remedy.SECOND_PERSON)
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: bool(dialogs))
    return dialogs[0]


def test_with_nothing_in_common_a_second_person_must_confirm(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = disc(replace(DONALD, studies=MINNIE.studies))
    _assessed(wizard, qtbot)
    dialog = _ask_second_person(wizard, qtbot)
    assert not dialog.confirm.isEnabled()
    qtbot.keyClicks(dialog.who, "B. Colleague")
    qtbot.keyClicks(dialog.role, "radiographer")
    qtbot.keyClicks(dialog.grounds, "spoke to the requester")
    assert dialog.confirm.isEnabled()
    dialog.confirm.click()
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))
    decision = wizard.case.decision
    assert decision is not None
    assert (decision.decided_by, decision.confirmed_by) == ("operator", "B. Colleague, radiographer")
    assert decision.grounds == "spoke to the requester"


def test_the_first_person_cannot_be_the_second(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.media[PATH] = disc(replace(DONALD, studies=MINNIE.studies))
    _assessed(wizard, qtbot)
    dialog = _ask_second_person(wizard, qtbot)
    qtbot.keyClicks(dialog.who, " OPERATOR ")
    qtbot.keyClicks(dialog.role, "operator")
    qtbot.keyClicks(dialog.grounds, "sure")
    assert not dialog.confirm.isEnabled()
    dialog.reject()


def test_a_patient_looked_up_on_the_pas_is_registered(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.imports.pacs = None
    desk.discs.media[PATH] = ONE_PATIENT
    _assessed(wizard, qtbot)
    button = wizard.match.checks.button("registered", Remedy.LOOKED_ON_PAS)
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))
    assert wizard.case.registered_by == "operator"


def test_a_pacs_that_does_not_answer_can_be_asked_again(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    known, desk.imports.pacs = desk.imports.pacs, None
    desk.imports.pacs_error = NodeUnreachable("PACS does not answer", "", "Ask again.")
    desk.discs.media[PATH] = ONE_PATIENT
    _assessed(wizard, qtbot)
    button = wizard.match.checks.button("registered", Remedy.ASK_PACS_AGAIN)
    assert button is not None
    desk.imports.pacs, desk.imports.pacs_error = known, None
    button.click()
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))


def test_correct_the_form_goes_to_its_page(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    assert desk.imports.pacs is not None
    desk.imports.pacs = replace(desk.imports.pacs, name="DUCK^Daisy")
    _assessed(wizard, qtbot)
    button = wizard.match.checks.button("pacs-contradicts", Remedy.CORRECT_FORM)
    assert button is not None
    button.click()
    assert wizard.step is Step.CALL


def test_what_blocks_may_be_left_to_wait(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.media[PATH] = disc(MINNIE_OTHER_DAY)
    _assessed(wizard, qtbot)
    act = wizard.page.footer().right
    assert act is not None
    act.run()
    assert wizard.step is Step.RIS


# --- page 5: RIS --------------------------------------------------------------------------------------------


def _at_ris(wizard: DiscWizard, qtbot: QtBot) -> None:
    _assessed(wizard, qtbot)
    wizard.show_step(Step.RIS)


def test_a_line_an_exam_takes_an_accession_number(wizard: DiscWizard, qtbot: QtBot) -> None:
    _at_ris(wizard, qtbot)
    qtbot.keyClicks(wizard.ris.edits["1.2.1"], "RWE1234567")
    assert wizard.case.ris_lines[0].accession == "RWE1234567"
    assert _next_is_allowed(wizard)


def test_an_accession_number_may_be_left_for_later(wizard: DiscWizard, qtbot: QtBot) -> None:
    _at_ris(wizard, qtbot)
    assert wizard.footer.words == "1 to enter later"
    assert _next_is_allowed(wizard)


def test_more_than_sixteen_characters_cannot_be_typed(wizard: DiscWizard, qtbot: QtBot) -> None:
    _at_ris(wizard, qtbot)
    qtbot.keyClicks(wizard.ris.edits["1.2.1"], "12345678901234567890")
    assert len(wizard.case.ris_lines[0].accession) == 16


def test_two_exams_cannot_have_one_ris_event(wizard: DiscWizard, qtbot: QtBot) -> None:
    _assessed(wizard, qtbot)
    wizard.case.set_ticks(wizard.case.ticks.set_study(CHEST_PA, True))
    wizard.case.set_reason("asked for")
    wizard.show_step(Step.RIS)
    qtbot.keyClicks(wizard.ris.edits["1.2.1"], "A1")
    qtbot.keyClicks(wizard.ris.edits["1.2.2"], "A1")
    assert not _next_is_allowed(wizard)
    qtbot.keyClicks(wizard.ris.edits["1.2.2"], "B")
    assert _next_is_allowed(wizard)


@pytest.mark.parametrize("wrong", ["A\\B"])
def test_a_backslash_is_refused(wizard: DiscWizard, qtbot: QtBot, wrong: str) -> None:
    _at_ris(wizard, qtbot)
    qtbot.keyClicks(wizard.ris.edits["1.2.1"], wrong)
    assert not _next_is_allowed(wizard)


# --- page 6: go ---------------------------------------------------------------------------------------------


def _at_go(wizard: DiscWizard, qtbot: QtBot) -> None:
    _assessed(wizard, qtbot)
    wizard.case.decide("compared")
    wizard.case.set_accession("1.2.1", "RWE1234567")
    wizard.show_step(Step.GO)
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))


def _start(wizard: DiscWizard, qtbot: QtBot) -> None:
    _at_go(wizard, qtbot)
    with qtbot.waitSignal(wizard.import_started):
        wizard.go_on()
    qtbot.waitUntil(lambda: bool(wizard.go.progress.words()))


def test_the_summary_says_who_what_and_where_to(wizard: DiscWizard, qtbot: QtBot) -> None:
    _at_go(wizard, qtbot)
    lines = dict(wizard.go.summary_lines())
    assert lines["Patient"] == "MOUSE, Minnie, 17/03/1961, S999111, NHS 999 000 0018"
    assert lines["From"] == "Riverside General Hospital"
    assert lines["To"] == "UHLPACSWFM01"
    assert "42 images" in lines["Study"]
    assert "RWE1234567" in lines["Study"]


def test_start_creates_the_import_with_what_was_decided(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    _start(wizard, qtbot)
    (order,) = desk.imports.created
    assert order.patient == MINNIE
    assert order.series == {"1.2.1.1", "1.2.1.2"}
    assert order.exams[0].accession == "RWE1234567"
    assert order.decision is not None


def test_progress_follows_the_ledger(
    wizard: DiscWizard, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    _start(wizard, qtbot)
    assert wizard.go.progress.words() == ["0 of 42 in PACS, 42 still on the disc"]
    known = desk.reading.known
    known[1] = moved(known[1], "sent", Status.DOWNLOADING)
    queries.ledger_changed.emit()
    qtbot.waitUntil(lambda: wizard.go.progress.words() == ["42 of 42 in PACS"])
    known[1] = moved(known[1], "verified", Status.DELIVERED)
    queries.ledger_changed.emit()
    qtbot.waitUntil(lambda: wizard.go.progress.words() == ["42 images, verified"])


def test_the_disc_may_go_when_its_images_are_copied(
    wizard: DiscWizard, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    _start(wizard, qtbot)
    act = wizard.page.footer().eject
    assert act is not None
    assert not act.enabled
    desk.reading.known[1] = moved(desk.reading.known[1], "spooled", Status.STARTED)
    queries.ledger_changed.emit()
    qtbot.waitUntil(lambda: (act := wizard.page.footer().eject) is not None and act.enabled)
    wizard.footer.eject.click()
    qtbot.waitUntil(lambda: desk.discs.ejected == [DRIVE])


def test_a_blocked_import_says_that_it_waits_and_why(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = disc(MINNIE_OTHER_DAY)
    _assessed(wizard, qtbot)
    wizard.case.go_on_incomplete()
    wizard.show_step(Step.GO)
    qtbot.waitUntil(lambda: wizard.page.footer().next_text == "Crea&te, to wait")
    assert "Date of birth: form and disc differ" in wizard.go.checks.titles()
    with qtbot.waitSignal(wizard.import_started):
        wizard.go_on()
    qtbot.waitUntil(lambda: "Still needed" in dict(wizard.go.summary_lines()))


def test_an_import_that_cannot_be_created_says_why_and_can_be_tried_again(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.imports.create_error = Permanent("No PACS node is set up", "", "Add it in Admin, Nodes.")
    _at_go(wizard, qtbot)
    wizard.go_on()
    qtbot.waitUntil(lambda: wizard.go.error.isVisible())
    assert wizard.case.started_now is None
    desk.imports.create_error = None
    with qtbot.waitSignal(wizard.import_started):
        wizard.go.error.button.click()


def test_a_second_press_while_it_is_being_created_creates_nothing_more(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    _at_go(wizard, qtbot)
    desk.imports.gate.clear()
    wizard.go_on()
    wizard.go_on()
    wizard.go.next()
    desk.imports.gate.set()
    qtbot.waitUntil(lambda: wizard.case.started_now is not None)
    assert len(desk.imports.created) == 1


def test_the_receipt_is_a_pdf(wizard: DiscWizard, tmp_path: Path, qtbot: QtBot) -> None:
    _start(wizard, qtbot)
    path = tmp_path / "receipt.pdf"
    wizard.go.save_receipt(str(path))
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.read_bytes().rstrip().endswith(b"%%EOF")


def test_a_receipt_that_cannot_be_written_says_why(wizard: DiscWizard, tmp_path: Path, qtbot: QtBot) -> None:
    _start(wizard, qtbot)
    wizard.go.save_receipt(str(tmp_path / "nowhere" / "receipt.pdf"))
    assert wizard.go.error.isVisible()
    assert "receipt" in wizard.go.error.title.text()


def test_two_patients_go_one_by_one(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    _start(wizard, qtbot)
    assert wizard.page.footer().next_text == "&Next patient: DUCK, Donald"
    wizard.go_on()
    assert wizard.step is Step.CALL
    assert (wizard.case.text.family, wizard.case.text.call_ref) == ("", "06396375")
    assert (
        wizard.rail.steps[Step.MATCH].view.state is StepState.WAITING
    )  # what was assessed was the first patient
    wizard.case.set_text(
        replace(
            wizard.case.text, family="DUCK", given="Donald", birth_date="09/06/1934", hospital_no="S999222",
            nhs_no="999 000 0026", address="1 Quay", exams=(ExamText("MR", "knee", "", "29/10/2026"),),
        )
    )  # fmt: skip
    wizard.show_step(Step.MATCH)
    desk.imports.pacs = None
    qtbot.waitUntil(lambda: wizard.assessor.assessment is not None)
    wizard.case.looked_up_on_pas()
    wizard.case.decide("compared")
    wizard.show_step(Step.GO)
    qtbot.waitUntil(lambda: _next_is_allowed(wizard))
    wizard.go_on()
    qtbot.waitUntil(lambda: len(desk.imports.created) == 2)
    assert desk.imports.created[1].patient == DONALD
    qtbot.waitUntil(lambda: wizard.page.footer().next_text == "&Next disc")


def test_the_next_disc_keeps_the_call_and_counts_on(
    wizard: DiscWizard, desk: FakeDesk, queries: Queries, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = ONE_PATIENT
    _start(wizard, qtbot)
    assert wizard.page.footer().next_text == "&Next disc"
    wizard.go_on()
    assert wizard.step is Step.DISC
    assert wizard.case.text.disc_no == "3"
    assert len(desk.discs.reads) == 1  # the disc that is done is not read again by itself
    queries.drives_changed.emit(())
    queries.drives_changed.emit((DRIVE,))
    qtbot.waitUntil(lambda: len(desk.discs.reads) == 2)


def test_the_rail_follows_with_ticks_and_live_lines(wizard: DiscWizard, qtbot: QtBot) -> None:
    _assessed(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.rail.steps[Step.CONTENTS].view.state is StepState.DONE)
    steps = wizard.rail.steps
    assert [steps[step].view.state for step in Step] == [
        "done",
        "done",
        "done",
        "current",
        "waiting",
        "waiting",
    ]
    assert steps[Step.CALL].view.line == "06396375, form complete"
    assert steps[Step.DISC].view.line == "Drive D:, RIVERSIDE"
    assert steps[Step.CONTENTS].view.line == "2 patients, 3 studies"
    assert steps[Step.MATCH].view.line == "Patient 1 of 2"
    assert steps[Step.RIS].view.line == "1 exam to enter"


def test_a_step_in_the_rail_leads_back(wizard: DiscWizard, qtbot: QtBot) -> None:
    _assessed(wizard, qtbot)
    wizard.rail.steps[Step.CALL].click()
    assert wizard.step is Step.CALL
    assert not wizard.rail.steps[Step.GO].isEnabled()


def test_several_wizards_do_not_share_a_case(open_wizard: Callable[[], DiscWizard]) -> None:
    one, other = open_wizard(), open_wizard()
    one.case.set_text(MINNIE_FORM)
    assert other.case.is_blank
