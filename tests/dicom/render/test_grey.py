"""Grey values: modality, windows, tables, polarity and padding, against the formulas of PS3.3 C.11."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.grey import Rescale, Shape, Values, Window, apply_window
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import grey, item, shown

CT = np.array([[0, 24, 974, 1064, 1164, 2064, 4095]], np.int16)
HU = {"RescaleSlope": 1, "RescaleIntercept": -1024}


def linear(x: float, c: float, w: float) -> float:
    """C.11.2.1.2.1, as it stands there."""
    if x <= c - 0.5 - (w - 1) / 2:
        return 0
    if x > c - 0.5 + (w - 1) / 2:
        return 255
    return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255


def linear_exact(x: float, c: float, w: float) -> float:
    """C.11.2.1.3.2."""
    if x <= c - w / 2:
        return 0
    return 255 if x > c + w / 2 else ((x - c) / w + 0.5) * 255


def sigmoid(x: float, c: float, w: float) -> float:
    """C.11.2.1.3.1."""
    return 255 / (1 + math.exp(min(-4 * (x - c) / w, 700)))


FORMULAS = {Shape.LINEAR: linear, Shape.LINEAR_EXACT: linear_exact, Shape.SIGMOID: sigmoid}


def expected(formula: Any, values: Any, c: float, w: float) -> list[int]:
    return [math.floor(formula(float(x), c, w) + 0.5) for x in np.ravel(values)]


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize(("c", "w"), [(40, 400), (40, 401), (-600.5, 1500), (0, 1), (100, 2)])
def test_the_files_window_is_applied_by_the_standards_formula(shape: Shape, c: float, w: float) -> None:
    if shape is Shape.LINEAR and w == 1:
        picture = shown(grey(CT, **HU, WindowCenter=c, WindowWidth=w))
        assert list(picture[0]) == [0 if x - 1024 <= c - 0.5 else 255 for x in CT[0]]
        return
    picture = shown(grey(CT, **HU, WindowCenter=c, WindowWidth=w, VOILUTFunction=shape.value))
    assert list(picture[0]) == expected(FORMULAS[shape], CT.astype(float) - 1024, c, w)


@given(
    st.sampled_from(list(Shape)),
    st.floats(-5000, 5000),
    st.floats(1, 10000),
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=50),
)
def test_whole_numbers_through_a_table_are_what_the_formula_says(
    shape: Shape, c: float, w: float, stored: list[int]
) -> None:
    values = Values(np.array([stored], np.int16), Rescale(1.5, -7))
    w = max(w, 1.01)
    wanted = expected(FORMULAS[shape], np.array(stored, float) * 1.5 - 7, c, w)
    found = apply_window(values, Window(c, w, shape))[0]
    assert np.abs(found.astype(int) - wanted).max() <= (1 if shape is Shape.SIGMOID else 0)


def test_several_windows_can_be_chosen_and_the_first_is_the_files_own() -> None:
    source = grey(
        CT,
        **HU,
        WindowCenter=[40, -600],
        WindowWidth=[400, 1500],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
    )
    windows = open_image(source).windows()
    assert [(w.centre, w.width, w.explanation) for w in windows if isinstance(w, Window)] == [
        (40, 400, "SOFT"),
        (-600, 1500, "LUNG"),
    ]
    assert list(shown(source)[0]) == expected(linear, CT - 1024.0, 40, 400)
    assert list(shown(source, window=windows[1])[0]) == expected(linear, CT - 1024.0, -600, 1500)


def test_without_a_window_all_values_are_shown_from_black_to_white() -> None:
    assert list(shown(grey(np.array([[100, 600, 1100]], np.uint16)))[0]) == [0, 128, 255]


def test_eight_bits_without_a_window_stay_as_they_are() -> None:
    assert list(shown(grey(np.array([[10, 200]], np.uint8)))[0]) == [10, 200]


def test_padding_is_left_out_of_the_automatic_window() -> None:
    pixels = np.array([[-2000, 0, 50, 100]], np.int16)
    assert list(shown(grey(pixels, PixelPaddingValue=-2000))[0]) == [0, 0, 128, 255]
    many = grey(pixels, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1)
    assert list(shown(many)[0]) == [0, 0, 128, 255]


def test_monochrome1_and_inverse_turn_the_picture_over_once() -> None:
    pixels = np.array([[0, 255]], np.uint8)
    assert list(shown(grey(pixels, PhotometricInterpretation="MONOCHROME1"))[0]) == [255, 0]
    assert list(shown(grey(pixels, PresentationLUTShape="INVERSE"))[0]) == [255, 0]
    both = grey(pixels, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    assert list(shown(both)[0]) == [255, 0]
    assert list(shown(both, invert=True)[0]) == [0, 255]


# --- tables ------------------------------------------------------------------------------------------------------


def lut(entries: list[int], first: int = 0, bits: int = 16, count: int | None = None) -> Any:
    said = [len(entries) if count is None else count, first, bits]
    return [item(LUTDescriptor=said, LUTData=np.array(entries, "<u2").tobytes(), ModalityLUTType="US")]


def with_us_descriptor(source_item: Any) -> Any:
    source_item[0]["LUTDescriptor"].VR = "US"
    source_item[0]["LUTData"].VR = "OW"
    return source_item


def test_a_modality_table_takes_the_place_of_slope_and_intercept() -> None:
    tables = with_us_descriptor(lut([1000, 2000, 3000], first=10))
    source = grey(np.array([[0, 10, 11, 12, 99]], np.uint8), ModalityLUTSequence=tables)
    assert [open_image(source).values().modality_value(0, i) for i in range(5)] == [
        1000,
        1000,
        2000,
        3000,
        3000,
    ]


def test_a_modality_table_of_signed_pixels_may_begin_below_zero() -> None:
    tables = with_us_descriptor(lut([100, 200, 300], first=0xFFFE))
    values = open_image(grey(np.array([[-9, -2, -1, 0, 9]], np.int16), ModalityLUTSequence=tables)).values()
    assert [values.modality_value(0, i) for i in range(5)] == [100, 100, 200, 300, 300]


def test_a_voi_table_is_shown_before_windows_and_ends_hold_beyond_it() -> None:
    tables = with_us_descriptor(lut([0, 255, 51], first=5, bits=8))
    source = grey(
        np.array([[0, 5, 6, 7, 200]], np.uint8), VOILUTSequence=tables, WindowCenter=40, WindowWidth=400
    )
    assert list(shown(source)[0]) == [0, 0, 255, 51, 51]
    assert len(open_image(source).windows()) == 2


@pytest.mark.parametrize("count", [0, 2, 4, 60000])
def test_a_table_of_the_wrong_length_is_no_view(count: int) -> None:
    tables = with_us_descriptor(lut([0, 1, 2], count=count))
    image = open_image(grey(np.array([[0, 1]], np.uint8), VOILUTSequence=tables))
    assert image.windows() == ()
    assert any("lookup table" in remark for remark in image.render().remarks)


def test_a_modality_table_of_the_wrong_length_makes_no_picture() -> None:
    tables = with_us_descriptor(lut([0, 1, 2], count=4))
    with pytest.raises(Permanent, match="lookup table"):
        shown(grey(np.array([[0, 1]], np.uint8), ModalityLUTSequence=tables))


# --- bad windows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [0, -1, 0.5, math.nan, math.inf])
def test_a_window_that_shows_nothing_cannot_be_made(width: float) -> None:
    with pytest.raises(Permanent):
        Window(40, width)


@pytest.mark.parametrize("width", [0, -400])
def test_a_bad_window_in_a_file_is_not_used_and_said(width: int) -> None:
    source = grey(CT, **HU, WindowCenter=40, WindowWidth=width)
    image = open_image(source)
    assert image.windows() == ()
    assert any(f"width {width}" in remark for remark in image.render().remarks)
    assert shown(source).max() == 255


@pytest.mark.parametrize("slope", [0, None])
def test_a_slope_of_nothing_counts_as_none(slope: float | None) -> None:
    assert shown(grey(np.array([[0, 500]], np.uint16), RescaleSlope=slope, RescaleIntercept=3)).max() == 255


# --- floating point ----------------------------------------------------------------------------------------------


def real(values: list[float], kind: str = "f4") -> Any:
    array = np.array([values], kind)
    keyword = "FloatPixelData" if kind == "f4" else "DoubleFloatPixelData"
    return grey(np.zeros((1, len(values)), np.uint32), **{"PixelData": None, keyword: array.tobytes()})


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_floating_point_pixels_are_shown_and_holes_are_black(kind: str) -> None:
    source = real([-1.5, math.nan, 0, 1.5, math.inf, -math.inf], kind)
    assert list(shown(source)[0]) == [0, 0, 128, 255, 255, 0]


def test_pixels_of_which_none_is_a_number_make_no_picture() -> None:
    with pytest.raises(Permanent, match="number"):
        shown(real([math.nan, math.inf]))


# --- speed -------------------------------------------------------------------------------------------------------


def test_a_window_is_applied_to_a_slice_within_a_screens_frame() -> None:
    """2 ms is the aim (docs/rendering.md); a busy machine is given more."""
    rng = np.random.default_rng(1)
    values = Values(rng.integers(-32768, 32767, (512, 512)).astype(np.int16), Rescale(1, -1024))
    window = Window(40, 400)
    apply_window(values, window)
    best = min(_seconds(values, window) for _ in range(20))
    assert best < 0.008


def _seconds(values: Values, window: Window) -> float:
    start = time.perf_counter()
    apply_window(values, window)
    return time.perf_counter() - start
