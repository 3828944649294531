"""C-FIND: what is asked (identifiers) and what the answers say (core.queries). No network here.

Query/Retrieve keys of PS3.4 C.6.1 and C.6.2. Texts are sent in the smallest character set that holds them and
read in the one that the answer names (PS3.3 C.12.1.1.2).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import date

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from iep_desktop.core.queries import PacsInstance, PacsPatient, PacsSeries, PacsStudy

_PATIENT = (
    "PatientID",
    "IssuerOfPatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientIDs",
)
_STUDY = (
    "StudyInstanceUID",
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "AccessionNumber",
    "StudyDescription",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)
_SERIES = (
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
    "NumberOfSeriesRelatedInstances",
)
_IMAGE = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber")
RETURN_KEYS: Mapping[str, tuple[str, ...]] = {
    "PATIENT": _PATIENT,
    "STUDY": _STUDY,
    "SERIES": _SERIES,
    "IMAGE": _IMAGE,
}


def identifier(level: str, **matching: str) -> Dataset:
    """The question at `level` (PATIENT, STUDY, SERIES, IMAGE): matching keys by keyword, all else to be returned."""
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    texts = "".join(matching.values())
    if not texts.isascii():
        ds.SpecificCharacterSet = "ISO_IR 100" if _is_latin1(texts) else "ISO_IR 192"
    for keyword in RETURN_KEYS[level]:
        setattr(ds, keyword, "")
    for keyword, value in matching.items():
        setattr(ds, keyword, value)
    return ds


def date_range(first: date | None, last: date | None) -> str:
    """Range matching (PS3.4 C.2.2.2.5): both ends count; empty where neither is given."""
    ends = [day.strftime("%Y%m%d") if day else "" for day in (first, last)]
    return "-".join(ends) if any(ends) else ""


def is_answer(ds: Dataset, level: str) -> bool:
    """Whether there is anything in it that was asked for."""
    return any(keyword in ds for keyword in RETURN_KEYS[level])


def patient(ds: Dataset) -> PacsPatient:
    return PacsPatient(
        patient_id=text(ds, "PatientID"),
        name=text(ds, "PatientName"),
        birth_date=day(text(ds, "PatientBirthDate")),
        sex=text(ds, "PatientSex"),
        issuer=text(ds, "IssuerOfPatientID"),
        other_ids=texts(ds, "OtherPatientIDs"),
    )


def study(ds: Dataset) -> PacsStudy:
    return PacsStudy(
        study_uid=text(ds, "StudyInstanceUID"),
        patient_id=text(ds, "PatientID"),
        patient_name=text(ds, "PatientName"),
        birth_date=day(text(ds, "PatientBirthDate")),
        sex=text(ds, "PatientSex"),
        study_date=day(text(ds, "StudyDate")),
        accession=text(ds, "AccessionNumber"),
        description=text(ds, "StudyDescription"),
        modalities=texts(ds, "ModalitiesInStudy"),
        series=number(ds, "NumberOfStudyRelatedSeries"),
        instances=number(ds, "NumberOfStudyRelatedInstances"),
    )


def series(ds: Dataset) -> PacsSeries:
    return PacsSeries(
        study_uid=text(ds, "StudyInstanceUID"),
        series_uid=text(ds, "SeriesInstanceUID"),
        modality=text(ds, "Modality"),
        number=text(ds, "SeriesNumber"),
        description=text(ds, "SeriesDescription"),
        instances=number(ds, "NumberOfSeriesRelatedInstances"),
    )


def instance(ds: Dataset, of: PacsSeries) -> PacsInstance:
    return PacsInstance(
        study_uid=of.study_uid,
        series_uid=of.series_uid,
        sop_instance_uid=text(ds, "SOPInstanceUID"),
        sop_class_uid=sys.intern(text(ds, "SOPClassUID")),  # one for all of them
        modality=of.modality,
        series_description=of.description,
        number=number(ds, "InstanceNumber"),
    )


def text(ds: Dataset, keyword: str) -> str:
    return "\\".join(texts(ds, keyword))


def texts(ds: Dataset, keyword: str) -> tuple[str, ...]:
    """The values as text; nothing where the element is missing, empty or cannot be read."""
    try:
        value = ds.get(keyword)
    except (
        ValueError,
        TypeError,
        LookupError,
        NotImplementedError,
    ):  # whatever a peer may have put there
        return ()
    if value is None:
        return ()
    values = value if isinstance(value, MultiValue | list) else [value]
    return tuple(part for part in (str(v).strip(" \0") for v in values) if part)


def number(ds: Dataset, keyword: str) -> int | None:
    said = text(ds, keyword)
    return int(said) if said.isascii() and said.isdigit() else None


def day(da: str) -> date | None:
    """A DA value (PS3.5 6.2: YYYYMMDD, formerly YYYY.MM.DD), or None where it is no date."""
    match = re.fullmatch(r"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})", da)
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def _is_latin1(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
