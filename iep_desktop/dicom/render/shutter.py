"""Display shutter (PS3.3 C.7.6.11, C.7.6.16.2.20): what lies outside its shapes is covered.

Several shapes cover what any of them covers. Rows and columns count from 1, and the edges are seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.dicom.render.arrays import Mask
from iep_desktop.dicom.render.attributes import group, number, numbers, texts


@dataclass(frozen=True, eq=False)
class Shutter:
    """`seen` is true where the image shows; `grey` covers the rest."""

    seen: Mask
    grey: int


def shutter_of(ds: Dataset, frame: int, shape: tuple[int, int], aspect: float) -> Shutter | None:
    """`aspect` is a pixel's height by its width, for circles that are to be round."""
    place = group(ds, frame, "FrameDisplayShutterSequence")
    kinds = {kind.upper() for kind in texts(place, "ShutterShape")}
    if not kinds:
        return None
    masks = []
    if "RECTANGULAR" in kinds:
        masks.append(_rectangle(place, shape))
    if "CIRCULAR" in kinds:
        masks.append(_circle(place, shape, aspect))
    if "POLYGONAL" in kinds:
        masks.append(_polygon(place, shape))
    known = [mask for mask in masks if mask is not None]
    if not known:
        return None
    grey = int(number(place, "ShutterPresentationValue") or 0)  # a P-value of 16 bits
    return Shutter(np.logical_and.reduce(known), min(max(grey, 0), 0xFFFF) >> 8)


def _rectangle(place: Dataset, shape: tuple[int, int]) -> Mask | None:
    edges = [
        number(place, f"Shutter{edge}Edge")
        for edge in ("UpperHorizontal", "LowerHorizontal", "LeftVertical", "RightVertical")
    ]
    if any(edge is None for edge in edges):
        return None
    upper, lower, left, right = (min(max(int(edge or 0), 0), 1 << 20) for edge in edges)
    seen = np.zeros(shape, bool)
    seen[max(upper - 1, 0) : lower, max(left - 1, 0) : right] = True
    return seen


def _circle(place: Dataset, shape: tuple[int, int], aspect: float) -> Mask | None:
    centre, radius = numbers(place, "CenterOfCircularShutter"), number(place, "RadiusOfCircularShutter")
    if len(centre) != 2 or radius is None:
        return None
    rows = (np.arange(1, shape[0] + 1) - centre[0])[:, None] * aspect
    columns = (np.arange(1, shape[1] + 1) - centre[1])[None, :]
    return np.asarray(rows**2 + columns**2 <= radius**2)


def _polygon(place: Dataset, shape: tuple[int, int]) -> Mask | None:
    from PIL import Image, ImageDraw

    vertices = numbers(place, "VerticesOfThePolygonalShutter")
    if len(vertices) < 6 or len(vertices) % 2:
        return None
    limited = [min(max(vertex, -(1 << 20)), 1 << 20) - 1 for vertex in vertices]
    image = Image.new("1", (shape[1], shape[0]))
    corners = list(zip(limited[1::2], limited[0::2], strict=True))  # row and column become x and y
    ImageDraw.Draw(image).polygon(corners, fill=1, outline=1)
    return np.asarray(image)
