"""The waiting line as a table. News changes rows where they stand; the chosen row and the place scrolled to stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from iep_desktop.core.exchange import WaitingRow
from iep_desktop.ui.queues import rows as lines
from iep_desktop.ui.worklist import texts

Index = QModelIndex | QPersistentModelIndex
MIME = "application/x-iep-waiting-row"
_ROOT = QModelIndex()


class Col(IntEnum):
    PLACE = 0
    DIRECTION = 1
    PATIENT = 2
    INSTITUTION = 3
    PRIORITY = 4
    IMAGES = 5
    STARTS = 6


COLUMNS = len(Col)
TITLES = {
    Col.PLACE: "Place",
    Col.DIRECTION: "In/Out",
    Col.PATIENT: "Patient",
    Col.INSTITUTION: "Institution",
    Col.PRIORITY: "Priority",
    Col.IMAGES: "Images",
    Col.STARTS: "Starts",
}


class WaitingModel(QAbstractTableModel):
    """`moved` carries a `Move` that a person made by dragging."""

    moved = Signal(object)

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self.rows: tuple[WaitingRow, ...] = ()
        self._hospitals: Mapping[str, str] = {}

    # -- the table

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else COLUMNS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index)
        if row is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.text(row, Col(index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{TITLES[Col(index.column())]}: {self.text(row, Col(index.column()))}"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        asked = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        if orientation is Qt.Orientation.Horizontal and role in asked:
            return TITLES[Col(section)]
        return None

    def text(self, row: WaitingRow, col: Col) -> str:
        transaction = row.transaction
        match col:
            case Col.PLACE:
                return str(row.place)
            case Col.DIRECTION:
                return transaction.direction.value
            case Col.PATIENT:
                return texts.patient_name(transaction)
            case Col.INSTITUTION:
                return self._hospitals.get(transaction.other_hospital, transaction.other_hospital)
            case Col.PRIORITY:
                return transaction.priority.value
            case Col.IMAGES:
                wanted = transaction.counts.wanted
                return texts.grouped(wanted) if wanted else "not counted yet"
            case Col.STARTS:
                return lines.starts_words(row, self._now())

    def row(self, index: Index) -> WaitingRow | None:
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def at(self, id: int) -> int | None:
        return next((n for n, row in enumerate(self.rows) if row.transaction.id == id), None)

    # -- news

    def show_rows(self, rows: tuple[WaitingRow, ...], hospitals: Mapping[str, str]) -> None:
        self._hospitals = hospitals
        before = [row.transaction.id for row in self.rows]
        after = [row.transaction.id for row in rows]
        if before == after:
            self._change(rows)
        else:
            self._replace(rows, after)

    def _change(self, rows: tuple[WaitingRow, ...]) -> None:
        old, self.rows = self.rows, rows
        for at, (one, other) in enumerate(zip(old, rows, strict=True)):
            if one != other:
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(Col) - 1))

    def _replace(self, rows: tuple[WaitingRow, ...], ids: Sequence[int]) -> None:
        """Another order, or other rows: whoever holds an index goes on with the same transaction."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        moved = []
        places = {id_: at for at, id_ in enumerate(ids)}
        for index in held:
            at = places.get(self.rows[index.row()].transaction.id)
            moved.append(self.createIndex(at, index.column()) if at is not None else QModelIndex())
        self.rows = rows
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def tick(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, Col.STARTS), self.index(len(self.rows) - 1, Col.STARTS))

    # -- dragging

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        row = self.row(indexes[0]) if indexes else None
        data.setData(MIME, str(row.transaction.id if row else "").encode())
        return data

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return self._move(data, row, parent) is not None

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """The ledger moves the row; it comes back with the next news. False: the view must not remove it."""
        move = self._move(data, row, parent)
        if move is not None:
            self.moved.emit(move)
        return False

    def _move(self, data: QMimeData, row: int, parent: Index) -> lines.Move | None:
        text = bytes(data.data(MIME).data()).decode() if data.hasFormat(MIME) else ""
        at = self.at(int(text)) if text.isdigit() else None
        target = parent.row() if parent.isValid() else row if row >= 0 else len(self.rows)
        return lines.dropped(self.rows, at, target) if at is not None else None
