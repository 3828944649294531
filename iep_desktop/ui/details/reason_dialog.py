"""Questions that want a word of the person: why, which priority, what is missing, which reason of a decline."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QPlainTextEdit, QRadioButton, QVBoxLayout, QWidget

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.model import Node, Priority
from iep_desktop.core.replies import LONGEST, DeclineReason, parse_decline
from iep_desktop.ui.deeds import Hurry
from iep_desktop.ui.details.conversation import too_long
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.field import Field, Select
from iep_desktop.ui.widgets.labels import Label

SHORTEST_REASON = 5


class ReasonDialog(ConfirmDialog):
    """`said` carries the reason, one line."""

    said = Signal(object)

    def __init__(
        self,
        title: str,
        text: str,
        do_it: str,
        theme: Theme,
        *,
        label: str = "&Why",
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, text, do_it, theme, parent=parent)
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.textChanged.connect(self._check)
        self.field = Field(label, self.reason, theme, mandatory=True, hint=hint)
        self.add(self.field)
        self.accepted.connect(lambda: self.said.emit(self._answer()))
        self.reason.setFocus()
        self._check()

    def _check(self) -> None:
        self.allow(len(self.reason.text().strip()) >= SHORTEST_REASON)

    def _answer(self) -> object:
        return self.reason.text().strip()


class PriorityDialog(ReasonDialog):
    """`said` carries a `Hurry`. Raising leaves no choice; lowering asks to what."""

    def __init__(
        self, title: str, text: str, priorities: tuple[Priority, ...], theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(title, text, f"Make it {priorities[0].value}", theme, parent=parent)
        self.priority = Select({priority.value: priority for priority in priorities})
        field = Field("&Priority", self.priority, theme)
        field.setVisible(len(priorities) > 1)
        self.add(field)
        self.priority.currentIndexChanged.connect(self._say_which)

    def _say_which(self) -> None:
        self.do_button.setText(f"Make it {self.priority.currentText()}")

    def _answer(self) -> object:
        return Hurry(Priority(str(self.priority.value())), self.reason.text().strip())


class NodeDialog(ConfirmDialog):
    """Which of the recipient's gateways; `said` carries its name."""

    said = Signal(object)

    def __init__(self, nodes: tuple[Node, ...], text: str, theme: Theme, parent: QWidget) -> None:
        super().__init__("Send to another node", text, "Send there", theme, parent=parent)
        self.node = Select({node.name: node.name for node in nodes})
        self.add(Field("&Node", self.node, theme))
        self.accepted.connect(lambda: self.said.emit(str(self.node.value())))
        self.node.setFocus()


class TextDialog(ConfirmDialog):
    """`said` carries a text of several lines."""

    said = Signal(object)

    def __init__(
        self, title: str, text: str, do_it: str, theme: Theme, *, label: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(title, text, do_it, theme, parent=parent)
        self.editor = text_editor(theme)
        self.field = Field(label, self.editor, theme, mandatory=True)
        self.editor.textChanged.connect(self._check)
        self.add(self.field)
        self.accepted.connect(lambda: self.said.emit(self.editor.toPlainText().strip()))
        self.editor.setFocus()
        self._check()

    def _check(self) -> None:
        length = len(self.editor.toPlainText().strip())
        self.field.set_error(too_long(length))
        self.allow(SHORTEST_REASON <= length <= LONGEST)


class DeclineDialog(ConfirmDialog):
    """R-TX-6: the three reasons of the guideline; `said` carries a `Decline`."""

    said = Signal(object)

    def __init__(self, title: str, text: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(title, text, "Decline", theme, parent=parent)
        self.reasons: dict[DeclineReason, QRadioButton] = {}
        self._group = QButtonGroup(self)
        choices = QWidget()
        choices.setAccessibleName("Reason")
        column = QVBoxLayout(choices)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Label("Reason (§2.5)", "text2"))
        for reason in DeclineReason:
            button = QRadioButton(f"&{reason.value[:1].upper()}{reason.value[1:]}")
            button.toggled.connect(self._check)
            self._group.addButton(button)
            self.reasons[reason] = button
            column.addWidget(button)
        self.add(choices)
        self.editor = text_editor(theme)
        self.editor.textChanged.connect(self._check)
        self.field = Field("&Text, the other hospital reads it", self.editor, theme)
        self.add(self.field)
        self.accepted.connect(lambda: self.said.emit(parse_decline(self._reason(), self._text())))
        self.reasons[DeclineReason.NO_STUDY].setFocus(Qt.FocusReason.OtherFocusReason)
        self._check()

    def _reason(self) -> str:
        return next((reason.value for reason, button in self.reasons.items() if button.isChecked()), "")

    def _text(self) -> str:
        return self.editor.toPlainText().strip()

    def _check(self) -> None:
        try:
            parse_decline(self._reason(), self._text())
        except InvalidInput as error:
            chosen = bool(self._reason())
            self.field.set_error((error.message or error.title) if chosen else "")
            self.allow(False)
            return
        self.field.set_error("")
        self.allow(True)


def text_editor(theme: Theme) -> QPlainTextEdit:
    """Some lines of plain text; Tab leaves it."""
    editor = QPlainTextEdit()
    editor.setTabChangesFocus(True)
    editor.setFixedHeight(theme.sizes.of(88))
    return editor
