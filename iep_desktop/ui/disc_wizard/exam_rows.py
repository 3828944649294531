"""The exams of a form, a row each: modality, description, code, date; rows are added and removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QGridLayout, QLineEdit, QWidget

from iep_desktop.ui.disc_wizard.form_text import MODALITIES, ExamText, parse_day
from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import IconButton, LinkButton
from iep_desktop.ui.widgets.field import DateEdit, Select, show_day
from iep_desktop.ui.widgets.labels import Label, set_property

_HEADS = (("Modality", True), ("Description", False), ("Exam code", False), ("Date acquired", True))
_STRETCHES = (2, 6, 3, 3, 0)


class KnownCode(Protocol):
    """An exam code of the ledger."""

    @property
    def code(self) -> str: ...
    @property
    def description(self) -> str: ...


class DayEdit(DateEdit):
    """Eight digits, or other separators, are put right when the field is left."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.editingFinished.connect(self._tidy)
        self.picked.connect(lambda _: self.textEdited.emit(self.text()))

    def _tidy(self) -> None:
        tidy = show_day(parse_day(self.text()))
        if tidy and tidy != self.text():
            self.setText(tidy)
            self.textEdited.emit(tidy)


class ExamRow(QWidget):
    """The fields of one exam."""

    edited = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, codes: QStringListModel) -> None:
        super().__init__()
        self.modality = Select({name: name for name in ("", *MODALITIES)})
        self.description = QLineEdit()
        self.description.setPlaceholderText("for example chest with contrast")
        self.code = QLineEdit()
        self.code.setCompleter(_completer(codes, self.code))
        self.date = DayEdit(theme)
        self.remove = IconButton("trash-2", "Remove this exam", theme)
        self.problem = Label("", "danger", wrap=True)
        self.problem.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for at, (widget, stretch) in enumerate(zip(self.controls, _STRETCHES, strict=True)):
            grid.addWidget(widget, 0, at)
            grid.setColumnStretch(at, stretch)
        grid.addWidget(self.problem, 1, 0, 1, len(_STRETCHES))
        self._connect()

    def _connect(self) -> None:
        self.modality.currentTextChanged.connect(lambda _: self.edited.emit())
        for edit in (self.description, self.code, self.date):
            edit.textEdited.connect(lambda _: self.edited.emit())
        completer = self.code.completer()
        if completer is not None:
            completer.activated.connect(self._code_picked, Qt.ConnectionType.QueuedConnection)
        self.remove.clicked.connect(lambda: self.removed.emit())

    @property
    def controls(self) -> tuple[QWidget, ...]:
        return self.modality, self.description, self.code, self.date, self.remove

    def set_number(self, number: int) -> None:
        """For those who hear the form."""
        for control, (head, _) in zip(self.controls, (*_HEADS, ("remove", False)), strict=True):
            control.setAccessibleName(f"Exam {number}, {head.lower()}")

    def _code_picked(self, line: str) -> None:
        self.code.setText(line.split(" ", maxsplit=1)[0])
        self.edited.emit()

    def show_exam(self, exam: ExamText) -> None:
        if exam == self.exam():
            return
        if self.modality.findData(exam.modality) < 0:
            self.modality.addItem(exam.modality, exam.modality)
        self.modality.set_value(exam.modality)
        self.description.setText(exam.description)
        self.code.setText(exam.exam_code)
        self.date.setText(exam.date)

    def exam(self) -> ExamText:
        code = self.code.text().strip()
        return ExamText(self.modality.currentText(), self.description.text(), code, self.date.text())

    def set_problems(self, problems: Mapping[str, str]) -> None:
        for name, control in (("date", self.date), ("description", self.description)):
            set_property(control, "error", name in problems)
            control.setAccessibleDescription(problems.get(name, ""))
        self.problem.setText(" ".join(problems.values()))
        self.problem.setVisible(bool(problems))


def _completer(codes: QStringListModel, parent: QWidget) -> QCompleter:
    completer = QCompleter(codes, parent)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    return completer


class ExamRows(QWidget):
    """`edited` for every change; there is always one row at least."""

    edited = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._codes = QStringListModel(self)
        self._rows: list[ExamRow] = []
        self._box = column()
        self.add = LinkButton("Add e&xam", theme, "plus")
        self.add.clicked.connect(self._add_blank)
        below = row(self.add)
        below.addStretch()
        layout = column(self._heads(), spacing=4)
        layout.addLayout(self._box)
        layout.addLayout(below)
        self.setLayout(layout)
        self.show_exams((ExamText(),))

    def _heads(self) -> QWidget:
        heads = QWidget()
        grid = QGridLayout(heads)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        for at, (text, mandatory) in enumerate(_HEADS):
            stars = [Label("*", "danger", weight=600)] if mandatory else []
            head = row(Label(text, "text2"), *stars, spacing=4)
            head.addStretch()
            grid.addLayout(head, 0, at)
            grid.setColumnStretch(at, _STRETCHES[at])
        spacer = QWidget()
        spacer.setFixedWidth(IconButton("trash-2", "", self._theme).sizeHint().width())
        grid.addWidget(spacer, 0, len(_HEADS))
        return heads

    def set_codes(self, codes: Iterable[KnownCode]) -> None:
        """What a code field offers while it is typed; the first word is the code."""
        self._codes.setStringList([f"{code.code}  {code.description}" for code in codes])

    @property
    def rows(self) -> tuple[ExamRow, ...]:
        return tuple(self._rows)

    def exams(self) -> tuple[ExamText, ...]:
        return tuple(exam_row.exam() for exam_row in self._rows)

    def show_exams(self, exams: tuple[ExamText, ...]) -> None:
        """Rows that stay keep their focus."""
        while len(self._rows) > len(exams):
            self._drop(self._rows[-1])
        while len(self._rows) < len(exams):
            self._append()
        for exam_row, exam in zip(self._rows, exams, strict=True):
            exam_row.show_exam(exam)
        self._number()

    def set_problems(self, problems: Mapping[str, str]) -> None:
        """By `exams.0.date`."""
        for index, exam_row in enumerate(self._rows):
            prefix = f"exams.{index}."
            own = {k.removeprefix(prefix): v for k, v in problems.items() if k.startswith(prefix)}
            exam_row.set_problems(own)

    def _append(self) -> ExamRow:
        exam_row = ExamRow(self._theme, self._codes)
        exam_row.edited.connect(self.edited)
        exam_row.removed.connect(lambda: self._remove(exam_row))
        self._rows.append(exam_row)
        self._box.addWidget(exam_row)
        return exam_row

    def _add_blank(self) -> None:
        exam_row = self._append()
        self._number()
        exam_row.modality.setFocus()
        self.edited.emit()

    def _remove(self, exam_row: ExamRow) -> None:
        at = self._rows.index(exam_row)
        if len(self._rows) == 1:
            exam_row.show_exam(ExamText())
        else:
            self._drop(exam_row)
        self._number()
        self._rows[min(at, len(self._rows) - 1)].modality.setFocus()
        self.edited.emit()

    def _drop(self, exam_row: ExamRow) -> None:
        self._rows.remove(exam_row)
        self._box.removeWidget(exam_row)
        exam_row.hide()
        exam_row.deleteLater()

    def _number(self) -> None:
        for number, exam_row in enumerate(self._rows, start=1):
            exam_row.set_number(number)
        controls = [control for exam_row in self._rows for control in exam_row.controls]
        for one, next_one in zip(controls, [*controls[1:], self.add], strict=True):
            QWidget.setTabOrder(one, next_one)
