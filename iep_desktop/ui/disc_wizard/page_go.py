"""Page 6, Go: the summary, the start, progress a study, eject, the next patient or disc, the receipt."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.imports import Assessment
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import Details, Status
from iep_desktop.ui.disc_wizard.assessor import Assessor
from iep_desktop.ui.disc_wizard.case import Case
from iep_desktop.ui.disc_wizard.checks_view import ChecksView, plain_views
from iep_desktop.ui.disc_wizard.page import Act, Footer, Page
from iep_desktop.ui.disc_wizard.parts import ThemedIcon, column, row, scrolling
from iep_desktop.ui.disc_wizard.progress_view import ProgressView, studies_of
from iep_desktop.ui.disc_wizard.receipt import Receipt, write_pdf
from iep_desktop.ui.disc_wizard.starter import Starter
from iep_desktop.ui.disc_wizard.summary import summary_lines
from iep_desktop.ui.disc_wizard.summary_view import SummaryView
from iep_desktop.ui.pace import show_count, show_size
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.chip import Chip
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Hairline, Label, Title

WAITS = "It waits in Action Required: no image leaves the spool until this is done."


class GoPage(Page):
    """Emits what the window does: eject, another disc, another patient, the end."""

    eject_asked = Signal()
    next_disc_asked = Signal()
    next_patient_asked = Signal(object)  # MediumPatient
    finished = Signal()

    def __init__(
        self,
        theme: Theme,
        case: Case,
        assessor: Assessor,
        starter: Starter,
        receipt: Callable[[Details], Receipt],
    ) -> None:
        super().__init__(case)
        self._theme = theme
        self._assessor = assessor
        self._starter = starter
        self._receipt = receipt
        self._details: Details | None = None
        self._pacs = ""
        self._origin = ""
        self._head = Title("Ready to go")
        self._chip = Chip("", "neutral", theme)
        self._sub = Label("", "text2")
        self.error = ErrorBanner(theme)
        self.summary = SummaryView()
        self._progress_box = QWidget()
        self.progress = ProgressView(theme)
        self.checks = ChecksView(theme)
        self._waits = QWidget()
        self.receipt_button = Button("Save the &receipt…", theme, icon="printer")
        self.other_disc = Button("Next &disc", theme, icon="disc-3")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        head = row(self._head, self._chip, self._sub, spacing=16)
        head.addStretch()
        head.addWidget(self.other_disc)
        head.addWidget(self.receipt_button)
        waits = row(ThemedIcon("hourglass", "warn", self._theme), Label(WAITS, "warn", weight=600, wrap=True))
        waits.setStretch(1, 1)
        self._waits.setLayout(waits)
        self._progress_box.setLayout(column(Label("Images", weight=600), self.progress, spacing=8))
        inner = QWidget()
        lines = column(spacing=16, margins=(24, 16, 24, 24))
        lines.addLayout(head)
        self._line = Hairline()
        parts = (self.error, self._progress_box, self.summary, self._line, self._waits, self.checks)
        for part in parts:
            lines.addWidget(part)
        lines.addStretch()
        inner.setLayout(lines)
        self.setLayout(column(scrolling(inner)))

    def _connect(self) -> None:
        self._starter.created.connect(lambda t: self.case.started(t.id, t.number))
        self._starter.failed.connect(self._failed)
        self._starter.followed.connect(self._followed)
        self._assessor.changed.connect(self._assessed)
        self.receipt_button.clicked.connect(self._ask_where)
        self.other_disc.clicked.connect(lambda: self.next_disc_asked.emit())

    def set_pacs(self, name: str) -> None:
        """The node that receives."""
        self._pacs = name

    def set_origin(self, name: str) -> None:
        """The hospital's name."""
        self._origin = name

    # --- the start ----------------------------------------------------------------------------------------

    def next(self) -> None:
        if self.case.started_now is None:
            self._start()
        elif self.case.patients_left:
            self.next_patient_asked.emit(self.case.patients_left[0])
        elif self._more_discs:
            self.next_disc_asked.emit()
        else:
            self.finished.emit()

    def _start(self) -> None:
        order = self.case.order
        if order is not None and order.patient is not None:
            self.error.clear()
            self._starter.start(order)
            self.footer_changed.emit()

    def _failed(self, error: IepError) -> None:
        self.error.show_error(error, "Try again", self._start)
        self.footer_changed.emit()

    def _followed(self, details: Details) -> None:
        self._details = details
        if self.isVisible():
            self.refresh()
            self.footer_changed.emit()

    def _assessed(self) -> None:
        if self.isVisible() and self.case.started_now is None:
            self.refresh()
            self.footer_changed.emit()

    # --- the receipt --------------------------------------------------------------------------------------

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, "Save the receipt", f"receipt-{self.case.text.call_ref or 'disc'}.pdf")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("PDF (*.pdf)")
        dialog.setDefaultSuffix("pdf")
        dialog.fileSelected.connect(self.save_receipt)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_receipt(self, path: str) -> None:
        details = self._own_details
        if details is None or not path:
            return
        try:
            write_pdf(self._receipt(details), path, self._theme.font())
        except IepError as error:
            self.error.show_error(error, "Save it elsewhere", self._ask_where)
        else:
            self._sub.setText("Receipt saved")

    # --- the page -----------------------------------------------------------------------------------------

    @property
    def _own_details(self) -> Details | None:
        started, details = self.case.started_now, self._details
        return details if started and details and details.transaction.id == started.transaction_id else None

    def refresh(self) -> None:
        started = self.case.started_now
        self._starter.follow(started.transaction_id if started else None)
        if started is None:
            self._assessor.ask_about(self.case.order)
        self._show_head()
        details = self._own_details
        self._progress_box.setVisible(details is not None)
        if details is not None:
            self.progress.show_studies(studies_of(details))
        self.summary.show_lines(self.summary_lines())
        self._show_blocks(details)
        self.receipt_button.setVisible(details is not None)
        self.other_disc.setVisible(started is not None and bool(self.case.patients_left))

    def _show_head(self) -> None:
        started, details = self.case.started_now, self._own_details
        if started is None:
            self._head.setText("Ready to go" if self._is_open else "Something still blocks")
            self._chip.set("", "neutral")
            self._sub.setText("")
            return
        self._head.setText(f"Import {started.number}")
        if details is not None:
            self._chip.set_status(details.transaction.status)
            if details.place is not None:
                self._sub.setText(f"place {details.place} in the queue")

    @property
    def _assessment(self) -> Assessment | None:
        return self._assessor.assessment

    @property
    def _is_open(self) -> bool:
        return self._assessment is None or self._assessment.gate.is_open

    def _show_blocks(self, details: Details | None) -> None:
        """Before the start what the gate says; afterwards what the ledger says a person must do."""
        if details is not None:
            required = [r for r in details.transaction.required if r.blocking]
            self._waits.setVisible(bool(required))
            self._line.setVisible(bool(required))
            self.checks.hide()
            return
        assessment = self._assessment
        blocks = assessment.gate.blocking if assessment else ()
        warns = assessment.gate.warnings if assessment else ()
        self._waits.setVisible(bool(blocks))
        self.checks.setVisible(bool(blocks or warns))
        self._line.setVisible(bool(blocks or warns))
        self.checks.show_views(plain_views((*blocks, *warns)))

    def summary_lines(self) -> tuple[tuple[str, str], ...]:
        required = self._own_details.transaction.required if self._own_details else ()
        return summary_lines(self.case, self._origin, self._pacs, required)

    def footer(self) -> Footer:
        case, started = self.case, self.case.started_now
        if started is None:
            return self._footer_before()
        copied = self._copied
        eject = None
        if case.source is not None and case.source.drive is not None:
            tip = "" if copied else "The images are still being copied from it."
            eject = Act("&Eject", self.eject_asked.emit, copied, tip)
        return Footer(text=self._words(), next_text=self._next_words(), back_enabled=False, eject=eject)

    def _footer_before(self) -> Footer:
        images = sum(len(study.present) for study in self.case.studies)
        size = sum(i.size for study in self.case.studies for i in study.present)
        text = "&Start" if self._is_open else "Crea&te, to wait"
        ready = self.case.patient is not None and bool(images) and not self._starter.is_creating
        known = self._assessment is not None or self._assessor.error is not None
        strong = f"{show_count(images)} images"
        words = "being created…" if self._starter.is_creating else show_size(size)
        return Footer(strong, words, next_text=text, next_enabled=ready and known)

    @property
    def _copied(self) -> bool:
        """Nothing is left on the disc that is still wanted from it."""
        details = self._own_details
        return details is not None and bool(details.series) and details.transaction.counts.listed == 0

    @property
    def _more_discs(self) -> bool:
        form = self.case.form
        return (form.disc_no or 1) < (form.discs or 1)

    def _next_words(self) -> str:
        left: tuple[MediumPatient, ...] = self.case.patients_left
        if left:
            return f"&Next patient: {display_name(left[0].name) or 'no name'}".replace(" &", " &&")
        return "&Next disc" if self._more_discs else "&Finish"

    def _words(self) -> str:
        details = self._own_details
        if details is None:
            return ""
        if details.transaction.status is Status.DELIVERED:
            return "All images are in PACS and verified"
        return "It goes on by itself; the window may be closed"
