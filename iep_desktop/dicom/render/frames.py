"""One frame's samples out of a file: found, decompressed and laid out as rows × columns (× 3), not yet interpreted.

Owns transfer syntaxes (PS3.5 annex A) and byte orders. Must not know what a value means or how it is shown.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from pydicom import uid

from iep_desktop.dicom.render.arrays import Pixels
from iep_desktop.dicom.render.checks import HALVED, PALETTE, PixelFormat, unshowable
from iep_desktop.dicom.render.codecs import JPEG_2000, JPEG_LOSSY, JPEG_LS, NATIVE_CODECS, Request
from iep_desktop.dicom.render.codestream import Head, bare_jpeg_2000, checked_head
from iep_desktop.dicom.render.decoder import decoders
from iep_desktop.dicom.render.fragments import Encapsulated, PixelElement, native_bytes
from iep_desktop.dicom.render.rle import unpack_rle

DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"  # Deflated Image Frame Compression
ENCAPSULATED_NATIVE = "1.2.840.10008.1.2.1.98"
NATIVE = {
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
}
ENCAPSULATED = {*NATIVE_CODECS, uid.RLELossless, DEFLATED_FRAME, ENCAPSULATED_NATIVE}


@dataclass(frozen=True)
class Samples:
    """`array` holds containers (Bits Allocated) or, where `numbers`, what they mean; `ycc` asks for YBR to RGB."""

    array: Pixels
    numbers: bool = False
    ycc: bool = False


class Frames:
    """The frames of one pixel data element."""

    def __init__(
        self, element: PixelElement, said: PixelFormat, syntax: str, extended: tuple[int, ...] = ()
    ) -> None:
        self._element, self._said, self._syntax = element, said, syntax
        self._encapsulated: Encapsulated | None = None
        if syntax in ENCAPSULATED:
            self._encapsulated = Encapsulated(element, said.frames, extended)
        elif syntax not in NATIVE:
            name = uid.UID(syntax).name[:64] if syntax else "none"
            raise unshowable(f"Its transfer syntax cannot be decoded here: {name}.")

    def read(self, file: BinaryIO, index: int, reduce: int = 0) -> Samples:
        """The frame; for a small picture with both sides halved `reduce` times."""
        samples, step = self._read(file, index, reduce), 1 << reduce
        if step > 1 and samples.array.shape[:2] == (self._said.rows, self._said.columns):
            return replace(samples, array=samples.array[::step, ::step])
        return samples

    def _read(self, file: BinaryIO, index: int, reduce: int) -> Samples:
        if not 0 <= index < self._said.frames:
            raise unshowable(f"There is no frame {index + 1}: the image has {self._said.frames}.")
        if self._encapsulated is None:
            return self._native(file, index)
        data = self._encapsulated.frame(file, index)
        if self._syntax in NATIVE_CODECS:
            return self._decoded(data, reduce)
        if self._syntax == uid.RLELossless:
            unpacked = unpack_rle(data, self._said)
            if isinstance(unpacked, bytes):
                return self._laid_out(unpacked, 0)
            return Samples(_squeezed(unpacked), ycc=self._said.photometric.startswith("YBR"))
        if self._syntax == DEFLATED_FRAME:
            data = _inflated(data, self._said)
        return self._laid_out(data, 0)

    # --- native ------------------------------------------------------------------------------------------------

    def _native(self, file: BinaryIO, index: int) -> Samples:
        """A frame of one bit a pixel need not begin with a byte (PS3.5 8.1.1); words are swapped in pairs."""
        bits = self._frame_bits()
        first = index * bits
        start, end = first // 8, -(-(first + bits) // 8)
        if not self._words_of_bytes():
            return self._laid_out(native_bytes(file, self._element, start, end - start), first - 8 * start)
        even, length = start - start % 2, self._element.length or 0
        data = native_bytes(file, self._element, even, min(end + end % 2, length) - even)
        swapped = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()
        return self._laid_out(swapped[start - even : end - even], first - 8 * start)

    def _words_of_bytes(self) -> bool:
        big = self._syntax == uid.ExplicitVRBigEndian
        return big and self._element.vr == "OW" and self._said.allocated <= 8

    def _frame_bits(self) -> int:
        if self._halved():
            return self._said.pixels * 2 * self._said.allocated
        return self._said.frame_bits

    def _halved(self) -> bool:
        """Two samples a pixel instead of three; some writers say so and yet write all three."""
        said, length = self._said, self._element.length
        if said.photometric not in HALVED or said.columns % 2:
            return False
        return length is None or length < said.frame_bytes * said.frames

    def _laid_out(self, data: bytes, skip: int) -> Samples:
        said = self._said
        if len(data) < -(-(self._frame_bits() + skip) // 8):
            raise unshowable("The frame is cut short.")
        array = self._numbers(data, skip)
        if self._halved():
            array = _doubled(array, said)
        elif said.colour and said.planar:
            array = array[: said.pixels * 3].reshape(3, said.rows, said.columns).transpose(1, 2, 0)
        count = said.pixels * said.samples
        shaped = array if array.ndim == 3 else array[:count].reshape(said.rows, said.columns, said.samples)
        return Samples(_squeezed(shaped), numbers=said.real, ycc=said.photometric.startswith("YBR"))

    def _numbers(self, data: bytes, skip: int) -> Pixels:
        said = self._said
        if said.allocated == 1:
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
            return bits[skip : skip + said.pixels]
        if said.allocated == 12:
            return _twelve_bits(data, said.pixels)
        order = ">" if self._syntax == uid.ExplicitVRBigEndian else "<"
        size = said.allocated // 8
        read = np.frombuffer(data, f"{order}{'f' if said.real else 'u'}{size}", len(data) // size)
        return read.astype(read.dtype.newbyteorder("="), copy=False)

    # --- compressed --------------------------------------------------------------------------------------------

    def _decoded(self, data: bytes, reduce: int) -> Samples:
        if self._said.photometric == PALETTE:
            reduce = 0  # numbers of colours cannot be averaged
        said, jpeg_2000 = self._said, self._syntax in JPEG_2000
        if jpeg_2000:
            data = bare_jpeg_2000(data)
        head = checked_head(data, said, jpeg_2000=jpeg_2000)
        ycc = self._holds_ycc(head)
        turbo = self._syntax in JPEG_LOSSY and head.precision == 8  # the codec itself turns YCbCr into RGB
        request = Request(
            self._syntax, said.columns, said.rows, said.samples, said.allocated, head.precision,
            head.signed, ycc and turbo, reduce,
        )  # fmt: skip
        array = decoders.decode(request, data)
        if head.signed:
            return Samples(array, numbers=True)
        sign_is_lost = said.signed and not said.colour and head.precision != said.stored
        if sign_is_lost and self._syntax in JPEG_LS | JPEG_2000:  # it stands at the top of the precision
            return Samples(_signed(array, head.precision), numbers=True)
        return Samples(self._in_container(array, head), ycc=ycc and not turbo)

    def _in_container(self, array: Pixels, head: Head) -> Pixels:
        """As if it were native: codecs give a sample of few bits at the bottom of a small word."""
        said = self._said
        wide = array.astype(f"u{max(said.allocated // 8, array.dtype.itemsize)}", copy=False)
        shift = said.high_bit + 1 - said.stored
        return np.left_shift(wide, shift) if shift and head.precision <= said.stored else wide

    def _holds_ycc(self, head: Head) -> bool:
        """The codestream's own word first, then the data set's."""
        if not self._said.colour or head.rgb or head.mixed:
            return False
        lossy = self._syntax in JPEG_LOSSY
        if self._said.photometric in {"YBR_RCT", "YBR_ICT"}:
            return False  # nothing was transformed, whatever the data set says
        return self._said.photometric.startswith("YBR") or (lossy and head.ycc)


def _signed(array: Pixels, bits: int) -> Pixels:
    wide = array.astype(np.int32)
    half = 1 << (bits - 1)
    return (wide ^ half) - half


def _squeezed(array: Pixels) -> Pixels:
    return array[..., 0] if array.shape[-1] == 1 else array


def _doubled(array: Pixels, said: PixelFormat) -> Pixels:
    """Y1 Y2 Cb Cr for every two pixels (PS3.3 C.7.6.3.1.2), each pixel with the colour of its pair."""
    pairs = array[: said.pixels * 2].reshape(said.rows, said.columns // 2, 4)
    whole = np.empty((said.rows, said.columns, 3), array.dtype)
    whole[:, 0::2, 0], whole[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    for half in (0, 1):
        whole[:, half::2, 1], whole[:, half::2, 2] = pairs[..., 2], pairs[..., 3]
    return whole


def _twelve_bits(data: bytes, count: int) -> Pixels:
    """Two samples in three bytes, as old objects pack them (PS3.5-1992 figure 8)."""
    padded = np.frombuffer(data + b"\0" * (-len(data) % 3), np.uint8).reshape(-1, 3).astype(np.uint16)
    whole = np.empty((len(padded), 2), np.uint16)
    whole[:, 0] = padded[:, 0] | (padded[:, 1] & 0x0F) << 8
    whole[:, 1] = padded[:, 1] >> 4 | padded[:, 2] << 4
    return whole.reshape(-1)[:count]


def _inflated(data: bytes, said: PixelFormat) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, said.frame_bytes + 1)
    except zlib.error as error:
        raise unshowable("The deflated frame is damaged.") from error
