"""Small parts that several pages of the wizard are put together from; everything general is in `ui/widgets`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Field
from iep_desktop.ui.widgets.labels import Label, set_property

TOP = Qt.AlignmentFlag.AlignTop


class ThemedIcon(QLabel):
    """A picture that follows the theme; the text beside it, or its accessible name, tells its meaning."""

    def __init__(self, name: str, token: str, theme: Theme, size: int = 16) -> None:
        super().__init__()
        self._theme, self._name, self._token, self._size = theme, name, token, size
        theme.changed.connect(self._draw)
        self._draw()

    def set(self, name: str, token: str) -> None:
        if (name, token) != (self._name, self._token):
            self._name, self._token = name, token
            self._draw()

    def _draw(self) -> None:
        size = self._theme.sizes.of(self._size)
        self.setFixedWidth(size)
        if not self._name:
            self.clear()
            return
        self.setPixmap(self._theme.pixmap(self._name, self._token, size, self.devicePixelRatioF()))


class FormField(Field):
    """A field whose mistake stands below it in full: a form must say what is wrong without a tool tip."""

    def __init__(self, label: str, editor: QWidget, theme: Theme, *, mandatory: bool = False) -> None:
        self._below: Label | None = None
        super().__init__(label, editor, theme, mandatory=mandatory)
        self._below = Label("", "danger", wrap=True)
        self._below.hide()
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.addWidget(self._below)
            layout.addStretch()

    @property
    def error(self) -> str:
        return self._below.text() if self._below else ""

    def set_error(self, text: str) -> None:
        if self._below is None or text == self._below.text():
            return
        self._below.setText(text)
        self._below.setVisible(bool(text))
        set_property(self.editor, "error", bool(text))
        self.editor.setAccessibleDescription(text)


def row(*widgets: QWidget, spacing: int = 8) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def column(
    *widgets: QWidget, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QVBoxLayout:
    layout = QVBoxLayout()
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def scrolling(inner: QWidget) -> QScrollArea:
    """`inner` in an area that scrolls upright only and takes no focus of its own."""
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inner.setProperty("ground", "none")
    return area
