"""Which series are ticked, and of which patient. Pure.

Only what the form asks for is ticked by itself (R-GATE-8); what the operator ticks or unticks by hand stays so
while the disc is still being read. One patient at a time: an order is for one patient of one form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from iep_desktop.core.imports import chosen
from iep_desktop.core.matching import Identity, asked_studies, compare, identity_of_form, identity_of_medium
from iep_desktop.core.medium import MediumContents, MediumPatient, MediumStudy
from iep_desktop.core.model import Exam, Form, RisState

PatientKey = tuple[str, str, str]


def patient_key(patient: MediumPatient) -> PatientKey:
    """What tells the patients of one medium apart while their studies are still coming in."""
    return (patient.patient_id, patient.issuer, patient.name)


def find_patient(contents: MediumContents | None, key: PatientKey | None) -> MediumPatient | None:
    patients = contents.patients if contents else ()
    return next((patient for patient in patients if patient_key(patient) == key), None)


def likely_patient(contents: MediumContents, form: Form, done: Iterable[PatientKey]) -> PatientKey | None:
    """Whom the form means: the only patient, else the one left who agrees best (on anything at all)."""
    left = [patient for patient in contents.patients if patient_key(patient) not in set(done)]
    if len(contents.patients) == 1 and left:
        return patient_key(left[0])
    form_identity = identity_of_form(form.patient)
    scored = [(_score(form_identity, patient), patient) for patient in left]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return patient_key(best[1]) if best and best[0] > 0 else None


def _score(form: Identity, patient: MediumPatient) -> int:
    match = compare(form, identity_of_medium(patient), None)
    return 0 if match.nothing_in_common else sum(line.points for line in match.lines)


@dataclass(frozen=True)
class Ticks:
    """Ticks by hand, by study or series UID; what is not named here follows the form."""

    patient: PatientKey | None = None
    by_hand: Mapping[str, bool] = field(default_factory=dict)

    def of_patient(self, key: PatientKey | None) -> Ticks:
        return self if key == self.patient else Ticks(key)

    def set_series(self, series_uid: str, ticked: bool) -> Ticks:
        return replace(self, by_hand={**self.by_hand, series_uid: ticked})

    def set_study(self, study: MediumStudy, ticked: bool) -> Ticks:
        """Also for series that arrive later."""
        uids = (study.study_uid, *(series.series_uid for series in study.series))
        return replace(self, by_hand={**self.by_hand, **dict.fromkeys(uids, ticked)})

    def set_patient(self, patient: MediumPatient, ticked: bool) -> Ticks:
        ticks = self
        for study in patient.studies:
            ticks = ticks.set_study(study, ticked)
        return ticks

    def series(self, patient: MediumPatient | None, exams: tuple[Exam, ...]) -> frozenset[str]:
        """The Series Instance UIDs that are ticked."""
        if patient is None or patient_key(patient) != self.patient:
            return frozenset()
        asked = asked_studies(exams, patient.studies)
        return frozenset(
            series.series_uid
            for study in patient.studies
            for series in study.series
            if self._ticked(study.study_uid, series.series_uid, study.study_uid in asked)
        )

    def _ticked(self, study_uid: str, series_uid: str, asked: bool) -> bool:
        return self.by_hand.get(series_uid, self.by_hand.get(study_uid, asked))


def beyond_form(
    patient: MediumPatient | None, series: frozenset[str], exams: tuple[Exam, ...]
) -> tuple[MediumStudy, ...]:
    """Studies with ticks that the form does not ask for: they need a reason (R-GATE-7, §2.7d)."""
    studies = chosen(patient, series) if patient else ()
    asked = asked_studies(exams, studies)
    return tuple(study for study in studies if study.study_uid not in asked)


def ris_lines(
    patient: MediumPatient | None,
    series: frozenset[str],
    exams: tuple[Exam, ...],
    accessions: Mapping[str, str],
) -> tuple[Exam, ...]:
    """One RIS event an examination; its date is the day the images were acquired (R-RIS)."""
    if patient is None:
        return ()
    # Asked of whole studies: one reduced to some of its series may lack the modality that the form names.
    asked = asked_studies(exams, patient.studies)
    return tuple(
        _ris_line(study, asked.get(study.study_uid), accessions) for study in chosen(patient, series)
    )


def _ris_line(study: MediumStudy, asked: Exam | None, accessions: Mapping[str, str]) -> Exam:
    exam = asked or Exam()
    accession = accessions.get(study.study_uid, "").strip()
    return Exam(
        date=study.date or exam.date,
        modality=exam.modality or (study.modalities[0] if study.modalities else ""),
        description=exam.description or study.description,
        exam_code=exam.exam_code,
        accession=accession,
        ris_state=RisState.ENTERED if accession else RisState.MISSING,
        study_uid=study.study_uid,
    )
