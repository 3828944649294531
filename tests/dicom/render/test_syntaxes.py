"""Every transfer syntax gives the same pixels as its uncompressed twin, or as the formula that made it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.image import Image, open_image
from iep_desktop.dicom.render.stored import stored_values
from tests.dicom.render.making import JPEG, JPEG_2000, JPEG_LS, SAMPLES, compressed, shown
from tests.fuzz.corpus import packed

DATA = Path(__file__).parent.parent.parent / "data" / "render"
ROWS, COLUMNS = 48, 64
GREY = (np.add.outer(np.arange(ROWS), np.arange(COLUMNS)) * 37).astype(np.uint16)
RGB = np.stack(
    [np.add.outer(np.arange(ROWS) * k, np.arange(COLUMNS) * 2) for k in (1, 2, 3)], axis=-1
).astype(np.uint8)
OF_JPEG = "1.2.840.10008.1.2.4."


def stored(image: Image, frame: int = 0) -> Any:
    return stored_values(image._samples(frame), image.format)


def bare(name: str, syntax: str, bits: int = 16, samples: int = 1, **more: Any) -> Any:
    known = {
        "Rows": ROWS,
        "Columns": COLUMNS,
        "BitsAllocated": 8 if bits <= 8 else 16,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "SamplesPerPixel": samples,
    }
    if samples == 3:
        known |= {"PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    return compressed([(DATA / name).read_bytes()], syntax, **{**known, **more})


@pytest.mark.parametrize(
    "name", ["RLE", "jp2klossless", "jpeg_ls_lossless", "bigendian", "expb", "implicit", "padded"]
)
def test_a_slice_is_the_same_in_every_lossless_syntax(name: str) -> None:
    plain = open_image(SAMPLES / "MR_small.dcm")
    other = open_image(SAMPLES / f"MR_small_{name}.dcm")
    assert np.array_equal(stored(other), stored(plain))
    assert other.render().data == plain.render().data


@pytest.mark.parametrize("name", ["rtdose_expb", "rtdose_rle"])
def test_frames_of_32_bits_are_the_same_in_every_lossless_syntax(name: str) -> None:
    plain, other = open_image(SAMPLES / "rtdose.dcm"), open_image(SAMPLES / f"{name}.dcm")
    assert plain.frames == 15
    assert all(np.array_equal(stored(other, k), stored(plain, k)) for k in range(15))


def test_one_bit_a_pixel_is_the_same_in_every_lossless_syntax() -> None:
    images = [open_image(path) for path in sorted(DATA.glob("liver_nonbyte_aligned_*.dcm"))]
    assert [image.frames for image in images] == [3, 3, 3]
    for frame in range(3):
        first, *others = (image.render(frame).data for image in images)
        assert others == [first, first]
        assert set(first) == {0, 255}


@pytest.mark.parametrize(
    ("name", "end"),
    [("grey16.jls", "80"), ("grey16.htj2k", "201"), ("grey16.htj2k", "203"), ("grey16.ljpg", "57")],
)
def test_sixteen_bits_come_out_as_they_went_in(name: str, end: str) -> None:
    assert np.array_equal(stored(open_image(bare(name, OF_JPEG + end))), GREY)


def test_signed_samples_keep_their_sign() -> None:
    image = open_image(bare("signed12.j2k", OF_JPEG + "90", bits=12, PixelRepresentation=1))
    assert np.array_equal(stored(image), GREY.astype(int) % 4096 - 2048)


def test_colour_of_high_throughput_jpeg_2000_comes_out_as_it_went_in() -> None:
    source = bare("rgb8.htj2k", OF_JPEG + "201", bits=8, samples=3, PhotometricInterpretation="YBR_RCT")
    assert np.array_equal(shown(source), RGB)


def test_colour_of_sixteen_bits_comes_out_as_it_went_in() -> None:
    image = open_image(bare("rgb16.j2k", JPEG_2000, samples=3))
    assert np.array_equal(image._samples(0).array, RGB.astype(np.uint16) * 257)
    assert np.array_equal(shown(bare("rgb16.j2k", JPEG_2000, samples=3)), RGB)


def test_twelve_bits_of_lossy_jpeg_are_close_to_what_went_in() -> None:
    image = open_image(bare("grey12.jpg", OF_JPEG + "51", bits=12))
    assert np.abs(stored(image).astype(int) - GREY % 4096)[:, :-8].mean() < 40


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_dcmtk_+eb+cr",
        "SC_rgb_dcmtk_+eb+cy+n1",
        "SC_rgb_dcmtk_+eb+cy+n2",
        "SC_rgb_dcmtk_+eb+cy+np",
        "SC_rgb_dcmtk_+eb+cy+s2",
        "SC_rgb_dcmtk_+eb+cy+s4",
        "SC_rgb_jpeg_dcmtk",
        "SC_rgb_jpeg_gdcm",
        "SC_rgb_jpeg_lossy_gdcm",
        "SC_rgb_gdcm_KY",
        "SC_rgb_rle",
        "SC_rgb_rle_16bit",
        "SC_rgb_rle_32bit",
    ],
)
def test_colour_bars_are_the_same_however_they_are_packed(name: str) -> None:
    """The bars run from top to bottom: red, green, blue, and so on; edges of lossy ones are left out."""
    rows = [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    wanted = shown(SAMPLES / "SC_rgb_rle.dcm")[rows, 50].astype(int)
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)} <= set(map(tuple, wanted.tolist()))
    assert np.abs(shown(SAMPLES / f"{name}.dcm")[rows, 50] - wanted).max() <= 6


SMOOTH = np.stack([np.add.outer(np.arange(32) * k, np.arange(32)) for k in (1, 2, 3)], -1).astype(np.uint8)


@pytest.mark.parametrize(
    ("said", "keep_rgb"), [("YBR_FULL_422", True), ("RGB", True), ("RGB", False), ("YBR_FULL", False)]
)
def test_the_codestreams_own_word_about_colour_counts_more_than_the_data_sets(
    said: str, keep_rgb: bool
) -> None:
    """Adobe's marker says RGB, JFIF's says YCbCr (ITU-T T.871)."""
    jpeg = packed(SMOOTH, "JPEG", keep_rgb=keep_rgb, quality=98, subsampling=0)
    source = colour_jpeg(jpeg, said)
    assert np.abs(shown(source).astype(int) - SMOOTH).max() <= 6


def test_without_a_word_in_the_codestream_the_data_set_says_which_colours_it_holds() -> None:
    jpeg = packed(SMOOTH, "JPEG", quality=98, subsampling=0)
    assert jpeg[2:4] == b"\xff\xe0"
    bare = jpeg[:2] + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]
    assert np.abs(shown(colour_jpeg(bare, "YBR_FULL")).astype(int) - SMOOTH).max() <= 6
    ycc = np.asarray(Picture.fromarray(SMOOTH).convert("YCbCr"))
    assert np.abs(shown(colour_jpeg(bare, "RGB")).astype(int) - ycc).max() <= 6


def colour_jpeg(data: bytes, photometric: str) -> Any:
    return compressed(
        [data],
        JPEG,
        Rows=32,
        Columns=32,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation=photometric,
    )


@pytest.mark.parametrize(
    "name", ["JPEG-lossy.dcm", "JPGExtended.dcm", "JPEGLSNearLossless_16.dcm", "image_dfl.dcm"]
)
def test_what_previews_could_not_decode_is_shown(name: str) -> None:
    picture = shown(SAMPLES / name)
    assert picture.std() > 20


def test_a_video_is_no_picture_and_named() -> None:
    with pytest.raises(Permanent, match="MPEG"):
        shown(compressed([b"\0\0\1\xb3"], "1.2.840.10008.1.2.4.100", Rows=8, Columns=8))


def test_a_syntax_nobody_knows_is_no_picture() -> None:
    with pytest.raises(Permanent, match="transfer syntax"):
        shown(compressed([b"\0\0"], "1.2.3.4", Rows=8, Columns=8))


def test_seven_bits_of_jpeg_ls_are_refused_and_not_shown_wrong() -> None:
    """GDCM's CharLS does not know them."""
    data = bytearray((DATA / "grey16.jls").read_bytes())
    data[data.index(b"\xff\xf7") + 4] = 7
    with pytest.raises(Permanent):
        shown(compressed([bytes(data)], JPEG_LS, Rows=ROWS, Columns=COLUMNS, BitsStored=7, HighBit=6))


@pytest.mark.parametrize("share", [0.5, 0.97])
@pytest.mark.parametrize(
    ("name", "end", "more"),
    [
        ("grey16.jls", "80", {}),
        ("grey16.htj2k", "201", {}),
        ("grey16.ljpg", "57", {}),
        ("grey12.jpg", "51", {"bits": 12}),
        ("rgb16.j2k", "90", {"samples": 3}),
        ("signed12.j2k", "90", {"bits": 12, "PixelRepresentation": 1}),
    ],
)
def test_a_codestream_that_is_cut_short_is_refused_and_not_shown_in_part(
    name: str, end: str, more: dict[str, Any], share: float
) -> None:
    whole = (DATA / name).read_bytes()
    source = bare(name, OF_JPEG + end, **more).getvalue()
    part = whole[: int(len(whole) * share) // 2 * 2]
    shorter = source.replace(len(whole).to_bytes(4, "little") + whole, len(part).to_bytes(4, "little") + part)
    if shorter == source:  # an odd number of bytes was filled up
        even = whole + b"\0"
        shorter = source.replace(
            len(even).to_bytes(4, "little") + even, len(part).to_bytes(4, "little") + part
        )
    assert len(shorter) < len(source)
    with pytest.raises(Permanent, match="compressed frame"):
        shown(BytesIO(shorter))
