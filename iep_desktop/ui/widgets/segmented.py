"""One of a few, side by side: the chosen one in the soft accent. Arrow keys move, as in any group of radio buttons."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind


class Segmented(QWidget):
    """`chosen` carries the key."""

    chosen = Signal(str)

    def __init__(
        self, choices: Iterable[tuple[str, str]], theme: Theme, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, Button] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for key, text in choices:
            button = Button(text, theme, Kind.FLAT)
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            layout.addWidget(button)
        next(iter(self._buttons.values())).setChecked(True)

    @property
    def key(self) -> str:
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        self._buttons[key].setChecked(True)

    def set_text(self, key: str, text: str) -> None:
        self._buttons[key].setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        keys = list(self._buttons)
        key = keys[(keys.index(self.key) + step) % len(keys)]
        self._buttons[key].setFocus()
        self._buttons[key].click()
