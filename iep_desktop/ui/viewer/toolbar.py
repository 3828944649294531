"""The viewer's tool bar: tools, windows, what is done with an image, panes, panels. Emits commands, does nothing."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from iep_desktop.core.pictures import FrameFacts, Look
from iep_desktop.ui.icons import GAP
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.keys import tip
from iep_desktop.ui.viewer.tools import Preset, Tool, level_text, presets
from iep_desktop.ui.widgets.buttons import Button, IconButton, Kind
from iep_desktop.ui.widgets.field import Select
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.labels import Hairline

_TOOLS = (
    (Tool.SCROLL, "scroll", "mouse-pointer-2"),
    (Tool.WINDOW, "window", "contrast"),
    (Tool.ZOOM, "zoom", "zoom-in"),
    (Tool.PAN, "pan", "move"),
    (Tool.MEASURE, "measure", "ruler"),
)
_ACTS = (
    ("invert", "ban", "Invert"),
    ("rotate", "rotate-cw", "Rotate"),
    ("flip", "flip-vertical-2", "Flip"),
    ("cine", "play", "Play"),
)
_PANES = (("one", "square"), ("two", "columns-2"), ("four", "grid-2x2"))
_TOGGLES = (("link", "link-2", "Scroll together"), ("scouts", "crosshair", "Scout lines"))
_LESSER = frozenset({"measure", "fit", "one_to_one"})
_OWN = "Own window"
Known = TypeVar("Known", bound=QAbstractButton)


class Toolbar(QWidget):
    """`commanded` carries the id of a command, `looked` a Look that was chosen from the list."""

    commanded = Signal(str)
    looked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[Preset, ...] = ()
        self.buttons: dict[str, QAbstractButton] = {}
        self._words: dict[str, tuple[str, str]] = {}  # of buttons that have some, and their icons
        self._mute: frozenset[str] = frozenset()  # of those, which show their icons alone
        self.setProperty("role", "bar-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Tools")
        self.window_choice = Select()
        self.window_choice.setAccessibleName("Window")
        self.window_choice.setMinimumWidth(theme.sizes.of(176))
        self.window_choice.activated.connect(self._chosen)
        self._flow = FlowLayout(self, spacing=4, line=theme.sizes.field)
        self._flow.setContentsMargins(12, 7, 12, 7)
        self._fill()
        self.show_looks(None, Look())

    def add_panel(self, command: str, icon: str, words: str) -> None:
        """A panel's button, at the end."""
        self._flow.addWidget(self._button(command, icon, words))
        self._show_words(command)
        self._fit()

    def set_words(self, command: str, words: str) -> None:
        """What a button with words says."""
        self._words[command] = (words, self._words[command][1])
        self.buttons[command].setAccessibleName(words)
        self._show_words(command)
        self._fit()

    # --- what it shows ----------------------------------------------------------------------------------------

    def set_tool(self, tool: Tool) -> None:
        command = next(command for known, command, _ in _TOOLS if known is tool)
        self.buttons[command].setChecked(True)

    def set_panes(self, count: int) -> None:
        self.buttons[{1: "one", 2: "two", 4: "four"}[count]].setChecked(True)

    def set_toggle(self, command: str, *, on: bool) -> None:
        self.buttons[command].setChecked(on)

    def set_playing(self, *, playing: bool) -> None:
        self._theme.set_icon(self.buttons["cine"], "pause" if playing else "play")
        self.buttons["cine"].setAccessibleName("Stop" if playing else "Play")

    def show_looks(self, facts: FrameFacts | None, look: Look) -> None:
        """The windows that there are for what is shown, and the one in use."""
        offered = presets(facts)
        if offered != self._shown or not self.window_choice.count():
            self._shown = offered
            self.window_choice.clear()
            for preset in offered:
                self.window_choice.addItem(preset.text)
        self.window_choice.setEnabled(facts is not None and facts.grey)
        self._select(look)

    def _select(self, look: Look) -> None:
        at = next((at for at, preset in enumerate(self._shown) if _same(preset.look, look)), -1)
        own = self.window_choice.count() > len(self._shown)
        if at < 0 and look.level is not None:
            words = f"{_OWN}, {level_text(look.level)}"
            if own:
                self.window_choice.setItemText(len(self._shown), words)
            else:
                self.window_choice.addItem(words)
            at = len(self._shown)
        elif own:
            self.window_choice.removeItem(len(self._shown))
        self.window_choice.setCurrentIndex(max(at, 0))

    def _chosen(self, at: int) -> None:
        if at < len(self._shown):
            self.looked.emit(self._shown[at].look)

    # --- building ---------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        self._group([(command, icon, tool.value) for tool, command, icon in _TOOLS], words=True)
        self._flow.addWidget(self._line())
        self._flow.addWidget(self.window_choice)
        for command, icon, name in _ACTS:
            self._flow.addWidget(self._icon(command, icon, name))
        self._flow.addWidget(self._line())
        for command, icon, words in (("fit", "maximize", "Fit"), ("one_to_one", "expand", "1:1")):
            self._flow.addWidget(self._button(command, icon, words))
        self._flow.addWidget(self._line())
        self._group([(command, icon, "") for command, icon in _PANES], words=False)
        for command, icon, name in _TOGGLES:
            button = self._icon(command, icon, name)
            button.setCheckable(True)
            self._flow.addWidget(button)
        self._flow.addWidget(self._line())

    def _group(self, choices: list[tuple[str, str, str]], *, words: bool) -> None:
        group = QButtonGroup(self)
        for command, icon, name in choices:
            button = self._button(command, icon, name) if words else self._icon(command, icon, name)
            button.setCheckable(True)
            group.addButton(button)
            self._flow.addWidget(button)

    def _button(self, command: str, icon: str, words: str) -> Button:
        button = Button(words, self._theme, Kind.FLAT, icon, tip=tip(command))
        button.setProperty("tight", "true")
        button.setAccessibleName(words)
        self._words[command] = (words, icon)
        return self._connected(command, button)

    def _icon(self, command: str, icon: str, name: str) -> IconButton:
        button = IconButton(icon, name or tip(command), self._theme)
        button.setToolTip(tip(command))
        button.setFixedSize(QSize(self._theme.sizes.field, self._theme.sizes.field))
        return self._connected(command, button)

    def _connected(self, command: str, button: Known) -> Known:
        button.clicked.connect(lambda: self.commanded.emit(command))
        self.buttons[command] = button
        return button

    def _line(self) -> QWidget:
        line = Hairline(Qt.Orientation.Vertical)
        line.setFixedHeight(self._theme.sizes.of(20))
        return line

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Words go, the lesser ones first, where they would need a second line; icons and their tool tips stay."""
        bare = self._bare_width()
        wanted = next(
            (mute for mute in (frozenset[str](), _LESSER) if bare + self._spoken(mute) <= self.width()), None
        )
        mute = frozenset(self._words) if wanted is None else wanted
        if mute != self._mute:
            self._mute = mute
            for command in self._words:
                self._show_words(command)
        self._flow.invalidate()
        self.setFixedHeight(self._flow.heightForWidth(self.width()))

    def _bare_width(self) -> int:
        """Without any words."""
        margins = self._flow.contentsMargins()
        items = [item for at in range(self._flow.count()) if (item := self._flow.itemAt(at)) is not None]
        widths = sum(item.sizeHint().width() + self._flow.spacing() for item in items)
        return widths - self._spoken(self._mute) + margins.left() + margins.right()

    def _spoken(self, mute: frozenset[str]) -> int:
        """The width of all words but those."""
        spoken = (words for command, (words, _) in self._words.items() if command not in mute)
        return sum(self.fontMetrics().horizontalAdvance(words) + 2 * GAP for words in spoken)

    def _show_words(self, command: str) -> None:
        button, (words, icon) = self.buttons[command], self._words[command]
        button.setText("" if command in self._mute else words)
        self._theme.set_icon(button, icon)


def _same(one: Look, other: Look) -> bool:
    return (one.level, one.automatic, one.view) == (other.level, other.automatic, other.view)
