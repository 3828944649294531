"""The head of a worklist: the sorted column in bold with an arrow, Messages as an envelope."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QWidget

from iep_desktop.core.transaction import WorklistOrder
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist.columns import SORTS, TITLES, Col


class WorklistHeader(QHeaderView):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._order = WorklistOrder()
        self.setFixedHeight(theme.sizes.row)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(theme.sizes.of(32))
        self.setAccessibleName("Columns: press to sort")

    def show_order(self, order: WorklistOrder) -> None:
        self._order = order
        self.viewport().update()

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        col = Col(section)
        sorted_by = SORTS.get(col) is self._order.column
        painter.save()
        painter.fillRect(rect, self._theme.color("surface"))
        painter.setPen(QPen(self._theme.color("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setPen(self._theme.color("text" if sorted_by else "text2"))
        painter.setFont(self._theme.font(600 if sorted_by else 400))
        dpr, size = self.devicePixelRatioF(), self._theme.sizes.icon
        middle = rect.top() + (rect.height() - size) // 2
        if col is Col.MESSAGES:
            painter.drawPixmap(rect.left(), middle, self._theme.pixmap("mail", "text2", size, dpr))
        else:
            left = rect.left() + (2 * size + 20 - 24 if col is Col.TYPE else 8)
            words = rect.adjusted(left - rect.left(), 0, -2, 0)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            shown = painter.fontMetrics().elidedText(TITLES[col], Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(words, flags, shown)
            if sorted_by:
                arrow = "arrow-down" if self._order.descending else "arrow-up"
                at = left + painter.fontMetrics().horizontalAdvance(shown) + 4
                painter.drawPixmap(at, middle, self._theme.pixmap(arrow, "text", size, dpr))
        painter.restore()
