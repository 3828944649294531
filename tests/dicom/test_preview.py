"""Previews: a small picture of every kind of image, a reason where there is none."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian

from iep_desktop.core.errors import MediumUnreadable, Permanent
from iep_desktop.dicom.preview import Preview, preview
from tests.dicom.comparing import read
from tests.dicom.test_reconcile import item, made

SAMPLES = Path(pydicom.data.__file__).parent / "test_files"


def image(path: Path, pixels: Any, **attributes: Any) -> Path:
    """A synthetic grey image."""
    array = np.asarray(pixels)
    values: dict[str, Any] = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": array.shape[-2],
        "Columns": array.shape[-1],
        "BitsAllocated": 8 * array.itemsize,
        "BitsStored": 8 * array.itemsize,
        "HighBit": 8 * array.itemsize - 1,
        "PixelRepresentation": int(array.dtype.kind == "i"),
        "PixelData": array.tobytes() + b"\0" * (array.nbytes % 2),
    }
    if array.ndim == 3:
        values["NumberOfFrames"] = array.shape[0]
    return made(path, ExplicitVRLittleEndian, **{**values, **attributes})


def changed(path: Path, **attributes: Any) -> Path:
    ds: FileDataset = read(path)
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.save_as(path)
    return path


def rows(picture: Preview) -> list[list[int]]:
    return [list(picture.data[r * picture.width : (r + 1) * picture.width]) for r in range(picture.height)]


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",  # explicit
        "MR_small_bigendian.dcm",
        "MR_small_RLE.dcm",
        "JPEG2000.dcm",
        "SC_rgb_jpeg_lossy_gdcm.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",  # YBR_FULL, JPEG baseline
        "SC_rgb_small_odd.dcm",  # RGB
        "examples_palette.dcm",
        "examples_ybr_color.dcm",  # 30 frames
        "liver_1frame.dcm",  # one bit
        "rtdose.dcm",  # 15 frames of 32 bit
        "JPEGLSNearLossless_16.dcm",
        "JPEG-lossy.dcm",  # 12 bits
        "image_dfl.dcm",  # deflated
    ],
)
def test_real_images_give_a_picture_that_fits_and_is_not_flat(name: str) -> None:
    picture = preview(SAMPLES / name, 48)
    assert max(picture.width, picture.height) <= 48
    assert len(picture.data) == picture.width * picture.height * picture.channels
    assert max(picture.data) - min(picture.data) > 60


def test_the_shape_of_the_image_is_kept(tmp_path: Path) -> None:
    picture = preview(image(tmp_path / "a", np.arange(200 * 100, dtype="uint16").reshape(100, 200)), 64)
    assert (picture.width, picture.height) == (64, 32)


def test_a_small_image_is_not_blown_up(tmp_path: Path) -> None:
    assert rows(preview(image(tmp_path / "a", np.array([[0, 255], [255, 0]], "uint8")))) == [
        [0, 255],
        [255, 0],
    ]


def test_the_window_of_the_file_is_used_after_rescaling(tmp_path: Path) -> None:
    source = image(
        tmp_path / "a",
        np.array([[0, 1024, 1124, 4000]], "int16"),
        RescaleSlope=1,
        RescaleIntercept=-1024,
        WindowCenter=[100, 40],
        WindowWidth=[200, 400],
    )
    assert rows(preview(source)) == [[0, 0, 128, 255]]


def test_a_window_that_shows_nothing_is_ignored(tmp_path: Path) -> None:
    source = image(tmp_path / "a", np.array([[0, 100]], "uint8"), WindowCenter=9000, WindowWidth=10)
    assert rows(preview(source)) == [[0, 255]]


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    source = image(tmp_path / "a", np.array([[0, 255]], "uint8"), PhotometricInterpretation="MONOCHROME1")
    assert rows(preview(source)) == [[255, 0]]


def test_the_middle_frame_is_shown(tmp_path: Path) -> None:
    frames = np.zeros((5, 2, 2), "uint8")
    frames[2] = [[0, 255], [255, 0]]
    assert rows(preview(image(tmp_path / "a", frames))) == [[0, 255], [255, 0]]


def test_the_window_of_an_enhanced_object_is_found(tmp_path: Path) -> None:
    shared = item(FrameVOILUTSequence=[item(WindowCenter=50, WindowWidth=100)])
    source = image(tmp_path / "a", np.array([[0, 50, 250]], "uint8"), SharedFunctionalGroupsSequence=[shared])
    assert rows(preview(source)) == [[0, 129, 255]]


def test_floating_point_pixels_are_shown_even_with_holes(tmp_path: Path) -> None:
    values = np.array([[0.0, 0.5, 1.0, np.nan]], "float32")
    source = image(tmp_path / "a", np.zeros((1, 4), "uint32"), FloatPixelData=values.tobytes())
    ds = read(source)
    del ds.PixelData
    ds.save_as(source)
    shown = rows(preview(source))[0]
    assert shown[0] < shown[1] < shown[2]


def test_an_open_file_serves_as_well(tmp_path: Path) -> None:
    source = image(tmp_path / "a", np.array([[0, 255]], "uint8"))
    assert rows(preview(BytesIO(source.read_bytes()))) == [[0, 255]]


def test_a_file_without_meta_is_shown(tmp_path: Path) -> None:
    source = image(tmp_path / "a", np.array([[0, 255]], "uint8"))
    whole = source.read_bytes()
    source.write_bytes(whole[whole.index(b"\x08\0\x16\0UI", 140) :])
    assert rows(preview(source)) == [[0, 255]]


@pytest.mark.parametrize("wrong", [{"Rows": 65535, "Columns": 65535}, {"Rows": 65535, "Columns": 8000}])
def test_absurd_sizes_are_refused_before_anything_is_allocated(tmp_path: Path, wrong: dict[str, int]) -> None:
    source = changed(image(tmp_path / "a", np.array([[0, 255]], "uint8")), **wrong)
    with pytest.raises(Permanent, match="too large"):
        preview(source)


def test_a_frame_that_is_not_there_is_a_reason(tmp_path: Path) -> None:
    source = changed(image(tmp_path / "a", np.array([[0, 255]], "uint8")), NumberOfFrames=2_000_000_000)
    with pytest.raises(Permanent):
        preview(source)


@pytest.mark.parametrize("name", ["rtplan.dcm", "DICOMDIR-empty.dcm", "README.txt"])
def test_what_has_no_picture_says_so(name: str) -> None:
    path = next(SAMPLES.rglob(name))
    with pytest.raises(Permanent) as caught:
        preview(path)
    assert caught.value.message


def test_a_missing_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MediumUnreadable):
        preview(tmp_path / "nowhere")


def test_a_file_cut_at_any_place_gives_a_picture_or_a_reason(tmp_path: Path) -> None:
    whole = (SAMPLES / "MR_small_RLE.dcm").read_bytes()
    source, pictures = tmp_path / "a", 0
    for cut in range(0, len(whole), 61):
        source.write_bytes(whole[:cut])
        try:
            preview(source)
        except Permanent:
            continue
        pictures += 1
    assert pictures < 10


def test_previews_do_not_need_qt() -> None:
    script = "import sys, iep_desktop.dicom.preview; print([m for m in sys.modules if 'PySide6' in m])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
