"""The dialogs that the main window opens for itself: nodes, hospitals, help, the question at closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from iep_desktop.ui.services import IsDesk
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.ui.widgets.confirm import ConfirmDialog


class Dialogs:
    """Imports and makes a dialog when it is asked for; `window` is the parent of all."""

    def __init__(self, desk: IsDesk, queries: Queries, theme: Theme, window: QWidget) -> None:
        self._desk, self._queries, self._theme, self._window = desk, queries, theme, window

    def nodes(self, chosen: str = "") -> None:
        from iep_desktop.ui.admin.nodes import NodesDialog

        desk, window = self._desk, self._window
        dialog = NodesDialog(
            desk.nodes, desk.reading, self._queries, desk.me.hospital, self._theme, window, chosen=chosen
        )
        dialog.changed.connect(self._queries.look_now)
        self.open(dialog)

    def hospitals(self, changed: Callable[[], None]) -> None:
        from iep_desktop.ui.admin.hospitals import HospitalsDialog

        desk = self._desk
        dialog = HospitalsDialog(desk.nodes, desk.reading, self._queries, self._theme, self._window)
        dialog.changed.connect(changed)
        self.open(dialog)

    def review(self) -> None:
        from iep_desktop.ui.admin.review import ReviewDialog

        desk = self._desk
        self.open(
            ReviewDialog(
                desk.reviews,
                desk.nodes,
                desk.reading,
                self._queries,
                desk.me.hospital,
                self._theme,
                self._window,
            )
        )

    def help(self, topic: str) -> None:
        from iep_desktop.ui.help import help_dialog

        self.open(help_dialog(topic, self._theme, self._window))

    def ask_close(self, close: Callable[[], None]) -> ConfirmDialog:
        from iep_desktop.ui.closing import close_question

        dialog = close_question(self._theme, self._window)
        dialog.accepted.connect(close)
        self.open(dialog)
        return dialog

    @staticmethod
    def open(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
