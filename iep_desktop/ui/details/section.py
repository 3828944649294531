"""What every section of the details is: a hairline, a heading with one link at its right, and a body."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.labels import Hairline, Label


class Section(QWidget):
    """`heading`, `link` (hidden until it has a text) and `body` are the owner's to fill."""

    def __init__(self, heading: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.heading = Label(heading, weight=600)
        self.link = LinkButton("", theme)
        self.link.hide()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.link)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.line = Hairline()
        layout.addWidget(self.line)
        layout.addSpacing(4)
        layout.addLayout(head)
        layout.addLayout(self.body)
        layout.addSpacing(4)


def empty(layout: QLayout) -> None:
    """Take all widgets out of a layout, for good."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.setParent(None)
            widget.deleteLater()
