"""A worklist as a table model: transactions, and below opened ones their series. Rows come from the pager.

A refresh that a person asks for takes over the ledger's order; news from the ledger only changes rows where they stand
and puts new ones on top, so that nothing moves under a hand (design/pictures, Motion).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import SeriesProgress, Status, Transaction, WorklistFilter, WorklistOrder
from iep_desktop.ui.services import ReadsLedger
from iep_desktop.ui.worklist import texts
from iep_desktop.ui.worklist.columns import LOADING, TITLES, Col, series_text
from iep_desktop.ui.worklist.flat_rows import FlatRows
from iep_desktop.ui.worklist.pager import PAGE, Loaded, Pager, load, names_of
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

Index = QModelIndex | QPersistentModelIndex
MOST_LOOKED_UP = 50  # rows of the first page that have left it, one by one


class Role(IntEnum):
    TRANSACTION = Qt.ItemDataRole.UserRole
    SERIES = Qt.ItemDataRole.UserRole + 1  # SeriesProgress of a child row
    OPENED = Qt.ItemDataRole.UserRole + 2  # bool


@dataclass(frozen=True)
class News:
    """What the ledger says now of the rows that are shown."""

    head: Loaded  # the first page
    rows: tuple[Transaction, ...]  # the shown ones, where they still are
    series: dict[int, tuple[SeriesProgress, ...]]  # of the opened ones
    hospitals: dict[str, str]


class WorklistModel(QAbstractTableModel):
    """`refreshed` after each whole refresh, `stale` when the order is another one in the ledger."""

    refreshed = Signal()
    failed = Signal(object)  # IepError
    stale = Signal(bool)

    def __init__(
        self,
        reading: ReadsLedger,
        queries: Queries,
        me: str,
        parent: QObject | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(parent)
        self._reading, self._queries = reading, queries
        self.me, self.now = me, now
        self._pager = Pager(reading, queries, self)
        self._pager.arrived.connect(self._page_arrived)
        self._pager.failed.connect(self.failed)
        self._flat = FlatRows()
        self._series: dict[int, tuple[SeriesProgress, ...]] = {}  # of opened transactions, by id
        self._shown = (0, 0)  # transaction rows in the viewport
        self._refreshing: Running | None = None
        self._hearing: Running | None = None
        self.is_loaded = False
        self.more = False  # than the search shows

    # -- the table

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._flat)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(Col)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, child = self._flat.place(index.row())
        transaction = self._pager.row(row)
        if role == Role.TRANSACTION:
            return transaction
        if role == Role.OPENED:
            return self._flat.children(row) > 0
        series = self._series_at(transaction, child)
        if role == Role.SERIES:
            return series
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(Col(index.column()), transaction, series, child)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        texts_asked = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        if orientation is Qt.Orientation.Horizontal and role in texts_asked:
            return TITLES[Col(section)]
        return None

    def _text(
        self, col: Col, transaction: Transaction | None, series: SeriesProgress | None, child: int
    ) -> str:
        if transaction is None:
            return LOADING
        if child >= 0:
            return series_text(col, series)
        return self.words(col, transaction)

    def words(self, col: Col, transaction: Transaction) -> str:
        """What stands in a cell of its row."""
        match col:
            case Col.TYPE:
                return transaction.type.value
            case Col.DIRECTION:
                return transaction.direction.value
            case Col.DATE:
                return texts.moment(transaction.created_at)
            case Col.PATIENT:
                return texts.patient_name(transaction)
            case Col.INSTITUTION:
                return self.hospital(transaction.other_hospital)
            case Col.ASSIGNED:
                return texts.assignee(transaction, self.me)
            case Col.MESSAGES:
                return str(transaction.unread) if transaction.unread else ""
            case Col.STATUS:
                beside = texts.left(transaction, self.now()).sentence
                return f"{transaction.status.value}, {beside}" if beside else transaction.status.value
            case Col.ACTIONS:
                return "Open"

    def content(self, flat: int) -> tuple[Transaction | None, SeriesProgress | None, bool]:
        """What a flat row shows: a transaction, of a child row the series, and whether the row is opened."""
        row, child = self._flat.place(flat)
        transaction = self._pager.row(row)
        return transaction, self._series_at(transaction, child), self._flat.children(row) > 0

    def _series_at(self, transaction: Transaction | None, child: int) -> SeriesProgress | None:
        if transaction is None or child < 0:
            return None
        series = self._series.get(transaction.id, ())
        return series[child] if child < len(series) else None

    # -- what view and page ask

    @property
    def total(self) -> int:
        return self._flat.total

    @property
    def filter(self) -> WorklistFilter:
        return self._pager.filter

    @property
    def order(self) -> WorklistOrder:
        return self._pager.order

    def hospital(self, ods: str) -> str:
        return self._pager.hospitals.get(ods, ods)

    def transaction(self, index: Index) -> Transaction | None:
        return self._pager.row(self._flat.place(index.row()).row) if index.isValid() else None

    def index_of(self, id: int) -> QModelIndex:
        """Invalid where the transaction is not among the rows at hand."""
        row = self._pager.find(id)
        return self.index(self._flat.flat(row), 0) if row is not None else QModelIndex()

    def sentence(self, index: Index) -> str:
        transaction = self.transaction(index)
        return (
            texts.row_sentence(transaction, self._pager.hospitals, self.me, self.now()) if transaction else ""
        )

    def show_rows(self, first: int, last: int) -> None:
        """The viewport shows these flat rows: have them, and their neighbours, at hand."""
        if not len(self._flat):
            return
        top = self._flat.place(max(first, 0)).row
        end = self._flat.place(min(max(last, first), len(self._flat) - 1)).row
        self._shown = (top, end)
        self._pager.want(top, end, self._flat.total)

    # -- a whole refresh

    def set_filter(self, filter: WorklistFilter) -> None:
        if filter != self._pager.filter or not self.is_loaded:
            self._pager.filter = filter
            self._shown = (0, 0)
            self.refresh()

    def set_order(self, order: WorklistOrder) -> None:
        if order != self._pager.order:
            self._pager.order = order
            self.refresh()

    def refresh(self) -> None:
        """Take over filter, order and rows as the ledger has them now."""
        for running in (self._refreshing, self._hearing):
            if running is not None:
                running.cancel()
        self._hearing = None
        reading, wanted, order = self._reading, self._pager.filter, self._pager.order
        first, last = self._shown[0] // PAGE, self._shown[1] // PAGE

        def question(_ctx: Context) -> Loaded:
            return load(reading, wanted, order, first * PAGE, (last - first + 1) * PAGE)

        self._refreshing = self._queries.ask(
            question, lambda loaded: self._take_over(first, loaded), self._not_refreshed, owner=self
        )

    def _take_over(self, first_page: int, loaded: Loaded) -> None:
        self._refreshing = None
        if first_page and not loaded.page.rows and loaded.page.total:
            self._shown = (0, 0)  # the list has become shorter than where we stood
            self.refresh()
            return
        self.beginResetModel()
        self._pager.forget()
        self._pager.hospitals.update(loaded.hospitals)
        for at in range(0, max(len(loaded.page.rows), 1), PAGE):
            self._pager.put(first_page + at // PAGE, loaded.page.rows[at : at + PAGE])
        self._flat = FlatRows(loaded.page.total)
        self.more = loaded.page.more
        self._reopen()
        self.is_loaded = True
        self.endResetModel()
        self.stale.emit(False)
        self.refreshed.emit()

    def _reopen(self) -> None:
        """Opened rows stay open where they are still at hand."""
        for each, series in list(self._series.items()):
            row = self._pager.find(each)
            if row is None:
                del self._series[each]
            else:
                self._flat.open(row, len(series))

    def _not_refreshed(self, error: IepError) -> None:
        self._refreshing = None
        self.failed.emit(error)

    def _page_arrived(self, number: int) -> None:
        first, last = number * PAGE, min((number + 1) * PAGE, self._flat.total) - 1
        if last >= first:
            self._changed(self._flat.flat(first), self._flat.flat(last))

    # -- news from the ledger

    def hear_news(self) -> None:
        """Look again at what is shown, without moving it."""
        if not self.is_loaded or self._refreshing is not None or self._hearing is not None:
            return
        reading, wanted, order = self._reading, self._pager.filter, self._pager.order
        shown = [row.id for row in self._pager.at_hand(*self._shown)]
        first = [row.id for row in self._pager.at_hand(0, PAGE - 1)]
        opened = list(self._series)

        def question(ctx: Context) -> News:
            head = load(reading, wanted, order, 0, PAGE)
            known = {row.id: row for row in head.page.rows}
            left_head = [each for each in first if each not in known][:MOST_LOOKED_UP]
            wanted_ids = dict.fromkeys([*shown, *left_head])
            rows = tuple(known.get(each) or reading.by_id(each) for each in wanted_ids)
            ctx.check()
            series = {each: reading.details(each).series for each in opened}
            return News(head, rows, series, names_of(reading, rows))

        self._hearing = self._queries.ask(question, self._heard, self._not_heard, owner=self)

    def _heard(self, news: News) -> None:
        self._hearing = None
        self._pager.hospitals.update(news.head.hospitals)
        self._pager.hospitals.update(news.hospitals)
        positions = self._pager.positions()
        for transaction in (*news.head.page.rows, *news.rows):
            self._update(positions.get(transaction.id), transaction)
        for each, series in news.series.items():
            self._set_series(each, series)
        self._put_on_top(news.head)

    def _not_heard(self, _error: IepError) -> None:
        # News are a hint; the next one tells again, and Refresh says what is wrong.
        self._hearing = None

    def _update(self, row: int | None, transaction: Transaction) -> None:
        before = self._pager.row(row) if row is not None else None
        if row is None or before == transaction:
            return
        self._pager.replace(row, transaction)
        flat = self._flat.flat(row)
        if before is not None and _only_beside_status(before, transaction):
            self._changed(flat, flat, Col.STATUS, Col.STATUS)  # nine rows move twice a second
        else:
            self._changed(flat, flat)

    def _put_on_top(self, head: Loaded) -> None:
        """New rows before the first that we know; any other difference of the first page makes the list stale."""
        ours = [row.id for row in self._pager.at_hand(0, min(PAGE, self._flat.total) - 1)]
        known = set(ours)
        rows = head.page.rows
        fresh = next((at for at, row in enumerate(rows) if row.id in known), len(rows) if not ours else 0)
        if fresh and head.page.total >= self._flat.total + fresh:
            self._insert_on_top(rows[:fresh])
            ours = [row.id for row in rows[:fresh]] + ours
        theirs = [row.id for row in rows]
        self.stale.emit(ours[: len(theirs)] != theirs or head.page.total != self._flat.total)

    def _insert_on_top(self, rows: tuple[Transaction, ...]) -> None:
        first = self._pager.at_hand(0, min(PAGE, self._flat.total) - 1)
        self.beginInsertRows(QModelIndex(), 0, len(rows) - 1)
        self._flat.insert_at_top(len(rows))
        self._pager.forget()  # every later page has shifted; the viewport asks for what it shows
        self._pager.put(0, (*rows, *first)[:PAGE])
        self._shown = (0, self._shown[1])
        self.endInsertRows()
        self._pager.want(*self._shown, self._flat.total)

    # -- opening a row to its series

    def is_open(self, index: Index) -> bool:
        return bool(self.data(index, Role.OPENED))

    def toggle(self, index: Index) -> None:
        transaction = self.transaction(index)
        if transaction is None:
            return
        if self.is_open(index):
            self.close_row(index)
        else:
            self.open_row(transaction.id)

    def open_row(self, id: int) -> None:
        reading = self._reading
        self._queries.ask(
            lambda _ctx: reading.details(id).series,
            lambda series: self._set_series(id, series),
            self.failed.emit,
            owner=self,
        )

    def close_row(self, index: Index) -> None:
        row = self._flat.place(index.row()).row
        transaction, children = self._pager.row(row), self._flat.children(row)
        if children and transaction:
            flat = self._flat.flat(row)
            self.beginRemoveRows(QModelIndex(), flat + 1, flat + children)
            self._flat.close(row)
            self._series.pop(transaction.id, None)
            self.endRemoveRows()
            self._changed(flat, flat)

    def _set_series(self, id: int, series: tuple[SeriesProgress, ...]) -> None:
        row = self._pager.find(id)
        if row is None or not series:
            return
        flat, before = self._flat.flat(row), self._flat.children(row)
        if before != len(series):
            self.close_row(self.index(flat, 0))
            self.beginInsertRows(QModelIndex(), flat + 1, flat + len(series))
            self._series[id] = series
            self._flat.open(row, len(series))
            self.endInsertRows()
            self._changed(flat, flat)
        elif self._series.get(id) != series:
            self._series[id] = series
            self._changed(flat + 1, flat + len(series))

    def _changed(self, first: int, last: int, left: Col = Col.TYPE, right: Col = Col.ACTIONS) -> None:
        self.dataChanged.emit(self.index(first, left), self.index(last, right))

    def tick(self) -> None:
        """A minute has passed: countdowns."""
        if len(self._flat):
            self._changed(self._flat.flat(self._shown[0]), len(self._flat) - 1)


_SHOWN_BESIDE_STATUS = (
    *("status", "updated_at", "counts", "queued", "on_iep_at", "not_before", "attempts"),
    *("failure", "required"),
)


def _only_beside_status(before: Transaction, now: Transaction) -> bool:
    """Whether the cell Status alone looks different; what is new stands in bold elsewhere."""
    if (before.status is Status.NEW) != (now.status is Status.NEW):
        return False
    return replace(before, **{name: getattr(now, name) for name in _SHOWN_BESIDE_STATUS}) == now
