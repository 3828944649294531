"""Beside the three steps: what is ready and what blocks, where it goes, the one big button, and the way out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QWidget

from iep_desktop.core.form_rules import Check
from iep_desktop.ui.create.seen_before import CODE, SeenBefore
from iep_desktop.ui.disc_wizard.checks_view import ChecksView, plain_views
from iep_desktop.ui.disc_wizard.parts import column, scrolling
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import ElidedLabel, Hairline, Label

_WIDE = 460


class TraumaSide(QWidget):
    """`sent` by the big button, `disc_wanted` where PACS is down, `opened` with an earlier transaction's number."""

    sent = Signal()
    disc_wanted = Signal()
    opened = Signal(str)

    def __init__(self, send_text: str, theme: Theme) -> None:
        super().__init__()
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.checks = ChecksView(theme, narrow=True, ready="Ready to send")
        self.seen = SeenBefore(theme)
        self.send = Button(send_text, theme, Kind.BIG, "send", tip="Ctrl+Enter")
        self.stays = Label("Stays open until it is On IEP. Ctrl+Enter sends.", "text2", wrap=True)
        self.stays.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.disc = Button("PACS is &down…", theme, icon="hard-drive")
        self.disc.setToolTip("Import the disc that the modality writes")
        self._facts = QGridLayout()
        self._facts.setColumnStretch(1, 1)
        self._facts.setVerticalSpacing(4)
        self._explained: list[QWidget] = [self.stays]  # what gives way where there is no height
        self._buttons = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._lay_out(theme)
        self.send.clicked.connect(self.sent)
        self.disc.clicked.connect(self.disc_wanted)
        self.seen.opened.connect(self.opened)

    def _lay_out(self, theme: Theme) -> None:
        self._theme = theme
        inner = QWidget()
        content = column(self.checks, self.seen, Hairline(), spacing=12, margins=(24, 16, 24, 12))
        content.addLayout(self._facts)
        content.addStretch(1)
        inner.setLayout(content)
        line = Hairline()
        words = Label("If PACS does not answer", weight=600)
        how = Label("Let the modality write a disc, and import that.", "text2", wrap=True)
        self._explained += [line, words, how]
        for widget in (self.send, self.stays, line, words, how, self.disc):
            self._buttons.addWidget(widget)
        self._buttons.setSpacing(8)
        scroll = scrolling(inner)
        scroll.setMinimumHeight(1)
        layout = column(scroll, Hairline(), spacing=0)
        layout.setStretch(0, 1)
        layout.addLayout(self._buttons)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Below the steps, where there is width and no height, the two buttons stand in one line."""
        super().resizeEvent(event)
        wide = self.width() >= self._theme.sizes.of(_WIDE)
        for widget in self._explained:
            widget.setHidden(wide)
        self._buttons.setContentsMargins(24, 4 if wide else 12, 24, 4 if wide else 16)
        self._buttons.setDirection(
            QBoxLayout.Direction.RightToLeft if wide else QBoxLayout.Direction.TopToBottom
        )

    def show_checks(self, checks: tuple[Check, ...]) -> None:
        self.checks.show_views(plain_views(tuple(check for check in checks if check.code != CODE)))
        self.seen.show_checks(checks)

    def recommend_disc(self, recommended: bool) -> None:
        """It is the next right thing where PACS does not answer."""
        self.disc.set_kind(Kind.PRIMARY if recommended else Kind.PLAIN)
        self.disc.set_icon("hard-drive")

    def show_facts(self, facts: dict[str, str]) -> None:
        """To, Node, From, Priority."""
        while (item := self._facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for line, (name, value) in enumerate(facts.items()):
            text = ElidedLabel(value)
            text.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._facts.addWidget(Label(name, "text2"), line, 0)
            self._facts.addWidget(text, line, 1)
