"""What travels with a transfer besides images: reports as files or pasted text, each with its tick (R-TRAUMA, A4)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from iep_desktop.core.exchange import Attachment, MediaType
from iep_desktop.ui.create.asks import SendsTransfers
from iep_desktop.ui.details.reason_dialog import TextDialog
from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.pace import show_size
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, IconButton
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.workers.queries import Queries

CORRECT = "Its content is correct"


class AttachmentsBox(QWidget):
    """`changed` for every change. `in_line` leaves the pasted text to its owner (the trauma page has a field)."""

    changed = Signal()

    def __init__(
        self, transfers: SendsTransfers, queries: Queries, theme: Theme, *, in_line: bool = False
    ) -> None:
        super().__init__()
        self._transfers, self._queries, self._theme = transfers, queries, theme
        self._attachments: list[Attachment] = []
        self._files = 0  # that are being read
        self.error = ErrorBanner(theme)
        self.attach = Button("Attach a d&ocument…", theme, icon="paperclip")
        self.paste = Button("Paste te&xt…", theme, icon="clipboard-paste")
        if in_line:
            self.paste.hide()
        self.busy = Label("", "text2")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        buttons = row(self.attach, self.paste, self.busy)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.error)
        layout.addLayout(self._rows)
        layout.addLayout(buttons)
        self.attach.clicked.connect(self._ask_file)
        self.paste.clicked.connect(self._ask_text)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(self._attachments)

    @property
    def is_reading(self) -> bool:
        return self._files > 0

    def clear(self) -> None:
        self._attachments.clear()
        self.error.clear()
        self._show()

    # -- adding

    def add_file(self, path: str) -> None:
        """Read off the loop; what cannot be attached is said, and the rest stays."""
        transfers, file = self._transfers, Path(path)
        self._files += 1
        self.error.clear()
        self.busy.setText(f"{file.name} is being read…")
        self._queries.ask(
            lambda _ctx: transfers.read_attachment(file), self._read, self._not_read, owner=self
        )

    def add_text(self, text: str) -> None:
        name = f"report-{len(self._attachments) + 1}.txt"
        self._add(Attachment(name, MediaType.TEXT, text.strip().encode()))

    def _read(self, attachment: Attachment) -> None:
        self._done()
        self._add(attachment)

    def _not_read(self, error: object) -> None:
        self._done()
        self.error.show_error(error)  # type: ignore[arg-type]

    def _done(self) -> None:
        self._files -= 1
        self.busy.setText("")

    def _add(self, attachment: Attachment) -> None:
        self._attachments.append(attachment)
        self._show()

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, "A report as a document", "", "Reports (*.pdf *.txt);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.add_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_text(self) -> None:
        dialog = TextDialog(
            "Paste a report",
            "It travels with the images as a text document.",
            "Attach it",
            self._theme,
            label="&Report",
            parent=self,
        )
        dialog.said.connect(self.add_text)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # -- the list

    def _show(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for at, attachment in enumerate(self._attachments):
            self._rows.addWidget(self._row(at, attachment))
        self.changed.emit()

    def _row(self, at: int, attachment: Attachment) -> QWidget:
        tick = QCheckBox(CORRECT)
        tick.setAccessibleName(f"{attachment.name}: {CORRECT.lower()}")
        tick.setChecked(attachment.correct)
        tick.toggled.connect(lambda on: self._tick(at, on))
        remove = IconButton("trash-2", f"Remove {attachment.name}", self._theme)
        remove.clicked.connect(lambda: self._remove(at))
        size = Label(show_size(len(attachment.content)), "text2")
        name = ElidedLabel(attachment.name, weight=500)
        line = row(IconLabel("file-text", "text2", self._theme), name, size, tick, remove, spacing=12)
        line.setStretch(1, 1)
        widget = QWidget()
        widget.setLayout(line)
        return widget

    def _tick(self, at: int, on: bool) -> None:
        """The row stays, and with it the keyboard."""
        self._attachments[at] = replace(self._attachments[at], correct=on)
        self.changed.emit()

    def _remove(self, at: int) -> None:
        del self._attachments[at]
        self._show()
        self.attach.setFocus()
