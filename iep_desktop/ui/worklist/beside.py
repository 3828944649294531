"""A list with the details beside it: at the right where there is room, below where not, folded away on request."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from iep_desktop.ui.details.panel import DetailsPanel
from iep_desktop.ui.theme import Theme

SIDE_BY_SIDE = 1180  # from this width at 100 %
DETAILS_WIDTH = 296
BOTH_BELOW = 280  # from this height list and details stand one above the other
LIST_ABOVE = 168  # head and four rows, where the details matter more than the list


class Beside(QSplitter):
    """`always_below` is for lists whose details need the width (Failed)."""

    folded_changed = Signal(bool)

    def __init__(
        self,
        main: QWidget,
        details: DetailsPanel,
        theme: Theme,
        *,
        always_below: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._details, self._theme, self._always_below = details, theme, always_below
        self.addWidget(main)
        self.addWidget(details)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self._main = main
        self._folded = self._short = False
        self._turn(Qt.Orientation.Vertical if always_below else Qt.Orientation.Horizontal)

    @property
    def is_folded(self) -> bool:
        return self._folded

    def fold(self, on: bool) -> None:
        if on != self._folded:
            self._folded = on
            self._show_parts()
            self.folded_changed.emit(on)

    def _show_parts(self) -> None:
        """Where there is no height for both, one takes the place of the other."""
        self._details.setVisible(not self._folded)
        self._main.setVisible(self._folded or not self._short)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < self._theme.sizes.of(SIDE_BY_SIDE)
        below = narrow or self._always_below
        wanted = Qt.Orientation.Vertical if below else Qt.Orientation.Horizontal
        if wanted is not self.orientation():
            self._turn(wanted)
        self._mind_height(short=below and self.height() < self._theme.sizes.of(BOTH_BELOW))

    def _mind_height(self, *, short: bool) -> None:
        if short == self._short:
            return
        self._short = short
        if short and not self._folded:
            self.fold(True)
        self._show_parts()

    def _turn(self, orientation: Qt.Orientation) -> None:
        self.setOrientation(orientation)
        across = orientation is Qt.Orientation.Horizontal
        self._details.setMinimumWidth(self._theme.sizes.of(256) if across else 0)
        self._details.setMinimumHeight(0 if across else self._theme.sizes.of(96))
        width = self._theme.sizes.of(DETAILS_WIDTH)
        if across:
            self.setSizes([max(self.width() - width, width), width])
        else:
            height, four_rows = max(self.height(), 2), self._theme.sizes.of(LIST_ABOVE)
            part = height * 2 // 5
            rows = min(four_rows, part) if self._always_below else max(four_rows, part)
            self.setSizes([rows, max(height - rows, 1)])

    def to_bytes(self) -> bytes:
        folded = b"1" if self.is_folded else b"0"
        across = b"h" if self.orientation() is Qt.Orientation.Horizontal else b"v"
        return folded + across + bytes(self.saveState().data())

    def restore(self, data: bytes | None) -> None:
        if not data or len(data) < 3:
            return
        self.fold(data[:1] == b"1")
        across = b"h" if self.orientation() is Qt.Orientation.Horizontal else b"v"
        if data[1:2] == across:
            self.restoreState(QByteArray(data[2:]))
            self.setHandleWidth(1)
