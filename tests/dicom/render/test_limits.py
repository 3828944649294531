"""Descriptions that cannot be: each is refused with its reason, before anything is allocated."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iep_desktop.core.errors import MediumUnreadable, Permanent
from iep_desktop.dicom.render import opening
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import JPEG, JPEG_2000, SAMPLES, compressed, file, grey, shown
from tests.fuzz.corpus import packed, ramp

PIXELS = np.array([[0, 255]], np.uint8)


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fails the test that takes more than 64 MB at any time."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "wrong",
    [
        {"Rows": 1000, "Columns": 1000, "NumberOfFrames": 100_000},  # 100 GB
        {"Rows": 65535, "Columns": 65535},
        {"Rows": 65535, "Columns": 8000},
        {"Rows": 512, "Columns": 512, "NumberOfFrames": 2_000_000_000},
    ],
)
@pytest.mark.parametrize("syntax", [None, JPEG, JPEG_2000])
def test_what_announces_far_too_much_is_refused_before_anything_is_allocated(
    wrong: dict[str, int], syntax: str | None
) -> None:
    source = grey(PIXELS, **wrong) if syntax is None else compressed([b"\xff\xd8" * 9], syntax, **wrong)
    with pytest.raises(Permanent, match="too large"):
        open_image(source)


@pytest.mark.usefixtures("little_memory")
def test_what_announces_much_and_holds_little_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(Permanent, match="cut short"):
        shown(grey(PIXELS, Rows=10_000, Columns=20_000))


@pytest.mark.usefixtures("little_memory")
def test_a_codestream_that_announces_more_than_its_data_set_is_refused() -> None:
    jpeg = bytearray(packed(ramp(16, 16, "u1"), "JPEG"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(Permanent, match="65535 × 65535"):
        shown(compressed([bytes(jpeg)], JPEG, Rows=16, Columns=16))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"Rows": 0}, "0 rows"),
        ({"Columns": 0}, "0 columns"),
        ({"NumberOfFrames": -3}, "number of frames"),
        ({"SamplesPerPixel": 0}, "0 samples"),
        ({"SamplesPerPixel": 3}, "3 samples"),
        ({"SamplesPerPixel": 65535}, "65535 samples"),
        ({"BitsAllocated": 0}, "bits"),
        ({"BitsAllocated": 9}, "bits"),
        ({"BitsAllocated": 65535}, "bits"),
        ({"BitsStored": 0}, "bits"),
        ({"BitsStored": 9}, "bits"),
        ({"HighBit": 3}, "highest"),
        ({"HighBit": 8}, "highest"),
        ({"PhotometricInterpretation": "CMYK"}, "kind of colour"),
        ({"PhotometricInterpretation": "RGB"}, "samples"),
        ({"PhotometricInterpretation": "MONOCHROME2\\RGB"}, "colour|samples"),
    ],
)
def test_a_description_that_cannot_be_is_refused_with_its_reason(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(Permanent, match=reason):
        shown(grey(PIXELS, **wrong))


def test_frames_that_are_no_number_are_refused() -> None:
    with pytest.raises(Permanent, match="number of frames"):
        shown(SAMPLES / "badVR.dcm")


@pytest.mark.parametrize("shape", [(1, 65535), (65535, 1)])
def test_one_pixel_by_65535_is_shown(shape: tuple[int, int]) -> None:
    pixels = np.arange(65535, dtype=np.uint16).reshape(shape)
    picture = shown(grey(pixels))
    assert picture.shape == shape
    assert (picture.min(), picture.max()) == (0, 255)
    assert max(shown(grey(pixels), size=100).shape) == 100


@pytest.mark.parametrize(
    "name", ["rtplan.dcm", "DICOMDIR-empty.dcm", "README.txt", "test-SR.dcm", "no_meta.dcm"]
)
def test_what_is_no_image_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(Permanent) as caught:
        open_image(next(SAMPLES.rglob(name)))
    assert caught.value.message


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 132, b"\0" * 128 + b"DICM", b"\0" * 5000])
def test_almost_nothing_is_no_image(data: bytes) -> None:
    with pytest.raises(Permanent):
        open_image(BytesIO(data))


@pytest.mark.parametrize("path", [Path("/nowhere/at/all"), Path(__file__).parent])
def test_what_cannot_be_opened_cannot_be_read(path: Path) -> None:
    with pytest.raises(MediumUnreadable):
        open_image(path)


@pytest.mark.parametrize(("native", "compression"), [(True, JPEG), (False, "1.2.840.10008.1.2.1")])
def test_a_transfer_syntax_that_is_not_true_makes_no_picture(native: bool, compression: str) -> None:
    jpeg = packed(ramp(16, 16, "u1"), "JPEG")
    whole = (grey(ramp(16, 16, "u1")) if native else compressed([jpeg], JPEG, Rows=16, Columns=16)).getvalue()
    place = whole.index(b"\x02\0\x10\0UI")
    length = int.from_bytes(whole[place + 6 : place + 8], "little")
    said = compression.encode() + b"\0" * (len(compression) % 2)
    group = int.from_bytes(whole[140:144], "little") + len(said) - length
    changed = (
        whole[:140]
        + group.to_bytes(4, "little")
        + whole[144 : place + 6]
        + len(said).to_bytes(2, "little")
        + said
        + whole[place + 8 + length :]
    )
    with pytest.raises(Permanent, match="transfer syntax says"):
        shown(BytesIO(changed))


@pytest.mark.usefixtures("little_memory")
def test_a_deflated_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_MOST_INFLATED", 20 << 20)
    whole = (SAMPLES / "image_dfl.dcm").read_bytes()
    start = 144 + int.from_bytes(whole[140:144], "little")
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    bomb = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(200)) + deflate.flush()
    assert len(bomb) < 1 << 20
    with pytest.raises(Permanent, match="too large when unpacked"):
        open_image(BytesIO(whole[:start] + bomb))


def test_a_deflated_data_set_that_is_cut_short_or_damaged_is_an_error() -> None:
    whole = (SAMPLES / "image_dfl.dcm").read_bytes()
    for data in (whole[:-2000], whole[:2000] + b"\xff" * 500 + whole[2500:]):
        with pytest.raises(Permanent):
            shown(BytesIO(data))


def test_sequences_nested_without_end_are_an_error() -> None:
    head = file(Rows=2, Columns=2).getvalue()
    nested = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * 5000
    with pytest.raises(Permanent):
        open_image(BytesIO(head + nested))


def test_a_drive_that_fails_is_told_from_a_damaged_file() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(MediumUnreadable, match="Input/output"):
        open_image(Failing())
