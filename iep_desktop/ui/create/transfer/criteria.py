"""What PACS is searched by: exam dates, body part or description, modalities, accession no (R-FORM, A4)."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from iep_desktop.core.exchange import StudyCriteria
from iep_desktop.ui.create.studies_box import ways_to_write
from iep_desktop.ui.disc_wizard.exam_rows import DayEdit
from iep_desktop.ui.disc_wizard.form_text import MODALITIES, parse_day
from iep_desktop.ui.disc_wizard.parts import FormField, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, ChoiceButton, Kind
from iep_desktop.ui.widgets.field import FieldGrid


class CriteriaBar(QWidget):
    """`search_wanted` on Search and on Enter in any field; `cleared` on Clear."""

    search_wanted = Signal()
    cleared = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.date_from, self.date_to = DayEdit(theme), DayEdit(theme)
        self.description, self.accession = QLineEdit(), QLineEdit()
        self._menu = QMenu()
        self._modalities = {code: self._menu.addAction(code) for code in MODALITIES}
        self.modalities = ChoiceButton("All", theme, self._menu)
        self.search = Button("S&earch PACS", theme, icon="search")
        self.clear = Button("Clear search", theme, Kind.FLAT)
        self._fields = {
            "date_from": FormField("Exam date &from", self.date_from, theme),
            "date_to": FormField("to", self.date_to, theme),
            "description": FormField("Body part or study description", self.description, theme),
            "modalities": FormField("Modalities", self.modalities, theme),
            "accession": FormField("Accession no", self.accession, theme),
        }
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        grid = FieldGrid()
        spans = {"date_from": 3, "date_to": 3, "description": 6, "modalities": 6, "accession": 6}
        at = 0
        for name, span in spans.items():
            grid.addWidget(self._fields[name], at // 12, at % 12, 1, span)
            at += span
        for column in range(12):
            grid.setColumnStretch(column, 1)
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(12)
        buttons = row(self.search, self.clear)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(grid)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        for action in self._modalities.values():
            action.setCheckable(True)
            action.toggled.connect(self._say_modalities)
        for edit in (self.date_from, self.date_to):
            edit.textEdited.connect(lambda _: self._check())
        self.search.clicked.connect(self._search)
        self.clear.clicked.connect(self._clear)
        self._say_modalities()

    def criteria(self, hospital_no: str) -> StudyCriteria:
        """For one patient; whoever has no number is searched by dates or accession number."""
        return StudyCriteria(
            patient_ids=ways_to_write(hospital_no),
            date_from=parse_day(self.date_from.text()),
            date_to=parse_day(self.date_to.text()),
            description=self.description.text().strip(),
            modalities=frozenset(self.chosen_modalities),
            accession=self.accession.text().strip(),
        )

    @property
    def chosen_modalities(self) -> list[str]:
        return [code for code, action in self._modalities.items() if action.isChecked()]

    def choose_modalities(self, codes: Iterable[str]) -> None:
        wanted = set(codes)
        for code, action in self._modalities.items():
            action.setChecked(code in wanted)

    def _say_modalities(self) -> None:
        text = ", ".join(self.chosen_modalities) or "All"
        self.modalities.setText(text)
        self.modalities.setAccessibleName(f"Modalities: {text}")

    def _check(self) -> bool:
        """Marks what is no date, and dates the wrong way round."""
        for name, edit in (("date_from", self.date_from), ("date_to", self.date_to)):
            wrong = bool(edit.text().strip()) and parse_day(edit.text()) is None
            self._fields[name].set_error("Not a date: DD/MM/YYYY." if wrong else "")
        first, last = parse_day(self.date_from.text()), parse_day(self.date_to.text())
        if first and last and first > last:
            self._fields["date_to"].set_error("This is before the first day.")
        return not any(field.error for field in self._fields.values())

    def problem(self, name: str) -> str:
        return self._fields[name].error

    def _search(self) -> None:
        if self._check():
            self.search_wanted.emit()

    def _clear(self) -> None:
        for edit in (self.date_from, self.date_to, self.description, self.accession):
            edit.clear()
        self.choose_modalities(())
        self._check()
        self.cleared.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a field searches."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._search()
            return
        super().keyPressEvent(event)
