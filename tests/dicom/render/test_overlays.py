"""What lies over the pixels: overlay planes, shutters; and the shape of a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from iep_desktop.dicom.render.geometry import output_size
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import SAMPLES, as_array, grey, item, shown

DARK = np.zeros((6, 8), np.uint8)
WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096}


def with_plane(
    pixels: Any,
    bits: Any = None,
    *,
    group: int = 0x6000,
    elements: dict[int, tuple[str, Any]] | None = None,
    **more: Any,
) -> Any:
    """An image with one overlay plane."""
    known: dict[int, tuple[str, Any]] = {
        0x0040: ("CS", "G"),
        0x0050: ("SS", [1, 1]),
        0x0100: ("US", 1),
        0x0102: ("US", 0),
    }
    if bits is not None:
        shape = bits.shape[-2:]
        known |= {0x0010: ("US", shape[0]), 0x0011: ("US", shape[1])}
        data = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
        known[0x3000] = ("OW", data + b"\0" * (len(data) % 2))
    plane = Dataset()
    for element, (vr, value) in {**known, **(elements or {})}.items():
        plane.add_new((group, element), vr, value)
    import pydicom

    source = grey(pixels, **more)
    source.seek(0)
    ds = pydicom.dcmread(source)
    ds.update(plane)
    source.seek(0)
    source.truncate()
    ds.save_as(source)
    return source


def bits(*places: tuple[int, int], shape: tuple[int, int] = (6, 8)) -> Any:
    array = np.zeros(shape, np.uint8)
    for place in places:
        array[place] = 1
    return array


def white(picture: Any) -> list[tuple[int, int]]:
    return [tuple(map(int, place)) for place in np.argwhere(picture == 255)]


def test_a_plane_in_its_own_element_is_drawn_white_and_can_be_left_out() -> None:
    source = with_plane(DARK, bits((0, 0), (3, 5)))
    assert white(shown(source)) == [(0, 0), (3, 5)]
    assert white(shown(source, overlays=False)) == []


@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x601E])
def test_all_sixteen_groups_are_known(group: int) -> None:
    assert white(shown(with_plane(DARK, bits((1, 1)), group=group))) == [(1, 1)]


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [([2, 3], [(1, 2)]), ([-1, 1], []), ([6, 8], [(5, 7)]), ([7, 1], []), ([-5, -7], [])],
)
def test_a_plane_may_lie_anywhere_even_outside(origin: list[int], wanted: list[tuple[int, int]]) -> None:
    source = with_plane(DARK, bits((0, 0), shape=(2, 3)), elements={0x0050: ("SS", origin)})
    assert white(shown(source)) == wanted


def test_a_plane_in_the_unused_bits_of_the_pixels_is_drawn() -> None:
    pixels = np.full((2, 2), 1000, np.uint16)
    pixels[1, 0] |= 1 << 13
    elements = {0x0010: ("US", 2), 0x0011: ("US", 2), 0x0100: ("US", 16), 0x0102: ("US", 13)}
    source = with_plane(pixels, elements=elements, BitsStored=12, HighBit=11, **WINDOW)
    assert white(shown(source)) == [(1, 0)]
    assert shown(source)[0, 0] == shown(source, overlays=False)[1, 0] == 62


def test_planes_of_several_frames_belong_to_their_frames() -> None:
    pixels = np.zeros((4, 6, 8), np.uint8)
    planes = np.stack([bits((0, 0)), bits((0, 1))])
    source = with_plane(pixels, planes, elements={0x0015: ("IS", 2), 0x0051: ("US", 2)})
    image = open_image(source)
    assert [white(as_array(image.render(k))) for k in range(4)] == [[], [(0, 0)], [(0, 1)], []]


def test_of_a_region_of_interest_only_the_outline_is_drawn() -> None:
    region = np.zeros((6, 8), np.uint8)
    region[1:5, 1:6] = 1
    picture = shown(with_plane(DARK, region, elements={0x0040: ("CS", "R")}))
    assert picture[1:5, 1].tolist() == [255] * 4
    assert not picture[2:4, 2:5].any()


@pytest.mark.parametrize(
    "elements",
    [
        {0x0010: ("US", 600)},
        {0x0010: ("US", 0)},
        {0x0010: ("US", 65535), 0x0011: ("US", 65535)},
        {0x0015: ("IS", 2_000_000)},
        {0x0050: ("SS", [1])},
    ],
)
def test_a_damaged_plane_is_left_out_and_said(elements: dict[int, tuple[str, Any]]) -> None:
    rendered = open_image(with_plane(DARK, bits((0, 0)), elements=elements)).render()
    assert not any(rendered.data)
    assert any("overlay" in remark for remark in rendered.remarks)


def test_a_real_overlay_is_drawn() -> None:
    image = open_image(SAMPLES / "examples_overlay.dcm")
    changed = as_array(image.render()) != as_array(image.render(overlays=False))
    assert 100 < changed.sum() < 5000


# --- shutters ----------------------------------------------------------------------------------------------------

LIGHT = np.full((9, 9), 200, np.uint8)


def test_a_rectangle_counts_from_one_and_shows_its_edges() -> None:
    edges = {
        "ShutterLeftVerticalEdge": 2,
        "ShutterRightVerticalEdge": 4,
        "ShutterUpperHorizontalEdge": 3,
        "ShutterLowerHorizontalEdge": 3,
    }
    picture = shown(grey(LIGHT, ShutterShape="RECTANGULAR", **edges))
    assert [tuple(map(int, place)) for place in np.argwhere(picture)] == [(2, 1), (2, 2), (2, 3)]


def test_a_circle_is_round() -> None:
    picture = shown(
        grey(LIGHT, ShutterShape="CIRCULAR", CenterOfCircularShutter=[5, 5], RadiusOfCircularShutter=2)
    )
    assert (picture > 0).sum() == 13
    assert np.array_equal(picture, picture.T)


def test_a_polygon_covers_what_lies_outside() -> None:
    picture = shown(grey(LIGHT, ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=[1, 1, 1, 9, 9, 1]))
    assert picture[0, 8] == picture[8, 0] == picture[4, 4] == 200
    assert picture[8, 8] == picture[5, 5] == 0


def test_several_shapes_cover_together_in_the_grey_that_is_asked_for() -> None:
    picture = shown(
        grey(
            LIGHT,
            ShutterShape=["CIRCULAR", "RECTANGULAR"],
            CenterOfCircularShutter=[5, 5],
            RadiusOfCircularShutter=2,
            ShutterLeftVerticalEdge=1,
            ShutterRightVerticalEdge=5,
            ShutterUpperHorizontalEdge=1,
            ShutterLowerHorizontalEdge=9,
            ShutterPresentationValue=0x8000,
        )
    )
    assert (picture == 200).sum() == 9
    assert (picture == 0x80).sum() == 72


@pytest.mark.parametrize(
    "wrong",
    [
        {"ShutterShape": "CIRCULAR"},
        {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 3},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 2]},
        {"ShutterShape": "STAR"},
    ],
)
def test_a_shutter_without_a_shape_covers_nothing(wrong: dict[str, Any]) -> None:
    assert (shown(grey(LIGHT, **wrong)) == 200).all()


def test_a_frames_own_shutter() -> None:
    shutter = item(ShutterShape="CIRCULAR", CenterOfCircularShutter=[5, 5], RadiusOfCircularShutter=2)
    groups = item(FrameDisplayShutterSequence=[shutter])
    assert (shown(grey(LIGHT, SharedFunctionalGroupsSequence=[groups])) > 0).sum() == 13


# --- the shape of a pixel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, (8, 6)),
        ({"PixelSpacing": [2, 1]}, (8, 12)),
        ({"PixelSpacing": [1, 2]}, (16, 6)),
        ({"PixelAspectRatio": [3, 1]}, (8, 18)),
        ({"ImagerPixelSpacing": [0.1, 0.2]}, (16, 6)),
        ({"PixelSpacing": [1, 1], "PixelAspectRatio": [3, 1]}, (8, 6)),
        ({"PixelSpacing": [0, 1]}, (8, 6)),
        ({"PixelSpacing": [1e-9, 1]}, (8, 6)),
        ({"PixelSpacing": [-1, 1]}, (8, 6)),
        ({"PixelAspectRatio": [1, 0]}, (8, 6)),
    ],
)
def test_oblong_pixels_become_square(attributes: dict[str, Any], wanted: tuple[int, int]) -> None:
    image = open_image(grey(DARK, **attributes))
    rendered = image.render()
    assert (rendered.width, rendered.height) == wanted
    rendered = image.render(square=False)
    assert (rendered.width, rendered.height) == (8, 6)


def test_a_size_is_the_most_that_the_longer_side_has() -> None:
    assert output_size(512, 256, 1.0, 64) == (64, 32)
    assert output_size(512, 256, 2.0, 64) == (64, 64)
    assert output_size(20, 10, 1.0, 64) == (20, 10)
    assert output_size(65535, 1, 1.0, 64) == (64, 1)


def test_shrinking_averages() -> None:
    pixels = np.tile(np.array([[0, 200]], np.uint8), (4, 2))
    assert (shown(grey(pixels), size=2) == 100).all()


def test_spacing_says_where_it_comes_from() -> None:
    spacing = open_image(grey(DARK, ImagerPixelSpacing=[0.1, 0.2])).spacing
    assert spacing is not None
    assert (spacing.row, spacing.column, spacing.source) == (0.1, 0.2, "ImagerPixelSpacing")
    assert open_image(grey(DARK)).spacing is None


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"FrameTime": 40}, 0.04),
        ({"FrameTimeVector": [0, 50, 50]}, 0.05),
        ({"CineRate": 25}, 0.04),
        ({"RecommendedDisplayFrameRate": 10, "CineRate": 25}, 0.1),
        ({"FrameTime": 0, "CineRate": 0}, None),
        ({"FrameTime": -5}, None),
        ({}, None),
    ],
)
def test_how_fast_frames_follow(attributes: dict[str, Any], wanted: float | None) -> None:
    assert open_image(grey(np.zeros((3, 2, 2), np.uint8), **attributes)).frame_time == wanted
