"""The short set-up of a new installation. Asks for no patient, writes nothing: it emits a `SetupResult`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.core.job import Context
from iep_desktop.core.model import Hospital, Node, NodeRole
from iep_desktop.ui.admin.node_editor import Echo, NodeEditor, TestLine
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind, LinkButton
from iep_desktop.ui.widgets.field import Field
from iep_desktop.ui.widgets.labels import Hairline, Label, Title
from iep_desktop.workers.queries import Queries

LedgerTest = Callable[[str, Context], str]
"""Opens the ledger at a URL (empty: the profile's own file) and says what it found; raises IepError."""


@dataclass(frozen=True)
class SetupResult:
    """What a person chose. `ledger_url` is empty for the profile's own file."""

    hospital_ods: str
    user: str
    pacs: Node
    gateway: Node | None = None
    ledger_url: str = ""


class SetupDialog(QDialog):
    """`finished_with` carries a SetupResult; `demo_wanted` that the person tries the demo first."""

    finished_with = Signal(object)
    demo_wanted = Signal()

    def __init__(
        self,
        hospitals: tuple[Hospital, ...],
        user: str,
        queries: Queries,
        echo: Echo,
        test_ledger: LedgerTest,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        hospital: str = "RWE",
    ) -> None:
        super().__init__(parent)
        self._queries, self._theme, self._test_ledger = queries, theme, test_ledger
        self.setWindowTitle("Image Exchange: first start")
        self.resize(theme.sizes.of(760), theme.sizes.of(680))
        self.hospital = _hospital_box(hospitals, hospital)
        self.user = QLineEdit(user)
        self.pacs = NodeEditor(theme, queries, echo, role=NodeRole.PACS)
        self.has_gateway = QCheckBox("Our hospital has a &gateway node")
        self.gateway = NodeEditor(theme, queries, echo, role=NodeRole.GATEWAY)
        self.own_file = QRadioButton("On this &computer, in its own file")
        self.shared = QRadioButton("In a &shared database, for several workstations")
        self.ledger_url = QLineEdit()
        self.ledger_url.setPlaceholderText("postgresql+psycopg://server/iep")
        self.ledger_test = TestLine(theme, "Test the &ledger")
        self.demo_button = LinkButton("Try the &demo first", theme, "play")
        self.start_button = Button("&Start", theme, Kind.PRIMARY)
        self.blocks = Label("", "text2", wrap=True)
        self._lay_out()
        self._connect()
        self._check()

    # -- building

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(12)
        column.addWidget(Title("Who we are, and where images go"))
        column.addWidget(
            Label(
                "Four things, each with a test. All of it can be changed later in Admin.", "text2", wrap=True
            )
        )
        who = QHBoxLayout()
        who.setSpacing(16)
        who.addWidget(Field("Our &hospital", self.hospital, self._theme, mandatory=True), 2)
        who.addWidget(Field("&Your name", self.user, self._theme, mandatory=True), 1)
        self._section(column, "1  Who we are")
        column.addLayout(who)
        self._section(column, "2  PACS", "the archive that images go into")
        column.addWidget(self.pacs)
        self._section(
            column, "3  Gateway", "the node where other hospitals leave images for us; may come later"
        )
        column.addWidget(self.has_gateway)
        column.addWidget(self.gateway)
        self._section(column, "4  Ledger", "where transactions are kept")
        for widget in (self.own_file, self.shared, self.ledger_url, self.ledger_test):
            column.addWidget(widget)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addWidget(Hairline())
        layout.addLayout(self._footer())
        self.own_file.setChecked(True)
        self.gateway.hide()
        self.ledger_url.hide()

    def _section(self, column: QVBoxLayout, heading: str, explained: str = "") -> None:
        column.addSpacing(4)
        column.addWidget(Hairline())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Label(heading, weight=600))
        row.addWidget(Label(explained, "text2", wrap=True), 1)
        column.addLayout(row)

    def _footer(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(24, 12, 24, 12)
        row.setSpacing(16)
        row.addWidget(self.demo_button)
        row.addWidget(self.blocks, 1)
        row.addWidget(self.start_button)
        self.blocks.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return row

    def _connect(self) -> None:
        self.hospital.editTextChanged.connect(lambda _: self._check())
        for edit in (self.user, self.ledger_url):
            edit.textChanged.connect(lambda _: self._check())
        self.ledger_url.textChanged.connect(lambda _: self.ledger_test.clear())
        self.pacs.edited.connect(self._check)
        self.gateway.edited.connect(self._check)
        self.has_gateway.toggled.connect(self.gateway.setVisible)
        self.has_gateway.toggled.connect(lambda _: self._check())
        self.shared.toggled.connect(self.ledger_url.setVisible)
        self.shared.toggled.connect(lambda _: self._check())
        self.ledger_test.button.clicked.connect(self.test_ledger)
        self.start_button.clicked.connect(self._start)
        self.demo_button.clicked.connect(self._demo)

    # -- what is missing

    @property
    def hospital_ods(self) -> str:
        index = self.hospital.findText(self.hospital.currentText())
        return str(self.hospital.itemData(index)) if index >= 0 else ""

    def missing(self) -> list[str]:
        """What still blocks, in plain words."""
        found = []
        if not self.hospital_ods:
            found.append("our hospital")
        if not self.user.text().strip():
            found.append("your name")
        if self.pacs.node() is None:
            found.append("PACS")
        if self.has_gateway.isChecked() and self.gateway.node() is None:
            found.append("the gateway")
        if self.shared.isChecked() and not self.ledger_url.text().strip():
            found.append("the ledger’s address")
        return found

    def _check(self) -> None:
        for editor in (self.pacs, self.gateway):
            editor.set_hospital(self.hospital_ods)
        missing = self.missing()
        self.blocks.setText(f"Still missing: {', '.join(missing)}" if missing else "")
        self.start_button.setEnabled(not missing)

    # -- acts

    def test_ledger(self) -> None:
        url = self.ledger_url.text().strip() if self.shared.isChecked() else ""
        test = self._test_ledger
        self.ledger_test.say_running()
        self._queries.ask(
            lambda ctx: test(url, ctx), self.ledger_test.say_works, self.ledger_test.say_error, owner=self
        )

    def result_now(self) -> SetupResult | None:
        pacs = self.pacs.node()
        if pacs is None or self.missing():
            return None
        return SetupResult(
            self.hospital_ods,
            self.user.text().strip(),
            pacs,
            self.gateway.node() if self.has_gateway.isChecked() else None,
            self.ledger_url.text().strip() if self.shared.isChecked() else "",
        )

    def _start(self) -> None:
        result = self.result_now()
        if result is not None:
            self.finished_with.emit(result)
            self.accept()

    def _demo(self) -> None:
        self.demo_wanted.emit()
        self.accept()


def _hospital_box(hospitals: tuple[Hospital, ...], ours: str) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for hospital in hospitals:
        box.addItem(f"{hospital.name} ({hospital.ods})", hospital.ods)
    box.setCurrentIndex(box.findData(ours))
    completer = QCompleter(box.model(), box)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    box.setCompleter(completer)
    return box
