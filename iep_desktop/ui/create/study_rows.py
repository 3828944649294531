"""The studies that PACS found, as rows with real ticks; nothing is ticked to begin with (R-GATE-8)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from iep_desktop.core.export_rules import is_another_patients
from iep_desktop.core.model import Form
from iep_desktop.core.names import display_name, same_name
from iep_desktop.core.queries import PacsStudy
from iep_desktop.ui.pace import show_count
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import show_day

SORT_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_Role = Qt.ItemDataRole


class Column(IntEnum):
    STUDY = 0
    MODALITY = 1
    DATE = 2
    ACCESSION = 3
    IMAGES = 4
    NOTE = 5


_HEADS = {
    Column.STUDY: "Study",
    Column.MODALITY: "Modality",
    Column.DATE: "Date",
    Column.ACCESSION: "Accession no",
    Column.IMAGES: "Images",
    Column.NOTE: "Note",
}


class StudyRows(QAbstractTableModel):
    """`ticks_changed` for every change by a person, and when the rows are others."""

    ticks_changed = Signal()

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._studies: tuple[PacsStudy, ...] = ()
        self._ticked: set[str] = set()
        self._foreign: frozenset[str] = frozenset()
        self._form: Form | None = None

    # -- what is in it

    @property
    def studies(self) -> tuple[PacsStudy, ...]:
        return self._studies

    @property
    def ticked(self) -> tuple[PacsStudy, ...]:
        """In the order in which PACS gave them."""
        return tuple(study for study in self._studies if study.study_uid in self._ticked)

    @property
    def ticked_foreign(self) -> tuple[PacsStudy, ...]:
        return tuple(study for study in self.ticked if study.study_uid in self._foreign)

    def show_studies(
        self, studies: tuple[PacsStudy, ...], foreign: frozenset[str], form: Form | None
    ) -> None:
        self.beginResetModel()
        self._studies, self._foreign, self._form = studies, foreign, form
        self._ticked.clear()
        self.endResetModel()
        self.ticks_changed.emit()

    def judge_by(self, form: Form) -> None:
        """Whose studies they should be is known better now; the ticks stay."""
        self._form = form
        self._all_changed()

    def tick(self, study_uids: frozenset[str]) -> None:
        """Tick these besides; what is another patient's is never ticked by the way."""
        mine = {s.study_uid for s in self._studies if s.study_uid in study_uids and not self._is_another(s)}
        self._ticked |= mine
        self._all_changed()

    def study_at(self, index: _Index) -> PacsStudy:
        return self._studies[index.row()]

    def _is_another(self, study: PacsStudy) -> bool:
        return self._form is not None and is_another_patients(study, self._form)

    def note(self, study: PacsStudy) -> tuple[str, str]:
        """What must be known before it is ticked, and its tone."""
        if self._is_another(study):
            return f"Another patient: {display_name(study.patient_name) or study.patient_id}", "danger"
        if self._form and study.patient_name and not same_name(study.patient_name, self._form.patient.name):
            return f"Name differs: {display_name(study.patient_name)}", "warn"
        if study.study_uid in self._foreign:
            return "From another hospital", "warn"
        return "", "text2"

    # -- the model

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._studies)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == _Role.DisplayRole:
            return _HEADS[Column(section)]
        if role == _Role.TextAlignmentRole:
            return _alignment(Column(section))
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == Column.STUDY else flags

    def data(self, index: _Index, role: int = _Role.DisplayRole) -> Any:
        study, column = self._studies[index.row()], Column(index.column())
        match role:
            case _Role.DisplayRole | _Role.ToolTipRole:
                return self._text(study, column)
            case Qt.ItemDataRole.UserRole:
                return self._sort_key(study, column)
            case _Role.CheckStateRole if column is Column.STUDY:
                return Qt.CheckState.Checked if study.study_uid in self._ticked else Qt.CheckState.Unchecked
            case _Role.AccessibleTextRole:
                return self._spoken(study)
            case _Role.TextAlignmentRole:
                return _alignment(column)
            case _Role.FontRole if column is Column.STUDY:
                return self._theme.font(600)
            case _Role.ForegroundRole:
                token = self.note(study)[1] if column is Column.NOTE else "text2"
                return self._theme.color("text" if column is Column.STUDY else token)
        return None

    def setData(self, index: _Index, value: Any, role: int = _Role.EditRole) -> bool:
        if role != _Role.CheckStateRole or index.column() != Column.STUDY:
            return False
        uid = self._studies[index.row()].study_uid
        if Qt.CheckState(value) is Qt.CheckState.Checked:
            self._ticked.add(uid)
        else:
            self._ticked.discard(uid)
        self.dataChanged.emit(index, index, [_Role.CheckStateRole])
        self.ticks_changed.emit()
        return True

    def _all_changed(self) -> None:
        if self._studies:
            last = self.index(len(self._studies) - 1, len(Column) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        self.ticks_changed.emit()

    def _text(self, study: PacsStudy, column: Column) -> str:
        match column:
            case Column.STUDY:
                return study.description or "No description"
            case Column.MODALITY:
                return ", ".join(study.modalities)
            case Column.DATE:
                return show_day(study.study_date)
            case Column.ACCESSION:
                return study.accession
            case Column.IMAGES:
                return show_count(study.instances) if study.instances is not None else ""
            case Column.NOTE:
                return self.note(study)[0]

    def _sort_key(self, study: PacsStudy, column: Column) -> Any:
        if column is Column.DATE:
            return study.study_date.toordinal() if study.study_date else 0
        if column is Column.IMAGES:
            return study.instances if study.instances is not None else -1
        return self._text(study, column).casefold()

    def _spoken(self, study: PacsStudy) -> str:
        """The whole row, for those who hear it."""
        texts = [self._text(study, column) for column in Column]
        ticked = "ticked" if study.study_uid in self._ticked else "not ticked"
        return ", ".join(text for text in (*texts[:4], f"{texts[4]} images", texts[5], ticked) if text)


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column is Column.IMAGES else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
