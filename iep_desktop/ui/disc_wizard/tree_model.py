"""Patients → studies → series of a disc as a tree that grows in place while the disc is read.

Holds rows and check states; what is ticked is decided elsewhere (`ticks.py`), this model only asks for it by signal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from iep_desktop.core.medium import MediumContents, MediumInstance, MediumPatient, MediumSeries, MediumStudy
from iep_desktop.core.names import display_name
from iep_desktop.ui.disc_wizard.ticks import PatientKey, patient_key
from iep_desktop.ui.pace import show_count, show_size
from iep_desktop.ui.viewer.pictures import Picture
from iep_desktop.ui.widgets.field import show_day

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class Column(IntEnum):
    WHAT = 0
    DATE = 1
    MODALITY = 2
    IMAGES = 3
    SIZE = 4


HEADS = ("Patient, study, series", "Date", "Modality", "Images", "Size")


class Role(IntEnum):
    KIND = Qt.ItemDataRole.UserRole
    SECOND = Qt.ItemDataRole.UserRole + 1  # grey text after the title
    REMARK = Qt.ItemDataRole.UserRole + 2  # "already imported", "not on the form"
    THUMBNAIL = Qt.ItemDataRole.UserRole + 3  # QImage, None while there is none
    FAINT = Qt.ItemDataRole.UserRole + 4  # nothing of it is ticked


class Kind(IntEnum):
    PATIENT = 0
    STUDY = 1
    SERIES = 2


@dataclass
class _Node:
    kind: Kind
    key: Any
    parent: _Node | None
    item: MediumPatient | MediumStudy | MediumSeries | None = None
    children: list[_Node] = field(default_factory=list)
    images: int = 0
    missing: int = 0
    size: int = 0
    state: Qt.CheckState = Qt.CheckState.Unchecked
    counted: tuple[MediumInstance, ...] | None = None  # of a series: what its figures were made of

    @property
    def row(self) -> int:
        return self.parent.children.index(self) if self.parent else 0

    @property
    def figures(self) -> tuple[int, int, int]:
        return self.images, self.missing, self.size


class MediumModel(QAbstractItemModel):
    """`tick_asked` carries the patient and what of it (study, series or the patient itself), and whether to tick."""

    tick_asked = Signal(object, object, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = _Node(Kind.PATIENT, None, None)
        self._remarks: Mapping[str, str] = {}  # by study UID
        self._on_form: PatientKey | None = None
        self._pictures: dict[str, Picture] = {}  # by series UID

    # --- growing ------------------------------------------------------------------------------------------

    def show(self, contents: MediumContents | None) -> None:
        """Bring the tree up to date; rows that stay keep their index, so expansion and selection stay too."""
        patients = contents.patients if contents else ()
        if contents is None:
            self._pictures.clear()
        self._update(self._root, [(Kind.PATIENT, patient_key(patient), patient) for patient in patients])

    def _update(self, parent: _Node, wanted: Sequence[tuple[Kind, Any, Any]]) -> None:
        self._drop(parent, {key for _, key, _ in wanted})
        for row, (kind, key, item) in enumerate(wanted):
            node = self._place(parent, row, kind, key)
            before, node.item = (node.item, node.figures), item
            self._update_children(node)
            self._count(node)
            if before != (item, node.figures):
                self._tell(node)

    def _drop(self, parent: _Node, keys: set[Any]) -> None:
        for row in reversed(range(len(parent.children))):
            if parent.children[row].key not in keys:
                self.beginRemoveRows(self._index_of(parent), row, row)
                del parent.children[row]
                self.endRemoveRows()

    def _place(self, parent: _Node, row: int, kind: Kind, key: Any) -> _Node:
        """The node of `key`, moved or made so that it stands in `row`."""
        if row < len(parent.children) and parent.children[row].key == key:
            return parent.children[row]
        old = next((n for n in range(row, len(parent.children)) if parent.children[n].key == key), None)
        at = self._index_of(parent)
        if old is not None:
            self.beginMoveRows(at, old, old, at, row)
            parent.children.insert(row, parent.children.pop(old))
            self.endMoveRows()
        else:
            self.beginInsertRows(at, row, row)
            parent.children.insert(row, _Node(kind, key, parent))
            self.endInsertRows()
        return parent.children[row]

    def _update_children(self, node: _Node) -> None:
        if isinstance(node.item, MediumPatient):
            self._update(node, [(Kind.STUDY, study.study_uid, study) for study in node.item.studies])
        elif isinstance(node.item, MediumStudy):
            self._update(node, [(Kind.SERIES, series.series_uid, series) for series in node.item.series])

    def _count(self, node: _Node) -> None:
        if isinstance(node.item, MediumSeries):
            instances = node.item.instances
            if instances is not node.counted:
                present = [i.size for i in instances if i.present]
                node.images, node.size, node.counted = len(present), sum(present), instances
                node.missing = len(instances) - len(present)
            return
        node.images = sum(child.images for child in node.children)
        node.missing = sum(child.missing for child in node.children)
        node.size = sum(child.size for child in node.children)

    def set_ticked(self, patient: PatientKey | None, series: frozenset[str]) -> None:
        """What is ticked, and of whom; studies and patients show a part as a part."""
        for node in self._root.children:
            self._set_state(node, series if node.key == patient else frozenset())

    def _set_state(self, node: _Node, series: frozenset[str]) -> Qt.CheckState:
        if node.kind is Kind.SERIES:
            state = Qt.CheckState.Checked if node.key in series else Qt.CheckState.Unchecked
        else:
            states = {self._set_state(child, series) for child in node.children} or {Qt.CheckState.Unchecked}
            state = states.pop() if len(states) == 1 else Qt.CheckState.PartiallyChecked
        if state != node.state:
            node.state = state
            self._tell(node)
        return state

    def set_remarks(self, by_study: Mapping[str, str], on_form: PatientKey | None) -> None:
        if (by_study, on_form) != (self._remarks, self._on_form):
            self._remarks, self._on_form = by_study, on_form
            for node in self._nodes():
                self._tell(node)

    def set_picture(self, series_uid: str, picture: Picture) -> None:
        self._pictures[series_uid] = picture
        for node in self._nodes():
            if node.key == series_uid:
                self._tell(node)

    def _tell(self, node: _Node) -> None:
        self.dataChanged.emit(self._index_of(node), self._index_of(node, Column.SIZE))

    def _nodes(self) -> Iterator[_Node]:
        waiting = list(self._root.children)
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.children

    # --- asking -------------------------------------------------------------------------------------------

    @property
    def totals(self) -> tuple[int, int, int]:
        """Images, missing ones and bytes of all that the disc holds."""
        tops = self._root.children
        return sum(n.images for n in tops), sum(n.missing for n in tops), sum(n.size for n in tops)

    @property
    def ticked_totals(self) -> tuple[int, int]:
        """Images and bytes of what is ticked."""
        ticked = [n for n in self._nodes() if n.kind is Kind.SERIES and n.state is Qt.CheckState.Checked]
        return sum(n.images for n in ticked), sum(n.size for n in ticked)

    def series_at(self, index: Index) -> MediumSeries | None:
        node = self._node(index)
        return node.item if isinstance(node.item, MediumSeries) else None

    def rowCount(self, parent: Index = ROOT) -> int:
        return len(self._node(parent).children) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = ROOT) -> int:
        return len(Column)

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        children = self._node(parent).children
        if not (0 <= row < len(children) and 0 <= column < len(Column)):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # QObject.parent() is another thing
        node = self._node(index).parent
        return self._index_of(node) if node else QModelIndex()

    def _node(self, index: Index) -> _Node:
        pointer = index.internalPointer() if index.isValid() else None
        return pointer if isinstance(pointer, _Node) else self._root

    def _index_of(self, node: _Node, column: int = 0) -> QModelIndex:
        return QModelIndex() if node is self._root else self.createIndex(node.row, column, node)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() == Column.WHAT:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node, column = self._node(index), Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(node, column)
            case Qt.ItemDataRole.CheckStateRole:
                return node.state if column is Column.WHAT else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._whole(node) if column is Column.WHAT else self._text(node, column)
            case _:
                return self._own_role(node, role)

    def _own_role(self, node: _Node, role: int) -> Any:
        match role:
            case Role.KIND:
                return node.kind
            case Role.SECOND:
                return _second(node)
            case Role.REMARK:
                return self._remark(node)
            case Role.THUMBNAIL:
                picture = self._pictures.get(node.key) if node.kind is Kind.SERIES else None
                return picture.image if picture else None
            case Role.FAINT:
                return node.state is Qt.CheckState.Unchecked
            case _:
                return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A tick is a wish; the tree shows it once it has been granted."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        node = self._node(index)
        top = node
        while top.parent is not self._root and top.parent is not None:
            top = top.parent
        self.tick_asked.emit(top.item, node.item, Qt.CheckState(value) is not Qt.CheckState.Unchecked)
        return True

    # --- words --------------------------------------------------------------------------------------------

    def _text(self, node: _Node, column: Column) -> str:
        match column:
            case Column.WHAT:
                return _title(node)
            case Column.DATE:
                return show_day(node.item.date) if isinstance(node.item, MediumStudy) else ""
            case Column.MODALITY:
                return _modality(node)
            case Column.IMAGES:
                return (
                    f"{show_count(node.images)} of {show_count(node.images + node.missing)}"
                    if node.missing
                    else show_count(node.images)
                )
            case Column.SIZE:
                return show_size(node.size)

    def _whole(self, node: _Node) -> str:
        parts = [_title(node), _second(node), self._remark(node), f"{node.images} images"]
        parts.insert(2, self._text(node, Column.DATE))
        parts.insert(3, _modality(node))
        picture = self._pictures.get(node.key) if node.kind is Kind.SERIES else None
        if picture and picture.reason:
            parts.append(f"no picture: {picture.reason}")
        return ", ".join(part for part in parts if part)

    def _remark(self, node: _Node) -> str:
        if node.kind is Kind.PATIENT and self._on_form is not None and node.key != self._on_form:
            return "not on the form"
        return self._remarks.get(node.key, "") if node.kind is Kind.STUDY else ""


def _title(node: _Node) -> str:
    match node.item:
        case MediumPatient(name=name):
            return display_name(name) or "No name on the disc"
        case MediumStudy(description=description):
            return description or "Study without description"
        case MediumSeries(description=description, number=number):
            return description or (f"Series {number}" if number is not None else "Series without description")
        case _:
            return ""


def _second(node: _Node) -> str:
    if not isinstance(node.item, MediumPatient):
        return ""
    number = f"ID {node.item.patient_id}" if node.item.patient_id else "no ID"
    return ", ".join(part for part in (show_day(node.item.birth_date), number) if part)


def _modality(node: _Node) -> str:
    match node.item:
        case MediumStudy() as study:
            return ", ".join(study.modalities)
        case MediumSeries(modality=modality):
            return modality
        case _:
            return ""


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column >= Column.IMAGES else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
