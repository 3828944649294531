"""Where slices lie in the patient: letters, crossing lines, the nearest slice, and lengths in mm."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.measuring import Basis, Calibration, distance_text
from iep_desktop.core.planes import (
    Letters,
    Plane,
    crossing,
    letters_of,
    letters_of_patient_orientation,
    nearest,
    plane_of,
)

AXIAL, CORONAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)


def plane(
    position: tuple[float, float, float], orientation: tuple[float, ...] = AXIAL, side: int = 100
) -> Plane:
    made = plane_of(position, orientation, (1.0, 1.0), (side, side), "2.25.1")
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        (AXIAL, Letters("R", "A", "L", "P")),
        (CORONAL, Letters("R", "H", "L", "F")),
        (SAGITTAL, Letters("A", "H", "P", "F")),
    ],
)
def test_letters_say_where_the_patient_is(orientation: tuple[float, ...], letters: Letters) -> None:
    assert plane((0, 0, 0), orientation).letters == letters


def test_an_oblique_direction_has_several_letters_the_nearest_first() -> None:
    assert letters_of((0.8, -0.6, 0.0)) == "LA"
    assert letters_of((0.99, 0.1, 0.0)) == "L"


def test_letters_turn_and_mirror_with_the_image() -> None:
    letters = Letters("R", "A", "L", "P")
    assert letters.turned(1) == Letters("P", "R", "A", "L")  # what was left is on top
    assert letters.turned(4) == letters == letters.turned(1).turned(-1)
    assert letters.mirrored() == Letters("L", "A", "R", "P")


@pytest.mark.parametrize(
    ("said", "letters"),
    [(["L", "F"], Letters("R", "H", "L", "F")), (["P", "FR"], Letters("A", "HL", "P", "FR"))],
)
def test_a_radiograph_says_its_letters_itself(said: list[str], letters: Letters) -> None:
    assert letters_of_patient_orientation(said) == letters


@pytest.mark.parametrize("said", [[], ["L"], ["X", "F"], ["", ""], ["L", "F", "H"]])
def test_letters_that_make_no_sense_are_not_shown(said: list[str]) -> None:
    assert letters_of_patient_orientation(said) == Letters()


@pytest.mark.parametrize(
    "orientation",
    [(0, 0, 0, 0, 0, 0), (1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (1, 0, 0), (1, 0, 0, 0, 1, math.nan)],
)
def test_an_orientation_that_is_none_gives_no_plane(orientation: tuple[float, ...]) -> None:
    assert plane_of((0, 0, 0), orientation, (1, 1), (10, 10)) is None


def test_a_coronal_slice_crosses_an_axial_one_in_a_level_line() -> None:
    axial, coronal = plane((0, 0, 50)), plane((0, 30, 99), CORONAL)
    line = crossing(axial, coronal)
    assert line is not None
    (x1, y1), (x2, y2) = sorted(line)
    assert (y1, y2) == (pytest.approx(30.5), pytest.approx(30.5))
    assert (x1, x2) == (pytest.approx(0.0), pytest.approx(100.0))


@pytest.mark.parametrize(
    "other",
    [
        plane((0, 0, 60)),  # parallel
        plane((0, 500, 99), CORONAL),  # elsewhere
        plane((0, 30, 20), CORONAL),  # ends below
        replace(plane((0, 30, 99), CORONAL), frame_of_reference="2.25.2"),
        replace(plane((0, 30, 99), CORONAL), frame_of_reference=""),
    ],
)
def test_slices_that_do_not_meet_have_no_line(other: Plane) -> None:
    assert crossing(plane((0, 0, 50)), other) is None


@given(st.floats(-400, 400), st.floats(-400, 400), st.floats(0, math.pi), st.floats(-200, 200))
def test_a_line_never_leaves_its_image(x: float, y: float, turn: float, z: float) -> None:
    orientation = (math.cos(turn), math.sin(turn), 0, 0, 0, -1)
    line = crossing(plane((0, 0, 50)), plane((x, y, z), orientation))
    for point in line or ():
        assert all(-1e-6 <= part <= 100 + 1e-6 for part in point)


def test_the_nearest_slice_is_at_the_same_height() -> None:
    thick = [plane((0, 0, 5.0 * k)) for k in range(10)]
    assert nearest(plane((20, 10, 22)), thick) == 4
    assert nearest(plane((20, 10, 22)), [None, *reversed(thick)]) == 6
    assert nearest(plane((0, 0, 49)), thick) == 9
    assert nearest(plane((0, 0, 60)), thick) is None  # beyond the stack
    assert nearest(plane((0, 0, 22), CORONAL), thick) is None
    assert nearest(plane((0, 0, 22)), []) is None


def test_a_pixel_and_its_place_in_the_patient_are_each_others_way_back() -> None:
    oblique = plane((3, -8, 20), (0.8, 0.6, 0, 0, 0, -1))
    assert oblique.project(oblique.at((12.25, 90.5))) == (pytest.approx(12.25), pytest.approx(90.5))
    assert oblique.at((0.5, 0.5)) == (3, -8, 20)


# --- lengths ---------------------------------------------------------------------------------------------------


def test_a_length_is_in_mm_where_the_file_says_how_large_a_pixel_is() -> None:
    oblong = Calibration(2.0, 0.5, Basis.PATIENT)
    assert distance_text((0, 0), (6, 2), (oblong,)) == "5.0 mm"
    assert distance_text((0, 0), (6, 2), (replace(oblong, basis=Basis.DETECTOR),)) == "5.0 mm at the detector"
    assert distance_text((0, 0), (6, 2), (replace(oblong, basis=Basis.FILM),)) == "5.0 mm on the film"


def test_without_that_it_is_in_pixels_and_says_so() -> None:
    assert distance_text((0, 0), (3, 4), ()) == "5 pixels, not calibrated"


def test_a_region_of_ultrasound_counts_where_both_ends_lie_in_it() -> None:
    region = Calibration(0.1, 0.1, Basis.REGION, (100, 100, 300, 300))
    assert distance_text((100, 100), (300, 100), (region,)) == "20.0 mm by ultrasound region"
    assert distance_text((90, 100), (300, 100), (region,)) == "210 pixels, not calibrated"
