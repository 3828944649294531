"""The offer to go on with a draft that was kept before."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from iep_desktop.ui.disc_wizard.parts import ThemedIcon, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import Label


class DraftOffer(QFrame):
    """Hidden until there is one; `taken` or `dropped` answers it."""

    taken = Signal()
    dropped = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self.setProperty("tone", "accent")
        self.text = Label("", wrap=True)
        self.take = Button("&Go on with it", theme)
        self.drop = Button("&Discard it", theme, Kind.FLAT)
        line = row(ThemedIcon("history", "accent", theme), self.text, self.take, self.drop)
        line.setStretch(1, 1)
        line.setContentsMargins(16, 8, 8, 8)
        self.setLayout(line)
        self.take.clicked.connect(self.taken)
        self.drop.clicked.connect(self.dropped)
        self.hide()

    def offer(self, title: str) -> None:
        """An empty title takes the offer away."""
        self.text.setText(f"A draft was kept: {title}")
        self.setVisible(bool(title))
