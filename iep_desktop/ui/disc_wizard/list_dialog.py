"""A list of files that a finding is about, to look at and to copy."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, PrimaryButton
from iep_desktop.ui.widgets.labels import Title


class ListDialog(QDialog):
    def __init__(self, title: str, lines: tuple[str, ...], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        area = QPlainTextEdit("\n".join(lines))
        area.setReadOnly(True)
        area.setAccessibleName(title)
        copy = Button("&Copy", theme, icon="copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(area.toPlainText()))
        close = PrimaryButton("C&lose", theme)
        close.clicked.connect(self.accept)
        buttons = row()
        buttons.addStretch()
        buttons.addWidget(copy)
        buttons.addWidget(close)
        layout = column(Title(title), area, spacing=12, margins=(24, 24, 24, 16))
        layout.addLayout(buttons)
        self.setLayout(layout)
        self.resize(theme.sizes.of(480), theme.sizes.of(400))
        close.setFocus()
