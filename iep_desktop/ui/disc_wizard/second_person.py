"""A second person confirms whose images they are: who, in what role, on what grounds (R-GATE-3)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit, QWidget

from iep_desktop.ui.disc_wizard.parts import FormField, column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, PrimaryButton
from iep_desktop.ui.widgets.labels import Label, Title


@dataclass(frozen=True)
class Confirmation:
    who: str
    role: str
    grounds: str

    @property
    def confirmed_by(self) -> str:
        return f"{self.who}, {self.role}"


class SecondPersonDialog(QDialog):
    """Accepted only with a name that is not the first person's, a role and grounds."""

    def __init__(self, first: str, question: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._first = first
        self.setWindowTitle("Second person")
        self.who, self.role = QLineEdit(), QLineEdit()
        self.role.setPlaceholderText("for example radiographer")
        self.grounds = QPlainTextEdit()
        self.grounds.setPlaceholderText(
            "What was compared, and with what: the letter, the requester by telephone…"
        )
        self.grounds.setTabChangesFocus(True)
        self.grounds.setFixedHeight(theme.sizes.of(88))
        self._who_field = FormField("&Name of the second person", self.who, theme, mandatory=True)
        self.confirm = PrimaryButton("C&onfirm the match", theme)
        cancel = Button("&Cancel", theme)
        self._lay_out(question, cancel, theme)
        self.confirm.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        self.who.textEdited.connect(lambda _: self._look_again())
        self.role.textEdited.connect(lambda _: self._look_again())
        self.grounds.textChanged.connect(self._look_again)
        self._look_again()
        self.who.setFocus()

    def _lay_out(self, question: str, cancel: Button, theme: Theme) -> None:
        words = f"{self._first} asks. The second person reads form, disc and PACS, and confirms here."
        layout = column(
            Title("A second person decides"),
            Label(question, weight=600, wrap=True),
            Label(words, "text2", wrap=True),
            self._who_field,
            FormField("&Role", self.role, theme, mandatory=True),
            FormField("&Grounds", self.grounds, theme, mandatory=True),
            spacing=12,
            margins=(24, 24, 24, 16),
        )
        buttons = row()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self.confirm)
        layout.addLayout(buttons)
        self.setLayout(layout)
        self.resize(theme.sizes.of(480), 0)

    @property
    def confirmation(self) -> Confirmation:
        return Confirmation(
            " ".join(self.who.text().split()),
            " ".join(self.role.text().split()),
            self.grounds.toPlainText().strip(),
        )

    def _look_again(self) -> None:
        told = self.confirmation
        same = told.who.casefold() == self._first.casefold()
        self._who_field.set_error("This is the first person: somebody else must confirm." if same else "")
        self.confirm.setEnabled(bool(told.who and told.role and told.grounds) and not same)
