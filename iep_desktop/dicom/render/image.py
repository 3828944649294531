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

from pydicom.dataset import Dataset

from iep_desktop.core.pictures import FrameFacts
from iep_desktop.core.planes import Plane
from iep_desktop.dicom.render import overlays as overlay_planes
from iep_desktop.dicom.render.arrays import Bytes8, Mask, Pixels
from iep_desktop.dicom.render.attributes import text
from iep_desktop.dicom.render.checks import PALETTE, PixelFormat, translated, unshowable
from iep_desktop.dicom.render.colour import Palette, rgb_of_ybr, top_eight_bits
from iep_desktop.dicom.render.decoded import Decoded
from iep_desktop.dicom.render.facts import facts_of, frame_seconds, plane_at
from iep_desktop.dicom.render.frames import Frames, Samples
from iep_desktop.dicom.render.geometry import Spacing, aspect_of, fitted, output_size, spacing_of
from iep_desktop.dicom.render.grey import Values, View
from iep_desktop.dicom.render.opening import Opened, read_head
from iep_desktop.dicom.render.shutter import shutter_of
from iep_desktop.dicom.render.stored import stored_values
from iep_desktop.dicom.render.views import modality_of, values_of, views_of


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
        return frame_seconds(self._ds)

    def windows(self, frame: int = 0) -> tuple[View, ...]:
        """The ways to look at a frame that the file offers, in its order; tables come first."""
        if not self.grey:
            return ()
        with translated():
            return views_of(self._ds, frame, modality_of(self._ds, self.format, frame))[0]

    def values(self, frame: int = 0, most: int | None = None) -> Values:
        """A grey frame's values, for windows to be tried on (`grey.apply_window`).

        For a picture of `most` pixels on the longer side they may come reduced, to no less than twice as many.
        """
        if not self.grey:
            raise unshowable("A colour image has no grey values.")
        with translated():
            return self._values(frame, self._samples(frame, self._halvings(most)))

    def colours(self, frame: int = 0, most: int | None = None) -> Bytes8:
        """A colour frame's RGB, without overlays; reduced as `values` are."""
        if self.grey:
            raise unshowable("A grey image has no colours.")
        with translated():
            return self._rgb(self._samples(frame, self._halvings(most)))

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
            decoded = self._decoded(frame, overlays=overlays)
            aspect = self.aspect if square else 1.0
            array = decoded.shown(window, invert=invert)
            array = fitted(array, output_size(self.columns, self.rows, aspect, size))
            height, width = array.shape[:2]
            channels = 3 if array.ndim == 3 else 1
            return Rendered(width, height, channels, array.tobytes(), decoded.remarks)

    def decode(self, frame: int = 0) -> Decoded:
        """One frame, to be shown through several windows."""
        with translated():
            return self._decoded(frame, overlays=True)

    def facts(self, frame: int = 0) -> FrameFacts:
        """What the file says of a frame, but whose it is."""
        with translated():
            return facts_of(self._ds, self.format, frame)

    def plane(self, frame: int = 0) -> Plane | None:
        """Where a frame lies in the patient, which is quicker than all facts."""
        with translated():
            return plane_at(self._ds, self.format, frame)

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

    def _samples(self, frame: int, reduce: int = 0) -> Samples:
        if self._opened.inflated is not None:
            return self._frames.read(self._opened.inflated(), frame, reduce)
        with _reading(self._source, self._lock) as file:
            return self._frames.read(file, frame, reduce)

    def _halvings(self, most: int | None) -> int:
        longer = max(self.rows, self.columns)
        return next((n for n in (3, 2, 1) if most and longer >> n >= 2 * most), 0)

    def _values(self, frame: int, samples: Samples) -> Values:
        stored = stored_values(samples, self.format)
        return values_of(self._ds, self.format, frame, stored)

    def _decoded(self, frame: int, *, overlays: bool) -> Decoded:
        samples = self._samples(frame)
        shutter = shutter_of(self._ds, frame, (self.rows, self.columns), self.aspect)
        drawn, remarks = self._drawn(frame, samples) if overlays else (None, ())
        if not self.grey:
            return Decoded(None, self._rgb(samples), (), drawn, shutter, remarks)
        values = self._values(frame, samples)
        views, wrong = views_of(self._ds, frame, values.modality)
        return Decoded(values, None, views, drawn, shutter, (*wrong, *remarks))

    def _rgb(self, samples: Samples) -> Bytes8:
        said = self.format
        if said.photometric == PALETTE:
            return self._palette.rgb(stored_values(samples, said))
        array = stored_values(samples, said, unsigned=True)
        shown = top_eight_bits(array, said.stored)
        return rgb_of_ybr(shown, partial="PARTIAL" in said.photometric) if samples.ycc else shown

    def _drawn(self, frame: int, samples: Samples) -> tuple[Mask | None, tuple[str, ...]]:
        """Where overlays are, of all planes together."""
        planes, remarks = self._planes
        containers: Pixels | None = None if samples.numbers else samples.array
        drawn: Mask | None = None
        for plane in planes:
            mask = plane.mask(frame, (self.rows, self.columns), containers)
            if mask is not None and mask.any():
                drawn = mask if drawn is None else drawn | mask
        return drawn, remarks
