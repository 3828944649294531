"""The rail at the left of a viewer: thumbnails by study and series, ticks, images on demand; all by keyboard too.

Owns what is in sight, and asks for pictures of that alone. Must not know where images come from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.viewing import Sign, ViewSet
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.pictures import Picture, Pictures
from iep_desktop.ui.viewer.rail_model import Kind, Pick, RailModel, Role
from iep_desktop.ui.viewer.rail_tree import RailTree
from iep_desktop.ui.widgets.empty import EmptyState

WIDTH = 240
_SETTLE_MS = 30  # while a person scrolls on, nothing is asked for


class Rail(QWidget):
    """`opened(ViewStudy, ViewSeries)` on Enter or a click; for one image of it `image_opened` follows at once,
    with the ViewImage as third. `ticked_changed` when `ticked()` is another set than before."""

    opened = Signal(object, object)
    image_opened = Signal(object, object, object)
    ticked_changed = Signal()

    def __init__(
        self, theme: Theme, pictures: Pictures[Pick] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._pictures = pictures
        self.model = RailModel(self)
        self.tree = RailTree(self.model, self._picture_of, theme)
        self._empty = EmptyState("image", "No images yet", "They appear here as they come.", theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self._empty)
        self._stack.setCurrentWidget(self._empty)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.setFocusProxy(self.tree)
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self._want)
        self.model.ticked_changed.connect(self.ticked_changed)
        self.tree.moved.connect(self._timer.start)
        self.tree.asked.connect(self._open)
        if self._pictures is not None:
            self._pictures.arrived.connect(self._arrived)

    # --- what it shows --------------------------------------------------------------------------------------

    def set_view(self, view: ViewSet) -> None:
        """Another set, or the same one grown: ticks, open series and the current row stay where they can."""
        unfolded, current = self.tree.unfolded(), self._current_series()
        self.model.set_view(view)
        self.tree.unfold(unfolded)
        self._stack.setCurrentWidget(self.tree if view.studies else self._empty)
        if current:
            self.select(current)
        self._want()

    def set_tickable(self, tickable: bool) -> None:
        """Whether images can be chosen here; without, there is nothing to tick."""
        self.model.set_tickable(tickable)

    def set_signs(self, signs: Sequence[Sign]) -> None:
        """Warnings at the series and images that they speak of."""
        self.model.set_signs(signs)

    def set_places(self, places: Mapping[str, str]) -> None:
        """By Series Instance UID, where it is shown now: "left pane"."""
        self.model.set_places(places)

    def select(self, series_uid: str) -> None:
        """Make a series the current row, without opening it."""
        index = self.model.index_of_series(series_uid)
        if index.isValid():
            self.tree.setCurrentIndex(index)

    def ticked(self) -> frozenset[str]:
        """SOP Instance UIDs of the ticked images."""
        return self.model.ticked()

    def set_ticked(self, sop_instance_uids: Collection[str]) -> None:
        self.model.set_ticked(sop_instance_uids)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.sizes.of(WIDTH), self._theme.sizes.of(400))

    # --- pictures -------------------------------------------------------------------------------------------

    def _picture_of(self, pick: Pick) -> Picture | None:
        return self._pictures.of(pick) if self._pictures is not None else Picture(QImage())

    def _want(self) -> None:
        if self._pictures is not None:
            self._pictures.want(list(self.tree.in_sight()) if self.isVisible() else [])

    def _arrived(self, pick: Pick) -> None:
        picture = self._pictures.of(pick) if self._pictures is not None else None
        self.model.set_reason(pick.image.sop_instance_uid, picture.reason if picture else "")
        self.tree.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    # --- opening --------------------------------------------------------------------------------------------

    def _open(self, index: QModelIndex) -> None:
        pick = self.model.pick(index)
        if pick is None:
            return
        self.opened.emit(pick.study, pick.series)
        if index.data(Role.KIND) == Kind.IMAGE:
            self.image_opened.emit(pick.study, pick.series, pick.image)

    def _current_series(self) -> str:
        pick = self.model.pick(self.tree.currentIndex()) if self.tree.currentIndex().isValid() else None
        return pick.series.series_uid if pick else ""
