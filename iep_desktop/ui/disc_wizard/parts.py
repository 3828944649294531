"""Small parts that several pages of the wizard are put together from; everything general is in `ui/widgets`."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Field
from iep_desktop.ui.widgets.labels import Label, set_property

TOP = Qt.AlignmentFlag.AlignTop
_ANY = 16_777_215  # QWIDGETSIZE_MAX
_ROOM_FOR_TWO = 840


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


class Beside(QWidget):
    """`main` with `side` at its right; where the window is narrow or the text large, `side` stands below it."""

    def __init__(self, main: QWidget, side: QWidget, side_width: int, theme: Theme) -> None:
        super().__init__()
        self._theme, self._main, self._side, self._side_width = theme, main, side, side_width
        self._line = QFrame()
        self._line.setProperty("role", "hairline")
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.addWidget(main, 1)
        self._box.addWidget(self._line)
        self._box.addWidget(side)
        self._arrange(below=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(below=self.width() < self._theme.sizes.of(_ROOM_FOR_TWO))

    def minimumSizeHint(self) -> QSize:
        """As if it stood below: else a window that was wide once could not become narrow."""
        return self._main.minimumSizeHint()

    def _arrange(self, *, below: bool) -> None:
        if below:
            self._box.setDirection(QBoxLayout.Direction.TopToBottom)
            height = max(3 * self.height() // 10, 1)
            self._side.setMinimumSize(0, height)
            self._side.setMaximumSize(_ANY, height)
            self._line.setMinimumSize(0, 1)
            self._line.setMaximumSize(_ANY, 1)
        else:
            self._box.setDirection(QBoxLayout.Direction.LeftToRight)
            width = self._theme.sizes.of(self._side_width)
            self._side.setMinimumSize(width, 0)
            self._side.setMaximumSize(width, _ANY)
            self._line.setMinimumSize(1, 0)
            self._line.setMaximumSize(1, _ANY)


class FormField(Field):
    """A field whose mistake stands below it in full: a form must say what is wrong without a tool tip."""

    def __init__(self, label: str, editor: QWidget, theme: Theme, *, mandatory: bool = False) -> None:
        self._below: Label | None = None
        super().__init__(label, editor, theme, mandatory=mandatory)
        self._side.setMinimumWidth(1)  # what is wrong stands below: the label has the line
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


def level(widget: QWidget, theme: Theme) -> QWidget:
    """For what stands beside a field: at its height, whatever is said above or below the field."""
    line, box = QWidget(), QWidget()
    line.setFixedHeight(theme.sizes.field)
    line.setLayout(row(widget))  # a link is lower than a field
    layout = column(Label("\N{NO-BREAK SPACE}"), line, spacing=4)  # as high as the field's label
    layout.addStretch()
    box.setLayout(layout)
    return box


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


class UprightScroll(QScrollArea):
    """Scrolls upright only; what is in it is as wide as the view and as high as its wrapped texts need.

    QScrollArea itself takes the minimum size of wrapped texts for their height, and scrolls what would fit.
    """

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        inner.setProperty("ground", "none")
        self.setWidget(inner)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        inner, view = self.widget(), self.viewport().size()
        layout = inner.layout() if inner is not None else None
        if inner is None or layout is None:
            return
        needed = (
            layout.heightForWidth(view.width()) if layout.hasHeightForWidth() else layout.sizeHint().height()
        )
        inner.resize(view.width(), max(needed, view.height()))


def scrolling(inner: QWidget) -> QScrollArea:
    return UprightScroll(inner)
