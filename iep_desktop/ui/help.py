"""Help ▾: the keys, the service desk, and what this program is."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

import iep_desktop
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import Label, Title

KEYS = (
    ("Ctrl+1 … Ctrl+7", "Create, In Progress, Action Required, Failed, All, Accepted, Queues"),
    ("Ctrl+F", "Search"),
    ("Ctrl+I", "Import a disc"),
    ("Ctrl+N", "Create"),
    ("F1", "These keys"),
    ("F5", "Refresh"),
    ("Ctrl+L", "To the list"),
    ("Enter", "Open the row; in Action Required, its button"),
    ("Right, Left", "Open a row to its series, close it"),
    ("Shift+F10", "What can be done with the row"),
    ("Ctrl+Enter", "Send the message"),
    ("Alt+Up, Alt+Down", "In Queues, move the row"),
    ("Ctrl+D", "Show or fold the details"),
    ("Space", "Tick; in a worklist, view the images"),
    ("Alt and a letter", "The underlined letter of a button or field"),
)
CONTACTS = (
    ("Telephone", "x18000"),
    ("Web", "servicedesk.xuhl-tr.nhs.uk, request service > System > IEP"),
    ("E-mail", "sdrequests@uhl-tr.nhs.uk"),
)


class _TableDialog(QDialog):
    """A title, lines of two columns, Close."""

    def __init__(
        self,
        title: str,
        lines: Iterable[tuple[str, str]],
        theme: Theme,
        parent: QWidget | None,
        note: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.sizes.of(440))
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        for row, (left, right) in enumerate(lines):
            grid.addWidget(Label(left, weight=600), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(right, selectable=True), row, 1)
        grid.setColumnStretch(1, 1)
        close = Button("&Close", theme, Kind.PRIMARY)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(Title(title))
        layout.addLayout(grid)
        if note:
            layout.addWidget(Label(note, "text2", wrap=True))
        layout.addLayout(buttons)


def help_dialog(topic: str, theme: Theme, parent: QWidget | None = None) -> QDialog:
    """`topic`: keyboard, contacts or about."""
    if topic == "keyboard":
        return _TableDialog("Keyboard", KEYS, theme, parent)
    if topic == "contacts":
        note = "Have the transaction’s number and the call reference at hand."
        return _TableDialog("Service desk", CONTACTS, theme, parent, note)
    about = (
        ("Version", iep_desktop.__version__),
        ("Licence", "Apache 2.0"),
        ("Icons", "Lucide (ISC)"),
        ("Type", "Inter (SIL OFL 1.1)"),
    )
    return _TableDialog("Image Exchange", about, theme, parent, "Not for diagnostic use.")
