"""Copying the images of a failed transfer to a stick: progress while it runs, a receipt when it is verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Progress
from iep_desktop.ui.pace import show_size
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Label, Title
from iep_desktop.ui.worklist.texts import grouped


class StickDialog(QDialog):
    """Closing it while it runs stops the copy (`stopped`)."""

    stopped = Signal()

    def __init__(self, number: str, folder: Path, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Copy the images of {number}")
        self.setMinimumWidth(theme.sizes.of(440))
        self._running = True
        self.error = ErrorBanner(theme)
        self.words = Label(f"To {folder}", wrap=True, selectable=True)
        self.count = Label("Asking for the images…", "text2")
        self.bar = Bar(theme)
        self.button = Button("&Stop", theme)
        self.button.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.count, 1)
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Title("Copy images to a stick"))
        for widget in (self.words, self.error, self.bar):
            layout.addWidget(widget)
        layout.addLayout(row)
        self.rejected.connect(self._leave)

    def show_progress(self, progress: Progress) -> None:
        self.bar.set(progress.done, progress.total)
        self.count.setText(f"{grouped(progress.done)} of {grouped(progress.total)} images")

    def show_receipt(self, receipt: Any) -> None:
        """CopyReceipt: files, bytes, folder. Every file was read again and is the same."""
        self._end()
        self.bar.set(1, 1, token="green")
        self.words.setText(f"In {receipt.folder}. Every file was read back and is the same.")
        self.count.setText(f"{grouped(receipt.files)} files, {show_size(receipt.bytes)}, copied and verified")

    def show_failure(self, error: IepError) -> None:
        self._end()
        self.count.setText("Not copied")
        self.error.show_error(error)

    def _end(self) -> None:
        self._running = False
        self.button.setText("&Close")
        self.button.set_kind(Kind.PRIMARY)

    def _leave(self) -> None:
        if self._running:
            self.stopped.emit()
