"""Admin ▾ Nodes…: the DICOM nodes that we know; add, edit, remove, test."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.model import Hospital, Node, NodeRole
from iep_desktop.ui.admin.node_editor import NodeEditor
from iep_desktop.ui.services import KeepsNodes, ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Hairline, Label, Title
from iep_desktop.workers.queries import Queries


class NodesDialog(QDialog):
    """`changed` after every change in the ledger. `chosen` is the node to begin with."""

    changed = Signal()

    def __init__(
        self,
        nodes: KeepsNodes,
        reading: ReadsLedger,
        queries: Queries,
        our_hospital: str,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        chosen: str = "",
    ) -> None:
        super().__init__(parent)
        self._nodes, self._reading, self._queries, self._theme = nodes, reading, queries, theme
        self._ours, self._chosen = our_hospital, chosen
        self._known: tuple[Node, ...] = ()
        self.editor: NodeEditor | None = None
        self.setWindowTitle("Nodes")
        self.resize(theme.sizes.of(820), theme.sizes.of(480))
        self.banner = ErrorBanner(theme)
        self.list = QListWidget()
        self.list.setAccessibleName("Nodes")
        self.list.setMinimumWidth(theme.sizes.of(220))
        self.list.currentRowChanged.connect(self._choose)
        self.add_button = Button("&Add a node", theme, icon="plus")
        self.remove_button = Button("&Remove…", theme, icon="trash-2")
        self.save_button = Button("&Save", theme, Kind.PRIMARY)
        self.close_button = Button("&Close", theme)
        self._lay_out()
        self._connect()
        self._load()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(Title("Nodes"))
        left.addWidget(self.list, 1)
        left.addWidget(self.add_button)
        self._right = QVBoxLayout()
        self._right.setSpacing(12)
        self._right.addWidget(self.banner)
        self._hint = Label("Nodes are being read…", "text2", wrap=True)
        self._right.addWidget(self._hint)
        upper = QHBoxLayout()
        upper.setContentsMargins(24, 16, 24, 16)
        upper.setSpacing(24)
        upper.addLayout(left)
        upper.addWidget(Hairline(Qt.Orientation.Vertical))
        upper.addLayout(self._right, 1)
        row = QHBoxLayout()
        row.setContentsMargins(24, 12, 24, 12)
        row.setSpacing(8)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(Hairline())
        layout.addLayout(row)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.begin_new)
        self.remove_button.clicked.connect(self._ask_remove)
        self.save_button.clicked.connect(self.save)
        self.close_button.clicked.connect(self.reject)
        self.save_button.setEnabled(False)
        self.remove_button.setEnabled(False)

    # -- reading

    def _load(self) -> None:
        nodes, reading = self._nodes, self._reading

        def question(_ctx: Context) -> tuple[tuple[Node, ...], tuple[Hospital, ...]]:
            return nodes.list(), reading.hospitals("")

        self._queries.ask(question, self._loaded, self.banner.show_error, owner=self)

    def _loaded(self, answer: tuple[tuple[Node, ...], tuple[Hospital, ...]]) -> None:
        self._known, hospitals = answer
        if self.editor is None:
            self.editor = NodeEditor(self._theme, self._queries, self._nodes.echo, hospitals=hospitals)
            self.editor.hospital.set_value(self._ours)
            self.editor.edited.connect(self._edited)
            self._right.addWidget(self.editor)
            self._right.addStretch(1)
        self._hint.setVisible(not self._known)
        self._hint.setText("No node is known yet. Fill in the first one: our PACS.")
        self.list.blockSignals(True)
        self.list.clear()
        for node in self._known:
            role = "PACS" if node.role is NodeRole.PACS else "Gateway"
            item = QListWidgetItem(f"{node.name}  ({role})")
            item.setToolTip(node.dicomweb or f"{node.ae_title}@{node.host}:{node.port}")
            self.list.addItem(item)
        self.list.blockSignals(False)
        names = [node.name for node in self._known]
        self.list.setCurrentRow(names.index(self._chosen) if self._chosen in names else 0)
        if not self._known:
            self.begin_new()

    def _choose(self, row: int) -> None:
        if self.editor and 0 <= row < len(self._known):
            self._chosen = self._known[row].name
            self.editor.show_node(self._known[row])
            self.save_button.setEnabled(False)
            self.remove_button.setEnabled(True)

    # -- changing

    def _edited(self) -> None:
        self.save_button.setEnabled(self.editor is not None and self.editor.node() is not None)

    def begin_new(self) -> None:
        if self.editor:
            self.list.setCurrentRow(-1)
            self._chosen = ""
            self.remove_button.setEnabled(False)
            self.editor.show_node(None)
            self.editor.hospital.set_value(self._ours)
            self.editor.name.setFocus()

    def save(self) -> None:
        node = self.editor.node() if self.editor else None
        if node is None:
            return
        before, nodes = self._chosen, self._nodes

        def act(_ctx: Context) -> None:
            nodes.add(node)
            if before and before != node.name:
                nodes.remove(before)  # it was renamed

        self._chosen = node.name
        self._queries.ask(act, lambda _: self._saved(), self._failed, owner=self)

    def _ask_remove(self) -> None:
        name = self._chosen
        dialog = ConfirmDialog(
            f"Remove the node {name}?",
            "Transactions that use it keep its name; nothing more is sent there.",
            "Remove it",
            self._theme,
            parent=self,
        )
        dialog.accepted.connect(lambda: self._remove(name))
        dialog.open()

    def _remove(self, name: str) -> None:
        nodes = self._nodes
        self._queries.ask(lambda _ctx: nodes.remove(name), lambda _: self._saved(), self._failed, owner=self)

    def _saved(self) -> None:
        self.banner.clear()
        self.changed.emit()
        self._load()

    def _failed(self, error: IepError) -> None:
        self.banner.show_error(error)
