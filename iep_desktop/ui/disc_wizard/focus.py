"""Where the keyboard is: with what a page's work begins, as soon as that is there, unless the operator was quicker.

Qt by itself passes the focus of a button that gets disabled on to the next widget (Close, of all things), and
remembers fields of pages that are hidden by now.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget


class FocusKeeper(QObject):
    """`first` names the widget that should have the focus now; it is asked again with every `give`."""

    def __init__(self, window: QWidget, first: Callable[[], QWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._first = first
        self._due = False
        window.installEventFilter(self)

    def let_go(self) -> None:
        """Nobody has the focus, so keys come to the window, until `give` finds where it belongs."""
        held = self.holder
        if held is not None:
            held.clearFocus()
        self._due = True

    def give(self) -> None:
        """If it is still to be given, and can be: an answer, and with it a button, may be on its way."""
        if self.holder not in (None, self._window):
            self._due = False
        first = self._first()
        if self._due and first.isEnabled() and (first.isVisible() or not self._window.isVisible()):
            first.setFocus(Qt.FocusReason.OtherFocusReason)
            self._due = False

    @property
    def holder(self) -> QWidget | None:
        """What has the focus, is seen, and can use it."""
        window = self._window
        held = QApplication.focusWidget() if window.isActiveWindow() else window.focusWidget()
        if held is None or not held.isVisible() or held.window() is not window:
            return None
        return held if held.focusPolicy() is not Qt.FocusPolicy.NoFocus else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Back from another window: the focus must be somewhere that is seen."""
        if event.type() == QEvent.Type.ActivationChange and self._window.isActiveWindow():
            QTimer.singleShot(0, self, self._find)
        return super().eventFilter(watched, event)

    def _find(self) -> None:
        if self.holder is None:
            self._due = True
            self.give()
