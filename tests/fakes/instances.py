"""Small DICOM files for tests: synthetic patients only, any SOP class and transfer syntax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid


def make_dataset(**elements: Any) -> Dataset:
    """A CT image of a synthetic patient; `elements` by keyword override what it says."""
    ds = Dataset()
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID = generate_uid()
    ds.SeriesInstanceUID = generate_uid()
    ds.PatientID = "S9990001"
    ds.PatientName = "TESTING^ANNA"
    ds.PatientBirthDate = "19800101"
    ds.PatientSex = "F"
    ds.StudyDate = "20260102"
    ds.StudyTime = "101500"
    ds.StudyID = "1"
    ds.AccessionNumber = "A999"
    ds.StudyDescription = "CT HEAD"
    ds.Modality = "CT"
    ds.SeriesNumber = 1
    ds.InstanceNumber = 1
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def make_instance(
    path: Path, *, syntax: str = ExplicitVRLittleEndian, pixels: int = 16, **elements: Any
) -> Path:
    """A file with `pixels` × `pixels` of 16 bit, or as many bytes encapsulated where the syntax is compressed."""
    ds = make_dataset(**elements)
    ds.Rows = ds.Columns = pixels
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    raw = bytes(range(256)) * (pixels * pixels * 2 // 256)
    if UID(syntax).is_encapsulated:
        ds.PixelData = encapsulate([raw])
        ds["PixelData"].is_undefined_length = True
    else:
        ds.PixelData = raw
    ds["PixelData"].VR = "OW" if not UID(syntax).is_encapsulated else "OB"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.save_as(path, enforce_file_format=True)
    return path
