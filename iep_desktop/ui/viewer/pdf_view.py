"""A PDF page by page, fitted to the width or larger.

Pages come as pictures, made off the loop by a process of its own, which ends with the view.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from iep_desktop.core.documents import Pdf, PdfPage, PdfPages
from iep_desktop.core.errors import IepError
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, IconButton
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.workers import documents
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

ZOOMS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)  # of the width
_REST_MS = 120
_MARGIN = 16


class PdfView(QWidget):
    """Page Up and Page Down turn pages, + and − zoom, 0 fits the width."""

    def __init__(self, pdf: Pdf, queries: Queries, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queries, self._theme = queries, theme
        self._reader: PdfPages | None = None
        self._running: Running | None = None
        self.page, self.pages, self.zoom = 0, 0, 1.0
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._make_parts(pdf)
        self._lay_out()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask)
        held, data = _Held(), pdf.data
        self.destroyed.connect(lambda: held.close())  # a bound method would be held weakly
        queries.ask(lambda _ctx: held.open(data), self._opened, self._failed, owner=self)

    def show_page(self, page: int) -> None:
        """Counted from 0."""
        if self.pages:
            self.page = min(max(page, 0), self.pages - 1)
            self._scroll.verticalScrollBar().setValue(0)
            self._ask()

    def set_zoom(self, zoom: float) -> None:
        self.zoom = zoom
        self._ask()

    def copy_text(self) -> None:
        reader, page = self._reader, self.page
        if reader is not None:
            self._queries.ask(
                lambda _ctx: reader.text(page), QGuiApplication.clipboard().setText, self._failed, owner=self
            )

    @property
    def picture(self) -> QPixmap:
        return self._sheet.pixmap()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rest.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_PageDown:
                self.show_page(self.page + 1)
            case Qt.Key.Key_PageUp:
                self.show_page(self.page - 1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._step_zoom(1)
            case Qt.Key.Key_Minus:
                self._step_zoom(-1)
            case Qt.Key.Key_0:
                self.set_zoom(1.0)
            case _:
                super().keyPressEvent(event)

    # -- inside

    def _make_parts(self, pdf: Pdf) -> None:
        theme = self._theme
        self.title = ElidedLabel(pdf.title, weight=600)
        self.place = Label("Reading…", "text2")
        self.before = IconButton("chevron-left", "Page before (Page Up)", theme)
        self.after = IconButton("chevron-right", "Next page (Page Down)", theme)
        self.smaller = IconButton("minus", "Smaller (−)", theme)
        self.larger = IconButton("plus", "Larger (+)", theme)
        self.scale = Label("100 %", "text2")
        self.copy_button = Button("&Copy text", theme, icon="copy")
        self._sheet = QLabel()
        self._sheet.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._sheet.setContentsMargins(0, _MARGIN, 0, _MARGIN)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._sheet)
        self._scroll.setWidgetResizable(True)
        self._scroll.setAccessibleName(f"Page of {pdf.title}")
        self._trouble = EmptyState("file-text", "", "", theme)
        self._trouble.hide()
        self.before.clicked.connect(lambda: self.show_page(self.page - 1))
        self.after.clicked.connect(lambda: self.show_page(self.page + 1))
        self.smaller.clicked.connect(lambda: self._step_zoom(-1))
        self.larger.clicked.connect(lambda: self._step_zoom(1))
        self.copy_button.clicked.connect(self.copy_text)
        self._tools = (self.before, self.after, self.smaller, self.larger, self.copy_button)
        for tool in self._tools:
            tool.setEnabled(False)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(self.title, 1)
        for widget in (self.before, self.place, self.after, self.smaller, self.scale, self.larger):
            top.addWidget(widget)
        top.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._trouble, 1)

    def _opened(self, reader: PdfPages) -> None:
        self._reader = reader
        self.pages = len(reader.sizes)
        for tool in self._tools:
            tool.setEnabled(True)
        self._ask()

    def _ask(self) -> None:
        """The page that is wanted now; one that was wanted before is forgotten."""
        reader = self._reader
        if reader is None:
            return
        if self._running:
            self._running.cancel()
        self._tell()
        page, ratio = self.page, self.devicePixelRatioF()
        width = round((self._scroll.viewport().width() - 2 * _MARGIN) * self.zoom * ratio)
        self._running = self._queries.ask(
            lambda _ctx: _image(reader.page(page, width)), self._show, self._failed, owner=self
        )

    def _tell(self) -> None:
        self.place.setText(f"Page {self.page + 1} of {self.pages}")
        self.scale.setText(f"{self.zoom:.0%}".replace("%", " %"))
        self.before.setEnabled(self.page > 0)
        self.after.setEnabled(self.page < self.pages - 1)
        self.smaller.setEnabled(self.zoom > ZOOMS[0])
        self.larger.setEnabled(self.zoom < ZOOMS[-1])

    def _show(self, image: QImage) -> None:
        self._running = None
        self._trouble.hide()
        self._scroll.show()
        picture = QPixmap.fromImage(image)
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        self._sheet.setPixmap(picture)

    def _failed(self, error: IepError) -> None:
        self._running = None
        self._trouble.set(error.title, why_and_what_next(error))
        self._trouble.show()
        self._scroll.hide()
        if not self.pages:
            self.place.setText("")

    def _step_zoom(self, by: int) -> None:
        nearest = min(range(len(ZOOMS)), key=lambda at: abs(ZOOMS[at] - self.zoom))
        self.set_zoom(ZOOMS[min(max(nearest + by, 0), len(ZOOMS) - 1)])


class _Held:
    """The reader, so that it ends with the view, however early; must not hold the view itself."""

    def __init__(self) -> None:
        self._reader: PdfPages | None = None
        self._closed = False

    def open(self, data: bytes) -> PdfPages:
        self._reader = documents.open_pdf(data)
        if self._closed:
            self._reader.close()
        return self._reader

    def close(self) -> None:
        self._closed = True
        if self._reader is not None:
            self._reader.close()


def _image(page: PdfPage) -> QImage:
    return QImage(page.data, page.width, page.height, 3 * page.width, QImage.Format.Format_RGB888).copy()
