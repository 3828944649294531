"""The page Action Required: what needs a person, what is due first at the top."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import (
    Column,
    Tab,
    Transaction,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.ui.widgets.segmented import Segmented
from iep_desktop.ui.worklist import required_rows, texts
from iep_desktop.ui.worklist.around import Around
from iep_desktop.ui.worklist.pager import names_of
from iep_desktop.ui.worklist.required_list import RequiredModel, RequiredView
from iep_desktop.ui.worklist.tab_page import TabPage
from iep_desktop.workers.pool import Running

NOTHING_REQUIRED = (
    "Nothing needs a person",
    "What another hospital asks for, what a rule stops and what is due waits here with its button.",
)


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

    def __init__(self, around: Around) -> None:
        super().__init__(Tab.ACTION_REQUIRED, around)
        theme = around.theme
        self._entries: tuple[required_rows.Entry, ...] = ()
        self._search = ""
        self._asking: Running | None = None
        self.model = RequiredModel(self)
        self.view = RequiredView(self.model, theme)
        self.empty = EmptyState("circle-check", *NOTHING_REQUIRED, theme)
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

    def hold(self, transaction: Transaction) -> None:
        self.view.choose(transaction.id)

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
        self.empty.set(*self._nothing(), "search" if self._search else "circle-check")
        self._stack.setCurrentWidget(self.view if self.model.entries else self.empty)
        self.view.select_first()

    def _nothing(self) -> tuple[str, str]:
        if self._entries:
            return "Nothing of this is yours or unassigned", "Choose Everyone’s to see what others have."
        if self._search:
            return texts.NOTHING_FOUND, "Clear the search, or look in the tab All."
        return NOTHING_REQUIRED

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
