"""The tree view of the rail: mouse and keys on ticks, chevrons and rows, and which rows are in sight.

Arrows move and unfold, Space ticks, Enter or a click opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QTreeView

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.pictures import Picture
from iep_desktop.ui.viewer.rail_delegate import RailDelegate
from iep_desktop.ui.viewer.rail_model import CHECK, Index, Kind, Pick, RailModel, Role

_AHEAD = 1  # screens below the one in sight whose pictures are wanted after it


class RailTree(QTreeView):
    """`moved` when other rows came in sight, `asked(QModelIndex)` when a row is to be opened."""

    moved = Signal()
    asked = Signal(QModelIndex)

    def __init__(self, model: RailModel, picture_of: Callable[[Pick], Picture | None], theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows = model
        self._delegate = RailDelegate(theme, picture_of, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Series and images")
        self.setAccessibleDescription("Arrow keys move and unfold, Space ticks, Enter opens.")
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self._connect()

    def _connect(self) -> None:
        self.verticalScrollBar().valueChanged.connect(self.moved)
        self.expanded.connect(self.moved)
        self.collapsed.connect(self.moved)
        self._rows.modelReset.connect(self._open_studies)
        self._rows.dataChanged.connect(self.viewport().update)
        self._theme.changed.connect(self.viewport().update)

    def _open_studies(self) -> None:
        for row in range(self._rows.rowCount()):
            self.expand(self._rows.index(row, 0))

    # --- what is open and in sight --------------------------------------------------------------------------

    def unfolded(self) -> frozenset[str]:
        """Series Instance UIDs whose images are shown."""
        found = set()
        for index in self._series():
            pick = self._rows.pick(index)
            if pick and self.isExpanded(index):
                found.add(pick.series.series_uid)
        return frozenset(found)

    def unfold(self, series_uids: frozenset[str]) -> None:
        for uid in series_uids:
            self.expand(self._rows.index_of_series(uid))

    def _series(self) -> Iterator[QModelIndex]:
        for row in range(self._rows.rowCount()):
            study = self._rows.index(row, 0)
            for at in range(self._rows.rowCount(study)):
                yield self._rows.index(at, 0, study)

    def in_sight(self) -> Iterator[Pick]:
        """From the top of what is seen to a screen below it."""
        bottom = self.viewport().height() * (1 + _AHEAD)
        index = self.indexAt(QPoint(0, 0))
        while index.isValid() and self.visualRect(index).top() < bottom:
            pick = self._rows.pick(index)
            if pick is not None and not pick.document:
                yield pick
            index = self.indexBelow(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.moved.emit()

    # --- mouse and keys -------------------------------------------------------------------------------------

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """The delegate paints the whole row."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        at = event.position().toPoint()
        index = self.indexAt(at)
        if (
            event.button() is not Qt.MouseButton.LeftButton
            or index != self.currentIndex()
            or not index.isValid()
        ):
            return
        kind, rect = Kind(index.data(Role.KIND)), self.visualRect(index)
        rect.setLeft(0)
        rect.setWidth(self.viewport().width())
        if self._rows.tickable and self._delegate.tick_rect(rect, kind).adjusted(-8, -8, 8, 4).contains(at):
            self._toggle(index)
        elif self._folds(index) and self._delegate.fold_rect(rect, kind).adjusted(-8, -4, 8, 8).contains(at):
            self.setExpanded(index, not self.isExpanded(index))
        else:
            self.asked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        match event.key():
            case Qt.Key.Key_Space if index.isValid():
                self._toggle(index)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if index.isValid():
                self.asked.emit(index)
            case Qt.Key.Key_Asterisk:
                event.ignore()  # unfolding everything below would take seconds in a long series
            case _:
                super().keyPressEvent(event)

    def _folds(self, index: QModelIndex) -> bool:
        return index.data(Role.KIND) != Kind.STUDY and self._rows.hasChildren(index)

    def _toggle(self, index: QModelIndex) -> None:
        if not self._rows.tickable:
            return
        ticked = Qt.CheckState(index.data(CHECK)) is Qt.CheckState.Checked
        self._rows.setData(index, Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked, CHECK)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first series, so that the first arrow goes somewhere."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and (first := next(self._series(), None)) is not None:
            self.setCurrentIndex(first)
