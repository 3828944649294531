"""What stands beside a form: what blocks with its clause, what is met, what was seen before; and the buttons."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from iep_desktop.core.form_rules import Check
from iep_desktop.ui.create.seen_before import CODE, SeenBefore
from iep_desktop.ui.disc_wizard.checks_view import ChecksView, plain_views
from iep_desktop.ui.disc_wizard.parts import column, row, scrolling
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, PrimaryButton
from iep_desktop.ui.widgets.labels import Hairline, Label

_WIDE = 460


class SidePanel(QWidget):
    """`sent` and `cleared` are the buttons; `opened` carries the number of an earlier transaction."""

    sent = Signal()
    cleared = Signal()
    opened = Signal(str)

    def __init__(self, theme: Theme, send_text: str) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("ground", "surface")
        self.checks = ChecksView(theme, narrow=True, ready="Ready to send")
        self.seen = SeenBefore(theme)
        self.saved = Label("", "text2")
        self.send = PrimaryButton(send_text, theme, "send")
        self.clear = Button("C&lear", theme, tip="Empties the form and its draft")
        self._buttons = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._lay_out()
        self.send.clicked.connect(self.sent)
        self.clear.clicked.connect(self.cleared)
        self.seen.opened.connect(self.opened)
        self.allow(False)

    def _lay_out(self) -> None:
        inner = QWidget()
        content = column(self.checks, self.seen, spacing=12, margins=(16, 16, 16, 16))
        content.addStretch(1)
        inner.setLayout(content)
        self._buttons.setContentsMargins(16, 12, 16, 12)
        self._buttons.setSpacing(8)
        below = row(self.saved)
        below.addStretch(1)
        below.addWidget(self.clear)
        self._buttons.addWidget(self.send)
        self._buttons.addLayout(below, 1)
        scroll = scrolling(inner)
        scroll.setMinimumHeight(1)  # where it is low, the buttons come first
        layout = column(scroll, Hairline(), spacing=0)
        layout.setStretch(0, 1)
        layout.addLayout(self._buttons)
        self.setLayout(layout)

    def show_checks(self, checks: tuple[Check, ...]) -> None:
        self.checks.show_views(plain_views(tuple(check for check in checks if check.code != CODE)))
        self.seen.show_checks(checks)

    def allow(self, allowed: bool, why: str = "") -> None:
        self.send.setEnabled(allowed)
        self.send.setToolTip(why)

    def say_saved(self, when: datetime | None) -> None:
        self.saved.setText(f"Draft saved {when:%H:%M}" if when else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Below a form, where there is width and no height, the buttons stand in one line."""
        super().resizeEvent(event)
        wide = self.width() >= self._theme.sizes.of(_WIDE)
        self._buttons.setContentsMargins(16, 4 if wide else 12, 16, 4 if wide else 12)
        self._buttons.setDirection(
            QBoxLayout.Direction.RightToLeft if wide else QBoxLayout.Direction.TopToBottom
        )
