"""A question with the deed as a button: never Yes and No. Not blocking: `open()`, then a signal.

What was typed in it outlives its closing: where the deed is refused it comes back as it was left.
"""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Label, Title


class ConfirmDialog(QDialog):
    """`accepted` where the person chose `do_it`; Escape and `leave` are `rejected`."""

    def __init__(
        self,
        title: str,
        text: str,
        do_it: str,
        theme: Theme,
        *,
        leave: str = "Back",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.sizes.of(440))
        heading = Title(title)
        heading.setWordWrap(True)
        self.text = Label(text, wrap=True)
        self.leave_button = Button(leave, theme)
        self.leave_button.clicked.connect(self.reject)
        self.do_button = Button(do_it, theme, Kind.PRIMARY)
        self.do_button.clicked.connect(self.accept)
        self.refusal = ErrorBanner(theme)
        self._allowed, self._over = True, False
        self._body = QVBoxLayout()
        self._body.setSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.leave_button)
        row.addWidget(self.do_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(heading)
        layout.addWidget(self.text)
        layout.addWidget(self.refusal)
        layout.addLayout(self._body)
        layout.addSpacing(8)
        layout.addLayout(row)
        self.do_button.setDefault(True)

    def add(self, widget: QWidget) -> None:
        """Something to fill in, between the text and the buttons."""
        self._body.addWidget(widget)

    def allow(self, allowed: bool) -> None:
        """What is filled in is enough to do it."""
        self._allowed = allowed
        self.do_button.setEnabled(allowed and not self._over)

    # -- refused

    @property
    def deed_text(self) -> str:
        return self.do_button.text().replace("&", "")

    def come_back(self, error: IepError, now: Transaction | None, *, over: bool) -> None:
        """With what was typed; `over`: it can only be copied any more."""
        self._over = over
        self.allow(self._allowed)
        self.refusal.show_error(error)
        self.resize(self.size().expandedTo(self.sizeHint()))
