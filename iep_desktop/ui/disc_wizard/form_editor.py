"""The form as fields on a page (A2, A6): shows a `FormText`, gives one back, and marks what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.core.model import FormKind, Hospital, Priority
from iep_desktop.ui.disc_wizard.exam_rows import DayEdit, ExamRows, KnownCode
from iep_desktop.ui.disc_wizard.form_text import SEXES, FormText
from iep_desktop.ui.disc_wizard.parts import FormField
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Select
from iep_desktop.ui.widgets.labels import Hairline, Label

_KINDS: dict[str, object] = {"CD form (A6)": FormKind.CD, "Import form (A2)": FormKind.IMPORT}
_PRIORITIES: dict[str, object] = {
    "Standard": Priority.NORMAL,
    "Batch, overnight": Priority.BATCH,
    "Blue Light": Priority.BLUE_LIGHT,
}
_SEXES: dict[str, object] = {word: code for code, word in SEXES.items()}
_COLUMNS = 12
_ROOM = 560
_Placed = tuple[FormField, int]


class FormEditor(QWidget):
    """`edited` for every change by the operator, never for what `show_text` brings."""

    edited = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._fields: dict[str, FormField] = {}
        self._grids: list[tuple[QGridLayout, list[list[_Placed]]]] = []
        self._wider = 1
        self._hospitals: dict[str, str] = {}  # what the list shows → ODS code
        self._text = FormText()
        self.exams = ExamRows(theme)
        self.labelled = QCheckBox("The disc is &labelled with the call reference")
        self._hospital = _hospital_box()
        self._kind, self._priority, self._sex = Select(_KINDS), Select(_PRIORITIES), Select(_SEXES)
        self._comments = QPlainTextEdit()
        self._comments.setTabChangesFocus(True)
        self._comments.setFixedHeight(theme.sizes.of(64))
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        self._build()
        self._connect()

    # --- building -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._call()
        self._patient()
        self._section(
            "Images", [[self._field("hospital", "Hospital the ima&ges come from *", self._hospital, 12)]]
        )
        self._layout.addWidget(self.exams)
        self._requester()
        self._section("Priority", [
            [
                self._field("priority", "&Priority *", self._priority, 4),
                self._field("priority_reason", "Reason", QLineEdit(), 8),
            ],
            [self._field("comments", "Comments", self._comments, 12)],
        ])  # fmt: skip

    def _call(self) -> None:
        self._section("Call", [[
            self._field("call_ref", "Call &reference *", QLineEdit(), 4),
            self._field("disc_no", "&Disc *", QLineEdit(), 2),
            self._field("discs", "&of *", QLineEdit(), 2),
            self._field("kind", "&Form", self._kind, 4),
        ]])  # fmt: skip
        self._layout.addWidget(self.labelled)

    def _patient(self) -> None:
        self._section("Patient", [
            [
                self._field("family", "&Surname *", QLineEdit(), 4),
                self._field("given", "First na&me *", QLineEdit(), 3),
                self._field("birth_date", "Date of b&irth *", DayEdit(self._theme), 3),
                self._field("sex", "Sex", self._sex, 2),
            ],
            [
                self._field("hospital_no", "S n&umber *", QLineEdit(), 4),
                self._field("nhs_no", "N&HS number *", QLineEdit(), 4),
                self._field("nhs_no_absent_reason", "&Why there is none", QLineEdit(), 4),
            ],
            [self._field("address", "&Address *", QLineEdit(), 12)],
        ])  # fmt: skip

    def _requester(self) -> None:
        self._section("Requester", [
            [
                self._field("requester_name", "Nam&e *", QLineEdit(), 4),
                self._field("requester_email", "E-mail *", QLineEdit(), 4),
                self._field("requester_phone", "&Telephone *", QLineEdit(), 4),
            ],
            [
                self._field("requester_consultant", "Consultant", QLineEdit(), 6),
                self._field("requester_department", "Department, internal post", QLineEdit(), 6),
            ],
        ])  # fmt: skip

    def _field(self, name: str, label: str, control: QWidget, span: int) -> _Placed:
        """A name that ends in a star is mandatory."""
        control.setObjectName(name)
        mandatory = label.endswith(" *")
        field = FormField(label.removesuffix(" *"), control, self._theme, mandatory=mandatory)
        self._fields[name] = field
        return field, span

    def _section(self, title: str, lines: list[list[_Placed]]) -> None:
        if self._layout.count():
            self._layout.addSpacing(4)
            self._layout.addWidget(Hairline())
        self._layout.addWidget(Label(title, weight=600))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(12)
        for at in range(_COLUMNS):
            grid.setColumnStretch(at, 1)
        self._grids.append((grid, lines))
        _place(grid, lines, 1)
        self._layout.addLayout(grid)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, or the text is large, half as many fields stand side by side."""
        super().resizeEvent(event)
        wider = 1 if self.width() >= self._theme.sizes.of(_ROOM) else 2
        if wider != self._wider:
            self._wider = wider
            for grid, lines in self._grids:
                _place(grid, lines, wider)

    def _connect(self) -> None:
        for field in self._fields.values():
            if isinstance(field.editor, QLineEdit):
                field.editor.textEdited.connect(lambda _: self.edited.emit())
        for choice in (self._kind, self._priority, self._sex):
            choice.currentIndexChanged.connect(lambda _: self.edited.emit())
        self._hospital.editTextChanged.connect(lambda _: self.edited.emit())
        self._comments.textChanged.connect(lambda: self.edited.emit())
        self.labelled.toggled.connect(lambda _: self.edited.emit())
        self.exams.edited.connect(lambda: self.edited.emit())

    # --- lists that come from the ledger ------------------------------------------------------------------

    def set_hospitals(self, hospitals: Iterable[Hospital]) -> None:
        self._hospitals = {f"{hospital.name} ({hospital.ods})": hospital.ods for hospital in hospitals}
        with QSignalBlocker(self):
            typed = self._hospital.currentText()
            self._hospital.clear()
            self._hospital.addItems(list(self._hospitals))
            self._hospital.setEditText(typed)
        self.show_text(self._text)

    @property
    def hospital_count(self) -> int:
        return len(self._hospitals)

    def set_exam_codes(self, codes: Iterable[KnownCode]) -> None:
        self.exams.set_codes(codes)

    # --- what is in it ------------------------------------------------------------------------------------

    def control(self, name: str) -> QWidget:
        return self._fields[name].editor

    def problem(self, name: str) -> str:
        return self._fields[name].error

    def text(self) -> FormText:
        """What the fields hold now."""
        typed: dict[str, Any] = {
            name: field.editor.text()
            for name, field in self._fields.items()
            if isinstance(field.editor, QLineEdit)
        }
        hospital = self._hospital.currentText()
        self._text = replace(
            self._text,
            **typed,
            kind=FormKind(str(self._kind.value())),
            priority=Priority(str(self._priority.value())),
            sex=str(self._sex.value()),
            comments=self._comments.toPlainText(),
            labelled=self.labelled.isChecked(),
            exams=self.exams.exams(),
            hospital=self._ods(hospital),
            hospital_typed=hospital,
        )
        return self._text

    def _ods(self, typed: str) -> str:
        """The code of what is typed: a line of the list, or a name or a code as it stands there."""
        plain = typed.strip().casefold()
        for line, ods in self._hospitals.items():
            if plain and plain in (line.casefold(), ods.casefold(), line.casefold().rpartition(" (")[0]):
                return ods
        # Until the list has come, and for a code that it does not hold, the code that was there stays.
        return self._text.hospital if typed == self._text.hospital_typed else ""

    def show_text(self, text: FormText) -> None:
        """Put a form into the fields; a field that holds it already is left alone, with its cursor."""
        with QSignalBlocker(self):
            self._text = text
            for name, field in self._fields.items():
                if isinstance(field.editor, QLineEdit) and field.editor.text() != getattr(text, name):
                    field.editor.setText(getattr(text, name))
            if self._comments.toPlainText() != text.comments:
                self._comments.setPlainText(text.comments)
            self._show_hospital(text)
            self._kind.set_value(text.kind)
            self._priority.set_value(text.priority)
            self._sex.set_value(text.sex)
            self.labelled.setChecked(text.labelled)
            self.exams.show_exams(text.exams)

    def _show_hospital(self, text: FormText) -> None:
        shown = self._hospital.currentText()
        if shown and text.hospital and self._hospitals.get(shown) == text.hospital:
            return
        line = next((line for line, ods in self._hospitals.items() if ods == text.hospital), "")
        wanted = line or text.hospital_typed or text.hospital
        if wanted != shown:
            self._hospital.setEditText(wanted)

    def set_problems(self, problems: Mapping[str, str]) -> None:
        for name, field in self._fields.items():
            field.set_error(problems.get(name, ""))
        self.exams.set_problems(problems)


def _place(grid: QGridLayout, lines: list[list[_Placed]], wider: int) -> None:
    """Line by line; a field that does not fit any more goes on in the next line."""
    while grid.takeAt(0) is not None:
        pass
    line = 0
    for fields in lines:
        at = 0
        for field, span in fields:
            width = min(span * wider, _COLUMNS)
            if at + width > _COLUMNS:
                line, at = line + 1, 0
            grid.addWidget(field, line, at, 1, width)
            at += width
        line += 1


def _hospital_box() -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    completer = QCompleter(box.model(), box)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
    box.setCompleter(completer)
    edit = box.lineEdit()
    if edit is not None:
        edit.setPlaceholderText("Type its name or code, or pick it from the A–Z list")
    return box
