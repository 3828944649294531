from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import Permanent
from iep_desktop.core.model import Form, Patient, Recipient, RecipientKind
from iep_desktop.core.transaction import Direction, MatchDecision
from iep_desktop.ui.details import print_form
from iep_desktop.ui.details.form_dialog import FormDialog
from iep_desktop.ui.details.match_dialog import MatchDialog
from iep_desktop.ui.theme import Theme
from tests.ui.exchange_rows import transfer
from tests.ui.fake_desk import HOSPITALS, NOW, transaction


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def said(dialog: QWidget) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel)]


def test_form_and_disc_stand_side_by_side_and_grounds_are_needed(
    theme: Theme, parent: QWidget, qtbot: QtBot
) -> None:
    dialog = MatchDialog(transaction(10), theme, second=False, parent=parent)
    assert "17/08/1961, differs" in said(dialog)
    assert "MOUSE, Minnie, agrees" in said(dialog)
    assert "884120, the sender’s own" in said(dialog)
    assert not dialog.do_button.isEnabled()
    qtbot.keyClicks(dialog.grounds, "form and PAS agree")
    with qtbot.waitSignal(dialog.decided) as decided:
        dialog.do_button.click()
    assert decided.args == ["form and PAS agree"]


def test_the_second_person_sees_what_the_first_decided(theme: Theme, parent: QWidget) -> None:
    first = MatchDecision("884120", "MOUSE^Minnie", "they are the same", "MBP 2", NOW)
    dialog = MatchDialog(transaction(10, match=first), theme, second=True, parent=parent)
    assert "MBP 2 decided: they are the same" in said(dialog)


def test_the_form_is_completed_and_what_still_blocks_is_said_live(
    theme: Theme, parent: QWidget, qtbot: QtBot
) -> None:
    waiting = transaction(12)
    lacking = replace(waiting.form, patient=replace(waiting.patient, address=""))
    dialog = FormDialog(replace(waiting, form=lacking), HOSPITALS, theme, parent)
    assert dialog.heading.text() == "What still blocks"
    assert "Address is missing" in said(dialog)
    address = dialog.editor.control("address")
    assert isinstance(address, QLineEdit)
    qtbot.keyClicks(address, "12 Harbour Rd")
    assert dialog.heading.text() == "The form is complete"
    with qtbot.waitSignal(dialog.completed) as completed:
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    form = completed.args[0]
    assert isinstance(form, Form)
    assert form.patient.address == "12 Harbour Rd"
    assert form.exams == waiting.form.exams


def test_the_form_is_written_as_pdf(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    print_form.write_pdf(transaction(12), "Riverside Clinic", str(path))
    assert path.read_bytes().startswith(b"%PDF")


def test_the_printed_form_holds_what_the_disc_needs_and_no_markup_of_others(qtbot: QtBot) -> None:
    evil = transaction(12)
    evil = replace(evil, form=replace(evil.form, comments="<img src=x>", patient=Patient("MOUSE^Minnie")))
    lines = dict(print_form.lines_of(evil, "Riverside Clinic"))
    assert lines["Call reference"] == "06396375"
    assert lines["Patient"] == "MOUSE, Minnie"
    assert "Date of birth" not in lines
    assert "<img src=x>" in print_form.document(evil, "").toPlainText()


def test_the_printed_form_of_an_export_names_who_receives_it() -> None:
    row = transfer(8, Direction.OUT)
    who = Recipient("Dr A. Receiver", "Registrar", "x1", "a@example.nhs.uk")
    row = replace(row, form=replace(row.form, recipient=who, needed_by=date(2026, 11, 25)))
    lines = dict(print_form.lines_of(row, "Nottingham University Hospitals"))
    assert lines["Images to"] == "Nottingham University Hospitals"
    assert lines["Receiving person"] == "Dr A. Receiver, Registrar"
    assert lines["Their contact"] == "x1, a@example.nhs.uk"
    assert lines["Required by"] == "25/11/2026"
    assert "Images from" not in lines
    alone = replace(row.form, recipient=replace(who, kind=RecipientKind.INDIVIDUAL))
    lines = dict(print_form.lines_of(replace(row, form=alone), ""))
    assert lines["Receiving person"] == "Dr A. Receiver, Registrar (individual)"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be written"):
        print_form.write_pdf(transaction(1), "", str(tmp_path / "missing" / "form.pdf"))
