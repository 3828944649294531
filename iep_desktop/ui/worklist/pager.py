"""Rows of a worklist, page by page: asks for what the viewport needs and no more, keeps what was seen last.

Owns the asking and the cache; the model says where rows stand. Every question runs off the event loop.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Page, Transaction, WorklistFilter, WorklistOrder
from iep_desktop.ui.services import ReadsLedger
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

PAGE = 100
PAGES_KEPT = 24


@dataclass(frozen=True)
class Loaded:
    """A page with the names of the hospitals in it."""

    page: Page
    hospitals: Mapping[str, str]


def load(
    reading: ReadsLedger, filter: WorklistFilter, order: WorklistOrder, offset: int, limit: int
) -> Loaded:
    page = reading.page(filter, order, offset, limit)
    return Loaded(page, names_of(reading, page.rows))


def names_of(reading: ReadsLedger, rows: Iterable[Transaction]) -> dict[str, str]:
    return {ods: reading.hospital_name(ods) for ods in {row.other_hospital for row in rows}}


class Pager(QObject):
    """`arrived` carries the number of a page that can be shown now."""

    arrived = Signal(int)
    failed = Signal(object)  # IepError

    def __init__(self, reading: ReadsLedger, queries: Queries, parent: QObject) -> None:
        super().__init__(parent)
        self._reading = reading
        self._queries = queries
        self._pages: OrderedDict[int, tuple[Transaction, ...]] = OrderedDict()
        self._asked: dict[int, Running] = {}
        self.filter = WorklistFilter()
        self.order = WorklistOrder()
        self.hospitals: dict[str, str] = {}

    def row(self, row: int) -> Transaction | None:
        page = self._pages.get(row // PAGE)
        at = row % PAGE
        return page[at] if page is not None and at < len(page) else None

    def find(self, id: int) -> int | None:
        """The row of a transaction, where it is among those at hand."""
        return self.positions().get(id)

    def positions(self) -> dict[int, int]:
        """The rows of all transactions at hand, by id."""
        return {
            transaction.id: number * PAGE + at
            for number, page in self._pages.items()
            for at, transaction in enumerate(page)
        }

    def at_hand(self, first: int, last: int) -> list[Transaction]:
        rows = (self.row(row) for row in range(first, last + 1))
        return [row for row in rows if row is not None]

    def put(self, number: int, rows: tuple[Transaction, ...]) -> None:
        self._pages[number] = rows
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)

    def replace(self, row: int, transaction: Transaction) -> None:
        page = list(self._pages[row // PAGE])
        page[row % PAGE] = transaction
        self._pages[row // PAGE] = tuple(page)

    def forget(self) -> None:
        for running in self._asked.values():
            running.cancel()
        self._asked.clear()
        self._pages.clear()

    def want(self, first: int, last: int, total: int) -> None:
        """Ask for the pages around these rows; what was asked for rows far from them is called off."""
        wanted = _pages_around(first, last, total)
        for number in [number for number in self._asked if number not in wanted]:
            self._asked.pop(number).cancel()
        for number in wanted:
            if number in self._pages:
                self._pages.move_to_end(number)
            elif number not in self._asked:
                self._ask(number)

    def _ask(self, number: int) -> None:
        reading, wanted, order = self._reading, self.filter, self.order

        def question(_ctx: Context) -> Loaded:
            return load(reading, wanted, order, number * PAGE, PAGE)

        self._asked[number] = self._queries.ask(
            question, self._keep(number), self._could_not(number), owner=self
        )

    def _keep(self, number: int) -> Callable[[Loaded], None]:
        def keep(loaded: Loaded) -> None:
            self._asked.pop(number, None)
            self.hospitals.update(loaded.hospitals)
            self.put(number, loaded.page.rows)
            self.arrived.emit(number)

        return keep

    def _could_not(self, number: int) -> Callable[[IepError], None]:
        def could_not(error: IepError) -> None:
            self._asked.pop(number, None)
            self.failed.emit(error)

        return could_not


def _pages_around(first: int, last: int, total: int) -> range:
    """Half a page more on both sides, so that scrolling meets rows that are there."""
    start, end = max(first - PAGE // 2, 0), min(last + PAGE // 2, total - 1)
    return range(start // PAGE, end // PAGE + 1) if total else range(0)
