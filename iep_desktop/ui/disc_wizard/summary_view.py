"""Lines of label and text that stay put while their texts change."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from iep_desktop.ui.disc_wizard.parts import TOP
from iep_desktop.ui.widgets.labels import Label


class SummaryView(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[Label, Label]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)

    def show_lines(self, lines: tuple[tuple[str, str], ...]) -> None:
        while len(self._rows) < len(lines):
            made = Label("", "text2"), Label("", wrap=True, selectable=True)
            self._grid.addWidget(made[0], len(self._rows), 0, TOP)
            self._grid.addWidget(made[1], len(self._rows), 1)
            self._rows.append(made)
        for at, (label, text) in enumerate(self._rows):
            shown = at < len(lines)
            label.setVisible(shown)
            text.setVisible(shown)
            if shown:
                label.setText(lines[at][0])
                text.setText(lines[at][1])
