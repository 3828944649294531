"""Writes synthetic studies and discs of them: what a hospital's CD holds, with UIDs that are the same at every run.

Owns the attributes of the data sets and the layout of a disc (PS3.10, IHE PDI). What the pictures show comes from
outside, and only synthetic patients may go in here.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)

from iep_desktop.dicom.file_set import FileOnMedium, write_dicomdir

if TYPE_CHECKING:
    from iep_desktop.dicom.phantoms import Images

_NAMESPACE = uuid.UUID("2f0f6f0e-6b0b-5d0c-9f0a-1e9d00000999")
_SOP_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "CR": ComputedRadiographyImageStorage}
_SAFE_NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


@dataclass(frozen=True)
class Subject:
    """A synthetic patient as the sender knows them."""

    patient_id: str
    issuer: str
    name: str  # PN
    birth_date: date
    sex: str
    nhs_no: str = ""


@dataclass(frozen=True)
class Geometry:
    """Where the pictures lie in the body, in mm; without one they are projections (CR)."""

    spacing: float
    gap: float
    orientation: tuple[float, ...] = AXIAL


@dataclass(frozen=True)
class SyntheticSeries:
    modality: str
    number: int
    description: str
    images: Images
    geometry: Geometry | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)  # keyword → value, of the modality
    listed: bool = True  # False: the DICOMDIR forgets it


@dataclass(frozen=True)
class SyntheticStudy:
    day: date
    time: str  # TM
    description: str
    accession: str
    institution: str
    series: tuple[SyntheticSeries, ...]
    body_part: str = ""


def uid_of(*parts: object) -> str:
    """The same UID for the same words (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(map(str, parts))).int}"


def write_disc(
    root: Path, file_set_id: str, content: Sequence[tuple[Subject, Sequence[SyntheticStudy]]], sender: str
) -> list[FileOnMedium]:
    """A disc in the new folder `root`: images, DICOMDIR and the files of IHE PDI. Returns all images, listed or not."""
    if len(file_set_id) > 16 or set(file_set_id) - set(_SAFE_NAME):
        raise ValueError(f"{file_set_id!r} is no File-set ID")
    root.mkdir(parents=True)
    written: list[FileOnMedium] = []
    listed: list[FileOnMedium] = []
    for p, (subject, studies) in enumerate(content):
        for s, study in enumerate(studies):
            folder = ("DICOM", f"PT{p:06}", f"ST{s:06}")
            for n, series in enumerate(study.series):
                files = write_series(root, (*folder, f"SE{n:06}"), subject, study, series)
                written += files
                listed += files if series.listed else []
    write_dicomdir(root / "DICOMDIR", listed, file_set_id=file_set_id, uid=uid_of("DICOMDIR", file_set_id))
    _write_pdi(root, sender)
    return written


def write_series(
    root: Path, folder: tuple[str, ...], subject: Subject, study: SyntheticStudy, series: SyntheticSeries
) -> list[FileOnMedium]:
    """One file for each image of the series, at `folder` below `root`."""
    (root / Path(*folder)).mkdir(parents=True, exist_ok=True)
    common = _series_attributes(subject, study, series)
    files = []
    for index, picture in enumerate(series.images):
        ds = Dataset()
        ds.update(common)
        _add_image_attributes(ds, series, index)
        file_id = (*folder, f"IM{index:06}")
        _save(root / Path(*file_id), ds, picture.tobytes())
        files.append(FileOnMedium(file_id, ds))
    return files


def _series_attributes(subject: Subject, study: SyntheticStudy, series: SyntheticSeries) -> Dataset:
    """All that the images of a series have in common."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = _SOP_CLASSES[series.modality]
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = subject.name, subject.patient_id, subject.issuer
    ds.PatientBirthDate, ds.PatientSex = f"{subject.birth_date:%Y%m%d}", subject.sex
    if subject.nhs_no:
        ds.OtherPatientIDsSequence = [_other_id(subject.nhs_no)]
    ds.StudyInstanceUID = uid_of(subject.issuer, subject.patient_id, study.accession)
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = f"{study.day:%Y%m%d}"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = study.time
    ds.StudyDescription, ds.StudyID, ds.AccessionNumber = study.description, "1", study.accession
    ds.InstitutionName, ds.ReferringPhysicianName = study.institution, "SYNTHETIC^Doctor"
    ds.SeriesInstanceUID = uid_of(ds.StudyInstanceUID, series.number, series.description)
    ds.FrameOfReferenceUID = uid_of(ds.StudyInstanceUID, "frame of reference")
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = series.modality, series.number, series.description
    ds.BodyPartExamined, ds.PatientPosition = study.body_part, "HFS"
    ds.Manufacturer, ds.ManufacturerModelName, ds.StationName = "Synthetic", "Phantom", f"{series.modality}1"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = series.images.shape[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    for keyword, value in series.attributes.items():
        setattr(ds, keyword, value)
    return ds


def _other_id(nhs_no: str) -> Dataset:
    item = Dataset()
    item.PatientID, item.IssuerOfPatientID, item.TypeOfPatientID = nhs_no, "NHS", "TEXT"
    return item


def _add_image_attributes(ds: Dataset, series: SyntheticSeries, index: int) -> None:
    ds.SOPInstanceUID = uid_of(ds.SeriesInstanceUID, index)
    ds.InstanceNumber = index + 1
    if series.geometry:
        spacing, gap, cosines = series.geometry.spacing, series.geometry.gap, series.geometry.orientation
        ds.PixelSpacing = [spacing, spacing]
        ds.ImageOrientationPatient = list(cosines)
        ds.ImagePositionPatient = [round(value, 3) for value in _position(series, index)]
        ds.SliceThickness, ds.SliceLocation = gap, round(index * gap, 3)


def _position(series: SyntheticSeries, index: int) -> tuple[float, ...]:
    """The corner of the first pixel: half the picture up and left of the centre, `index` slices along the normal."""
    assert series.geometry is not None
    row, column = series.geometry.orientation[:3], series.geometry.orientation[3:]
    normal = (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )
    rows, columns = series.images.shape[1:]
    along = -(index - (len(series.images) - 1) / 2) * series.geometry.gap  # from the top downwards
    half = series.geometry.spacing / 2
    return tuple(
        -row[axis] * half * (columns - 1) - column[axis] * half * (rows - 1) + normal[axis] * along
        for axis in range(3)
    )


def _save(path: Path, ds: Dataset, pixels: bytes) -> None:
    """With the pixels, which the data set does not keep."""
    whole = Dataset()
    whole.update(ds)
    whole.add_new("PixelData", "OW", pixels)
    whole.file_meta = FileMetaDataset()
    whole.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    whole.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    whole.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    whole.save_as(path, enforce_file_format=True)


def _write_pdi(root: Path, sender: str) -> None:
    """What IHE PDI wants beside the images (RAD TF-2 4.47)."""
    readme = [
        f"Images from {sender}.",
        "All patients and images on this disc are synthetic: they were drawn by a program.",
        "The images are in DICOM format. Start with the file DICOMDIR.",
        "There is no viewer on this disc.",
    ]
    (root / "README.TXT").write_bytes("\r\n".join([*readme, ""]).encode("ascii"))
    lines = "".join(f"<p>{line}</p>\n" for line in readme)
    page = f"<!DOCTYPE html>\n<html><head><title>Images</title></head><body>\n{lines}</body></html>\n"
    (root / "INDEX.HTM").write_bytes(page.encode("ascii"))
    (root / "IHE_PDI").mkdir()
    (root / "IHE_PDI" / "INDEX.HTM").write_bytes(page.encode("ascii"))
