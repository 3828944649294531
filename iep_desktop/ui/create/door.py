"""A door of Create: a card that is a button."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from iep_desktop.ui.theme import Theme


class Door(QAbstractButton):
    """A card that is a button: icon, name, one line of explanation."""

    def __init__(self, icon: str, text: str, line: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icon, self._line = theme, icon, line
        self._open = False
        self.setText(text)
        self.setAccessibleName(text.replace("&", ""))
        self.setAccessibleDescription(line)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_open(self, is_open: bool) -> None:
        """What is behind it stands on the page."""
        self._open = is_open
        self.setAccessibleDescription(f"{self._line}, open" if is_open else self._line)
        self.update()

    def sizeHint(self) -> QSize:
        of = self._theme.sizes.of
        bold = max(self.fontMetrics().horizontalAdvance(words) for words in (self.text(), self._line))
        return QSize(max(of(253), bold + of(84)), of(64))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: object) -> None:
        if getattr(event, "key", lambda: 0)() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)  # type: ignore[arg-type]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, of = self._theme, self._theme.sizes.of
        chosen = self.underMouse() or self.hasFocus() or self._open
        painter.setBrush(
            theme.color("accent_soft" if self.isDown() or self.underMouse() or self._open else "surface")
        )
        painter.setPen(QPen(theme.color("accent" if chosen else "border"), 2 if self.hasFocus() else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        token = "accent" if chosen else "text2"
        size = of(20)
        middle = (self.height() - size) // 2
        painter.drawPixmap(of(16), middle, theme.pixmap(self._icon, token, size, self.devicePixelRatioF()))
        area = QRect(of(52), 0, self.width() - of(60), self.height() // 2)
        painter.setFont(theme.font(600))
        painter.setPen(theme.color("accent" if chosen else "text"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextShowMnemonic
        painter.drawText(area.adjusted(0, of(12), 0, 0), flags | Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setFont(theme.font(400))
        painter.setPen(theme.color("text2"))
        below = area.adjusted(0, 0, 0, -of(12)).translated(0, area.height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._line)
