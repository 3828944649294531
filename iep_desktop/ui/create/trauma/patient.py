"""Step 1: the patient by RWES or S number and NHS number, found in PACS and confirmed by a person (R-TRAUMA)."""

from __future__ import annotations

from datetime import date, datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QLineEdit, QWidget

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import (
    UHL_NUMBERS,
    NumberFormat,
    format_nhs_number,
    normalise_hospital_number,
    normalise_nhs_number,
    parse_nhs_number,
)
from iep_desktop.core.model import Patient
from iep_desktop.core.names import display_name
from iep_desktop.core.queries import PacsStudy
from iep_desktop.ui.create.trauma.step import Step
from iep_desktop.ui.disc_wizard.form_text import SEXES
from iep_desktop.ui.disc_wizard.parts import FormField, level, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, LinkButton
from iep_desktop.ui.widgets.field import show_day
from iep_desktop.ui.widgets.labels import Label, Title


class PatientStep(Step):
    """`find_wanted` on Enter or Find, `changed` when the identity is another one, `confirmed` by the tick."""

    find_wanted = Signal()
    changed = Signal()
    confirmed = Signal(bool)

    def __init__(self, theme: Theme, numbers: NumberFormat = UHL_NUMBERS) -> None:
        super().__init__(1, "Patient", "by hospital number and NHS number", theme)
        self._theme, self._numbers = theme, numbers
        self._found: PacsStudy | None = None
        self.number, self.nhs, self.reason, self.address = (QLineEdit() for _ in range(4))
        self.find_button = Button("&Find", theme, icon="search")
        self.no_nhs = LinkButton("&No NHS number?", theme)
        self.fields = {
            "number": FormField(_label(numbers), self.number, theme, mandatory=True),
            "nhs": FormField("NHS number", self.nhs, theme, mandatory=True),
            "reason": FormField("Why there is no NHS number", self.reason, theme, mandatory=True),
            "address": FormField("Address", self.address, theme, mandatory=True),
        }
        self.name = Title("")
        self.born = Label("", "text2")
        self.right = QCheckBox("This is the right &patient")
        self._absent, self._identity = QWidget(), QWidget()
        self._lay_out(theme)
        self._connect()
        self.show_found(None)

    def _lay_out(self, theme: Theme) -> None:
        line = row(self.fields["number"], self.fields["nhs"], spacing=16)
        for widget in (self.find_button, self.no_nhs):
            line.addWidget(level(widget, theme))
        for name in ("number", "nhs"):
            self.fields[name].setMaximumWidth(theme.sizes.of(176))
        line.setStretch(0, 3)
        line.setStretch(1, 3)
        line.addStretch(1)
        for name, width in (("number", 140), ("nhs", 120)):  # so wide is what stands above it
            self.fields[name].setMinimumWidth(theme.sizes.of(width))
        absent = row(self.fields["reason"], self.fields["address"], spacing=16)
        absent.setContentsMargins(0, 0, 0, 0)
        self._absent.setLayout(absent)
        self._absent.hide()
        line_of_name = row(self.name, self.born, spacing=16)
        line_of_name.addStretch(1)
        self._who = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._identity)
        self._who.setContentsMargins(0, 0, 0, 0)
        self._who.addLayout(line_of_name, 1)
        self._who.addWidget(self.right)
        self.body.addLayout(line)
        self.body.addWidget(self._absent)
        self.body.addWidget(self._identity)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Who it is is never cut: where it is narrow, the tick stands below."""
        super().resizeEvent(event)
        narrow = self.width() < self._theme.sizes.of(720)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._who.setDirection(way)

    def _connect(self) -> None:
        for edit in (self.number, self.nhs, self.reason, self.address):
            edit.textEdited.connect(lambda _: self._edited())
            edit.returnPressed.connect(self._find)
        self.find_button.clicked.connect(self._find)
        self.no_nhs.clicked.connect(self._without)
        self.right.toggled.connect(self.confirmed)

    # -- what is in it

    @property
    def is_confirmed(self) -> bool:
        return self._found is not None and self.right.isChecked()

    @property
    def is_found(self) -> bool:
        return self._found is not None

    def patient(self) -> Patient:
        """The numbers as typed; name, date of birth and sex as PACS knows them."""
        found, absent = self._found, not self._absent.isHidden()
        return Patient(
            name=found.patient_name if found else "",
            birth_date=found.birth_date if found else None,
            hospital_no=normalise_hospital_number(self.number.text()),
            nhs_no="" if absent else normalise_nhs_number(self.nhs.text()),
            nhs_no_absent_reason=self.reason.text().strip() if absent else "",
            address=self.address.text().strip() if absent else "",
            sex=found.sex if found else "",
        )

    def show_found(self, study: PacsStudy | None) -> None:
        """Who it is, in title size; whoever it was before is confirmed no more."""
        self._found = study
        self.right.setChecked(False)
        self.right.setEnabled(study is not None)
        self._identity.setVisible(study is not None)
        if study is not None:
            self.name.setText(display_name(study.patient_name) or "No name in PACS")
            self.born.setText(f"{_born(study.birth_date)}    {SEXES.get(study.sex, 'sex not said').lower()}")
        self.circle.set_done(False)

    def clear(self) -> None:
        for edit in (self.number, self.nhs, self.reason, self.address):
            edit.clear()
        if not self._absent.isHidden():
            self._without()
        self._mark()
        self.show_found(None)

    # -- typing

    def _edited(self) -> None:
        self._mark()
        self.changed.emit()

    def _without(self) -> None:
        """R-ID-4: then the reason and the address are mandatory."""
        shown = self._absent.isHidden()
        self._absent.setVisible(shown)
        self.nhs.setEnabled(not shown)
        self.no_nhs.setText("There is an &NHS number" if shown else "&No NHS number?")
        (self.reason if shown else self.nhs).setFocus()
        self._edited()

    def _mark(self, *, also_empty: bool = False) -> bool:
        absent = not self._absent.isHidden()
        problems = {
            "number": _problem(self._numbers.check, self.number.text(), also_empty),
            "nhs": "" if absent else _problem(parse_nhs_number, self.nhs.text(), also_empty),
            "reason": "Say why." if absent and also_empty and not self.reason.text().strip() else "",
            "address": "It is missing." if absent and also_empty and not self.address.text().strip() else "",
        }
        for name, problem in problems.items():
            self.fields[name].set_error(problem)
        return not any(problems.values())

    def _find(self) -> None:
        if self._mark(also_empty=True):
            self.nhs.setText(format_nhs_number(normalise_nhs_number(self.nhs.text())))
            self.find_wanted.emit()
            return
        wrong = next(name for name, field in self.fields.items() if field.error)
        self.fields[wrong].editor.setFocus()


def _label(numbers: NumberFormat) -> str:
    return "RWES or S number" if numbers == UHL_NUMBERS else numbers.name


def _problem(parse: object, text: str, also_empty: bool) -> str:
    if not text.strip() and not also_empty:
        return ""
    try:
        parse(text)  # type: ignore[operator]
    except InvalidInput as error:
        return f"{error.title}."
    return ""


def _born(day: date | None) -> str:
    if day is None:
        return "date of birth not in PACS"
    today = datetime.now().astimezone().date()
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return f"{show_day(day)}, {years} years"
