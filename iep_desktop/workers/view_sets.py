"""Sets to look at, made of what a medium, a ledger or a node says: no file is opened here.

Pure. Series by number as they come, images by Instance Number where it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from iep_desktop.core.medium import MediumContents, MediumPatient, MediumSeries, MediumStudy
from iep_desktop.core.queries import PacsInstance, PacsStudy
from iep_desktop.core.transaction import Instance, Transaction
from iep_desktop.core.viewing import ViewImage, ViewPatient, ViewSeries, ViewSet, ViewStudy


def of_patients(patients: Iterable[MediumPatient]) -> tuple[ViewStudy, ...]:
    """`where` of an image is its path on the medium. What the medium lists but lacks is counted, not shown."""
    return tuple(_medium_study(patient, study) for patient in patients for study in patient.studies)


def of_contents(contents: MediumContents, asked: ViewPatient | None = None) -> ViewSet:
    return ViewSet(contents.label or "Disc", of_patients(contents.patients), asked)


def _medium_study(patient: MediumPatient, study: MediumStudy) -> ViewStudy:
    return ViewStudy(
        study.study_uid,
        view_patient(patient),
        study.date,
        study.description,
        study.accession,
        study.institution,
        tuple(_medium_series(series) for series in study.series),
    )


def view_patient(patient: MediumPatient) -> ViewPatient:
    return ViewPatient(
        patient.patient_id,
        patient.nhs_no,
        patient.name,
        patient.birth_date,
        patient.sex,
        patient.issuer,
    )


def _medium_series(series: MediumSeries) -> ViewSeries:
    images = tuple(
        ViewImage(one.sop_instance_uid, one.sop_class_uid, one.number, one.path) for one in series.present
    )
    expected = len(series.instances) if series.missing else None
    return ViewSeries(series.series_uid, series.modality, series.number, series.description, images, expected)


def of_study(study: PacsStudy, instances: Sequence[PacsInstance]) -> ViewStudy:
    """A study as a node lists it."""
    patient = ViewPatient(study.patient_id, "", study.patient_name, study.birth_date, study.sex)
    rows = [(one.series_uid, one.modality, one.series_description, _image_of_node(one)) for one in instances]
    return ViewStudy(
        study.study_uid, patient, study.study_date, study.description, study.accession, "", _series(rows)
    )


def _image_of_node(one: PacsInstance) -> ViewImage:
    return ViewImage(one.sop_instance_uid, one.sop_class_uid, one.number)


def of_transaction(
    transaction: Transaction, instances: Sequence[Instance], numbers: Mapping[str, int]
) -> ViewSet:
    """A transaction as the ledger lists it, with the Instance Numbers that are known; whose they are, files say."""
    studies: dict[str, list[tuple[str, str, str, ViewImage]]] = {}
    for one in instances:
        image = ViewImage(one.sop_instance_uid, one.sop_class_uid, numbers.get(one.sop_instance_uid))
        row = (one.series_uid, one.modality, one.series_description, image)
        studies.setdefault(one.study_uid, []).append(row)
    exams = {exam.study_uid: exam for exam in transaction.exams if exam.study_uid}
    found = []
    for uid, rows in studies.items():
        exam = exams.get(uid)
        day, words = (exam.date, exam.description) if exam else (None, "")
        found.append(ViewStudy(uid, date=day, description=words, series=_series(rows)))
    return ViewSet(transaction.number, tuple(found), asked_for(transaction), str(transaction.id))


def asked_for(transaction: Transaction) -> ViewPatient:
    """The patient whom the form names."""
    patient = transaction.patient
    return ViewPatient(
        patient.hospital_no, patient.nhs_no, patient.name, patient.birth_date, patient.sex or ""
    )


def _series(rows: Iterable[tuple[str, str, str, ViewImage]]) -> tuple[ViewSeries, ...]:
    heads: dict[str, tuple[str, str]] = {}
    images: dict[str, list[ViewImage]] = {}
    for uid, modality, description, image in rows:
        heads.setdefault(uid, (modality, description))
        images.setdefault(uid, []).append(image)
    return tuple(
        ViewSeries(uid, heads[uid][0], None, heads[uid][1], tuple(sorted(images[uid], key=_by_number)))
        for uid in heads
    )


def _by_number(image: ViewImage) -> int:
    """Those without a number stay where they are, at the end."""
    return image.number if image.number is not None else 1 << 31
