"""Fetches attachments and shows or saves them. Names on disk say nothing of a patient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDir, QObject, QTemporaryDir, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from iep_desktop.core.errors import IepError, Permanent
from iep_desktop.core.exchange import AttachmentInfo, MediaType
from iep_desktop.core.job import Context
from iep_desktop.ui.services import KnowsTransfers
from iep_desktop.workers.queries import Queries

SUFFIXES = {MediaType.PDF: ".pdf", MediaType.TEXT: ".txt"}


class Documents(QObject):
    """A file that is only shown lies in a folder of its own that goes when the program does."""

    failed = Signal(object)  # IepError
    saved = Signal(str)

    def __init__(self, transfers: KnowsTransfers, queries: Queries, parent: QWidget) -> None:
        super().__init__(parent)
        self._transfers, self._queries, self._window = transfers, queries, parent
        self._folder: QTemporaryDir | None = None
        self.show_file: Callable[[Path], None] = _show

    def open(self, transaction_id: int, attachment: AttachmentInfo) -> None:
        if self._folder is None:
            self._folder = QTemporaryDir(QDir.tempPath() + "/iep-XXXXXX")  # for this user alone
        path = Path(self._folder.path()) / f"attachment-{attachment.id}{SUFFIXES[attachment.media_type]}"
        self._fetch(transaction_id, attachment, path, self.show_file)

    def ask_where(self, transaction_id: int, attachment: AttachmentInfo) -> QFileDialog:
        suffix = SUFFIXES[attachment.media_type]
        dialog = QFileDialog(self._window, "Save the attachment", f"attachment-{attachment.id}{suffix}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix.removeprefix("."))
        dialog.fileSelected.connect(lambda path: self.save(transaction_id, attachment, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def save(self, transaction_id: int, attachment: AttachmentInfo, path: Path) -> None:
        self._fetch(
            transaction_id, attachment, path, lambda there: self.saved.emit(f"The attachment is in {there}")
        )

    def _fetch(self, id: int, attachment: AttachmentInfo, path: Path, then: Callable[[Path], None]) -> None:
        transfers = self._transfers

        def write(_ctx: Context) -> Path:
            content = transfers.attachment(id, attachment.id).content
            try:
                path.write_bytes(content)
            except OSError as error:
                raise Permanent(
                    "The attachment cannot be written", f"{error.strerror}.", "Choose another folder."
                ) from error
            return path

        self._queries.ask(write, then, self._failed, owner=self)

    def _failed(self, error: IepError) -> None:
        self.failed.emit(error)


def _show(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
