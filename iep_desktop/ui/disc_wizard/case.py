"""One case at the counter: the form as typed, the disc as read, what is ticked, who decided what.

The single truth of the wizard: pages read it and write it, and hear `changed`. Asks nobody and draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import TypeVar, cast

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.imports import ImportOrder, chosen
from iep_desktop.core.medium import Drive, Finding, MediumContents, MediumPatient, MediumStudy
from iep_desktop.core.model import Exam, Form
from iep_desktop.core.rules import Check, Verdict, form_checks
from iep_desktop.core.transaction import MatchDecision
from iep_desktop.ui.disc_wizard.form_text import FormText, problems
from iep_desktop.ui.disc_wizard.ticks import (
    PatientKey,
    Ticks,
    beyond_form,
    find_patient,
    likely_patient,
    patient_key,
    ris_lines,
)

T = TypeVar("T")


class Step(IntEnum):
    """The six pages (screens.md, CD import wizard)."""

    CALL = 0
    DISC = 1
    CONTENTS = 2
    MATCH = 3
    RIS = 4
    GO = 5


@dataclass(frozen=True)
class Source:
    """Where the images come from: a drive with a disc, a stick, a folder."""

    path: str
    label: str = ""  # what a person calls it
    drive: Drive | None = None  # None for a folder: nothing to eject


@dataclass(frozen=True)
class Started:
    """An import that was created for one patient of the disc."""

    transaction_id: int
    number: str


class Case(QObject):
    """Mutable on purpose, and only here; every setter tells `changed` once, and only for a change."""

    changed = Signal()

    def __init__(self, me: str, parent: QObject | None = None, numbers: NumberFormat = UHL_NUMBERS) -> None:
        super().__init__(parent)
        self._made: dict[str, tuple[tuple[object, ...], object]] = {}
        self.me, self.numbers = me, numbers
        self.text = FormText()
        self.source: Source | None = None
        self.contents: MediumContents | None = None
        self.reading_finished = False
        self.earlier: tuple[Finding, ...] = ()  # already-imported findings of the history
        self.ticks = Ticks()
        self.reason = ""  # R-GATE-7
        self.decision: MatchDecision | None = None
        self.registered_by = ""
        self.accessions: Mapping[str, str] = {}
        self.done: Mapping[PatientKey, Started] = {}
        self.goes_on_incomplete = False  # the operator chose to log it and let it wait

    # --- what follows from it -----------------------------------------------------------------------------

    @property
    def is_blank(self) -> bool:
        """Nothing has been entered: there is nothing to keep."""
        return self.text == FormText() and self.source is None

    @property
    def form(self) -> Form:
        return self._once("form", (self.text,), self.text.to_form)

    @property
    def patient(self) -> MediumPatient | None:
        return find_patient(self.contents, self.ticks.patient)

    @property
    def series(self) -> frozenset[str]:
        inputs = (self.text, self.contents, self.ticks)
        return self._once("series", inputs, lambda: self.ticks.series(self.patient, self.form.exams))

    @property
    def studies(self) -> tuple[MediumStudy, ...]:
        inputs = (self.contents, self.ticks, self.series)
        return self._once(
            "studies", inputs, lambda: chosen(self.patient, self.series) if self.patient else ()
        )

    @property
    def beyond(self) -> tuple[MediumStudy, ...]:
        inputs = (self.text, self.contents, self.ticks)
        return self._once("beyond", inputs, lambda: beyond_form(self.patient, self.series, self.form.exams))

    @property
    def ris_lines(self) -> tuple[Exam, ...]:
        inputs = (self.text, self.contents, self.ticks, self.accessions)
        return self._once(
            "ris", inputs, lambda: ris_lines(self.patient, self.series, self.form.exams, self.accessions)
        )

    @property
    def hospital_known(self) -> bool:
        return bool(self.text.hospital)

    @property
    def form_checks(self) -> tuple[Check, ...]:
        def checks() -> tuple[Check, ...]:
            everything = bool(self.reason.strip())
            known, numbers = self.hospital_known, self.numbers
            found = form_checks(self.form, hospital_known=known, everything=everything, numbers=numbers)
            return tuple(found)

        return self._once("checks", (self.text, self.reason), checks)

    @property
    def form_blocks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.form_checks if check.verdict is Verdict.BLOCKS)

    def _once(self, name: str, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        """What follows from `inputs` (all immutable), made again only when one of them is another object."""
        kept = self._made.get(name)
        if kept is None or any(one is not other for one, other in zip(kept[0], inputs, strict=True)):
            kept = self._made[name] = (inputs, make())
        return cast("T", kept[1])

    @property
    def field_problems(self) -> dict[str, str]:
        return self._once("problems", (self.text,), lambda: problems(self.text, self.numbers))

    @property
    def started_now(self) -> Started | None:
        """The chosen patient's import, where it has been created."""
        return self.done.get(self.ticks.patient) if self.ticks.patient else None

    @property
    def patients_left(self) -> tuple[MediumPatient, ...]:
        patients = self.contents.patients if self.contents else ()
        return tuple(p for p in patients if patient_key(p) not in self.done)

    @property
    def order(self) -> ImportOrder | None:
        """What would be imported now; None while no disc has been read. The same object while nothing changed."""
        inputs = (
            self.text,
            self.contents,
            self.ticks,
            self.decision,
            self.registered_by,
            self.reason,
            self.accessions,
        )
        return self._once("order", inputs, self._make_order)

    def _make_order(self) -> ImportOrder | None:
        if self.contents is None:
            return None
        form = self.form
        return ImportOrder(
            form=form,
            contents=self.contents,
            patient=self.patient,
            series=self.series,
            decision=self.decision,
            registered_by=self.registered_by,
            everything_reason=self.reason.strip(),
            exams=self.ris_lines,
            disc_no=form.disc_no,
        )

    # --- what pages do to it ------------------------------------------------------------------------------

    def set_text(self, text: FormText) -> None:
        if text == self.text:
            return
        if _patient_part(text) != _patient_part(self.text):
            self._other_person()
        self.text = text
        self._choose_patient()
        self.changed.emit()

    def set_source(self, source: Source | None) -> None:
        """Another disc: all that was read of, and decided on, the last one is gone."""
        self.source = source
        self.contents = None
        self.reading_finished = False
        self.earlier = ()
        self.done = {}
        self._start_patient(None)
        self.changed.emit()

    def put_in(self, drive: Drive | None) -> None:
        """The drive that a draft's disc is in now."""
        if self.source is not None:
            self.source = replace(self.source, drive=drive)

    def set_contents(self, contents: MediumContents, finished: bool) -> None:
        self.contents = contents
        self.reading_finished = finished
        self._choose_patient()
        self.changed.emit()

    def set_earlier(self, findings: tuple[Finding, ...]) -> None:
        self.earlier = findings
        self.changed.emit()

    def set_ticks(self, ticks: Ticks) -> None:
        if ticks == self.ticks:
            return
        if ticks.patient != self.ticks.patient:
            self._start_patient(ticks.patient)
        self.ticks = ticks
        self.changed.emit()

    def choose_patient(self, patient: MediumPatient) -> None:
        self.set_ticks(self.ticks.of_patient(patient_key(patient)))

    def set_reason(self, reason: str) -> None:
        if reason != self.reason:
            self.reason = reason
            self.changed.emit()

    def set_accession(self, study_uid: str, accession: str) -> None:
        if self.accessions.get(study_uid, "") != accession:
            self.accessions = {**self.accessions, study_uid: accession}
            self.changed.emit()

    def decide(self, grounds: str, confirmed_by: str = "") -> None:
        """This person says whose images they are; a second one may confirm it (R-GATE-3)."""
        patient = self.patient
        if patient is None:
            return
        now = datetime.now(UTC)
        self.decision = MatchDecision(patient.patient_id, patient.name, grounds, self.me, now, confirmed_by)
        self.changed.emit()

    def withdraw_decision(self) -> None:
        self.decision = None
        self.changed.emit()

    def looked_up_on_pas(self) -> None:
        """R-GATE-5."""
        self.registered_by = self.me
        self.changed.emit()

    def go_on_incomplete(self) -> None:
        self.goes_on_incomplete = True
        self.changed.emit()

    def started(self, transaction_id: int, number: str) -> None:
        key = self.ticks.patient
        if key is not None:
            self.done = {**self.done, key: Started(transaction_id, number)}
            self.changed.emit()

    def next_patient(self, patient: MediumPatient) -> None:
        """The next patient of the same disc: same call and requester, a form of their own."""
        self._start_patient(patient_key(patient))
        self._other_person()
        self.text = self.text.without_patient()
        self.changed.emit()

    def next_disc(self) -> None:
        """The next disc of the same call: the form stays, the disc number counts on."""
        number = int(self.text.disc_no) + 1 if self.text.disc_no.isdigit() else 1
        of = max(number, int(self.text.discs)) if self.text.discs.isdigit() else number
        self.text = replace(self.text, disc_no=str(number), discs=str(of))
        self.set_source(None)

    # --- inside -------------------------------------------------------------------------------------------

    def _start_patient(self, key: PatientKey | None) -> None:
        self.ticks = Ticks(key)
        self.reason = ""
        self.accessions = {}
        self.goes_on_incomplete = False
        self.decision = None

    def _choose_patient(self) -> None:
        """Until the operator ticks or decides something, it is the patient whom the form means."""
        if self.contents is None or self.ticks.by_hand or self.decision or self.done:
            return
        key = likely_patient(self.contents, self.form, self.done)
        if key != self.ticks.patient:
            self.ticks = Ticks(key)

    def _other_person(self) -> None:
        """What was decided, and looked up on the PAS, holds for the form's patient as it was then."""
        self.decision = None
        self.registered_by = ""


def _patient_part(text: FormText) -> tuple[str, ...]:
    return (text.family, text.given, text.birth_date, text.nhs_no, text.hospital_no, text.sex, text.address)
