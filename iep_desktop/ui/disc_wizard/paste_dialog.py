"""A box to paste the requester's e-mail into."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, PrimaryButton
from iep_desktop.ui.widgets.labels import Label

_HINT = (
    "Lines such as “Date of birth: 17/03/1961”, or the text of a form file. What is not understood is listed."
)


class PasteDialog(QDialog):
    """Accepted with something in it; opens with what the clipboard holds, where that is text."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Paste from e-mail")
        self.area = QPlainTextEdit(QGuiApplication.clipboard().text())
        self.area.setAccessibleName("The e-mail")
        self.area.setPlaceholderText("Call reference: …\nSurname: …\nDate of birth: …")
        self.area.setTabChangesFocus(True)
        self.fill = PrimaryButton("&Fill the form", theme)
        self.fill.clicked.connect(self.accept)
        cancel = Button("&Cancel", theme)
        cancel.clicked.connect(self.reject)
        self.area.textChanged.connect(self._look_again)
        buttons = row()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self.fill)
        layout = column(Label(_HINT, "text2", wrap=True), self.area, spacing=12, margins=(24, 24, 24, 16))
        layout.setStretch(1, 1)
        layout.addLayout(buttons)
        self.setLayout(layout)
        self.resize(theme.sizes.of(560), theme.sizes.of(420))
        self._look_again()
        self.area.setFocus()
        self.area.selectAll()

    def _look_again(self) -> None:
        self.fill.setEnabled(bool(self.area.toPlainText().strip()))

    @property
    def text(self) -> str:
        return self.area.toPlainText()
