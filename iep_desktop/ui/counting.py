"""The counts on the tabs: asked of the ledger and the queue whenever something has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from iep_desktop.core.errors import IepError
from iep_desktop.ui.pages import QUEUES, TABS, Place
from iep_desktop.ui.services import KeepsQueue, ReadsLedger
from iep_desktop.ui.widgets.tabs import CountedTabs
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.core.job import Context
    from iep_desktop.workers.pool import Running


class Counting(QObject):
    """A count that is unknown is not shown."""

    def __init__(
        self, reading: ReadsLedger, queue: KeepsQueue, queries: Queries, tabs: CountedTabs, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._reading, self._queue, self._queries, self._tabs = reading, queue, queries, tabs
        self._running: Running | None = None

    def count(self) -> None:
        if self._running is not None:
            self._running.cancel()
        reading, queue = self._reading, self._queue

        def question(_ctx: Context) -> Mapping[Place, int]:
            view = queue.view()
            moving = sum(row.transaction is not None for row in view.slots)
            counts: dict[Place, int] = dict(reading.counts().items())
            counts[QUEUES] = len(view.waiting) + moving
            return counts

        self._running = self._queries.ask(question, self._counted, self._not_counted, owner=self)

    def _counted(self, counts: Mapping[Place, int]) -> None:
        self._running = None
        for at, place in enumerate(TABS):
            if place is not None:
                self._tabs.set_count(at, counts.get(place, 0))

    def _not_counted(self, _error: IepError) -> None:
        # The list in front says what is wrong with the ledger.
        self._running = None
        for at in range(len(TABS)):
            self._tabs.set_count(at, None)
