"""A small picture of one frame, to recognise a series by. Not for reading images: no overlays, any window that shows.

Owns the choice of the frame and of a window that shows something; the renderer does the rest. Must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from iep_desktop.dicom.render.arrays import Bytes8
from iep_desktop.dicom.render.geometry import fitted, output_size
from iep_desktop.dicom.render.grey import Values, View, Window, apply_window
from iep_desktop.dicom.render.image import Image, open_image

_LARGEST = 1024


@dataclass(frozen=True)
class Preview:
    """`data` holds `height` rows of `width` pixels of `channels` bytes: 1 grey, 3 RGB."""

    width: int
    height: int
    channels: int
    data: bytes


def preview(source: Path | BinaryIO, size: int = 64) -> Preview:
    """The middle frame, fitted into a square of `size` pixels.

    Raises:
        MediumUnreadable: the file cannot be read.
        Permanent: it has no picture that can be shown, with the reason.
    """
    image = open_image(source)
    frame, most = image.frames // 2, max(1, min(size, _LARGEST))
    shown = _grey(image, frame, most) if image.grey else image.colours(frame, most)
    small = fitted(shown, output_size(image.columns, image.rows, image.aspect, most))
    return Preview(small.shape[1], small.shape[0], 3 if small.ndim == 3 else 1, small.tobytes())


def _grey(image: Image, frame: int, most: int) -> Bytes8:
    values = image.values(frame, most)
    view = next((view for view in image.windows(frame) if _shows(view, values)), values.spread)
    return apply_window(values, view)


def _shows(view: View, values: Values) -> bool:
    """Whether the window meets the values at all; tables are made for theirs."""
    if not isinstance(view, Window):
        return True
    spread, half = values.spread, view.width / 2
    low, high = spread.centre - spread.width / 2, spread.centre + spread.width / 2
    return view.centre - half < high and view.centre + half > low
