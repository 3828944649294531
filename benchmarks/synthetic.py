"""Makes synthetic CT slices for the benchmarks: 512 × 512 × 16 bit, Explicit VR Little Endian, 0.5 MB each.

Each slice is a head-like ellipse with noise, so that it compresses as real slices do; the patient is synthetic.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SIDE = 512


def ct_slices(folder: Path, count: int = 400) -> list[Path]:
    """Writes `count` slices of one series into `folder`; the paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(9)
    noise = rng.normal(0, 12, (SIDE, 2 * SIDE)).astype(np.int16)
    ds = _series()
    paths = []
    for number in range(1, count + 1):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.InstanceNumber = number
        ds.ImagePositionPatient = [-120, -120, number]
        shift = number % SIDE
        ds.PixelData = (_head(number / count) + noise[:, shift : shift + SIDE]).astype("<i2").tobytes()
        paths.append(folder / f"{number:06}.dcm")
        ds.save_as(paths[-1], enforce_file_format=True)
    return paths


@contextmanager
def ram_folder() -> Iterator[Path]:
    """A temporary folder on a RAM disk where there is one, so that the network is measured and not the disk."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="iep-bench-", dir=shm if shm.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _head(height: float) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """An ellipse of brain in a ring of bone, largest in the middle of the stack; values in HU."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    radius = np.hypot(x / 0.7, y / 0.85) / (0.35 + 0.65 * np.sin(np.pi * min(0.98, max(0.02, height))))
    image = np.full((SIDE, SIDE), -1000, dtype=np.int16)
    image[radius < 1.0] = 900
    image[radius < 0.9] = 35
    image[np.hypot(x * 3, y * 2) < 0.3] = 8
    return image


def _series() -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = CTImageStorage
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.FrameOfReferenceUID = generate_uid()
    ds.PatientName, ds.PatientID = "BENCHMARK^SYNTHETIC", "S9990009"
    ds.PatientBirthDate, ds.PatientSex = "19700101", "O"
    ds.StudyDate = ds.SeriesDate = "20260102"
    ds.StudyTime = ds.SeriesTime = "120000"
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", "A9990009", ""
    ds.StudyDescription, ds.SeriesDescription = "CT HEAD", "AXIAL 1MM"
    ds.Modality, ds.Manufacturer, ds.SeriesNumber = "CT", "Synthetic", 1
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.47, 0.47], 1
    ds.Rows = ds.Columns = SIDE
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleIntercept, ds.RescaleSlope = 0, 1
    ds.WindowCenter, ds.WindowWidth = 40, 80
    return ds
