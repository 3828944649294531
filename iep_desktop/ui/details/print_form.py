"""The form of a transaction on paper or as PDF (R-DISC-3): plain text laid out by Qt, no picture of the screen."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from iep_desktop.core.errors import Permanent
from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.model import Form, FormKind
from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.widgets.field import show_day

_TITLES = {
    FormKind.CD: "CD import form (A6)",
    FormKind.IMPORT: "Import form (A2)",
    FormKind.EXPORT: "Export form (A3)",
}


def lines_of(transaction: Transaction, hospital: str) -> tuple[tuple[str, str], ...]:
    """Label and value of every filled-in line."""
    form = transaction.form
    patient, who = form.patient, form.requester
    discs = f"{form.disc_no or 1} of {form.discs}" if form.discs else ""
    pairs = (
        ("Call reference", form.call_ref),
        ("Transaction", transaction.number),
        ("Disc", discs),
        ("Patient", display_name(patient.name)),
        ("Date of birth", show_day(patient.birth_date)),
        ("Hospital number", patient.hospital_no),
        ("NHS number", format_nhs_number(patient.nhs_no) or patient.nhs_no_absent_reason),
        ("Address", patient.address),
        ("Images to" if form.kind is FormKind.EXPORT else "Images from", hospital),
        ("Receiving person", form.recipient.label),
        ("Their contact", ", ".join(part for part in (form.recipient.phone, form.recipient.email) if part)),
        *((f"Exam {at}", exam.label) for at, exam in enumerate(form.exams, start=1)),
        ("Requester", who.name),
        ("Contact", ", ".join(part for part in (who.phone, who.email) if part)),
        ("Consultant, department", ", ".join(part for part in (who.consultant, who.department) if part)),
        ("Priority", ", ".join(part for part in (form.priority.value, form.priority_reason) if part)),
        ("Required by", show_day(form.needed_by)),
        ("Comments", form.comments),
    )
    return tuple((label, value) for label, value in pairs if value)


def document(transaction: Transaction, hospital: str) -> QTextDocument:
    rows = "".join(
        f"<tr><td width='34%'><b>{escape(label)}</b></td><td>{escape(value)}</td></tr>"
        for label, value in lines_of(transaction, hospital)
    )
    text = QTextDocument()
    text.setHtml(
        f"<h2>{escape(title_of(transaction.form))}</h2><table cellpadding='6' width='100%'>{rows}</table>"
    )
    return text


def title_of(form: Form) -> str:
    return _TITLES[form.kind]


def write_pdf(transaction: Transaction, hospital: str, path: str) -> None:
    """Raises Permanent where the file cannot be written."""
    try:
        with open(path, "wb"):
            pass
    except OSError as error:
        raise Permanent(
            "The form cannot be written", f"{path}: {error.strerror}.", "Choose another folder."
        ) from error
    writer = QPdfWriter(path)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(20, 20, 20, 20),
            QPageLayout.Unit.Millimeter,
        )
    )
    writer.setTitle(f"{title_of(transaction.form)}, {transaction.number}")
    document(transaction, hospital).print_(writer)
