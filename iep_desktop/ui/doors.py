"""The doors of Create as the main window holds them: who is told what, and which windows stand open by themselves.

Owns the wiring alone; the pages behind the doors are in `create`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Qt, Signal

from iep_desktop.ui.services import IsDesk, StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.ui.create.asks import CreateDesk
    from iep_desktop.ui.create.page import CreatePage
    from iep_desktop.ui.create.trauma.window import TraumaWindow


class Doors(QObject):
    """`import_wanted` carries the path of a disc or an empty text; `shown` and `created` a Transaction.

    `look_wanted` carries a PacsStudy and the ViewPatient whose it should be.
    """

    import_wanted = Signal(str)
    shown = Signal(object)
    created = Signal(object)
    look_wanted = Signal(object, object)

    def __init__(
        self, desk: IsDesk, queries: Queries, theme: Theme, state: StateStore, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._desk = cast(
            "CreateDesk", desk
        )  # what Create needs is in the same desk, and nobody else asks for it
        self._queries, self._theme, self._state = queries, theme, state
        self.presets: dict[str, str] = {}  # of the trauma pathway, where they are not the guideline's
        self._page: CreatePage | None = None
        self._trauma: TraumaWindow | None = None

    def make_page(self) -> CreatePage:
        from iep_desktop.ui.create.page import CreatePage

        page = CreatePage(self._desk, self._queries, self._theme, self._state)
        page.import_wanted.connect(self.import_wanted)
        page.shown.connect(self.shown)
        page.created.connect(self.created)
        page.trauma_wanted.connect(self.open_trauma)
        page.look_wanted.connect(self.look_wanted)
        self._page = page
        return page

    def open_trauma(self) -> TraumaWindow:
        """One at a time: a second press brings the first to the front."""
        from iep_desktop.ui.create.trauma.pathway import Pathway
        from iep_desktop.ui.create.trauma.window import TraumaWindow

        if self._trauma is None:
            pathway = Pathway(**self.presets)
            self._trauma = TraumaWindow(self._desk, self._queries, self._theme, self._state, pathway=pathway)
            self._trauma.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._trauma.created.connect(self.created)
            self._trauma.shown.connect(self.shown)
            self._trauma.import_wanted.connect(lambda: self.import_wanted.emit(""))
            self._trauma.review.look_wanted.connect(self.look_wanted)
            self._trauma.destroyed.connect(self._trauma_closed)
        window = self._trauma
        window.show()
        window.activateWindow()
        return window

    @property
    def is_trauma_open(self) -> bool:
        return self._trauma is not None

    def close(self) -> None:
        """The main window goes away."""
        if self._page is not None:
            self._page.close_viewer()
        if self._trauma is not None:
            self._trauma.close()

    def _trauma_closed(self) -> None:
        self._trauma = None
