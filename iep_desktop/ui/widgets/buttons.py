"""Buttons in the few kinds there are, and the button that opens a menu."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import set_property


class Kind(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"  # one a screen: the next right thing
    BIG = "big"  # the one big button, 48 px
    LINK = "link"
    FLAT = "flat"  # no border; checkable ones are tabs of a choice
    MENU = "menu"  # a word of the header


_ICON_TOKENS = {Kind.PRIMARY: "on_fill", Kind.BIG: "on_fill", Kind.LINK: "accent"}


class Button(QPushButton):
    """`text` may hold a mnemonic (&). Enter presses it as well as Space."""

    def __init__(
        self,
        text: str,
        theme: Theme,
        kind: Kind = Kind.PLAIN,
        icon: str = "",
        *,
        tip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self._kind = kind
        self.setProperty("kind", kind.value)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        if kind in (Kind.LINK, Kind.MENU):
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        if icon:
            self.set_icon(icon)
        if tip:
            self.setToolTip(tip)

    @property
    def kind(self) -> Kind:
        return self._kind

    def set_kind(self, kind: Kind) -> None:
        self._kind = kind
        set_property(self, "kind", kind.value)

    def set_icon(self, name: str, token: str = "") -> None:
        self._theme.set_icon(self, name, token or _ICON_TOKENS.get(self._kind, "text2"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)


class PrimaryButton(Button):
    def __init__(self, text: str, theme: Theme, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, theme, Kind.PRIMARY, icon, parent=parent)


class LinkButton(Button):
    def __init__(self, text: str, theme: Theme, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, theme, Kind.LINK, icon, parent=parent)


class MenuButton(Button):
    """A word or a button with a chevron at its right that opens `menu` below it."""

    def __init__(
        self, text: str, theme: Theme, menu: QMenu, kind: Kind = Kind.MENU, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, theme, kind, "chevron-down", parent=parent)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the chevron stands at the right
        self.menu_shown = menu
        menu.setParent(self, menu.windowFlags())
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.clicked.connect(self.open_menu)

    def open_menu(self) -> None:
        self.menu_shown.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.open_menu()
            return
        super().keyPressEvent(event)


class ChoiceButton(MenuButton):
    """A menu button among fields, and drawn as one: what is chosen at the left, the chevron at the far right."""

    def __init__(self, text: str, theme: Theme, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(text, theme, menu, Kind.PLAIN, parent)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        text, icon = self.text().replace("&", ""), self.icon()
        option.text, option.icon = "", QIcon()  # type: ignore[attr-defined, unused-ignore]
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        inner, side = self.rect().adjusted(_INSET, 0, -_INSET, 0), self.iconSize().width()
        icon.paint(painter, inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        words = inner.adjusted(0, 0, -side - _INSET, 0)
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


_INSET = 12
"""Pixels, as within the other fields."""


class IconButton(QToolButton):
    """An icon alone; `name` is what a screen reader and the tool tip say."""

    def __init__(self, icon: str, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_icon(self, icon)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
