"""The tree of a disc and how its rows are painted: ticks, thumbnails, what is remarkable.

The ticks painted here are the model's real check states: Space and a click toggle them.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from iep_desktop.ui.disc_wizard.tree_model import Column, Kind, MediumModel, Role
from iep_desktop.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
CHECK = Qt.ItemDataRole.CheckStateRole
THUMBNAIL_PX = 36
_GAP = 8
_WIDTHS = {Column.DATE: 96, Column.MODALITY: 80, Column.IMAGES: 96, Column.SIZE: 76}
_NEEDED = {Column.SIZE: 560, Column.MODALITY: 480, Column.DATE: 400}


class MediumDelegate(QStyledItemDelegate):
    """Paints a row; needs nothing but the model's roles."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        series = index.data(Role.KIND) == Kind.SERIES
        return QSize(0, self._theme.sizes.of(44 if series else 32))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, self._theme.color("selection"))
        if index.column() == Column.WHAT:
            self._paint_what(painter, self._room(option.rect, index), index)
            self._paint_focus(painter, option)
        else:
            self._paint_figure(painter, option.rect, index)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self._theme.color("line"), 1))
        left = option.rect.left()
        if index.column() == Column.WHAT and index.data(Role.KIND) == Kind.SERIES:
            left = self._text_left(option.rect)
        painter.drawLine(left, option.rect.bottom(), option.rect.right(), option.rect.bottom())
        painter.restore()

    def _room(self, rect: QRect, index: Index) -> QRect:
        """A patient has no date and no modality, a series no date: their words may run on over these columns."""
        over = {Kind.PATIENT: (Column.DATE, Column.MODALITY), Kind.SERIES: (Column.DATE,)}
        free = over.get(Kind(index.data(Role.KIND)), ())
        view = self.parent()
        widths = [view.columnWidth(at) for at in free] if isinstance(view, QTreeView) else []
        return rect.adjusted(0, 0, sum(widths), 0)

    def _paint_focus(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Where the keyboard is: Space ticks here."""
        view = self.parent()
        if option.state & QStyle.StateFlag.State_HasFocus and isinstance(view, QWidget) and view.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.tick_rect(option.rect)).adjusted(-3, -3, 3, 3), 5, 5)

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """The tree itself toggles; the style's own idea of where the tick is must not do it again."""
        return False

    # --- one row ------------------------------------------------------------------------------------------

    def _paint_what(self, painter: QPainter, rect: QRect, index: Index) -> None:
        self._paint_tick(painter, self.tick_rect(rect), Qt.CheckState(index.data(CHECK)))
        kind, left = index.data(Role.KIND), rect.left() + self._theme.sizes.of(28)
        if kind == Kind.SERIES:
            self._paint_thumbnail(painter, rect, index.data(Role.THUMBNAIL))
            left = self._text_left(rect)
        font = self._font(kind)
        space = QRect(left, rect.top(), max(rect.right() - left - _GAP, 0), rect.height())
        remark = index.data(Role.REMARK)
        space = self._paint_text(painter, space, index.data(), font, self._ink(index), len(remark))
        space = self._paint_text(painter, space, index.data(Role.SECOND), self._theme.font(), "text2", 0)
        if remark:
            self._paint_remark(painter, space, remark)

    def _font(self, kind: int) -> QFont:
        return self._theme.font({Kind.PATIENT: 600, Kind.STUDY: 500}.get(Kind(kind), 400))

    def _ink(self, index: Index) -> str:
        return "text2" if index.data(Role.FAINT) else "text"

    def _paint_text(
        self, painter: QPainter, space: QRect, text: str, font: QFont, token: str, keep: int
    ) -> QRect:
        """Paint at the left of `space`, leaving room for `keep` letters; returns what is left of it."""
        if not text:
            return space
        painter.setFont(font)
        painter.setPen(self._theme.color(token))
        metrics = QFontMetrics(font)
        room = space.width() - (metrics.averageCharWidth() * keep + self._theme.sizes.of(28) if keep else 0)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(space, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        return space.adjusted(metrics.horizontalAdvance(shown) + _GAP + 4, 0, 0, 0)

    def _paint_remark(self, painter: QPainter, space: QRect, remark: str) -> None:
        icon, size = ("circle-alert" if remark == "not on the form" else "history"), self._theme.sizes.icon
        if space.width() < size:
            return
        picture = self._theme.pixmap(icon, "warn", size, painter.device().devicePixelRatio())
        painter.drawPixmap(QPoint(space.left(), space.center().y() - size // 2), picture)
        self._paint_text(painter, space.adjusted(size + 4, 0, 0, 0), remark, self._theme.font(), "warn", 0)

    def _paint_figure(self, painter: QPainter, rect: QRect, index: Index) -> None:
        kind = index.data(Role.KIND)
        strong = index.column() >= Column.IMAGES and kind != Kind.SERIES
        font = self._theme.font((600 if kind == Kind.PATIENT else 500) if strong else 400)
        painter.setFont(font)
        painter.setPen(self._theme.color("text" if strong and not index.data(Role.FAINT) else "text2"))
        space = rect.adjusted(_GAP, 0, -_GAP, 0)
        shown = QFontMetrics(font).elidedText(index.data(), Qt.TextElideMode.ElideRight, space.width())
        painter.drawText(space, Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole)), shown)

    def _text_left(self, rect: QRect) -> int:
        return rect.left() + self._theme.sizes.of(28 + THUMBNAIL_PX + 12)

    def tick_rect(self, rect: QRect) -> QRect:
        size = self._theme.sizes.icon
        return QRect(rect.left() + 4, rect.center().y() - size // 2, size, size)

    def _paint_tick(self, painter: QPainter, rect: QRect, state: Qt.CheckState) -> None:
        empty = state is Qt.CheckState.Unchecked
        painter.setPen(QPen(self._theme.color("border" if empty else "accent_fill"), 1))
        painter.setBrush(self._theme.color("surface" if empty else "accent_fill"))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if not empty:
            name = "check" if state is Qt.CheckState.Checked else "minus"
            size = rect.width() - 4
            mark = self._theme.pixmap(name, "on_fill", size, painter.device().devicePixelRatio())
            painter.drawPixmap(rect.topLeft() + QPoint(2, 2), mark)

    def _paint_thumbnail(self, painter: QPainter, rect: QRect, image: QImage | None) -> None:
        size = self._theme.sizes.of(THUMBNAIL_PX)
        place = QRect(rect.left() + self._theme.sizes.of(28), rect.center().y() - size // 2, size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("sunk"))
        painter.drawRoundedRect(QRectF(place), 2, 2)
        dpr = painter.device().devicePixelRatio()
        if image is None or image.isNull():
            name, icon = ("hourglass" if image is None else "image"), self._theme.sizes.icon
            picture = self._theme.pixmap(name, "text3", icon, dpr)
            painter.drawPixmap(place.center() - QPoint(icon // 2, icon // 2), picture)
            return
        pixels = QPixmap.fromImage(image.scaled(
            place.size() * dpr, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        ))  # fmt: skip
        pixels.setDevicePixelRatio(dpr)
        shown = QRectF(0, 0, pixels.width() / dpr, pixels.height() / dpr)
        shown.moveCenter(QRectF(place).center())
        painter.fillRect(place, Qt.GlobalColor.black)
        painter.drawPixmap(shown.topLeft(), pixels)


class MediumTree(QTreeView):
    """Opens patients and studies as they arrive, unless the operator has closed them.

    `moved` when other rows are in sight, `view_asked` when a series is double-clicked.
    """

    moved = Signal()
    view_asked = Signal(QModelIndex)

    def __init__(self, model: MediumModel, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._delegate = MediumDelegate(theme, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("What is on the disc")
        self.setUniformRowHeights(False)
        self.setIndentation(theme.sizes.of(24))
        self.setSelectionBehavior(QTreeView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(True)
        self._lay_out_columns()
        model.rowsInserted.connect(self._open_new)
        self.verticalScrollBar().valueChanged.connect(self.moved)
        self.expanded.connect(self.moved)
        self.collapsed.connect(self.moved)
        theme.changed.connect(self.viewport().update)

    def _lay_out_columns(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(Column.WHAT, QHeaderView.ResizeMode.Stretch)
        for at, width in _WIDTHS.items():
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(at, self._theme.sizes.of(width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What stands in a column that had to go is still in the row's tool tip."""
        super().resizeEvent(event)
        self.moved.emit()
        room = self.viewport().width()
        for at, needed in _NEEDED.items():
            self.setColumnHidden(at, room < self._theme.sizes.of(needed))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.moved.emit()

    def in_sight(self) -> Iterator[str]:
        """Series Instance UIDs, from the top of what is seen to a screen below it."""
        model, bottom = self.model(), 2 * self.viewport().height()
        index = self.indexAt(QPoint(0, 0))
        while self.isVisible() and index.isValid() and self.visualRect(index).top() < bottom:
            series = model.series_at(index) if isinstance(model, MediumModel) else None
            if series is not None:
                yield series.series_uid
            index = self.indexBelow(index)

    def _open_new(self, parent: QModelIndex, first: int, last: int) -> None:
        if parent.isValid() and self.model().rowCount(parent) == last - first + 1:
            self.expand(parent)  # its first rows: from now on it is as the operator leaves it

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        if self.selectionModel().isRowSelected(index.row(), index.parent()):
            painter.fillRect(rect, self._theme.color("selection"))
        if not self.model().hasChildren(index):
            return
        name, size = ("chevron-down" if self.isExpanded(index) else "chevron-right"), self._theme.sizes.icon
        picture = self._theme.pixmap(name, "text2", size, self.devicePixelRatioF())
        at = QPoint(rect.right() - size - 2, rect.center().y() - size // 2)
        painter.drawPixmap(at, picture)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        what = index.siblingAtColumn(Column.WHAT)
        on_tick = self._delegate.tick_rect(self.visualRect(what)).adjusted(-4, -4, 4, 4)
        if index.isValid() and on_tick.contains(event.position().toPoint()):
            self._toggle(what)
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        what = self.indexAt(event.position().toPoint()).siblingAtColumn(Column.WHAT)
        on_tick = self._delegate.tick_rect(self.visualRect(what)).adjusted(-4, -4, 4, 4)
        if on_tick.contains(event.position().toPoint()):
            return
        super().mouseDoubleClickEvent(event)
        if what.isValid() and what.data(Role.KIND) == Kind.SERIES:
            self.view_asked.emit(what)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._toggle(self.currentIndex().siblingAtColumn(Column.WHAT))
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # Enter is Next
            return
        super().keyPressEvent(event)

    def _toggle(self, index: QModelIndex) -> None:
        ticked = Qt.CheckState(index.data(CHECK)) is Qt.CheckState.Checked
        self.model().setData(index, Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked, CHECK)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model().rowCount():
            self.setCurrentIndex(self.model().index(0, 0))
