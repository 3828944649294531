"""The types of arrays that this package passes about."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]  # whole or floating numbers of any size
Real = npt.NDArray[np.float64]
Bytes8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
