"""Builds discs for tests: a folder of small DICOM files, its DICOMDIR and the content of IHE PDI around it.

    disc = build_disc(tmp_path / "cd", Patient(studies=(Study(series=(Series("CT", images=3),)),)))
    disc.root, disc.files, disc.uids            # what is there
    disc.file(0).unlink()                       # damage it
    disc.write_dicomdir(syntax=ImplicitVRLittleEndian, offsets="wrong")

Only synthetic patients. UIDs follow from the patient, study, series and image, so that two discs of the same
description hold the same instances. No product code is used: this is the other side.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

SOP_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "CR": ComputedRadiographyImageStorage}
PDI_FILES = {
    "README.TXT": b"This disc holds images of a synthetic patient.\r\n",
    "INDEX.HTM": b"<html><body>Synthetic images</body></html>\r\n",
    "IHE_PDI/INDEX.HTM": b"<html><body>IHE PDI</body></html>\r\n",
    "AUTORUN.INF": b"[autorun]\r\nopen=VIEWER.EXE\r\n",
    "VIEWER.EXE": b"MZ\x90\x00 not a viewer, and never run",
}


@dataclass(frozen=True)
class Series:
    modality: str = "CT"
    images: int = 3
    number: int = 1
    description: str = "AXIAL"
    sop_class: str = ""  # "": after the modality
    uid: str = ""


@dataclass(frozen=True)
class Study:
    date: str = "20240110"
    description: str = "CT HEAD"
    accession: str = "A999001"
    institution: str = "NORTHFIELD HOSPITAL"
    series: tuple[Series, ...] = (Series(),)
    uid: str = ""


@dataclass(frozen=True)
class Patient:
    patient_id: str = "N9990001"
    name: str = "TESTING^ANNA"
    birth_date: str = "19800101"
    sex: str = "F"
    issuer: str = ""
    nhs_no: str = ""  # goes to Other Patient IDs Sequence, issuer NHS
    charset: str = "ISO_IR 100"  # several sets: with backslashes
    studies: tuple[Study, ...] = (Study(),)


@dataclass
class Record:
    """A directory record (PS3.3 F.3) and those below it."""

    type: str
    elements: Dataset = field(default_factory=Dataset)
    below: list[Record] = field(default_factory=list)

    def walk(self) -> Iterator[Record]:
        yield self
        for record in self.below:
            yield from record.walk()


@dataclass
class Disc:
    root: Path
    files: list[str] = field(default_factory=list)  # of images, relative, in the order of the DICOMDIR
    uids: list[str] = field(default_factory=list)  # SOP Instance UIDs, the same order
    records: list[Record] = field(default_factory=list)  # patients; change and call `write_dicomdir` again
    fileset_id: str = "TESTDISC"

    @property
    def dicomdir(self) -> Path:
        return self.root / "DICOMDIR"

    def file(self, index: int) -> Path:
        return self.root / self.files[index]

    def write_dicomdir(self, path: Path | None = None, **how: Any) -> Path:
        """Write the DICOMDIR of `records` again; `how` as for `dicomdir_bytes`."""
        path = path or self.dicomdir
        path.write_bytes(dicomdir_bytes(self.records, fileset_id=self.fileset_id, **how))
        return path

    def lower_case(self) -> None:
        """Rename every file and folder, as some writers and drivers do."""
        self.rename(str.lower)

    def rename(self, name: Any, *, folders: bool = True) -> None:
        """Give every file (and folder) of the disc the name `name(old)`; `files` follows."""
        for path in sorted(self.root.rglob("*"), key=lambda p: -len(p.parts)):
            if folders or path.is_file():
                path.rename(path.with_name(name(path.name)))
        self.files = [
            "/".join([name(p) if folders else p for p in parts[:-1]] + [name(parts[-1])])
            for parts in (f.split("/") for f in self.files)
        ]


def build_disc(
    root: Path,
    *patients: Patient,
    syntax: str = ExplicitVRLittleEndian,
    dicomdir: bool = True,
    pdi: bool = True,
    pixels: int = 16,
    fileset_id: str = "TESTDISC",
) -> Disc:
    """A disc of `patients` (one with one CT study of 3 images where none is given) in the folder `root`."""
    root.mkdir(parents=True, exist_ok=True)
    disc = Disc(root, fileset_id=fileset_id)
    for p, patient in enumerate(patients or (Patient(),)):
        disc.records.append(_patient(disc, patient, f"PT{p:06}", syntax, pixels))
    if dicomdir:
        disc.write_dicomdir()
    for name, content in PDI_FILES.items() if pdi else ():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(content)
    return disc


def dicomdir_bytes(
    records: list[Record],
    *,
    syntax: str = ExplicitVRLittleEndian,
    offsets: Literal["right", "none", "wrong"] = "right",
    undefined_length: bool = False,
    fileset_id: str = "TESTDISC",
) -> bytes:
    """A DICOMDIR in `syntax`; with offsets 0 or nonsense where asked; items and sequence of undefined length."""
    implicit, little = UID(syntax).is_implicit_VR, UID(syntax).is_little_endian
    byte_order = "<" if little else ">"
    start = _start(syntax, fileset_id)
    items: dict[int, bytearray] = {}
    positions: dict[int, int] = {}
    position = len(start) + (8 if implicit else 12)
    flat = [record for top in records for record in top.walk()]
    for record in flat:
        items[id(record)] = bytearray(_item(record, implicit, little, undefined_length))
        positions[id(record)] = position
        position += len(items[id(record)])
    if offsets != "none":
        add = 10_000 if offsets == "wrong" else 0
        for first, second in _next_ones(records):
            struct.pack_into(f"{byte_order}L", items[id(first)], 16, positions[id(second)] + add)
        for record in flat:
            if record.below:
                below = positions[id(record.below[0])] + add
                struct.pack_into(f"{byte_order}L", items[id(record)], 38, below)
        if records:  # the root's first and last record (0004,1200), (0004,1202)
            struct.pack_into(f"{byte_order}L", start, len(start) - 26, positions[id(records[0])] + add)
            struct.pack_into(f"{byte_order}L", start, len(start) - 14, positions[id(records[-1])] + add)
    body = b"".join(items.values())
    end = b""
    if undefined_length:
        end = struct.pack(f"{byte_order}HHL", 0xFFFE, 0xE0DD, 0)
    length = 0xFFFFFFFF if undefined_length else len(body)
    header = struct.pack(f"{byte_order}HH", 0x0004, 0x1220) + (b"" if implicit else b"SQ\0\0")
    return bytes(start) + header + struct.pack(f"{byte_order}L", length) + body + end


def _start(syntax: str, fileset_id: str) -> bytearray:
    """Up to the sequence of records. The last three elements have fixed places: two UL and one US."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = UID(_uid(fileset_id))
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID("1.2.826.0.1.3680043.8.498.1")
    fp = DicomBytesIO()
    fp.write(b"\0" * 128 + b"DICM")
    fp.is_little_endian, fp.is_implicit_VR = True, False
    write_file_meta_info(fp, meta)
    ds = Dataset()
    ds.FileSetID = fileset_id
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.FileSetConsistencyFlag = 0
    return bytearray(fp.getvalue() + _encoded(ds, UID(syntax).is_implicit_VR, UID(syntax).is_little_endian))


def _item(record: Record, implicit: bool, little: bool, undefined: bool) -> bytes:
    ds = Dataset()
    ds.OffsetOfTheNextDirectoryRecord = 0
    ds.RecordInUseFlag = 0xFFFF
    ds.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    ds.DirectoryRecordType = record.type
    ds.update(record.elements)
    body = _encoded(ds, implicit, little)
    order = "<" if little else ">"
    header = struct.pack(f"{order}HHL", 0xFFFE, 0xE000, 0xFFFFFFFF if undefined else len(body))
    return header + body + (struct.pack(f"{order}HHL", 0xFFFE, 0xE00D, 0) if undefined else b"")


def _encoded(ds: Dataset, implicit: bool, little: bool) -> bytes:
    fp = DicomBytesIO()
    fp.is_little_endian, fp.is_implicit_VR = little, implicit
    write_dataset(fp, ds, ds.get("SpecificCharacterSet", "ISO_IR 6"))
    return fp.getvalue()


def _next_ones(records: list[Record]) -> Iterator[tuple[Record, Record]]:
    yield from pairwise(records)
    for record in records:
        yield from _next_ones(record.below)


def _patient(disc: Disc, patient: Patient, folder: str, syntax: str, pixels: int) -> Record:
    ds = Dataset()
    ds.SpecificCharacterSet = patient.charset.split("\\") if "\\" in patient.charset else patient.charset
    ds.PatientName, ds.PatientID = patient.name, patient.patient_id
    ds.PatientBirthDate, ds.PatientSex = patient.birth_date, patient.sex
    if patient.issuer:
        ds.IssuerOfPatientID = patient.issuer
    if patient.nhs_no:
        other = Dataset()
        other.PatientID, other.IssuerOfPatientID = patient.nhs_no, "NHS"
        ds.OtherPatientIDsSequence = [other]
    record = Record(
        "PATIENT", _chosen(ds, "SpecificCharacterSet PatientName PatientID PatientBirthDate PatientSex")
    )
    for s, study in enumerate(patient.studies):
        record.below.append(_study(disc, ds, study, f"{folder}/ST{s:06}", syntax, pixels))
    return record


def _study(disc: Disc, patient: Dataset, study: Study, folder: str, syntax: str, pixels: int) -> Record:
    ds = Dataset()
    ds.update(patient)
    ds.StudyInstanceUID = study.uid or _uid(patient.PatientID, study.date, study.description, folder)
    ds.StudyDate, ds.StudyTime, ds.StudyID = study.date, "101500", "1"
    ds.StudyDescription, ds.AccessionNumber = study.description, study.accession
    ds.InstitutionName = study.institution
    record = Record(
        "STUDY",
        _chosen(
            ds,
            "SpecificCharacterSet StudyInstanceUID StudyDate StudyTime StudyID StudyDescription AccessionNumber",
        ),
    )
    for s, series in enumerate(study.series):
        record.below.append(_series(disc, ds, series, f"{folder}/SE{s:06}", syntax, pixels))
    return record


def _series(disc: Disc, study: Dataset, series: Series, folder: str, syntax: str, pixels: int) -> Record:
    ds = Dataset()
    ds.update(study)
    ds.SeriesInstanceUID = series.uid or _uid(study.StudyInstanceUID, folder, series.modality)
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = series.modality, series.number, series.description
    ds.SOPClassUID = series.sop_class or SOP_CLASSES.get(series.modality, SecondaryCaptureImageStorage)
    record = Record(
        "SERIES",
        _chosen(ds, "SpecificCharacterSet SeriesInstanceUID Modality SeriesNumber SeriesDescription"),
    )
    (disc.root / folder).mkdir(parents=True, exist_ok=True)
    for number in range(1, series.images + 1):
        ds.SOPInstanceUID = UID(_uid(ds.SeriesInstanceUID, str(number)))
        ds.InstanceNumber = number
        name = f"{folder}/IM{number:06}"
        write_instance(disc.root / name, ds, syntax, pixels)
        disc.files.append(name)
        disc.uids.append(ds.SOPInstanceUID)
        record.below.append(image_record(ds, name, syntax))
    return record


def image_record(ds: Dataset, name: str, syntax: str = ExplicitVRLittleEndian, type: str = "IMAGE") -> Record:
    """The record that references the file `name` holding `ds`."""
    elements = _chosen(ds, "SpecificCharacterSet InstanceNumber")
    elements.ReferencedFileID = name.split("/")
    elements.ReferencedSOPClassUIDInFile = ds.SOPClassUID
    elements.ReferencedSOPInstanceUIDInFile = ds.SOPInstanceUID
    elements.ReferencedTransferSyntaxUIDInFile = UID(syntax)
    return Record(type, elements)


def write_instance(
    path: Path, elements: Dataset, syntax: str = ExplicitVRLittleEndian, pixels: int = 16
) -> None:
    """Write `elements` with an image of `pixels` × `pixels` of 16 bit; one frame of nonsense where compressed."""
    ds = Dataset()
    ds.update(elements)
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = pixels
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    seed = int(ds.get("InstanceNumber", 0) or 0) & 0xFF
    raw = bytes([seed, 1] * (pixels * pixels))
    if UID(syntax).is_encapsulated:
        ds.PixelData = encapsulate([raw])
        ds["PixelData"].is_undefined_length = True
    else:
        ds.PixelData = raw
    ds["PixelData"].VR = "OB" if UID(syntax).is_encapsulated else "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.save_as(path, enforce_file_format=True)


def _chosen(ds: Dataset, keywords: str) -> Dataset:
    result = Dataset()
    for keyword in keywords.split():
        if keyword in ds:
            result[keyword] = ds[keyword]
    return result


def _uid(*parts: str) -> str:
    return generate_uid(entropy_srcs=[str(part) for part in parts])
