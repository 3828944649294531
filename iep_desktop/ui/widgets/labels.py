"""Text on a ground: plain, in a tone, as a title, elided with the whole as tool tip; and the hairline between."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the stylesheet selects by, and restyle where it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.updateGeometry()


class Label(QLabel):
    """Plain text, never rich: what a disc or a peer says cannot become markup.

    `tone`: text (default), text2, text3, accent, danger, warn, ok, neutral. `weight`: 400, 500, 600.
    """

    def __init__(
        self,
        text: str = "",
        tone: str = "text",
        *,
        weight: int = 400,
        wrap: bool = False,
        selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setProperty("weight", str(weight))
        if wrap:
            self.setWordWrap(True)
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def set_tone(self, tone: str) -> None:
        set_property(self, "tone", tone)


class Title(Label):
    """18 px, 600."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, weight=600, parent=parent)
        self.setProperty("role", "title")


class ElidedLabel(Label):
    """One line that gives way; what is cut stands in the tool tip, and whole for a screen reader."""

    def __init__(
        self, text: str = "", tone: str = "text", *, weight: int = 400, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, tone, weight=weight, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("MM…"), super().minimumSizeHint().height())

    @property
    def whole_width(self) -> int:
        """Pixels with which nothing is cut; the part of a pixel counts."""
        self.ensurePolished()  # before it is shown it knows nothing of the style's font
        return math.ceil(QFontMetricsF(self.font()).horizontalAdvance(self.text()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_whole()

    def setText(self, text: str) -> None:
        super().setText(text)
        self._tell_whole()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, self.shown)

    @property
    def shown(self) -> str:
        """What there is room for."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())

    def _tell_whole(self) -> None:
        self.setToolTip(self.text() if self.shown != self.text() else "")


class Hairline(QFrame):
    """One pixel in the colour of lines."""

    def __init__(
        self, orientation: Qt.Orientation = Qt.Orientation.Horizontal, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "hairline")
        if orientation is Qt.Orientation.Horizontal:
            self.setFixedHeight(1)
        else:
            self.setFixedWidth(1)
