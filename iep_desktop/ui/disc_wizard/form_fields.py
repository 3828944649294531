"""Fields of a form, by the names of `FormText`: laid out in sections, read, filled, marked where something is wrong.

Knows no form in particular: `FormEditor` and the forms of Create say which fields they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.core.model import FormKind, Hospital, Priority
from iep_desktop.ui.disc_wizard.exam_rows import DayEdit, ExamRows
from iep_desktop.ui.disc_wizard.form_text import SEXES, FormText
from iep_desktop.ui.disc_wizard.institution_box import InstitutionBox
from iep_desktop.ui.disc_wizard.parts import FormField
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Select
from iep_desktop.ui.widgets.labels import Hairline, Label

PRIORITIES: dict[str, object] = {
    "Standard": Priority.NORMAL,
    "Batch, overnight": Priority.BATCH,
    "Blue Light": Priority.BLUE_LIGHT,
}
_SEXES: dict[str, object] = {word: code for code, word in SEXES.items()}
_WORDS: dict[str, Callable[[str], object]] = {"kind": FormKind, "priority": Priority}
_COLUMNS = 12
_ROOM = 560
Placed = tuple[FormField, int]


class FormFields(QWidget):
    """`edited` for every change by the operator, never for what `show_text` brings."""

    edited = Signal()

    def __init__(
        self, theme: Theme, *, exams: ExamRows | None = None, institution: InstitutionBox | None = None
    ) -> None:
        super().__init__()
        self.theme = theme
        self._fields: dict[str, FormField] = {}
        self._controls: dict[str, QWidget] = {}  # all but exams and institution
        self._grids: list[tuple[QGridLayout, list[list[Placed]]]] = []
        self._wider = 1
        self._letters = True
        self._text = FormText()
        self._exams, self._institution = exams, institution
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        if institution is not None:
            institution.editTextChanged.connect(lambda _: self.edited.emit())
        if exams is not None:
            exams.edited.connect(lambda: self.edited.emit())

    @property
    def exams(self) -> ExamRows:
        if self._exams is None:
            raise AttributeError("this form has no rows of exams")
        return self._exams

    @property
    def institution(self) -> InstitutionBox:
        if self._institution is None:
            raise AttributeError("this form has no field for an institution")
        return self._institution

    # --- building -----------------------------------------------------------------------------------------

    def patient(self, hospital_no: str = "S n&umber *", *, letters: bool = True) -> None:
        """The section of the patient; the stars are R-GATE-3 and R-GATE-4.

        Without `letters` the labels have no mnemonics: the window around needs them.
        """
        self._letters = letters
        self.section("Patient", [
            [
                self.field("family", "&Surname *", QLineEdit(), 3),
                self.field("given", "First na&me *", QLineEdit(), 3),
                self.field("birth_date", "Date of b&irth *", DayEdit(self.theme), 3),
                self.field("sex", "Sex", Select(_SEXES), 3),
            ],
            [
                self.field("hospital_no", hospital_no, QLineEdit(), 4),
                self.field("nhs_no", "N&HS number *", QLineEdit(), 4),
                self.field("nhs_no_absent_reason", "&Why there is none", QLineEdit(), 4),
            ],
            [self.field("address", "&Address *", QLineEdit(), 12)],
        ])  # fmt: skip
        self._letters = True

    def field(self, name: str, label: str, control: QWidget, span: int) -> Placed:
        """A name that ends in a star is mandatory."""
        control.setObjectName(name)
        mandatory = label.endswith(" *")
        shown = label.removesuffix(" *") if self._letters else label.removesuffix(" *").replace("&", "")
        field = FormField(shown, control, self.theme, mandatory=mandatory)
        self._fields[name] = field
        if control is not self._institution:
            self._take(name, control)
        return field, span

    def beside(self, label: str, control: QWidget, span: int) -> Placed:
        """Something that is shown among the fields and is none of the form's."""
        return FormField(label, control, self.theme), span

    def bare(self, name: str, control: QWidget) -> None:
        """A control that is its own label."""
        self._take(name, control)
        self._layout.addWidget(control)

    def add_exams(self) -> None:
        self._layout.addWidget(self.exams)

    def add(self, widget: QWidget) -> None:
        """Something that is no field of the form."""
        self._layout.addWidget(widget)

    def section(self, title: str, lines: list[list[Placed]]) -> None:
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
        wider = 1 if self.width() >= self.theme.sizes.of(_ROOM) else 2
        if wider != self._wider:
            self._wider = wider
            for grid, lines in self._grids:
                _place(grid, lines, wider)

    def _take(self, name: str, control: QWidget) -> None:
        self._controls[name] = control
        if isinstance(control, QLineEdit):
            control.textEdited.connect(lambda _: self.edited.emit())
        elif isinstance(control, QPlainTextEdit):
            control.textChanged.connect(lambda: self.edited.emit())
        elif isinstance(control, Select):
            control.currentIndexChanged.connect(lambda _: self.edited.emit())
        elif isinstance(control, QCheckBox):
            control.toggled.connect(lambda _: self.edited.emit())

    # --- lists that come from the ledger ------------------------------------------------------------------

    def set_hospitals(self, hospitals: Iterable[Hospital]) -> None:
        self.institution.set_hospitals(hospitals)
        self.show_text(self._text)

    @property
    def hospital_count(self) -> int:
        return self.institution.hospital_count

    # --- what is in it ------------------------------------------------------------------------------------

    def control(self, name: str) -> QWidget:
        return self._fields[name].editor

    def label(self, name: str) -> str:
        """What stands above it; of what has no field of its own, its name in words."""
        field = self._fields.get("hospital" if name == "hospital_typed" else name)
        return field.label.text().replace("&", "") if field else name.replace("_", " ").capitalize()

    def problem(self, name: str) -> str:
        return self._fields[name].error

    def text(self) -> FormText:
        """What the fields hold now."""
        self._text = self.onto(self._text)
        return self._text

    def onto(self, text: FormText) -> FormText:
        """`text` with what these fields hold; what they do not show stays as it is."""
        typed: dict[str, Any] = {name: _read(name, control) for name, control in self._controls.items()}
        if self._exams is not None:
            typed["exams"] = self._exams.exams()
        if self._institution is not None:
            typed["hospital"], typed["hospital_typed"] = self._hospital(), self._institution.currentText()
        return replace(text, **typed)

    def _hospital(self) -> str:
        """Until the list has come, and for a code that it does not hold, the code that was there stays."""
        same = self.institution.currentText() == self._text.hospital_typed
        return self.institution.ods or (self._text.hospital if same else "")

    def show_text(self, text: FormText) -> None:
        """Put a form into the fields; a field that holds it already is left alone, with its cursor."""
        with QSignalBlocker(self):
            self._text = text
            for name, control in self._controls.items():
                _show(control, getattr(text, name))
            if self._institution is not None:
                self._institution.show_ods(text.hospital, text.hospital_typed)
            if self._exams is not None:
                self._exams.show_exams(text.exams)

    def set_problems(self, problems: Mapping[str, str]) -> None:
        for name, field in self._fields.items():
            field.set_error(problems.get(name, ""))
        if self._exams is not None:
            self._exams.set_problems(problems)


def text_box(theme: Theme) -> QPlainTextEdit:
    """Some lines of comment; Tab leaves it."""
    box = QPlainTextEdit()
    box.setTabChangesFocus(True)
    box.setFixedHeight(theme.sizes.of(64))
    return box


def _read(name: str, control: QWidget) -> object:
    if isinstance(control, QLineEdit):
        return control.text()
    if isinstance(control, QPlainTextEdit):
        return control.toPlainText()
    if isinstance(control, QCheckBox):
        return control.isChecked()
    assert isinstance(control, Select)
    return _WORDS.get(name, str)(str(control.value()))


def _show(control: QWidget, value: Any) -> None:
    if isinstance(control, QLineEdit):
        if control.text() != value:
            control.setText(value)
    elif isinstance(control, QPlainTextEdit):
        if control.toPlainText() != value:
            control.setPlainText(value)
    elif isinstance(control, QCheckBox):
        control.setChecked(value)
    elif isinstance(control, Select):
        control.set_value(value)


def _place(grid: QGridLayout, lines: list[list[Placed]], wider: int) -> None:
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
