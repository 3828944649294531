"""New Request as a person uses it, and what arrives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import LedgerBusy
from iep_desktop.core.model import FormKind, Priority
from iep_desktop.core.transaction import Direction, Status, TransactionType
from iep_desktop.ui.create.institution import InstitutionPicker
from iep_desktop.ui.create.page import CreatePage
from iep_desktop.ui.create.request.page import RequestPage
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Select
from iep_desktop.workers.queries import Queries
from tests.ui.create.fake_desk import FakeDesk
from tests.ui.create.samples import MAIL
from tests.ui.fake_desk import HOSPITALS, transaction

KETTERING = "Kettering General Hospital (RNQ)"


def typed(page: RequestPage, name: str, text: str, qtbot: QtBot) -> None:
    edit = page.fields.control(name)
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, text)


def fill(page: RequestPage, qtbot: QtBot) -> None:
    page.fill_from(MAIL)
    page.institution.box.setEditText(KETTERING)
    page.institution.confirm_button.click()
    qtbot.waitUntil(lambda: page.may_send)


def titles(page: RequestPage) -> list[str]:
    return page.side.checks.titles()


def test_a_filled_form_is_sent_and_becomes_a_transaction(
    create: CreatePage, request_page: RequestPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    fill(request_page, qtbot)
    with qtbot.waitSignal(create.created) as made:
        request_page.side.send.click()
    [(to, form)] = desk.requests.sent
    assert to == form.hospital == "RNQ"
    assert (form.call_ref, form.patient.hospital_no, form.patient.nhs_no) == (
        "06396375", "S999111", "9990000018",
    )  # fmt: skip
    assert form.requester.consultant == "Dr C. Consultant"
    assert [exam.label for exam in form.exams] == ["CT Chest with contrast, 02/11/2026"]
    assert made.args[0].type.value == "Request"
    assert not request_page.isVisible()


def test_the_institution_is_picked_confirmed_and_fixed_from_then_on(
    request_page: RequestPage, qtbot: QtBot
) -> None:
    """R-TX-2."""
    picker = request_page.institution
    picker.box.setFocus()
    picker.box.setEditText("kettering general hospital")  # typed, its list of names would open over it
    assert picker.ods == "RNQ"
    qtbot.keyClick(picker.box.lineEdit(), Qt.Key.Key_Return)
    assert picker.window().focusWidget() is picker.confirm_button
    assert not picker.is_confirmed
    assert "The institution is not confirmed" in titles(request_page)
    qtbot.keyClick(picker.confirm_button, Qt.Key.Key_Space)
    assert picker.is_confirmed
    assert not picker.box.isVisible()
    request_page.fill_from("Hospital: University Hospitals of Derby and Burton (RTG)\n" + MAIL)
    assert request_page.order().hospital == "RNQ"


def test_a_complete_form_is_not_sent_before_its_institution_is_confirmed(
    request_page: RequestPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-TX-2."""
    request_page.fill_from(MAIL)
    request_page.institution.box.setEditText(KETTERING)
    qtbot.waitUntil(lambda: "Call 06396375 logged" in titles(request_page))
    qtbot.waitUntil(lambda: request_page.gate.answer_to(request_page._order) is not None)
    assert request_page.gate.answer_to(request_page._order).is_open
    request_page.send()
    assert not request_page.side.send.isEnabled()
    assert not desk.requests.sent


def test_only_clearing_the_form_lets_go_of_a_wrong_institution(
    request_page: RequestPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    fill(request_page, qtbot)
    request_page.side.clear.click()
    assert not request_page.institution.is_confirmed
    assert request_page.institution.typed == ""
    assert request_page.order().patient.name == ""
    qtbot.waitUntil(lambda: not desk.drafts.kept)


def test_an_unknown_institution_cannot_be_confirmed_nor_can_our_own(request_page: RequestPage) -> None:
    for text in ("Hogwarts Infirmary", "University Hospitals of Leicester (RWE)"):
        request_page.institution.box.setEditText(text)
        assert not request_page.institution.confirm_button.isEnabled()
        assert request_page.institution.field.error == "Pick it from the A–Z list."


def test_all_imaging_is_refused_while_it_is_typed(request_page: RequestPage, qtbot: QtBot) -> None:
    """R-GATE-7."""
    fill(request_page, qtbot)
    row = request_page.fields.exams.rows[0]
    row.description.clear()
    qtbot.keyClicks(row.description, "all imaging")
    assert "cannot be asked for" in row.problem.text()
    assert not request_page.side.send.isEnabled()
    row.description.clear()
    qtbot.keyClicks(row.description, "all vertebrae")
    qtbot.waitUntil(lambda: request_page.side.send.isEnabled())


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("nhs_no", "9990000081", "check digit"),
        ("hospital_no", "X1", "Not a hospital number"),
        ("birth_date", "31/02/1961", "Not a date"),
        ("call_ref", "??", "Not a call reference"),
        ("needed_by", "01/01/2020", "past"),
        ("requester_email", "nobody", "Not an e-mail"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_while_it_is_typed(
    request_page: RequestPage, name: str, text: str, problem: str, qtbot: QtBot
) -> None:
    fill(request_page, qtbot)
    typed(request_page, name, text, qtbot)
    assert problem in request_page.fields.problem(name)
    assert not request_page.side.send.isEnabled()


def test_without_an_nhs_number_the_reason_is_asked_for(request_page: RequestPage, qtbot: QtBot) -> None:
    """R-ID-4."""
    fill(request_page, qtbot)
    typed(request_page, "nhs_no", "", qtbot)
    qtbot.waitUntil(lambda: "NHS number is missing" in titles(request_page))
    assert not request_page.side.send.isEnabled()
    typed(request_page, "nhs_no_absent_reason", "Visitor from abroad", qtbot)
    qtbot.waitUntil(lambda: request_page.side.send.isEnabled())


def test_a_blue_light_asks_why_and_a_standard_one_does_not(request_page: RequestPage, qtbot: QtBot) -> None:
    fill(request_page, qtbot)
    reason = request_page.fields.control("priority_reason")
    assert not reason.isVisible()
    priority = request_page.fields.control("priority")
    assert isinstance(priority, Select)
    priority.set_value(Priority.BLUE_LIGHT)
    assert reason.isVisible()
    qtbot.waitUntil(lambda: "A Blue Light needs its reason" in titles(request_page))
    typed(request_page, "priority_reason", "Theatre at 16:00", qtbot)
    qtbot.waitUntil(lambda: request_page.side.send.isEnabled())


def test_outside_hours_the_screen_says_until_when_a_standard_request_waits(
    request_page: RequestPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-TIME-4."""
    desk.transfers.until = datetime(2026, 11, 25, 8, tzinfo=UTC)
    request_page._ask_hours()
    qtbot.waitUntil(lambda: "Waits until 25/11/2026 08:00" in titles(request_page))
    priority = request_page.fields.control("priority")
    assert isinstance(priority, Select)
    priority.set_value(Priority.BLUE_LIGHT)
    qtbot.waitUntil(lambda: "A Blue Light runs at once" in titles(request_page))


def test_the_history_stands_beside_the_form_and_opens_with_one_press(
    create: CreatePage, request_page: RequestPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    """R-GATE-10."""
    desk.reading.rows.append(transaction(4402))
    desk.requests.earlier = ("2026-004402, CT Chest, Delivered 06/11/2026",)
    fill(request_page, qtbot)
    assert request_page.side.seen.lines == desk.requests.earlier
    link = request_page.side.seen.findChild(QPushButton)
    assert isinstance(link, QPushButton)
    assert link.text() == "Open 2026-004402"
    with qtbot.waitSignal(create.shown) as shown:
        link.click()
    assert shown.args[0].id == 4402


def test_a_draft_is_kept_while_typing_and_offered_the_next_time(
    request_page: RequestPage, desk: FakeDesk, queries: Queries, theme: Theme, qtbot: QtBot
) -> None:
    fill(request_page, qtbot)
    qtbot.waitUntil(lambda: bool(desk.drafts.kept), timeout=3000)
    qtbot.waitUntil(lambda: request_page.side.saved.text().startswith("Draft saved"))
    again = RequestPage(desk, queries, theme)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: not again.offer.isHidden())
    assert "06396375, MOUSE, Minnie" in again.offer.text.text()
    again.offer.take.click()
    qtbot.waitUntil(lambda: again.may_send)
    assert again.institution.is_confirmed
    assert again.order() == request_page.order()


def test_a_discarded_draft_is_gone(desk: FakeDesk, queries: Queries, theme: Theme, qtbot: QtBot) -> None:
    desk.drafts.save("request", "1", json.dumps({"form": {"family": "MOUSE"}}))
    page = RequestPage(desk, queries, theme)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: not page.offer.isHidden())
    page.offer.drop.click()
    qtbot.waitUntil(lambda: not desk.drafts.kept)
    assert page.order().patient.name == ""


def test_a_damaged_draft_is_an_empty_form(
    desk: FakeDesk, queries: Queries, theme: Theme, qtbot: QtBot
) -> None:
    desk.drafts.save("request", "1", "{")
    page = RequestPage(desk, queries, theme)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: not page.offer.isHidden())
    page.offer.take.click()
    assert page.order().call_ref == ""


def test_what_could_not_be_sent_stays_and_is_sent_again(
    create: CreatePage, request_page: RequestPage, desk: FakeDesk, qtbot: QtBot
) -> None:
    fill(request_page, qtbot)
    desk.requests.error = LedgerBusy("The ledger is busy", "Another program holds it.")
    request_page.side.send.click()
    qtbot.waitUntil(request_page.error.isVisible)
    assert request_page.error.title.text() == "The ledger is busy"
    assert not desk.requests.sent
    desk.requests.error = None
    qtbot.waitUntil(lambda: request_page.may_send)
    with qtbot.waitSignal(create.created):
        request_page.error.button.click()
    assert len(desk.requests.sent) == 1


def test_the_delivery_node_is_our_pacs(request_page: RequestPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: request_page.fields.node.text() == "UHLPACSWFM01")
    assert request_page.fields.node.isReadOnly()


def test_every_control_has_a_name_to_be_heard(request_page: RequestPage) -> None:
    edits = [edit for edit in request_page.findChildren(QLineEdit) if edit.isVisible()]
    assert len(edits) > 10
    assert not [
        e.objectName()
        for e in edits
        if not e.accessibleName()
        and not isinstance(e.parent(), Select)
        and e.parent() is not request_page.institution.box
    ]


@pytest.mark.parametrize(
    ("status", "deed", "title"),
    [(Status.DECLINED, "send again", "Re-work"), (Status.STARTED, "give details", "Complete")],
)
def test_a_request_of_ours_is_sent_again_as_the_same_transaction(
    create: CreatePage, desk: FakeDesk, status: Status, deed: str, title: str, qtbot: QtBot
) -> None:
    """R-TX-6, R-TX-7."""
    ours = transaction(
        70,
        type=TransactionType.REQUEST,
        status=status,
        sender="RWE",
        recipient="RNQ",
        direction=Direction.OUT,
    )
    ours = replace(ours, form=replace(ours.form, kind=FormKind.IMPORT, hospital="RNQ"))
    desk.reading.rows.append(ours)
    create.rework(ours)
    page = create.request_page
    qtbot.waitUntil(lambda: page.heading.text() == f"{title} 2026-000070")
    assert page.institution.is_confirmed
    typed(page, "address", "13 Harbour Rd", qtbot)
    qtbot.waitUntil(lambda: page.side.send.isEnabled())
    with qtbot.waitSignal(create.created) as sent:
        page.side.send.click()
    [(done, id_, form)] = desk.requests.again
    assert (done, id_, form.patient.address) == (deed, 70, "13 Harbour Rd")
    assert sent.args[0].id == 70
    assert not desk.requests.sent
    assert not desk.drafts.kept, "the ledger has it already"
    create.open_request()
    assert page.heading.text() == "New Request"


def test_an_institution_that_is_shown_before_the_list_has_come_gets_its_name_from_it(
    theme: Theme, show: Callable[[QWidget], None]
) -> None:
    picker = InstitutionPicker(theme)
    show(picker)
    picker.show_institution("RNQ", "RNQ", True)
    assert (picker.ods, picker.is_confirmed) == ("RNQ", True)
    picker.set_hospitals(HOSPITALS)
    assert picker.name.text() == KETTERING
    assert picker.ods == "RNQ"


def test_no_word_beside_the_form_is_cut_at_1280_by_720(request_page: RequestPage, qtbot: QtBot) -> None:
    page = request_page
    qtbot.waitUntil(lambda: len(page.side.checks.titles()) > 8)

    def cut() -> list[str]:
        labels = [
            label for label in page.side.checks.findChildren(QLabel) if label.isVisible() and label.text()
        ]
        room = page.side.width() - 16
        return [
            label.text()
            for label in labels
            if label.height() < label.heightForWidth(label.width())
            or label.mapTo(page.side, QPoint(label.width(), 0)).x() > room
        ]

    qtbot.waitUntil(lambda: cut() == [])
