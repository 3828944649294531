"""What a data set says of its pixels, and whether that can be believed: the checks before anything is allocated.

Owns `PixelFormat` (PS3.3 C.7.6.3), its limits, and the one error of this package. Reads attributes, never pixels.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from iep_desktop.core.errors import IepError, MediumUnreadable, Permanent
from iep_desktop.dicom.render.attributes import integer, text

MOST_BYTES_OF_A_FRAME = 256 << 20  # decoded; a digital mammogram has 28 MB, a whole spine 60 MB
MOST_BYTES = 64 << 30  # of all frames, as announced

GREY = {"MONOCHROME1", "MONOCHROME2"}
PALETTE = "PALETTE COLOR"
HALVED = {"YBR_FULL_422", "YBR_PARTIAL_422"}  # every second pixel of a row has its own colour
COLOUR = {"RGB", "YBR_FULL", "YBR_RCT", "YBR_ICT", *HALVED}
_SAMPLES = {**dict.fromkeys(GREY, 1), PALETTE: 1, **dict.fromkeys(COLOUR, 3)}
_ALLOCATED = {1, 8, 12, 16, 32, 64}
_FLOATS = {0x7FE00008: 32, 0x7FE00009: 64}


def unshowable(reason: str) -> Permanent:
    """The error of everything here; `reason` holds no patient data."""
    return Permanent("The image cannot be shown", reason)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """The edge of this package: whatever a foreign file makes libraries raise becomes one of our errors."""
    try:
        yield
    except IepError:
        raise
    except Exception as error:  # a parser may raise anything for what a disc holds
        if isinstance(error, OSError) and error.errno is not None:  # the system's own, not pydicom's
            raise MediumUnreadable("The image cannot be read", error.strerror or "") from error
        raise unshowable(f"The image is damaged ({type(error).__name__}).") from error


@dataclass(frozen=True)
class PixelFormat:
    """How the pixels of all frames are laid out; `real` for Float and Double Float Pixel Data."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    planar: bool
    photometric: str
    frames: int
    real: bool = False

    @property
    def pixels(self) -> int:
        return self.rows * self.columns

    @property
    def colour(self) -> bool:
        return self.samples == 3

    @property
    def frame_bits(self) -> int:
        return self.pixels * self.samples * self.allocated

    @property
    def frame_bytes(self) -> int:
        return -(-self.frame_bits // 8)


def pixel_format(ds: Dataset, element_tag: int) -> PixelFormat:
    """Raises Permanent where the description is impossible, contradicts itself or announces too much."""
    samples = integer(ds, "SamplesPerPixel", 1)
    real = element_tag in _FLOATS
    allocated = _FLOATS.get(element_tag) or integer(ds, "BitsAllocated", 0)
    stored = allocated if real else integer(ds, "BitsStored", allocated)
    said = PixelFormat(
        rows=integer(ds, "Rows", 0),
        columns=integer(ds, "Columns", 0),
        samples=samples,
        allocated=allocated,
        stored=stored,
        high_bit=stored - 1 if real else integer(ds, "HighBit", stored - 1),
        signed=not real and integer(ds, "PixelRepresentation", 0) == 1,
        planar=integer(ds, "PlanarConfiguration", 0) == 1,
        photometric=text(ds, "PhotometricInterpretation").upper() or ("MONOCHROME2" if samples == 1 else ""),
        frames=integer(ds, "NumberOfFrames", 1) or 1,
        real=real,
    )
    _check_layout(said)
    _check_size(said)
    return said


def _check_layout(said: PixelFormat) -> None:
    if said.rows < 1 or said.columns < 1:
        raise unshowable(f"It announces {said.rows} rows and {said.columns} columns.")
    if said.frames < 1:
        raise unshowable("Its number of frames is none.")
    if said.photometric not in _SAMPLES:
        raise unshowable(f"Its kind of colour is not known: {said.photometric[:32]!r}.")
    if said.samples != _SAMPLES[said.photometric]:
        raise unshowable(f"It announces {said.samples} samples a pixel, which {said.photometric} has not.")
    if said.allocated not in _ALLOCATED or not 1 <= said.stored <= said.allocated:
        raise unshowable(f"It announces {said.stored} of {said.allocated} bits a sample.")
    if not said.stored - 1 <= said.high_bit < said.allocated:
        raise unshowable(f"It announces {said.stored} bits of which the highest is bit {said.high_bit}.")
    if said.real and said.photometric not in GREY:
        raise unshowable("Floating point pixels can only be grey.")
    if said.colour and said.allocated not in (8, 16, 32):
        raise unshowable(f"Colour with {said.allocated} bits a sample is not known.")


def _check_size(said: PixelFormat) -> None:
    if said.frame_bytes > MOST_BYTES_OF_A_FRAME:
        raise unshowable(
            f"{said.columns} × {said.rows} pixels of {said.samples * said.allocated} bits are too large."
        )
    if said.frame_bytes * said.frames > MOST_BYTES:
        gigabytes = said.frame_bytes * said.frames >> 30
        raise unshowable(f"{said.frames} frames, {gigabytes} GB in all, are too large.")
