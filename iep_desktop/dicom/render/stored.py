"""Containers to stored values: unused bits are cut off and signs are extended (PS3.5 8.1.1)."""

from __future__ import annotations

from typing import cast

import numpy as np

from iep_desktop.dicom.render.arrays import Pixels
from iep_desktop.dicom.render.checks import PixelFormat
from iep_desktop.dicom.render.frames import Samples


def stored_values(samples: Samples, said: PixelFormat, *, unsigned: bool = False) -> Pixels:
    """Whole numbers as small as they fit, floating point numbers as they are."""
    if samples.numbers:
        return samples.array
    array, size = samples.array, samples.array.dtype.itemsize
    shift, spare = said.high_bit + 1 - said.stored, max(8 * size - said.stored, 0)
    if shift > 0:
        array = np.right_shift(array, shift)
    if said.signed and not unsigned:
        signed = np.left_shift(array.astype(f"i{size}"), spare)
        return cast("Pixels", np.right_shift(signed, spare))
    if spare:
        return cast("Pixels", np.bitwise_and(array, array.dtype.type((1 << said.stored) - 1)))
    return array
