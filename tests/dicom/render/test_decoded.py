"""A frame that is decoded once and shown through many windows, as `render` would show it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from iep_desktop.dicom.render.grey import Rescale, Values, Window, apply_window
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import as_array, colour, grey

STEPS = np.arange(64, dtype=np.int16).reshape(8, 8)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("window", [None, Window(20, 30)])
def test_it_is_shown_as_rendering_shows_it(window: Window | None, *, invert: bool) -> None:
    image = open_image(grey(STEPS, WindowCenter=30, WindowWidth=40, RescaleSlope=2, RescaleIntercept=-9))
    rendered = as_array(image.render(window=window, invert=invert))
    assert (image.decode().shown(window, invert=invert) == rendered).all()


def test_colour_knows_no_window_and_can_be_inverted() -> None:
    image = open_image(colour(np.full((4, 4, 3), 40, np.uint8)))
    assert (image.decode().shown() == 40).all()
    assert (image.decode().shown(invert=True) == 215).all()
    assert image.decode().view is None


def test_averaging_keeps_what_every_pixel_says() -> None:
    lines = np.zeros((9, 9), np.uint8)
    lines[:, ::2] = 200
    small = open_image(grey(lines)).decode().shown(reduce=2)
    assert small.shape == (5, 5)  # the last row and column stand for less than two
    assert (small[:, :4] == 100).all()
    assert (small[:, 4] == 200).all()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (np.uint8, 0, 255),
        (np.int8, -128, 127),
        (np.uint16, 0, 65535),
        (np.int16, -32768, 32767),
        (np.uint32, 1_000_000, 1_060_000),
        (np.int32, -40_000, 20_000),
        (np.int32, -(1 << 31), (1 << 31) - 1),
    ],
)
@pytest.mark.parametrize("inverse", [False, True])
def test_the_table_says_what_the_formula_says_for_every_kind_of_value(
    kind: Any, low: int, high: int, *, inverse: bool
) -> None:
    stored = np.linspace(low, high, 1000).astype(kind).reshape(25, 40)
    window = Window((low + high) / 2, (high - low) / 3)
    shown = apply_window(Values(stored, Rescale(), inverse), window)
    fractions = window.fractions(stored.astype(np.float64))
    wanted = np.floor((1 - fractions if inverse else fractions) * 255 + 0.5)
    assert (shown == wanted).all()
