"""Colour: palettes of every kind, and YBR by the formulas of PS3.3 C.7.6.3.1.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.colour import expanded
from tests.dicom.render.making import SAMPLES, colour, grey, shown

INDEXES = np.array([[0, 1, 2, 3]], np.uint8)


def palette(
    red: Any, *, first: int = 0, bits: int = 16, count: int | None = None, segmented: bool = False
) -> dict[str, Any]:
    """The same table three times, green reversed."""
    tables = {"Red": red, "Green": red if segmented else red[::-1], "Blue": red}
    known: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, table in tables.items():
        data = np.asarray(table, "<u2").tobytes() if bits == 16 else np.asarray(table, np.uint8).tobytes()
        known[f"{name}PaletteColorLookupTableDescriptor"] = [
            len(table) if count is None else count,
            first,
            bits,
        ]
        known[f"{'Segmented' if segmented else ''}{name}PaletteColorLookupTableData"] = data
    return known


def test_sixteen_bit_entries_are_shown_by_their_upper_half() -> None:
    picture = shown(grey(INDEXES, **palette([0x0000, 0x40FF, 0x8000, 0xFFFF])))
    assert picture.tolist() == [[[0, 255, 0], [0x40, 0x80, 0x40], [0x80, 0x40, 0x80], [255, 0, 255]]]


def test_eight_bit_entries_two_in_a_word() -> None:
    assert shown(grey(INDEXES, **palette([1, 2, 3, 4], bits=8))).tolist()[0] == [
        [1, 4, 1],
        [2, 3, 2],
        [3, 2, 3],
        [4, 1, 4],
    ]


def test_entries_said_to_have_sixteen_bits_that_have_eight_are_not_shown_black() -> None:
    assert shown(grey(INDEXES, **palette([10, 20, 30, 200]))).tolist()[0][3] == [200, 10, 200]


def test_indexes_outside_the_table_take_its_ends() -> None:
    """C.7.6.3.1.5 says so; it is no error."""
    picture = shown(grey(np.array([[0, 10, 11, 99]], np.uint8), **palette([0x1000, 0xF000], first=10)))
    assert picture[0, :, 0].tolist() == [0x10, 0x10, 0xF0, 0xF0]


def test_a_table_may_begin_below_zero() -> None:
    source = grey(
        np.array([[-2, -1, 0]], np.int16), **palette([0x1000, 0x2000, 0x3000], first=-2), BitsStored=16
    )
    assert shown(source)[0, :, 0].tolist() == [0x10, 0x20, 0x30]


@pytest.mark.parametrize("count", [3, 5, 0])
def test_a_palette_that_does_not_hold_what_it_announces_makes_no_picture(count: int) -> None:
    tables = palette([1, 2, 3, 4], bits=8, count=count)
    if count == 3:
        tables["GreenPaletteColorLookupTableDescriptor"] = [4, 0, 8]
    with pytest.raises(Permanent, match="palette"):
        shown(grey(INDEXES, **tables))


def test_a_palette_that_is_not_there_makes_no_picture() -> None:
    with pytest.raises(Permanent, match="palette"):
        shown(grey(INDEXES, PhotometricInterpretation="PALETTE COLOR"))


@pytest.mark.parametrize("bits", [0, 7, 12, 32])
def test_entries_of_another_size_make_no_picture(bits: int) -> None:
    tables = palette([1, 2, 3, 4])
    tables["RedPaletteColorLookupTableDescriptor"] = [4, 0, bits]
    with pytest.raises(Permanent, match="bits"):
        shown(grey(INDEXES, **tables))


# --- segmented ---------------------------------------------------------------------------------------------------


def words(*values: int) -> bytes:
    return np.array(values, "<u2").tobytes()


def test_segments_discrete_linear_and_indirect() -> None:
    """Two values, a line to 100 in 4 steps; then the first two segments once more (C.7.9.2)."""
    data = words(0, 2, 10, 20, 1, 4, 100, 2, 2, 0, 0)
    assert expanded(data, 12, 16).tolist() == [10, 20, 40, 60, 80, 100] * 2


def test_segments_of_eight_bits() -> None:
    data = bytes([0, 2, 10, 20, 1, 4, 100, 2, 2, 0, 0, 0, 0])
    assert expanded(data, 12, 8).tolist() == [10, 20, 40, 60, 80, 100] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        words(1, 4, 100),  # a line from nowhere
        words(0, 5, 1, 2),  # cut short
        words(7, 1, 1),  # no such kind
        words(0, 0, 0, 0),
        words(2, 1, 0, 0),  # repeats itself
        words(2, 60000, 9999, 0),
        words(0, 2, 1, 2, 2, 65535, 0, 0),
        words(0, 1, 5, 1, 65535, 9),  # far more than announced
        words(0, 3, 1, 2, 3),  # fewer
    ],
)
def test_damaged_segments_are_an_error_and_never_run_on(data: bytes) -> None:
    with pytest.raises(Permanent, match="palette"):
        expanded(data, 12, 16)


def test_a_segmented_palette_is_shown() -> None:
    segments = [0, 1, 0, 1, 255, 65535]
    tables = palette(segments, count=256, segmented=True)
    picture = shown(grey(np.arange(256, dtype=np.uint8)[None], **tables))
    assert picture[0, :, 0].tolist() == list(range(256))


# --- true colour -------------------------------------------------------------------------------------------------

YBR = np.array([[[76, 85, 255], [150, 44, 21], [29, 255, 107], [128, 128, 128]]], np.uint8)
RGB = [[254, 0, 0], [0, 255, 1], [0, 0, 254], [128, 128, 128]]


def test_ybr_full_becomes_rgb() -> None:
    picture = shown(colour(YBR, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(picture[0].astype(int) - RGB).max() <= 1


def test_ybr_full_422_shares_its_colours_between_two_pixels() -> None:
    data = bytes([76, 100, 85, 255, 29, 40, 255, 107])  # Y1 Y2 Cb Cr
    picture = shown(colour(YBR, PhotometricInterpretation="YBR_FULL_422", PixelData=data))
    whole = np.array([[[76, 85, 255], [100, 85, 255], [29, 255, 107], [40, 255, 107]]], np.uint8)
    assert np.array_equal(picture, shown(colour(whole, PhotometricInterpretation="YBR_FULL")))


def test_ybr_422_that_is_written_in_full_is_shown_all_the_same() -> None:
    said = shown(colour(YBR, PhotometricInterpretation="YBR_FULL_422"))
    assert np.array_equal(said, shown(colour(YBR, PhotometricInterpretation="YBR_FULL")))


def test_partial_ybr_runs_from_16_to_235() -> None:
    pixels = np.array([[[16, 128, 128], [235, 128, 128]]], np.uint8)
    data = bytes([16, 235, 128, 128])
    picture = shown(colour(pixels, PhotometricInterpretation="YBR_PARTIAL_422", PixelData=data))
    assert picture[0].tolist() == [[0, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize(("kind", "shift"), [("u2", 8), ("u4", 24)])
def test_more_bits_a_colour_are_shown_by_the_upper_eight(kind: str, shift: int) -> None:
    pixels = np.array([[[1, 128, 255]]]).astype(kind) << np.array(shift, kind)
    assert shown(colour(pixels)).tolist() == [[[1, 128, 255]]]


def test_colour_can_be_inverted_and_has_no_windows() -> None:
    source = colour(np.array([[[1, 2, 3]]], np.uint8), WindowCenter=1, WindowWidth=1)
    assert shown(source, invert=True).tolist() == [[[254, 253, 252]]]
    from iep_desktop.dicom.render.image import open_image

    assert open_image(source).windows() == ()
    with pytest.raises(Permanent, match="colour"):
        open_image(source).values()


def test_a_real_palette_is_shown_in_colour() -> None:
    picture = shown(SAMPLES / "examples_palette.dcm")
    assert picture.ndim == 3
    assert (picture.max(axis=-1).astype(int) - picture.min(axis=-1)).max() > 50
