"""What stands where a list has nothing to show: what that means, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.labels import Label


class EmptyState(QWidget):
    """An icon, one line, one line of what to do, and at most one button."""

    def __init__(
        self,
        icon: str,
        title: str,
        next_step: str,
        theme: Theme,
        button: Button | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icon_name = theme, icon
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = QLabel()
        self.title = Label(title, weight=600, wrap=True)
        self.next_step = Label(next_step, "text2", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addStretch(2)
        for widget in (self._icon, self.title, self.next_step):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(widget)
        if button:
            layout.addSpacing(8)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        theme.changed.connect(self._recolor)
        self._recolor()

    def set(self, title: str, next_step: str, icon: str = "") -> None:
        """With `icon` the picture is another one, too."""
        self.title.setText(title)
        self.next_step.setText(next_step)
        if icon and icon != self._icon_name:
            self._icon_name = icon
            self._recolor()

    def _recolor(self) -> None:
        size = 2 * self._theme.sizes.icon
        self._icon.setPixmap(self._theme.pixmap(self._icon_name, "text3", size, self.devicePixelRatioF()))
