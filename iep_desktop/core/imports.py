"""An order to import studies of a medium, and what the program found out about it before anything moves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iep_desktop.core.errors import IepError
from iep_desktop.core.matching import Identity, Match
from iep_desktop.core.medium import MediumContents, MediumInstance, MediumPatient, MediumStudy
from iep_desktop.core.model import Exam, Form
from iep_desktop.core.rules import Gate
from iep_desktop.core.transaction import MatchDecision


@dataclass(frozen=True)
class ImportOrder:
    """What the operator wants: one patient of one medium, some of its series, for the patient of one form.

    `exams` are the RIS lines of the wizard (accession number and study UID filled in); where empty they are made
    from the form and the chosen studies.
    """

    form: Form
    contents: MediumContents
    patient: MediumPatient | None = None  # None: not decided yet
    series: frozenset[str] = frozenset()  # Series Instance UIDs that are ticked
    decision: MatchDecision | None = None
    registered_by: str = ""  # who looked the patient up on the PAS (R-GATE-5)
    everything_reason: str = ""  # R-GATE-7
    exams: tuple[Exam, ...] = ()
    node: str = ""  # PACS node; empty: the hospital's own
    disc_no: int | None = None

    @property
    def studies(self) -> tuple[MediumStudy, ...]:
        """The chosen patient's studies, reduced to the ticked series."""
        return chosen(self.patient, self.series) if self.patient else ()

    @property
    def instances(self) -> tuple[MediumInstance, ...]:
        return tuple(i for study in self.studies for i in study.present)


def chosen(patient: MediumPatient, series: frozenset[str]) -> tuple[MediumStudy, ...]:
    """The patient's studies that have a ticked series, without the other series."""
    reduced = (
        replace(study, series=tuple(s for s in study.series if s.series_uid in series))
        for study in patient.studies
    )
    return tuple(study for study in reduced if study.series)


@dataclass(frozen=True)
class EarlierTransaction:
    """R-GATE-10: the same patient and exam in the history."""

    number: str
    exam: str
    when: str
    status: str

    @property
    def line(self) -> str:
        return f"{self.number}, {self.exam}, {self.status} {self.when}"


@dataclass(frozen=True)
class Assessment:
    """The gate's answer to an order, with what it was asked over."""

    gate: Gate
    match: Match | None
    pacs: Identity | None = None  # what PACS knows under the form's hospital number
    pacs_error: IepError | None = None
    earlier: tuple[EarlierTransaction, ...] = ()
