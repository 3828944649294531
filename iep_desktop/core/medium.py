"""What a medium (disc, stick, folder, ISO) holds, and what is wrong with it (cli.md, spec/dicom.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class MediumInstance:
    """A SOP Instance on a medium. `path` is relative to the root, with forward slashes."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    path: str
    size: int = 0  # bytes of the file; 0 where missing
    number: int | None = None  # Instance Number (0020,0013)
    present: bool = True  # False: the DICOMDIR lists it and the medium lacks it


@dataclass(frozen=True)
class MediumSeries:
    series_uid: str
    modality: str = ""
    number: int | None = None
    description: str = ""
    instances: tuple[MediumInstance, ...] = ()

    @property
    def present(self) -> tuple[MediumInstance, ...]:
        return tuple(i for i in self.instances if i.present)

    @property
    def missing(self) -> int:
        return sum(not i.present for i in self.instances)


@dataclass(frozen=True)
class MediumStudy:
    study_uid: str
    date: date | None = None
    description: str = ""
    accession: str = ""
    institution: str = ""
    series: tuple[MediumSeries, ...] = ()

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.modality for s in self.series if s.modality))

    @property
    def present(self) -> tuple[MediumInstance, ...]:
        return tuple(i for s in self.series for i in s.present)


@dataclass(frozen=True)
class MediumPatient:
    """A patient as the medium says; `patient_id` is the sender's own number."""

    patient_id: str = ""
    issuer: str = ""
    name: str = ""  # PN
    birth_date: date | None = None
    sex: str = ""
    nhs_no: str = ""  # where Other Patient IDs or the issuer say so
    studies: tuple[MediumStudy, ...] = ()


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class FindingCode(StrEnum):
    """cli.md."""

    NO_DICOMDIR = "no-dicomdir"
    DICOMDIR_UNREADABLE = "dicomdir-unreadable"
    MISSING_FILE = "missing-file"
    UNLISTED_FILE = "unlisted-file"
    UNREADABLE_FILE = "unreadable-file"
    NOT_DICOM = "not-dicom"
    DUPLICATE_INSTANCE = "duplicate-instance"
    DIFFERENT_DUPLICATE = "different-duplicate"
    OUTSIDE_MEDIUM = "outside-medium"
    CONTRADICTS_FILE = "contradicts-file"
    UNSUPPORTED_CLASS = "unsupported-class"
    SUSPICIOUS_PREAMBLE = "suspicious-preamble"
    ALREADY_IMPORTED = "already-imported"


@dataclass(frozen=True)
class Finding:
    code: FindingCode
    severity: Severity
    message: str
    path: str = ""


class MediumKind(StrEnum):
    DICOMDIR = "dicomdir"
    SCAN = "scan"


@dataclass(frozen=True)
class MediumContents:
    """A whole and consistent view of what has been read so far."""

    source: str
    kind: MediumKind
    patients: tuple[MediumPatient, ...] = ()
    findings: tuple[Finding, ...] = ()
    label: str = ""  # File-set ID or volume label

    @property
    def studies(self) -> tuple[MediumStudy, ...]:
        return tuple(s for p in self.patients for s in p.studies)

    @property
    def instances(self) -> int:
        return sum(len(s.present) for s in self.studies)

    @property
    def missing(self) -> int:
        return sum(series.missing for study in self.studies for series in study.series)

    @property
    def bytes(self) -> int:
        return sum(i.size for s in self.studies for i in s.present)

    @property
    def fingerprint(self) -> str:
        """The same for the same disc: of the sorted SOP Instance UIDs, also of listed ones that are missing."""
        uids = {
            i.sop_instance_uid for study in self.studies for series in study.series for i in series.instances
        }
        import hashlib

        return hashlib.sha256("\n".join(sorted(uids - {""})).encode()).hexdigest()


@dataclass(frozen=True)
class ReadingStep:
    """One step of reading a medium: files looked at so far and the view that results."""

    done: int
    total: int  # 0 while not known
    contents: MediumContents
    finished: bool = False


class DriveKind(StrEnum):
    OPTICAL = "optical"
    REMOVABLE = "removable"
    FOLDER = "folder"  # a copy of a disc in one of the folders that the settings name


@dataclass(frozen=True)
class Drive:
    """A drive that takes discs or sticks. `mount_point` is empty where nothing can be read from it now."""

    device: str  # /dev/sr0, E:, disk4: what the system calls it
    kind: DriveKind
    mount_point: str = ""
    label: str = ""  # of the medium, else of the drive
    has_medium: bool = False
