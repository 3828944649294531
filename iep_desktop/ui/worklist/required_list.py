"""The list of what needs a person: groups that fold, rows of two lines, in each the one button."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.acts import Wish, button_of, icon_of
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist import texts
from iep_desktop.ui.worklist.required_rows import GROUP_HINTS, Entry, Group

Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_EDGE = 4


class Role(IntEnum):
    ROW = Qt.ItemDataRole.UserRole  # Entry or GroupRow


@dataclass(frozen=True)
class GroupRow:
    group: Group
    count: int
    folded: bool


class RequiredModel(QAbstractListModel):
    """Entries under their groups."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self._rows: list[Entry | GroupRow] = []
        self._folded: set[Group] = set()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index)
        if row is None:
            return None
        if role == Role.ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if isinstance(row, Entry):
                return row.sentence
            return f"{row.group.value}, {row.count}{', folded' if row.folded else ''}"
        return None

    def row(self, index: Index) -> Entry | GroupRow | None:
        return self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        before = [self._key(row) for row in self._rows]
        self.entries = entries
        rows = self._rows_of(entries)
        if [self._key(row) for row in rows] == before:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def toggle(self, group: Group) -> None:
        self._folded ^= {group}
        self.show_entries(self.entries)

    def index_of(self, id: int | None) -> QModelIndex:
        for at, row in enumerate(self._rows):
            if isinstance(row, Entry) and row.transaction.id == id:
                return self.index(at)
        return QModelIndex()

    def _rows_of(self, entries: tuple[Entry, ...]) -> list[Entry | GroupRow]:
        rows: list[Entry | GroupRow] = []
        for group in Group:
            members = [entry for entry in entries if entry.due.group is group]
            if members:
                folded = group in self._folded
                rows.append(GroupRow(group, len(members), folded))
                rows += [] if folded else members
        return rows

    @staticmethod
    def _key(row: Entry | GroupRow) -> object:
        return row.transaction.id if isinstance(row, Entry) else (row.group, row.folded)


@dataclass(frozen=True)
class Layout:
    """Where the parts of a row stand for a list of some width."""

    patient: int
    number: int
    institution: int
    what: int
    when: int
    button: QRect

    @classmethod
    def of(cls, rect: QRect, theme: Theme) -> Layout:
        of = theme.sizes.of
        width = of(136)
        button = QRect(
            rect.right() - of(16) - width, rect.top() + (rect.height() - of(32)) // 2, width, of(32)
        )
        when = button.left() - of(196)
        left = rect.left() + of(48)
        return cls(left, left + of(136), left + of(256), left + of(480), when, button)


class RequiredDelegate(QStyledItemDelegate):
    """Paints groups and entries from the theme's tokens."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.hovered = -1
        self.pressed = -1
        self._dpr = 1.0

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        is_entry = isinstance(index.data(Role.ROW), Entry)
        sizes = self._theme.sizes
        return QSize(0, sizes.two_line_row if is_entry else sizes.group)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(Role.ROW)
        self._dpr = painter.device().devicePixelRatioF()
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        focused = selected and bool(state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setClipRect(option.rect)
        if isinstance(row, GroupRow):
            self._group(painter, option.rect, row, focused)
        elif isinstance(row, Entry):
            self._entry(painter, option.rect, row, selected, index.row())
        painter.restore()

    def _group(self, painter: QPainter, rect: QRect, row: GroupRow, focused: bool) -> None:
        theme, of = self._theme, self._theme.sizes.of
        painter.fillRect(rect, theme.color("window"))
        self._icon(
            painter,
            rect.left() + of(16),
            rect,
            "chevron-right" if row.folded else "chevron-down",
            "accent" if focused else "text2",
        )
        at = rect.left() + of(48)
        at = self._text(painter, at, rect, row.group.value, "text", 600) + of(8)
        at = self._text(painter, at, rect, str(row.count), "text2", 500) + of(16)
        self._text(painter, at, rect, GROUP_HINTS.get(row.group, ""), "text2")

    def _entry(self, painter: QPainter, rect: QRect, entry: Entry, selected: bool, at: int) -> None:
        theme, of = self._theme, self._theme.sizes.of
        if selected or at == self.hovered:
            painter.fillRect(rect, theme.color("selection" if selected else "window"))
        urgent = texts.is_blue_light(entry.transaction)
        if urgent:
            painter.fillRect(QRect(rect.left(), rect.top(), _EDGE, rect.height() - 1), theme.color("accent"))
        painter.setPen(QPen(theme.color("sunk"), 1))
        painter.drawLine(rect.left() + of(48), rect.bottom(), rect.right() - of(16), rect.bottom())
        icon = "siren" if urgent else icon_of(entry.act) if entry.act else "circle-check"
        self._icon(painter, rect.left() + of(16), rect, icon, "accent" if urgent else "text2")
        self._words(painter, rect, entry, Layout.of(rect, theme))
        if entry.act:
            self._button(painter, Layout.of(rect, theme).button, button_of(entry.act), selected, at)

    def _words(self, painter: QPainter, rect: QRect, entry: Entry, at: Layout) -> None:
        half = rect.height() // 2
        inset = self._theme.sizes.of(5)
        upper = QRect(rect.left(), rect.top() + inset, rect.width(), half - inset)
        lower = QRect(rect.left(), rect.top() + half, rect.width(), half - inset)
        end = at.when - 16
        self._text(painter, at.patient, upper, entry.title, "text", 600, end)
        self._text(painter, at.patient, lower, entry.patient, "text", 400, at.number - 8)
        self._text(painter, at.number, lower, entry.number, "text2", 400, min(at.institution - 8, end))
        self._text(painter, at.institution, lower, entry.institution, "text2", 400, min(at.what - 8, end))
        self._text(painter, at.what, lower, entry.what, "text2", 400, end)
        self._text(painter, at.when, upper, entry.due.words, entry.due.tone, 600, at.button.left() - 8)
        self._text(painter, at.when, lower, entry.due.below, "text2", 400, at.button.left() - 8)

    def _button(self, painter: QPainter, rect: QRect, text: str, primary: bool, at: int) -> None:
        theme = self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pressed = at == self.pressed
        edge = "accent_fill" if primary else "border"
        fill = "accent_fill" if primary else "accent_soft" if pressed else "surface"
        painter.setPen(QPen(theme.color("text" if pressed and primary else edge), 1))
        painter.setBrush(theme.color(fill))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(theme.font(600 if primary else 400))
        painter.setPen(theme.color("on_fill" if primary else "text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _text(
        self,
        painter: QPainter,
        left: int,
        rect: QRect,
        text: str,
        token: str,
        weight: int = 400,
        end: int = 0,
    ) -> int:
        """Paint one piece between `left` and `end`; returns where it ended."""
        painter.setFont(self._theme.font(weight))
        painter.setPen(self._theme.color(token))
        width = (end or rect.right()) - left
        if width < 24:
            return left
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, rect.top(), width, rect.height()), _LEFT, shown)
        return left + painter.fontMetrics().horizontalAdvance(shown)

    def _icon(self, painter: QPainter, left: int, rect: QRect, name: str, token: str) -> None:
        size = self._theme.sizes.icon
        top = rect.top() + (rect.height() - size) // 2
        painter.drawPixmap(left, top, self._theme.pixmap(name, token, size, self._dpr))


class RequiredView(QListView):
    """`wished` carries the Wish of a row's button (click, Enter, Space); `selected` the Transaction or None."""

    wished = Signal(object)
    selected = Signal(object)
    menu_wanted = Signal(object, QPoint)

    def __init__(self, model: RequiredModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._rows = theme, model
        self._kept: int | None = None
        self._held = False  # its details are open although no row of it is at hand
        self._kept_scroll = 0
        self._delegate = RequiredDelegate(theme, self)
        self.setAccessibleName("What needs a person, due first at the top")
        self.setItemDelegate(self._delegate)
        self.setModel(model)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)

    def current(self) -> Entry | GroupRow | None:
        return self._rows.row(self.currentIndex())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        row = self._rows.row(current)
        if isinstance(row, Entry) and row.transaction.id != self._kept:
            self._kept, self._held = row.transaction.id, False
            self.selected.emit(row.transaction)

    def _remember(self) -> None:
        self._kept_scroll = self.verticalScrollBar().value()

    def _restore(self) -> None:
        index = self._rows.index_of(self._kept)
        if index.isValid():
            self.setCurrentIndex(index)
        elif not self._held:
            self._kept = None
            self.selected.emit(None)
        self.doItemsLayout()
        self.verticalScrollBar().setValue(self._kept_scroll)

    def choose(self, id: int) -> None:
        """Chosen once the next refresh has brought it; until then no other row takes its place by itself."""
        self._kept, self._held = id, True
        index = self._rows.index_of(id)
        if index.isValid():
            self.setCurrentIndex(index)

    def select_first(self) -> None:
        """The most urgent row, where none is chosen yet; a list with the focus has chosen its first group by itself."""
        if self._kept is None and self._rows.entries and not isinstance(self.current(), Entry):
            self.setCurrentIndex(self._rows.index_of(self._rows.entries[0].transaction.id))

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.current(), event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._press(row)
        elif isinstance(row, GroupRow) and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            if row.folded == (key == Qt.Key.Key_Right):
                self._fold(row.group)
        elif isinstance(row, Entry) and self._asks_menu(event):
            rect = self.visualRect(self.currentIndex())
            self.menu_wanted.emit(row.transaction, self.viewport().mapToGlobal(rect.center()))
        else:
            super().keyPressEvent(event)

    @staticmethod
    def _asks_menu(event: QKeyEvent) -> bool:
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return event.key() == Qt.Key.Key_Menu or (event.key() == Qt.Key.Key_F10 and shift)

    def _press(self, row: Entry | GroupRow | None) -> None:
        if isinstance(row, GroupRow):
            self._fold(row.group)
        elif isinstance(row, Entry) and row.act:
            self.wished.emit(Wish(row.act, row.transaction))

    def _fold(self, group: Group) -> None:
        self._rows.toggle(group)
        for at in range(self._rows.rowCount()):
            row = self._rows.row(self._rows.index(at))
            if isinstance(row, GroupRow) and row.group is group:
                self.setCurrentIndex(self._rows.index(at))

    # -- mouse

    def button_rect(self, index: Index) -> QRect:
        return Layout.of(self.visualRect(index), self._theme).button

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        row = self._rows.row(index)
        if isinstance(row, GroupRow):
            self._fold(row.group)
        elif self.button_rect(index).contains(event.position().toPoint()):
            self._delegate.pressed = index.row()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._delegate.pressed = self._delegate.pressed, -1
        self.viewport().update()
        index = self.indexAt(event.position().toPoint())
        row = self._rows.row(index)
        inside = self.button_rect(index).contains(event.position().toPoint())
        if inside and index.row() == pressed and isinstance(row, Entry):
            self._press(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.indexAt(event.position().toPoint()).row()
        if row != self._delegate.hovered:
            self._delegate.hovered = row
            self.viewport().update()
        super().mouseMoveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self._rows.row(self.indexAt(event.pos()))
        if isinstance(row, Entry):
            self.menu_wanted.emit(row.transaction, event.globalPos())

    def viewportEvent(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            row = self._rows.row(self.indexAt(event.pos()))
            QToolTip.showText(
                event.globalPos(), row.sentence if isinstance(row, Entry) else "", self.viewport()
            )
            return True
        return super().viewportEvent(event)  # type: ignore[arg-type]

    def transaction(self) -> Transaction | None:
        row = self.current()
        return row.transaction if isinstance(row, Entry) else None
