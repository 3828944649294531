"""The sections of the details panel. Each shows its part of a `Details` and changes rows in place, so that a field
that is being typed in stays.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.core.model import Exam, RisState
from iep_desktop.core.transaction import Details, Message, Requirement, SeriesProgress, Transaction
from iep_desktop.ui.acts import Act, Wish, button_of, icon_of, lifting
from iep_desktop.ui.details.failure import Fact, explain, fixes
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import Button, Kind, LinkButton
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Hairline, Label
from iep_desktop.ui.worklist import texts


class Section(QWidget):
    """A hairline, a heading with one link at its right, and a body."""

    def __init__(self, heading: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.heading = Label(heading, weight=600)
        self.link = LinkButton("", theme)
        self.link.hide()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.link)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.line = Hairline()
        layout.addWidget(self.line)
        layout.addSpacing(4)
        layout.addLayout(head)
        layout.addLayout(self.body)
        layout.addSpacing(4)


class RequirementsSection(Section):
    """What is required, with its clause, and the button that lifts it."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("What is required", theme)
        self._rows: list[QWidget] = []
        self._shown: tuple[Requirement, ...] | None = None
        self.buttons: list[Button] = []

    def show_details(self, details: Details, _now: datetime) -> None:
        transaction = details.transaction
        required = tuple(r for r in transaction.required if lifting(r) is not Act.ENTER_RIS)
        self.setVisible(bool(required))
        self._transaction = transaction
        if required == self._shown:
            return
        self._shown = required
        for row in self._rows:
            row.setParent(None)
            row.deleteLater()
        self.buttons = []
        self._rows = [self._row(requirement, first=at == 0) for at, requirement in enumerate(required)]
        for row in self._rows:
            self.body.addWidget(row)

    def _row(self, requirement: Requirement, *, first: bool) -> QWidget:
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        icon = "circle-x" if requirement.blocking else "triangle-alert"
        token = "danger" if requirement.blocking else "warn"
        grid.addWidget(IconLabel(icon, token, self._theme), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Label(requirement.title, weight=600, wrap=True), 0, 1)
        clause = Label(requirement.clause or requirement.rule, "text2")
        clause.setToolTip(", ".join(part for part in (requirement.clause, requirement.rule) if part))
        grid.addWidget(clause, 0, 2, Qt.AlignmentFlag.AlignTop)
        below = ". ".join(part.rstrip(".") for part in (requirement.detail, requirement.lift) if part)
        if below:
            grid.addWidget(Label(f"{below}.", "text2", wrap=True), 1, 1, 1, 2)
        act = lifting(requirement)
        button = Button(button_of(act), self._theme, Kind.PRIMARY if first else Kind.PLAIN, icon_of(act))
        button.setAccessibleDescription(requirement.title)
        button.clicked.connect(lambda: self.wished.emit(Wish(act, self._transaction)))
        grid.addWidget(button, 2, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(1, 1)
        self.buttons.append(button)
        return row


class FailureSection(Section):
    """Why it failed: plain words, whose move, what happens by itself, the DICOM status; the buttons that fix it."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("", theme)
        self.heading.hide()
        self.line.hide()
        self.setAccessibleName("Why it failed")
        self.message = Label(wrap=True, selectable=True)
        self.body.addWidget(self.message)
        self._buttons = FlowLayout(spacing=8, line=theme.sizes.field)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(12)
        self.body.addLayout(self._buttons)
        self.body.addLayout(self._facts)
        self.buttons: dict[Act, Button] = {}
        self._shown: object = None

    def show_details(self, details: Details, now: datetime) -> None:
        transaction = details.transaction
        failure = transaction.failure
        self.setVisible(failure is not None)
        self._transaction = transaction
        if failure is None:
            return
        words = " ".join(part for part in (failure.message, failure.hint) if part)
        facts, acts = explain(transaction, now), fixes(transaction)
        if (words, facts, acts, transaction.counts) == self._shown:
            return
        self._shown = (words, facts, acts, transaction.counts)
        self.message.setText(words)
        self.message.setVisible(bool(words))
        _empty(self._buttons)
        _empty(self._facts)
        self.buttons = {act: self._button(act, first=at == 0) for at, act in enumerate(acts)}
        for fact in facts:
            self._facts.addWidget(_FactRow(fact, self._theme))

    def _button(self, act: Act, *, first: bool) -> Button:
        text = act.value
        if act is Act.RETRY_FAILED:
            text = f"&Retry {texts.images(self._transaction.counts.failed)}"
        elif act is Act.RETRY:
            text = "Retry all that is &missing" if self._transaction.counts.failed else "&Retry now"
        kind = Kind.PRIMARY if first and act is not Act.COPY else Kind.LINK if act is Act.COPY else Kind.PLAIN
        button = Button(text, self._theme, kind, icon_of(act))
        button.clicked.connect(lambda: self.wished.emit(Wish(act, self._transaction)))
        self._buttons.addWidget(button)
        return button


class _FactRow(QWidget):
    def __init__(self, fact: Fact, theme: Theme) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        label = Label(fact.label, "text2")
        label.setFixedWidth(theme.sizes.of(92))
        grid.addWidget(IconLabel(fact.icon, "text2", theme), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Label(fact.fact, weight=600, wrap=True, selectable=True), 0, 2)
        if fact.more:
            grid.addWidget(Label(fact.more, "text2", wrap=True, selectable=True), 1, 2)
        grid.setColumnStretch(2, 1)


class ImagesSection(Section):
    """One line a series: what it is, how far, in words and as a bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Images", theme)
        self.rows: dict[str, _SeriesRow] = {}

    def show_details(self, details: Details, _now: datetime) -> None:
        self.setVisible(bool(details.series))
        uids = [series.series_uid for series in details.series]
        if uids != list(self.rows):
            for row in self.rows.values():
                row.setParent(None)
                row.deleteLater()
            self.rows = {uid: _SeriesRow(self._theme) for uid in uids}
            for row in self.rows.values():
                self.body.addWidget(row)
        for series in details.series:
            self.rows[series.series_uid].show_series(series)
        counts = details.transaction.counts
        self.heading.setText(f"Images  {texts.grouped(counts.arrived)} of {texts.grouped(counts.wanted)}")


class _SeriesRow(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.name = ElidedLabel()
        self.count = Label("", "text2")
        self.bar = Bar(theme)
        self.icon = IconLabel("", "text2", theme)
        self.state = Label()
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 1)
        top.addWidget(self.count)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.bar, 1)
        below.addWidget(self.icon)
        below.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addLayout(below)

    def show_series(self, series: SeriesProgress) -> None:
        counts = series.counts
        words, tone, icon = texts.series_state(series)
        self.name.setText(f"{series.modality}  {texts.series_label(series)}".strip())
        self.count.setText(f"{texts.grouped(counts.arrived)} of {texts.grouped(counts.wanted)}")
        whole = counts.wanted and counts.arrived == counts.wanted
        self.bar.set(counts.arrived, counts.wanted, failed=counts.failed, token="green" if whole else "bar")
        self.state.setText(words)
        self.state.set_tone(tone)
        self.icon.set({"check": "circle-check"}.get(icon, icon), tone)
        self.icon.setVisible(bool(icon))


class RisSection(Section):
    """The exams with their RIS entries; an accession number is typed and saved here (R-RIS)."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Exams and RIS", theme)
        self.rows: list[_ExamRow] = []

    def show_details(self, details: Details, _now: datetime) -> None:
        transaction = details.transaction
        self.setVisible(bool(transaction.exams))
        while len(self.rows) > len(transaction.exams):
            row = self.rows.pop()
            row.setParent(None)
            row.deleteLater()
        while len(self.rows) < len(transaction.exams):
            row = _ExamRow(len(self.rows), self._theme, self._save)
            self.rows.append(row)
            self.body.addWidget(row)
        self._transaction = transaction
        for row, exam in zip(self.rows, transaction.exams, strict=True):
            row.show_exam(exam, transaction.id)

    def _save(self, position: int, accession: str) -> None:
        self.wished.emit(Wish(Act.ENTER_RIS, self._transaction, position, accession))

    def focus_first_missing(self) -> bool:
        row = next((row for row in self.rows if row.is_missing), None)
        if row:
            row.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        return row is not None


class _ExamRow(QWidget):
    def __init__(self, position: int, theme: Theme, save: Callable[[int, str], None]) -> None:
        super().__init__()
        self._position, self._save = position, save
        self._of: tuple[int, Exam] | None = None
        self.name = ElidedLabel()
        self.icon = IconLabel("circle-check", "ok", theme)
        self.state = ElidedLabel("", "ok")
        self.edit = QLineEdit()
        self.edit.setMaxLength(16)  # SH, PS3.5 6.2
        self.edit.setPlaceholderText("Accession number")
        self.edit.returnPressed.connect(self._press)
        self.button = Button("Save", theme)
        self.button.setEnabled(False)
        self.button.clicked.connect(self._press)
        self.edit.textChanged.connect(lambda text: self.button.setEnabled(bool(text.strip())))
        below = QHBoxLayout()
        below.setSpacing(8)
        for widget, stretch in ((self.icon, 0), (self.state, 1), (self.edit, 1), (self.button, 0)):
            below.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        layout.addLayout(below)

    @property
    def is_missing(self) -> bool:
        return self._of is not None and self._of[1].ris_state is RisState.MISSING

    def show_exam(self, exam: Exam, transaction_id: int) -> None:
        if (transaction_id, exam) == self._of:
            return
        if self._of is None or self._of[0] != transaction_id:
            self.edit.setText(exam.accession if exam.ris_state is RisState.MISSING else "")
        self._of = (transaction_id, exam)
        entered = exam.ris_state is RisState.ENTERED
        self.name.setText(exam.label)
        self.edit.setAccessibleName(f"Accession number of {exam.label}")
        self.state.setText(f"On RIS, {exam.accession}")
        for widget in (self.icon, self.state):
            widget.setVisible(entered)
        for other in (self.edit, self.button):
            other.setVisible(not entered)

    def _press(self) -> None:
        text = self.edit.text().strip()
        if text:
            self._save(self._position, text)


class MessagesSection(Section):
    """The conversation; what is unread has a dot and the word."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Messages", theme)
        self._shown: tuple[Message, ...] = ()

    def show_details(self, details: Details, now: datetime) -> None:
        self.setVisible(bool(details.messages))
        if details.messages == self._shown:
            return
        self._shown = details.messages
        _empty(self.body)
        for message in details.messages:
            head = f"{message.author}, {message.hospital}" if message.hospital else message.author
            unread = "" if message.read else "unread, "
            self.body.addWidget(Label(head, weight=400 if message.read else 600, wrap=True))
            self.body.addWidget(Label(message.text, wrap=True, selectable=True))
            self.body.addWidget(Label(f"{unread}{texts.clock(message.at, now)}", "text2"))


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.setParent(None)
            widget.deleteLater()


def about(transaction: Transaction) -> str:
    """One line of what it is: 2026-004402, call 06396375."""
    call = f"call {transaction.form.call_ref}" if transaction.form.call_ref else "no call reference"
    parts = [transaction.number, call]
    medium = transaction.medium
    if medium and medium.disc_no and medium.discs:
        parts.append(f"disc {medium.disc_no} of {medium.discs}")
    return ", ".join(parts)
