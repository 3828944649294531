"""Files that are no images, for windows: what they say, their tags, whose they are. Plain and blocking."""

from __future__ import annotations

from pathlib import Path

from iep_desktop.core.documents import Document, PdfPages, TagListing
from iep_desktop.core.viewing import ViewPatient


def read_document(path: Path) -> Document:
    """A report, waveform, PDF, or a placeholder with the reason; `HasPixels` where it is an image.

    Raises:
        MediumUnreadable, Permanent: not even the file's kind can be told.
    """
    from iep_desktop.dicom.documents.reading import read_document as read

    return read(path)


def list_tags(path: Path) -> TagListing:
    """Every data element of the file. Raises as `read_document`."""
    from iep_desktop.dicom.documents.tags import list_tags as listed

    return listed(path)


def header_identity(path: Path) -> ViewPatient:
    """Whose file it is, as its own head says. Raises as `read_document`."""
    from iep_desktop.dicom.documents.reading import header_identity as identity

    return identity(path)


def open_pdf(data: bytes) -> PdfPages:
    """The document's pages; to be closed.

    Raises:
        Permanent: it is damaged, protected or too large.
    """
    from iep_desktop.dicom.documents.pdf import PdfReader

    return PdfReader(data)
