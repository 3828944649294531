"""Compressed frames by native codecs: which library decodes which transfer syntax, measured in docs/rendering.md.

Runs in the decoder process alone: on a foreign frame these libraries may crash, hang or write to standard output.
Gives raw samples; for colour JPEG always RGB where `ycc` says that the frame holds YCbCr. Must not know data sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iep_desktop.dicom.render.arrays import Pixels

_OF_JPEG = "1.2.840.10008.1.2.4."  # PS3.6 A; pydicom has names for them, but this process shall start fast
JPEG_LOSSY = {_OF_JPEG + end for end in ("50", "51", "53", "55")}  # 53 and 55 are retired
JPEG_LOSSLESS = {_OF_JPEG + end for end in ("57", "70")}
JPEG_LS = {_OF_JPEG + end for end in ("80", "81")}
JPEG_2000 = {_OF_JPEG + end for end in ("90", "91", "92", "93", "201", "202", "203")}  # from 201 on: HTJ2K
NATIVE_CODECS = frozenset(JPEG_LOSSY | JPEG_LOSSLESS | JPEG_LS | JPEG_2000)


class Library(StrEnum):
    LIBJPEG_TURBO = "Pillow, libjpeg-turbo"
    OPENJPEG = "Pillow, OpenJPEG"
    GDCM = "GDCM"


class Undecodable(Exception):
    """The codec says no; the text is for a person."""


@dataclass(frozen=True)
class Request:
    """One frame, as its head and its data set describe it."""

    syntax: str
    columns: int
    rows: int
    samples: int
    allocated: int
    precision: int
    signed: bool  # as the codec gives it: JPEG 2000 alone knows signed samples
    ycc: bool
    reduce: int = 0  # halvings of both sides: for a small picture, which costs a part of the time

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of what is wanted."""
        step = 1 << self.reduce
        return -(-self.rows // step), -(-self.columns // step)


def chosen(request: Request) -> Library:
    """The fastest one that decodes it right."""
    if request.syntax in JPEG_LOSSY and request.precision == 8:
        return Library.LIBJPEG_TURBO
    if request.syntax in JPEG_2000 and request.precision <= (8 if request.samples > 1 else 16):
        return Library.OPENJPEG
    return Library.GDCM


def decode(request: Request, data: bytes) -> Pixels:
    """Rows × columns (× samples) of whole numbers, reduced while decoding where the library can."""
    array = _decoded(request, data)
    while array.shape[0] > request.shape[0] or array.shape[1] > request.shape[1]:
        array = array[::2, ::2]
    return array


def _decoded(request: Request, data: bytes) -> Pixels:
    library = chosen(request)
    if library is Library.LIBJPEG_TURBO:
        return _pillow_jpeg(request, data)
    if library is Library.OPENJPEG:
        try:
            return _pillow_jpeg_2000(request, data)
        except OSError:  # it does not know every layout of tile-parts
            return _gdcm(request, data)
    return _gdcm(request, data)


def _pillow_jpeg(request: Request, data: bytes) -> Pixels:
    """libjpeg-turbo, which turns YCbCr into RGB itself unless it is told not to."""
    import numpy as np
    from PIL import Image

    image = Image.open(BytesIO(data), formats=("JPEG",))
    as_it_is = request.samples == 3 and not request.ycc and "adobe_transform" not in image.info
    if as_it_is or request.reduce:
        smaller = max(1, request.columns >> request.reduce), max(1, request.rows >> request.reduce)
        image.draft("YCbCr" if as_it_is else None, smaller)
    return np.asarray(image)


def _pillow_jpeg_2000(request: Request, data: bytes) -> Pixels:
    """OpenJPEG; Pillow moves the samples to the top of 8 or 16 bits and makes signed ones unsigned: undone here."""
    import numpy as np
    from PIL import Image

    image = Image.open(BytesIO(data), formats=("JPEG2000",))
    halvings = range(request.reduce, 0, -1)  # by resolution levels, where Pillow does not round the size
    image.reduce = next((n for n in halvings if not (request.rows | request.columns) % (1 << n)), 0)  # type: ignore[method-assign,assignment]
    array = np.asarray(image)
    if array.dtype == bool:
        return array.astype(np.uint8)
    array = array >> (8 * array.dtype.itemsize - request.precision)
    if request.signed:
        array = array.astype(np.int32) - (1 << (request.precision - 1))
    return array


def _gdcm(request: Request, data: bytes) -> Pixels:
    import gdcm
    import numpy as np

    fragment, fragments = gdcm.Fragment(), gdcm.SequenceOfFragments.New()
    fragment.SetByteStringValue(data)
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    bits = 8 if request.precision <= 8 else 16 if request.precision <= 16 else 32
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((request.columns, request.rows, 1))
    image.SetDataElement(element)
    kind = (
        gdcm.PhotometricInterpretation.RGB
        if request.samples == 3
        else gdcm.PhotometricInterpretation.MONOCHROME2
    )
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(request.syntax)))
    image.SetPixelFormat(
        gdcm.PixelFormat(request.samples, bits, request.precision, request.precision - 1, int(request.signed))
    )
    text = image.GetBuffer()
    if text is None:
        raise Undecodable("The compressed frame is damaged, or of a kind that the decoder does not know.")
    buffer = text.encode("utf-8", "surrogateescape")  # GDCM's wrapper makes a text of the bytes
    array = np.frombuffer(buffer, f"{'i' if request.signed else 'u'}{bits // 8}")
    shape = (request.rows, request.columns, request.samples)
    if array.size != request.rows * request.columns * request.samples:
        raise Undecodable("The compressed frame does not have the size that it announces.")
    return array.reshape(shape if request.samples > 1 else shape[:2])
