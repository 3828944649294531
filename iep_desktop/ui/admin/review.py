"""Admin ▾ Review before sending…: to whom nothing goes before a person has looked at its images."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.reviewing import EVERYWHERE
from iep_desktop.ui.services import KeepsNodes, KeepsReviews, ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Label, Title
from iep_desktop.workers.queries import Queries

_WHY = "Where it is ticked, images are sent only when a person has reviewed them. It holds from the next send on."
_KEY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class _Places:
    """What can be ticked (key of the setting, words), and what is."""

    there: tuple[tuple[str, str], ...]
    ticked: frozenset[str]


class ReviewDialog(QDialog):
    """`saved` after the setting was written."""

    saved = Signal()

    def __init__(
        self,
        reviews: KeepsReviews,
        nodes: KeepsNodes,
        reading: ReadsLedger,
        queries: Queries,
        ours: str,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._reviews, self._nodes, self._reading = reviews, nodes, reading
        self._queries, self._ours = queries, ours
        self.setWindowTitle("Review before sending")
        self.resize(theme.sizes.of(560), theme.sizes.of(440))
        self.banner = ErrorBanner(theme)
        self.list = QListWidget()
        self.list.setAccessibleName("Where a review is mandatory")
        self.save_button = Button("&Save", theme, Kind.PRIMARY)
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self.save)
        self.leave_button = Button("&Close", theme)
        self.leave_button.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.leave_button)
        buttons.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Title("Review before sending"))
        layout.addWidget(Label(_WHY, "text2", wrap=True))
        layout.addWidget(self.banner)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.list.itemChanged.connect(lambda _: self.save_button.setEnabled(True))
        self._ask()

    def ticked(self) -> tuple[str, ...]:
        items = (self.list.item(at) for at in range(self.list.count()))
        return tuple(item.data(_KEY) for item in items if item.checkState() is Qt.CheckState.Checked)

    def save(self) -> None:
        reviews, wanted = self._reviews, self.ticked()
        self._queries.ask(
            lambda _ctx: reviews.set_mandatory(wanted),
            lambda _: self._done(),
            self.banner.show_error,
            owner=self,
        )

    # -- inside

    def _ask(self) -> None:
        reviews, nodes, reading, ours = self._reviews, self._nodes, self._reading, self._ours

        def question(_ctx: Context) -> _Places:
            gateways = [n for n in nodes.list() if n.role is NodeRole.GATEWAY and n.hospital != ours]
            names = {n.hospital: reading.hospital_name(n.hospital) for n in gateways}
            return _places(gateways, names, reviews.mandatory_for())

        self._queries.ask(question, self._show, self._failed, owner=self)

    def _show(self, places: _Places) -> None:
        for key, words in places.there:
            item = QListWidgetItem(words, self.list)
            item.setData(_KEY, key)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
            )
            state = Qt.CheckState.Checked if key.upper() in places.ticked else Qt.CheckState.Unchecked
            item.setCheckState(state)
        self.list.setCurrentRow(0)
        self.list.setFocus()
        self.save_button.setEnabled(False)

    def _failed(self, error: IepError) -> None:
        self.banner.show_error(error, "Try again", self._ask)

    def _done(self) -> None:
        self.saved.emit()
        self.accept()


def _places(gateways: list[Node], names: dict[str, str], setting: tuple[str, ...]) -> _Places:
    """Everywhere, each hospital that has a gateway, each gateway; and whatever else the setting names."""
    there = {EVERYWHERE: "Everywhere"}
    for ods, name in sorted(names.items(), key=lambda each: each[1].casefold()):
        there[ods] = name
        there |= {n.name: f"    {n.name} only" for n in gateways if n.hospital == ods}
    known = {key.upper() for key in there}
    there |= {name: name for name in setting if name.strip().upper() not in known}
    return _Places(tuple(there.items()), frozenset(name.strip().upper() for name in setting))
