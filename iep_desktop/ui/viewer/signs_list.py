"""The warning signs of a review, the serious ones first; Enter or a click goes to the images that one is about.

Shows what was computed elsewhere; while that goes on it says how far, and that more may come.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.viewing import Sign, SignKind, ViewSet, names_in
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.ui.widgets.labels import Label

SERIOUS = frozenset({SignKind.OTHER_PATIENT, SignKind.MIXED_BIRTH_DATES, SignKind.UNREADABLE})
_QUIET = frozenset({SignKind.SECONDARY_CAPTURE})
NONE_FOUND = "No warning signs"
_CAN_BE_WRONG = "Nothing was found in headers and pixels. Look at the images all the same."


class SignsList(QWidget):
    """`chosen` carries a Sign. `shown` are those on the screen now, for the review's record."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._names: dict[str, str] = {}
        self.shown: tuple[Sign, ...] = ()
        self._looking = False
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setSpacing(4)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setAccessibleName("Warning signs")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.progress = Label("", "text2")
        self.bar = Bar(theme)
        self._empty = EmptyState(
            "list-checks", "Not looked at yet", "Signs appear here as they are found.", theme
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        self._stack.setCurrentWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        for widget in (self.progress, self.bar):
            layout.addWidget(widget)
            widget.hide()
        layout.addWidget(self._stack, 1)
        self.setFocusProxy(self.list)
        self.list.itemActivated.connect(self._activated)
        self.list.itemClicked.connect(self._activated)
        theme.changed.connect(self._fill)

    def set_view(self, view: ViewSet) -> None:
        """What the series are called."""
        self._names = names_in(view)
        self._fill()

    def show_progress(self, done: int, total: int) -> None:
        """While signs are looked for; `done` = `total` ends it."""
        looking = self._looking = done < total
        self.progress.setText(f"Looking for warning signs: {done:,} of {total:,} images")
        self.bar.set(done, max(total, 1))
        self.progress.setVisible(looking)
        self.bar.setVisible(looking)

    def show_signs(self, signs: tuple[Sign, ...]) -> None:
        """Those found so far, or all of them."""
        if signs != self.shown or not self.list.count():
            self.shown = signs
            self._fill()
        self._empty.set(f"{NONE_FOUND} so far" if self._looking else NONE_FOUND, _CAN_BE_WRONG)

    def show_error(self, error: IepError) -> None:
        """Signs could not be looked for: that is said, and not taken for none."""
        self.show_progress(1, 1)
        self._empty.set(error.title, why_and_what_next(error))
        self._stack.setCurrentWidget(self._empty if not self.shown else self.list)

    def _fill(self) -> None:
        self.list.clear()
        for sign in sorted(self.shown, key=lambda sign: (_rank(sign.kind), list(SignKind).index(sign.kind))):
            self.list.addItem(self._item(sign))
        self._stack.setCurrentWidget(self.list if self.shown else self._empty)

    def _item(self, sign: Sign) -> QListWidgetItem:
        where = self._names.get(sign.series_uid, "")
        icon, token, word = _look(sign.kind)
        item = QListWidgetItem(self._theme.icon(icon, token), f"{sign.text}\n{where}" if where else sign.text)
        item.setData(Qt.ItemDataRole.UserRole, sign)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{word}: {sign.text}. {where}".strip())
        item.setForeground(self._theme.color("danger" if sign.kind in SERIOUS else "text"))
        item.setToolTip(f"{word}: {sign.text}")
        return item

    def _activated(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))


def _rank(kind: SignKind) -> int:
    return 0 if kind in SERIOUS else 2 if kind in _QUIET else 1


def _look(kind: SignKind) -> tuple[str, str, str]:
    """Icon, its colour, and the word that says the same."""
    if kind in SERIOUS:
        return "circle-x", "danger", "Serious"
    return ("info", "text2", "To know") if kind in _QUIET else ("triangle-alert", "warn", "Look twice")
