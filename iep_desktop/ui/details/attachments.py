"""What came with the images: documents, each to be opened or saved (R-TX-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from iep_desktop.ui.details.section import Section, empty
from iep_desktop.ui.pace import show_size
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label

if TYPE_CHECKING:
    from iep_desktop.core.exchange import AttachmentInfo


class AttachmentsSection(Section):
    """`open_wanted` and `save_wanted` carry an AttachmentInfo."""

    open_wanted = Signal(object)
    save_wanted = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Attachments", theme)
        self._shown: tuple[AttachmentInfo, ...] = ()
        self.hide()

    def show_attachments(self, attachments: tuple[AttachmentInfo, ...]) -> None:
        self.setVisible(bool(attachments))
        if attachments != self._shown:
            self._shown = attachments
            empty(self.body)
            for attachment in attachments:
                self.body.addWidget(self._row(attachment))

    def _row(self, attachment: AttachmentInfo) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(IconLabel("paperclip", "text2", self._theme))
        layout.addWidget(ElidedLabel(attachment.name), 1)
        layout.addWidget(Label(show_size(attachment.size), "text2"))
        for text, signal in (("Open", self.open_wanted), ("Save…", self.save_wanted)):
            button = Button(text, self._theme)
            button.setAccessibleName(f"{text.removesuffix('…')} {attachment.name}")
            button.clicked.connect(lambda _=False, signal=signal: signal.emit(attachment))
            layout.addWidget(button)
        return row
