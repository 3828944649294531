"""Form and disc side by side for a transaction that waits for a decision, and the grounds a person gives for it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from iep_desktop.core.matching import Agreement, FieldMatch, compare, identity_of_form, identity_of_medium
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.possible import has_images
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.field import Field
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Label

_MARKS = {
    Agreement.AGREES: ("check", "ok", "agrees"),
    Agreement.DIFFERS: ("circle-x", "danger", "differs"),
    Agreement.ABSENT: ("minus", "text3", "not on the disc"),
    Agreement.OWN: ("info", "text2", "the sender’s own"),
}


class MatchDialog(ConfirmDialog):
    """`decided` carries the grounds, `view_wanted` that the images are to be seen.

    `second`: this person confirms what another one decided.
    """

    decided = Signal(str)
    view_wanted = Signal()

    def __init__(self, transaction: Transaction, theme: Theme, *, second: bool, parent: QWidget) -> None:
        title = "Confirm as second person" if second else "Do form and disc belong together?"
        text = (
            "Compare every line. Your name and your grounds go into the record."
            if transaction.medium and transaction.medium.patient
            else "What the disc says is not in the ledger: open the disc again, or ask the sender."
        )
        super().__init__(title, text, "They belong together", theme, leave="Not yet", parent=parent)
        self._theme = theme
        self.setMinimumWidth(theme.sizes.of(640))
        if transaction.match and second:
            first = transaction.match
            self.add(Label(f"{first.decided_by} decided: {first.grounds}", "text2", wrap=True))
        self.add(self._table(transaction))
        self.grounds = QLineEdit()
        self.grounds.setMaxLength(200)
        self.grounds.textChanged.connect(lambda words: self.allow(len(words.strip()) >= 5))
        self.view_button = Button("&View images", theme, icon="images")
        self.view_button.clicked.connect(self.view_wanted)
        if not has_images(transaction):
            self.view_button.hide()
        self.add(self._grounds())
        self.allow(False)
        self.accepted.connect(lambda: self.decided.emit(self.grounds.text().strip()))
        self.grounds.setFocus()

    def _grounds(self) -> QWidget:
        hint = "for example: form and PAS agree, the disc is mistyped"
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(Field("&Grounds", self.grounds, self._theme, mandatory=True, hint=hint), 1)
        row.addWidget(self.view_button)
        return line

    def _table(self, transaction: Transaction) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for column, words in ((1, "Form"), (3, "Disc")):
            grid.addWidget(Label(words, weight=600), 0, column)
        patient = transaction.medium.patient if transaction.medium else None
        if patient is not None:
            match = compare(identity_of_form(transaction.patient), identity_of_medium(patient), None)
            for row, field in enumerate(match.fields, start=1):
                self._row(grid, row, field)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        return table

    def _row(self, grid: QGridLayout, row: int, field: FieldMatch) -> None:
        icon, tone, word = _MARKS[field.medium.agreement]
        grid.addWidget(Label(field.field.value, "text2"), row, 0)
        grid.addWidget(Label(field.form or "not on the form", wrap=True), row, 1)
        grid.addWidget(IconLabel(icon, tone, self._theme), row, 2)
        said = f"{field.medium.text}, {word}" if field.medium.text else word
        weight = 600 if field.medium.agreement is Agreement.DIFFERS else 400
        grid.addWidget(
            Label(said, tone if tone in ("danger", "text2", "text3") else "text", weight=weight, wrap=True),
            row,
            3,
        )
