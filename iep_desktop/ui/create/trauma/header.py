"""The blue bar of the trauma page: what it is, the time, and once it is sent what is left (R-TIME-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from iep_desktop.core.clocks import TERMS
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, Title
from iep_desktop.ui.worklist.texts import local

_TICK_MS = 10_000
_WHAT = "Clinical Emergency, outside hours only this pathway runs (§2.8)"


class TraumaHeader(QWidget):
    def __init__(self, title: str, theme: Theme, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self._since: datetime | None = None
        self.setProperty("ground", "accent")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.sizes.of(56))
        self.time, self.due, self.left = Label("", weight=600), Label("", weight=600), Title("")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 0, 24, 0)
        layout.setSpacing(16)
        layout.addWidget(IconLabel("siren", "on_fill", theme))
        layout.addWidget(Title(title))
        layout.addWidget(ElidedLabel(_WHAT, weight=500), 1)
        for label in (self.time, self.due, self.left):
            layout.addWidget(label)
        timer = QTimer(self)
        timer.setInterval(_TICK_MS)
        timer.timeout.connect(self.tick)
        timer.start()
        self.tick()

    def sent_at(self, since: datetime | None) -> None:
        """From then on the countdown runs."""
        self._since = since
        self.tick()

    def tick(self) -> None:
        now = self._now()
        self.time.setText(f"{local(now):%H:%M}")
        if self._since is None:
            self.due.setText("Target: done within 4 h")
            self.left.setText("")
            return
        due = self._since + TERMS.blue_light
        minutes = int((due - now).total_seconds() // 60)
        self.due.setText(f"Due {local(due):%H:%M}")
        self.left.setText(f"{minutes // 60}:{minutes % 60:02d} left" if minutes >= 0 else "late")
