"""Every data element of a file: searched by tag, keyword, name or value, and copied.

Asks off the loop; shows what `workers.documents` lists, unchanged and as plain text.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.core.documents import TagLine, TagListing
from iep_desktop.core.errors import IepError
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.ui.widgets.search import SearchBox
from iep_desktop.workers import documents
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

Index = QModelIndex | QPersistentModelIndex
INDENT = "  "


class Column(IntEnum):
    TAG = 0
    NAME = 1
    VR = 2
    VALUE = 3


_HEADS = {Column.TAG: "Tag", Column.NAME: "Name", Column.VR: "VR", Column.VALUE: "Value"}
_WIDTHS = {Column.TAG: 184, Column.NAME: 232, Column.VR: 40}


class TagModel(QAbstractTableModel):
    """The lines that a search leaves, with the sequences above them, so that it stays plain where they stand."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[TagLine, ...] = ()
        self._folded: tuple[str, ...] = ()
        self.lines: list[TagLine] = []
        self.found = 0

    def set_lines(self, lines: tuple[TagLine, ...]) -> None:
        self._all = lines
        self._folded = tuple(_folded(line) for line in lines)
        self.search("")

    @property
    def has_lines(self) -> bool:
        return bool(self._all)

    def search(self, text: str) -> None:
        self.beginResetModel()
        words = text.casefold().split()
        self.lines = list(self._matching(words)) if words else list(self._all)
        if not words:
            self.found = len(self.lines)
        self.endResetModel()

    def _matching(self, words: list[str]) -> list[TagLine]:
        above: list[tuple[TagLine, bool]] = []  # the path to where we are, and whether it is shown already
        shown: list[TagLine] = []
        self.found = 0
        for line, folded in zip(self._all, self._folded, strict=True):
            while above and above[-1][0].depth >= line.depth:
                above.pop()
            hit = all(word in folded for word in words)
            if hit:
                self.found += 1
                shown += [parent for parent, already in above if not already]
                above = [(parent, True) for parent, _ in above]
                shown.append(line)
            above.append((line, hit))
        return shown

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[Column(section)]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line, column = self.lines[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(line, column)
        if role == Qt.ItemDataRole.ToolTipRole and column in (Column.NAME, Column.VALUE):
            return f"{line.keyword}\n{line.name}".strip() if column is Column.NAME else line.value
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{_HEADS[column]}: {cell(line, column).strip() or 'empty'}"
        return None


def cell(line: TagLine, column: Column) -> str:
    match column:
        case Column.TAG:
            return INDENT * line.depth + (line.tag if line.vr or line.keyword else line.name or line.tag)
        case Column.NAME:
            return line.keyword or (line.name if line.vr else "")
        case Column.VR:
            return line.vr
        case Column.VALUE:
            return line.value


def _folded(line: TagLine) -> str:
    bare = line.tag.strip("()")
    return "\n".join(
        (line.tag, bare.replace(",", ""), line.keyword, line.name, line.vr, line.value)
    ).casefold()


class TagList(QWidget):
    """`set_file` lists another file; the search stays. Ctrl+F searches, Ctrl+C copies the selected lines."""

    def __init__(self, queries: Queries, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queries = queries
        self._running: Running | None = None
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = TagModel(self)
        self.search = SearchBox("Search tag, name or value", theme, "Ctrl+F")
        self.count = Label("", "text2")
        self.copy_button = Button(
            "&Copy", theme, icon="copy", tip="Copy the selected lines, else all that are shown"
        )
        self.remark = Label("", "warn", wrap=True)
        self.view = _view(self.model, theme)
        self._empty = EmptyState("list-checks", "No file yet", "Choose an image or a document.", theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        self._lay_out()
        self._connect()
        self._show_empty("No file yet", "Choose an image or a document.")

    def set_file(self, path: Path) -> None:
        """List another file; what was asked before is forgotten."""
        if self._running:
            self._running.cancel()
        self.model.set_lines(())
        self._show_empty("Reading the file…", "")
        self._running = self._queries.ask(
            lambda _ctx: documents.list_tags(path), self._listed, self._failed, owner=self
        )

    def clear(self) -> None:
        if self._running:
            self._running.cancel()
            self._running = None
        self.model.set_lines(())
        self._show_empty("No file yet", "Choose an image or a document.")

    def copy(self) -> None:
        """The selected lines, else all that are shown, one a line with tabs."""
        rows = sorted({index.row() for index in self.view.selectionModel().selectedRows()})
        lines = [self.model.lines[row] for row in rows] if rows else self.model.lines
        QGuiApplication.clipboard().setText("\n".join(line.text for line in lines))

    def copy_value(self) -> None:
        current = self.view.currentIndex()
        if current.isValid():
            QGuiApplication.clipboard().setText(self.model.lines[current.row()].value)

    # -- inside

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.search, 1)
        top.addWidget(self.count)
        top.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.remark)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.search.searched.connect(self._search)
        self.copy_button.clicked.connect(self.copy)
        for text, keys, act in (
            ("Copy lines", QKeySequence(QKeySequence.StandardKey.Copy), self.copy),
            ("Copy value", QKeySequence("Ctrl+Shift+C"), self.copy_value),
        ):
            action = QAction(text, self.view)
            action.setShortcut(keys)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(act)
            self.view.addAction(action)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        find = QAction("Search", self)
        find.setShortcut(QKeySequence(QKeySequence.StandardKey.Find))
        find.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.triggered.connect(self.search.setFocus)
        self.addAction(find)

    def _listed(self, listing: TagListing) -> None:
        self._running = None
        self.model.set_lines(listing.lines)
        self.remark.setText(listing.remark)
        self.remark.setVisible(bool(listing.remark))
        self._search(self.search.text())

    def _failed(self, error: IepError) -> None:
        self._running = None
        self.model.set_lines(())
        self._show_empty(error.title, why_and_what_next(error))

    def _search(self, text: str) -> None:
        if not self.model.has_lines:
            return
        self.model.search(text)
        if self.model.rowCount():
            self._stack.setCurrentIndex(0)
            self.count.setText(
                f"{self.model.found} found" if text.strip() else f"{self.model.found} elements"
            )
        else:
            self._show_empty(
                "Nothing found", "Search for a tag such as 0010,0020, a name, or a part of a value."
            )
        self.copy_button.setEnabled(bool(self.model.rowCount()))

    def _show_empty(self, title: str, next_step: str) -> None:
        self._empty.set(title, next_step)
        self._stack.setCurrentIndex(1)
        self.count.setText("")
        self.remark.setVisible(False)
        self.copy_button.setEnabled(False)


def _view(model: TagModel, theme: Theme) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setProperty("role", "padded")
    view.setAccessibleName("Data elements of the file")
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setCornerButtonEnabled(False)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    rows, head = view.verticalHeader(), view.horizontalHeader()
    rows.hide()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setMinimumSectionSize(theme.sizes.of(24))
    rows.setDefaultSectionSize(theme.sizes.of(24))
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    head.setHighlightSections(False)
    head.setStretchLastSection(True)
    for column, width in _WIDTHS.items():
        view.setColumnWidth(column, theme.sizes.of(width))
    return view
