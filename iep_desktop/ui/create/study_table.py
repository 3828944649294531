"""The table of found studies: sorted by a click on a head, filtered by a word; Space ticks, Enter wants to look."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from iep_desktop.ui.create.study_rows import SORT_ROLE, Column, StudyRows
from iep_desktop.ui.theme import Theme

_WIDTHS = {Column.MODALITY: 84, Column.DATE: 100, Column.ACCESSION: 120, Column.IMAGES: 72, Column.NOTE: 200}

NAME, LEAST = 160, 64  # of the study's name, and of a note, at 100 %


class _Proxy(QSortFilterProxyModel):
    """Every word of the filter is looked for in every column."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wanted: list[str] = []

    def want(self, text: str) -> None:
        self._wanted = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex | QPersistentModelIndex) -> bool:
        model = self.sourceModel()
        words = " ".join(str(model.index(row, column).data() or "") for column in range(model.columnCount()))
        return all(word in words.casefold() for word in self._wanted)


class _Rows(QStyledItemDelegate):
    """Rows of the height that the theme wants."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._table = theme, parent

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Where the keyboard is, the whole row says, in one plain colour; no frame around it.

        The words stand below the words of the head: without the room that is for a frame.
        """
        super().initStyleOption(option, index)
        margin = self._table.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1
        option.rect.adjust(-margin, 0, margin, 0)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        option.state &= ~QStyle.StateFlag.State_Selected

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, self._theme.color("selection"))
        super().paint(painter, option, index)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), self._theme.sizes.row)


class StudyTable(QTreeView):
    """Shows `StudyRows`; as high as its rows, up to ten. `viewed` carries the PacsStudy whose images are wanted."""

    viewed = Signal(object)

    def __init__(self, rows: StudyRows, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows = rows
        self.proxy = _Proxy(self)
        self.proxy.setSourceModel(rows)
        self.proxy.setSortRole(SORT_ROLE)
        self.setModel(self.proxy)
        self.setItemDelegate(_Rows(theme, self))
        self.setAccessibleName("Studies in PACS")
        self.setAccessibleDescription("Space ticks a study, Enter or a double click shows its images")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.DATE, Qt.SortOrder.DescendingOrder)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._set_up_head()
        self.proxy.layoutChanged.connect(self.updateGeometry)
        self.proxy.modelReset.connect(self.updateGeometry)
        self.doubleClicked.connect(self._view)
        theme.changed.connect(self.viewport().update)

    def _set_up_head(self) -> None:
        head = self.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(Column.STUDY, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            head.resizeSection(column, self._theme.sizes.of(width))
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow the names of the studies stay, and what is to be noted; the accession number goes."""
        super().resizeEvent(event)
        of, head = self._theme.sizes.of, self.header()
        spare = self.viewport().width() - of(NAME) - of(sum(_WIDTHS.values()))
        head.setSectionHidden(Column.ACCESSION, spare < 0)
        if spare < 0:
            spare += of(_WIDTHS[Column.ACCESSION])
        head.resizeSection(Column.NOTE, max(of(_WIDTHS[Column.NOTE]) + min(spare, 0), of(LEAST)))

    def filter_by(self, text: str) -> None:
        self.proxy.want(text)
        self.updateGeometry()

    def first_row(self) -> None:
        """The keyboard is on the first row."""
        if not self.currentIndex().isValid() and self.proxy.rowCount():
            self.setCurrentIndex(self.proxy.index(0, Column.STUDY))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.currentIndex().isValid() and not self.selectionModel().hasSelection():
            self.setCurrentIndex(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Wherever in the row the keyboard is."""
        at, key = self.currentIndex(), event.key()
        if key == Qt.Key.Key_Space and at.isValid():
            self.toggle(at)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and at.isValid():
            self._view(at)
        else:
            super().keyPressEvent(event)

    def _view(self, index: QModelIndex) -> None:
        self.viewed.emit(self.rows.study_at(self.proxy.mapToSource(index)))

    def toggle(self, index: QModelIndex) -> None:
        tick = index.siblingAtColumn(Column.STUDY)
        is_on = tick.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        state = Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked
        self.proxy.setData(tick, state, Qt.ItemDataRole.CheckStateRole)

    def sizeHint(self) -> QSize:
        rows = max(2, min(self.proxy.rowCount(), 10))
        height = self.header().sizeHint().height() + rows * self._theme.sizes.row + 2 * self.frameWidth()
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.sizes.of(240), self.sizeHint().height())
