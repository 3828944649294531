"""Shows a file that is no image: report, waveform, PDF, key objects, or a named placeholder that says why not.

Reads off the loop; chooses the view by what the file turns out to be. `document_widget` is the door.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from iep_desktop.core.documents import Document, HasPixels, Pdf, Report, Unshown, Waveform, document_kind
from iep_desktop.core.errors import IepError
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.pdf_view import PdfView
from iep_desktop.ui.viewer.report_view import ReportView
from iep_desktop.ui.viewer.waveform_view import WaveformView
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.workers import documents
from iep_desktop.workers.queries import Queries


def document_widget(
    file: Path,
    queries: Queries,
    theme: Theme,
    sop_class_uid: str | None = None,
    names: Mapping[str, str] | None = None,
) -> DocumentView | None:
    """A view of the document; None where the SOP Class is given and that of an image, which a pane shows.

    `names` tell what series and images are called that a document refers to (`core.viewing.names_in`).
    """
    if sop_class_uid is not None and not document_kind(sop_class_uid):
        return None
    return DocumentView(file, queries, theme, names or {})


class DocumentView(QWidget):
    """`shown` carries the document once it is there; `image_found` says that a pane must show it after all."""

    shown = Signal(object)
    image_found = Signal()

    def __init__(
        self,
        file: Path,
        queries: Queries,
        theme: Theme,
        names: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._queries, self._theme, self._names = queries, theme, names
        self.document: Document | None = None
        self.content: QWidget = EmptyState("file-text", "Reading the document…", "", theme)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.content)
        queries.ask(lambda _ctx: documents.read_document(file), self._read, self._failed, owner=self)

    def _read(self, document: Document) -> None:
        self.document = document
        self._replace(self._view(document))
        self.shown.emit(document)
        if isinstance(document, HasPixels):
            self.image_found.emit()

    def _failed(self, error: IepError) -> None:
        self._replace(EmptyState("circle-alert", error.title, why_and_what_next(error), self._theme))

    def _view(self, document: Document) -> QWidget:
        match document:
            case Report():
                return ReportView(document.named(self._names), self._theme)
            case Waveform():
                return WaveformView(document, self._theme)
            case Pdf():
                return PdfView(document, self._queries, self._theme)
            case Unshown():
                return EmptyState("file-text", document.title, document.reason, self._theme)
            case HasPixels():
                return EmptyState("image", "This is an image", "It is shown in a pane.", self._theme)

    def _replace(self, view: QWidget) -> None:
        old, self.content = self.content, view
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        self._stack.removeWidget(old)
        old.deleteLater()
        self.setFocusProxy(view)
