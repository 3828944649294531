"""The details of one transaction: a column beside a worklist, or two columns below it. Asks, shows, emits wishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Details, Transaction
from iep_desktop.ui.acts import Act, Wish, button_of, icon_of, possible
from iep_desktop.ui.details.sections import (
    FailureSection,
    ImagesSection,
    MessagesSection,
    RequirementsSection,
    RisSection,
    Section,
    about,
)
from iep_desktop.ui.details.timeline import Timeline
from iep_desktop.ui.services import ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.chip import Chip, status_tone
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, Title
from iep_desktop.ui.worklist import texts
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

TWO_COLUMNS = 760  # from this width at 100 %
_FOOTER = (Act.ASSIGN, Act.PRINT_FORM, Act.CANCEL)


@dataclass(frozen=True)
class Shown:
    """Details with the names of both hospitals."""

    details: Details
    sender: str
    recipient: str


class HeaderSection(QWidget):
    """Who, what, from → to, status; where it failed, that comes first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.name = Title()
        self.name.setWordWrap(True)
        self.chip = Chip("", "neutral", theme)
        self.who = ElidedLabel(weight=600)
        self.numbers, self.born = ElidedLabel("", "text2"), ElidedLabel("", "text2")
        self.about = ElidedLabel("", "text2")
        self.way_from, self.way_to = ElidedLabel("", "text2"), ElidedLabel()
        self.place = ElidedLabel("", "text2")
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        way = QHBoxLayout()
        way.setSpacing(8)
        way.addWidget(self.way_from)
        way.addWidget(IconLabel("arrow-right", "text2", theme))
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

    def show_details(self, shown: Shown) -> None:
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
        self.way_from.setText(shown.sender or "unknown hospital")
        self.way_to.setText(shown.recipient)
        self.about.setText(about(transaction))
        place = details.place
        self.place.setText(f"Number {place} in the waiting line" if place else "")
        self.place.setVisible(bool(place))


class ClockSection(QWidget):
    """Blue Light: countdown, target (R-TIME-2). The widest value is reserved, so that a tick moves nothing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.left, self.target = Label("", "accent", weight=600), Label("", "text2")
        self.left.setMinimumWidth(self.left.fontMetrics().horizontalAdvance("00:00 left") + 4)
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.bar = Bar(theme)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(IconLabel("siren", "accent", theme))
        top.addWidget(Label("Blue Light", "accent", weight=600))
        top.addStretch(1)
        top.addWidget(self.left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        layout.addWidget(self.target)

    def show_details(self, transaction: Transaction, now: datetime) -> None:
        running = texts.is_blue_light(transaction) and texts.runs(transaction)
        self.setVisible(running)
        if running:
            due = texts.blue_light_due(transaction)
            words, tone = texts.countdown(due, now)
            self.left.setText(words)
            self.left.set_tone(tone)
            self.target.setText(f"Target {texts.clock(due, now)}")
            used = (now - transaction.created_at) / texts.BLUE_LIGHT_TARGET
            self.bar.set(used, 1.0, token="danger" if used > 1 else "bar")


class DetailsPanel(QWidget):
    """`wished` carries a Wish."""

    wished = Signal(object)

    def __init__(
        self,
        reading: ReadsLedger,
        queries: Queries,
        me: str,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(parent)
        self._reading, self._queries, self._me, self._theme, self._now = reading, queries, me, theme, now
        self._id: int | None = None
        self._shown: Shown | None = None
        self._asking: Running | None = None
        self._wide: bool | None = None
        self._wants_ris = False
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._make_sections()
        self._lay_out()
        self._show_nothing()

    # -- building

    def _make_sections(self) -> None:
        theme = self._theme
        self.banner = ErrorBanner(theme)
        self.header, self.clock = HeaderSection(theme), ClockSection(theme)
        self.required, self.failure = RequirementsSection(theme), FailureSection(theme)
        self.images, self.ris, self.messages = ImagesSection(theme), RisSection(theme), MessagesSection(theme)
        self.history = Section("Timeline", theme)
        self.timeline = Timeline(theme)
        self.history.body.addWidget(self.timeline)
        self.history.link.clicked.connect(self._toggle_events)
        for section in (self.required, self.failure, self.ris):
            section.wished.connect(self.wished)
        self.empty = EmptyState(
            "arrow-left-right",
            "No transaction is chosen",
            "Choose a row to see its details; Enter brings you here.",
            theme,
        )

    def _lay_out(self) -> None:
        main, self._side_widget = QWidget(), QWidget()
        self._main, self._side = QVBoxLayout(main), QVBoxLayout(self._side_widget)
        for column in (self._main, self._side):
            column.setSpacing(8)
            column.setContentsMargins(0, 0, 0, 0)
            column.addStretch(1)
        self._side.setContentsMargins(16, 0, 0, 0)
        self._side_widget.setProperty("role", "panel-left")
        self._side_widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._content = QWidget()
        # Its height is the one for its width; the hint for the narrowest column would leave blank space below.
        self._content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        columns = QHBoxLayout(self._content)
        columns.setContentsMargins(16, 12, 16, 12)
        columns.setSpacing(16)
        columns.addWidget(main, 2)
        columns.addWidget(self._side_widget, 1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._content)
        self._footer = QWidget()
        self._footer_row = FlowLayout(spacing=8, line=self._theme.sizes.field)
        self._footer.setLayout(self._footer_row)
        self._footer_row.setContentsMargins(16, 8, 16, 8)
        self._footer_acts: tuple[Act, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self._scroll, 1), (self.empty, 1), (self._footer, 0)):
            layout.addWidget(widget, stretch)
        self._arrange(wide=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(wide=self.width() >= self._theme.sizes.of(TWO_COLUMNS))

    def _arrange(self, *, wide: bool) -> None:
        if wide == self._wide:
            return
        self._wide = wide
        main = [self.banner, self.header, self.clock, self.required, self.failure, self.images, self.ris]
        rest: list[QWidget] = [self.messages, self.history]
        # removeWidget, not takeAt: a taken item stays registered with its widget, and its heights go stale.
        for widget in (*main, *rest):
            for column in (self._main, self._side):
                column.removeWidget(widget)
        for at, widget in enumerate(main):
            self._main.insertWidget(at, widget)
        for at, widget in enumerate(rest):
            if wide:
                self._side.insertWidget(at, widget)
            else:
                self._main.insertWidget(len(main) + at, widget)
        self._side_widget.setVisible(wide)
        for section in (self.messages, self.history):
            section.line.setVisible(not wide)

    # -- asking

    @property
    def transaction_id(self) -> int | None:
        return self._id

    @property
    def details(self) -> Details | None:
        return self._shown.details if self._shown else None

    def show_transaction(self, transaction: Transaction | None) -> None:
        """None shows what to do instead."""
        if transaction is None:
            self._show_nothing()
        elif transaction.id != self._id:
            self._id = transaction.id
            self.banner.clear()
            self.refresh()

    def refresh(self) -> None:
        """Ask again for what is shown; the answer changes it in place."""
        if self._id is None:
            return
        if self._asking is not None:
            self._asking.cancel()
        reading, wanted = self._reading, self._id

        def question(_ctx: Context) -> Shown:
            details = reading.details(wanted)
            ends = details.transaction.sender, details.transaction.recipient
            return Shown(details, *(reading.hospital_name(ods) if ods else "" for ods in ends))

        self._asking = self._queries.ask(question, self._answered, self._not_answered, owner=self)

    def _answered(self, shown: Shown) -> None:
        self._asking = None
        if shown != self._shown or not self._scroll.isVisibleTo(self):
            self._shown = shown
            self._show()

    def _not_answered(self, error: IepError) -> None:
        self._asking = None
        self.show_error(error, "Try again", self.refresh)

    def show_error(self, error: IepError, button: str = "", act: Callable[[], object] | None = None) -> None:
        self._scroll.show()
        self.empty.hide()
        self.banner.show_error(error, button, act)

    # -- showing

    def _show_nothing(self) -> None:
        self._id, self._shown = None, None
        self._scroll.hide()
        self._footer.hide()
        self.empty.show()

    def _show(self) -> None:
        if self._shown is None:
            return
        details, now = self._shown.details, self._now()
        self.empty.hide()
        self._scroll.show()
        self.header.show_details(self._shown)
        self.clock.show_details(details.transaction, now)
        for section in (self.required, self.failure, self.images, self.ris, self.messages):
            section.show_details(details, now)
        self.timeline.show_events(details.events, now)
        more = len(details.events) > len(self.timeline.shown)
        self.history.link.setVisible(more)
        self.history.link.setText(f"All {len(details.events)} events")
        self._show_footer(details.transaction)
        if self._wants_ris:
            self.focus_ris()
            self._wants_ris = False
        self.setAccessibleName(f"Details of {about(details.transaction)}")

    def tick(self) -> None:
        """A minute has passed."""
        if self._shown:
            now = self._now()
            self.clock.show_details(self._shown.details.transaction, now)
            self.failure.show_details(self._shown.details, now)

    def _toggle_events(self) -> None:
        self.timeline.show_all(True)
        self.history.link.hide()

    def _show_footer(self, transaction: Transaction) -> None:
        acts = tuple(act for act in _FOOTER if act in possible(transaction, self._me))
        self._footer.setVisible(bool(acts))
        if acts == self._footer_acts:
            return
        self._footer_acts = acts
        while (item := self._footer_row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        for act in acts:
            button = Button(button_of(act), self._theme, icon=icon_of(act))
            button.clicked.connect(lambda _=False, act=act: self._wish(act))
            self._footer_row.addWidget(button)

    def _wish(self, act: Act) -> None:
        if self._shown:
            self.wished.emit(Wish(act, self._shown.details.transaction))

    def focus_ris(self) -> None:
        """The first accession number that is missing; at once, or when the details have come."""
        current = self._shown is not None and self._shown.details.transaction.id == self._id
        self._wants_ris = not (current and self.ris.focus_first_missing())

    def focus_first(self) -> None:
        """Where a person who pressed Enter goes on: the button that lifts, fixes, or the panel itself."""
        buttons = [*self.required.buttons, *self.failure.buttons.values()]
        target = next((button for button in buttons if button.isVisible()), self._scroll)
        target.setFocus(Qt.FocusReason.TabFocusReason)
