"""The doors of Create in the whole program, over real archives and a ledger that the other hospital reads as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from iep_desktop import settings
from iep_desktop.app.session import Session
from iep_desktop.core.model import RecipientKind
from iep_desktop.core.transaction import Direction, Status, TransactionType
from iep_desktop.ui.create.form_page import FormPage
from iep_desktop.ui.theme import Theme, ThemeChoice
from tests.peers import Orthanc
from tests.two_hospitals import THEM, US, Pair, Party, four_archives, pair_over

LONG = 30_000
MAIL = """Call reference: 06396375
Surname: TESTING
First name: ANNA
Date of birth: 01/01/1980
Sex: F
NHS number: 999 000 0018
S number: S999111
Address: 12 Harbour Rd, LE99 9ZZ
Exam: CT Head 10/01/2024
Requester: Dr B. Requester
Consultant: Dr C. Consultant
Department: Respiratory medicine
Telephone: x00000
E-mail: clinic@example.invalid
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


Open = Callable[[Party], Session]


@pytest.fixture
def open_session(qtbot: QtBot, qapp: QApplication) -> Iterator[Open]:
    opened: list[Session] = []

    def start(party: Party) -> Session:
        session = Session(settings.open_profile(party.root), Theme(qapp, ThemeChoice.LIGHT))
        session.show()
        qtbot.addWidget(session.window)
        session.window.show_tab(None)
        opened.append(session)
        return session

    yield start
    for session in opened:
        session.close()


def _confirm(page: FormPage, name: str, qtbot: QtBot) -> None:
    picker = page.institution  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: picker.box.hospital_count > 0, timeout=LONG)
    picker.box.setEditText(name)
    qtbot.keyClick(picker.confirm_button, Qt.Key.Key_Space)
    assert picker.is_confirmed


def _type(edit: object, text: str, qtbot: QtBot) -> None:
    assert isinstance(edit, QLineEdit)
    qtbot.keyClicks(edit, text)


def test_a_request_that_is_sent_is_new_at_the_other_hospital(
    pair: Pair, open_session: Open, qtbot: QtBot
) -> None:
    window = open_session(pair.us).window
    window.create_page.open_request()
    page = window.create_page.request_page
    page.fill_from(MAIL)
    _confirm(page, THEM, qtbot)
    qtbot.waitUntil(lambda: page.side.send.isEnabled(), timeout=LONG)
    with qtbot.waitSignal(window.transaction_made, timeout=LONG) as made:
        page.side.send.click()
    number = made.args[0].number
    theirs = pair.them.show(number)
    assert (theirs["status"], theirs["type"], theirs["direction"]) == ("New", "Request", "In")
    with pair.them.desk() as desk:
        form = desk.reading.transaction(number).form
    assert form.requester.consultant == "Dr C. Consultant"
    assert [exam.label for exam in form.exams] == ["CT Head, 10/01/2024"]


def test_an_accepted_request_is_answered_in_the_window_and_its_images_lie_in_the_askers_gateway(
    pair: Pair, archives: dict[str, Orthanc], open_session: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    pair.them.store(tmp_path / "study", images=4, StudyDescription="Head")
    pair.them.store(tmp_path / "other", images=1, StudyDate="20200101")
    code, asked = pair.us.run("request", "--to", THEM, "--form", pair.us.form(hospital=THEM))
    assert (code, pair.them.run("accept", asked["number"])[0]) == (0, 3)
    session = open_session(pair.them)
    window = session.window
    request = session.desk.reading.transaction(asked["number"])

    window.show_create().open_transfer(request.id)
    page = window.create_page.transfer_page
    qtbot.waitUntil(lambda: page.institution.is_confirmed, timeout=LONG)
    assert page.asked.text() == "Asked for: CT Head, 10/01/2024"
    _type(page.who.control("hospital_no"), "K0999222", qtbot)
    with qtbot.waitSignal(page.studies.found, timeout=LONG):
        page.criteria.search.click()
    assert len(page.studies.rows.studies) == 2
    assert not page.studies.ticked
    wanted = next(s for s in page.studies.rows.studies if s.instances == 4 or s.description == "Head")
    page.studies.rows.tick(frozenset({wanted.study_uid}))
    page.review.button.click()
    qtbot.waitUntil(lambda: page.review.viewer is not None, timeout=LONG)
    viewer = page.review.viewer
    assert viewer is not None
    left_out = sorted(viewer.ticked())[0]
    viewer.rail.set_ticked(viewer.ticked() - {left_out})
    viewer.ticked_changed.emit()
    viewer.close()
    page.attachments.add_text("Known for years.")
    page.attachments._tick(0, True)
    qtbot.waitUntil(lambda: page.side.send.isEnabled(), timeout=LONG)
    with qtbot.waitSignal(window.transaction_made, timeout=LONG) as made:
        page.side.send.click()
    id_ = made.args[0].id
    qtbot.waitUntil(lambda: session.desk.reading.by_id(id_).status is Status.ON_IEP, timeout=LONG)
    arrived = archives["our gateway"].rest("/studies?expand")
    assert [study["MainDicomTags"]["StudyInstanceUID"] for study in arrived] == [wanted.study_uid]
    there = archives["our gateway"].sop_instance_uids()
    assert len(there) == 4  # three images and the report
    assert left_out not in there
    ours = pair.us.show(made.args[0].number)
    assert (ours["status"], ours["direction"]) == ("On IEP", "In")
    with pair.us.desk() as desk:
        transfer = desk.reading.transaction(made.args[0].number)
        assert transfer.request_number == asked["number"]
        [attachment] = desk.transfers.attachments(transfer.id)
    assert attachment.name == "report-1.txt"
    assert transfer.direction is Direction.IN


def test_a_study_that_changed_its_patient_between_search_and_send_is_refused(
    pair: Pair, archives: dict[str, Orthanc], open_session: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    study = pair.us.store(tmp_path / "study", images=1)
    window = open_session(pair.us).window
    window.create_page.open_transfer()
    page = window.create_page.transfer_page
    page.fill_from(MAIL)
    page.kind._buttons[RecipientKind.INDIVIDUAL.value].click()
    _confirm(page, THEM, qtbot)
    _type(page.who.control("recipient_name"), "Dr N. Radiologist", qtbot)
    with qtbot.waitSignal(page.studies.found, timeout=LONG):
        page.criteria.search.click()
    page.studies.rows.tick(frozenset({study}))
    qtbot.waitUntil(lambda: page.side.send.isEnabled(), timeout=LONG)
    archives["our pacs"].clear()
    pair.us.store(tmp_path / "again", images=1, StudyInstanceUID=study, PatientID="S999333")
    page.side.send.click()
    qtbot.waitUntil(lambda: not page.error.isHidden(), timeout=LONG)
    assert page.error.title.text() == "The images cannot be sent yet"
    assert "Study 1 belongs to another patient" in page.error.message.text()
    assert archives["their gateway"].sop_instance_uids() == []


def test_a_trauma_patients_images_are_on_iep_at_night_and_the_page_says_so(
    pair: Pair, archives: dict[str, Orthanc], open_session: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    """R-TRAUMA, R-TIME-4: whatever the hour."""
    pair.us.configure(keep_hours=True, trauma_node=f"{THEM} GATE")
    today = datetime.now(UTC).astimezone()
    pair.us.store(tmp_path / "study", images=3, StudyDate=f"{today:%Y%m%d}")
    session = open_session(pair.us)
    window = session.window.doors.open_trauma()
    qtbot.keyClicks(window.patient.number, "RWES999111")
    qtbot.keyClicks(window.patient.nhs, "9990000018")
    with qtbot.waitSignal(window.studies.found, timeout=LONG):
        qtbot.keyClick(window.patient.nhs, Qt.Key.Key_Return)
    assert window.patient.name.text() == "TESTING, ANNA"
    window.patient.right.click()
    window.today.click()
    window.report.text.setPlainText("No fracture.")
    window.report.correct.click()
    qtbot.waitUntil(lambda: window.side.send.isEnabled(), timeout=LONG)
    with qtbot.waitSignal(window.watch.arrived, timeout=LONG):
        window.side.send.click()
    assert window.watch.title.text() == "It is On IEP: NUH can download it"
    sent = window.watch.transaction
    assert sent is not None
    assert (sent.type, sent.trauma) == (TransactionType.TRANSFER, True)
    assert len(archives["their gateway"].sop_instance_uids()) == 4
    assert pair.them.status(sent.number) == "On IEP"
    assert sent.sender == US
