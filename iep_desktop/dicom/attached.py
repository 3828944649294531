"""Makes DICOM documents of attachments: a PDF becomes an Encapsulated PDF, plain text a Basic Text SR.

They belong to the study that they report on: patient and study are those of an image of it (PS3.3 A.45.1, A.35.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import BasicTextSRStorage, EncapsulatedPDFStorage, ExplicitVRLittleEndian

from iep_desktop import __version__
from iep_desktop.core.errors import MediumUnreadable

_PATIENT_AND_STUDY = (
    "SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "OtherPatientIDsSequence",
    "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyID", "StudyDescription",
)  # fmt: skip
_TYPE_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyID",
)  # fmt: skip
_UTF8 = "ISO_IR 192"


@dataclass(frozen=True)
class Report:
    """A document to be made. `when` is the local time that is written into it."""

    title: str
    sop_instance_uid: str
    series_uid: str
    when: datetime


def encapsulated_pdf(pdf: bytes, report: Report, like: Path) -> bytes:
    """A whole DICOM file (PS3.10) that holds the PDF. Raises MediumUnreadable where `like` cannot be read."""
    ds = _document(report, like, EncapsulatedPDFStorage, "DOC")
    ds.ConversionType = "WSD"  # workstation
    ds.BurnedInAnnotation = "YES"  # a report names its patient
    ds.AcquisitionDateTime = ""
    ds.ConceptNameCodeSequence = [_code("11528-7", "LN", "Radiology Report")]
    ds.DocumentTitle = report.title
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.EncapsulatedDocument = pdf if len(pdf) % 2 == 0 else pdf + b"\0"
    return _file(ds)


def text_report(text: str, report: Report, like: Path) -> bytes:
    """A whole DICOM file (PS3.10) that holds the text. Raises MediumUnreadable where `like` cannot be read."""
    ds = _document(report, like, BasicTextSRStorage, "SR")
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    ds.CompletionFlag = "COMPLETE"
    ds.VerificationFlag = "UNVERIFIED"
    ds.ValueType = "CONTAINER"
    ds.ConceptNameCodeSequence = [_code("11528-7", "LN", "Radiology Report")]
    ds.ContinuityOfContent = "SEPARATE"
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = [_code("121071", "DCM", "Finding")]
    item.TextValue = text
    ds.ContentSequence = [item]
    return _file(ds)


def _document(report: Report, like: Path, sop_class: str, modality: str) -> Dataset:
    ds = _patient_and_study(like)
    ds.SpecificCharacterSet = _UTF8
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = report.sop_instance_uid
    ds.SeriesInstanceUID = report.series_uid
    ds.Modality = modality
    ds.SeriesNumber = "9001"
    ds.SeriesDescription = report.title[:64]
    ds.InstanceNumber = "1"
    ds.Manufacturer = "IEP desktop"
    ds.SoftwareVersions = __version__
    ds.ContentDate = report.when.strftime("%Y%m%d")
    ds.ContentTime = report.when.strftime("%H%M%S")
    return ds


def _patient_and_study(like: Path) -> Dataset:
    try:
        source = dcmread(like, specific_tags=list(_PATIENT_AND_STUDY), stop_before_pixels=True)
        source.decode()
    except (OSError, InvalidDicomError, ValueError, LookupError) as error:
        raise MediumUnreadable("An image of the study cannot be read", type(error).__name__) from error
    ds = Dataset()
    for keyword in _PATIENT_AND_STUDY:
        if keyword in source:
            ds[keyword] = source[keyword]
    for keyword in _TYPE_2:
        if keyword not in ds:
            setattr(ds, keyword, "")
    return ds


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def _file(ds: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    whole = FileDataset("", ds, file_meta=meta, preamble=b"\0" * 128)
    out = BytesIO()
    dcmwrite(out, whole, enforce_file_format=True)
    return out.getvalue()
