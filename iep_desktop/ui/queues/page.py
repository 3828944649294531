"""The page Queues: slots, waiting line, and the buttons that move, hurry, pause and cancel. Emits wishes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.exchange import QueueView
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.possible import possible
from iep_desktop.ui.queues import rows as lines
from iep_desktop.ui.queues.model import WaitingModel
from iep_desktop.ui.queues.slots_view import SlotsView
from iep_desktop.ui.queues.view import WaitingView
from iep_desktop.ui.seldom import Seldom
from iep_desktop.ui.services import KeepsQueue
from iep_desktop.ui.widgets.buttons import Button, IconButton, Kind, MenuButton
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import ElidedLabel, Hairline, Label
from iep_desktop.ui.widgets.segmented import Segmented
from iep_desktop.ui.worklist import texts
from iep_desktop.ui.worklist.around import Around
from iep_desktop.ui.worklist.open_menu import open_menu
from iep_desktop.workers.pool import Running

NEWS_MS = 1000  # the line of a long day takes a while to read
BOTH = 420  # from this height slots and line stand one above the other


NOTHING_WAITS = (
    "Nothing waits",
    "What is to be sent or downloaded while all slots are in use, or outside hours, waits here.",
)
NOTHING_FOUND = (
    texts.NOTHING_FOUND,
    "What runs stands in the slots above; everything else is in the tab All.",
)


@dataclass(frozen=True)
class _Seen:
    view: QueueView
    hospitals: dict[str, str]
    found: frozenset[int] | None = None  # by the search; None: everything is shown


class QueuesPage(QWidget):
    """`wished` carries a Wish, `opened` a Transaction to be looked at, `counted` how many run and wait."""

    wished = Signal(object)
    opened = Signal(object)
    counted = Signal(int)

    def __init__(self, queue: KeepsQueue, around: Around) -> None:
        super().__init__()
        self._queue, self._around, self._theme = queue, around, around.theme
        self._asking: Running | None = None
        self._again = False
        self._view: QueueView | None = None
        self._menu_of: object = None
        self._search = ""
        self._found: frozenset[int] | None = None
        self._hospitals: dict[str, str] = {}
        self._paces = lines.Paces()
        self._news = Seldom(self.refresh, NEWS_MS, self)
        self.banner = ErrorBanner(self._theme)
        self.slots = SlotsView(self._theme)
        self.model = WaitingModel(around.now, self)
        self.line = WaitingView(self.model, self._theme)
        self.empty = EmptyState("circle-check", *NOTHING_WAITS, self._theme)
        self._lay_out()
        self._connect()
        self._show_buttons()

    # -- building

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.addWidget(self.line)
        self._stack.addWidget(self.empty)
        self._stack.setMinimumHeight(self._theme.sizes.of(64))
        scroll = QScrollArea()
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.slots)
        self._slots_area = scroll
        self._waiting = QWidget()
        column = QVBoxLayout(self._waiting)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Hairline())
        column.addWidget(self._line_bar())
        column.addWidget(self._stack, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self._bar(), 0), (self.banner, 0), (scroll, 0), (self._waiting, 1)):
            layout.addWidget(widget, stretch)

    def _bar(self) -> QWidget:
        bar = QWidget()
        bar.setProperty("role", "bar-below")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading = Label("", weight=600)
        self.paused = ElidedLabel("", "warn", weight=600)
        self.part = Segmented([("slots", "Slots"), ("line", "Line")], self._theme, "Show")
        self.part.chosen.connect(lambda _: self._mind_height())
        self.pause_all = Button("&Pause all", self._theme, icon="circle-pause")
        self.destinations_menu = QMenu()
        self.destinations = MenuButton("Pause &one", self._theme, self.destinations_menu, Kind.PLAIN)
        self.destinations.setAccessibleName("Pause or resume one destination")
        refresh = IconButton("refresh-cw", "Refresh (F5)", self._theme)
        refresh.clicked.connect(self.refresh)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(12)
        row.addWidget(self.heading)
        row.addWidget(self.part)
        row.addWidget(self.paused, 1)
        row.addStretch(0)
        for widget in (self.pause_all, self.destinations, refresh):
            row.addWidget(widget)
        return bar

    def _line_bar(self) -> QWidget:
        bar = QWidget()
        self.up_button = IconButton("arrow-up", "Move up (Alt+Up)", self._theme)
        self.down_button = IconButton("arrow-down", "Move down (Alt+Down)", self._theme)
        self.hurry_button = Button("&Blue Light…", self._theme, icon="siren")
        self.details_button = Button("&Details", self._theme, icon="info")
        self.cancel_button = Button("&Cancel…", self._theme, icon="ban")
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 4, 16, 4)
        row.setSpacing(8)
        row.addWidget(Label("Waiting line", weight=600))
        row.addStretch(1)
        row.addWidget(self.up_button)
        row.addWidget(self.down_button)
        for widget in (self.hurry_button, self.details_button, self.cancel_button):
            row.addWidget(widget)
        return bar

    def _connect(self) -> None:
        self.slots.opened.connect(self.opened)
        self.line.opened.connect(self.opened)
        self.line.moved.connect(self._move)
        self.line.selected.connect(self._show_buttons)
        self.line.menu_wanted.connect(self._show_menu)
        self.up_button.clicked.connect(lambda: self.line.move_current(up=True))
        self.down_button.clicked.connect(lambda: self.line.move_current(up=False))
        self.hurry_button.clicked.connect(self._hurry)
        self.details_button.clicked.connect(self._open_current)
        self.cancel_button.clicked.connect(lambda: self._wish(Act.CANCEL))
        self.pause_all.clicked.connect(self._pause_or_resume_all)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mind_height()

    def _mind_height(self) -> None:
        """Where there is no height for both, one takes the place of the other."""
        both = self.height() >= self._theme.sizes.of(BOTH) and self.width() >= self._theme.sizes.of(640)
        self.part.setVisible(not both)
        self._slots_area.setVisible(both or self.part.key == "slots")
        self._waiting.setVisible(both or self.part.key == "line")
        wanted = self.slots.wanted_height()
        self._slots_area.setMaximumHeight(min(wanted, self.height() * 3 // 5) if both else 16_777_215)
        self._slots_area.setMinimumHeight(min(wanted, self.height() // 2) if both else 0)

    # -- asking

    def refresh(self) -> None:
        """One question at a time; what changes meanwhile is asked for once more."""
        if self._asking is not None:
            self._again = True
            return
        queue, reading, typed = self._queue, self._around.reading, self._search

        def question(_ctx: Context) -> _Seen:
            view = queue.view()
            others = {each.other_hospital for each in lines.transactions(view)} | view.paused
            names = {ods: reading.hospital_name(ods) for ods in others if ods}
            return _Seen(view, names, queue.found(typed) if typed else None)

        self._asking = self._around.queries.ask(question, self._seen, self._not_seen, owner=self)

    def set_search(self, text: str) -> None:
        """Narrows the waiting line; the nine slots stand as they are."""
        if text != self._search:
            self._search = text
            if self.isVisible():
                self.refresh()

    def hear_news(self) -> None:
        if self.isVisible():
            self._news.ask()

    def tick(self) -> None:
        self.model.tick()

    def focus_list(self) -> None:
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _not_seen(self, error: IepError) -> None:
        self._asking = None
        self.banner.show_error(error, "Try again", self.refresh)

    def _seen(self, seen: _Seen) -> None:
        self._asking = None
        self._view, self._hospitals, self._found = seen.view, seen.hospitals, seen.found
        self._paces.saw(seen.view, time.monotonic())
        self._show()
        if self._again:
            self._again = False
            self.refresh()

    # -- showing

    def _show(self) -> None:
        view = self._view
        if view is None:
            return
        self.slots.show_slots(view.slots, self._hospitals, self._paces)
        shown = lines.narrowed(view.waiting, self._found)
        self.model.show_rows(shown, self._hospitals)
        self.line.setDragEnabled(self._found is None)
        self.empty.set(
            *((*NOTHING_WAITS, "circle-check") if self._found is None else (*NOTHING_FOUND, "search"))
        )
        self._stack.setCurrentWidget(self.line if shown else self.empty)
        if shown and not self.line.currentIndex().isValid():
            self.line.setCurrentIndex(self.model.index(0, 0))
        self.heading.setText(lines.heading(view, None if self._found is None else len(shown)))
        self.counted.emit(len(view.waiting) + sum(row.transaction is not None for row in view.slots))
        self._show_paused(view)
        self._show_buttons()
        self._mind_height()

    def _show_paused(self, view: QueueView) -> None:
        names = [self._hospitals.get(ods, ods) for ods in sorted(view.paused - {""})]
        said = ["everything"] if "" in view.paused else names
        self.paused.setText(f"Paused: {', '.join(said)}" if said else "")
        self.pause_all.setText("&Resume all" if "" in view.paused else "&Pause all")
        self.pause_all.set_icon("circle-play" if "" in view.paused else "circle-pause")
        there = (lines.destinations(view), view.paused)
        if there != self._menu_of:
            self._menu_of = there
            self._fill_menu(view)

    def _fill_menu(self, view: QueueView) -> None:
        menu = self.destinations_menu
        menu.clear()
        for ods in lines.destinations(view):
            paused = ods in view.paused
            words = f"{'Resume' if paused else 'Pause'} {self._hospitals.get(ods, ods)}".replace("&", "&&")
            action = menu.addAction(
                self._theme.icon("circle-play" if paused else "circle-pause", "text2"), words
            )
            action.triggered.connect(lambda _=False, ods=ods, paused=paused: self._pause(ods, resume=paused))
        self.destinations.setEnabled(bool(menu.actions()))

    def _show_buttons(self) -> None:
        transaction = self.line.current()
        acts = possible(transaction, self._around.me) if transaction else ()
        at = self.line.currentIndex().row()
        rows = self.model.rows
        whole = transaction is not None and self._found is None
        self.up_button.setEnabled(whole and lines.up(rows, at) is not None)
        self.down_button.setEnabled(whole and lines.down(rows, at) is not None)
        self.hurry_button.setText("&Lower…" if Act.LOWER in acts else "&Blue Light…")
        self.hurry_button.setEnabled(Act.RAISE in acts or Act.LOWER in acts)
        self.details_button.setEnabled(transaction is not None)
        self.cancel_button.setEnabled(Act.CANCEL in acts)

    def _show_menu(self, transaction: Transaction, at: QPoint) -> None:
        open_menu(transaction, self._around.me, self._take, self._theme, self).popup(at)

    # -- acts

    def _take(self, wish: Wish) -> None:
        if wish.act is Act.DETAILS:
            self.opened.emit(wish.transaction)
        else:
            self.wished.emit(wish)

    def _wish(self, act: Act) -> None:
        transaction = self.line.current()
        if transaction is not None:
            self._take(Wish(act, transaction))

    def _open_current(self) -> None:
        self._wish(Act.DETAILS)

    def _hurry(self) -> None:
        transaction = self.line.current()
        if transaction is not None:
            acts = possible(transaction, self._around.me)
            self._wish(Act.RAISE if Act.RAISE in acts else Act.LOWER)

    def _move(self, move: lines.Move) -> None:
        if self._found is not None:  # nobody sees among which others it would come to stand
            return
        queue = self._queue
        self._do(lambda: queue.place(move.id, move.before))

    def _pause_or_resume_all(self) -> None:
        self._pause("", resume=self._view is not None and "" in self._view.paused)

    def _pause(self, ods: str, *, resume: bool) -> None:
        queue = self._queue
        self._do(lambda: queue.resume(ods) if resume else queue.pause(ods))

    def _do(self, call: Callable[[], object]) -> None:
        """What was done is on the screen at once; what was refused too, because somebody else has acted."""

        def failed(error: IepError) -> None:
            self.refresh()
            self.banner.show_error(error)

        self._around.queries.ask(lambda _ctx: call(), lambda _: self.refresh(), failed, owner=self)
