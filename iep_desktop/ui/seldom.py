"""A call that news ask for again and again: done at once, and then at most every so often."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Seldom(QObject):
    """Nothing is lost: what is asked for meanwhile is done once, when the time is over."""

    def __init__(self, call: Callable[[], object], milliseconds: int, parent: QObject) -> None:
        super().__init__(parent)
        self._call = call
        self._asked = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(milliseconds)
        self._timer.timeout.connect(self._over)

    def ask(self) -> None:
        if self._timer.isActive():
            self._asked = True
        else:
            self._timer.start()
            self._call()

    def _over(self) -> None:
        if self._asked:
            self._asked = False
            self.ask()
