"""The table of a worklist: keyboard, mouse, columns; asks the model for the rows in its viewport."""

from __future__ import annotations

import json

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QToolTip,
    QWidget,
)

from iep_desktop.core.transaction import Transaction, WorklistOrder
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist.columns import SORTS, STRETCH, WIDTHS, Col
from iep_desktop.ui.worklist.delegate import WorklistDelegate
from iep_desktop.ui.worklist.header import WorklistHeader
from iep_desktop.ui.worklist.model import Index, Role, WorklistModel

SETTLE_MS = 15  # a fling over thousands of rows asks once it comes to rest


class WorklistView(QTableView):
    """`selected` carries the Transaction or None; `opened` (Enter, double click), `viewed` (Space) and
    `menu_wanted` a Transaction."""

    selected = Signal(object)
    opened = Signal(object)
    viewed = Signal(object)
    menu_wanted = Signal(object, QPoint)

    def __init__(self, model: WorklistModel, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows = model
        self._kept: int | None = None  # id of the selected transaction
        self._held = False  # its details are open although no row of it is at hand
        self._kept_scroll = 0
        self._was_loaded = False
        self._delegate = WorklistDelegate(theme, model, self._span, self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._show_rows)
        self._set_up(model, name)
        self._connect(model)

    def _set_up(self, model: WorklistModel, name: str) -> None:
        self.setAccessibleName(name)
        self.setHorizontalHeader(WorklistHeader(self._theme, self))
        self.setItemDelegate(self._delegate)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(self._theme.sizes.row)
        rows.setDefaultSectionSize(self._theme.sizes.row)
        for col, width in WIDTHS.items():
            self.setColumnWidth(col, self._theme.sizes.of(width))

    def _connect(self, model: WorklistModel) -> None:
        self.horizontalHeader().sectionClicked.connect(self._sort_by)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._settle.start())
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        model.rowsInserted.connect(self._inserted)
        self._theme.changed.connect(self._delegate.forget_theme)

    # -- columns

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stretch()
        self._settle.start()

    def _stretch(self) -> None:
        """Spare width goes to the columns that can use it; too little leaves them as they are, to be scrolled."""
        used = sum(self.columnWidth(col) for col in Col)
        spare = self.viewport().width() - used
        shrinkable = {c: self.columnWidth(c) - self._theme.sizes.of(WIDTHS[c]) for c in STRETCH}
        total = sum(STRETCH.values())
        for col, share in STRETCH.items():
            extra = spare * share // total if spare > 0 else max(spare * share // total, -shrinkable[col])
            if extra:
                self.setColumnWidth(col, self.columnWidth(col) + extra)
        last = self.viewport().width() - sum(self.columnWidth(col) for col in Col)
        if 0 < last < len(STRETCH):
            self.setColumnWidth(Col.INSTITUTION, self.columnWidth(Col.INSTITUTION) + last)

    def columns_to_bytes(self) -> bytes:
        return json.dumps([self.columnWidth(col) for col in Col]).encode()

    def restore_columns(self, data: bytes | None) -> None:
        widths = json.loads(data) if data else []
        if len(widths) == len(Col):
            for col, width in zip(Col, widths, strict=True):
                self.setColumnWidth(col, max(int(width), self._theme.sizes.of(32)))

    def _span(self, row: int, first: Col, last: Col) -> QRect:
        left = self.columnViewportPosition(first)
        right = self.columnViewportPosition(last) + self.columnWidth(last)
        return QRect(left, self.rowViewportPosition(row), right - left, self.rowHeight(row))

    # -- order

    def _sort_by(self, section: int) -> None:
        column = SORTS.get(Col(section))
        if column is None:
            return
        now = self._rows.order
        descending = not now.descending if now.column is column else Col(section) is Col.DATE
        self._rows.set_order(WorklistOrder(column, descending))
        self._show_order()

    def _show_order(self) -> None:
        header = self.horizontalHeader()
        if isinstance(header, WorklistHeader):
            header.show_order(self._rows.order)

    # -- rows in the viewport, selection and place kept over refreshes

    def _show_rows(self) -> None:
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        self._rows.show_rows(max(first, 0), last if last >= 0 else self._rows.rowCount() - 1)

    def _remember(self) -> None:
        self._kept_scroll = self.verticalScrollBar().value()

    def _restore(self) -> None:
        self._show_order()
        self.updateGeometries()
        self.verticalScrollBar().setValue(self._kept_scroll)
        self._settle.start()
        index = self._rows.index_of(self._kept) if self._kept is not None else QModelIndex()
        if index.isValid():
            self.setCurrentIndex(index)
        elif self._kept is not None and not self._held:
            self._kept = None
            self.selected.emit(None)
        elif self._kept is None and not self._was_loaded and self._rows.rowCount():
            self.setCurrentIndex(self._rows.index(0, 0))
        self._was_loaded = True

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        """New rows on top do not push away what a person looks at."""
        bar = self.verticalScrollBar()
        if first == 0 and bar.value() > 0:
            self.updateGeometries()
            bar.setValue(bar.value() + (last - first + 1) * self._theme.sizes.row)
        self._settle.start()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        transaction = self._rows.transaction(current)
        if transaction is not None and transaction.id != self._kept:
            self._kept, self._held = transaction.id, False
            self.selected.emit(transaction)

    @property
    def selected_id(self) -> int | None:
        return self._kept

    def choose(self, id: int) -> None:
        """Chosen once the next refresh has brought it; until then no other row takes its place by itself."""
        self._kept, self._held = id, True

    def select(self, id: int) -> bool:
        index = self._rows.index_of(id)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
        return index.isValid()

    def current(self) -> Transaction | None:
        return self._rows.transaction(self.currentIndex())

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, transaction = self.currentIndex(), self.current()
        key = event.key()
        if transaction is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(transaction)
        elif key == Qt.Key.Key_Space:
            self.viewed.emit(transaction)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Plus) and not self._rows.is_open(index):
            self._rows.open_row(transaction.id)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Minus):
            self._close(index)
        elif key == Qt.Key.Key_Menu or (
            key == Qt.Key.Key_F10 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self._ask_menu(transaction, index)
        else:
            super().keyPressEvent(event)

    def _close(self, index: QModelIndex) -> None:
        transaction = self._rows.transaction(index)
        self._rows.close_row(index)
        if transaction:
            self.setCurrentIndex(self._rows.index_of(transaction.id))

    def _ask_menu(self, transaction: Transaction, index: QModelIndex) -> None:
        cell = self.visualRect(index.siblingAtColumn(Col.ACTIONS))
        self.menu_wanted.emit(transaction, self.viewport().mapToGlobal(cell.bottomLeft()))

    # -- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        transaction = self._rows.transaction(index)
        if transaction is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if index.data(Role.SERIES) is not None:
            return
        if index.column() == Col.ACTIONS:
            self._ask_menu(transaction, index)
        elif index.column() == Col.TYPE and self._on_expander(event.position().toPoint(), index):
            self._rows.toggle(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        transaction = self._rows.transaction(index)
        on_expander = self._on_expander(event.position().toPoint(), index)
        if transaction and index.column() != Col.ACTIONS and not on_expander:
            of_series = index.data(Role.SERIES) is not None
            (self.viewed if of_series else self.opened).emit(transaction)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        transaction = self._rows.transaction(self.indexAt(event.pos()))
        if transaction:
            self.menu_wanted.emit(transaction, event.globalPos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(int(event.position().y())))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: object) -> None:
        self._hover(-1)
        super().leaveEvent(event)  # type: ignore[arg-type]

    def _hover(self, row: int) -> None:
        if row != self._delegate.hovered:
            self._delegate.hovered = row
            self.viewport().update()

    def _on_expander(self, at: QPoint, index: QModelIndex) -> bool:
        left = self.visualRect(index).left()
        return index.column() == Col.TYPE and at.x() - left < self._theme.sizes.icon + 12

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The grounds of whole rows below the cells."""
        area = event.rect()
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first >= 0:
            end = last if last >= 0 else self._rows.rowCount() - 1
            rows = [
                (row, self.rowViewportPosition(row), self.rowHeight(row)) for row in range(first, end + 1)
            ]
            painter = QPainter(self.viewport())
            self._delegate.paint_grounds(painter, rows, self.viewport().width(), self.currentIndex().row())
            painter.end()
        super().paintEvent(event)

    # -- the whole of what is cut

    def viewportEvent(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            text = str(index.data()) if index.isValid() else ""
            if self._is_cut(index, text):
                QToolTip.showText(event.globalPos(), text, self.viewport())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)  # type: ignore[arg-type]

    def _is_cut(self, index: QModelIndex, text: str) -> bool:
        """Cells that elide; the status with what is beside it always has its tip."""
        col = Col(index.column()) if index.isValid() else Col.ACTIONS
        if col is Col.STATUS or (col is Col.TYPE and index.data(Role.SERIES) is not None):
            return bool(text)
        if col not in (Col.PATIENT, Col.INSTITUTION, Col.ASSIGNED):
            return False
        bold = QFontMetrics(self._theme.font(600))
        return bold.horizontalAdvance(text) > self.columnWidth(col) - 16
