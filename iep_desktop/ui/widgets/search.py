"""The search box of the header: asks after a short rest in typing, at once on Enter, empties on Escape."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from iep_desktop.ui.theme import Theme

REST_MS = 250


class SearchBox(QLineEdit):
    """`searched` carries the stripped text, once for every change."""

    searched = Signal(str)

    def __init__(
        self, placeholder: str, theme: Theme, shortcut: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shortcut = shortcut
        self._last = ""
        self.setProperty("role", "search")
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self._icon = QAction(self)
        self._icon.setEnabled(False)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._search)
        self.textChanged.connect(lambda _: self._rest.start())
        self.returnPressed.connect(self._search)
        theme.changed.connect(self._recolor)
        self._recolor()

    def _search(self) -> None:
        self._rest.stop()
        text = self.text().strip()
        if text != self._last:
            self._last = text
            self.searched.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._search()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        room = self.width() - self.fontMetrics().horizontalAdvance(self.placeholderText() + self._shortcut)
        if self._shortcut and not self.text() and not self.hasFocus() and room > 3 * self.height():
            painter = QPainter(self)
            painter.setPen(self._theme.color("text2"))
            rect = self.rect().adjusted(0, 0, -10, 0)
            painter.drawText(
                rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._shortcut
            )

    def _recolor(self) -> None:
        self._icon.setIcon(self._theme.icon("search"))
