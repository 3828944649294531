"""What a viewer shows: studies of images and documents, wherever they lie, and what a person says of them.

Frozen and without Qt. A set comes from a disc, from the spool or from a node's answer; `Images` (workers) fetches a
file when it is to be shown, so a set may name images that are not here yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from iep_desktop.core.job import Context


@dataclass(frozen=True)
class ViewImage:
    """A SOP Instance: an image, a document, a waveform. `where` is the source's own word for the file."""

    sop_instance_uid: str
    sop_class_uid: str = ""
    number: int | None = None  # Instance Number (0020,0013)
    where: str = ""
    frames: int = 0  # 0: not known before the file is read


@dataclass(frozen=True)
class ViewSeries:
    series_uid: str
    modality: str = ""
    number: int | None = None
    description: str = ""
    images: tuple[ViewImage, ...] = ()
    expected: int | None = None  # images the source says it has, where that is known


@dataclass(frozen=True)
class ViewPatient:
    """The patient as the source says, before any file is opened."""

    patient_id: str = ""
    nhs_no: str = ""
    name: str = ""  # PN
    birth_date: date | None = None
    sex: str = ""
    issuer: str = ""  # of patient_id, where that is said


@dataclass(frozen=True)
class ViewStudy:
    study_uid: str
    patient: ViewPatient = ViewPatient()
    date: date | None = None
    description: str = ""
    accession: str = ""
    institution: str = ""
    series: tuple[ViewSeries, ...] = ()


@dataclass(frozen=True)
class ViewSet:
    """What is opened together. `asked` is the patient whom the request or form names, for the identity strip."""

    title: str
    studies: tuple[ViewStudy, ...] = ()
    asked: ViewPatient | None = None
    transaction_id: str = ""  # whose review events belong to; "" where there is none yet


def names_in(view: ViewSet) -> dict[str, str]:
    """UIDs of series and images → what a person calls them: `Head axial`, `image 12 of Head axial`."""
    names: dict[str, str] = {}
    for study in view.studies:
        for series in study.series:
            called = series.description or f"{series.modality} series {series.number or ''}".strip()
            names[series.series_uid] = called
            for place, image in enumerate(series.images, start=1):
                number = image.number if image.number is not None else place
                names[image.sop_instance_uid] = f"image {number} of {called}"
    return names


class ImageSource(Protocol):
    """Where the files of a set come from. Calls block and may come from several threads."""

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        """The image as a file on this machine, fetched if it must be.

        Raises:
            MediumUnreadable, Permanent, Transient: it cannot be had, with the reason to show in its place.
        """


class SignKind(StrEnum):
    """A warning that a review shows: computed, never a diagnosis."""

    OTHER_PATIENT = "other-patient"
    MIXED_BIRTH_DATES = "mixed-birth-dates"
    BURNED_IN = "burned-in"
    MISSING_NUMBERS = "missing-numbers"
    DUPLICATES = "duplicates"
    SECONDARY_CAPTURE = "secondary-capture"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Sign:
    kind: SignKind
    text: str
    study_uid: str = ""
    series_uid: str = ""
    sop_instance_uids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    """Who looked at what, and which images they ticked for the transfer."""

    by: str
    at: datetime
    sop_instance_uids: tuple[str, ...]
    signs: tuple[SignKind, ...] = ()  # those that were on the screen when it was confirmed
