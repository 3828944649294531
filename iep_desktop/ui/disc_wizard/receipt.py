"""The receipt for the requester: what was taken from which disc for which call, as text and as a PDF.

It says what the ledger says; nothing is concluded here. Qt only for the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QMarginsF, QSaveFile
from PySide6.QtGui import (
    QFont,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from iep_desktop.core.errors import Permanent
from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import Details, SeriesProgress, Transaction
from iep_desktop.ui.widgets.field import show_day


@dataclass(frozen=True)
class ReceiptLine:
    label: str
    text: str


@dataclass(frozen=True)
class Receipt:
    title: str
    lines: tuple[ReceiptLine, ...]

    @property
    def text(self) -> str:
        return "\n".join([self.title, *(f"{line.label}: {line.text}" for line in self.lines)])


def receipt_of(details: Details, hospital: str, workstation: str) -> Receipt:
    """`hospital` is the name of where the images come from."""
    transaction = details.transaction
    lines = (
        *_call(transaction, hospital),
        *_patient(transaction),
        *_studies(details.series, transaction),
        *_outcome(transaction, workstation),
    )
    return Receipt("Receipt for a disc import", tuple(line for line in lines if line.text))


def _call(transaction: Transaction, hospital: str) -> Iterator[ReceiptLine]:
    form, medium = transaction.form, transaction.medium
    yield ReceiptLine("Call reference", form.call_ref)
    yield ReceiptLine("Transaction", transaction.number)
    yield ReceiptLine(
        "Requester", ", ".join(p for p in (form.requester.name, form.requester.department) if p)
    )
    yield ReceiptLine("Images from", hospital)
    number = (medium.disc_no if medium else None) or form.disc_no
    yield ReceiptLine("Disc", f"{number} of {form.discs}" if number and form.discs else "")
    yield ReceiptLine("On the disc", medium.contents if medium else "")


def _patient(transaction: Transaction) -> Iterator[ReceiptLine]:
    patient = transaction.patient
    yield ReceiptLine("Patient", display_name(patient.name))
    yield ReceiptLine("Date of birth", show_day(patient.birth_date))
    yield ReceiptLine("S number", patient.hospital_no)
    yield ReceiptLine("NHS number", format_nhs_number(patient.nhs_no))


def _studies(series: tuple[SeriesProgress, ...], transaction: Transaction) -> Iterator[ReceiptLine]:
    for exam in transaction.exams:
        own = [part.counts for part in series if part.study_uid == exam.study_uid]
        wanted, arrived = sum(c.wanted for c in own), sum(c.arrived for c in own)
        counts = f", {arrived} of {wanted} images in PACS" if wanted else ""
        accession = f", accession number {exam.accession}" if exam.accession else ", not yet on RIS"
        yield ReceiptLine("Exam", f"{exam.label}{accession}{counts}")


def _outcome(transaction: Transaction, workstation: str) -> Iterator[ReceiptLine]:
    yield ReceiptLine("Status", transaction.status.value)
    for requirement in transaction.required:
        yield ReceiptLine("Still needed", f"{requirement.title} ({requirement.clause})")
    when = transaction.created_at.astimezone()
    yield ReceiptLine("Taken in", f"{when:%d/%m/%Y %H:%M} by {transaction.created_by}, {workstation}")
    yield ReceiptLine("Printed", f"{datetime.now().astimezone():%d/%m/%Y %H:%M}")


def write_pdf(receipt: Receipt, path: str, font: QFont) -> None:
    """An A4 page; an old file stays whole until the new one is.

    Raises:
        Permanent: the file cannot be written.
    """
    file = QSaveFile(path)
    if not file.open(QSaveFile.OpenModeFlag.WriteOnly):
        raise _not_written(file)
    writer = QPdfWriter(file)
    writer.setTitle(receipt.title)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(20, 20, 20, 20), QPageLayout.Unit.Millimeter)
    document(receipt, font).print_(writer)
    del writer  # it writes the end of the file
    if not file.commit():
        raise _not_written(file)


def _not_written(file: QSaveFile) -> Permanent:
    return Permanent("The receipt could not be written", file.errorString(), "Choose another folder.")


def document(receipt: Receipt, font: QFont) -> QTextDocument:
    """The page; texts are inserted as texts, never as markup."""
    page = QTextDocument()
    plain, strong, title = QTextCharFormat(), QTextCharFormat(), QTextCharFormat()
    for style, points, weight in ((plain, 10, 400), (strong, 10, 600), (title, 16, 600)):
        style.setFontFamilies([font.family()])
        style.setFontPointSize(points)
        style.setFontWeight(weight)
    cursor = QTextCursor(page)
    cursor.insertText(receipt.title, title)
    for line in receipt.lines:
        cursor.insertBlock()
        cursor.insertText(f"{line.label}: ", strong)
        cursor.insertText(line.text, plain)
    return page
