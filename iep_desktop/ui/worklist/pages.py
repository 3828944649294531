"""The pages behind the tabs: a worklist with its filters, and what needs a person; the details beside each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import (
    Column,
    Tab,
    Transaction,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.panel import DetailsPanel
from iep_desktop.ui.services import ReadsLedger, StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, IconButton, LinkButton
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.ui.widgets.segmented import Segmented
from iep_desktop.ui.worklist import required_rows, texts
from iep_desktop.ui.worklist.beside import Beside
from iep_desktop.ui.worklist.filter_bar import FilterBar
from iep_desktop.ui.worklist.model import WorklistModel
from iep_desktop.ui.worklist.open_menu import open_menu
from iep_desktop.ui.worklist.pager import names_of
from iep_desktop.ui.worklist.required_list import RequiredModel, RequiredView
from iep_desktop.ui.worklist.view import WorklistView
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

NOTHING_FOUND = "No transactions found. Try refining your search criteria"
_NEXT_STEP = {
    Tab.IN_PROGRESS: "Nothing is under way. Press Ctrl+I to import a disc.",
    Tab.FAILED: "Nothing has failed. What fails waits here with its reason and the button that fixes it.",
    Tab.ALL: "Nothing has been sent or received yet. Press Ctrl+I to import a disc.",
}
_FILTERED_STEP = "Clear the filter, or search in All."


class TabPage(QWidget):
    """What every page with rows has: a list, the details, wishes. `wished` carries a Wish."""

    wished = Signal(object)

    def __init__(
        self,
        tab: Tab,
        reading: ReadsLedger,
        queries: Queries,
        me: str,
        theme: Theme,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.tab = tab
        self._reading, self._queries, self._me, self._theme, self._now = reading, queries, me, theme, now
        self.details = DetailsPanel(reading, queries, me, theme, now=now)
        self.details.wished.connect(self.wished)
        self.banner = ErrorBanner(theme)
        self.stale_link = LinkButton("The list has changed: refresh", theme, "refresh-cw")
        self.stale_link.hide()
        self.fold_button = IconButton("panel-right", "Show or fold the details (Ctrl+D)", theme)
        self.fold_button.setCheckable(True)
        self._behind = True  # the ledger has changed while this page was not looked at

    def _put_together(self, bar: QWidget, body: QWidget, *, below: bool) -> None:
        self.beside = Beside(body, self.details, self._theme, always_below=below)
        self.fold_button.setChecked(True)
        self.fold_button.clicked.connect(lambda: self.beside.fold(not self.beside.is_folded))
        self.beside.folded_changed.connect(lambda folded: self.fold_button.setChecked(not folded))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.banner)
        layout.addWidget(self.beside, 1)

    # -- what the main window calls

    def came_to_front(self) -> None:
        """The page is looked at: it shows the ledger as it is now."""
        if self._behind:
            self._behind = False
            self.refresh()

    def ledger_changed(self) -> None:
        if self.isVisible():
            self.hear_news()
            self.details.refresh()
        else:
            self._behind = True

    def toggle_details(self) -> None:
        self.beside.fold(not self.beside.is_folded)

    def show_details_of(self, transaction: Transaction) -> None:
        self.beside.fold(False)
        self.details.show_transaction(transaction)
        self.details.focus_first()

    def refresh(self) -> None:
        raise NotImplementedError

    def hear_news(self) -> None:
        raise NotImplementedError

    def tick(self) -> None:
        raise NotImplementedError

    def set_search(self, text: str) -> None:
        raise NotImplementedError

    def focus_list(self) -> None:
        raise NotImplementedError

    def choose(self, transaction: Transaction) -> None:
        """Show the newest state of the ledger, with this one chosen."""
        raise NotImplementedError

    def save(self, store: StateStore) -> None:
        store.save(f"{self.tab.value}/beside", self.beside.to_bytes())

    def restore(self, store: StateStore) -> None:
        self.beside.restore(store.load(f"{self.tab.value}/beside"))

    def _show_menu(self, transaction: Transaction, at: QPoint) -> None:
        open_menu(transaction, self._me, self._wish, self._theme, self).popup(at)

    def _wish(self, wish: Wish) -> None:
        if wish.act is Act.DETAILS:
            self.show_details_of(wish.transaction)
        else:
            self.wished.emit(wish)

    def _failed(self, error: IepError) -> None:
        self.banner.show_error(error, "Try again", self.refresh)


class WorklistPage(TabPage):
    """In Progress, Failed, All."""

    def __init__(
        self,
        tab: Tab,
        reading: ReadsLedger,
        queries: Queries,
        me: str,
        theme: Theme,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(tab, reading, queries, me, theme, now=now)
        self.filters = FilterBar(tab, me, theme)
        self.filters.add_tool(self.fold_button)
        self.model = WorklistModel(reading, queries, me, self, now=now)
        self.view = WorklistView(self.model, theme, f"{tab.value}, transactions")
        clear = Button("C&lear the filter", theme)
        clear.clicked.connect(self.filters.clear)
        self._clear = clear
        self.empty = EmptyState("search", NOTHING_FOUND, _NEXT_STEP[tab], theme, clear)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        self._stack.setMinimumHeight(theme.sizes.of(64))  # not what the empty text would like
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stale_link, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._stack, 1)
        self._put_together(self.filters, body, below=tab is Tab.FAILED)
        self._connect()

    def _connect(self) -> None:
        self.filters.changed.connect(self._filter)
        self.filters.refresh.connect(self.refresh)
        self.stale_link.clicked.connect(self.refresh)
        self.model.refreshed.connect(self._refreshed)
        self.model.rowsInserted.connect(self._say_totals)
        self.model.failed.connect(self._failed)
        self.model.stale.connect(self.stale_link.setVisible)
        self.view.selected.connect(self.details.show_transaction)
        self.view.opened.connect(self.show_details_of)
        self.view.menu_wanted.connect(self._show_menu)

    def _filter(self, wanted: WorklistFilter) -> None:
        if self.model.is_loaded:
            self.model.set_filter(wanted)

    def refresh(self) -> None:
        if self.model.is_loaded:
            self.model.refresh()
        else:
            self.model.set_filter(self.filters.filter())

    def hear_news(self) -> None:
        self.model.hear_news()

    def tick(self) -> None:
        self.model.tick()
        self.details.tick()

    def _refreshed(self) -> None:
        self.banner.clear()
        self._say_totals()

    def _say_totals(self) -> None:
        total = self.model.total
        filtered = self.filters.is_filtered
        self.empty.set(NOTHING_FOUND, _FILTERED_STEP if filtered else _NEXT_STEP[self.tab])
        self._clear.setVisible(filtered)
        self._stack.setCurrentWidget(self.view if total else self.empty)
        word = "transaction" if total == 1 else "transactions"
        self.filters.say_totals(f"{texts.grouped(total)} {word}")

    def focus_list(self) -> None:
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_search(self, text: str) -> None:
        self.filters.set_search(text)

    def choose(self, transaction: Transaction) -> None:
        self.view.choose(transaction.id)
        self.refresh()
        self.details.show_transaction(transaction)

    # -- remembered

    def save(self, store: StateStore) -> None:
        super().save(store)
        store.save(f"{self.tab.value}/columns", self.view.columns_to_bytes())
        store.save(f"{self.tab.value}/filters", self.filters.to_bytes())

    def restore(self, store: StateStore) -> None:
        super().restore(store)
        self.view.restore_columns(store.load(f"{self.tab.value}/columns"))
        self.filters.restore(store.load(f"{self.tab.value}/filters"))


@dataclass(frozen=True)
class Required:
    """Everything in Action Required, and what became of rows that left it."""

    rows: tuple[Transaction, ...]
    total: int
    gone: Mapping[int, Transaction]
    hospitals: Mapping[str, str]


class RequiredPage(TabPage):
    """Action Required: sorted by what is due first; each row has its one button."""

    LIMIT = 500

    def __init__(
        self,
        reading: ReadsLedger,
        queries: Queries,
        me: str,
        theme: Theme,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(Tab.ACTION_REQUIRED, reading, queries, me, theme, now=now)
        self._entries: tuple[required_rows.Entry, ...] = ()
        self._search = ""
        self._asking: Running | None = None
        self.model = RequiredModel(self)
        self.view = RequiredView(self.model, theme)
        self.empty = EmptyState(
            "circle-check",
            "Nothing needs a person",
            "What a rule stops, or a disc that does not match, waits here with the button that lifts it.",
            theme,
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        self._stack.setMinimumHeight(theme.sizes.of(64))  # not what the empty text would like
        self._put_together(self._bar(), self._stack, below=False)
        self.beside.fold(True)
        self.view.wished.connect(self._wish)
        self.view.selected.connect(self.details.show_transaction)
        self.view.menu_wanted.connect(self._show_menu)

    def _bar(self) -> QWidget:
        bar = QWidget()
        bar.setProperty("role", "bar-below")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading = Label("", weight=600)
        self.whose = Segmented(
            [("all", "Everyone’s"), ("mine", "Mine"), ("none", "Unassigned")], self._theme, "Show"
        )
        self.whose.chosen.connect(lambda _: self._show_entries())
        refresh = Button("&Refresh", self._theme, icon="refresh-cw", tip="F5")
        refresh.clicked.connect(self.refresh)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(12)
        row.addWidget(self.heading)
        hint, show = ElidedLabel("What is due first stands first.", "text2"), Label("Show", "text2")
        self._spare_words = (hint, show)
        row.addWidget(hint, 1)
        row.addStretch(0)
        row.addWidget(show)
        row.addWidget(self.whose)
        row.addWidget(refresh)
        row.addWidget(self.fold_button)
        return bar

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for label in self._spare_words:
            label.setVisible(self.width() >= self._theme.sizes.of(860))

    # -- asking

    def refresh(self) -> None:
        self._ask(self._take_over)

    def hear_news(self) -> None:
        if self._asking is None:
            self._ask(self._merge)

    def _ask(self, answered: Callable[[Required], None]) -> None:
        if self._asking is not None:
            self._asking.cancel()
        reading = self._reading
        wanted = WorklistFilter(tab=Tab.ACTION_REQUIRED, search=self._search)
        shown = [entry.transaction.id for entry in self._entries]

        def question(_ctx: Context) -> Required:
            page = reading.page(wanted, WorklistOrder(Column.DATE, descending=False), 0, self.LIMIT)
            here = {row.id for row in page.rows}
            gone = {id_: reading.by_id(id_) for id_ in shown if id_ not in here}
            return Required(page.rows, page.total, gone, names_of(reading, page.rows))

        def done(required: Required) -> None:
            self._asking = None
            answered(required)

        self._asking = self._queries.ask(question, done, self._not_answered, owner=self)

    def _not_answered(self, error: IepError) -> None:
        self._asking = None
        self._failed(error)

    def _take_over(self, required: Required) -> None:
        self.banner.clear()
        self._entries = required_rows.entries_of(required.rows, required.hospitals, self._now())
        self._show_entries()

    def _merge(self, required: Required) -> None:
        fresh = required_rows.entries_of(required.rows, required.hospitals, self._now())
        self._entries = required_rows.merge(self._entries, fresh, required.gone)
        self._show_entries()

    def set_search(self, text: str) -> None:
        if text != self._search:
            self._search = text
            if not self._behind:
                self.refresh()

    def choose(self, transaction: Transaction) -> None:
        self.view.choose(transaction.id)
        self.refresh()
        self.details.show_transaction(transaction)

    # -- showing

    def _show_entries(self) -> None:
        open_ones = [entry for entry in self._entries if entry.act]
        mine = [entry for entry in open_ones if entry.transaction.assigned_to == self._me]
        nobody = [entry for entry in open_ones if not entry.transaction.assigned_to]
        self.whose.set_text("mine", f"Mine {len(mine)}")
        self.whose.set_text("none", f"Unassigned {len(nobody)}")
        count = len(open_ones)
        self.heading.setText("1 thing needs a person" if count == 1 else f"{count} things need a person")
        self.model.show_entries(self._chosen())
        self._stack.setCurrentWidget(self.view if self.model.entries else self.empty)
        self.view.select_first()

    def _chosen(self) -> tuple[required_rows.Entry, ...]:
        whose = self.whose.key
        if whose == "all":
            return self._entries
        wanted = self._me if whose == "mine" else ""
        return tuple(entry for entry in self._entries if entry.transaction.assigned_to == wanted)

    def tick(self) -> None:
        """Countdowns; the order stays."""
        self.hear_news()
        self.details.tick()

    def focus_list(self) -> None:
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
