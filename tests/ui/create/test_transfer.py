"""New Transfer as a person uses it, what stands beside it, and what arrives."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from iep_desktop.core.model import FormKind, RecipientKind
from iep_desktop.core.transaction import TransactionType
from iep_desktop.core.viewing import Review
from iep_desktop.ui.create.page import CreatePage
from iep_desktop.ui.create.study_rows import Column
from iep_desktop.ui.create.transfer.page import TransferPage
from tests.ui.create.fake_desk import STUDIES, FakeDesk, study
from tests.ui.create.samples import MAIL
from tests.ui.fake_desk import NOW, UNREACHABLE, MemoryState, transaction

NOTTINGHAM = "Nottingham University Hospitals (RX1)"


def fill(page: TransferPage, qtbot: QtBot) -> None:
    """Everything but images."""
    page.fill_from(MAIL)
    page.institution.box.setEditText(NOTTINGHAM)
    page.institution.confirm_button.click()
    typed(page, "recipient_name", "Dr N. Radiologist", qtbot)
    qtbot.waitUntil(lambda: page.node.count() > 0)


def typed(page: TransferPage, name: str, text: str, qtbot: QtBot) -> None:
    edit = page.who.control(name)
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, text)


def search(page: TransferPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.studies.found):
        page.criteria.search.click()


def titles(page: TransferPage) -> list[str]:
    return page.side.checks.titles()


def cell(page: TransferPage, row: int, column: Column) -> str:
    return str(page.studies.table.proxy.index(row, column).data())


def test_ticked_studies_are_sent_with_the_form(
    create: CreatePage, transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    assert not page.studies.ticked, "nothing is ticked to begin with (R-GATE-8)"
    page.studies.focus_first()
    qtbot.keyClick(page.studies.table, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.side.send.isEnabled())
    with qtbot.waitSignal(create.created):
        page.side.send.click()
    [order] = desk.transfers.sent
    assert (order.to, order.destination_node) == ("RX1", "NUH Radiology PACS")
    assert [study.description for study in order.studies] == ["Head"]
    assert (order.form.kind, order.form.recipient.name) == (FormKind.EXPORT, "Dr N. Radiologist")
    assert order.form.recipient.kind is RecipientKind.INSTITUTION
    assert not page.studies.rows.studies, "the next form begins empty"


def test_the_kind_of_recipient_is_fixed_with_it(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-FORM, R-TX-2."""
    page = transfer_page
    page.kind._buttons[RecipientKind.INDIVIDUAL.value].click()
    assert page.institution.field.label.text() == "Where the &individual works"
    fill(page, qtbot)
    assert not page.kind.isEnabled()
    assert page.order().form.recipient.kind is RecipientKind.INDIVIDUAL


def test_a_named_person_must_receive_the_images(transfer_page: TransferPage, qtbot: QtBot) -> None:
    """R-GATE-4."""
    fill(transfer_page, qtbot)
    typed(transfer_page, "recipient_name", "", qtbot)
    qtbot.waitUntil(lambda: "The person who receives the images is not named" in titles(transfer_page))


def test_pacs_is_asked_by_what_stands_in_the_fields(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = transfer_page
    fill(page, qtbot)
    bar = page.criteria
    qtbot.keyClicks(bar.date_from, "01112026")
    qtbot.keyClicks(bar.date_to, "24/11/2026")
    qtbot.keyClicks(bar.description, "Chest")
    qtbot.keyClicks(bar.accession, "RWE0000001")
    bar.choose_modalities(["CT", "MR"])
    assert bar.modalities.text() == "CT, MR"
    with qtbot.waitSignal(page.studies.found):
        qtbot.keyClick(bar.description, Qt.Key.Key_Return)
    [criteria] = desk.transfers.asked
    assert criteria.patient_ids == ("S999111", "RWES999111")
    assert str(criteria.date_from) == "2026-11-01"
    assert str(criteria.date_to) == "2026-11-24"
    assert (criteria.description, criteria.accession) == ("Chest", "RWE0000001")
    assert criteria.modalities == frozenset({"CT", "MR"})
    bar.clear.click()
    assert not any((bar.date_from.text(), bar.description.text(), bar.chosen_modalities))
    assert not page.studies.rows.studies


def test_dates_that_are_none_or_stand_the_wrong_way_round_are_not_searched(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    bar = transfer_page.criteria
    qtbot.keyClicks(bar.date_from, "31/02/2026")
    bar.search.click()
    assert bar.problem("date_from") == "Not a date: DD/MM/YYYY."
    bar.date_from.clear()
    qtbot.keyClicks(bar.date_from, "02/11/2026")
    qtbot.keyClicks(bar.date_to, "01/11/2026")
    bar.search.click()
    assert bar.problem("date_to") == "This is before the first day."
    assert not desk.transfers.asked


def test_results_are_sorted_and_filtered_and_keep_their_ticks(
    transfer_page: TransferPage, qtbot: QtBot
) -> None:
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    table = page.studies.table
    assert cell(page, 3, Column.DATE) == "14/06/2023", "the newest stand first"
    table.sortByColumn(Column.IMAGES, Qt.SortOrder.AscendingOrder)
    assert [cell(page, row, Column.IMAGES) for row in range(4)] == ["1", "2", "101", "102"]
    page.studies.rows.tick(frozenset({STUDIES[1].study_uid}))
    table.filter_by("ct spine")
    assert [cell(page, row, Column.STUDY) for row in range(table.proxy.rowCount())] == ["Cervical spine"]
    assert cell(page, 0, Column.ACCESSION) == "RWE0000002"
    table.filter_by("")
    assert page.studies.ticked == (STUDIES[1],)
    spoken = table.proxy.index(3, Column.STUDY).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Cervical spine, CT, 24/11/2026, RWE0000002, 102 images, ticked"


def test_another_patients_study_is_shown_marked_and_refused(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    other = study(9, "Knee", patient_id="S999112", patient_name="DUCK^Daisy")
    desk.transfers.studies = (*STUDIES, other)
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    notes = [cell(page, row, Column.NOTE) for row in range(5)]
    assert "Another patient: DUCK, Daisy" in notes
    at = page.studies.table.proxy.mapFromSource(page.studies.rows.index(4, Column.STUDY))
    page.studies.table.toggle(at)
    qtbot.waitUntil(lambda: "Study 1 belongs to another patient" in titles(page))
    assert not page.side.send.isEnabled()


def test_results_are_thrown_away_when_the_patient_changes(transfer_page: TransferPage, qtbot: QtBot) -> None:
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    page.studies.rows.tick(frozenset({STUDIES[0].study_uid}))
    typed(page, "family", "DUCK", qtbot)
    assert not page.studies.rows.studies
    assert page.studies.said.text() == "The patient is another one now: search again."
    qtbot.waitUntil(lambda: "No study is ticked" in titles(page))


def test_an_answer_for_the_patient_before_never_arrives(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = transfer_page
    fill(page, qtbot)
    desk.transfers.pause = threading.Event()
    page.criteria.search.click()
    assert page.studies.is_searching
    typed(page, "hospital_no", "S999112", qtbot)
    with qtbot.assertNotEmitted(page.studies.found, wait=200):
        desk.transfers.pause.set()
    assert not page.studies.rows.studies


def test_the_address_does_not_make_another_patient(transfer_page: TransferPage, qtbot: QtBot) -> None:
    fill(transfer_page, qtbot)
    search(transfer_page, qtbot)
    typed(transfer_page, "address", "13 Harbour Rd", qtbot)
    assert len(transfer_page.studies.rows.studies) == 4


def test_of_20_000_results_the_first_are_shown_and_it_is_said(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.transfers.studies = tuple(study(number) for number in range(20_000))
    fill(transfer_page, qtbot)
    search(transfer_page, qtbot)
    assert transfer_page.studies.table.proxy.rowCount() == 500
    assert transfer_page.studies.said.isVisible()
    assert "narrow the search" in transfer_page.studies.said.text()


def test_no_result_says_what_to_do_next(transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.transfers.studies = ()
    fill(transfer_page, qtbot)
    search(transfer_page, qtbot)
    assert transfer_page.studies.said.text().startswith("PACS has no such study.")
    assert not transfer_page.studies.table.isVisible()


def test_a_pacs_that_does_not_answer_is_asked_again(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    fill(transfer_page, qtbot)
    desk.transfers.down = UNREACHABLE
    with qtbot.waitSignal(transfer_page.studies.failed):
        transfer_page.criteria.search.click()
    assert transfer_page.studies.error.title.text() == "PACS does not answer"
    desk.transfers.down = None
    with qtbot.waitSignal(transfer_page.studies.found):
        transfer_page.studies.error.button.click()
    assert len(transfer_page.studies.rows.studies) == 4


def test_sending_on_what_came_from_elsewhere_asks_why(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-GATE-8."""
    desk.transfers.from_elsewhere = frozenset({STUDIES[0].study_uid})
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    assert not page.onward.isVisible()
    page.studies.rows.tick(frozenset({STUDIES[0].study_uid}))
    assert page.onward.isVisible()
    qtbot.waitUntil(lambda: "1 of the studies came from another hospital" in titles(page))
    qtbot.keyClicks(page.onward, "The MDT compares both")
    qtbot.waitUntil(lambda: page.side.send.isEnabled())
    assert page.order().onward_reason == "The MDT compares both"


def test_a_report_goes_along_only_when_it_is_ticked_as_correct(
    transfer_page: TransferPage, desk: FakeDesk, tmp_path: Path, qtbot: QtBot
) -> None:
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    page.studies.rows.tick(frozenset({STUDIES[0].study_uid}))
    report = tmp_path / "report.pdf"
    report.write_bytes(b"%PDF-1.4\n%%EOF")
    page.attachments.add_file(str(report))
    qtbot.waitUntil(lambda: len(page.attachments.attachments) == 1)
    page.attachments.add_text("No fracture.")
    qtbot.waitUntil(lambda: "report.pdf: not confirmed that its content is correct" in titles(page))
    for tick in page.attachments.findChildren(QCheckBox):
        tick.setChecked(True)
    qtbot.waitUntil(lambda: page.side.send.isEnabled())
    page.side.send.click()
    qtbot.waitUntil(lambda: bool(desk.transfers.sent))
    names = [(a.name, a.content, a.correct) for a in desk.transfers.sent[0].attachments]
    assert names == [("report.pdf", b"%PDF-1.4\n%%EOF", True), ("report-2.txt", b"No fracture.", True)]


@pytest.mark.parametrize(
    ("name", "size", "title"),
    [
        ("setup.exe", 100, "Only PDF and plain text can be attached"),
        ("no.pdf", 100, "Only PDF and plain text can be attached"),
        ("scan.pdf", 200_000_000, "The document is too large"),
    ],
)
def test_what_cannot_be_attached_is_said_and_the_rest_stays(
    transfer_page: TransferPage, tmp_path: Path, name: str, size: int, title: str, qtbot: QtBot
) -> None:
    transfer_page.attachments.add_text("Kept.")
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"MZ")
        file.truncate(size)
    transfer_page.attachments.add_file(str(path))
    qtbot.waitUntil(lambda: not transfer_page.attachments.is_reading)
    assert transfer_page.attachments.error.title.text() == title
    assert [a.name for a in transfer_page.attachments.attachments] == ["report-1.txt"]


def test_a_removed_attachment_is_gone(transfer_page: TransferPage) -> None:
    transfer_page.attachments.add_text("One.")
    transfer_page.attachments.add_text("Two.")
    transfer_page.attachments._remove(0)
    assert [a.content for a in transfer_page.attachments.attachments] == [b"Two."]


def test_an_accepted_request_is_answered_by_a_transfer_prefilled_from_it(
    create: CreatePage, transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.reading.rows.append(transaction(70, type=TransactionType.REQUEST, sender="RNQ"))
    create.open_transfer(70)
    page = transfer_page
    qtbot.waitUntil(lambda: page.institution.is_confirmed)
    assert page.asked.text() == "Asked for: CT Chest, 02/11/2026"
    assert page.institution.name.text() == "Kettering General Hospital (RNQ)"
    order = page.order()
    assert (order.to, order.request_id) == ("RNQ", 70)
    assert order.form.patient.name == "MOUSE^Minnie"
    assert order.form.patient.hospital_no == "", "our own number is for us to find"
    qtbot.waitUntil(lambda: page.node.currentText() == "Their gateway")


def test_a_draft_brings_back_the_form_but_no_old_results(
    transfer_page: TransferPage, desk: FakeDesk, create: CreatePage, qtbot: QtBot
) -> None:
    fill(transfer_page, qtbot)
    search(transfer_page, qtbot)
    qtbot.waitUntil(lambda: bool(desk.drafts.kept), timeout=3000)
    again = TransferPage(desk, transfer_page.queries, transfer_page.theme, MemoryState())
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: not again.offer.isHidden())
    again.offer.take.click()
    qtbot.waitUntil(lambda: again.institution.is_confirmed and again.institution.name.text() == NOTTINGHAM)
    assert not again.studies.rows.studies
    qtbot.waitUntil(lambda: again.node.count() > 0)
    before, after = transfer_page.order(), again.order()
    assert replace(after, studies=before.studies, form=before.form) == before
    assert replace(after.form, exams=()) == replace(before.form, exams=())


def test_enter_or_a_double_click_shows_a_found_study_and_ticks_nothing(
    create: CreatePage, transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    page, table = transfer_page, transfer_page.studies.table
    fill(page, qtbot)
    search(page, qtbot)
    page.studies.focus_first()
    chosen = page.studies.rows.study_at(table.proxy.mapToSource(table.currentIndex()))
    with qtbot.waitSignal(create.look_wanted) as wanted:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    study_, asked = wanted.args
    assert study_ == chosen
    assert (asked.patient_id, asked.name) == ("S999111", "MOUSE^Minnie")
    where = table.visualRect(table.proxy.index(1, Column.MODALITY)).center()
    qtbot.waitUntil(lambda: table.viewport().rect().contains(where))
    with qtbot.waitSignal(create.look_wanted) as wanted:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
        qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert wanted.args[0] == page.studies.rows.study_at(table.proxy.mapToSource(table.proxy.index(1, 0)))
    assert not page.studies.ticked
    assert page.review.viewer is None


def test_a_ticked_study_opens_in_the_review_at_its_first_series(
    create: CreatePage, transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    page, table = transfer_page, transfer_page.studies.table
    fill(page, qtbot)
    search(page, qtbot)
    page.studies.rows.tick(frozenset(one.study_uid for one in STUDIES[:2]))
    for one in (STUDIES[1], STUDIES[0]):  # the second time, the review stands open
        row = page.studies.rows.studies.index(one)
        table.setCurrentIndex(table.proxy.mapFromSource(page.studies.rows.index(row, 0)))
        qtbot.keyClick(table, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: page.review.viewer is not None)
        viewer = page.review.viewer
        assert viewer is not None
        assert viewer.reviewing is not None
        stack = viewer.panes.active_cell.stack
        assert stack is not None
        assert stack.series.series_uid == f"{one.study_uid}.1"
    create.close_viewer()
    assert page.review.viewer is None, "it closes with the main window"


def test_images_that_are_unticked_in_the_review_stay_here(
    transfer_page: TransferPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = transfer_page
    fill(page, qtbot)
    search(page, qtbot)
    assert not page.review.isVisible(), "there is nothing to review before a study is ticked"
    page.studies.rows.tick(frozenset({STUDIES[0].study_uid}))
    page.review.button.click()
    qtbot.waitUntil(lambda: page.review.viewer is not None)
    viewer = page.review.viewer
    assert viewer is not None
    asked = desk.viewings.asked[0]
    assert asked is not None
    assert (asked.patient_id, asked.name) == ("S999111", "MOUSE^Minnie")
    assert page.review.said.text() == "All 4 images ticked in the review"
    assert viewer.reviewing is not None
    assert viewer.reviewing.bar._mandatory, "the settings ask for it for this destination"
    assert page.order().instances == (), "everything in the study"
    viewer.rail.set_ticked([f"{STUDIES[0].study_uid}.1.1"])
    viewer.ticked_changed.emit()
    assert page.review.said.text() == "1 of 4 images ticked in the review"
    assert [one.sop_instance_uid for one in page.order().instances] == [f"{STUDIES[0].study_uid}.1.1"]
    assert page.order().review is None
    viewer.review_confirmed.emit(Review("A. Operator", NOW, (f"{STUDIES[0].study_uid}.1.1",)))
    assert page.review.said.text() == "1 of 4 images ticked in the review, reviewed by A. Operator"
    confirmed = page.order().review
    assert confirmed is not None
    assert confirmed.by == "A. Operator"
    viewer.rail.set_ticked([])
    viewer.ticked_changed.emit()
    assert page.order().review is None, "other images than were reviewed"
    assert "No image is ticked in the review" in titles(page)
    assert not page.side.send.isEnabled()
    page.studies.rows.tick(frozenset({STUDIES[1].study_uid}))
    assert page.order().instances == (), "other studies: the choice is void"
    qtbot.waitUntil(lambda: page.review.viewer is None)
