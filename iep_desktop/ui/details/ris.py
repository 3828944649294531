"""The exams of a transaction with their RIS entries; an accession number is typed and saved here (R-RIS)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from iep_desktop.core.model import Exam, RisState
from iep_desktop.core.transaction import Details, Direction, Status, TransactionType
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.section import Section
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel


class RisSection(Section):
    """The exams with their RIS entries; an accession number is typed and saved here (R-RIS)."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Exams and RIS", theme)
        self.rows: list[_ExamRow] = []

    def show_details(self, details: Details, _now: datetime) -> None:
        transaction = details.transaction
        # What we send is entered by whoever receives it (R-RIS).
        imported = transaction.type is TransactionType.CD_IMPORT
        received = transaction.direction is Direction.IN and transaction.status is Status.DELIVERED
        asked = transaction.type is TransactionType.REQUEST
        self.setVisible((imported or received) and not asked and bool(transaction.exams))
        while len(self.rows) > len(transaction.exams):
            row = self.rows.pop()
            row.setParent(None)
            row.deleteLater()
        while len(self.rows) < len(transaction.exams):
            row = _ExamRow(len(self.rows), self._theme, self._save)
            self.rows.append(row)
            self.body.addWidget(row)
        self._transaction = transaction
        for row, exam in zip(self.rows, transaction.exams, strict=True):
            row.show_exam(exam, transaction.id)

    def _save(self, position: int, accession: str) -> None:
        self.wished.emit(Wish(Act.ENTER_RIS, self._transaction, position, accession))

    def focus_first_missing(self) -> bool:
        row = next((row for row in self.rows if row.is_missing), None)
        if row:
            row.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        return row is not None


class _ExamRow(QWidget):
    def __init__(self, position: int, theme: Theme, save: Callable[[int, str], None]) -> None:
        super().__init__()
        self._position, self._save = position, save
        self._of: tuple[int, Exam] | None = None
        self.name = ElidedLabel()
        self.icon = IconLabel("circle-check", "ok", theme)
        self.state = ElidedLabel("", "ok")
        self.edit = QLineEdit()
        self.edit.setMaxLength(16)  # SH, PS3.5 6.2
        self.edit.setPlaceholderText("Accession number")
        self.edit.returnPressed.connect(self._press)
        self.button = Button("Save", theme)
        self.button.setEnabled(False)
        self.button.clicked.connect(self._press)
        self.edit.textChanged.connect(lambda text: self.button.setEnabled(bool(text.strip())))
        below = QHBoxLayout()
        below.setSpacing(8)
        for widget, stretch in ((self.icon, 0), (self.state, 1), (self.edit, 1), (self.button, 0)):
            below.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        layout.addLayout(below)

    @property
    def is_missing(self) -> bool:
        return self._of is not None and self._of[1].ris_state is RisState.MISSING

    def show_exam(self, exam: Exam, transaction_id: int) -> None:
        if (transaction_id, exam) == self._of:
            return
        if self._of is None or self._of[0] != transaction_id:
            self.edit.setText(exam.accession if exam.ris_state is RisState.MISSING else "")
        self._of = (transaction_id, exam)
        entered = exam.ris_state is RisState.ENTERED
        self.name.setText(exam.label)
        self.edit.setAccessibleName(f"Accession number of {exam.label}")
        self.state.setText(f"On RIS, {exam.accession}")
        for widget in (self.icon, self.state):
            widget.setVisible(entered)
        for other in (self.edit, self.button):
            other.setVisible(not entered or self._holds_another(exam.accession))

    def _holds_another(self, accession: str) -> bool:
        """A person has typed one here while somebody else entered theirs: it is his to compare."""
        return self.edit.isModified() and self.edit.text().strip() not in ("", accession)

    def _press(self) -> None:
        text = self.edit.text().strip()
        if text:
            self._save(self._position, text)
