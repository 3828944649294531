"""What a file says of its frames beside the pixels."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from iep_desktop.core.measuring import Basis
from iep_desktop.core.pictures import FileView, FrameFacts, WindowLevel
from iep_desktop.core.planes import Letters
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import grey, item

DARK = np.zeros((6, 8), np.int16)
SLICE: dict[str, Any] = {
    "ImagePositionPatient": [1, 2, 3], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.5, 0.25],
    "FrameOfReferenceUID": "2.25.4",
}  # fmt: skip


def facts(frame: int = 0, pixels: Any = DARK, **attributes: Any) -> FrameFacts:
    return open_image(grey(pixels, **attributes)).facts(frame)


def test_a_slice_knows_its_place() -> None:
    found = facts(**SLICE)
    assert found.plane is not None
    assert (found.plane.depth, found.plane.row_mm, found.plane.column_mm) == (3.0, 0.5, 0.25)
    assert found.letters == Letters("R", "A", "L", "P")


def test_each_frame_of_an_enhanced_image_has_a_place_of_its_own() -> None:
    def groups(z: float) -> Any:
        return item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])],
            FrameVOILUTSequence=[item(WindowCenter=z, WindowWidth=100)],
        )

    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelMeasuresSequence=[item(PixelSpacing=[1, 1])],
    )
    pixels = np.zeros((3, 4, 4), np.int16)
    image = open_image(
        grey(
            pixels,
            SharedFunctionalGroupsSequence=[shared],
            PerFrameFunctionalGroupsSequence=[groups(z) for z in (10.0, 20.0, 30.0)],
        )
    )
    places = [image.facts(frame).plane for frame in range(3)]
    assert [plane.depth for plane in places if plane] == [10.0, 20.0, 30.0]
    assert image.facts(2).views == (FileView("Window 1", WindowLevel(30, 100)),)


def test_a_radiograph_has_letters_without_a_place() -> None:
    found = facts(PatientOrientation=["L", "F"], Laterality="R")
    assert (found.plane, found.letters, found.laterality) == (None, Letters("R", "H", "L", "F"), "R")


@pytest.mark.parametrize(
    ("attributes", "basis"),
    [
        ({"Modality": "CT", "PixelSpacing": [1, 1]}, Basis.PATIENT),
        ({"Modality": "DX", "PixelSpacing": [1, 1]}, Basis.DETECTOR),
        (
            {"Modality": "DX", "PixelSpacing": [1, 1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            Basis.PATIENT,
        ),
        ({"Modality": "DX", "ImagerPixelSpacing": [1, 1]}, Basis.DETECTOR),
        ({"Modality": "OT", "NominalScannedPixelSpacing": [1, 1]}, Basis.FILM),
    ],
)
def test_a_size_in_mm_says_what_it_is_a_size_of(attributes: dict[str, Any], basis: Basis) -> None:
    assert [known.basis for known in facts(**attributes).calibrations] == [basis]


def region(**more: Any) -> Any:
    known = {
        "RegionSpatialFormat": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.01, "RegionLocationMinX0": 1, "RegionLocationMinY0": 2,
        "RegionLocationMaxX1": 6, "RegionLocationMaxY1": 5,
    }  # fmt: skip
    return item(**{**known, **more})


def test_ultrasound_is_calibrated_by_its_regions() -> None:
    (known,) = facts(Modality="US", SequenceOfUltrasoundRegions=[region()]).calibrations
    assert (known.column_mm, known.row_mm, known.region) == (
        pytest.approx(0.2),
        pytest.approx(0.1),
        (1, 2, 7, 6),
    )


@pytest.mark.parametrize(
    "more", [{"RegionSpatialFormat": 3}, {"PhysicalUnitsXDirection": 4}, {"PhysicalDeltaX": 0.0}]
)
def test_a_trace_or_doppler_region_is_no_measure_of_length(more: dict[str, Any]) -> None:
    assert facts(Modality="US", SequenceOfUltrasoundRegions=[region(**more)]).calibrations == ()


def test_day_and_time_are_of_the_same_act() -> None:
    found = facts(
        StudyDate="20261124", StudyTime="090000", AcquisitionDate="20261123", AcquisitionTime="134159.5"
    )
    assert (found.day, found.time) == (date(2026, 11, 23), "13:41")
    assert facts(StudyDate="nonsense", StudyTime="99").day is None


def test_the_rate_for_display_counts_more_than_that_of_acquisition() -> None:
    cine = np.zeros((3, 2, 2), np.uint8)
    assert facts(pixels=cine, FrameTime=100, RecommendedDisplayFrameRate=25).frame_seconds == 0.04
    assert facts(pixels=cine, FrameTime=100, CineRate=5).frame_seconds == 0.1


def test_what_the_file_offers_for_looking_is_named() -> None:
    found = facts(
        WindowCenter=[40, 300], WindowWidth=[80, 1500], WindowCenterWidthExplanation=["BRAIN", "BONE"]
    )
    assert found.views == (FileView("BRAIN", WindowLevel(40, 80)), FileView("BONE", WindowLevel(300, 1500)))
