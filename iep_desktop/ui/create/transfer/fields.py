"""The fields of New Transfer (R-FORM, A1, A3, A4): who receives, call and patient; how urgent and who asks."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.ui.disc_wizard.form_fields import PRIORITIES, FormFields, text_box
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Select

REASONS = (
    "Emergency admission or surgery in the next 12 hours",
    "Inpatient admission",
    "MDT referral",
    "Outpatient appointment",
    "Research",
)


class WhoFields(FormFields):
    """The call and how urgent it is, the named person who receives, and the patient."""

    def __init__(self, theme: Theme, numbers: NumberFormat = UHL_NUMBERS) -> None:
        super().__init__(theme)
        reason = QLineEdit()
        reason.setPlaceholderText("Type or choose, for example MDT referral")
        reason.setCompleter(_completer(reason))
        self.section("Call", [[
            self.field("call_ref", "Call reference *", QLineEdit(), 3),
            self.field("priority", "Priorit&y *", Select(PRIORITIES), 3),
            self.field("priority_reason", "Reason", reason, 6),
        ]])  # fmt: skip
        self.section("Who receives the images there", [[
            self.field("recipient_name", "Name of the perso&n *", QLineEdit(), 4),
            self.field("recipient_position", "Position", QLineEdit(), 3),
            self.field("recipient_phone", "Telephone", QLineEdit(), 2),
            self.field("recipient_email", "E-mail", QLineEdit(), 3),
        ]])  # fmt: skip
        ours = "S or RWES number" if numbers == UHL_NUMBERS else numbers.name
        self.patient(f"{ours} *", letters=False)


class StaffFields(FormFields):
    """Who asks (A3)."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.section("Who asks", [
            [
                self.field("requester_name", "Staff name *", QLineEdit(), 4),
                self.field("requester_phone", "Telephone *", QLineEdit(), 4),
                self.field("requester_email", "E-mail *", QLineEdit(), 4),
            ],
            [self.field("comments", "Co&mments and instructions", text_box(theme), 12)],
        ])  # fmt: skip


def _completer(parent: QLineEdit) -> QCompleter:
    """The reasons of form A3; others may be typed."""
    completer = QCompleter(list(REASONS), parent)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    return completer
