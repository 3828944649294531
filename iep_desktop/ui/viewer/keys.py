"""The viewer's keys, in one table: what they are called, what they do in words, and the page that shows them (F1)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import Label, Title


@dataclass(frozen=True)
class Command:
    """`id` is how the window knows it; the first key is shown beside buttons."""

    id: str
    text: str
    keys: tuple[str, ...]


COMMANDS = (
    Command("scroll", "Scroll with the left button", ("S",)),
    Command("window", "Window with the left button", ("W",)),
    Command("zoom", "Zoom with the left button", ("Z",)),
    Command("pan", "Pan with the left button", ("P",)),
    Command("measure", "Measure with the left button", ("M",)),
    Command("unmeasure", "Remove the last measured line", ("Del",)),
    Command("invert", "Invert", ("I",)),
    Command("rotate", "Rotate to the right", ("R",)),
    Command("rotate_left", "Rotate to the left", ("Shift+R",)),
    Command("flip", "Flip left and right", ("H",)),
    Command("flip_down", "Flip top and bottom", ("V",)),
    Command("fit", "Fit", ("F", "Ctrl+0")),
    Command("one_to_one", "1:1, a pixel of the image to one of the screen", ("O",)),
    Command("reset", "As it was when opened", ("Backspace",)),
    Command("cine", "Play and stop", ("C",)),
    Command("slower", "Play slower", ("[",)),
    Command("faster", "Play faster", ("]",)),
    Command("one", "One pane", ("F2",)),
    Command("two", "Two panes", ("F3",)),
    Command("four", "Four panes", ("F4",)),
    Command("next_pane", "To the next pane", ("F6",)),
    Command("next_series", "The next series", ("N",)),
    Command("previous_series", "The series before", ("B",)),
    Command("link", "Scroll panes together, by position", ("L",)),
    Command("scouts", "Scout lines", ("X",)),
    Command("tags", "Tags of the image", ("T",)),
    Command("documents", "The next report or document", ("D",)),
    Command("signs", "Warning signs, in a review", ("G",)),
    Command("again", "Try again what could not be shown", ("F5",)),
    Command("keys", "These keys", ("F1",)),
    Command("close", "Close", ("Ctrl+W",)),
)
BY_ID = {command.id: command for command in COMMANDS}
IN_PANES = (
    ("Wheel, ↑, ↓", "One image on or back"),
    ("Page Up, Page Down", "Ten images"),
    ("Home, End", "The first, the last image"),
    ("Right button, Ctrl+arrows", "Window: wider to the right, brighter upwards"),
    ("Middle button, Shift+arrows", "Pan"),
    ("Ctrl+wheel, +, −", "Zoom"),
    ("1 … 6", "As the file says, automatic, CT: brain, abdomen, lung, bone"),
    ("Double click", "One pane, and back"),
    ("Measuring: Enter, arrows, Space", "Draw a line, move its end, take the other end"),
)


def tip(id: str, name: str = "") -> str:
    """`Invert (I)`, for tool tips."""
    command = BY_ID[id]
    return f"{name or command.text} ({command.keys[0]})"


class KeysDialog(QDialog):
    """All keys in two columns; not modal."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of the viewer")
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        lines = [*IN_PANES, *((", ".join(command.keys), command.text) for command in COMMANDS)]
        rows = -(-len(lines) // 2)
        for at, (keys, text) in enumerate(lines):
            row, column = at % rows, 2 * (at // rows)
            grid.addWidget(Label(keys, weight=600), row, column)
            grid.addWidget(Label(text), row, column + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        close = Button("&Close", theme, Kind.PRIMARY)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Title("Keys of the viewer"))
        layout.addLayout(grid)
        layout.addLayout(buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
