"""Step 3: the report, as pasted text or as a document, each with the tick that its content is correct (R-TRAUMA).

Where there is none yet, a person says so: nothing goes without a report by oversight.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit

from iep_desktop.core.exchange import Attachment, MediaType
from iep_desktop.ui.create.asks import SendsTransfers
from iep_desktop.ui.create.attachments_box import AttachmentsBox
from iep_desktop.ui.create.trauma.pathway import Report
from iep_desktop.ui.create.trauma.step import Step
from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.workers.queries import Queries


class ReportStep(Step):
    """`changed` for every change."""

    changed = Signal()

    def __init__(self, transfers: SendsTransfers, queries: Queries, theme: Theme) -> None:
        super().__init__(3, "Report", "pasted or as a document", theme)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Report")
        self.text.setPlaceholderText("Paste the report here")
        self.text.setFixedHeight(theme.sizes.of(72))
        self.correct = QCheckBox("The report’s &content is correct")
        self.correct.setEnabled(False)
        self.none_yet = QCheckBox("No report &yet")
        self.none_yet.setToolTip("The images go without it, and the recipient is told that it follows (A4)")
        self.documents = AttachmentsBox(transfers, queries, theme, in_line=True)
        label = Label("Text of the &report", "text2")
        label.setTextFormat(label.textFormat().AutoText)
        label.setBuddy(self.text)
        head = row(label)
        head.addStretch(1)
        head.addWidget(self.none_yet)
        head.addSpacing(16)
        head.addWidget(self.correct)
        self.body.addLayout(head)
        self.body.addWidget(self.text)
        self.body.addWidget(self.documents)
        self.text.textChanged.connect(self._typed)
        self.correct.toggled.connect(lambda _: self._changed())
        self.none_yet.toggled.connect(lambda _: self._changed())
        self.documents.changed.connect(self._changed)

    def attachments(self) -> tuple[Attachment, ...]:
        text = self.text.toPlainText().strip()
        typed = Attachment("report.txt", MediaType.TEXT, text.encode(), self.correct.isChecked())
        return (*([typed] if text else []), *self.documents.attachments)

    def report(self) -> Report:
        attachments = self.attachments()
        correct = all(attachment.correct for attachment in attachments)
        return Report(bool(attachments), correct, self.none_yet.isChecked() and not attachments)

    def clear(self) -> None:
        self.none_yet.setChecked(False)
        self.text.clear()
        self.documents.clear()

    def _typed(self) -> None:
        """A tick is for the words that stood there: other words want it anew."""
        self.correct.setChecked(False)
        self.correct.setEnabled(bool(self.text.toPlainText().strip()))
        self._changed()

    def _changed(self) -> None:
        report = self.report()
        self.none_yet.setEnabled(not report.is_there)
        self.circle.set_done((report.is_there and report.is_correct) or report.follows)
        self.changed.emit()
