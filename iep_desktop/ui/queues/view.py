"""The table of the waiting line: Alt+Up and Alt+Down move a row, so does dragging; painted from the theme's tokens."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from iep_desktop.core.exchange import WaitingRow
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.queues import rows as lines
from iep_desktop.ui.queues.model import Col, WaitingModel
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist import texts

Index = QModelIndex | QPersistentModelIndex
WIDTHS = {
    Col.PLACE: 72,
    Col.DIRECTION: 72,
    Col.PATIENT: 160,
    Col.INSTITUTION: 200,
    Col.PRIORITY: 112,
    Col.IMAGES: 104,
    Col.STARTS: 176,
}
STRETCH = (Col.PATIENT, Col.INSTITUTION, Col.STARTS)
EDGE = 4
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class WaitingDelegate(QStyledItemDelegate):
    """Cells of one line; a Blue Light has its bar at the edge and its icon."""

    def __init__(self, model: WaitingModel, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._lines, self._theme = model, theme
        self._fonts: dict[int, tuple[QFont, QFontMetrics]] = {}

    def forget_fonts(self) -> None:
        self._fonts.clear()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._lines.row(index)  # asked for as it is, not through Qt: a screen has a hundred cells
        if row is None:
            return
        theme, rect = self._theme, option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        urgent = texts.is_blue_light(row.transaction)
        col = Col(index.column())
        painter.save()
        painter.setClipRect(rect)
        if selected:
            painter.fillRect(rect, theme.color("selection"))
        painter.setPen(QPen(theme.color("sunk"), 1))
        painter.drawLine(rect.left(), rect.bottom(), rect.right() + 1, rect.bottom())
        left = rect.left() + 8
        if col is Col.PLACE:
            left = self._place(painter, rect, urgent=urgent)
        if col is Col.DIRECTION:
            icon = texts.direction_icon(row.transaction.direction)
            left = self._icon(painter, left, rect, icon, "text2")
        self._text(painter, rect, left, self._lines.text(row, col), col, row, urgent=urgent)
        painter.restore()

    def _place(self, painter: QPainter, rect: QRect, *, urgent: bool) -> int:
        edge = QRect(rect.left(), rect.top(), EDGE, rect.height() - 1)
        if urgent:
            painter.fillRect(edge, self._theme.color("accent"))
        icon = "siren" if urgent else "grip-vertical"
        return self._icon(painter, rect.left() + 8, rect, icon, "accent" if urgent else "text3")

    def _icon(self, painter: QPainter, left: int, rect: QRect, name: str, token: str) -> int:
        size = self._theme.sizes.icon
        top = rect.top() + (rect.height() - size) // 2
        pixmap = self._theme.pixmap(name, token, size, painter.device().devicePixelRatioF())
        painter.drawPixmap(left, top, pixmap)
        return left + size + 4

    def _text(
        self, painter: QPainter, rect: QRect, left: int, text: str, col: Col, row: WaitingRow, *, urgent: bool
    ) -> None:
        weight = 600 if col is Col.PATIENT or (urgent and col is Col.PRIORITY) else 400
        token = "text" if col in (Col.PATIENT, Col.INSTITUTION, Col.PLACE) else "text2"
        if col is Col.PRIORITY and urgent:
            token = "accent"
        if col is Col.STARTS and row.why:
            token = "warn"
        font, metrics = self._font(weight)
        painter.setFont(font)
        painter.setPen(self._theme.color(token))
        area = QRect(left, rect.top(), rect.right() - left - 8, rect.height())
        painter.drawText(
            area, _LEFT, metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(area.width(), 0))
        )

    def _font(self, weight: int) -> tuple[QFont, QFontMetrics]:
        if weight not in self._fonts:
            font = self._theme.font(weight)
            self._fonts[weight] = (font, QFontMetrics(font))
        return self._fonts[weight]


class WaitingView(QTableView):
    """`moved` carries a Move, `opened` and `selected` a Transaction, `menu_wanted` one and where."""

    moved = Signal(object)
    opened = Signal(object)
    selected = Signal()
    menu_wanted = Signal(object, QPoint)

    def __init__(self, model: WaitingModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines, self._theme = model, theme
        self.setAccessibleName("Waiting line")
        self.setAccessibleDescription("Alt and arrow keys move a row among those of the same priority")
        delegate = WaitingDelegate(model, theme, self)
        self.setItemDelegate(delegate)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self._set_up_dragging()
        self._set_up_headers()
        model.moved.connect(self.moved)
        theme.changed.connect(delegate.forget_fonts)

    def _set_up_dragging(self) -> None:
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setDropIndicatorShown(True)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def _set_up_headers(self) -> None:
        rows, head = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(self._theme.sizes.row)
        rows.setDefaultSectionSize(self._theme.sizes.row)
        head.setDefaultAlignment(_LEFT)
        head.setHighlightSections(False)
        head.setFixedHeight(self._theme.sizes.row)
        for col, width in WIDTHS.items():
            self.setColumnWidth(col, self._theme.sizes.of(width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        of = self._theme.sizes.of
        spare = max(self.viewport().width() - sum(of(width) for width in WIDTHS.values()), 0)
        for at, col in enumerate(STRETCH):
            extra = spare // len(STRETCH) + (spare % len(STRETCH) if at == 0 else 0)
            self.setColumnWidth(col, of(WIDTHS[col]) + extra)

    # -- what is chosen

    def current(self) -> Transaction | None:
        row = self._lines.row(self.currentIndex())
        return row.transaction if row else None

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.selected.emit()

    def move_current(self, *, up: bool) -> None:
        index = self.currentIndex()
        if not index.isValid():
            return
        move = (lines.up if up else lines.down)(self._lines.rows, index.row())
        if move is not None:
            self.moved.emit(move)

    # -- keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        transaction, key = self.current(), event.key()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_current(up=key == Qt.Key.Key_Up)
        elif transaction and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(transaction)
        elif transaction and (key == Qt.Key.Key_Menu or (key == Qt.Key.Key_F10 and shift)):
            rect = self.visualRect(self.currentIndex())
            self.menu_wanted.emit(transaction, self.viewport().mapToGlobal(rect.bottomLeft()))
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: object) -> None:
        transaction = self.current()
        if transaction:
            self.opened.emit(transaction)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self._lines.row(self.indexAt(event.pos()))
        if row:
            self.menu_wanted.emit(row.transaction, event.globalPos())
