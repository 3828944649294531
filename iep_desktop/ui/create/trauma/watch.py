"""After the send: how far it is, until it is On IEP or has failed. Looks at the ledger, does nothing to it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import Status, Transaction
from iep_desktop.ui.create.asks import CreateDesk
from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.pace import several, show_count
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import Button, PrimaryButton
from iep_desktop.ui.widgets.chip import Chip
from iep_desktop.ui.widgets.labels import Label, Title
from iep_desktop.workers.queries import Queries

_THERE = (Status.ON_IEP, Status.DOWNLOAD_REQUEST, Status.DOWNLOADING, Status.DELIVERED, Status.PURGED)
ALERTED = "The alarm stands in every open window of this hospital. The details show the ways out."
_OVER = (Status.FAILED, Status.DECLINED, Status.CANCELLED)


class Watch(QWidget):
    """`details_wanted` carries the Transaction; `another` begins with the next patient; `closed` is Close."""

    details_wanted = Signal(object)
    another = Signal()
    closed = Signal()
    arrived = Signal()

    def __init__(self, short_name: str, desk: CreateDesk, queries: Queries, theme: Theme) -> None:
        super().__init__()
        self._short_name, self._desk, self._queries = short_name, desk, queries
        self.transaction: Transaction | None = None
        self.title = Title("")
        self.who = Label("", "text2")
        self.chip = Chip("", "neutral", theme)
        self.counted = Label("", "text2")
        self.bar = Bar(theme)
        self.why = Label("", wrap=True, selectable=True)
        self.details = Button("&Details and ways out", theme, icon="info")
        self.next = Button("&Another patient", theme)
        self.close_button = PrimaryButton("&Close", theme)
        self._lay_out()
        self.details.clicked.connect(self._details)
        self.next.clicked.connect(self.another)
        self.close_button.clicked.connect(self.closed)
        queries.ledger_changed.connect(self.look)

    def _lay_out(self) -> None:
        state = row(self.chip, self.counted, spacing=12)
        state.addStretch(1)
        buttons = row(self.close_button, self.details, self.next)
        buttons.addStretch(1)
        layout = column(self.title, self.who, spacing=12, margins=(24, 24, 24, 24))
        layout.addLayout(state)
        layout.addWidget(self.bar)
        layout.addWidget(self.why)
        layout.addLayout(buttons)
        layout.addStretch(1)
        self.setLayout(layout)

    def begin(self, transaction: Transaction) -> None:
        self.show_transaction(transaction)
        self.close_button.setFocus()

    def end(self) -> None:
        self.transaction = None

    def look(self) -> None:
        """The ledger changed: perhaps it is ours."""
        if self.transaction is None:
            return
        reading, id_ = self._desk.reading, self.transaction.id
        self._queries.ask(lambda _ctx: reading.by_id(id_), self._came, owner=self)

    def _came(self, transaction: Transaction) -> None:
        if self.transaction is not None and self.transaction.id == transaction.id:
            self.show_transaction(transaction)

    def show_transaction(self, transaction: Transaction) -> None:
        was_there = self.transaction is not None and self.transaction.status in _THERE
        self.transaction = transaction
        counts, status = transaction.counts, transaction.status
        self.who.setText(f"{display_name(transaction.patient.name)}, {transaction.number}")
        self.chip.set_status(status)
        whole = counts.verified if status in _THERE else counts.arrived
        self.counted.setText(
            f"{show_count(whole)} of {several(counts.wanted, 'image')}" if counts.wanted else ""
        )
        self.bar.set(whole, counts.wanted, failed=counts.failed)
        self.title.setText(self._headline(transaction))
        self.why.setText(_why(transaction))
        self.why.setVisible(bool(self.why.text()))
        if status in _THERE and not was_there:
            self.arrived.emit()

    def _headline(self, transaction: Transaction) -> str:
        if transaction.status in _THERE:
            return f"It is On IEP: {self._short_name} can download it"
        if transaction.status in _OVER:
            return f"It has not reached {self._short_name}"
        return f"On its way to {self._short_name}"

    def _details(self) -> None:
        if self.transaction is not None:
            self.details_wanted.emit(self.transaction)


def _why(transaction: Transaction) -> str:
    failure = transaction.failure
    if failure is not None:
        words = (failure.title, failure.message, failure.hint, ALERTED)
        return "\n".join(word for word in words if word)
    return "" if transaction.status in (*_THERE, *_OVER) else "This page may be closed: it goes on by itself."
