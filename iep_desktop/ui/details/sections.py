"""What is required of a person, and why it failed: sections of the details with the buttons that lift and fix."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from iep_desktop.core.transaction import Details, Requirement, Transaction
from iep_desktop.ui.acts import Act, Wish, button_of, icon_of, lifting
from iep_desktop.ui.details.failure import Fact, explain, fixes
from iep_desktop.ui.details.section import Section, empty
from iep_desktop.ui.possible import possible
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.ui.worklist import texts

_TASKS = (Act.RESPOND, Act.SEND, Act.DOWNLOAD, Act.REWORK, Act.COMPLETE, Act.MESSAGE)
"""The next step of an exchange: nothing is wrong, and the button says what lifts it."""
_ANSWERS = (Act.ACCEPT, Act.DECLINE, Act.ASK_DETAILS)


def buttons_for(requirement: Requirement, transaction: Transaction) -> tuple[Act, ...]:
    """A request has several answers; what is only to be known has no button."""
    act = lifting(requirement, transaction)
    wanted = _ANSWERS if act is Act.RESPOND else () if act is Act.DETAILS else (act,)
    allowed = possible(transaction, "")
    return tuple(act for act in wanted if act in allowed)


class RequirementsSection(Section):
    """What is required, with its clause, and the buttons that lift it."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("What is required", theme)
        self._rows: list[QWidget] = []
        self._shown: object = None
        self.buttons: list[Button] = []

    def show_details(self, details: Details, _now: datetime) -> None:
        transaction = details.transaction
        required = tuple(r for r in transaction.required if lifting(r, transaction) is not Act.ENTER_RIS)
        acts = tuple(buttons_for(requirement, transaction) for requirement in required)
        self.setVisible(bool(required))
        self._transaction = transaction
        if (required, acts) == self._shown:
            return
        self._shown = (required, acts)
        for row in self._rows:
            row.setParent(None)
            row.deleteLater()
        self.buttons = []
        self._rows = [self._row(*pair) for pair in zip(required, acts, strict=True)]
        for row in self._rows:
            self.body.addWidget(row)

    def _row(self, requirement: Requirement, acts: tuple[Act, ...]) -> QWidget:
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        act = lifting(requirement, self._transaction)
        icon, token = "triangle-alert", "warn"
        if act in _TASKS:
            icon, token = icon_of(act), "accent"
        elif requirement.blocking:
            icon, token = "circle-x", "danger"
        grid.addWidget(IconLabel(icon, token, self._theme), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Label(requirement.title, weight=600, wrap=True), 0, 1)
        clause = Label(requirement.clause or requirement.rule, "text2")
        clause.setToolTip(", ".join(part for part in (requirement.clause, requirement.rule) if part))
        grid.addWidget(clause, 0, 2, Qt.AlignmentFlag.AlignTop)
        lift = "" if act in _TASKS else requirement.lift
        below = ". ".join(part.rstrip(".") for part in (requirement.detail, lift) if part)
        if below:
            grid.addWidget(Label(f"{below}.", "text2", wrap=True), 1, 1, 1, 2)
        if acts:
            grid.addWidget(self._buttons(requirement, acts), 2, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        return row

    def _buttons(self, requirement: Requirement, acts: tuple[Act, ...]) -> QWidget:
        line = QWidget()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        line.setSizePolicy(policy)
        flow = FlowLayout(line, spacing=8, line=self._theme.sizes.field)
        for act in acts:
            kind = Kind.PLAIN if self.buttons else Kind.PRIMARY
            button = Button(button_of(act), self._theme, kind, icon_of(act))
            button.setAccessibleDescription(requirement.title)
            button.clicked.connect(lambda _=False, act=act: self.wished.emit(Wish(act, self._transaction)))
            flow.addWidget(button)
            self.buttons.append(button)
        return line


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

    def show_details(self, details: Details, now: datetime, other: str = "") -> None:
        transaction = details.transaction
        failure = transaction.failure
        self.setVisible(failure is not None)
        self._transaction = transaction
        if failure is None:
            return
        words = " ".join(part for part in (failure.message, failure.hint) if part)
        facts, acts = explain(transaction, now, other), fixes(transaction)
        if (words, facts, acts, transaction.counts) == self._shown:
            return
        self._shown = (words, facts, acts, transaction.counts)
        self.message.setText(words)
        self.message.setVisible(bool(words))
        empty(self._buttons)
        empty(self._facts)
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
