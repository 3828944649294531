"""A place for one series: an image pane, or in its stead a document that is no image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from iep_desktop.core.documents import document_kind
from iep_desktop.core.errors import IepError
from iep_desktop.core.pictures import Missing, Slot
from iep_desktop.core.viewing import ImageSource, ViewImage
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries
from iep_desktop.workers.stacks import Stack

SMALLEST = 96


class Cell(QStackedWidget):
    """`file_shown` carries the path of a document that stands here now."""

    file_shown = Signal(object)

    def __init__(
        self,
        seat: int,
        feed: FrameFeed,
        source: ImageSource,
        queries: Queries,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._source, self._queries, self._theme = source, queries, theme
        self.setMinimumSize(SMALLEST, SMALLEST)  # whatever stands here: cells share the room evenly
        self._running: Running | None = None
        self._refused: Missing | None = None
        self.pane = Pane(seat, feed, theme)
        self.document: QWidget | None = None
        self.names: Mapping[str, str] = {}  # of series and images that a document may refer to
        self.stack: Stack | None = None
        self.addWidget(self.pane)
        self.setFocusProxy(self.pane)
        self.pane.shown.connect(self._pane_shown)

    def open(self, stack: Stack, image: ViewImage | None = None) -> None:
        """Show a series from its beginning, or at one of its images."""
        self._drop_document()
        self.stack = stack
        first = image or next(iter(stack.series.images), None)
        if first is not None and document_kind(first.sop_class_uid):
            self.pane.clear()
            self._fetch_document(stack, first)
        else:
            self.pane.open(stack, Slot(image) if image else None)

    @property
    def is_document(self) -> bool:
        return self.document is not None

    # --- documents --------------------------------------------------------------------------------------------

    def _fetch_document(self, stack: Stack, image: ViewImage) -> None:
        self._show(EmptyState("file-text", "Fetching the document…", "", self._theme))
        self._running = self._queries.ask(
            lambda ctx: self._source.file(stack.study, stack.series, image, ctx),
            self.show_document,
            self._failed,
            owner=self,
        )

    def show_document(self, file: Path) -> None:
        from iep_desktop.ui.viewer.documents import document_widget

        self._running = None
        view = document_widget(file, self._queries, self._theme, names=self.names)
        if view is not None:
            view.image_found.connect(self._drop_document)
            self._show(view)
            self.file_shown.emit(file)

    def _failed(self, error: IepError) -> None:
        self._running = None
        self._show(EmptyState("circle-alert", error.title, why_and_what_next(error), self._theme))

    def _pane_shown(self) -> None:
        """A file of unknown kind that holds no image may hold something else."""
        missing = self.pane.missing
        if missing is None or missing == self._refused:
            return
        if missing.file is not None and not missing.slot.image.sop_class_uid:
            self._refused = missing
            self.show_document(missing.file)

    def _show(self, widget: QWidget) -> None:
        self._drop_document(running=False)
        self.document = widget
        self.addWidget(widget)
        self.setCurrentWidget(widget)
        self.setFocusProxy(widget)

    def _drop_document(self, *, running: bool = True) -> None:
        if running and self._running:
            self._running.cancel()
            self._running = None
        if self.document is not None:
            self.removeWidget(self.document)
            self.document.deleteLater()
            self.document = None
        self.setCurrentWidget(self.pane)
        self.setFocusProxy(self.pane)
