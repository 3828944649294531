"""The head of the main window: mark, menus, search, who is signed in. Emits; the window connects."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from iep_desktop.ui.theme import SMALL_PX, Theme, ThemeChoice
from iep_desktop.ui.widgets.buttons import Button, Kind, MenuButton
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.ui.widgets.search import SearchBox

NARROW = 860
_CHOICES = {
    ThemeChoice.SYSTEM: "As the &system",
    ThemeChoice.LIGHT: "&Light",
    ThemeChoice.DARK: "&Dark",
}


class Mark(QWidget):
    """Two arrows on the accent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        size = theme.sizes.of(24)
        self.setFixedSize(size, size)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent_fill"))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        size = self._theme.sizes.icon
        at = (self.width() - size) // 2
        icon = self._theme.pixmap("arrow-left-right", "on_fill", size, self.devicePixelRatioF())
        painter.drawPixmap(at, at, icon)


class Avatar(QWidget):
    """Initials in a circle; the name stands beside it."""

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        words = [word for word in name.replace(".", " ").replace("_", " ").split() if word]
        self._initials = "".join(word[0] for word in words[:2]).upper()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.sizes.of(24), self._theme.sizes.of(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent_soft"))
        painter.drawEllipse(QRectF(self.rect()))
        painter.setPen(self._theme.color("accent"))
        painter.setFont(self._theme.font(600, px=SMALL_PX))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._initials)


class Header(QWidget):
    """Menus are Home, Create, Admin ▾, Help ▾ and the user's own (R-UI)."""

    home_wanted = Signal()
    create_wanted = Signal()
    nodes_wanted = Signal()
    hospitals_wanted = Signal()
    review_wanted = Signal()
    help_wanted = Signal(str)  # keyboard, contacts, about
    close_wanted = Signal()
    theme_chosen = Signal(object)  # ThemeChoice
    alarm_pressed = Signal()

    def __init__(self, user: str, place: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "bar-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.sizes.header)
        self.search = SearchBox("Search number, patient ID or name", theme, "Ctrl+F")
        self.search.setToolTip("Three letters or digits are found anywhere, one or two where a word begins")
        self.search.setMinimumWidth(theme.sizes.of(112))
        self.search.setMaximumWidth(theme.sizes.of(376))
        self.search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.admin_menu = self._menu(
            ("&Nodes…", self.nodes_wanted),
            ("&Hospitals…", self.hospitals_wanted),
            ("&Review before sending…", self.review_wanted),
        )
        self.help_menu = QMenu()
        for text, topic in (("&Keyboard…", "keyboard"), ("&Service desk…", "contacts"), ("&About…", "about")):
            action = self.help_menu.addAction(text)
            action.triggered.connect(lambda _=False, topic=topic: self.help_wanted.emit(topic))
        self.user_menu = self._user_menu(place)
        self.alarm = Button("", theme, icon="siren")
        self.alarm.set_icon("siren", "danger")
        self.alarm.setAccessibleDescription("Shows the Blue Light that is due first")
        self.alarm.clicked.connect(self.alarm_pressed)
        self.alarm.hide()
        self._alarm_words = ""
        self._lay_out(user)

    def _lay_out(self, user: str) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(Mark(self._theme))
        self.product = Label("Image Exchange", weight=600)
        row.addWidget(self.product)
        row.addSpacing(12)
        for text, signal in (("&Home", self.home_wanted), ("C&reate", self.create_wanted)):
            button = Button(text, self._theme, Kind.MENU)
            button.clicked.connect(signal)
            row.addWidget(button)
            row.addSpacing(4)
        row.addWidget(MenuButton("&Admin", self._theme, self.admin_menu))
        row.addSpacing(4)
        row.addWidget(MenuButton("Hel&p", self._theme, self.help_menu))
        row.addSpacing(8)
        row.addWidget(self.alarm)
        row.addStretch(1)
        row.addWidget(self.search, 3)
        row.addSpacing(8)
        row.addWidget(Avatar(user, self._theme))
        self._user = user
        self.user_button = MenuButton(user, self._theme, self.user_menu)
        self.user_button.setAccessibleName(f"Signed in as {user}")
        row.addWidget(self.user_button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow the names give way, not the menus."""
        super().resizeEvent(event)
        roomy = self.width() >= self._theme.sizes.of(NARROW)
        self.product.setVisible(roomy)
        self.user_button.setText(self._user if roomy else "")
        self.user_button.setToolTip("" if roomy else self._user)
        self._fit_alarm()

    def show_alarm(self, words: str) -> None:
        """A Blue Light that misses its target, or will (R-TIME-2); empty takes it away."""
        self._alarm_words = words
        self.alarm.setToolTip(words)
        self.alarm.setAccessibleName(words)
        self.alarm.setVisible(bool(words))
        self._fit_alarm()

    def _fit_alarm(self) -> None:
        """The whole sentence where there is room, else the number beside the siren."""
        roomy = self.width() >= self._theme.sizes.of(NARROW)
        self.alarm.setText(self._alarm_words if roomy else self._alarm_words.partition(" ")[0])

    def _menu(self, *entries: tuple[str, SignalInstance]) -> QMenu:
        menu = QMenu()
        for text, signal in entries:
            menu.addAction(text).triggered.connect(lambda _=False, signal=signal: signal.emit())
        return menu

    def _user_menu(self, place: str) -> QMenu:
        menu = QMenu()
        where = menu.addAction(place)
        where.setEnabled(False)
        menu.addSeparator()
        group = QActionGroup(menu)
        self.theme_actions: dict[ThemeChoice, QAction] = {}
        for choice, text in _CHOICES.items():
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(choice is self._theme.choice)
            action.triggered.connect(lambda _=False, choice=choice: self.theme_chosen.emit(choice))
            group.addAction(action)
            self.theme_actions[choice] = action
        menu.addSeparator()
        menu.addAction("&Close Image Exchange").triggered.connect(lambda _=False: self.close_wanted.emit())
        return menu
