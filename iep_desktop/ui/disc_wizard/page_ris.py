"""Page 5, RIS: one line an exam, dated when its images were acquired, with its event’s accession number (R-RIS)."""

from __future__ import annotations

from collections import Counter

from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from iep_desktop.core.model import Exam
from iep_desktop.ui.disc_wizard.case import Case, Step
from iep_desktop.ui.disc_wizard.page import Footer, Page
from iep_desktop.ui.disc_wizard.parts import ThemedIcon, column, row, scrolling
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.field import show_day
from iep_desktop.ui.widgets.labels import Hairline, Label, Title, set_property

_HEADS = ("Exam code", "Date acquired", "Modality", "Description", "Accession number")
_STRETCHES = (3, 3, 2, 7, 5)
_LONGEST = 16  # SH, PS3.5 6.2
_LATER = (
    "May be left empty: the exam then waits in Action Required until it is entered (§2.2). "
    "The event’s date is the day the images were acquired, not today (§2.3f)."
)


def accession_problems(exams: tuple[Exam, ...]) -> dict[str, str]:
    """What is wrong with the accession numbers, by study UID; an empty one is not wrong."""
    given = Counter(exam.accession for exam in exams if exam.accession)
    problems = {exam.study_uid: _problem(exam.accession, given) for exam in exams}
    return {uid: problem for uid, problem in problems.items() if problem}


def _problem(accession: str, given: Counter[str]) -> str:
    if len(accession) > _LONGEST:
        return f"At most {_LONGEST} characters."
    if "\\" in accession or not accession.isprintable():
        return "No backslash and no control characters."
    return "Each exam has its own RIS event (§2.3f)." if given[accession] > 1 else ""


class RisPage(Page):
    def __init__(self, theme: Theme, case: Case) -> None:
        super().__init__(case)
        self._theme = theme
        self._lines: tuple[Exam, ...] = ()
        self.edits: dict[str, QLineEdit] = {}
        self._problems: dict[str, Label] = {}
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._empty = EmptyState(
            "list-checks", "No exam is ticked", "Go back to What is on it, and tick one.", theme
        )
        head = row(Title("RIS"), Label("one line an exam", "text2"), spacing=16)
        head.addStretch()
        note = row(ThemedIcon("info", "text2", theme), Label(_LATER, "text2", wrap=True))
        note.setStretch(1, 1)
        inner = QWidget()
        lines = column(spacing=16, margins=(24, 16, 24, 16))
        lines.addLayout(head)
        lines.addWidget(self._table)
        lines.addWidget(self._empty, 1)
        lines.addStretch()
        lines.addLayout(note)
        inner.setLayout(lines)
        self.setLayout(column(scrolling(inner)))

    def refresh(self) -> None:
        lines = self.case.ris_lines
        if [_shown(line) for line in lines] != [_shown(line) for line in self._lines]:
            self._build(lines)
        self._lines = lines
        self._table.setVisible(bool(lines))
        self._empty.setVisible(not lines)
        problems = accession_problems(lines)
        for line in lines:
            edit, problem = self.edits[line.study_uid], problems.get(line.study_uid, "")
            if edit.text().strip() != line.accession:
                edit.setText(line.accession)
            set_property(edit, "error", bool(problem))
            edit.setAccessibleDescription(problem)
            self._problems[line.study_uid].setText(problem)
            self._problems[line.study_uid].setVisible(bool(problem))

    def _build(self, lines: tuple[Exam, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.edits.clear()
        self._problems.clear()
        for at, head in enumerate(_HEADS):
            self._grid.addWidget(Label(head, "text2"), 0, at)
            self._grid.setColumnStretch(at, _STRETCHES[at])
        self._grid.addWidget(Hairline(), 1, 0, 1, len(_HEADS))
        for number, line in enumerate(lines, start=1):
            self._add(number, line)

    def _add(self, number: int, line: Exam) -> None:
        at = 3 * number
        words = (line.exam_code or "none given", show_day(line.date), line.modality, line.description)
        for place, text in enumerate(words):
            given = text and text != "none given"
            self._grid.addWidget(
                Label(text or "not given", "text" if given else "text2", wrap=True), at, place
            )
        edit = QLineEdit()
        edit.setMaxLength(_LONGEST)
        edit.setPlaceholderText("enter later")
        edit.setAccessibleName(f"Accession number of exam {number}, {line.label}")
        edit.textEdited.connect(lambda text, uid=line.study_uid: self.case.set_accession(uid, text))
        problem = Label("", "danger", wrap=True)
        self._grid.addWidget(edit, at, len(words))
        edit.show()  # now: the first one gets the focus
        self._grid.addWidget(problem, at + 1, len(words))
        self._grid.addWidget(Hairline(), at + 2, 0, 1, len(_HEADS))
        self.edits[line.study_uid] = edit
        self._problems[line.study_uid] = problem

    def footer(self) -> Footer:
        lines = self.case.ris_lines
        later = sum(not line.accession for line in lines)
        wrong = accession_problems(lines)
        words = f"{later} to enter later" if later and not wrong else ""
        ready = bool(lines or self.case.goes_on_incomplete) and not wrong
        return Footer(text="An accession number is wrong" if wrong else words, next_enabled=ready)

    def next(self) -> None:
        self.go.emit(Step.GO)

    def first_focus(self) -> QWidget | None:
        return next(
            (edit for edit in self.edits.values() if not edit.text()), next(iter(self.edits.values()), None)
        )


def _shown(line: Exam) -> tuple[str, str, str, str, str]:
    return line.study_uid, line.exam_code, show_day(line.date), line.modality, line.description
