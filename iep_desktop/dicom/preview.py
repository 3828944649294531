"""A small grey picture of one frame, to recognise a series by. Not for reading images: no colour, no overlays.

Owns the choice of the frame and of a window that shows something; the renderer does the rest. Must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from iep_desktop.dicom.render.arrays import Bytes8
from iep_desktop.dicom.render.geometry import fitted, output_size
from iep_desktop.dicom.render.grey import Values, View, Window, apply_window
from iep_desktop.dicom.render.image import Image, open_image

_LARGEST = 1024
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
    image = open_image(source)
    frame = image.frames // 2
    grey = _grey(image, frame) if image.grey else _luminance(image, frame)
    rows, columns = grey.shape
    small = fitted(grey, output_size(columns, rows, 1.0, max(1, min(size, _LARGEST))))
    return Preview(small.shape[1], small.shape[0], small.tobytes())


def _grey(image: Image, frame: int) -> Bytes8:
    values = image.values(frame)
    view = next((view for view in image.windows(frame) if _shows(view, values)), values.spread)
    return apply_window(values, view)


def _shows(view: View, values: Values) -> bool:
    """Whether the window meets the values at all; tables are made for theirs."""
    if not isinstance(view, Window):
        return True
    spread, half = values.spread, view.width / 2
    low, high = spread.centre - spread.width / 2, spread.centre + spread.width / 2
    return view.centre - half < high and view.centre + half > low


def _luminance(image: Image, frame: int) -> Bytes8:
    rendered = image.render(frame, overlays=False, square=False)
    rgb = np.frombuffer(rendered.data, np.uint8).reshape(rendered.height, rendered.width, 3)
    return np.asarray(rgb @ np.array(_LUMINANCE, np.float32), np.uint8)
