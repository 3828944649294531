from pathlib import Path

import pytest
from PySide6.QtGui import QFont, QGuiApplication
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Details, Status
from iep_desktop.ui.disc_wizard.case import Case
from iep_desktop.ui.disc_wizard.receipt import Receipt, ReceiptLine, document, receipt_of, write_pdf
from tests.ui.disc_wizard.fake_desk import FakeImports, moved
from tests.ui.disc_wizard.samples import MINNIE_FORM, ONE_PATIENT


@pytest.fixture
def details(qtbot: QtBot) -> Details:
    """An import of Minnie's chest, all of it verified."""
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_contents(ONE_PATIENT, finished=True)
    case.set_accession("1.2.1", "RWE1234567")
    imports = FakeImports()
    order = case.order
    assert order is not None
    imports.create(order, imports.assess(order, Context()))
    return moved(imports.created_in[1], "verified", Status.DELIVERED)


def test_the_receipt_says_what_was_taken_for_whom_and_what_became_of_it(details: Details) -> None:
    text = receipt_of(details, "Riverside General Hospital", "WS1").text
    assert "Call reference: 06396375" in text
    assert "Requester: Dr A Consultant" in text
    assert "Images from: Riverside General Hospital" in text
    assert "Disc: 2 of 3" in text
    assert "Patient: MOUSE, Minnie" in text
    assert "NHS number: 999 000 0018" in text
    assert "accession number RWE1234567, 42 of 42 images in PACS" in text
    assert "Status: Delivered" in text


def test_what_is_still_needed_stands_on_the_receipt(qtbot: QtBot) -> None:
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_contents(ONE_PATIENT, finished=True)
    imports = FakeImports()  # PACS does not know the patient
    order = case.order
    assert order is not None
    imports.create(order, imports.assess(order, Context()))
    text = receipt_of(imports.created_in[1], "", "WS1").text
    assert "Still needed: Not shown to be registered on the PAS (§2.7d)" in text
    assert "not yet on RIS" in text
    assert "Images from" not in text  # a line without a text is left out


def test_what_a_form_says_never_becomes_markup(qtbot: QtBot) -> None:
    receipt = Receipt("Receipt", (ReceiptLine("Requester", "<b>Dr</b> & <img src='x'>"),))
    assert "<b>Dr</b> & <img src='x'>" in document(receipt, QFont()).toPlainText()


def test_a_pdf_takes_the_place_of_an_old_one_whole(details: Details, tmp_path: Path) -> None:
    path = tmp_path / "receipt.pdf"
    path.write_bytes(b"old")
    write_pdf(receipt_of(details, "", "WS1"), str(path), QGuiApplication.font())
    assert path.read_bytes().startswith(b"%PDF-")
    assert [entry.name for entry in tmp_path.iterdir()] == ["receipt.pdf"]


def test_a_folder_that_is_not_there_is_said(details: Details, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="receipt"):
        write_pdf(
            receipt_of(details, "", "WS1"), str(tmp_path / "no" / "receipt.pdf"), QGuiApplication.font()
        )
