"""The main window: puts header, tabs, pages and strip together and connects them. Paints nothing, knows no rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.flow import NodeLight
from iep_desktop.core.transaction import Tab, Transaction
from iep_desktop.ui.acts import Wish
from iep_desktop.ui.admin.hospitals import HospitalsDialog
from iep_desktop.ui.admin.nodes import NodesDialog
from iep_desktop.ui.create.page import CreatePage
from iep_desktop.ui.doing import Doing
from iep_desktop.ui.header import Header
from iep_desktop.ui.help import AboutDialog, ContactsDialog, KeyboardDialog
from iep_desktop.ui.services import IsDesk, StateStore
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.flow_strip import FlowStrip
from iep_desktop.ui.widgets.tabs import CountedTabs
from iep_desktop.ui.widgets.toast import Toast
from iep_desktop.ui.worklist.pages import RequiredPage, WorklistPage
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

TABS = (None, Tab.IN_PROGRESS, Tab.ACTION_REQUIRED, Tab.FAILED, Tab.ALL)  # None: Create
MINUTE_MS = 60_000


class MainWindow(QMainWindow):
    """`import_disc_wanted` carries the path of a disc or an empty text; `closing` that the window goes away."""

    import_disc_wanted = Signal(str)
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
        self._busy = busy
        self._may_close = False
        self._counting: Running | None = None
        self.setWindowTitle("Image Exchange")
        self.setMinimumSize(theme.sizes.of(640), theme.sizes.of(360))
        self.resize(theme.sizes.of(1280), theme.sizes.of(800))
        me = desk.me
        place = f"{hospital_name or me.hospital}, {me.workstation}"
        self.header = Header(me.user, place, theme)
        self.tabs = CountedTabs(theme)
        self.create_page = CreatePage(desk.reading, queries, theme)
        self.worklists: dict[Tab, WorklistPage] = {
            tab: WorklistPage(tab, desk.reading, queries, me.user, theme, now=now)
            for tab in (Tab.IN_PROGRESS, Tab.FAILED, Tab.ALL)
        }
        self.required_page = RequiredPage(desk.reading, queries, me.user, theme, now=now)
        self.strip = FlowStrip(theme)
        self.toast = Toast(theme, self)
        self.doing = Doing(desk, queries, theme, self)
        self._lay_out()
        self._connect()
        self._shortcuts()
        self._restore()
        self._count()

    # -- building

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        for tab in TABS:
            self.tabs.add(tab.value if tab else "Create", alarming=tab is Tab.FAILED)
            self.pages.addWidget(self._page(tab))
        band = QWidget()
        band.setProperty("role", "bar-below")
        band.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(band)
        row.setContentsMargins(0, 0, 0, 1)
        row.addWidget(self.tabs, 1)
        content = QWidget()
        content.setProperty("ground", "surface")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in ((self.header, 0), (band, 0), (self.pages, 1), (self.strip, 0)):
            column.addWidget(widget, stretch)
        self.setCentralWidget(content)

    def _page(self, tab: Tab | None) -> QWidget:
        if tab is None:
            return self.create_page
        return self.required_page if tab is Tab.ACTION_REQUIRED else self.worklists[tab]

    @property
    def _listing(self) -> list[WorklistPage | RequiredPage]:
        return [*self.worklists.values(), self.required_page]

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._tab_changed)
        self._connect_header()
        self.create_page.import_wanted.connect(self.import_disc_wanted)
        self.create_page.shown.connect(self.show_transaction)
        for page in self._listing:
            page.wished.connect(self.do)
        self.doing.done.connect(self._done)
        self.doing.ris_wanted.connect(self._show_ris)
        self.doing.nodes_wanted.connect(self.show_nodes)
        queries = self._queries
        queries.ledger_changed.connect(self._ledger_changed)
        queries.flow_changed.connect(self.strip.show_flow)
        queries.lights_changed.connect(self._lights_changed)
        queries.drives_changed.connect(self.create_page.show_drives)
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MS)
        self._minute.timeout.connect(self._tick)
        self._minute.start()

    def _connect_header(self) -> None:
        header = self.header
        header.home_wanted.connect(lambda: self.show_tab(Tab.IN_PROGRESS))
        header.create_wanted.connect(lambda: self.show_tab(None))
        header.nodes_wanted.connect(lambda: self.show_nodes(""))
        header.hospitals_wanted.connect(self.show_hospitals)
        header.shortcuts_wanted.connect(lambda: KeyboardDialog(self._theme, self).open())
        header.contacts_wanted.connect(lambda: ContactsDialog(self._theme, self).open())
        header.about_wanted.connect(lambda: AboutDialog(self._theme, self).open())
        header.close_wanted.connect(self.close)
        header.theme_chosen.connect(self._choose_theme)
        header.search.searched.connect(self.search)

    def _shortcuts(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            **{f"Ctrl+{at + 1}": self._to_tab(at) for at in range(len(TABS))},
            "Ctrl+F": self._focus_search,
            "F5": self.refresh,
            "Ctrl+N": lambda: self.show_tab(None),
            "Ctrl+I": lambda: self.import_disc_wanted.emit(""),
            "Ctrl+D": self._toggle_details,
            "Ctrl+L": self._focus_list,
        }
        for key, act in keys.items():
            QShortcut(QKeySequence(key), self).activated.connect(act)

    def _to_tab(self, at: int) -> Callable[[], None]:
        return lambda: self.tabs.setCurrentIndex(at)

    # -- tabs

    @property
    def tab(self) -> Tab | None:
        return TABS[self.tabs.currentIndex()]

    def show_tab(self, tab: Tab | None) -> None:
        self.tabs.setCurrentIndex(TABS.index(tab))

    def _tab_changed(self, at: int) -> None:
        self.pages.setCurrentIndex(at)
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.came_to_front()
            page.focus_list()
        else:
            self.create_page.refresh()
            self.create_page.import_door.setFocus()

    def show_transaction(self, transaction: Transaction) -> None:
        """In All, with its details."""
        self.show_tab(Tab.ALL)
        self.worklists[Tab.ALL].show_details_of(transaction)

    def show_created(self, transaction: Transaction) -> None:
        """A wizard has started it: the list shows it."""
        self.show_tab(Tab.IN_PROGRESS)
        page = self.worklists[Tab.IN_PROGRESS]
        page.refresh()
        page.details.show_transaction(transaction)

    # -- what a person does

    def do(self, wish: Wish) -> None:
        self.doing.do(wish)

    def _done(self, words: str) -> None:
        self.toast.say(words)
        self._queries.look_now()
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.hear_news()
            page.details.refresh()
        self._count()

    def _show_ris(self, transaction: Transaction) -> None:
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.beside.fold(False)
            page.details.show_transaction(transaction)
            page.details.focus_ris()

    def search(self, text: str) -> None:
        """Narrows every list; from Create it goes to All."""
        for page in self._listing:
            if isinstance(page, WorklistPage):
                page.filters.set_search(text)
            else:
                page.set_search(text)
        if text and self.tab is None:
            self.show_tab(Tab.ALL)

    def refresh(self) -> None:
        self._queries.look_now()
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.refresh()
            page.details.refresh()
        else:
            self.create_page.refresh()
        self._count()

    def _focus_search(self) -> None:
        self.header.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.search.selectAll()

    def _focus_list(self) -> None:
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.focus_list()

    def _toggle_details(self) -> None:
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.toggle_details()

    def _choose_theme(self, choice: ThemeChoice) -> None:
        self._theme.set_choice(choice)
        self.theme_chosen.emit(choice)

    def show_nodes(self, chosen: str = "") -> None:
        desk = self._desk
        dialog = NodesDialog(
            desk.nodes, desk.reading, self._queries, desk.me.hospital, self._theme, self, chosen=chosen
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.changed.connect(self._queries.look_now)
        dialog.open()

    def show_hospitals(self) -> None:
        dialog = HospitalsDialog(self._desk.nodes, self._desk.reading, self._queries, self._theme, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.changed.connect(self.refresh)
        dialog.open()

    # -- news

    def _ledger_changed(self) -> None:
        self._count()
        for page in self._listing:
            page.ledger_changed()
        if self.create_page.isVisible():
            self.create_page.refresh()

    def _lights_changed(self, lights: tuple[NodeLight, ...]) -> None:
        self.strip.show_lights(lights)

    def _count(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
        reading = self._desk.reading
        self._counting = self._queries.ask(
            lambda _ctx: reading.counts(), self._counted, self._not_counted, owner=self
        )

    def _counted(self, counts: Mapping[Tab, int]) -> None:
        self._counting = None
        for at, tab in enumerate(TABS):
            if tab is not None:
                self.tabs.set_count(at, counts.get(tab, 0))

    def _not_counted(self, _error: IepError) -> None:
        # The list in front says what is wrong with the ledger; a count that is unknown is not shown.
        self._counting = None
        for at in range(len(TABS)):
            self.tabs.set_count(at, None)

    def _tick(self) -> None:
        page = self.pages.currentWidget()
        if isinstance(page, WorklistPage | RequiredPage):
            page.tick()

    # -- remembered, and closing

    def _restore(self) -> None:
        geometry = self._state.load("main/geometry")
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        for page in self._listing:
            page.restore(self._state)
        tab = self._state.load("main/tab")
        at = int(tab) if tab and tab.isdigit() and int(tab) < len(TABS) else TABS.index(Tab.IN_PROGRESS)
        self.tabs.setCurrentIndex(at)
        if at == 0:
            self._tab_changed(0)

    def save_state(self) -> None:
        self._state.save("main/geometry", bytes(self.saveGeometry().data()))
        self._state.save("main/tab", str(self.tabs.currentIndex()).encode())
        for page in self._listing:
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
        self.save_state()
        self.closing.emit()
        event.accept()

    def _ask_close(self) -> None:
        self.close_dialog = ConfirmDialog(
            "Close Image Exchange?",
            "An import is running. It stops cleanly and goes on at the next start.",
            "Close",
            self._theme,
            leave="Keep open",
            parent=self,
        )
        self.close_dialog.accepted.connect(self._close_now)
        self.close_dialog.finished.connect(self.close_dialog.deleteLater)
        self.close_dialog.open()

    def _close_now(self) -> None:
        self._may_close = True
        self.close()
