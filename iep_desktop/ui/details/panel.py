"""The details of one transaction: a column beside a worklist, or two columns below it. Asks, shows, emits wishes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from iep_desktop.core.clocks import Countdown, Load, countdown
from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Details, Direction, Status, Transaction, TransactionType
from iep_desktop.ui.acts import Act, Wish, button_of, icon_of
from iep_desktop.ui.details.attachments import AttachmentsSection
from iep_desktop.ui.details.conversation import Conversation
from iep_desktop.ui.details.head import ClockSection, HeaderSection, Shown, about
from iep_desktop.ui.details.images import ImagesSection
from iep_desktop.ui.details.ris import RisSection
from iep_desktop.ui.details.section import Section
from iep_desktop.ui.details.sections import FailureSection, RequirementsSection
from iep_desktop.ui.details.timeline import Timeline
from iep_desktop.ui.possible import possible
from iep_desktop.ui.services import KnowsTransfers, ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

TWO_COLUMNS = 760  # from this width at 100 %
_FOOTER = (Act.VIEW, Act.STOP, Act.ASSIGN, Act.RAISE, Act.LOWER, Act.PRINT_FORM, Act.CANCEL)


def _unmeasured(transaction: Transaction) -> Countdown:
    """A countdown where nobody measures."""
    return countdown(transaction.created_at, datetime.now(UTC), Load(0, 1, 0.0))


class DetailsPanel(QWidget):
    """`wished` carries a Wish, `linked` the number of a transaction, `looked` a Transaction that a person has read."""

    wished = Signal(object)
    linked = Signal(str)
    looked = Signal(object)
    open_wanted = Signal(int, object)  # AttachmentInfo of a transaction
    save_wanted = Signal(int, object)

    def __init__(
        self,
        reading: ReadsLedger,
        queries: Queries,
        me: str,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transfers: KnowsTransfers | None = None,
        forecast: Callable[[Transaction], Countdown] = _unmeasured,
    ) -> None:
        super().__init__(parent)
        self._reading, self._queries, self._me, self._theme, self._now = reading, queries, me, theme, now
        self._transfers, self._forecast = transfers, forecast
        self._id: int | None = None
        self._shown: Shown | None = None
        self._asking: Running | None = None
        self._wide: bool | None = None
        self._wants_ris = self._wants_reply = self._wants_first = False
        self._opened: int | None = None  # the one that a person has opened on purpose
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._show_rest)
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
        self.images, self.ris = ImagesSection(theme), RisSection(theme)
        self.messages, self.attachments = Conversation(self._me, theme), AttachmentsSection(theme)
        self.history = Section("Timeline", theme)
        self.timeline = Timeline(theme)
        self.history.body.addWidget(self.timeline)
        self.history.link.clicked.connect(self._toggle_events)
        for section in (self.required, self.failure, self.images, self.ris, self.messages):
            section.wished.connect(self.wished)
        self.header.linked.connect(self.linked)
        self.messages.read.connect(self.open_for_person)
        self.attachments.open_wanted.connect(lambda one: self.open_wanted.emit(self._id, one))
        self.attachments.save_wanted.connect(lambda one: self.save_wanted.emit(self._id, one))
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
        self._footer_of: Transaction | None = None  # what its buttons are for, also before the rest is shown
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
        rest: list[QWidget] = [self.messages, self.attachments, self.history]
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
        for section in (self.messages, self.attachments, self.history):
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
        reading, transfers, wanted = self._reading, self._transfers, self._id

        def question(_ctx: Context) -> Shown:
            details = reading.details(wanted)
            ends = details.transaction.sender, details.transaction.recipient
            has_some = transfers is not None and details.transaction.attachments
            attachments = transfers.attachments(wanted) if transfers is not None and has_some else ()
            sender, recipient = (reading.hospital_name(ods) if ods else "" for ods in ends)
            return Shown(details, sender, recipient, attachments)

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
        self.header.show_details(self._shown, now)
        self.clock.show_details(details.transaction, self._forecast(details.transaction), now)
        self.failure.show_details(details, now, self._shown.other)
        self.messages.show_details(details, now, self._shown.other)
        self.required.show_details(details, now)
        # Until the rest stands, too: nobody sees one transaction's head above another one's images.
        self._content.setUpdatesEnabled(False)
        self._rest.start()

    def _show_rest(self) -> None:
        """In a turn of the loop of its own: all sections at once would hold it up for longer than is noticed."""
        self._content.setUpdatesEnabled(True)
        if self._shown is None:
            return
        details, now = self._shown.details, self._now()
        for section in (self.images, self.ris):
            section.show_details(details, now)
        self.attachments.show_attachments(self._shown.attachments)
        self.timeline.show_events(details.events, now)
        more = len(details.events) > len(self.timeline.shown)
        self.history.link.setVisible(more)
        self.history.link.setText(f"All {len(details.events)} events")
        self._show_footer(details.transaction)
        if self._wants_ris:
            self._wants_ris = False
            self.focus_ris()
        if self._wants_reply:
            self._wants_reply = False
            self.focus_reply()
        if self._wants_first:
            self._wants_first = False
            self.focus_first()
        self._tell_looked(details.transaction)
        self.setAccessibleName(f"Details of {about(details.transaction)}")

    def tick(self) -> None:
        """A minute has passed."""
        if self._shown:
            now, details = self._now(), self._shown.details
            self.header.show_clocks(details, now)
            self.clock.show_details(details.transaction, self._forecast(details.transaction), now)
            self.failure.show_details(details, now, self._shown.other)

    def _toggle_events(self) -> None:
        self.timeline.show_all(True)
        self.history.link.hide()

    def _show_footer(self, transaction: Transaction) -> None:
        self._footer_of = transaction
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
        if self._footer_of:
            self.wished.emit(Wish(act, self._footer_of))

    # -- a person is here

    def open_for_person(self) -> None:
        """A person has opened it: what is new in it counts as read, now and while it stays open (R-TX-4)."""
        self._opened = self._id
        if self._is_current and self._shown is not None:
            self._tell_looked(self._shown.details.transaction)

    def _tell_looked(self, transaction: Transaction) -> None:
        if transaction.id == self._opened and self.isVisible() and is_news(transaction):
            self.looked.emit(transaction)

    @property
    def _is_current(self) -> bool:
        return self._shown is not None and self._shown.details.transaction.id == self._id

    def focus_ris(self) -> None:
        """The first accession number that is missing; at once, or when the details have come."""
        self._wants_first = False
        self._wants_ris = not (self._is_current and self.ris.focus_first_missing())

    def focus_reply(self) -> None:
        """Where a message is written; at once, or when the details have come."""
        self._wants_first = False
        self._wants_reply = not (self._is_current and self.messages.focus_reply())

    def focus_first(self) -> None:
        """Where a person who pressed Enter goes on: the button that lifts, fixes, or the panel itself."""
        if not self._is_current:
            self._wants_first = True
            self._scroll.setFocus(Qt.FocusReason.TabFocusReason)
            return
        buttons = [*self.required.buttons, *self.failure.buttons.values()]
        target = next((button for button in buttons if button.isVisible()), self._scroll)
        target.setFocus(Qt.FocusReason.TabFocusReason)


def is_news(transaction: Transaction) -> bool:
    """It changes when a person of ours has looked at it: unread messages, a request that nobody has seen."""
    asked = transaction.type is TransactionType.REQUEST and transaction.direction is Direction.IN
    return transaction.unread > 0 or (asked and transaction.status is Status.NEW)
