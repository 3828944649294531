"""Every error as a person sees it: what happened, why, what to do, and that as a button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from iep_desktop.core.errors import Cancelled, IepError, InvalidInput, Refused
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, IconButton, Kind
from iep_desktop.ui.widgets.labels import Label, Title


class ErrorBanner(QFrame):
    """Above what it concerns. Hidden until `show_error`; the button, where given, is what the hint says."""

    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._act: Callable[[], object] | None = None
        self.setProperty("role", "banner")
        self._icon = QLabel()
        self.title = Label(weight=600, wrap=True)
        self.message = Label(wrap=True, selectable=True)
        self.button = Button("", theme)
        self.button.clicked.connect(self._press)
        self._close = IconButton("x", "Dismiss", theme)
        self._close.clicked.connect(self.clear)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.title)
        words.addWidget(self.message)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self.button)
        layout.addWidget(self._close)
        theme.changed.connect(self._recolor)
        self._recolor()
        self.hide()

    def show_error(self, error: IepError, button: str = "", act: Callable[[], object] | None = None) -> None:
        """`button` names what `act` does about it, for example “Try again”."""
        self.title.setText(error.title)
        self.message.setText(why_and_what_next(error))
        self.message.setVisible(bool(self.message.text()))
        self._act = act
        self.button.setText(button)
        self.button.setVisible(bool(button and act))
        self.setAccessibleName(f"{error.title}. {self.message.text()}")
        self.show()

    def clear(self) -> None:
        self.hide()
        self._act = None
        self.dismissed.emit()

    def _press(self) -> None:
        act = self._act
        self.clear()
        if act:
            act()

    def _recolor(self) -> None:
        self._icon.setPixmap(self._theme.pixmap("circle-x", "danger", dpr=self.devicePixelRatioF()))


class ErrorDialog(QDialog):
    """For an act of the person that did not work, where there is no place for a banner. Not blocking: `open()`."""

    def __init__(
        self,
        error: IepError,
        theme: Theme,
        button: str = "",
        act: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(_window_title(error))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.sizes.of(440))
        icon = QLabel()
        icon.setPixmap(theme.pixmap("circle-x", "danger", theme.sizes.of(24), self.devicePixelRatioF()))
        title = Title(error.title)
        title.setWordWrap(True)
        self.message = Label(error.message, wrap=True, selectable=True)
        self.hint = Label(error.hint, "text2", wrap=True, selectable=True)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(title)
        for label in (self.message, self.hint):
            label.setVisible(bool(label.text()))
            words.addWidget(label)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(24)
        layout.addLayout(top)
        layout.addLayout(self._buttons(theme, button, act))

    def _buttons(self, theme: Theme, button: str, act: Callable[[], object] | None) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = Button("Close", theme, Kind.PLAIN if act else Kind.PRIMARY)
        self.close_button.clicked.connect(self.reject)
        row.addWidget(self.close_button)
        if act:
            self.act_button = Button(button, theme, Kind.PRIMARY)
            self.act_button.clicked.connect(self.accept)
            self.accepted.connect(lambda: act())
            row.addWidget(self.act_button)
        return row


def show_error(
    parent: QWidget, error: IepError, theme: Theme, button: str = "", act: Callable[[], object] | None = None
) -> ErrorDialog | None:
    """Show what went wrong; nothing for what the person cancelled themselves."""
    if isinstance(error, Cancelled):
        return None
    dialog = ErrorDialog(error, theme, button, act, parent)
    dialog.open()
    return dialog


def why_and_what_next(error: IepError) -> str:
    return "\n".join(part for part in (error.message, error.hint) if part)


def _window_title(error: IepError) -> str:
    if isinstance(error, Refused):
        return f"Not allowed ({error.rule})" if error.rule else "Not allowed"
    return "Cannot be used" if isinstance(error, InvalidInput) else "It did not work"
