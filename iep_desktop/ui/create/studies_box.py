"""Studies of one patient: searched in PACS off the loop, shown, ticked; thrown away when the patient changes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from iep_desktop.core.errors import Cancelled, IepError, InvalidInput
from iep_desktop.core.exchange import StudyCriteria, StudySearch
from iep_desktop.core.identifiers import normalise_hospital_number, parse_hospital_number
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, Patient
from iep_desktop.core.queries import PacsStudy
from iep_desktop.ui.create.asks import SendsTransfers
from iep_desktop.ui.create.study_rows import StudyRows
from iep_desktop.ui.create.study_table import StudyTable
from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.pace import several, show_count
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.ui.widgets.search import SearchBox
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries


@dataclass(frozen=True)
class Found:
    """An answer of PACS, and which of its studies came from elsewhere."""

    search: StudySearch
    foreign: frozenset[str]


class StudiesBox(QWidget):
    """`changed` when other studies are ticked, `found` when PACS has answered, `failed` (IepError) when it has not.

    `viewed` carries the PacsStudy whose images somebody wants to see.
    """

    changed = Signal()
    viewed = Signal(object)
    found = Signal()
    failed = Signal(object)

    def __init__(self, transfers: SendsTransfers, queries: Queries, theme: Theme, empty: str) -> None:
        super().__init__()
        self._transfers, self._queries, self._theme, self._empty = transfers, queries, theme, empty
        self._running: Running | None = None
        self._asked: tuple[StudyCriteria, Form] | None = None
        self.rows = StudyRows(theme, self)
        self.table = StudyTable(self.rows, theme)
        self.filter = SearchBox("Exam, date or accession no", theme)
        self.said = Label(empty, "text2", wrap=True)
        self.count = Label("", "text2")
        self.error = ErrorBanner(theme)
        head = row(self.count)
        head.addStretch(1)
        head.addWidget(self.filter)
        self.filter.setMinimumWidth(theme.sizes.of(240))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.error)
        layout.addLayout(head)
        layout.addWidget(self.said)
        layout.addWidget(self.table)
        self.filter.searched.connect(self.table.filter_by)
        self.table.viewed.connect(self.viewed)
        self.rows.ticks_changed.connect(self._ticked)
        self._show_rows(False)

    # -- asking PACS

    @property
    def is_searching(self) -> bool:
        return self._running is not None

    @property
    def was_searched(self) -> bool:
        """PACS has answered for the patient as the form stands."""
        return self._asked is not None and self._running is None and not self.error.isVisibleTo(self)

    def search(self, criteria: StudyCriteria, form: Form) -> None:
        """Ask PACS; what was found before is gone."""
        self._asked = None
        self._forget()
        self._asked = (criteria, form)
        self.said.setText("PACS is being asked…")
        transfers = self._transfers

        def question(ctx: Context) -> Found:
            answer = transfers.search(criteria, ctx)
            return Found(answer, transfers.foreign(answer.studies))

        self._running = self._queries.ask(
            question, lambda found: self._came(found, form), self._did_not_come, owner=self
        )

    def patient_is(self, form: Form) -> None:
        """What was found for another patient is thrown away, and so is an answer that is on its way."""
        if self._asked is not None and identity(self._asked[1].patient) != identity(form.patient):
            self.clear("The patient is another one now: search again.")

    def clear(self, why: str = "") -> None:
        self._asked = None  # first: whoever hears that the rows are gone looks at whom they were for
        self._forget()
        self.said.setText(why or self._empty)
        self.changed.emit()

    def _forget(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self.error.clear()
        self.filter.clear()
        self.rows.show_studies((), frozenset(), None)
        self._show_rows(False)

    def _came(self, found: Found, form: Form) -> None:
        self._running = None
        studies = found.search.studies
        self.rows.show_studies(studies, found.foreign, form)
        self._show_rows(bool(studies))
        if found.search.more:
            self.said.setText(
                f"PACS has more than these {show_count(len(studies))}: narrow the search by dates or modality."
            )
            self.said.show()
        elif not studies:
            self.said.setText("PACS has no such study. Search with other dates, or without a body part.")
        self._ticked()
        self.found.emit()

    def _did_not_come(self, error: IepError) -> None:
        self._running = None
        if isinstance(error, Cancelled):
            return
        self.said.setText(self._empty)
        self.error.show_error(error, "Search again", self._again)
        self.failed.emit(error)

    def _again(self) -> None:
        if self._asked is not None:
            self.search(*self._asked)

    # -- what is ticked

    @property
    def ticked(self) -> tuple[PacsStudy, ...]:
        return self.rows.ticked

    @property
    def ticked_foreign(self) -> tuple[PacsStudy, ...]:
        return self.rows.ticked_foreign

    def _ticked(self) -> None:
        total, ticked = len(self.rows.studies), self.ticked
        images = sum(study.instances or 0 for study in ticked)
        words = f"{len(ticked)} of {several(total, 'study', 'studies')} ticked"
        self.count.setText(f"{words}, {several(images, 'image')}" if images else words)
        self.changed.emit()

    def _show_rows(self, shown: bool) -> None:
        for widget in (self.table, self.filter, self.count):
            widget.setVisible(shown)
        self.said.setVisible(not shown)

    def focus_first(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.table.first_row()


def identity(patient: Patient) -> tuple[object, ...]:
    """What makes another patient of one."""
    number = normalise_hospital_number(patient.hospital_no)
    return number, patient.nhs_no, patient.name.casefold(), patient.birth_date


def ways_to_write(hospital_no: str) -> tuple[str, ...]:
    """R-ID-3: S999111 and RWES999111 are one number; PACS knows it by either."""
    text = hospital_no.strip()
    try:
        number = parse_hospital_number(text)
    except InvalidInput:
        return (text,) if text else ()
    return number.s_number, number.rwes_number
