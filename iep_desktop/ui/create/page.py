"""Create: the doors by which something new begins, and behind them the form that was opened. Emits, sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.medium import Drive
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.create.door import Door
from iep_desktop.ui.create.overview import Overview
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.labels import Hairline
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.ui.create.asks import CreateDesk
    from iep_desktop.ui.create.form_page import FormPage
    from iep_desktop.ui.create.request.page import RequestPage
    from iep_desktop.ui.create.transfer.page import TransferPage

_ROOM = 560  # lower, and an open form has the page for itself


class CreatePage(QWidget):
    """`import_wanted` carries the path of a disc, or an empty text; `shown` and `created` a Transaction.

    `look_wanted` carries a PacsStudy and the ViewPatient whose it should be.
    """

    import_wanted = Signal(str)
    trauma_wanted = Signal()
    shown = Signal(object)
    created = Signal(object)
    look_wanted = Signal(object, object)

    def __init__(self, desk: CreateDesk, queries: Queries, theme: Theme, state: StateStore) -> None:
        super().__init__()
        self._desk, self._queries, self._theme, self._state = desk, queries, theme, state
        self._request: RequestPage | None = None
        self._transfer: TransferPage | None = None
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.request_door = Door("inbox", "New Re&quest", "Ask a hospital for images", theme)
        self.transfer_door = Door("send", "New &Transfer", "Send images elsewhere", theme)
        self.import_door = Door("disc-3", "Import C&D", "Read a disc or stick into PACS", theme)
        self.trauma_door = Door("siren", "Trauma transfer to N&UH", "One page, outside hours", theme)
        self.overview = Overview(desk.reading, queries, theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.overview)
        self._doors = self._band()
        self._line = Hairline()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._doors)
        layout.addWidget(self._line)
        layout.addWidget(self._stack, 1)
        self._connect()

    def _band(self) -> QWidget:
        band = QWidget()
        band.setProperty("ground", "window")
        band.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        band.setSizePolicy(policy)
        row = FlowLayout(band, spacing=16)
        row.setContentsMargins(16, 16, 16, 16)
        doors = (self.request_door, self.transfer_door, self.import_door, self.trauma_door)
        widest = max(door.sizeHint().width() for door in doors)
        for door in doors:
            door.setFixedWidth(widest)
            row.addWidget(door)
        return band

    def _connect(self) -> None:
        self.request_door.clicked.connect(self.open_request)
        self.transfer_door.clicked.connect(lambda: self.open_transfer())
        self.import_door.clicked.connect(lambda: self.import_wanted.emit(""))
        self.trauma_door.clicked.connect(self.trauma_wanted)
        self.overview.import_wanted.connect(self.import_wanted)
        self.overview.shown.connect(self.shown)

    # -- the forms behind the doors

    @property
    def request_page(self) -> RequestPage:
        if self._request is None:
            from iep_desktop.ui.create.request.page import RequestPage

            self._request = RequestPage(self._desk, self._queries, self._theme)
            self._add(self._request)
        return self._request

    @property
    def transfer_page(self) -> TransferPage:
        if self._transfer is None:
            from iep_desktop.ui.create.transfer.page import TransferPage

            self._transfer = TransferPage(self._desk, self._queries, self._theme, self._state)
            self._add(self._transfer)
            self._transfer.review.look_wanted.connect(self.look_wanted)
        return self._transfer

    def _add(self, page: FormPage) -> None:
        self._stack.addWidget(page)
        page.created.connect(self._created)
        page.opened.connect(self.shown)
        page.left.connect(self.close_form)

    def open_request(self) -> None:
        self._open(self.request_page)

    def open_transfer(self, request_id: int | None = None) -> None:
        """Where a request is given, the transfer that answers it, prefilled from it."""
        if request_id is not None:
            self.transfer_page.answer(request_id)
        self._open(self.transfer_page)

    def rework(self, request: Transaction) -> None:
        """One of our own requests, to be sent again or completed. A row of a list is not the whole of it."""
        page, reading, id_ = self.request_page, self._desk.reading, request.id
        self._queries.ask(lambda _ctx: reading.by_id(id_), page.rework, page.error.show_error, owner=page)
        self._open(page)

    def close_form(self) -> None:
        """Back to the doors; what was typed stays."""
        door = self.transfer_door if self._stack.currentWidget() is self._transfer else self.request_door
        self._open(self.overview)
        door.setFocus()

    def close_viewer(self) -> None:
        """The main window goes away."""
        if self._transfer is not None:
            self._transfer.review.close_viewer()

    def _created(self, transaction: Transaction) -> None:
        self._open(self.overview)
        self.created.emit(transaction)

    def _open(self, page: QWidget) -> None:
        self._stack.setCurrentWidget(page)
        self.request_door.set_open(page is self._request)
        self.transfer_door.set_open(page is self._transfer)
        self._make_room()
        self.focus()

    # -- the page

    @property
    def form(self) -> FormPage | None:
        """The form that is open."""
        page = self._stack.currentWidget()
        forms: tuple[FormPage | None, ...] = (self._request, self._transfer)
        return next((form for form in forms if form is page), None)

    @property
    def drives(self) -> QWidget:
        return self.overview.drives

    @property
    def latest(self) -> QWidget:
        return self.overview.latest

    def focus(self) -> None:
        (self.form.first_focus() if self.form else self.request_door).setFocus()

    def refresh(self) -> None:
        self.overview.refresh()

    def show_drives(self, drives: tuple[Drive, ...]) -> None:
        self.overview.show_drives(drives)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        low = self.height() < self._theme.sizes.of(_ROOM) and self.form is not None
        for widget in (self._doors, self._line):
            widget.setHidden(low)
