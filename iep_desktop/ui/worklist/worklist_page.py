"""The page of a worklist: filters, list, details (In Progress, Failed, All, Accepted)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.transaction import (
    Tab,
    Transaction,
    WorklistFilter,
)
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.possible import has_images
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.worklist import texts
from iep_desktop.ui.worklist.around import Around
from iep_desktop.ui.worklist.filter_bar import FilterBar
from iep_desktop.ui.worklist.model import WorklistModel
from iep_desktop.ui.worklist.saved_menu import SavedMenu
from iep_desktop.ui.worklist.tab_page import TabPage
from iep_desktop.ui.worklist.view import WorklistView

_NEXT_STEP = {
    Tab.IN_PROGRESS: "Nothing is under way. Press Ctrl+I to import a disc.",
    Tab.FAILED: "Nothing has failed. What fails waits here with its reason and the button that fixes it.",
    Tab.ACCEPTED: "No request waits for its images. What you accept stands here until its images are sent.",
    Tab.ALL: "Nothing has been sent or received yet. Press Ctrl+I to import a disc.",
}
_FILTERED_STEP = "Clear the filter, or search in All."


class WorklistPage(TabPage):
    """In Progress, Failed, All, Accepted. `worklist_wanted` carries a saved WorklistFilter, perhaps of another tab."""

    worklist_wanted = Signal(object)

    def __init__(self, tab: Tab, around: Around) -> None:
        super().__init__(tab, around)
        theme, me = around.theme, around.me
        self.filters = FilterBar(tab, me, theme)
        self.saved = SavedMenu(around.worklists, around.queries, theme, self.filters.filter, self)
        self.filters.add_tool(self.saved.button, first=True)
        self.filters.add_tool(self.fold_button)
        self.model = WorklistModel(around.reading, around.queries, me, self, now=around.now)
        self.view = WorklistView(self.model, theme, f"{tab.value}, transactions")
        clear = Button("C&lear the filter", theme)
        clear.clicked.connect(self.filters.clear)
        self._clear = clear
        self.empty = EmptyState("search", texts.NOTHING_FOUND, _NEXT_STEP[tab], theme, clear)
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
        self.saved.wanted.connect(self.worklist_wanted)
        self.saved.failed.connect(self.banner.show_error)
        self.stale_link.clicked.connect(self.refresh)
        self.model.refreshed.connect(self._refreshed)
        self.model.rowsInserted.connect(self._say_totals)
        self.model.failed.connect(self._failed)
        self.model.stale.connect(self.stale_link.setVisible)
        self.view.selected.connect(self.details.show_transaction)
        self.view.opened.connect(self.show_details_of)
        self.view.viewed.connect(self._view_images)
        self.view.menu_wanted.connect(self._show_menu)

    def _view_images(self, transaction: Transaction) -> None:
        if has_images(transaction):
            self.wished.emit(Wish(Act.VIEW, transaction))

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
        self.empty.set(texts.NOTHING_FOUND, _FILTERED_STEP if filtered else _NEXT_STEP[self.tab])
        self._clear.setVisible(filtered)
        self._stack.setCurrentWidget(self.view if total else self.empty)
        word = "transaction" if total == 1 else "transactions"
        more = "More than " if self.model.more else ""
        self.filters.say_totals(f"{more}{texts.grouped(total)} {word}")

    def focus_list(self) -> None:
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_search(self, text: str) -> None:
        self.filters.set_search(text)

    def show_worklist(self, wanted: WorklistFilter) -> None:
        """A saved search."""
        self.filters.show_filter(wanted)
        if not self.model.is_loaded:
            self.refresh()

    def hold(self, transaction: Transaction) -> None:
        if not self.view.select(transaction.id):
            self.view.choose(transaction.id)

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
