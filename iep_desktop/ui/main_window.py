"""The main window: puts header, tabs, pages and strip together and connects them. Paints nothing, knows no rule.

What is not needed for the first picture is imported and made when it is: pages, dialogs, acts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QMainWindow

from iep_desktop.core.states import tab_of
from iep_desktop.core.transaction import Tab, Transaction
from iep_desktop.ui import frame
from iep_desktop.ui.counting import Counting
from iep_desktop.ui.dialogs import Dialogs
from iep_desktop.ui.doors import Doors
from iep_desktop.ui.header import Header
from iep_desktop.ui.page_makers import PageMakers
from iep_desktop.ui.pages import QUEUES, TABS, Pages, Place, Worklists, title
from iep_desktop.ui.services import IsDesk, StateStore
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.viewers import Viewers
from iep_desktop.ui.widgets.flow_strip import FlowStrip
from iep_desktop.ui.widgets.tabs import CountedTabs
from iep_desktop.ui.widgets.toast import Toast
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.core.medium import Drive
    from iep_desktop.core.transaction import WorklistFilter
    from iep_desktop.ui.acts import Wish
    from iep_desktop.ui.alarm import BlueLightAlarm
    from iep_desktop.ui.create.page import CreatePage
    from iep_desktop.ui.details.panel import DetailsPanel
    from iep_desktop.ui.doing import Doing
    from iep_desktop.ui.queues.page import QueuesPage
    from iep_desktop.ui.worklist.required_page import RequiredPage
    from iep_desktop.ui.worklist.tab_page import TabPage
    from iep_desktop.ui.worklist.worklist_page import WorklistPage

MINUTE_MS = 60_000


class MainWindow(QMainWindow):
    """`import_disc_wanted` carries the path of a disc or an empty text; `closing` that the window goes away."""

    import_disc_wanted = Signal(str)
    transaction_made = Signal(object)  # Transaction, for whoever sends it
    theme_chosen = Signal(object)  # ThemeChoice, to be kept in the settings
    closing = Signal()

    def __init__(
        self,
        desk: IsDesk,
        queries: Queries,
        theme: Theme,
        state: StateStore,
        *,
        busy: Callable[[], bool] = lambda: False,
        hospital_name: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self._desk, self._queries, self._theme, self._state = desk, queries, theme, state
        self._busy, self._now = busy, now
        self._may_close = self._was_shown = self._page_open = False
        self._search = ""
        self._drives: tuple[Drive, ...] = ()
        self.setWindowTitle("Image Exchange")
        self.setMinimumSize(theme.sizes.of(640), theme.sizes.of(360))
        self.resize(theme.sizes.of(1280), theme.sizes.of(800))
        place = f"{hospital_name or desk.me.hospital}, {desk.me.workstation}"
        self.dialogs = Dialogs(desk, queries, theme, self)
        self.doors = Doors(desk, queries, theme, state, self)
        self.viewers = Viewers(desk, queries, theme, state, self)
        self.header = Header(desk.me.user, place, theme)
        self.tabs = CountedTabs(theme)
        self._makers = PageMakers(desk, queries, theme, now, self)
        self.pages = Pages(self._make_create, self._make_worklist, self._make_required, self._make_queues)
        self.worklists = Worklists(self.pages)
        self.strip = FlowStrip(theme)
        self._counting = Counting(desk.reading, desk.queue, queries, self.tabs, self)
        self.toast = Toast(theme, self)
        for tab in TABS:
            self.tabs.add(title(tab), alarming=tab is Tab.FAILED)
        self.setCentralWidget(frame.framed(self.header, self.tabs, self.pages, self.strip))
        frame.restore(self, self.tabs, state)
        self._connect()
        self._shortcuts()

    # -- building

    def _make_create(self) -> CreatePage:
        page = self.doors.make_page()
        page.show_drives(self._drives)
        return page

    def _make_worklist(self, tab: Tab) -> WorklistPage:
        page = self._makers.worklist(tab)
        page.worklist_wanted.connect(self.show_worklist)
        self._set_up(page)
        return page

    def _make_required(self) -> RequiredPage:
        page = self._makers.required()
        self._set_up(page)
        return page

    def _make_queues(self) -> QueuesPage:
        page = self._makers.queues()
        page.wished.connect(self.do)
        page.counted.connect(self._counting.show_line)
        page.opened.connect(self.show_transaction)
        page.set_search(self._search)
        return page

    def _set_up(self, page: TabPage) -> None:
        page.wished.connect(self.do)
        page.looked.connect(lambda transaction: self.doing.look(transaction))
        page.linked.connect(self.show_number)
        page.open_wanted.connect(lambda id_, one: self.doing.documents.open(id_, one))
        page.save_wanted.connect(lambda id_, one: self.doing.documents.ask_where(id_, one))
        page.restore(self._state)
        page.set_search(self._search)

    @cached_property
    def doing(self) -> Doing:
        from iep_desktop.ui.doing import Doing

        doing = Doing(self._desk, self._queries, self._theme, self)
        doing.done.connect(self._done)
        doing.refused.connect(self._look_again)
        doing.ris_wanted.connect(lambda transaction: self._show_details(transaction).focus_ris())
        doing.reply_wanted.connect(lambda transaction: self._show_details(transaction).focus_reply())
        doing.details_wanted.connect(self.show_transaction)
        doing.viewer_wanted.connect(self.viewers.of_transaction)
        doing.nodes_wanted.connect(self.dialogs.nodes)
        doing.transfer_wanted.connect(lambda id_: self.show_create().open_transfer(id_))
        doing.request_wanted.connect(lambda request: self.show_create().rework(request))
        return doing

    @property
    def create_page(self) -> CreatePage:
        return self.pages.create_page

    @property
    def required_page(self) -> RequiredPage:
        return self.pages.required_page

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._tab_changed)
        self._connect_header()
        self.doors.import_wanted.connect(self.import_disc_wanted)
        self.doors.shown.connect(self.show_transaction)
        self.doors.created.connect(self._made)
        self.doors.look_wanted.connect(self.viewers.of_study)
        queries = self._queries
        queries.ledger_changed.connect(self._ledger_changed)
        queries.flow_changed.connect(self.strip.show_flow)
        queries.flow_changed.connect(lambda _: self._hear_queues())
        queries.lights_changed.connect(self.strip.show_lights)
        queries.drives_changed.connect(self._drives_changed)
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MS)
        self._minute.timeout.connect(self._tick)
        self._minute.start()

    def _connect_header(self) -> None:
        header = self.header
        header.home_wanted.connect(lambda: self.show_tab(Tab.IN_PROGRESS))
        header.create_wanted.connect(lambda: self.show_tab(None))
        header.nodes_wanted.connect(lambda: self.dialogs.nodes())
        header.hospitals_wanted.connect(lambda: self.dialogs.hospitals(self.refresh))
        header.review_wanted.connect(self.dialogs.review)
        header.help_wanted.connect(self.dialogs.help)
        header.close_wanted.connect(self.close)
        header.theme_chosen.connect(self._choose_theme)
        header.search.searched.connect(self.search)

    def _shortcuts(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            **{f"Ctrl+{n}": partial(self.tabs.setCurrentIndex, n - 1) for n in range(1, len(TABS) + 1)},
            "Ctrl+F": self._focus_search,
            "F1": lambda: self.dialogs.help("keyboard"),
            "F5": self.refresh,
            "Ctrl+N": lambda: self.show_tab(None),
            "Ctrl+I": lambda: self.import_disc_wanted.emit(""),
            "Ctrl+D": self._toggle_details,
            "Ctrl+L": self._focus_list,
        }
        for key, act in keys.items():
            QShortcut(QKeySequence(key), self).activated.connect(act)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            # The frame is painted and takes keys first; the page follows once the loop has come round.
            QTimer.singleShot(0, self, lambda: QTimer.singleShot(0, self, self._open_first_page))

    def _open_first_page(self) -> None:
        if not self._page_open:
            self._tab_changed(self.tabs.currentIndex())
        self._counting.count()

    # -- tabs

    @property
    def tab(self) -> Place:
        return TABS[self.tabs.currentIndex()]

    def show_tab(self, tab: Place) -> None:
        self.tabs.setCurrentIndex(TABS.index(tab))

    @property
    def _front(self) -> TabPage | None:
        """The worklist that is looked at; None on Create and Queues."""
        tab = self.tab
        return self.pages.list_of(tab) if isinstance(tab, Tab) else None

    def _tab_changed(self, at: int) -> None:
        self._page_open = True
        self.pages.show_page(TABS[at])
        if self._front:
            self._front.came_to_front()
            self._front.focus_list()
        elif TABS[at] == QUEUES:
            self.pages.queues_page.refresh()
            self.pages.queues_page.focus_list()
        else:
            self.create_page.refresh()
            self.create_page.focus()

    def show_transaction(self, transaction: Transaction) -> None:
        """In All, with its details."""
        self.show_tab(Tab.ALL)
        self.worklists[Tab.ALL].show_details_of(transaction)

    def show_created(self, transaction: Transaction) -> None:
        """A wizard has started it: show it where it waits or runs."""
        tab = tab_of(transaction.status, transaction.required)
        self.show_tab(tab if tab in TABS else Tab.ALL)
        if self._front:
            self._front.choose(transaction)

    def show_create(self) -> CreatePage:
        """For whoever opens one of its doors from elsewhere."""
        self.show_tab(None)
        return self.create_page

    def _made(self, transaction: Transaction) -> None:
        self.transaction_made.emit(transaction)
        self.show_created(transaction)
        self._done(f"{transaction.number} is sent")

    # -- what a person does

    def do(self, wish: Wish) -> None:
        self.doing.do(wish)

    def _done(self, words: str) -> None:
        self.toast.say(words)
        self._look_again()

    def _look_again(self) -> None:
        """Something was done, or somebody else has done it: show it as it stands now."""
        self._queries.look_now()
        if self._front:
            self._front.hear_news()
            self._front.details.refresh()
        self._hear_queues()
        self._counting.count()

    def _show_details(self, transaction: Transaction) -> DetailsPanel:
        """In the list that is looked at, else in All."""
        if self._front is None:
            self.show_tab(Tab.ALL)
        front = self._front or self.worklists[Tab.ALL]
        front.show_details_of(transaction)
        return front.details

    def show_number(self, number: str) -> None:
        """A transaction that another one is tied to."""
        reading = self._desk.reading
        self._queries.ask(lambda _ctx: reading.transaction(number), self.show_transaction, owner=self)

    def show_worklist(self, wanted: WorklistFilter) -> None:
        """A saved search, in its own tab."""
        tab = wanted.tab if wanted.tab in self.worklists else Tab.ALL
        self.show_tab(tab)
        self.worklists[tab].show_worklist(wanted)

    def search(self, text: str) -> None:
        """Narrows every list; from Create it goes to All."""
        self._search = text
        for page in self.pages.searched:
            page.set_search(text)
        if text and self._front is None and self.tab != QUEUES:
            self.show_tab(Tab.ALL)

    def refresh(self) -> None:
        self._queries.look_now()
        if self._front:
            self._front.refresh()
            self._front.details.refresh()
        elif self.tab == QUEUES:
            self.pages.queues_page.refresh()
        else:
            self.create_page.refresh()
        self._counting.count()

    def _focus_search(self) -> None:
        self.header.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.search.selectAll()

    def _focus_list(self) -> None:
        page = self._front or (self.pages.queues_page if self.tab == QUEUES else None)
        if page:
            page.focus_list()

    def _toggle_details(self) -> None:
        if self._front:
            self._front.toggle_details()

    def _choose_theme(self, choice: ThemeChoice) -> None:
        self._theme.set_choice(choice)
        self.theme_chosen.emit(choice)

    # -- news

    def _ledger_changed(self) -> None:
        self._counting.count()
        for page in self.pages.lists:
            page.ledger_changed()
        create = self.pages.made_create_page
        if create and create.isVisible():
            create.refresh()
        self._hear_queues()
        self.alarm.look()

    @cached_property
    def alarm(self) -> BlueLightAlarm:
        from iep_desktop.ui.alarm import BlueLightAlarm

        alarm = BlueLightAlarm(self._makers.forecasts, self.header, self)
        alarm.wanted.connect(self.show_transaction)
        alarm.changed.connect(lambda: self._front.details.tick() if self._front else None)
        return alarm

    def _hear_queues(self) -> None:
        if self.pages.made_queues_page:
            self.pages.made_queues_page.hear_news()

    def _drives_changed(self, drives: tuple[Drive, ...]) -> None:
        self._drives = drives
        if self.pages.made_create_page:
            self.pages.made_create_page.show_drives(drives)

    def _tick(self) -> None:
        self.alarm.tick()
        if self._front:
            self._front.tick()
        if self.pages.made_queues_page:
            self.pages.made_queues_page.tick()

    # -- remembered, and closing

    def save_state(self) -> None:
        frame.save(self, self.tabs, self._state)
        for page in self.pages.lists:
            page.save(self._state)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.setVisible(self.height() >= self._theme.sizes.of(440))
        self.toast.place()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._busy() and not self._may_close:
            event.ignore()
            self._ask_close()
            return
        self.doors.close()
        self.viewers.close()
        self.save_state()
        self.closing.emit()
        event.accept()

    def _ask_close(self) -> None:
        self.close_dialog = self.dialogs.ask_close(self._close_now)

    def _close_now(self) -> None:
        self._may_close = True
        self.close()
