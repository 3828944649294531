"""Studies → series → images of a set as a tree with ticks, without an object for each of a hundred thousand images.

Holds rows and ticks; words are `rail_words`', pictures are made elsewhere. A long series unfolds to groups of a
hundred images, because a view asks for the height of every row that is unfolded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from iep_desktop.core.documents import document_kind
from iep_desktop.core.viewing import Sign, ViewImage, ViewSeries, ViewSet, ViewStudy
from iep_desktop.ui.viewer import rail_words as words

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
CHECK = Qt.ItemDataRole.CheckStateRole
GROUP = 100
# Internal ids say where a row hangs: 0 a study, below _BELOW a series of study `id - 1`, then what is directly below
# series `id - _BELOW` (images, or groups of them), from _IN_GROUP on images in a group.
_BELOW = 1 << 20
_IN_GROUP = 1 << 40


class Role(IntEnum):
    KIND = Qt.ItemDataRole.UserRole
    SECOND = Qt.ItemDataRole.UserRole + 1  # grey words below the title
    WARNING = Qt.ItemDataRole.UserRole + 2  # "burned-in text", "no picture"
    PLACE = Qt.ItemDataRole.UserRole + 3  # "left pane"
    PICTURE = Qt.ItemDataRole.UserRole + 4  # a `Pick`: the image whose picture stands for the row


class Kind(IntEnum):
    STUDY = 0
    SERIES = 1
    GROUP = 2
    IMAGE = 3


@dataclass(frozen=True, eq=False)
class Pick:
    """One image with where it belongs: what a picture is made of. Equal by UIDs and file: hashing stays cheap."""

    study: ViewStudy
    series: ViewSeries
    image: ViewImage

    @property
    def document(self) -> str:
        """What kind of document it is, where it is no image: it has no picture."""
        return document_kind(self.image.sop_class_uid)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.series.series_uid, self.image.sop_instance_uid, self.image.where

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pick) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass
class _Row:
    """A series in the tree; `row` counts within its study."""

    study: ViewStudy
    series: ViewSeries
    study_row: int
    row: int
    uids: frozenset[str]
    ticked: frozenset[str] = frozenset()
    warning: str = ""

    @property
    def grouped(self) -> bool:
        return len(self.series.images) > GROUP


class RailModel(QAbstractItemModel):
    """Nothing is ticked to begin with (R-GATE-8). `ticked_changed` after each change of a tick."""

    ticked_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies: tuple[ViewStudy, ...] = ()
        self._rows: list[_Row] = []
        self._of_study: list[list[int]] = []  # the series of each study, as places in `_rows`
        self._places: Mapping[str, str] = {}
        self._reasons: dict[str, str] = {}  # by SOP Instance UID, why it has no picture
        self._signs: dict[str, str] = {}
        self._several_patients = False
        self.tickable = True

    # --- filling --------------------------------------------------------------------------------------------

    def set_view(self, view: ViewSet) -> None:
        """Show another set, or the same one grown; ticks of images that stay are kept."""
        before = self.ticked()
        self.beginResetModel()
        self._studies, self._rows, self._of_study = view.studies, [], []
        for at, study in enumerate(view.studies):
            first = len(self._rows)
            self._rows += [
                _Row(study, series, at, row, frozenset(image.sop_instance_uid for image in series.images))
                for row, series in enumerate(study.series)
            ]
            self._of_study.append(list(range(first, len(self._rows))))
        self._several_patients = len({study.patient for study in view.studies}) > 1
        self._take_ticks(before)
        self.endResetModel()
        if self.ticked() != before:
            self.ticked_changed.emit()

    def set_signs(self, signs: Sequence[Sign]) -> None:
        """A warning is shown at its series, and at each image that it names."""
        self._signs = {}
        by_series: dict[str, str] = {}
        for sign in signs:
            said = words.SIGNS[sign.kind]
            by_series.setdefault(sign.series_uid, said)
            for uid in sign.sop_instance_uids:
                self._signs.setdefault(uid, said)
        for row in self._rows:
            row.warning = by_series.get(row.series.series_uid, "")
        self._tell_all()

    def set_places(self, places: Mapping[str, str]) -> None:
        """By Series Instance UID, where it is shown now: "left pane"."""
        if places != self._places:
            self._places = dict(places)
            self._tell_all()

    def set_reason(self, sop_instance_uid: str, reason: str) -> None:
        """Why an image has no picture."""
        if self._reasons.get(sop_instance_uid, "") != reason:
            self._reasons[sop_instance_uid] = reason
            self._tell_all()

    def set_tickable(self, tickable: bool) -> None:
        self.tickable = tickable
        self._tell_all()

    def _tell_all(self) -> None:
        """Studies and series; the view repaints the images that are seen with them."""
        for at, rows in enumerate(self._of_study):
            study = self.index(at, 0)
            self.dataChanged.emit(study, study)
            if rows:
                self.dataChanged.emit(self.index(0, 0, study), self.index(len(rows) - 1, 0, study))

    # --- ticks ----------------------------------------------------------------------------------------------

    def ticked(self) -> frozenset[str]:
        """SOP Instance UIDs."""
        return frozenset().union(*(row.ticked for row in self._rows))

    def set_ticked(self, sop_instance_uids: Collection[str]) -> None:
        before = self.ticked()
        self._take_ticks(frozenset(sop_instance_uids))
        self._tell_all()
        if self.ticked() != before:
            self.ticked_changed.emit()

    def _take_ticks(self, wanted: frozenset[str]) -> None:
        for row in self._rows:
            row.ticked = row.uids & wanted

    def _tick(self, index: Index, ticked: bool) -> None:
        for row in self._rows_of(index):
            uids = self._uids(index, row)
            row.ticked = row.ticked | uids if ticked else row.ticked - uids
        self.dataChanged.emit(index, index)
        self._tell_all()
        self.ticked_changed.emit()

    def _state(self, index: Index) -> Qt.CheckState:
        some = none = False
        for row in self._rows_of(index):
            uids = self._uids(index, row)
            on = len(row.ticked) if uids is row.uids else len(uids & row.ticked)
            if 0 < on < len(uids):
                return Qt.CheckState.PartiallyChecked
            some, none = some or on > 0, none or on == 0
        if not some:
            return Qt.CheckState.Unchecked
        return Qt.CheckState.PartiallyChecked if none else Qt.CheckState.Checked

    def _rows_of(self, index: Index) -> list[_Row]:
        """The series that a row stands for, or belongs to."""
        if self._kind(index) is Kind.STUDY:
            return [self._rows[at] for at in self._of_study[index.row()]]
        return [self._row(index)]

    def _uids(self, index: Index, row: _Row) -> frozenset[str]:
        """What of a series a tick on `index` means."""
        if self._kind(index) in (Kind.STUDY, Kind.SERIES):
            return row.uids
        return frozenset(image.sop_instance_uid for image in self.images(index))

    # --- the tree -------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = ROOT) -> int:
        if not parent.isValid():
            return len(self._studies)
        match self._kind(parent):
            case Kind.STUDY:
                return len(self._of_study[parent.row()])
            case Kind.SERIES:
                row = self._row(parent)
                images = len(row.series.images)
                below = -(-images // GROUP) if row.grouped else images
                return below if images > 1 else 0  # one image is its series' own row
            case Kind.GROUP:
                return len(self.images(parent))
            case Kind.IMAGE:
                return 0

    def columnCount(self, parent: Index = ROOT) -> int:
        return 1

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        if column or not 0 <= row < self.rowCount(parent):
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, 0, 0)
        match self._kind(parent):
            case Kind.STUDY:
                return self.createIndex(row, 0, parent.row() + 1)
            case Kind.SERIES:
                return self.createIndex(row, 0, _BELOW + self._place(parent))
            case _:
                return self.createIndex(row, 0, _IN_GROUP + _BELOW * self._place(parent) + parent.row())

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # QObject.parent() is another thing
        at = index.internalId() if index.isValid() else 0
        if at == 0:
            return QModelIndex()
        if at < _BELOW:
            return self.createIndex(at - 1, 0, 0)
        if at < _IN_GROUP:
            return self._index_of(self._row(index))
        return self.createIndex((at - _IN_GROUP) % _BELOW, 0, _BELOW + self._place(index))

    def hasChildren(self, parent: Index = ROOT) -> bool:
        return self.rowCount(parent) > 0

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._kind(index) is Kind.IMAGE:
            flags |= Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsUserCheckable if self.tickable else flags

    def index_of_series(self, series_uid: str) -> QModelIndex:
        found = next((row for row in self._rows if row.series.series_uid == series_uid), None)
        return self._index_of(found) if found else QModelIndex()

    def pick(self, index: Index) -> Pick | None:
        """The image that stands for a row: itself, else the middle one; None for a study."""
        if not index.isValid() or self._kind(index) is Kind.STUDY:
            return None
        row, images = self._row(index), self.images(index)
        return Pick(row.study, row.series, images[len(images) // 2]) if images else None

    def images(self, index: Index) -> tuple[ViewImage, ...]:
        """Those that a row of a series stands for."""
        images = self._row(index).series.images
        match self._kind(index):
            case Kind.GROUP:
                return images[index.row() * GROUP : (index.row() + 1) * GROUP]
            case Kind.IMAGE:
                at = index.row()
                if index.internalId() >= _IN_GROUP:
                    at += GROUP * ((index.internalId() - _IN_GROUP) % _BELOW)
                return images[at : at + 1]
            case _:
                return images

    def _index_of(self, row: _Row) -> QModelIndex:
        return self.createIndex(row.row, 0, row.study_row + 1)

    def _kind(self, index: Index) -> Kind:
        at = index.internalId()
        if at < _BELOW:
            return Kind.SERIES if at else Kind.STUDY
        return Kind.GROUP if at < _IN_GROUP and self._row(index).grouped else Kind.IMAGE

    def _place(self, index: Index) -> int:
        """Of its series in `_rows`."""
        at = index.internalId()
        if at < _BELOW:
            return self._of_study[at - 1][index.row()]
        return at - _BELOW if at < _IN_GROUP else (at - _IN_GROUP) // _BELOW

    def _row(self, index: Index) -> _Row:
        return self._rows[self._place(index)]

    # --- asking ---------------------------------------------------------------------------------------------

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._title(index)
            case Qt.ItemDataRole.CheckStateRole:
                return self._state(index) if self.tickable else None
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._whole(index)
            case Role.KIND:
                return self._kind(index)
            case Role.SECOND:
                return self._second(index)
            case Role.WARNING:
                return self._warning(index)
            case Role.PLACE:
                series = self._kind(index) is Kind.SERIES
                return self._places.get(self._row(index).series.series_uid, "") if series else ""
            case Role.PICTURE:
                return self.pick(index)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != CHECK or not index.isValid() or not self.tickable:
            return False
        self._tick(index, Qt.CheckState(value) is not Qt.CheckState.Unchecked)
        return True

    # --- words ----------------------------------------------------------------------------------------------

    def _title(self, index: Index) -> str:
        match self._kind(index):
            case Kind.STUDY:
                return words.study_title(self._studies[index.row()])
            case Kind.SERIES:
                return words.series_title(self._row(index).series)
            case Kind.GROUP:
                return words.group_title(len(self.images(index)), index.row() * GROUP)
            case Kind.IMAGE:
                return words.image_title(self.images(index)[0], index.row())

    def _second(self, index: Index) -> str:
        match self._kind(index):
            case Kind.STUDY:
                return words.study_facts(self._studies[index.row()], named=self._several_patients)
            case Kind.SERIES:
                return words.series_facts(self._row(index).series)
            case Kind.GROUP:
                return ""
            case Kind.IMAGE:
                return words.image_facts(self.images(index)[0])

    def _warning(self, index: Index) -> str:
        picked = self.pick(index)
        if picked is None:
            return ""
        uid = picked.image.sop_instance_uid
        own = self._row(index).warning if self._kind(index) is Kind.SERIES else ""
        sign = self._signs.get(uid, "") if self._kind(index) is Kind.IMAGE else ""
        return own or sign or ("no picture" if self._reasons.get(uid) else "")

    def _whole(self, index: Index) -> str:
        picked = self.pick(index)
        reason = self._reasons.get(picked.image.sop_instance_uid, "") if picked else ""
        parts = [self._title(index), self._second(index), self.data(index, Role.PLACE)]
        parts += [self._warning(index), reason]
        return ", ".join(part for part in parts if part)
