"""Widgets in a row that wrap to the next one where the width ends. Qt's own example, reduced to what a bar needs."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    def __init__(self, parent: QWidget | None = None, spacing: int = 8, line: int = 0) -> None:
        """`line` is the least height of a row."""
        super().__init__(parent) if parent else super().__init__()
        self._items: list[QLayoutItem] = []
        self._line = line
        self.setSpacing(spacing)
        self.setContentsMargins(QMargins(0, 0, 0, 0))

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        self.invalidate()
        return self._items.pop(index)

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size.grownBy(margins)

    def _place(self, rect: QRect, *, move: bool) -> int:
        """Lays lines from the left, each item in the middle of its line; returns the height used."""
        margins = self.contentsMargins()
        rect = rect.marginsRemoved(margins)
        x, y, line = rect.x(), rect.y(), self._line_height()
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.right() + 1:
                x, y = rect.x(), y + line + 4
            if move:
                item.setGeometry(QRect(QPoint(x, y + (line - hint.height()) // 2), hint))
            x += hint.width() + self.spacing()
        return y + line - rect.y() + margins.top() + margins.bottom()

    def _line_height(self) -> int:
        heights = [item.sizeHint().height() for item in self._items if not item.isEmpty()]
        return max([self._line, *heights])
