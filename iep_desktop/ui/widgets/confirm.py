"""A question with the deed as a button: never Yes and No. Not blocking: `open()`, then a signal."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
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
        layout.addLayout(self._body)
        layout.addSpacing(8)
        layout.addLayout(row)
        self.do_button.setDefault(True)

    def add(self, widget: QWidget) -> None:
        """Something to fill in, between the text and the buttons."""
        self._body.addWidget(widget)
