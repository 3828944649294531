"""Makes synthetic images for the benchmarks, Explicit VR Little Endian; the patient is synthetic.

CT slices of 512 × 512 × 16 bit, 0.5 MB each: a head-like ellipse with noise, so that they compress as real slices do.
Where only number and size count, very many at once (`large_study`) and single objects of any size (`large_object`).
"""

from __future__ import annotations

import secrets
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    generate_uid,
)

SIDE = 512
PER_SERIES = 1000
FRAGMENT = 1 << 14


def ct_slices(folder: Path, count: int = 400, **elements: str) -> list[Path]:
    """Writes `count` slices of one series into `folder`, with other values of `elements`; the paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(9)
    noise = rng.normal(0, 12, (SIDE, 2 * SIDE)).astype(np.int16)
    ds = _series()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
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


def large_study(folder: Path, count: int, side: int = SIDE) -> str:
    """Writes `count` slices of `side` × `side` pixels, a folder each thousand; the Study Instance UID.

    All are one slice with other UIDs and another number, so that a hundred thousand take seconds.
    """
    uids = [f"2.25.{n}{secrets.randbelow(10**24):024}0000000000" for n in (1, 2)]
    ds, number = _series(), "98765432"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uids[0]
    ds.SeriesInstanceUID, ds.InstanceNumber, ds.ImagePositionPatient = uids[1], number, [-120, -120, 0]
    ds.Rows = ds.Columns = side
    ds.PixelData = np.resize(_head(0.5), (side, side)).astype("<i2").tobytes()
    folder.mkdir(parents=True)
    ds.save_as(folder / "first", enforce_file_format=True)
    whole = (folder / "first").read_bytes()
    (folder / "first").unlink()
    for at in range(count):
        into = folder / f"{at // PER_SERIES:04}"
        if at % PER_SERIES == 0:
            into.mkdir()
        made = whole.replace(uids[0].encode(), f"{uids[0][:-10]}{at:010}".encode())
        made = made.replace(uids[1].encode(), f"{uids[1][:-10]}{at // PER_SERIES:010}".encode())
        (into / f"{at:08}.dcm").write_bytes(made.replace(number.encode(), f"{at:08}".encode(), 1))
    return str(ds.StudyInstanceUID)


def large_object(path: Path, size: int, *, fragmented: bool = False) -> str:
    """Writes a multi-frame image with `size` bytes of pixel data, all zero; the Study Instance UID.

    With `fragmented` they are encapsulated, 16 KB a fragment; no decoder is meant to understand them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    ds = _series()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = (
        MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    )
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.NumberOfFrames, ds.InstanceNumber = max(1, size // (2 * SIDE * SIDE)), 1
    if fragmented:
        ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.save_as(path, enforce_file_format=True)
    with path.open("r+b") as file:
        file.seek(0, 2)
        if fragmented:
            _write_fragments(file, size)
        else:
            file.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, size))
            file.truncate(file.tell() + size)
    return str(ds.StudyInstanceUID)


def _write_fragments(file: BinaryIO, size: int) -> None:
    """Encapsulated pixel data (PS3.5 A.4) with an empty offset table; what is zero takes no room on most disks."""
    file.write(
        struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0)
    )
    at = file.tell()
    for _ in range(0, size, FRAGMENT):
        file.seek(at)
        file.write(struct.pack("<HHL", 0xFFFE, 0xE000, FRAGMENT))
        at = file.tell() + FRAGMENT
    file.seek(at)
    file.write(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))


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
