"""The form as fields on a page (A2, A6): shows a `FormText`, gives one back, and marks what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QCheckBox, QLineEdit

from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.model import FormKind
from iep_desktop.ui.disc_wizard.exam_rows import ExamRows, KnownCode
from iep_desktop.ui.disc_wizard.form_fields import PRIORITIES, FormFields, text_box
from iep_desktop.ui.disc_wizard.institution_box import InstitutionBox
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Select

_KINDS: dict[str, object] = {"CD form (A6)": FormKind.CD, "Import form (A2)": FormKind.IMPORT}


class FormEditor(FormFields):
    """`edited` for every change by the operator, never for what `show_text` brings."""

    def __init__(self, theme: Theme, numbers: NumberFormat = UHL_NUMBERS) -> None:
        super().__init__(theme, exams=ExamRows(theme), institution=InstitutionBox())
        self.labelled = QCheckBox("The disc is &labelled with the call reference")
        self._call()
        self.patient(f"{numbers.name.replace('number', 'n&umber')} *")
        self._images()
        self._requester()
        self._priority()

    def _call(self) -> None:
        self.section("Call", [[
            self.field("call_ref", "Call &reference *", QLineEdit(), 4),
            self.field("disc_no", "&Disc *", QLineEdit(), 2),
            self.field("discs", "&of *", QLineEdit(), 2),
            self.field("kind", "&Form", Select(_KINDS), 4),
        ]])  # fmt: skip
        self.bare("labelled", self.labelled)

    def _images(self) -> None:
        hospital = self.field("hospital", "Hospital the ima&ges come from *", self.institution, 12)
        self.section("Images", [[hospital]])
        self.add_exams()

    def _requester(self) -> None:
        self.section("Requester", [
            [
                self.field("requester_name", "Nam&e *", QLineEdit(), 4),
                self.field("requester_email", "E-mail *", QLineEdit(), 4),
                self.field("requester_phone", "&Telephone *", QLineEdit(), 4),
            ],
            [
                self.field("requester_consultant", "Consultant", QLineEdit(), 6),
                self.field("requester_department", "Department, internal post", QLineEdit(), 6),
            ],
        ])  # fmt: skip

    def _priority(self) -> None:
        self.section("Priority", [
            [
                self.field("priority", "&Priority *", Select(PRIORITIES), 4),
                self.field("priority_reason", "Reason", QLineEdit(), 8),
            ],
            [self.field("comments", "Comments", text_box(self.theme), 12)],
        ])  # fmt: skip

    def set_exam_codes(self, codes: Iterable[KnownCode]) -> None:
        self.exams.set_codes(codes)
