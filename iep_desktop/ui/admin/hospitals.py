"""Admin ▾ Hospitals…: the A–Z list; search, add."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.identifiers import parse_ods_code
from iep_desktop.core.model import Hospital
from iep_desktop.ui.services import KeepsNodes, ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.field import Field
from iep_desktop.ui.widgets.labels import Hairline, Label, Title
from iep_desktop.ui.widgets.search import SearchBox
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries


class HospitalsDialog(QDialog):
    """`changed` after one was added or renamed."""

    changed = Signal()

    def __init__(
        self,
        nodes: KeepsNodes,
        reading: ReadsLedger,
        queries: Queries,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._nodes, self._reading, self._queries, self._theme = nodes, reading, queries, theme
        self._found: tuple[Hospital, ...] = ()
        self._asking: Running | None = None
        self.setWindowTitle("Hospitals")
        self.resize(theme.sizes.of(640), theme.sizes.of(520))
        self.banner = ErrorBanner(theme)
        self.search = SearchBox("Search name, town or code", theme)
        self.search.searched.connect(self._ask)
        self.list = QListWidget()
        self.list.setAccessibleName("Hospitals, A to Z")
        self.list.currentRowChanged.connect(self._choose)
        self.empty = Label("No hospital found. Add it below.", "text2")
        self.ods, self.name, self.town = QLineEdit(), QLineEdit(), QLineEdit()
        self._ods_field = Field("&ODS code", self.ods, theme, mandatory=True)
        self._name_field = Field("&Name in full", self.name, theme, mandatory=True)
        self._town_field = Field("&Town", self.town, theme)
        self.add_button = Button("&Add or change", theme, icon="plus")
        self.add_button.clicked.connect(self.add)
        for edit in (self.ods, self.name):
            edit.textChanged.connect(lambda _: self._check())
            edit.returnPressed.connect(self.add)
        self.close_button = Button("&Close", theme)
        self.close_button.clicked.connect(self.reject)
        self._lay_out()
        self._check()
        self._ask("")

    def _lay_out(self) -> None:
        fields = QHBoxLayout()
        fields.setSpacing(16)
        fields.addWidget(self._ods_field, 1)
        fields.addWidget(self._name_field, 3)
        fields.addWidget(self._town_field, 2)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        for widget in (Title("Hospitals"), self.banner, self.search):
            layout.addWidget(widget)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(Hairline())
        layout.addLayout(fields)
        layout.addLayout(buttons)

    # -- searching

    def _ask(self, text: str) -> None:
        if self._asking is not None:
            self._asking.cancel()
        reading = self._reading
        self._asking = self._queries.ask(
            lambda _ctx: reading.hospitals(text), self._show, self.banner.show_error, owner=self
        )

    def _show(self, hospitals: tuple[Hospital, ...]) -> None:
        self._asking = None
        self._found = hospitals
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([_line(hospital) for hospital in hospitals])
        self.list.blockSignals(False)
        self.empty.setVisible(not hospitals)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._found):
            hospital = self._found[row]
            self.ods.setText(hospital.ods)
            self.name.setText(hospital.name)
            self.town.setText(hospital.town)

    # -- adding

    def _check(self) -> None:
        problem = ""
        try:
            parse_ods_code(self.ods.text())
        except InvalidInput as error:
            problem = error.title if self.ods.text().strip() else "missing"
        self._ods_field.set_error("" if problem == "missing" else problem)
        self.add_button.setEnabled(not problem and bool(self.name.text().strip()))

    def add(self) -> None:
        if not self.add_button.isEnabled():
            return
        hospital = Hospital(
            parse_ods_code(self.ods.text()), self.name.text().strip(), self.town.text().strip()
        )
        nodes = self._nodes
        self._queries.ask(
            lambda _ctx: nodes.add_hospital(hospital),
            lambda _: self._added(hospital),
            self._failed,
            owner=self,
        )

    def _added(self, hospital: Hospital) -> None:
        self.banner.clear()
        for edit in (self.ods, self.name, self.town):
            edit.clear()
        self.changed.emit()
        self.search.setText(hospital.name)
        self._ask(hospital.name)

    def _failed(self, error: IepError) -> None:
        self.banner.show_error(error)


def _line(hospital: Hospital) -> str:
    return f"{hospital.name}{', ' + hospital.town if hospital.town else ''}  ({hospital.ods})"
