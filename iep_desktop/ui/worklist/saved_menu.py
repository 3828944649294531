"""All Worklists ▾: searches with a name, per person; saved, opened, renamed and deleted here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.transaction import WorklistFilter
from iep_desktop.ui.services import KeepsWorklists
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Kind, MenuButton
from iep_desktop.workers.queries import Queries

LONGEST_NAME = 60
_Saved = tuple[tuple[str, WorklistFilter], ...]


class _Button(MenuButton):
    """Opens by `pressed_open`, so that the menu is filled before it is shown."""

    pressed_open = Signal()

    def open_menu(self) -> None:
        self.pressed_open.emit()


class SavedMenu(QObject):
    """`wanted` carries the WorklistFilter of a saved search, `failed` an IepError."""

    wanted = Signal(object)
    failed = Signal(object)
    shown = Signal()

    def __init__(
        self,
        worklists: KeepsWorklists,
        queries: Queries,
        theme: Theme,
        filter_now: Callable[[], WorklistFilter],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._worklists, self._queries, self._theme = worklists, queries, theme
        self._filter_now, self._window = filter_now, parent
        self.menu = QMenu(parent)
        self.button = _Button("All &Worklists", theme, self.menu, Kind.PLAIN)
        self.button.pressed_open.connect(self.open)
        self.dialog: QInputDialog | None = None

    def open(self) -> None:
        """Ask for what is saved, then show it."""
        worklists = self._worklists
        self._queries.ask(lambda _ctx: worklists.list(), self._show, self.failed.emit, owner=self)

    def _show(self, saved: _Saved) -> None:
        self._fill(saved)
        self.menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height() + 2)))
        self.shown.emit()

    def _fill(self, saved: _Saved) -> None:
        menu = self.menu
        menu.clear()
        for name, wanted in saved:
            action = menu.addAction(self._theme.icon("bookmark", "text2"), name.replace("&", "&&"))
            action.triggered.connect(lambda _=False, wanted=wanted: self.wanted.emit(wanted))
        if not saved:
            menu.addAction("No worklist is saved yet").setEnabled(False)
        menu.addSeparator()
        menu.addAction("&Save this one…").triggered.connect(lambda _=False: self.ask_name())
        if saved:
            self._sub_menu("&Rename", saved, self.ask_name)
            self._sub_menu("&Delete", saved, self.delete)

    def _sub_menu(self, title: str, saved: _Saved, act: Callable[[str], object]) -> None:
        sub = self.menu.addMenu(title)
        for name, _ in saved:
            sub.addAction(name.replace("&", "&&")).triggered.connect(lambda _=False, name=name: act(name))

    # -- acts

    def ask_name(self, old: str = "") -> None:
        """A name for what is shown now, or another one for a saved search."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Rename the worklist" if old else "Save this worklist")
        dialog.setLabelText("&Name")
        dialog.setTextValue(old)
        dialog.textValueSelected.connect(lambda name: self.rename(old, name) if old else self.save(name))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def save(self, name: str) -> None:
        name, wanted, worklists = _tidy(name), self._filter_now(), self._worklists
        if name:
            self._do(lambda: worklists.save(name, wanted))

    def rename(self, old: str, new: str) -> None:
        new, worklists = _tidy(new), self._worklists
        if not new or new == old:
            return

        def renamed() -> None:
            wanted = dict(worklists.list())[old]
            worklists.save(new, wanted)
            worklists.delete(old)

        self._do(renamed)

    def delete(self, name: str) -> None:
        worklists = self._worklists
        self._do(lambda: worklists.delete(name))

    def _do(self, call: Callable[[], Any]) -> None:
        self._queries.ask(lambda _ctx: call(), lambda _: None, self._failed, owner=self)

    def _failed(self, error: IepError) -> None:
        self.failed.emit(error)


def _tidy(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME]
