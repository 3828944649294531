"""An icon beside words that say what it means."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QWidget

from iep_desktop.ui.theme import Theme


class IconLabel(QLabel):
    """A Lucide icon that follows the theme; what it means is told in words beside it."""

    def __init__(self, name: str, token: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name, self._token = name, token
        self._apply()
        theme.changed.connect(self._apply)

    def set(self, name: str, token: str) -> None:
        if (name, token) != (self._name, self._token):
            self._name, self._token = name, token
            self._apply()

    def _apply(self) -> None:
        self.setFixedSize(QSize(self._theme.sizes.icon, self._theme.sizes.icon))
        self.setPixmap(
            self._theme.pixmap(self._name, self._token, dpr=self.devicePixelRatioF())
            if self._name
            else self._theme.pixmap("circle", "surface")
        )
        if not self._name:
            self.clear()
