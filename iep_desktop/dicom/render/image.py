"""One image file, opened: its facts, and its frames as 8-bit grey or RGB. The door of this package.

Holds attributes, never pixels; the file is opened for each frame, so that an ejected disc is an error and no crash.
Safe to use from several threads. Must not know Qt.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.dicom.render import overlays as overlay_planes
from iep_desktop.dicom.render.arrays import Bytes8, Pixels
from iep_desktop.dicom.render.attributes import number, numbers, text
from iep_desktop.dicom.render.checks import PALETTE, PixelFormat, translated, unshowable
from iep_desktop.dicom.render.colour import Palette, rgb_of_ybr, top_eight_bits
from iep_desktop.dicom.render.frames import Frames, Samples
from iep_desktop.dicom.render.geometry import Spacing, aspect_of, fitted, output_size, spacing_of
from iep_desktop.dicom.render.grey import Values, View, apply_window, inverted
from iep_desktop.dicom.render.opening import Opened, read_head
from iep_desktop.dicom.render.shutter import shutter_of
from iep_desktop.dicom.render.stored import stored_values
from iep_desktop.dicom.render.views import modality_of, values_of, views_of

WHITE = 255


@dataclass(frozen=True)
class Rendered:
    """`height` rows of `width` pixels of `channels` bytes (1 grey, 3 RGB). `remarks`: what could not be shown."""

    width: int
    height: int
    channels: int
    data: bytes
    remarks: tuple[str, ...] = ()


def open_image(source: Path | BinaryIO) -> Image:
    """Read everything but the pixels. A file object is read again for each frame, and must stay open.

    Raises:
        MediumUnreadable: the file cannot be read.
        Permanent: it holds no image, or one that is damaged, too large or of an unknown kind; with the reason.
    """
    lock = threading.Lock()
    with translated(), _reading(source, lock) as file:
        return Image(read_head(file), source, lock)


@contextlib.contextmanager
def _reading(source: Path | BinaryIO, lock: threading.Lock) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        with lock:
            source.seek(0)
            yield source


@dataclass(frozen=True, eq=False)
class Image:
    """The facts of an image. Frames count from 0. All methods raise as `open_image` does."""

    _opened: Opened = field(repr=False)
    _source: Path | BinaryIO = field(repr=False)
    _lock: threading.Lock = field(repr=False)

    @property
    def format(self) -> PixelFormat:
        return self._opened.format

    @property
    def rows(self) -> int:
        return self.format.rows

    @property
    def columns(self) -> int:
        return self.format.columns

    @property
    def frames(self) -> int:
        return self.format.frames

    @property
    def photometric(self) -> str:
        return self.format.photometric

    @property
    def grey(self) -> bool:
        """Whether windows apply; else it is colour."""
        return self.format.samples == 1 and self.photometric != PALETTE

    @property
    def transfer_syntax(self) -> str:
        return self._opened.transfer_syntax

    @property
    def sop_class(self) -> str:
        return text(self._ds, "SOPClassUID")

    @cached_property
    def spacing(self) -> Spacing | None:
        return spacing_of(self._ds)

    @cached_property
    def aspect(self) -> float:
        """A pixel's height by its width."""
        return aspect_of(self._ds)

    @cached_property
    def frame_time(self) -> float | None:
        """Seconds from one frame to the next, where the file says so."""
        frame_time = number(self._ds, "FrameTime") or next(
            (step for step in numbers(self._ds, "FrameTimeVector") if step > 0), None
        )
        rate = number(self._ds, "RecommendedDisplayFrameRate") or number(self._ds, "CineRate")
        seconds = frame_time / 1000 if frame_time else 1 / rate if rate else None
        return seconds if seconds and 0 < seconds < 3600 else None

    def windows(self, frame: int = 0) -> tuple[View, ...]:
        """The ways to look at a frame that the file offers, in its order; tables come first."""
        if not self.grey:
            return ()
        with translated():
            return views_of(self._ds, frame, modality_of(self._ds, self.format, frame))[0]

    def values(self, frame: int = 0) -> Values:
        """A grey frame's values, for windows to be tried on (`grey.apply_window`)."""
        if not self.grey:
            raise unshowable("A colour image has no grey values.")
        with translated():
            return self._values(frame, self._samples(frame))

    def render(
        self,
        frame: int = 0,
        window: View | None = None,
        size: int | None = None,
        *,
        overlays: bool = True,
        invert: bool = False,
        square: bool = True,
    ) -> Rendered:
        """One frame as the file wants it shown, or through `window`; not enlarged beyond `size` on its longer side.

        `square`: oblong pixels are stretched to square ones.
        """
        with translated():
            samples = self._samples(frame)
            array, remarks = self._shown(frame, samples, window, invert)
            if overlays:
                array, more = self._overlaid(frame, samples, array)
                remarks += more
            array = self._shuttered(frame, array)
            aspect = self.aspect if square else 1.0
            array = fitted(array, output_size(self.columns, self.rows, aspect, size))
            height, width = array.shape[:2]
            return Rendered(width, height, 3 if array.ndim == 3 else 1, array.tobytes(), remarks)

    # --- steps ------------------------------------------------------------------------------------------------

    @property
    def _ds(self) -> Dataset:
        return self._opened.ds

    @cached_property
    def _frames(self) -> Frames:
        opened = self._opened
        return Frames(opened.element, opened.format, opened.transfer_syntax, opened.offsets)

    @cached_property
    def _palette(self) -> Palette:
        return Palette(self._ds, self.format)

    @cached_property
    def _planes(self) -> tuple[tuple[overlay_planes.Plane, ...], tuple[str, ...]]:
        return overlay_planes.planes_of(self._ds, self.format)

    def _samples(self, frame: int) -> Samples:
        if self._opened.inflated is not None:
            return self._frames.read(self._opened.inflated(), frame)
        with _reading(self._source, self._lock) as file:
            return self._frames.read(file, frame)

    def _values(self, frame: int, samples: Samples) -> Values:
        stored = stored_values(samples, self.format)
        return values_of(self._ds, self.format, frame, stored)

    def _shown(
        self, frame: int, samples: Samples, window: View | None, invert: bool
    ) -> tuple[Bytes8, tuple[str, ...]]:
        if not self.grey:
            rgb = self._rgb(samples)
            return WHITE - rgb if invert else rgb, ()
        values = self._values(frame, samples)
        views, remarks = views_of(self._ds, frame, values.modality)
        view = window or next(iter(views), None) or values.automatic
        return apply_window(inverted(values) if invert else values, view), remarks

    def _rgb(self, samples: Samples) -> Bytes8:
        said = self.format
        if said.photometric == PALETTE:
            return self._palette.rgb(stored_values(samples, said))
        array = stored_values(samples, said, unsigned=True)
        shown = top_eight_bits(array, said.stored)
        return rgb_of_ybr(shown, partial="PARTIAL" in said.photometric) if samples.ycc else shown

    def _overlaid(self, frame: int, samples: Samples, array: Bytes8) -> tuple[Bytes8, tuple[str, ...]]:
        planes, remarks = self._planes
        containers: Pixels | None = None if samples.numbers else samples.array
        for plane in planes:
            mask = plane.mask(frame, (self.rows, self.columns), containers)
            if mask is not None and mask.any():
                array = np.array(array)
                array[mask] = WHITE
        return array, remarks

    def _shuttered(self, frame: int, array: Bytes8) -> Bytes8:
        shutter = shutter_of(self._ds, frame, (self.rows, self.columns), self.aspect)
        if shutter is None:
            return array
        array = np.array(array)
        array[~shutter.seen] = shutter.grey
        return array
