"""Writes a DICOMDIR (PS3.3 F, PS3.10 8): records of patients, studies, series and images for files that lie there.

Owns which attributes go into a record and where records lie in the file. Names no file and moves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

_LEVELS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("PATIENT", "PatientID", ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")),
    (
        "STUDY",
        "StudyInstanceUID",
        ("StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "StudyInstanceUID", "StudyID"),
    ),
    ("SERIES", "SeriesInstanceUID", ("Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber")),
)
_SEQUENCE_HEADER = 12  # tag, VR, reserved and length of (0004,1220) in Explicit VR
_ITEM_HEADER = 8


@dataclass(frozen=True)
class FileOnMedium:
    """An instance that lies at `file_id` (components of ≤ 8 characters); of `ds` no pixels are needed."""

    file_id: tuple[str, ...]
    ds: Dataset


@dataclass
class _Record:
    ds: Dataset
    below: list[_Record] = field(default_factory=list)
    position: int = 0

    def walk(self) -> Iterator[_Record]:
        yield self
        for record in self.below:
            yield from record.walk()


def write_dicomdir(path: Path, files: Iterable[FileOnMedium], *, file_set_id: str, uid: str) -> None:
    """Write the DICOMDIR of `files`, in their order, as instance `uid`."""
    roots = _tree(files)
    head, directory = _head(uid), _directory(file_set_id)
    _place(roots, len(head) + len(_encoded(directory)) + _SEQUENCE_HEADER)
    if roots:
        directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = roots[0].position
        directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = roots[-1].position
    directory.DirectoryRecordSequence = [record.ds for root in roots for record in root.walk()]
    path.write_bytes(head + _encoded(directory))


def _tree(files: Iterable[FileOnMedium]) -> list[_Record]:
    root = _Record(Dataset())
    made: dict[tuple[str, ...], _Record] = {}
    for file in files:
        parent, key = root, tuple[str, ...]()
        for type_, unique, keywords in _LEVELS:
            key = (*key, str(file.ds.get(unique, "")))
            if key not in made:
                made[key] = _Record(_record(type_, keywords, file.ds))
                parent.below.append(made[key])
            parent = made[key]
        parent.below.append(_Record(_image_record(file)))
    return root.below


def _record(type_: str, keywords: Iterable[str], ds: Dataset) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = type_
    for keyword in ("SpecificCharacterSet", *keywords):
        if keyword in ds:
            record[keyword] = ds[keyword]
    return record


def _image_record(file: FileOnMedium) -> Dataset:
    record = _record("IMAGE", ("InstanceNumber",), file.ds)
    record.ReferencedFileID = list(file.file_id)
    record.ReferencedSOPClassUIDInFile = file.ds.SOPClassUID
    record.ReferencedSOPInstanceUIDInFile = file.ds.SOPInstanceUID
    record.ReferencedTransferSyntaxUIDInFile = ExplicitVRLittleEndian
    return record


def _directory(file_set_id: str) -> Dataset:
    ds = Dataset()
    ds.FileSetID = file_set_id
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.FileSetConsistencyFlag = 0
    return ds


def _place(roots: list[_Record], position: int) -> None:
    """Give every record its place, from `position` on, and its links. Their lengths do not depend on them."""
    for record in (record for root in roots for record in root.walk()):
        record.position = position
        position += _ITEM_HEADER + len(_encoded(record.ds))
    for siblings in (roots, *(record.below for root in roots for record in root.walk())):
        for record, following in pairwise(siblings):
            record.ds.OffsetOfTheNextDirectoryRecord = following.position
    for record in (record for root in roots for record in root.walk()):
        if record.below:
            record.ds.OffsetOfReferencedLowerLevelDirectoryEntity = record.below[0].position


def _head(uid: str) -> bytes:
    """Preamble and file meta information (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = UID(uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = _buffer()
    buffer.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(buffer, meta)
    return buffer.getvalue()


def _encoded(ds: Dataset) -> bytes:
    buffer = _buffer()
    write_dataset(buffer, ds)
    return buffer.getvalue()


def _buffer() -> DicomBytesIO:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    return buffer
