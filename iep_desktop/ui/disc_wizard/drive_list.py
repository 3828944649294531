"""The drives that take discs and sticks, two lines each; what can be read now can be chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from iep_desktop.core.medium import Drive, DriveKind
from iep_desktop.ui.theme import Theme

_ICON, _SECOND, _DRIVE = (Qt.ItemDataRole.UserRole + n for n in range(3))
_ICONS = {DriveKind.OPTICAL: "disc-3", DriveKind.REMOVABLE: "usb", DriveKind.FOLDER: "folder"}
_KINDS = {DriveKind.OPTICAL: "Disc", DriveKind.REMOVABLE: "Stick or card", DriveKind.FOLDER: "Folder"}


class _DriveDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QListWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, self._theme.sizes.of(56))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        rect, theme = option.rect, self._theme
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selection"))
        ready = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        size = theme.sizes.of(24)
        token = "accent" if ready else "text3"
        picture = theme.pixmap(index.data(_ICON), token, size, painter.device().devicePixelRatio())
        painter.drawPixmap(QPoint(rect.left() + 12, rect.center().y() - size // 2), picture)
        left = rect.left() + 24 + size
        upper = QRect(left, rect.top() + 6, rect.right() - left - 8, rect.height() // 2 - 6)
        self._line(painter, upper, index.data(), 600, "text" if ready else "text2")
        self._line(painter, upper.translated(0, upper.height()), index.data(_SECOND), 400, "text2")
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _line(self, painter: QPainter, space: QRect, text: str, weight: int, token: str) -> None:
        font = self._theme.font(weight)
        painter.setFont(font)
        painter.setPen(self._theme.color(token))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, space.width())
        painter.drawText(space, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class DriveList(QListWidget):
    """`chosen(drive)` for a click, Enter or Space on a drive that holds something."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._drives: tuple[Drive, ...] = ()
        self.setItemDelegate(_DriveDelegate(theme, self))
        self.setAccessibleName("Drives")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._choose)
        theme.changed.connect(self.viewport().update)

    def show_drives(self, drives: tuple[Drive, ...], read: str) -> None:
        """`read` is the mount point of the disc in hand; the row that was current stays so."""
        row = self.currentRow()
        current = self.item(row).data(_DRIVE) if row >= 0 else None
        self.clear()
        for drive in drives:
            item = _item(drive, in_hand=bool(read) and drive.mount_point == read)
            self.addItem(item)
            if current is not None and drive.device == current.device:
                self.setCurrentItem(item)
        if self.currentRow() < 0:
            self._select_first_ready()

    def _select_first_ready(self) -> None:
        for line in range(self.count()):
            if self.item(line).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.setCurrentRow(line)
                return

    @property
    def current_drive(self) -> Drive | None:
        item = self.item(self.currentRow()) if self.currentRow() >= 0 else None
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return None
        drive = item.data(_DRIVE)
        return drive if isinstance(drive, Drive) else None

    def titles(self) -> list[str]:
        return [self.item(line).text() for line in range(self.count())]

    def _choose(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.chosen.emit(item.data(_DRIVE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event.key() in keys and self.current_drive is not None:
            self.chosen.emit(self.current_drive)
            return
        super().keyPressEvent(event)


def readable(drive: Drive) -> bool:
    return drive.has_medium and bool(drive.mount_point)


def drive_name(drive: Drive) -> str:
    if drive.kind is DriveKind.FOLDER:
        return f"Folder {drive.label or drive.device}"
    return f"Drive {drive.device}" + (f", {drive.label}" if drive.label else "")


def _item(drive: Drive, *, in_hand: bool) -> QListWidgetItem:
    item = QListWidgetItem(drive_name(drive))
    item.setData(_ICON, _ICONS[drive.kind])
    item.setData(_DRIVE, drive)
    state = _state(drive, in_hand)
    item.setData(_SECOND, state)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {state}")
    item.setToolTip(f"{item.text()}\n{state}")
    if not readable(drive):
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
    return item


def _state(drive: Drive, in_hand: bool) -> str:
    kind = _KINDS[drive.kind]
    if in_hand:
        return f"{kind} at {drive.mount_point}, in hand"
    if readable(drive):
        return f"{kind} at {drive.mount_point}"
    return f"{kind} that the system has not opened yet" if drive.has_medium else "Empty"
