"""One of the three steps: its number, or a tick once it is done, beside what belongs to it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import ElidedLabel, Title


class Circle(QWidget):
    """The step's number in a ring; a tick on soft green once it is done."""

    def __init__(self, number: int, theme: Theme) -> None:
        super().__init__()
        self._number, self._theme, self._done = number, theme, False
        self.setFixedSize(QSize(theme.sizes.of(32), theme.sizes.of(32)))
        self.set_done(False)
        theme.changed.connect(self.update)

    def set_done(self, done: bool) -> None:
        self._done = done
        self.setAccessibleName(f"Step {self._number}, {'done' if done else 'to do'}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("ok_soft" if self._done else "border"))
        painter.setBrush(theme.color("ok_soft" if self._done else "surface"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        if self._done:
            size = theme.sizes.icon
            at = (self.width() - size) // 2
            painter.drawPixmap(at, at, theme.pixmap("check", "ok", size, self.devicePixelRatioF()))
        else:
            painter.setFont(theme.font(600))
            painter.setPen(theme.color("text2"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


class Step(QWidget):
    """`body` is filled by whoever makes it; `head` has room at its right."""

    def __init__(self, number: int, title: str, hint: str, theme: Theme) -> None:
        super().__init__()
        self.circle = Circle(number, theme)
        self.hint = ElidedLabel(hint, "text2")
        self.head = row(Title(title), self.hint, spacing=12)
        self.head.setStretch(1, 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(self.head)
        right.addLayout(self.body)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(self.circle, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(right, 1)
