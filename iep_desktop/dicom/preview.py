"""A small grey picture of one frame, to recognise a series by. Not for reading images: no colour, no LUT sequences.

Owns the simple rendering of the middle frame: linear rescale, the file's window or the spread of its values.
Decodes one frame and no more, refuses absurd sizes before anything is allocated, and must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from iep_desktop.core.errors import IepError, MediumUnreadable, Permanent

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[Any]]

_MOST_BYTES = 256 << 20  # of one frame, decoded
_LARGEST = 1024
_TAGS: list[Any] = ["NumberOfFrames", "SharedFunctionalGroupsSequence", "SOPClassUID"]
_TAGS += ["SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated"]
_TAGS += ["RescaleIntercept", "RescaleSlope", "WindowCenter", "WindowWidth"]
_TAGS += [
    f"{kind}{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for kind, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
]
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601, as the standard's own YBR_FULL (PS3.3 C.7.6.3.1.2)


@dataclass(frozen=True)
class Preview:
    """`grey` holds `height` rows of `width` bytes, 0 black to 255 white."""

    width: int
    height: int
    grey: bytes


def preview(source: Path | BinaryIO, size: int = 64) -> Preview:
    """The middle frame, fitted into a square of `size` pixels.

    Raises:
        MediumUnreadable: the file cannot be read.
        Permanent: it has no picture that can be shown, with the reason.
    """
    try:
        return _preview(source, max(1, min(size, _LARGEST)))
    except IepError:
        raise
    except OSError as error:
        raise MediumUnreadable("The image cannot be read", error.strerror or "") from error
    except Exception as error:  # a decoder may raise anything for what a disc holds
        raise Permanent("No preview", f"The image cannot be decoded ({type(error).__name__}).") from error


def _preview(source: Path | BinaryIO, size: int) -> Preview:
    from pydicom.pixels.utils import pixel_array

    ds = dcmread(source, stop_before_pixels=True, specific_tags=_TAGS, force=True)
    if not isinstance(source, Path):
        source.seek(0)
    syntax = _transfer_syntax(ds)
    _check(ds, syntax)
    frame = pixel_array(source, index=_middle(ds), transfer_syntax_uid=syntax)
    grey = _window(_shrunk(_single_sample(frame, ds), size), ds)
    height, width = grey.shape
    return Preview(int(width), int(height), grey.tobytes())


def _transfer_syntax(ds: Any) -> UID:
    """As the file meta says; where there is none, as the data set was read."""
    said = ds.file_meta.get("TransferSyntaxUID")
    return said or (ImplicitVRLittleEndian if ds.original_encoding[0] else ExplicitVRLittleEndian)


def _check(ds: Dataset, syntax: UID) -> None:
    rows, columns = int(ds.get("Rows") or 0), int(ds.get("Columns") or 0)
    if not (rows and columns):
        raise Permanent("No preview", "The object holds no image.")
    if syntax == DeflatedExplicitVRLittleEndian:
        raise Permanent("No preview", "The object is deflated.")
    samples, bits = int(ds.get("SamplesPerPixel") or 1), int(ds.get("BitsAllocated") or 16)
    if samples not in (1, 3) or bits > 64 or rows * columns * samples * bits // 8 > _MOST_BYTES:
        raise Permanent("No preview", "The image is too large.")


def _middle(ds: Dataset) -> int:
    return max(int(ds.get("NumberOfFrames") or 1), 1) // 2


def _single_sample(frame: Pixels, ds: Dataset) -> Pixels:
    """One float per pixel."""
    import numpy as np
    from pydicom.pixels.processing import apply_color_lut

    if ds.get("PhotometricInterpretation") == "PALETTE COLOR":
        frame = apply_color_lut(frame, ds)
    if frame.ndim == 3:
        return frame[..., :3].astype(np.float32) @ np.array(_LUMINANCE, np.float32)
    return np.nan_to_num(frame.astype(np.float32), posinf=0.0, neginf=0.0)


def _shrunk(values: Pixels, size: int) -> Pixels:
    """Averaged down so that the longer side has `size` pixels; small images stay."""
    import numpy as np
    from PIL import Image

    rows, columns = values.shape
    scale = min(1.0, size / max(rows, columns))
    fitted = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(Image.fromarray(values).resize(fitted, Image.Resampling.BOX))


def _window(values: Pixels, ds: Dataset) -> Pixels:
    """To 0…255 by the file's window, else from the darkest to the brightest percent."""
    import numpy as np

    rescale, voi = _shared(ds, "PixelValueTransformationSequence"), _shared(ds, "FrameVOILUTSequence")
    values = values * (_number(rescale, "RescaleSlope") or 1.0) + (
        _number(rescale, "RescaleIntercept") or 0.0
    )
    centre, width = _number(voi, "WindowCenter"), _number(voi, "WindowWidth") or 0.0
    low, high = np.percentile(values, (1, 99))
    if centre is not None and width >= 1 and centre - width / 2 < high and centre + width / 2 > low:
        low, high = centre - width / 2, centre + width / 2
    grey: Pixels = np.clip((values - low) * (255.0 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    return 255 - grey if ds.get("PhotometricInterpretation") == "MONOCHROME1" else grey


def _shared(ds: Dataset, keyword: str) -> Dataset:
    """Where an attribute stands: in the functional group that all frames share (PS3.3 C.7.6.16), or in the data set."""
    groups = ds.get("SharedFunctionalGroupsSequence") or [Dataset()]
    found: Dataset = (groups[0].get(keyword) or [ds])[0]
    return found


def _number(ds: Dataset, keyword: str) -> float | None:
    """The first value; None where there is none or it is no number."""
    value = ds.get(keyword)
    if isinstance(value, list) or (hasattr(value, "__getitem__") and not isinstance(value, str)):
        value = value[0] if len(value) else None
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None
