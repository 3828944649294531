"""The panel of disc health: what reading found, in plain words, the worst first, with what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from iep_desktop.core.medium import FindingCode, Severity
from iep_desktop.ui.disc_wizard.health import HealthAction, HealthLine
from iep_desktop.ui.disc_wizard.parts import TOP, ThemedIcon, column
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.labels import Label

_ICONS = {
    Severity.ERROR: ("circle-x", "danger"),
    Severity.WARNING: ("triangle-alert", "warn"),
    Severity.INFO: ("info", "text2"),
}


class HealthView(QWidget):
    """`asked(action, line)` when a link is pressed."""

    asked = Signal(object, object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[HealthLine, ...] | None = None
        self._empty = Label("", "text2", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        layout = column(Label("Disc health", weight=600), self._empty, spacing=12)
        layout.addLayout(self._grid)
        layout.addStretch()
        self.setLayout(layout)

    def show_lines(self, lines: tuple[HealthLine, ...], empty: str) -> None:
        """`empty` is said where there is nothing to tell (yet)."""
        self._empty.setText(empty)
        self._empty.setVisible(not lines)
        if lines == self._shown:
            return
        self._shown = lines
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at, line in enumerate(lines):
            self._add(at, line)

    def titles(self) -> list[str]:
        return [line.title for line in self._shown or ()]

    @property
    def lines(self) -> tuple[HealthLine, ...]:
        return self._shown or ()

    def _add(self, at: int, line: HealthLine) -> None:
        seen_before = line.code == FindingCode.ALREADY_IMPORTED
        name, token = ("history", "warn") if seen_before else _ICONS[line.severity]
        icon = ThemedIcon(name, token, self._theme)
        icon.setAccessibleName(line.severity)
        words = QWidget()
        title = Label(line.title, weight=600, wrap=True)
        title.setAccessibleName(f"{line.title}, {line.severity}")
        layout = column(title, Label(line.detail, "text2", wrap=True), spacing=2)
        if line.action:
            link = LinkButton(line.action.value, self._theme)
            link.setAccessibleDescription(line.title)
            link.clicked.connect(lambda: self.asked.emit(HealthAction(line.action), line))
            layout.addWidget(link, 0, TOP)
        words.setLayout(layout)
        self._grid.addWidget(icon, at, 0, TOP)
        self._grid.addWidget(words, at, 1)
