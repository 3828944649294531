"""Drawn anatomy for synthetic studies: ellipses and noise that a person recognises as chest, head, brain and knee.

Pictures only: stored values as unsigned 16-bit arrays (12 bits used), shape (images, rows, columns), the same at every
call. What they mean in DICOM, and for whom, is decided elsewhere. Not for training or for testing of readers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint16]
Picture = NDArray[np.float32]

CT_OFFSET = 1024
"""Stored value of 0 HU: Rescale Intercept is its negative."""
_MOST = 4095  # 12 bits


@dataclass(frozen=True)
class _Canvas:
    """One picture and its coordinates, both from -1 (left, top) to 1 (right, bottom)."""

    values: Picture
    x: Picture
    y: Picture

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, value: float) -> None:
        if rx > 0 and ry > 0:
            self.values[self.inside(cx, cy, rx, ry)] = value

    def inside(self, cx: float, cy: float, rx: float, ry: float) -> NDArray[np.bool_]:
        return ((self.x - cx) / rx) ** 2 + ((self.y - cy) / ry) ** 2 < 1

    def box(self, left: float, top: float, right: float, bottom: float, value: float) -> None:
        inside = (self.x > left) & (self.x < right) & (self.y > top) & (self.y < bottom)
        self.values[inside] = value


def _canvas(rows: int, columns: int, background: float) -> _Canvas:
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    return _Canvas(np.full((rows, columns), background, np.float32), x, y)


def _stack(
    images: int,
    size: int,
    background: float,
    noise: float,
    draw: Callable[[_Canvas, float], None],
    offset: float = 0,
) -> Images:
    """`draw` is called with each picture's place, from 0 (first) to 1 (last)."""
    blank = _canvas(size, size, background)
    stack = np.empty((images, size, size), np.float32)
    for number in range(images):
        canvas = _Canvas(stack[number], blank.x, blank.y)
        canvas.values[:] = background
        draw(canvas, number / max(images - 1, 1))
    return _finished(stack, noise, offset)


def _finished(stack: Picture, noise: float, offset: float) -> Images:
    """Edges softened as a scanner does, noise, and whole numbers."""
    for axis in (1, 2):
        inner = [slice(None)] * 3
        before, after = list(inner), list(inner)
        inner[axis], before[axis], after[axis] = slice(1, -1), slice(None, -2), slice(2, None)
        stack[tuple(inner)] = stack[tuple(inner)] / 2 + (stack[tuple(before)] + stack[tuple(after)]) / 4
    grain = np.random.default_rng(stack.shape[0]).standard_normal(stack.shape, np.float32)
    return np.clip(stack + grain * noise + offset, 0, _MOST).astype(np.uint16)


# --- chest -------------------------------------------------------------------------------------------------------


def chest_ct(images: int, size: int = 256) -> Images:
    """Axial slices from the apices to the diaphragm."""
    return _stack(images, size, -1000, 16, _chest_slice, CT_OFFSET)


def _chest_slice(c: _Canvas, z: float) -> None:
    c.values[(abs(c.y - 0.70 - c.x**2 * 0.06) < 0.012) & (abs(c.x) < 0.75)] = -350  # the table
    wide = 0.86 + 0.06 * np.cos(3 * z)
    c.ellipse(0, 0, wide, 0.60, -95)  # fat
    c.ellipse(0, 0.01, wide - 0.05, 0.55, 45)  # muscle
    _ribs(c, wide, z)
    air = float(np.sin(np.pi * (0.12 + 0.80 * z)) ** 0.6)
    for side in (-1, 1):
        c.ellipse(side * 0.40, 0.02, 0.29 * air, 0.42 * air, -850)
        _vessels(c, side, air, z)
    if z > 0.72:  # the dome of the liver
        c.ellipse(-0.40, 0.0, (z - 0.72) * 1.1, (z - 0.72) * 1.5, 60)
    heart = max(0.0, float(np.sin(np.pi * (z - 0.32) / 0.62))) if 0.32 < z < 0.94 else 0.0
    c.ellipse(0.0, -0.02, 0.15, 0.32, 40)  # mediastinum
    c.ellipse(0.10, -0.13, 0.30 * heart, 0.25 * heart, 55)
    c.ellipse(0.13, -0.13, 0.16 * heart, 0.14 * heart, 170)  # contrast in the ventricle
    c.ellipse(0.07, 0.24, 0.075, 0.075, 190)  # aorta
    if z < 0.42:
        c.ellipse(0, 0.02, 0.055, 0.05, -1000)  # trachea
    elif z < 0.66:
        for side in (-1, 1):
            c.ellipse(side * (0.06 + 0.25 * (z - 0.42)), 0.06, 0.03, 0.03, -1000)
    _spine(c, z)
    c.ellipse(0, -0.50, 0.10, 0.03, 320)  # sternum


def _ribs(c: _Canvas, wide: float, z: float) -> None:
    angle = np.arctan2(c.y / 0.53, c.x / (wide - 0.07))
    ring = c.inside(0, 0.01, wide - 0.08, 0.52) & ~c.inside(0, 0.01, wide - 0.13, 0.47)
    c.values[ring & (np.sin(5 * abs(angle) + 38 * z) > 0.45)] = 480


def _vessels(c: _Canvas, side: int, air: float, z: float) -> None:
    for branch in range(7):
        turn = branch * 0.9 + 4 * z * (1 if branch % 2 else -1)
        far = (0.06 + 0.028 * branch) * air
        thick = 0.022 * (1 - branch / 10) * air
        c.ellipse(side * (0.30 + far * np.cos(turn)), 0.05 + 1.5 * far * np.sin(turn), thick, thick, -40)


def _spine(c: _Canvas, z: float) -> None:
    bone = 330 if np.sin(z * 75) > -0.6 else 90  # vertebra or disc
    c.ellipse(0, 0.40, 0.115, 0.095, bone + 220)
    c.ellipse(0, 0.40, 0.095, 0.078, bone)
    c.ellipse(0, 0.525, 0.055, 0.05, 300)
    c.ellipse(0, 0.515, 0.035, 0.032, 30)  # canal
    c.box(-0.015, 0.56, 0.015, 0.62, 350)


def scout(volume: Images) -> Images:
    """The frontal localizer of a stack of axial slices: one picture as wide as high."""
    size = volume.shape[2]
    sums = volume.astype(np.float32).mean(axis=1)
    rows = np.linspace(0, len(sums) - 1, size).astype(int)
    shadow = (sums[rows] - sums.min()) / (sums.max() - sums.min())
    picture: Images = (shadow * 1400 + CT_OFFSET - 700).astype(np.uint16)[np.newaxis]
    return picture


def chest_cr(size: int = 1024) -> Images:
    """One frontal radiograph; bright is dense (MONOCHROME2)."""
    c = _canvas(size, size, 150)
    c.values[:] += _thickness(c, 0, 0.25, 0.95, 1.30) * 1500
    for side in (-1, 1):
        c.values[:] -= _thickness(c, side * 0.42, 0.0, 0.34, 0.68) * 950
        ribs = np.sin((c.y + 0.5 * (c.x * side - 0.45) ** 2) * 26)
        c.values[c.inside(side * 0.43, 0.0, 0.42, 0.74) & (ribs > 0.72)] += 170
        c.values[abs(c.y + 0.78 - 0.18 * abs(c.x) + 0.04 * np.cos(6 * c.x)) < 0.022] += 130  # collar bones
    c.values[:] += _thickness(c, 0.16, 0.28, 0.34, 0.32) * 900  # heart
    c.values[:] += _thickness(c, 0, 0.0, 0.11, 2.0) * 450  # spine
    c.values[:] += _thickness(c, 0.06, -0.25, 0.10, 0.16) * 350  # aortic arch
    below = c.y - 0.62 - 0.25 * (abs(c.x) - 0.4) ** 2
    c.values[below > 0] += 600 * np.minimum(below[below > 0] * 8, 1)
    return _finished(c.values[np.newaxis] * 1.1, 14, 0)


def _thickness(c: _Canvas, cx: float, cy: float, rx: float, ry: float) -> Picture:
    """How much of an ellipsoid lies behind each point, 0 to 1."""
    inside = 1 - ((c.x - cx) / rx) ** 2 - ((c.y - cy) / ry) ** 2
    thickness: Picture = np.sqrt(np.maximum(inside, 0))
    return thickness


# --- head --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tissues:
    """The value of each tissue of the head."""

    scalp: float
    skull: float
    fluid: float
    grey: float
    white: float


_HEAD_CT = _Tissues(20, 1100, 8, 38, 30)
_HEAD_T2 = _Tissues(900, 90, 1900, 1150, 850)
_HEAD_T1 = _Tissues(1900, 90, 250, 800, 1150)


def head_ct(images: int, size: int = 256) -> Images:
    return _stack(images, size, -1000, 4, lambda c, z: _head_slice(c, z, _HEAD_CT), CT_OFFSET)


def brain_t2(images: int, size: int = 256) -> Images:
    return _stack(images, size, 20, 28, lambda c, z: _head_slice(c, z, _HEAD_T2))


def brain_t1(images: int, size: int = 256) -> Images:
    return _stack(images, size, 20, 28, lambda c, z: _head_slice(c, z, _HEAD_T1))


def _head_slice(c: _Canvas, z: float, tissue: _Tissues) -> None:
    scale = float(np.sqrt(max(1 - (0.98 * z) ** 2 * 0.9, 0.06)))
    for inset, value in (
        (0.0, tissue.scalp),
        (0.05, tissue.skull),
        (0.11, tissue.fluid),
        (0.135, tissue.grey),
    ):
        c.ellipse(0, 0, (0.64 - inset) * scale, (0.80 - inset) * scale, value)
    inner = c.inside(0, 0, 0.43 * scale, 0.58 * scale)
    folds = np.sin(c.x * 34 + 3 * np.sin(c.y * 15)) + np.sin(c.y * 30 + 3 * np.cos(c.x * 17))
    c.values[inner & (folds > -0.9)] = tissue.white
    c.values[(abs(c.x) < 0.010) & c.inside(0, 0, 0.5 * scale, 0.66 * scale)] = (
        tissue.fluid
    )  # between the halves
    wide = float(np.sin(np.pi * min(max((z - 0.1) / 0.7, 0), 1)))
    for side in (-1, 1):
        c.ellipse(
            side * 0.13, 0.05, 0.11 * wide * scale, 0.14 * wide * scale, tissue.grey
        )  # deep grey matter
        c.ellipse(side * 0.08, -0.16, 0.05 * wide, 0.17 * wide, tissue.fluid)  # ventricles
        c.ellipse(side * 0.12, 0.26, 0.05 * wide, 0.11 * wide, tissue.fluid)
    c.ellipse(0, 0.05, 0.02 * wide, 0.09 * wide, tissue.fluid)


# --- knee --------------------------------------------------------------------------------------------------------

_FAT, _MUSCLE, _MARROW, _CORTEX, _CARTILAGE = 1500.0, 420.0, 1250.0, 70.0, 1000.0


def knee_sagittal(images: int, size: int = 256) -> Images:
    """From the inner to the outer side."""
    return _stack(images, size, 15, 24, _knee_from_the_side)


def knee_coronal(images: int, size: int = 256) -> Images:
    """From the front to the back."""
    return _stack(images, size, 15, 24, _knee_from_the_front)


def _limb(c: _Canvas, width: float) -> None:
    edge = width * (1 + 0.10 * np.cos(c.y * 2.4))
    c.values[abs(c.x) < edge] = _FAT
    c.values[abs(c.x) < edge - 0.07] = _MUSCLE


def _bone(c: _Canvas, draw: Callable[[float, float], None]) -> None:
    """The same shape as its hard rim and, smaller, its marrow."""
    draw(0.0, _CORTEX)
    draw(0.022, _MARROW)


def _knee_from_the_side(c: _Canvas, z: float) -> None:
    _limb(c, 0.66)
    middle = 1 - abs(2 * z - 1)
    shaft = 0.15 * middle**0.4

    def femur(inset: float, value: float) -> None:
        c.box(-shaft + inset, -1, shaft - inset, -0.15, value)
        c.ellipse(0.05, -0.20, 0.33 - inset, 0.27 - inset, value)

    def tibia(inset: float, value: float) -> None:
        c.ellipse(0.03, 0.27, 0.35 - inset, 0.16 - inset, value)
        c.box(-shaft - 0.02 + inset, 0.28, shaft + 0.02 - inset, 1, value)

    c.ellipse(0.05, -0.19, 0.36, 0.30, _CARTILAGE)
    _bone(c, femur)
    _bone(c, tibia)
    _bone(
        c, lambda inset, value: c.ellipse(-0.47, -0.28, 0.08 * middle - inset, 0.17 * middle - inset, value)
    )
    for at in (-0.20, 0.27):
        c.ellipse(at, 0.10, 0.09, 0.028, _CORTEX)  # menisci
    if 0.4 < z < 0.6:  # cruciate ligament
        c.values[(abs(c.x - 0.6 * c.y - 0.05) < 0.025) & (abs(c.y) < 0.14)] = _CORTEX


def _knee_from_the_front(c: _Canvas, z: float) -> None:
    _limb(c, 0.62)
    deep = float(np.sin(np.pi * (0.15 + 0.7 * z)))

    def femur(inset: float, value: float) -> None:
        c.box(-0.15 + inset, -1, 0.15 - inset, -0.2, value)
        for side in (-1, 1):
            c.ellipse(side * 0.20, -0.20, 0.22 * deep - inset, 0.24 * deep - inset, value)

    def tibia(inset: float, value: float) -> None:
        c.ellipse(0, 0.22, 0.44 * deep - inset, 0.14 - inset, value)
        c.box(-0.16 + inset, 0.25, 0.16 - inset, 1, value)

    _bone(c, femur)
    _bone(c, tibia)
    _bone(c, lambda inset, value: c.box(0.30 + inset, 0.42, 0.41 - inset, 1, value))  # fibula
    for side in (-1, 1):
        c.ellipse(side * 0.36, 0.06, 0.08, 0.03, _CORTEX)
