"""Form, image header and PACS side by side for what was sent to us, with the score: whose images they are.

Shows what `downloads.assess` answers; the rules behind it are not here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.core.errors import IepError
from iep_desktop.core.imports import Assessment
from iep_desktop.core.model import FormKind
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.disc_wizard.compare_table import CompareTable
from iep_desktop.ui.disc_wizard.comparison import rows
from iep_desktop.ui.disc_wizard.score_view import ScoreView
from iep_desktop.ui.possible import has_images
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.field import Field
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Label

SHORTEST_GROUNDS = 5


class CompareDialog(ConfirmDialog):
    """`said` carries the grounds, `form_wanted` that our own form is to be filled in, `view_wanted` to see images."""

    said = Signal(object)
    view_wanted = Signal()
    form_wanted = Signal()
    asked = Signal()

    def __init__(self, transaction: Transaction, theme: Theme, *, second: bool, parent: QWidget) -> None:
        super().__init__(
            "Confirm as second person" if second else "Whose images are these?",
            "Compare every line. Your name and your grounds go into the record.",
            "They belong together",
            theme,
            leave="Not yet",
            parent=parent,
        )
        self._transaction, self._theme = transaction, theme
        self.resize(theme.sizes.of(1040), theme.sizes.of(640))
        self.error = ErrorBanner(theme)
        self.table, self.score = CompareTable(theme), ScoreView(theme)
        self.table.setAccessibleName("Form, image header and PACS side by side")
        self.empty = EmptyState("hourglass", "Asking PACS…", "The answer comes in a moment.", theme)
        self.grounds = QLineEdit()
        self.grounds.setMaxLength(200)
        self.grounds.textChanged.connect(self._check)
        self.form_button = Button("Our &form…", theme)
        self.form_button.clicked.connect(self.form_wanted)
        self.view_button = Button("&View images", theme, icon="images")
        if not has_images(transaction):
            self.view_button.hide()
        self.view_button.clicked.connect(self.view_wanted)
        self._blocks = QVBoxLayout()
        self._lay_out(second=second)
        self.accepted.connect(lambda: self.said.emit(self.grounds.text().strip()))
        self._answered = False
        self._needs_form = transaction.their_form is None and transaction.form.kind is FormKind.EXPORT
        if self._needs_form:
            self.text.setText(
                "This is the sender’s form. Ours comes first: it has our hospital number and the call reference "
                "(§2.7a)."
            )
            self.form_button.set_kind(Kind.PRIMARY)
            self.do_button.set_kind(Kind.PLAIN)
        self._check()

    def _lay_out(self, *, second: bool) -> None:
        self.add(self.error)
        decision = self._transaction.match
        if decision and second:
            self.add(Label(f"{decision.decided_by} decided: {decision.grounds}", "text2", wrap=True))
        compared = QWidget()
        column = QVBoxLayout(compared)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.table)
        below = QHBoxLayout()
        below.setSpacing(40)
        below.addWidget(self.score)
        self._blocks.setSpacing(8)
        self._blocks.addStretch(1)
        below.addLayout(self._blocks, 1)
        column.addLayout(below)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(compared)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(scroll)
        self._stack.setMinimumHeight(self._theme.sizes.of(160))
        self.add(self._stack)
        grounds = Field(
            "&Grounds",
            self.grounds,
            self._theme,
            mandatory=True,
            hint="for example: form and PAS agree, the header is mistyped",
        )
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(grounds, 1)
        row.addWidget(self.view_button)
        row.addWidget(self.form_button)
        self.add(line)
        self.grounds.setFocus()

    # -- showing

    def show_assessment(self, assessment: Assessment, at: datetime) -> None:
        self._answered = assessment.match is not None
        self.table.show_heads(self._heads(assessment, at))
        self.table.show_rows(rows(assessment, self._transaction.match, source="in the image header"))
        if assessment.match is not None:
            self.score.show_match(assessment.match)
            self._stack.setCurrentIndex(1)
        else:
            self.empty.set(
                "No header is at hand", "Download the images first; they are compared before PACS."
            )
        if assessment.pacs_error is not None:
            self.error.show_error(assessment.pacs_error, "Ask again", self.asked.emit)
        else:
            self.error.clear()
        self._show_blocks(assessment)
        self._check()

    def come_back(self, error: IepError, now: Transaction | None, *, over: bool) -> None:
        super().come_back(error, now, over=over)
        if now is not None:
            self._transaction = now
            self.asked.emit()  # compare what stands there now

    def show_failure(self, error: IepError, again: Callable[[], object]) -> None:
        self.empty.set("There is no answer", "Ask again, or come back later.")
        self.error.show_error(error, "Ask again", again)

    def _heads(self, assessment: Assessment, at: datetime) -> tuple[tuple[str, str], ...]:
        ours = self._transaction.their_form is not None
        pacs = "did not answer" if assessment.pacs_error else f"S number query, {at:%H:%M}"
        return (
            ("Form", "our own" if ours else "the sender’s"),
            ("Image header", "as it came"),
            ("PACS", pacs),
            ("Goes into the images", "after coercion"),
        )

    def _show_blocks(self, assessment: Assessment) -> None:
        while self._blocks.count() > 1:
            item = self._blocks.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        blocking = () if self._needs_form else assessment.gate.blocking
        for at, check in enumerate(blocking):
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            row.addWidget(IconLabel("circle-x", "danger", self._theme))
            row.addWidget(Label(check.title, wrap=True), 1)
            row.addWidget(Label(check.clause, "text2"))
            self._blocks.insertWidget(at, line)

    def _check(self) -> None:
        said = len(self.grounds.text().strip()) >= SHORTEST_GROUNDS
        self.allow(self._answered and said and not self._needs_form)
