"""The chip: a soft fill and always the word. As a widget, and painted into a cell."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from iep_desktop.core.transaction import Status
from iep_desktop.ui.theme import Theme

PADDING = 8
_TONES = {
    Status.NEW: "outline",
    Status.STARTED: "accent",
    Status.UPLOADING: "accent",
    Status.DOWNLOADING: "accent",
    Status.ON_IEP: "warn",
    Status.DELIVERED: "ok",
    Status.ACCEPTED: "ok",
    Status.FAILED: "danger",
    Status.DECLINED: "danger",
}


def status_tone(status: Status) -> str:
    """accent, warn, ok, danger, neutral, or outline (accent on surface: New)."""
    return _TONES.get(status, "neutral")


def chip_width(text: str, theme: Theme) -> int:
    return theme.metrics(500).horizontalAdvance(text) + 2 * PADDING


def paint_chip(painter: QPainter, left: int, middle: int, text: str, tone: str, theme: Theme) -> int:
    """Paint with its left edge at `left`, centred on `middle`; returns the right edge."""
    height, width = theme.sizes.chip, chip_width(text, theme)
    rect = QRect(left, middle - height // 2, width, height)
    color = theme.color("accent" if tone == "outline" else tone)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if tone == "outline":
        painter.setPen(QPen(color, 1))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(f"{tone}_soft"))
        painter.drawRoundedRect(QRectF(rect), 4, 4)
    painter.setFont(theme.font(500))
    painter.setPen(color)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
    return rect.right() + 1


class Chip(QWidget):
    """`tone`: accent, warn, ok, danger, neutral or outline."""

    def __init__(self, text: str, tone: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.text = self.tone = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set(text, tone)
        theme.changed.connect(self.update)

    def set(self, text: str, tone: str) -> None:
        if (text, tone) == (self.text, self.tone):
            return
        self.text, self.tone = text, tone
        self.setAccessibleName(text)
        if text and self.parentWidget() is None:
            # Shown by itself it would be a window for a moment, and take the keyboard: it comes with its parent.
            self.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
        else:
            self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def set_status(self, status: Status) -> None:
        self.set(status.value, status_tone(status))

    def sizeHint(self) -> QSize:
        return QSize(chip_width(self.text, self._theme), self._theme.sizes.chip)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_chip(painter, 0, self.height() // 2, self.text, self.tone, self._theme)
