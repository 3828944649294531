"""The institution of a request or transfer: typed or picked, confirmed once, and fixed from then on (R-TX-2)."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from iep_desktop.core.form_rules import Check, Verdict, block
from iep_desktop.core.model import Hospital
from iep_desktop.ui.disc_wizard.institution_box import InstitutionBox
from iep_desktop.ui.disc_wizard.parts import FormField, level, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label

_FIXED = "Confirmed: it cannot change any more (A4)"
_PICK = "Pick it from the list: Alt+Down opens it."
_SHOWN = 60  # characters of what was typed


class InstitutionPicker(QWidget):
    """`edited` for every change by a person, `confirmed` once."""

    edited = Signal()
    confirmed = Signal()

    def __init__(self, theme: Theme, label: str = "&Institution") -> None:
        super().__init__()
        self.box = InstitutionBox()
        self.confirm_button = Button("&Confirm", theme, tip="From then on the institution is fixed (A4)")
        self.field = FormField(label, self.box, theme, mandatory=True)
        self.name = ElidedLabel("", weight=600)
        self._choosing, self._chosen = QWidget(), QWidget()
        self._waiting: tuple[str, str, bool] | None = None  # to be shown once the list has come
        self._lay_out(theme)
        self.box.editTextChanged.connect(lambda _: self._typed())
        edit = self.box.lineEdit()
        if edit is not None:
            edit.returnPressed.connect(self._entered)
        self.confirm_button.clicked.connect(self.confirm)
        self._typed()

    def _lay_out(self, theme: Theme) -> None:
        line = row(self.field)
        line.setStretch(0, 1)
        line.addWidget(level(self.confirm_button, theme))
        self._choosing.setLayout(line)
        fixed = row(IconLabel("hospital", "accent", theme), self.name, Label(_FIXED, "text2"))
        fixed.addStretch(1)
        self._chosen.setLayout(fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._choosing)
        layout.addWidget(self._chosen)
        self._chosen.hide()
        self.setFocusProxy(self.box)

    # -- what is in it

    @property
    def ods(self) -> str:
        return self.box.ods or (self._waiting[0] if self._waiting else "")

    @property
    def typed(self) -> str:
        return self.box.currentText()

    @property
    def is_confirmed(self) -> bool:
        return not self._chosen.isHidden()

    def check(self) -> Check:
        if self.is_confirmed:
            return Check("confirmed", Verdict.MET, "Institution in full, confirmed", "", "R-TX-2", "A4")
        return block("confirmed", "The institution is not confirmed", "R-TX-2", "A4", "Confirm it")

    def set_label(self, text: str) -> None:
        """What kind of recipient is meant."""
        self.field.label.setText(text)
        self.box.setAccessibleName(f"{text.replace('&', '')}, mandatory")

    def set_hospitals(self, hospitals: Iterable[Hospital]) -> None:
        self.box.set_hospitals(hospitals)
        if self._waiting:
            self.show_institution(*self._waiting)
        self._typed(told=False)

    def show_institution(self, ods: str, typed: str, confirmed: bool) -> None:
        with QSignalBlocker(self.box):
            if ods or typed:
                self.box.show_ods(ods, typed)
            else:
                self.box.setEditText("")
        self._waiting = None if self.box.hospital_count else (ods, typed, confirmed)
        self._fix(confirmed and bool(ods))
        self._typed(told=False)

    def confirm(self) -> None:
        if self.box.ods and not self.is_confirmed:
            self._fix(True)
            self.confirmed.emit()

    # -- inside

    def _fix(self, fixed: bool) -> None:
        self.name.setText(self.typed)
        self._choosing.setHidden(fixed)
        self._chosen.setVisible(fixed)

    def _typed(self, *, told: bool = True) -> None:
        found = bool(self.box.ods)
        self.confirm_button.setEnabled(found)
        listed = self.box.hospital_count > 0
        unknown = bool(self.typed.strip()) and not found and listed
        self.field.set_error("Pick it from the A–Z list." if unknown else "")
        if told:
            self._waiting = None
            self.edited.emit()

    def _entered(self) -> None:
        """Enter chooses what is typed; confirming is a deed of its own. What cannot be confirmed says why."""
        if self.confirm_button.isEnabled():
            self.confirm_button.setFocus(Qt.FocusReason.TabFocusReason)
        elif self.box.hospital_count:
            typed = " ".join(self.typed.split())[:_SHOWN]
            said = f"“{typed}” is not in the A–Z list" if typed else "No institution is typed yet"
            self.field.set_error(f"{said}. {_PICK}")
