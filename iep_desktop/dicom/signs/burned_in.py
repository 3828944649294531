"""Likely burned-in text: thin strokes of one brightness, of the size of letters, side by side on one line.

A detector for a warning, without any model: it finds that something is written, never what, and it can be wrong both
ways. Works on 8-bit grey, bright on dark and dark on bright. Must not know DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iep_desktop.dicom.render.arrays import Bytes8, Mask, Pixels

LARGEST = 1280  # pixels on the longer side that are looked at; what is larger is to be scaled down first
LETTERS_NEEDED = 5  # in lines; of a screen that was captured, or an ultrasound, fewer suffice
LETTERS_NEEDED_OF_CAPTURES = 3

_STROKE = 9  # pixels; strokes are thinner than this
_CONTRAST = 48  # of 255, from a stroke to the ground beside it
_LOW, _HIGH = 6, 72  # pixels: height of a letter
_FULL = 240  # of 255, the brightest ink
_BY_CHANCE = 0.1  # of single shapes
_MOST_RUNS = 120_000  # beyond, it is noise
_MOST_LETTERS = 4_000


@dataclass(frozen=True)
class _Shapes:
    """Connected strokes, a number each in every array; `level` is their usual brightness, `even` how usual it is."""

    left: Pixels
    top: Pixels
    right: Pixels
    bottom: Pixels
    area: Pixels
    level: Pixels
    even: Pixels


def letters(grey: Bytes8) -> int:
    """How many shapes of an image stand in lines as letters do; 0 where nothing looks written."""
    return max(_letters(grey), _letters(255 - grey))


def _letters(grey: Bytes8) -> int:
    """Brightest ink alone, too: it is the usual one, and stands free of the texture that it is drawn on."""
    strokes = _strokes(grey)
    return max(_letters_of(grey, mask) for mask in (strokes, strokes & (grey >= _FULL)))


def _letters_of(grey: Bytes8, strokes: Mask) -> int:
    """Where noise makes many shapes, some stand in lines by chance: a part of those that do not is taken off."""
    shapes = _shapes(grey, strokes)
    if shapes is None:
        return 0
    candidates = _like_letters(shapes)
    found = _in_lines(candidates)
    return max(found - round(_BY_CHANCE * (len(candidates.left) - found)), 0)


def _strokes(grey: Bytes8) -> Mask:
    """What is brighter than everything around it that is wider than a stroke (a white top-hat)."""
    wide = _extreme(_extreme(grey, np.minimum, 255), np.maximum, 0)
    return np.asarray(grey - np.minimum(wide, grey) > _CONTRAST)


def _extreme(grey: Bytes8, least_or_most: np.ufunc, edge: int) -> Bytes8:
    """The least, or the greatest, of the square of `_STROKE` pixels around each."""
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (_STROKE // 2, _STROKE // 2)
        padded = np.pad(grey, padding, constant_values=edge)
        size = grey.shape[axis]
        grey = _cut(padded, axis, 0, size).copy()
        for at in range(1, _STROKE):
            least_or_most(grey, _cut(padded, axis, at, size), out=grey)
    return grey


def _cut(array: Bytes8, axis: int, at: int, size: int) -> Bytes8:
    return array[at : at + size] if axis == 0 else array[:, at : at + size]


def _shapes(grey: Bytes8, mask: Mask) -> _Shapes | None:
    """Connected pixels of the mask, by runs of rows; None where there are none, or so many that it is noise."""
    rows, columns = mask.shape
    flat = np.zeros((rows, columns + 1), np.int8)
    flat[:, :columns] = mask
    change = np.diff(flat.reshape(-1), prepend=np.int8(0))
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    if not 0 < len(starts) <= _MOST_RUNS:
        return None
    label = _joined(starts, ends, columns + 1)
    order, label = np.unique(label, return_inverse=True)
    count = len(order)
    width = columns + 1
    row, left, right = starts // width, starts % width, (ends - 1) % width
    area = np.bincount(label, ends - starts, count)
    level, even = _brightness(grey, mask, np.repeat(label, ends - starts), count, area)
    return _Shapes(
        _least(label, left, count), _least(label, row, count), -_least(label, -right, count),
        -_least(label, -row, count), area, level, even,
    )  # fmt: skip


def _joined(starts: Pixels, ends: Pixels, width: int) -> Pixels:
    """The least number of a run that each run hangs together with, corners included."""
    first = np.searchsorted(ends, starts + width, "left")
    last = np.searchsorted(starts, ends + width, "right")
    many = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(starts)), many)
    below = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)
    label = np.arange(len(starts))
    while True:
        least = np.minimum(label[above], label[below])
        new = label.copy()
        np.minimum.at(new, above, least)
        np.minimum.at(new, below, least)
        new = new[new]
        if np.array_equal(new, label):
            return label
        label = new


def _least(label: Pixels, value: Pixels, count: int) -> Pixels:
    out = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(out, label, value)
    return out


def _brightness(grey: Bytes8, mask: Mask, label: Pixels, count: int, area: Pixels) -> tuple[Pixels, Pixels]:
    """Each shape's greatest brightness, and the part of it that comes near to that."""
    values = grey[mask].astype(np.int64)
    most = -_least(label, -values, count)
    near = np.bincount(label, values >= most[label] - 40, count)
    return most, near / area


def _like_letters(s: _Shapes) -> _Shapes:
    height, width = s.bottom - s.top + 1, s.right - s.left + 1
    filled = s.area / (height * width)
    fits = (height >= _LOW) & (height <= _HIGH) & (width <= 1.5 * height + 1) & (height <= 14 * width)
    fits &= (filled > 0.12) & ((filled < 0.9) | (width <= height / 3)) & (s.even > 0.45)
    return _Shapes(*(values[fits] for values in (s.left, s.top, s.right, s.bottom, s.area, s.level, s.even)))


def _in_lines(s: _Shapes) -> int:
    """Letters in lines of four and more: as high as the one before, on one base, close by, equally bright."""
    count = len(s.left)
    if not 0 < count <= _MOST_LETTERS:
        return 0
    order = np.argsort(s.left, kind="stable")
    left, right, top, bottom, level = (v[order].tolist() for v in (s.left, s.right, s.top, s.bottom, s.level))
    follower = [-1] * count
    followed = [False] * count
    for i in range(count):
        height = bottom[i] - top[i] + 1
        for j in range(i + 1, count):
            gap = left[j] - right[i]
            if gap > 1.1 * height:
                if left[j] - left[i] > 4 * _HIGH:
                    break
                continue
            other = bottom[j] - top[j] + 1
            if gap < -1 or not 0.6 <= other / height <= 1.67:
                continue
            slack = 0.15 * max(height, other) + 1
            level_line = abs(bottom[i] - bottom[j]) <= slack or abs(top[i] - top[j]) <= slack
            if level_line and abs(level[i] - level[j]) <= 32 and not followed[j]:
                follower[i], followed[j] = j, True
                break
    return sum(length for length in _lengths(follower, followed) if length >= 3)


def _lengths(follower: list[int], followed: list[bool]) -> list[int]:
    lengths = []
    for start in range(len(follower)):
        if followed[start]:
            continue
        length, at = 1, start
        while follower[at] >= 0:
            at = follower[at]
            length += 1
        lengths.append(length)
    return lengths
