"""Synthetic image files: every attribute as a test wants it, right or wrong."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from iep_desktop.dicom.render.image import Rendered, open_image

SAMPLES = Path(pydicom.data.__file__).parent / "test_files"
RLE = "1.2.840.10008.1.2.5"
JPEG, JPEG_12, JPEG_LOSSLESS = (f"1.2.840.10008.1.2.4.{end}" for end in (50, 51, 70))
JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"

_NATIVE = {ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian}
_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def item(**attributes: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def grey(pixels: Any, **attributes: Any) -> BytesIO:
    """MONOCHROME2 of the array's own type: rows × columns, or frames × rows × columns."""
    array = np.asarray(pixels)
    bits = 8 * array.itemsize
    known: dict[str, Any] = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": array.shape[-2],
        "Columns": array.shape[-1],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(array.dtype.kind == "i"),
        "PixelData": array.tobytes(),
    }
    if array.ndim == 3:
        known["NumberOfFrames"] = array.shape[0]
    return file(**{**known, **attributes})


def colour(pixels: Any, **attributes: Any) -> BytesIO:
    """RGB by pixel: rows × columns × 3."""
    array = np.asarray(pixels)
    known = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "Rows": array.shape[0],
        "Columns": array.shape[1],
    }
    return grey(array.reshape(1, -1), **{**known, **attributes})


def compressed(frames: list[bytes], syntax: str, **attributes: Any) -> BytesIO:
    """8-bit grey unless told otherwise."""
    data = attributes.pop("PixelData", None) or encapsulate(frames, has_bot=attributes.pop("has_bot", True))
    known = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0, "PixelData": data}
    return grey(np.zeros((1, 1), np.uint8), syntax=syntax, **{**known, **attributes})


def file(*, syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> BytesIO:
    """An attribute of value None is there and empty; Pixel Data of None are not there."""
    data = attributes.pop("PixelData", None)
    ds = item(SOPClassUID=SecondaryCaptureImageStorage, SOPInstanceUID="2.25.1", **attributes)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = syntax
    whole = BytesIO()
    if data is not None and syntax in _NATIVE:
        ds.add_new("PixelData", "OB" if ds.BitsAllocated <= 8 else "OW", data + b"\0" * (len(data) % 2))
    if syntax in _NATIVE:
        ds.save_as(whole, enforce_file_format=True)
        return whole
    ds.save_as(whole, implicit_vr=False, little_endian=True, enforce_file_format=True)
    if data is not None:  # as it is, for pydicom writes no nonsense
        end = b"" if data.endswith(_END) else _END
        whole.write(b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + data + end)
    return whole


def shown(source: Any, **how: Any) -> Any:
    """The rendered frame as an array of rows × columns (× 3)."""
    return as_array(open_image(source).render(**how))


def as_array(rendered: Rendered) -> Any:
    shape = (rendered.height, rendered.width, rendered.channels)
    array = np.frombuffer(rendered.data, np.uint8).reshape(shape)
    return array[..., 0] if rendered.channels == 1 else array
