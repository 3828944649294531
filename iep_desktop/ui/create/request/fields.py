"""The fields of New Request (R-FORM, A1)."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.ui.disc_wizard.exam_rows import DayEdit, ExamRows
from iep_desktop.ui.disc_wizard.form_fields import PRIORITIES, FormFields, text_box
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Select

URGENT = "Theatre in the next hours, an ambulance, or admission within 12 hours"


class RequestFields(FormFields):
    """Everything but the institution, which is confirmed by itself."""

    def __init__(self, theme: Theme, numbers: NumberFormat = UHL_NUMBERS) -> None:
        super().__init__(theme, exams=ExamRows(theme))
        self.node = QLineEdit()
        self.node.setReadOnly(True)
        self._call()
        self.patient(f"{numbers.name}, for the header *", letters=False)
        self.section("Exams wanted, every one with its date and modality", [])
        self.add_exams()
        self._who_asks()
        comments = self.field("comments", "Co&mments: scan types, dates", text_box(theme), 12)
        self.section("Comments", [[comments]])

    def _call(self) -> None:
        reason = QLineEdit()
        reason.setPlaceholderText(URGENT)
        self.delivery, _ = delivery = self.beside("Delivery node", self.node, 3)
        self.reason, _ = why = self.field("priority_reason", "Reason for the Blue Li&ght", reason, 12)
        self.section("Call", [
            [
                self.field("call_ref", "Call reference *", QLineEdit(), 3),
                self.field("needed_by", "Needed &by", DayEdit(self.theme), 3),
                self.field("priority", "Priorit&y *", Select(PRIORITIES), 3),
                delivery,
            ],
            [why],
        ])  # fmt: skip

    def _who_asks(self) -> None:
        self.section("Who asks", [
            [
                self.field("requester_name", "Requesting clinician *", QLineEdit(), 4),
                self.field("requester_consultant", "Consultant", QLineEdit(), 4),
                self.field("requester_department", "Department", QLineEdit(), 4),
            ],
            [
                self.field("requester_phone", "Telephone *", QLineEdit(), 4),
                self.field("requester_email", "E-mail *", QLineEdit(), 8),
            ],
        ])  # fmt: skip
