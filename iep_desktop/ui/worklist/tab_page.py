"""What every page with rows has: a list, the details beside it, wishes, a banner for what went wrong."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.transaction import (
    Tab,
    Transaction,
)
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.panel import DetailsPanel
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.widgets.buttons import IconButton, LinkButton
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.worklist.around import Around
from iep_desktop.ui.worklist.beside import Beside
from iep_desktop.ui.worklist.open_menu import open_menu


class TabPage(QWidget):
    """What every page with rows has: a list, the details, wishes. The signals are those of the details."""

    wished = Signal(object)
    linked = Signal(str)
    looked = Signal(object)
    open_wanted = Signal(int, object)
    save_wanted = Signal(int, object)

    def __init__(self, tab: Tab, around: Around) -> None:
        super().__init__()
        self.tab = tab
        self._reading, self._queries, self._me = around.reading, around.queries, around.me
        self._theme, self._now = around.theme, around.now
        theme = around.theme
        self.details = DetailsPanel(
            around.reading,
            around.queries,
            around.me,
            theme,
            now=around.now,
            transfers=around.transfers,
            forecast=around.forecast,
        )
        for name in ("linked", "looked", "open_wanted", "save_wanted"):
            getattr(self.details, name).connect(getattr(self, name))
        self.details.wished.connect(self._wish)
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
        self.hold(transaction)
        self.details.show_transaction(transaction)
        self.details.open_for_person()
        self.details.focus_first()

    def hold(self, transaction: Transaction) -> None:
        """Its details are open: a refresh chooses its row, or none."""
        raise NotImplementedError

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
        if wish.act in (Act.DETAILS, Act.RESPOND):
            self.show_details_of(wish.transaction)
        else:
            self.wished.emit(wish)

    def _failed(self, error: IepError) -> None:
        self.banner.show_error(error, "Try again", self.refresh)
