"""The history beside a form (R-GATE-10): what was asked for or sent already, one press to it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from iep_desktop.core.form_rules import Check
from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Hairline, Label

CODE = "seen-before"
_SHOWN = 5
_PREFIX = "Already: "


class SeenBefore(QWidget):
    """Hidden while there is no history. `opened` carries a transaction's number."""

    opened = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lines: tuple[str, ...] = ()
        head = row(IconLabel("history", "warn", theme), Label("Seen before", "warn", weight=600))
        head.addStretch(1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        layout = column(Hairline(), spacing=12)
        layout.addLayout(head)
        layout.addLayout(self._rows)
        self.setLayout(layout)
        self.hide()

    @property
    def lines(self) -> tuple[str, ...]:
        return self._lines

    def show_checks(self, checks: tuple[Check, ...]) -> None:
        """Those of the history; each line begins with the transaction's number."""
        lines = tuple(check.title.removeprefix(_PREFIX) for check in checks if check.code == CODE)
        if lines == self._lines:
            return
        self._lines = lines
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for line in lines[:_SHOWN]:
            self._rows.addWidget(self._row(line))
        if len(lines) > _SHOWN:
            self._rows.addWidget(Label(f"and {len(lines) - _SHOWN} more in All", "text2"))
        self.setVisible(bool(lines))

    def _row(self, line: str) -> QWidget:
        number, _, said = line.partition(", ")
        link = LinkButton(f"Open {number}", self._theme)
        link.clicked.connect(lambda: self.opened.emit(number))
        links = row(link)
        links.addStretch(1)
        box = column(Label(f"Already {said}" if said else line, wrap=True), spacing=0)
        box.addLayout(links)
        widget = QWidget()
        widget.setLayout(box)
        return widget
