"""What New Request and New Transfer have in common: a form, its gate's answer beside it, its draft, its one button.

Owns when the gate is asked, when a draft is kept and when the button may be pressed. What the form holds, what the
gate is asked about and what is sent is the page's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from iep_desktop.core.errors import IepError, Refused
from iep_desktop.core.form_rules import Check, Gate, Verdict
from iep_desktop.core.job import Context
from iep_desktop.core.model import FormKind, Hospital, Priority
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.create import sheet as sheets
from iep_desktop.ui.create.asks import CreateDesk
from iep_desktop.ui.create.draft_offer import DraftOffer
from iep_desktop.ui.create.hours import hours_check
from iep_desktop.ui.create.sheet import Sheet
from iep_desktop.ui.create.side import SidePanel
from iep_desktop.ui.disc_wizard import drafts, form_text
from iep_desktop.ui.disc_wizard.assessor import Assesses, GateAsker
from iep_desktop.ui.disc_wizard.draft_keeper import DraftKeeper, KeptDraft
from iep_desktop.ui.disc_wizard.parts import Beside, column, row, scrolling
from iep_desktop.ui.disc_wizard.paste import parse_pasted, said
from iep_desktop.ui.disc_wizard.paste_dialog import PasteDialog
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import IconButton, LinkButton
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Label, Title
from iep_desktop.workers.queries import Queries

_SIDE = 296
HOURS_MS = 60_000


@dataclass(frozen=True)
class Words:
    """What one page is called, and under what its drafts are kept."""

    title: str
    send: str
    draft_kind: str
    form_kind: FormKind


class FormPage(QWidget):
    """`created` and `opened` carry a Transaction: the new one, or an earlier one to be looked at."""

    created = Signal(object)
    opened = Signal(object)
    left = Signal()

    def __init__(
        self, desk: CreateDesk, queries: Queries, theme: Theme, words: Words, gate: Assesses[Any, Any]
    ) -> None:
        super().__init__()
        self.desk, self.queries, self.theme, self.words = desk, queries, theme, words
        self.setProperty("ground", "surface")
        self.side = SidePanel(theme, words.send)
        self.error = ErrorBanner(theme)
        self.offer = DraftOffer(theme)
        self.note = Label("", "text2", wrap=True, selectable=True)
        self.note.hide()
        self.gate = GateAsker[Any, Any](gate, queries, self)
        self.drafts = DraftKeeper(desk.drafts, queries, self._draft_text, self, kind=words.draft_kind)
        self.hospitals: tuple[Hospital, ...] = ()
        self._offered: KeptDraft | None = None
        self._last_gate = Gate(())
        self._until: tuple[Priority, datetime | None] | None = None
        self._sending = self._filling = False
        self._order: Any = None

    # -- what a page says of itself

    def sheet(self) -> Sheet:
        """What is typed now."""
        raise NotImplementedError

    def put(self, sheet: Sheet) -> None:
        """Fill the fields."""
        raise NotImplementedError

    def order(self) -> Any:
        """What the gate is asked about: a new object for every change."""
        raise NotImplementedError

    def own_checks(self) -> tuple[Check, ...]:
        """What the page itself knows to lack."""
        return ()

    def mark(self, problems: dict[str, str]) -> None:
        """Show what is wrong in a field."""
        raise NotImplementedError

    @property
    def keeps_draft(self) -> bool:
        """What is typed is something new; else the ledger has it already."""
        return True

    def make(self, order: Any, ctx: Context) -> Transaction:
        """Blocking, off the loop."""
        raise NotImplementedError

    def take_hospitals(self, hospitals: tuple[Hospital, ...]) -> None:
        raise NotImplementedError

    def first_focus(self) -> QWidget:
        raise NotImplementedError

    # -- building

    def build(self, *content: QWidget) -> None:
        """Lay the page out, and begin."""
        self.paste = LinkButton("Paste from e-mail", self.theme, "clipboard-paste")
        self.paste.setToolTip("Fill the form from the requester’s e-mail (Ctrl+Shift+V)")
        self.close_button = IconButton("x", f"Close {self.words.title}; the draft is kept", self.theme)
        self.heading = Title(self.words.title)
        head = row(self.heading, Label("Fields with", "text2"), spacing=4)
        for part in (Label("*", "danger", weight=600), Label("are mandatory", "text2")):
            head.addWidget(part)
        head.insertSpacing(1, 12)
        head.addStretch(1)
        head.addWidget(self.paste)
        head.addWidget(self.close_button)
        inner = QWidget()
        form = column(spacing=12, margins=(16, 12, 24, 24))
        form.addLayout(head)
        for widget in (self.error, self.offer, self.note, *content):
            form.addWidget(widget)
        form.addStretch(1)
        inner.setLayout(form)
        self._scroll = scrolling(inner)
        self.setLayout(column(Beside(self._scroll, self.side, _SIDE, self.theme)))
        self._connect()
        self._ask_for_lists()
        self.show_sheet(sheets.blank(self.words.form_kind))

    def _connect(self) -> None:
        self.paste.clicked.connect(self._paste)
        QShortcut(QKeySequence("Ctrl+Shift+V"), self, self._paste)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.send)
        self.close_button.clicked.connect(self.left)
        self.side.sent.connect(self.send)
        self.side.cleared.connect(self.clear)
        self.side.opened.connect(self._open_earlier)
        self.offer.taken.connect(self._take_draft)
        self.offer.dropped.connect(self._drop_draft)
        self.gate.changed.connect(self._refresh)
        self.drafts.saved.connect(self.side.say_saved)
        self.drafts.failed.connect(self.error.show_error)
        timer = QTimer(self)
        timer.setInterval(HOURS_MS)
        timer.timeout.connect(self._ask_hours)
        timer.start()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._show_focus)

    def _ask_for_lists(self) -> None:
        reading, kept, kind = self.desk.reading, self.desk.drafts, self.words.draft_kind
        self.queries.ask(
            lambda _ctx: reading.hospitals(""), self._hospitals_came, self._lists_failed, owner=self
        )
        self.queries.ask(lambda _ctx: tuple(kept.list(kind)), self._drafts_came, owner=self)

    def _lists_failed(self, error: IepError) -> None:
        self.error.show_error(error, "Try again", self._ask_for_lists)

    def _hospitals_came(self, hospitals: tuple[Hospital, ...]) -> None:
        self.hospitals = hospitals
        self.take_hospitals(hospitals)
        self.changed(typed=False)

    def _show_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        """A field that the keyboard comes to must be seen."""
        inner = self._scroll.widget()
        if now is not None and self.isVisible() and inner is not None and inner.isAncestorOf(now):
            self.see(now)

    def see(self, widget: QWidget) -> None:
        """Scroll so far that it is in sight."""
        self._scroll.ensureWidgetVisible(widget, 0, self.theme.sizes.of(48))

    # -- what is typed

    def show_sheet(self, sheet: Sheet) -> None:
        self._filling = True
        self.put(sheet)
        self._filling = False
        self.note.hide()
        self.changed(typed=False)

    def changed(self, *, typed: bool = True) -> None:
        """Something is another one: mark it, ask the gate, keep it."""
        if self._filling:
            return
        sheet = self.sheet()
        self.mark(form_text.problems(sheet.text, self.desk.me.numbers))
        self._order = self.order()
        self.gate.ask_about(self._order)
        if self._until is None or self._until[0] is not sheet.text.priority:
            self._ask_hours()
        if typed:
            self.offer.offer("")
            self.offer.hide()
            if self.keeps_draft:
                self.drafts.note_change()
        self._refresh()

    def _paste(self) -> None:
        dialog = PasteDialog(self.theme, self)
        dialog.accepted.connect(lambda: self.fill_from(dialog.text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def fill_from(self, mail: str) -> None:
        """Fill the form from an e-mail and say what was understood; a confirmed institution stays."""
        sheet = self.sheet()
        pasted = parse_pasted(mail, sheet.text)
        text = replace(pasted.text, kind=self.words.form_kind, disc_no="", discs="")
        if sheet.confirmed:
            text = replace(text, hospital=sheet.text.hospital, hospital_typed=sheet.text.hospital_typed)
        self.show_sheet(replace(sheet, text=text))
        self.changed()
        self.note.setText(said(pasted))
        self.note.show()

    # -- drafts

    def _draft_text(self, now: datetime) -> str:
        return sheets.to_draft(self.sheet(), now)

    def _drafts_came(self, kept: tuple[KeptDraft, ...]) -> None:
        if kept and self.keeps_draft and not self.drafts.is_saving and self.sheet().request_id is None:
            self._offered = kept[0]
            self.offer.offer(drafts.title(kept[0].text))
            if self.isVisible():
                self.offer.take.setFocus()

    def _take_draft(self) -> None:
        if self._offered is not None:
            self.drafts.take_over(self._offered.key)
            self.show_sheet(sheets.from_draft(self._offered.text, self.words.form_kind))
        self.offer.hide()
        self.first_focus().setFocus()

    def _drop_draft(self) -> None:
        kept, kind, offered = self.desk.drafts, self.words.draft_kind, self._offered
        if offered is not None:
            self.queries.ask(lambda _ctx: kept.delete(kind, offered.key), lambda _: None, owner=self)
        self._offered = None
        self.offer.hide()
        self.first_focus().setFocus()

    def clear(self) -> None:
        """Empty again, the institution too: the way out of a wrong one that is confirmed."""
        self.drafts.discard()
        self.side.say_saved(None)
        self.error.clear()
        self.show_sheet(sheets.blank(self.words.form_kind))
        self.first_focus().setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.drafts.is_saving:
            self.drafts.save_now()

    # -- what still blocks

    def _ask_hours(self) -> None:
        priority, transfers = self.sheet().text.priority, self.desk.transfers

        def came(until: datetime | None) -> None:
            self._until = (priority, until)
            self._refresh()

        self._until = (priority, None)
        self.queries.ask(lambda _ctx: transfers.waits_until(priority), came, owner=self)

    def checks(self) -> tuple[Check, ...]:
        """Everything that stands beside the form."""
        hours = (hours_check(*self._until),) if self._until else ()
        return (*self.own_checks(), *self._last_gate.checks, *hours)

    def _refresh(self) -> None:
        answer = self.gate.answer_to(self._order)
        if answer is not None:
            self._last_gate = answer if isinstance(answer, Gate) else answer.gate
        if self.gate.error is not None:
            self.error.show_error(self.gate.error, "Try again", self.gate.ask_again)
        self.side.show_checks(self.checks())
        self.side.allow(self.may_send, "Ctrl+Enter" if self.may_send else self._why_not(answer is not None))

    @property
    def may_send(self) -> bool:
        """Only what the gate has answered as it stands, and nothing in the form is wrong."""
        open_ = self.gate.answer_to(self._order) is not None and self._last_gate.is_open
        blocked = any(check.verdict is Verdict.BLOCKS for check in self.own_checks())
        wrong = form_text.problems(self.sheet().text, self.desk.me.numbers)
        return open_ and not blocked and not self._sending and not wrong

    def _why_not(self, answered: bool) -> str:
        if self._sending:
            return "It is being sent"
        return "Something still blocks: see above" if answered else "The rules are being asked"

    # -- sending

    def send(self) -> None:
        if not self.may_send:
            return
        order = self._order
        self._sending = True
        self.error.clear()
        self._refresh()
        self.queries.ask(lambda ctx: self.make(order, ctx), self._sent, self._not_sent, owner=self)

    def _sent(self, transaction: Transaction) -> None:
        self._sending = False
        self.clear()
        self.created.emit(transaction)

    def _not_sent(self, error: IepError) -> None:
        self._sending = False
        self.error.show_error(error, "Try again" if error.kind != "refused" else "", self.send)
        self.gate.ask_again()
        self._refresh()
        if isinstance(error, Refused):
            self.refused(error)

    def refused(self, error: Refused) -> None:
        """What a page says besides; what is typed stays in any case."""

    def _open_earlier(self, number: str) -> None:
        reading = self.desk.reading
        self.queries.ask(
            lambda _ctx: reading.transaction(number), self.opened.emit, self.error.show_error, owner=self
        )
