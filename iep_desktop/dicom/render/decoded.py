"""One frame, decoded once, to be shown through any window: what a viewer keeps while a window is dragged.

Owns the order of what follows decoding: window, overlays, shutter. Must not read files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from iep_desktop.dicom.render.arrays import Bytes8, Mask
from iep_desktop.dicom.render.grey import Values, View, apply_window, inverted
from iep_desktop.dicom.render.shutter import Shutter

WHITE = 255


@dataclass(frozen=True, eq=False)
class Decoded:
    """Grey `values` with the `views` that the file offers for them, or `rgb`. `drawn`: where overlays are white."""

    values: Values | None
    rgb: Bytes8 | None
    views: tuple[View, ...] = ()
    drawn: Mask | None = None
    shutter: Shutter | None = None
    remarks: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes held."""
        arrays = (
            self.values.stored if self.values else None, self.rgb, self.drawn,
            self.shutter.seen if self.shutter else None,
        )  # fmt: skip
        return sum(array.nbytes for array in arrays if array is not None)

    @property
    def view(self) -> View | None:
        """The one that comes first; None for colour."""
        return next(iter(self.views), None) or (self.values.automatic if self.values else None)

    def shown(self, view: View | None = None, *, invert: bool = False, reduce: int = 1) -> Bytes8:
        """Rows × columns (× 3), through `view` or the file's own; `reduce` averages so many pixels to one.

        Raises:
            Permanent: none of its pixels is a number.
        """
        array = self._covered(self._drawn_over(self._windowed(view, invert)))
        if reduce <= 1:
            return array
        from PIL import Image

        return np.asarray(Image.fromarray(array).reduce(reduce))

    def _windowed(self, view: View | None, invert: bool) -> Bytes8:
        if self.values is None:
            assert self.rgb is not None
            return WHITE - self.rgb if invert else self.rgb
        # A copy, so that what is worked out for one window is not kept with every cached frame.
        values = inverted(self.values) if invert else replace(self.values)
        return apply_window(values, view or next(iter(self.views), None) or values.automatic)

    def _drawn_over(self, array: Bytes8) -> Bytes8:
        if self.drawn is None:
            return array
        array = np.array(array)
        array[self.drawn] = WHITE
        return array

    def _covered(self, array: Bytes8) -> Bytes8:
        if self.shutter is None:
            return array
        array = np.array(array)
        array[~self.shutter.seen] = self.shutter.grey
        return array
