"""The counts on the tabs: asked of the ledger and the queue whenever something has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from iep_desktop.core.errors import IepError
from iep_desktop.core.transaction import Tab
from iep_desktop.ui.pages import QUEUES, TABS
from iep_desktop.ui.seldom import Seldom
from iep_desktop.ui.services import KeepsQueue, ReadsLedger
from iep_desktop.ui.widgets.tabs import CountedTabs
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.core.job import Context
    from iep_desktop.workers.pool import Running

LINE_MS = 2000


class Counting(QObject):
    """A count that is unknown is not shown."""

    def __init__(
        self, reading: ReadsLedger, queue: KeepsQueue, queries: Queries, tabs: CountedTabs, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._reading, self._queue, self._queries, self._tabs = reading, queue, queries, tabs
        self._running: Running | None = None
        self._line = Seldom(self._count_line, LINE_MS, self)

    def count(self) -> None:
        if self._running is not None:
            self._running.cancel()
        reading = self._reading
        self._running = self._queries.ask(
            lambda _ctx: reading.counts(), self._counted, self._not_counted, owner=self
        )

    def _count_line(self) -> None:
        """What runs and waits: dear where the line is long, so it is asked for more seldom."""
        queue = self._queue

        def question(_ctx: Context) -> int:
            view = queue.view()
            return len(view.waiting) + sum(row.transaction is not None for row in view.slots)

        self._queries.ask(question, self.show_line, owner=self)

    def show_line(self, number: int) -> None:
        self._tabs.set_count(TABS.index(QUEUES), number)

    def _counted(self, counts: Mapping[Tab, int]) -> None:
        self._running = None
        for at, place in enumerate(TABS):
            if isinstance(place, Tab):
                self._tabs.set_count(at, counts.get(place, 0))
        self._line.ask()  # not before: at the start the first page has the interpreter for itself

    def _not_counted(self, _error: IepError) -> None:
        # The list in front says what is wrong with the ledger.
        self._running = None
        for at in range(len(TABS)):
            self._tabs.set_count(at, None)
