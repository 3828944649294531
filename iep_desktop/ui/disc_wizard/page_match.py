"""Page 4, Whose it is: form, disc and PACS by field, the score, what still blocks and the button that lifts it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from iep_desktop.core.imports import Assessment
from iep_desktop.core.matching import Match
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.model import FormKind
from iep_desktop.core.names import display_name
from iep_desktop.core.rules import Check
from iep_desktop.ui.disc_wizard.assessor import Assessor
from iep_desktop.ui.disc_wizard.case import Case, Step
from iep_desktop.ui.disc_wizard.checks_view import ChecksView
from iep_desktop.ui.disc_wizard.compare_table import CompareTable
from iep_desktop.ui.disc_wizard.comparison import exams_row, rows
from iep_desktop.ui.disc_wizard.page import Act, Footer, Page
from iep_desktop.ui.disc_wizard.parts import ThemedIcon, column, row, scrolling
from iep_desktop.ui.disc_wizard.remedies import (
    Remedy,
    agreeing_grounds,
    check_views,
    disc_is_wrong_grounds,
)
from iep_desktop.ui.disc_wizard.score_view import ScoreView
from iep_desktop.ui.disc_wizard.second_person import SecondPersonDialog
from iep_desktop.ui.disc_wizard.ticks import patient_key
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Label, Title
from iep_desktop.ui.widgets.segmented import Segmented

_FORMS = {FormKind.CD: "Form A6", FormKind.IMPORT: "Form A2", FormKind.EXPORT: "Form A3"}


class MatchPage(Page):
    """Shows the newest assessment; while one is asked for, the last table stays and says so."""

    asks_second_person = Signal(object)  # the dialog, for whoever drives it

    def __init__(self, theme: Theme, case: Case, assessor: Assessor) -> None:
        super().__init__(case)
        self._theme = theme
        self._assessor = assessor
        self._tabs_of: tuple[str, ...] = ()
        self._tabs: Segmented | None = None
        self._head = row(Title("Whose it is"), spacing=24)
        self._tabs_place = row()
        self._difference_icon = ThemedIcon("triangle-alert", "danger", theme)
        self._differences = Label("", "danger", weight=600)
        self.error = ErrorBanner(theme)
        self.table = CompareTable(theme)
        self.score = ScoreView(theme)
        self.checks = ChecksView(theme, primary=True)
        self._empty = EmptyState("hourglass", "Asking PACS…", "The answer comes in a moment.", theme)
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(theme.sizes.of(48))  # its empty text must not keep the window high
        self._lay_out()
        self.checks.remedy.connect(self._lift)
        assessor.changed.connect(self._answered)

    def _lay_out(self) -> None:
        self._head.addLayout(self._tabs_place)
        self._head.addStretch()
        self._head.addLayout(row(self._difference_icon, self._differences))
        below = row(self.score, self.checks, spacing=40)
        below.setStretch(1, 1)
        compared = QWidget()
        inner = column(self.table, spacing=24, margins=(24, 0, 24, 24))
        inner.addLayout(below)
        inner.addStretch()
        compared.setLayout(inner)
        self._stack.addWidget(scrolling(compared))
        self._stack.addWidget(self._empty)
        top = column(spacing=12, margins=(24, 16, 24, 0))
        top.addLayout(self._head)
        top.addWidget(self.error)
        layout = column(spacing=16)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        self.setLayout(layout)

    # --- showing ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        self._assessor.ask_about(self.case.order)
        self._show_tabs()
        self._show_assessment()

    def _answered(self) -> None:
        if self.isVisible():
            self._show_assessment()
            self.footer_changed.emit()

    def _show_tabs(self) -> None:
        patients = self.case.contents.patients if self.case.contents else ()
        names = tuple(_tab(self.case, n, patient) for n, patient in enumerate(patients, start=1))
        if names != self._tabs_of:
            self._tabs_of = names
            if self._tabs is not None:
                self._tabs.hide()
                self._tabs.deleteLater()
                self._tabs = None
            if len(names) > 1:
                self._tabs = Segmented(
                    [(str(n), name) for n, name in enumerate(names)], self._theme, "Patients"
                )
                self._tabs.chosen.connect(self._choose)
                self._tabs_place.addWidget(self._tabs)
        at = next((n for n, p in enumerate(patients) if patient_key(p) == self.case.ticks.patient), None)
        if self._tabs is not None and at is not None:
            self._tabs.choose(str(at))

    def _choose(self, key: str) -> None:
        patients = self.case.contents.patients if self.case.contents else ()
        if int(key) < len(patients):
            self.case.choose_patient(patients[int(key)])

    def _show_assessment(self) -> None:
        assessment, error = self._assessor.assessment, self._assessor.error
        if error is not None:
            self.error.show_error(error, "Ask again", self._assessor.ask_again)
        elif not self.error.isHidden():
            self.error.hide()
        if assessment is None:
            self._show_waiting(asking=error is None)
            return
        self._stack.setCurrentIndex(0)
        case = self.case
        earlier = len(assessment.earlier)
        exams = exams_row(case.form.exams, case.studies, len(case.beyond), earlier)
        compared = (*rows(assessment, case.decision), exams)
        self.table.show_heads(self._heads(assessment))
        self.table.show_rows(compared)
        differences = sum(line.differs for line in compared)
        self._difference_icon.setVisible(bool(differences))
        self._differences.setText("1 difference" if differences == 1 else f"{differences} differences")
        self._differences.setVisible(bool(differences))
        if assessment.match is not None:
            self.score.show_match(assessment.match)
        self.checks.show_views(check_views(assessment, decided=case.decision is not None))

    def _show_waiting(self, *, asking: bool) -> None:
        self._difference_icon.hide()
        self._differences.hide()
        if self.case.order is None:
            self._empty.set("No disc has been read", "Go back to Disc and choose one.")
        elif asking:
            self._empty.set("Asking PACS…", "The answer comes in a moment.")
        else:
            self._empty.set("There is no answer", "Ask again, or go back.")
        self._stack.setCurrentWidget(self._empty)

    def _heads(self, assessment: Assessment) -> tuple[tuple[str, str], ...]:
        contents, at = self.case.contents, self._assessor.answered_at
        patients = contents.patients if contents else ()
        number = next((n for n, p in enumerate(patients, 1) if patient_key(p) == self.case.ticks.patient), 0)
        when = f", {at:%H:%M}" if at else ""
        pacs = "did not answer" if assessment.pacs_error else "S number query"
        return (
            (_FORMS[self.case.text.kind], "typed by the requester"),
            ("Disc", f"patient {number} of {len(patients)}"),
            ("PACS", f"{pacs}{when}"),
            ("Goes into the images", "after coercion"),
        )

    # --- lifting ------------------------------------------------------------------------------------------

    def _lift(self, remedy: Remedy, check: Check) -> None:
        match = self._assessor.assessment.match if self._assessor.assessment else None
        self.focus_let_go.emit()
        match remedy:
            case Remedy.DISC_IS_WRONG if match:
                self.case.decide(disc_is_wrong_grounds(match))
            case Remedy.THIS_PATIENT if match:
                self.case.decide(agreeing_grounds(match) or "Compared by a person.")
            case Remedy.SECOND_PERSON:
                self._ask_second_person(check, match)
            case Remedy.TAKE_BACK:
                self.case.withdraw_decision()
            case Remedy.LOOKED_ON_PAS:
                self.case.looked_up_on_pas()
            case Remedy.ASK_PACS_AGAIN:
                self._assessor.ask_again()
            case Remedy.CORRECT_FORM:
                self.go.emit(Step.CALL)
            case Remedy.CHOOSE_STUDIES:
                self.go.emit(Step.CONTENTS)

    def _ask_second_person(self, check: Check, match: Match | None) -> None:
        dialog = SecondPersonDialog(self.case.me, _question(check, match), self._theme, self)

        def confirmed() -> None:
            self.focus_let_go.emit()
            told = dialog.confirmation
            self.case.decide(told.grounds, told.confirmed_by)

        dialog.accepted.connect(confirmed)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        self.asks_second_person.emit(dialog)

    # --- the page -----------------------------------------------------------------------------------------

    def footer(self) -> Footer:
        assessment = self._assessor.assessment
        other = Act(
            "Not this patient…",
            lambda: self.go.emit(Step.CONTENTS),
            tip="Choose another patient on the disc.",
        )
        if assessment is None:
            return Footer(
                text="Asking PACS…" if self._assessor.is_asking else "", next_enabled=False, left=other
            )
        blocks = len(assessment.gate.blocking)
        if not blocks:
            return Footer(left=other)
        words = "1 thing still blocks" if blocks == 1 else f"{blocks} things still block"
        tip = "It is created, and waits in Action Required with what still blocks; no image leaves the spool."
        waits = Act("Let it &wait…", self._let_wait, enabled=self.case.patient is not None, tip=tip)
        return Footer(text=words, next_enabled=self.case.goes_on_incomplete, left=other, right=waits)

    def _let_wait(self) -> None:
        self.case.go_on_incomplete()
        self.go.emit(Step.RIS)

    def next(self) -> None:
        self.go.emit(Step.RIS)

    def first_focus(self) -> QWidget | None:
        return self.checks.first_button()


def _tab(case: Case, number: int, patient: MediumPatient) -> str:
    done = "  ✓ started" if patient_key(patient) in case.done else ""
    return f"{number}  {display_name(patient.name) or 'No name'}{done}".replace("&", "&&")


def _question(check: Check, match: Match | None) -> str:
    if match is None or not match.medium_differences:
        return check.title
    parts = [
        f"{item.field.value}: form {item.form or 'nothing'}, disc {item.medium.text}"
        for item in match.fields
        if item.field in match.medium_differences
    ]
    return "; ".join(parts)
