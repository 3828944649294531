"""The conversation between the two hospitals (R-TX-5): who said what, what is unread, the reply. Plain text only."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from iep_desktop.core.replies import LONGEST, parse_message
from iep_desktop.core.transaction import Details, Direction, Message, Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.section import Section, empty
from iep_desktop.ui.possible import possible
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.ui.worklist import texts

SHOWN = 1000
"""Characters of a message that are shown at once; the rest on request, so that one message never fills the panel."""


class Reply(QPlainTextEdit):
    """Ctrl+Enter sends; `entered` when a person begins to write."""

    sent = Signal()
    entered = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setPlaceholderText("Write to the other hospital")
        self.setAccessibleName("Message to the other hospital")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.sizes.of(56))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.sent.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()


class Conversation(Section):
    """What is typed stays with its transaction until the ledger shows it as a message. `read`: a person is here."""

    wished = Signal(object)
    read = Signal()

    def __init__(self, me: str, theme: Theme) -> None:
        super().__init__("Messages", theme)
        self._me = me
        self._transaction: Transaction | None = None
        self._shown: tuple[int, tuple[Message, ...]] | None = None
        self._other = ""
        self._typed: dict[int, str] = {}
        self._sending: tuple[int, str] | None = None
        self._messages = QVBoxLayout()
        self._messages.setSpacing(12)
        self.body.addLayout(self._messages)
        self.reply = Reply(theme)
        self.problem = Label("", "danger", wrap=True)
        self.send_button = Button("Send", theme, icon="send", tip="Ctrl+Enter")
        self._lay_out()
        self.reply.textChanged.connect(self._edited)
        self.reply.sent.connect(self._send)
        self.reply.entered.connect(self.read)
        self.send_button.clicked.connect(self._send)
        self._edited()

    def _lay_out(self) -> None:
        self._writing = QWidget()
        column = QVBoxLayout(self._writing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.reply)
        row = QHBoxLayout()
        row.addWidget(self.problem, 1)
        row.addWidget(self.send_button)
        column.addLayout(row)
        self.body.addWidget(self._writing)

    # -- showing

    def show_details(self, details: Details, now: datetime, other: str = "") -> None:
        """`other` is the other hospital's name."""
        self._other = other
        transaction = details.transaction
        can_write = Act.MESSAGE in possible(transaction, self._me)
        self.setVisible(can_write or bool(details.messages))
        self._writing.setVisible(can_write)
        self._change_to(transaction, details.messages)
        self.heading.setText(f"Messages, {transaction.unread} unread" if transaction.unread else "Messages")
        if (transaction.id, details.messages) != self._shown:
            self._shown = (transaction.id, details.messages)
            empty(self._messages)
            for message in details.messages:
                self._messages.addWidget(self._row(message, transaction, now))

    def _row(self, message: Message, transaction: Transaction, now: datetime) -> MessageRow:
        ours = message.hospital == our_end(transaction)
        author = "You" if ours and message.author == self._me else message.author
        if not ours:
            name = self._other or message.hospital
            author = ", ".join(part for part in (message.author, name) if part)
        return MessageRow(message, author, self._theme, now, ours=ours)

    def _change_to(self, transaction: Transaction, messages: tuple[Message, ...]) -> None:
        arrived = self._sending == (transaction.id, messages[-1].text) if messages else False
        if arrived and messages[-1].author == self._me:
            self._sending = None
            self._typed.pop(transaction.id, None)
            self._put("")
        if self._transaction is None or self._transaction.id != transaction.id:
            self._put(self._typed.get(transaction.id, ""))
        self._transaction = transaction

    def _put(self, text: str) -> None:
        with QSignalBlocker(self.reply):
            self.reply.setPlainText(text)
        self._mark(text)

    # -- writing

    def _edited(self) -> None:
        text = self.reply.toPlainText()
        if self._transaction is not None:
            self._typed[self._transaction.id] = text
        self._mark(text)

    def _mark(self, text: str) -> None:
        length = len(text.strip())
        self.send_button.setEnabled(0 < length <= LONGEST)
        self.problem.setText(too_long(length))

    def _send(self) -> None:
        text = self.reply.toPlainText().strip()
        if self._transaction is not None and self.send_button.isEnabled():
            self._sending = (self._transaction.id, parse_message(text))
            self.wished.emit(Wish(Act.MESSAGE, self._transaction, text=text))

    def focus_reply(self) -> bool:
        if self._writing.isVisibleTo(self):
            self.reply.setFocus(Qt.FocusReason.OtherFocusReason)
        return self._writing.isVisibleTo(self)


def our_end(transaction: Transaction) -> str:
    """Our own ODS code."""
    incoming = transaction.direction is Direction.IN
    return transaction.recipient if incoming else transaction.sender


class MessageRow(QWidget):
    """Dot where it is unread, author and hospital, time; below it the text as it was written."""

    def __init__(self, message: Message, author: str, theme: Theme, now: datetime, *, ours: bool) -> None:
        super().__init__()
        unread = not message.read and not ours
        head = QHBoxLayout()
        head.setSpacing(8)
        if unread:
            head.addWidget(IconLabel("circle-dot", "accent", theme))
        head.addWidget(ElidedLabel(author, weight=600 if unread else 500), 1)
        state = "unread, " if unread else "not read yet, " if ours and not message.read else ""
        said = f"{state}{texts.clock(message.at, now)}"
        head.addWidget(Label(said, "text2"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        long = len(message.text) > SHOWN
        self.text = Label(
            message.text[:SHOWN] + "…" if long else message.text,
            "text2" if ours else "text",
            wrap=True,
            selectable=True,
        )
        layout.addWidget(self.text)
        if long:
            self.more = Button(f"Show all {len(message.text)} characters", theme)
            self.more.clicked.connect(lambda: self._show_all(message.text))
            layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_all(self, text: str) -> None:
        self.text.setText(text)
        self.more.hide()


def too_long(length: int) -> str:
    return f"{length} characters, {LONGEST} may be sent" if length > LONGEST else ""
