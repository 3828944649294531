"""A hospital, typed or picked from the A–Z list; gives the ODS code of what stands in it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QCompleter, QWidget

from iep_desktop.core.model import Hospital


class InstitutionBox(QComboBox):
    """Part of a name finds it. What is typed and is in no list stays, and has no code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[str, str] = {}  # what the list shows → ODS code
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)
        edit = self.lineEdit()
        if edit is not None:
            edit.setPlaceholderText("Type its name or code, or pick it from the A–Z list")

    def set_hospitals(self, hospitals: Iterable[Hospital]) -> None:
        self._lines = {f"{hospital.name} ({hospital.ods})": hospital.ods for hospital in hospitals}
        with QSignalBlocker(self):
            typed = self.currentText()
            self.clear()
            self.addItems(list(self._lines))
            self.setEditText(typed)

    @property
    def hospital_count(self) -> int:
        return len(self._lines)

    @property
    def ods(self) -> str:
        """The code of what is typed: a line of the list, or a name or a code as it stands there."""
        plain = self.currentText().strip().casefold()
        for line, ods in self._lines.items():
            if plain and plain in (line.casefold(), ods.casefold(), line.casefold().rpartition(" (")[0]):
                return ods
        return ""

    def show_ods(self, ods: str, otherwise: str = "") -> None:
        """The line of a code; where the list does not hold it, what was typed, or the code itself."""
        shown = self.currentText()
        if shown and ods and self._lines.get(shown) == ods:
            return
        line = next((line for line, code in self._lines.items() if code == ods), "")
        wanted = line or otherwise or ods
        if wanted != shown:
            self.setEditText(wanted)
