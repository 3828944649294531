"""What opens at the right of the panes: the tags of what is shown, and the warning signs. One at a time, or none."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from PySide6.QtWidgets import QStackedWidget, QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.signs_list import SignsList
from iep_desktop.ui.viewer.tag_list import TagList
from iep_desktop.workers.queries import Queries

WIDTH = 360


class Panels(QStackedWidget):
    """Hidden while nothing is open; `signs` exists from the start, because it hears of signs as they are found."""

    def __init__(self, queries: Queries, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queries, self._theme = queries, theme
        self._file: Path | None = None
        self.signs = SignsList(theme)
        self.addWidget(self.signs)
        self.setProperty("role", "panel-left")
        self.setMinimumWidth(theme.sizes.of(240))
        self.hide()

    @cached_property
    def tags(self) -> TagList:
        tags = TagList(self._queries, self._theme)
        self.addWidget(tags)
        return tags

    @property
    def shows_tags(self) -> bool:
        return not self.isHidden() and self.currentWidget() is not self.signs

    def toggle_tags(self) -> None:
        self._toggle(self.tags)
        self._list_tags()

    def toggle_signs(self) -> None:
        self._toggle(self.signs)

    def set_file(self, file: Path | None) -> None:
        """The file of what is shown; its tags are read when they are looked at."""
        if file != self._file:
            self._file = file
            self._list_tags()

    def _list_tags(self) -> None:
        if not self.shows_tags:
            return
        if self._file is None:
            self.tags.clear()
        else:
            self.tags.set_file(self._file)

    def _toggle(self, panel: QWidget) -> None:
        shown = self.isHidden() or self.currentWidget() is not panel
        self.setCurrentWidget(panel)
        self.setVisible(shown)
        if shown:
            panel.setFocus()
