"""Makes the pages behind the tabs from the desk's services; each module is imported when its page is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from iep_desktop.core.transaction import Tab
from iep_desktop.ui.services import IsDesk
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.ui.forecasts import Forecasts
    from iep_desktop.ui.queues.page import QueuesPage
    from iep_desktop.ui.worklist.around import Around
    from iep_desktop.ui.worklist.required_page import RequiredPage
    from iep_desktop.ui.worklist.worklist_page import WorklistPage


class PageMakers(QObject):
    """Makes; connecting is the window's."""

    def __init__(
        self, desk: IsDesk, queries: Queries, theme: Theme, now: Callable[[], datetime], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._desk, self._queries, self._theme, self._now = desk, queries, theme, now

    @cached_property
    def forecasts(self) -> Forecasts:
        """One for all pages, so that they agree."""
        from iep_desktop.ui.forecasts import Forecasts

        return Forecasts(self._desk.reading, self._desk.queue, self._queries, self._now, self)

    @cached_property
    def _around(self) -> Around:
        from iep_desktop.ui.worklist.around import Around

        desk = self._desk
        return Around(
            desk.reading,
            self._queries,
            desk.me.user,
            self._theme,
            desk.transfers,
            desk.worklists_saved,
            lambda transaction: self.forecasts.countdown(transaction),
            self._now,
        )

    def worklist(self, tab: Tab) -> WorklistPage:
        from iep_desktop.ui.worklist.worklist_page import WorklistPage

        return WorklistPage(tab, self._around)

    def required(self) -> RequiredPage:
        from iep_desktop.ui.worklist.required_page import RequiredPage

        return RequiredPage(self._around)

    def queues(self) -> QueuesPage:
        from iep_desktop.ui.queues.page import QueuesPage

        return QueuesPage(self._desk.queue, self._around)
