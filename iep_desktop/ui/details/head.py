"""The head of the details: who, what, from where to where, how it stands, and the clocks that run (R-TIME)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.core.clocks import Alarm, Countdown
from iep_desktop.core.model import FormKind
from iep_desktop.core.transaction import Details, Direction, Transaction
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.chip import Chip, status_tone
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, Title
from iep_desktop.ui.worklist import texts

if TYPE_CHECKING:
    from iep_desktop.core.exchange import AttachmentInfo


@dataclass(frozen=True)
class Shown:
    """Details with the names of both hospitals and the list of attachments."""

    details: Details
    sender: str
    recipient: str
    attachments: tuple[AttachmentInfo, ...] = ()

    @property
    def other(self) -> str:
        """The other end's name."""
        incoming = self.details.transaction.direction is Direction.IN
        return self.sender if incoming else self.recipient


class HeaderSection(QWidget):
    """Who, what, from → to, status; where it failed, that comes first. `linked` carries a transaction's number."""

    linked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.name = Title()
        self.name.setWordWrap(True)
        self.chip = Chip("", "neutral", theme)
        self.who = ElidedLabel(weight=600)
        self.numbers, self.born = ElidedLabel("", "text2"), ElidedLabel("", "text2")
        self.about = ElidedLabel("", "text2")
        self.way_from, self.way_to = ElidedLabel("", "text2"), ElidedLabel()
        self.place = ElidedLabel("", "text2")
        self.deadline = Label("", "text2", wrap=True)
        self.links: list[LinkButton] = []
        self._links = QVBoxLayout()
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        way = QHBoxLayout()
        way.setSpacing(8)
        way.addWidget(self.way_from)
        way.addWidget(IconLabel("arrow-right", "text2", self._theme))
        way.addWidget(self.way_to, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        for label in (self.who, self.numbers, self.born):
            layout.addWidget(label)
        layout.addLayout(way)
        layout.addWidget(self.about)
        layout.addWidget(self.place)
        layout.addWidget(self.deadline)
        self._links.setSpacing(0)
        layout.addLayout(self._links)

    def show_details(self, shown: Shown, now: datetime) -> None:
        details = shown.details
        transaction = details.transaction
        failed = transaction.failure.title if transaction.failure else ""
        self.name.setText(failed or texts.patient_name(transaction))
        self.who.setText(texts.patient_name(transaction))
        self.who.setVisible(bool(failed))
        self.chip.set(transaction.status.value, status_tone(transaction.status))
        self.numbers.setText(texts.identity_line(transaction.patient))
        self.born.setText(texts.born_line(transaction.patient))
        self.born.setVisible(bool(self.born.text()))
        incoming = transaction.direction is Direction.IN
        self.way_from.setText((shown.sender or "unknown hospital") if incoming else "us")
        self.way_to.setText("us" if incoming else shown.recipient)
        self.about.setText(about(transaction))
        self.show_clocks(details, now)
        self._show_links(tied_to(transaction))

    def show_clocks(self, details: Details, now: datetime) -> None:
        words = f"Number {details.place} in the waiting line" if details.place else ""
        self.place.setText(words)
        self.place.setVisible(bool(words))
        line, tone = texts.deadline(details.transaction, now)
        self.deadline.setText(line)
        self.deadline.set_tone(tone)
        self.deadline.setVisible(bool(line))

    def _show_links(self, wanted: tuple[tuple[str, str], ...]) -> None:
        while len(self.links) > len(wanted):
            gone = self.links.pop()
            gone.setParent(None)
            gone.deleteLater()
        while len(self.links) < len(wanted):
            button = LinkButton("", self._theme, "link")
            button.clicked.connect(lambda _=False, button=button: self.linked.emit(button.property("number")))
            self.links.append(button)
            self._links.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        for button, (words, number) in zip(self.links, wanted, strict=True):
            button.setText(f"{words} {number}")
            button.setProperty("number", number)


def tied_to(transaction: Transaction) -> tuple[tuple[str, str], ...]:
    """The request that a transfer answers, or the transfers that answer a request: words and number."""
    request = (("Answers request", transaction.request_number),) if transaction.request_number else ()
    return (*request, *(("Answered by transfer", number) for number in transaction.answers))


class ClockSection(QWidget):
    """Blue Light: countdown, target, forecast (R-TIME-2). Room for the widest value, so that a tick moves nothing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.left, self.target = Label("", "accent", weight=600), Label("", "text2")
        self.left.setMinimumWidth(self.left.fontMetrics().horizontalAdvance("00:00 left") + 4)
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.forecast = ElidedLabel("", "ok")
        self.forecast.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.bar = Bar(theme)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(IconLabel("siren", "accent", theme))
        top.addWidget(Label("Blue Light", "accent", weight=600))
        top.addStretch(1)
        top.addWidget(self.left)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.target)
        below.addWidget(self.forecast, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        layout.addLayout(below)

    def show_details(self, transaction: Transaction, countdown: Countdown, now: datetime) -> None:
        running = texts.runs(transaction)
        self.setVisible(running)
        if not running:
            return
        words, tone = texts.countdown(countdown.due, now)
        late = countdown.alarm is not Alarm.NONE
        self.left.setText(words)
        self.left.set_tone("warn" if late and tone == "accent" else tone)
        self.target.setText(f"Target {texts.clock(countdown.due, now)}")
        self.forecast.setText(forecast_words(countdown, now))
        self.forecast.set_tone("warn" if late else "ok")
        used = 1 - countdown.left / texts.BLUE_LIGHT_TARGET
        self.bar.set(used, 1.0, token="danger" if used > 1 else "amber" if late else "bar")


def forecast_words(countdown: Countdown, now: datetime) -> str:
    """`Forecast 14:11, in time`; empty where nothing has been measured."""
    if countdown.done_at is None:
        return ""
    word = "in time" if countdown.alarm is Alarm.NONE else "late"
    return f"Forecast {texts.clock(countdown.done_at, now)}, {word}"


def about(transaction: Transaction) -> str:
    """One line of what it is: 2026-004402, call 06396375, for Dr N. Radiologist."""
    call = f"call {transaction.form.call_ref}" if transaction.form.call_ref else "no call reference"
    parts = [transaction.number, call]
    sent = transaction.their_form or transaction.form
    if sent.kind is FormKind.EXPORT and sent.recipient.label:
        parts.append(f"for {sent.recipient.label}")
    medium = transaction.medium
    if medium and medium.disc_no and medium.discs:
        parts.append(f"disc {medium.disc_no} of {medium.discs}")
    return ", ".join(parts)
