"""The line above all: what is looked at and for what, and that it is not for diagnosis, which always stands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.keys import tip
from iep_desktop.ui.widgets.buttons import Button, IconButton, Kind
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label

NOT_DIAGNOSTIC = "Not for diagnostic use"


class Heading(QWidget):
    keys_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, title: str, subject: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.sizes.header)
        self.warning = _warning(theme)
        keys = IconButton("keyboard", "Keys of the viewer", theme)
        keys.setToolTip(tip("keys"))
        close = Button("Close", theme, Kind.FLAT, tip=tip("close"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        row.addWidget(IconLabel("images", "accent", theme))
        row.addWidget(Label(title, weight=600))
        row.addWidget(ElidedLabel(subject, "text2"), 1)
        for widget in (self.warning, keys, close):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        keys.clicked.connect(self.keys_wanted)
        close.clicked.connect(self.close_wanted)


def _warning(theme: Theme) -> QFrame:
    """Never elided, never hidden."""
    frame = QFrame()
    frame.setProperty("role", "banner")
    frame.setProperty("tone", "warn")
    frame.setAccessibleName(NOT_DIAGNOSTIC)
    row = QHBoxLayout(frame)
    row.setContentsMargins(8, 4, 8, 4)
    row.addWidget(IconLabel("triangle-alert", "warn", theme))
    words = Label(NOT_DIAGNOSTIC, "warn", weight=600)
    words.setMinimumWidth(words.sizeHint().width())
    row.addWidget(words)
    return frame
