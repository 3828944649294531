"""Blue Lights against their target (R-TIME-2): one model for every countdown and forecast, and the alarm before a miss.

Asks the ledger for open Blue Lights when it changes, and the queue for what each forecast goes by. Paints nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.clocks import UNMEASURED, Alarm, Countdown, Load, countdown_of
from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Tab, Transaction, WorklistFilter, WorklistOrder
from iep_desktop.ui.seldom import Seldom
from iep_desktop.ui.services import KeepsQueue, ReadsLedger
from iep_desktop.ui.worklist.texts import runs
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

MOST = 100
LOOK_MS = 2000
_WORKING = (Tab.IN_PROGRESS, Tab.ACTION_REQUIRED, Tab.FAILED, Tab.ACCEPTED)


@dataclass(frozen=True)
class Late:
    """A Blue Light that has missed its target, or will."""

    transaction: Transaction
    countdown: Countdown


class Forecasts(QObject):
    """`changed` whenever an alarm begins or ends."""

    changed = Signal()

    def __init__(
        self,
        reading: ReadsLedger,
        queue: KeepsQueue,
        queries: Queries,
        now: Callable[[], datetime],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._reading, self._queue, self._queries, self._now = reading, queue, queries, now
        self._loads: dict[int, tuple[Transaction, Load]] = {}
        self._asking: Running | None = None
        self.late: tuple[Late, ...] = ()
        self._news = Seldom(self._look, LOOK_MS, self)

    def look(self) -> None:
        """The ledger has changed."""
        self._news.ask()

    def _look(self) -> None:
        if self._asking is None:
            reading, queue = self._reading, self._queue
            self._asking = self._queries.ask(
                lambda ctx: _loads(reading, queue, ctx), self._heard, self._not_heard, owner=self
            )

    def _heard(self, found: dict[int, tuple[Transaction, Load]]) -> None:
        self._asking = None
        self._loads = found
        self.tick()

    def _not_heard(self, _error: IepError) -> None:
        # The list in front says what is wrong with the ledger; the next change asks again.
        self._asking = None

    def tick(self) -> None:
        """Time has passed."""
        counted = (Late(each, self.countdown(each)) for each, _ in self._loads.values())
        late = tuple(each for each in counted if each.countdown.alarm is not Alarm.NONE)
        before = [(each.transaction.id, each.countdown.alarm) for each in self.late]
        self.late = late
        if [(each.transaction.id, each.countdown.alarm) for each in late] != before:
            self.changed.emit()

    def countdown(self, transaction: Transaction) -> Countdown:
        """By the load as it was last told; unknown ones by the clock alone."""
        _, load = self._loads.get(transaction.id, (transaction, UNMEASURED))
        return countdown_of(transaction, self._now(), load)


def _loads(reading: ReadsLedger, queue: KeepsQueue, ctx: Context) -> dict[int, tuple[Transaction, Load]]:
    found: dict[int, tuple[Transaction, Load]] = {}
    for tab in _WORKING:
        page = reading.page(WorklistFilter(tab=tab, blue_light_only=True), WorklistOrder(), 0, MOST)
        for row in page.rows:
            ctx.check()
            if runs(row):
                found[row.id] = (row, _load(queue, row))
    return found


def _load(queue: KeepsQueue, transaction: Transaction) -> Load:
    """What does not wait for the engine, or has not said yet how much it is, cannot be forecast."""
    try:
        load = queue.load(transaction.id) if transaction.queued else UNMEASURED
    except InvalidInput:
        return UNMEASURED
    return load if load.own else UNMEASURED


def alarm_words(late: tuple[Late, ...]) -> str:
    """`1 Blue Light will be late`, for the header; empty where all is well."""
    if not late:
        return ""
    missed = sum(each.countdown.alarm is Alarm.MISSED for each in late)
    what = "1 Blue Light" if len(late) == 1 else f"{len(late)} Blue Lights"
    if missed == len(late):
        return f"{what} {'is' if missed == 1 else 'are'} late"
    return f"{what} will be late" if not missed else f"{what} late, or soon"
