"""What a DICOM node answers, as frozen dataclasses for windows and command line. Pure: no network here.

Texts are decoded, dates are `date` or None where the node gave none or an impossible one, counts are None
where the node does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class EchoResult:
    """A C-ECHO that was answered. Times in seconds."""

    node: str
    connect_seconds: float  # TCP connection and association
    echo_seconds: float  # question and answer
    peer_version: str = ""  # implementation version name, as the peer calls itself


@dataclass(frozen=True)
class PacsPatient:
    patient_id: str
    name: str = ""  # PN
    birth_date: date | None = None
    sex: str = ""
    issuer: str = ""
    other_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PacsStudy:
    study_uid: str
    patient_id: str = ""
    patient_name: str = ""  # PN
    birth_date: date | None = None
    sex: str = ""
    study_date: date | None = None
    accession: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    series: int | None = None
    instances: int | None = None


@dataclass(frozen=True)
class PacsSeries:
    study_uid: str
    series_uid: str
    modality: str = ""
    number: str = ""
    description: str = ""
    instances: int | None = None


@dataclass(frozen=True, slots=True)
class PacsInstance:
    """What does not come with the answer is empty."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str = ""
    modality: str = ""
    series_description: str = ""
    number: int | None = None  # Instance Number (0020,0013)
