"""Frames reduced while they are decoded, for small pictures: the same picture, and quicker where the codec can."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from iep_desktop.dicom.preview import preview
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import JPEG, JPEG_2000, colour, compressed, grey
from tests.dicom.test_preview import SAMPLES


def smooth(rows: int, columns: int) -> Any:
    """Without an edge that a filter could make much of."""
    down, across = np.mgrid[0:rows, 0:columns]
    return (127 + 60 * np.sin(down / 60) + 60 * np.cos(across / 80)).astype(np.uint8)


def coded(array: Any, kind: str, **how: Any) -> bytes:
    out = BytesIO()
    Pillow.fromarray(array).save(out, format=kind, **how)
    return out.getvalue()


def jpeg(rows: int, columns: int) -> BytesIO:
    return compressed([coded(smooth(rows, columns), "JPEG", quality=95)], JPEG, Rows=rows, Columns=columns)


def jpeg_2000(rows: int, columns: int, levels: int = 6) -> BytesIO:
    data = coded(smooth(rows, columns), "JPEG2000", num_resolutions=levels, no_jp2=True)
    return compressed([data], JPEG_2000, Rows=rows, Columns=columns)


def native(rows: int, columns: int) -> BytesIO:
    return grey(smooth(rows, columns))


@pytest.mark.parametrize("make", [jpeg, jpeg_2000, native])
@pytest.mark.parametrize("size", [(512, 512), (513, 700), (1000, 257), (2048, 1536)])
def test_a_reduced_frame_is_the_frame(make: Callable[..., BytesIO], size: tuple[int, int]) -> None:
    image = open_image(make(*size))
    whole, small = image.values(0).stored, image.values(0, 64).stored
    step = round(whole.shape[0] / small.shape[0])
    assert step in (2, 4, 8)
    assert small.shape == tuple(-(-side // step) for side in size)
    assert max(small.shape) >= 128
    nearest = whole[::step, ::step].astype(int)
    assert np.abs(small.astype(int) - nearest).max() < 20
    assert np.abs(small.astype(int) - nearest).mean() < 5


def test_fewer_resolution_levels_than_halvings_are_no_hindrance() -> None:
    image = open_image(jpeg_2000(1024, 1024, levels=1))
    assert image.values(0, 64).stored.shape == (128, 128)


def test_colours_stay_colours() -> None:
    array = np.zeros((512, 512, 3), np.uint8)
    array[:, :256] = (220, 30, 10)
    array[:, 256:] = (10, 40, 210)
    source = compressed(
        [coded(array, "JPEG", quality=95)],
        JPEG,
        SamplesPerPixel=3,
        PhotometricInterpretation="YBR_FULL_422",
        PlanarConfiguration=0,
        Rows=512,
        Columns=512,
    )
    for made in (preview(source, 64), preview(colour(array), 64)):
        shown = np.frombuffer(made.data, np.uint8).reshape(made.height, made.width, made.channels)
        assert shown.shape == (64, 64, 3)
        assert np.abs(shown[32, 10].astype(int) - (220, 30, 10)).max() < 12
        assert np.abs(shown[32, 54].astype(int) - (10, 40, 210)).max() < 12


def test_numbers_of_a_palette_are_not_averaged() -> None:
    """Entries 0 and 200 are black and white; whatever stands between is red and may not appear."""
    pixels = np.zeros((512, 512), np.uint8)
    pixels[:, ::2] = 200
    table = np.zeros(256, "<u2")
    red = np.full(256, 0xFFFF, "<u2")
    red[0], table[200] = 0, 0xFFFF
    tables = {
        f"{name}PaletteColorLookupTable{part}": value
        for name, data in (("Red", red), ("Green", table), ("Blue", table))
        for part, value in (("Descriptor", [256, 0, 16]), ("Data", data.tobytes()))
    }
    data = coded(pixels, "JPEG2000", num_resolutions=6, no_jp2=True)
    source = compressed(
        [data], JPEG_2000, Rows=512, Columns=512, PhotometricInterpretation="PALETTE COLOR", **tables
    )
    rgb = open_image(source).colours(0, 64)
    assert rgb.shape == (128, 128, 3)
    assert {tuple(pixel) for pixel in rgb.reshape(-1, 3)} <= {(0, 0, 0), (255, 255, 255)}


@pytest.mark.parametrize(
    "name", ["JPEG2000.dcm", "JPGExtended.dcm", "JPEGLSNearLossless_16.dcm", "examples_ybr_color.dcm"]
)
def test_real_files_look_the_same_reduced(name: str) -> None:
    image = open_image(SAMPLES / name)
    most = max(image.rows, image.columns) // 4
    whole = image.render(0, size=most, overlays=False, square=False)
    shown = np.frombuffer(whole.data, np.uint8).astype(int)
    small = preview(SAMPLES / name, most)
    assert len(small.data) == len(shown) or image.frames > 1
    if image.frames == 1:
        assert np.abs(np.frombuffer(small.data, np.uint8).astype(int) - shown).mean() < 25


@pytest.mark.alone
def test_a_codec_that_can_is_quicker_for_it() -> None:
    image = open_image(jpeg_2000(2048, 2048))
    image.values(0)  # the decoder process is there now

    def seconds(most: int | None) -> float:
        began = time.perf_counter()
        image.values(0, most)
        return time.perf_counter() - began

    assert min(seconds(64) for _ in range(3)) < min(seconds(None) for _ in range(3)) / 2
