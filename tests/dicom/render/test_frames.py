"""Layout in the file: bits, bytes, planes, frames, fragments and offset tables, right and wrong."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from iep_desktop.core.errors import MediumUnreadable, Permanent
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import JPEG, RLE, as_array, colour, compressed, grey, item, shown
from tests.fuzz.corpus import packed, ramp

ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


def values(source: Any, frame: int = 0) -> Any:
    return open_image(source).values(frame).stored


# --- native ------------------------------------------------------------------------------------------------------


@given(st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "u8"]), st.data())
def test_whole_numbers_of_any_size_come_out_as_they_went_in(kind: str, data: st.DataObject) -> None:
    info = np.iinfo(kind)
    pixels = np.array([data.draw(st.lists(st.integers(info.min, info.max), min_size=4, max_size=4))], kind)
    assert np.array_equal(values(grey(pixels)), pixels)


@given(st.integers(2, 16), st.integers(0, 15), st.booleans(), st.integers(0, 0xFFFF))
def test_stored_bits_are_found_wherever_they_lie_in_the_word(
    stored: int, high: int, signed: bool, word: int
) -> None:
    high = max(high, stored - 1)
    source = grey(
        np.array([[word, 0]], np.uint16), BitsStored=stored, HighBit=high, PixelRepresentation=int(signed)
    )
    cut = (word >> (high + 1 - stored)) & ((1 << stored) - 1)
    wanted = cut - (1 << stored) if signed and cut >> (stored - 1) else cut
    assert values(source)[0, 0] == wanted


def test_big_endian_words_are_turned() -> None:
    pixels = np.array([[1, 256, 4095]], ">u2")
    assert values(grey(pixels, syntax=ExplicitVRBigEndian)).tolist() == [[1, 256, 4095]]


def test_big_endian_words_of_bytes_are_turned_in_pairs_frame_by_frame() -> None:
    """Three frames of three bytes: the second one begins in the middle of a word (PS3.5 8.1.1, A.3)."""
    stored = np.arange(9, dtype=np.uint8).reshape(3, 1, 3)
    turned = np.frombuffer(stored.tobytes() + b"\0", "<u2").astype(">u2").tobytes()
    source = grey(stored, PixelData=turned)
    whole = source.getvalue()
    big = grey(stored, PixelData=turned, syntax=ExplicitVRBigEndian).getvalue()
    source = BytesIO(big.replace(b"\x7f\xe0\x00\x10OB", b"\x7f\xe0\x00\x10OW"))
    assert whole != big
    assert [values(source, k).tolist() for k in range(3)] == [[[0, 1, 2]], [[3, 4, 5]], [[6, 7, 8]]]


def test_one_bit_frames_begin_anywhere_in_a_byte() -> None:
    bits = np.random.default_rng(7).integers(0, 2, (5, 3, 7)).astype(np.uint8)
    data = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    source = grey(bits, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=data)
    assert all(np.array_equal(values(source, k), bits[k]) for k in range(5))


def test_twelve_bits_packed_in_three_bytes() -> None:
    source = grey(
        np.zeros((1, 2), np.uint16), BitsAllocated=12, BitsStored=12, HighBit=11, PixelData=b"\x34\x12\xab\0"
    )
    assert values(source).tolist() == [[0x234, 0xAB1]]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_other_ways_to_write_a_data_set(syntax: str) -> None:
    pixels = np.array([[1, 2], [3, 4]], np.uint16)
    source = grey(pixels)
    if syntax == DeflatedExplicitVRLittleEndian:
        whole = source.getvalue()
        start = whole.index(b"\x08\0\x16\0UI", 140)
        meta = whole[:start].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
        place = meta.index(b"\x02\0\x10\0UI") + 6
        meta = meta[:place] + (22).to_bytes(2, "little") + meta[place + 2 :]
        length = int.from_bytes(meta[140:144], "little") + 2
        meta = meta[:140] + length.to_bytes(4, "little") + meta[144:]
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        source = BytesIO(meta + deflate.compress(whole[start:]) + deflate.flush())
    else:
        source = grey(pixels, syntax=syntax)
    assert np.array_equal(values(source), pixels)


# --- frames ------------------------------------------------------------------------------------------------------


class Counting(BytesIO):
    """How many bytes were read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_of_many_frames_only_the_one_asked_for_is_read() -> None:
    frames = np.arange(200 * 64 * 64, dtype=np.uint16).reshape(200, 64, 64)
    source = Counting(grey(frames).getvalue())
    image = open_image(source)
    before = source.taken
    assert np.array_equal(image.values(150).stored, frames[150])
    assert source.taken - before == 64 * 64 * 2


def test_a_cine_of_20000_frames_shows_its_last_one_at_once() -> None:
    frame = packed(ramp(8, 8, "u1"), "JPEG")
    for has_bot in (True, False):
        source = compressed([frame] * 20_000, JPEG, Rows=8, Columns=8, NumberOfFrames=20_000, has_bot=has_bot)
        image = open_image(source)
        image.render(0)
        start = time.perf_counter()
        image.render(19_999)
        assert time.perf_counter() - start < 1


@pytest.mark.parametrize("frame", [-1, 3, 10**9])
def test_a_frame_that_is_not_there_is_an_error(frame: int) -> None:
    with pytest.raises(Permanent, match="no frame"):
        open_image(grey(np.zeros((3, 2, 2), np.uint8))).render(frame)


def test_frames_that_are_announced_and_missing_are_errors_and_the_others_are_shown() -> None:
    pixels = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    image = open_image(grey(pixels, NumberOfFrames=5))
    assert as_array(image.render(1)).tolist() == pixels[1].tolist()
    with pytest.raises(Permanent, match="cut short"):
        image.render(2)


# --- fragments and offset tables -----------------------------------------------------------------------------------


def rle(pixels: Any) -> bytes:
    """One frame of bytes, in literal runs."""
    data = bytes(np.asarray(pixels, np.uint8).reshape(-1))
    runs = b"".join(bytes([len(data[i : i + 128]) - 1]) + data[i : i + 128] for i in range(0, len(data), 128))
    return struct.pack("<16L", 1, 64, *[0] * 14) + runs + b"\0" * (len(runs) % 2)


FRAMES = [np.full((2, 3), 10 * k, np.uint8) for k in range(4)]
SIZE = {"Rows": 2, "Columns": 3, "NumberOfFrames": 4}


def sequence(table: bytes, fragments: list[bytes]) -> bytes:
    items = [table, *fragments]
    return b"".join(ITEM + len(part).to_bytes(4, "little") + part for part in items) + END + bytes(4)


def offsets(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}L", *numbers)


def shows_all(source: Any) -> None:
    for k in (3, 0, 2, 1):
        assert values(source, k).tolist() == FRAMES[k].tolist()


def test_frames_are_found_with_and_without_an_offset_table() -> None:
    frames = [rle(frame) for frame in FRAMES]
    shows_all(compressed(frames, RLE, **SIZE))
    shows_all(compressed(frames, RLE, **SIZE, has_bot=False))
    data, table, lengths = encapsulate_extended(frames)
    shows_all(
        compressed(
            [], RLE, **SIZE, PixelData=data, ExtendedOffsetTable=table, ExtendedOffsetTableLengths=lengths
        )
    )


@pytest.mark.parametrize(
    "table",
    [
        offsets(0, 4, 8, 12),
        offsets(0, 80, 80, 240),
        offsets(0, 240, 160, 80),
        offsets(80, 160, 240, 320),
        offsets(0, 80, 160),
        offsets(0, 80, 160, 4_000_000_000),
        offsets(*range(40)),
        b"\1\2\3",
    ],
)
def test_a_wrong_offset_table_never_leads_to_another_frame(table: bytes) -> None:
    """With one fragment a frame there is no doubt which is which, whatever the table says."""
    fragments = [rle(frame) for frame in FRAMES]
    shows_all(compressed([], RLE, **SIZE, PixelData=sequence(table, fragments)))


def test_frames_in_several_fragments_are_put_together_with_and_without_a_table() -> None:
    pictures = [packed(ramp(16, 16, "u1") // (k + 1), "JPEG") for k in range(3)]
    how = {"Rows": 16, "Columns": 16, "NumberOfFrames": 3}
    whole = compressed(pictures, JPEG, **how)
    for has_bot in (True, False):
        split = compressed(
            [], JPEG, **how, PixelData=encapsulate(pictures, fragments_per_frame=3, has_bot=has_bot)
        )
        for k in range(3):
            assert open_image(split).render(k).data == open_image(whole).render(k).data


@pytest.mark.parametrize("entry", [1, 3])
def test_a_table_that_leads_into_the_middle_of_a_frame_is_not_followed(entry: int) -> None:
    """Two frames of two fragments each; the table takes fragment 1 or 3 for the second frame's beginning."""
    pictures = [packed(ramp(16, 16, "u1") // (k + 1), "JPEG") for k in range(2)]
    parts = [part for data in pictures for part in (data[:100], data[100:] + b"\0" * (len(data) % 2))]
    how = {"Rows": 16, "Columns": 16, "NumberOfFrames": 2}
    table = offsets(0, sum(8 + len(part) for part in parts[:entry]))
    source = compressed([], JPEG, **how, PixelData=sequence(table, parts))
    whole = compressed(pictures, JPEG, **how)
    for k in range(2):
        assert open_image(source).render(k).data == open_image(whole).render(k).data


def test_fragments_that_do_not_make_the_announced_frames_are_an_error() -> None:
    pictures = [packed(ramp(16, 16, "u1"), "JPEG")] * 3
    data = encapsulate(pictures, fragments_per_frame=2, has_bot=False)
    source = compressed([], JPEG, Rows=16, Columns=16, NumberOfFrames=5, PixelData=data)
    with pytest.raises(Permanent, match="announces 5 frames"):
        open_image(source).render(4)


def test_missing_fragments_are_an_error() -> None:
    source = compressed([rle(frame) for frame in FRAMES[:2]], RLE, **SIZE)
    with pytest.raises(Permanent, match="announces 4 frames and holds 2"):
        open_image(source).render(0)


@pytest.mark.parametrize(
    "data",
    [
        END + bytes(4),
        ITEM + bytes(4) + END + bytes(4),
        ITEM + bytes(4) + ITEM + bytes(4) + END + bytes(4),
        ITEM + b"\xff\xff\xff\x7f" + b"x" * 20,
        ITEM + bytes(4) + ITEM + b"\xff\xff\xff\xff" + b"x" * 20,
        b"no item at all, but text",
    ],
)
def test_damaged_fragments_are_an_error(data: bytes) -> None:
    with pytest.raises(Permanent):
        shown(compressed([], RLE, Rows=2, Columns=3, PixelData=data))


@pytest.mark.parametrize("cut", [1, 20, 64, 70])
def test_a_compressed_frame_that_is_cut_short_is_an_error(cut: int) -> None:
    whole = compressed([rle(FRAMES[1])], RLE, Rows=2, Columns=3).getvalue()
    with pytest.raises(Permanent):
        shown(BytesIO(whole[: -cut - 8]))


@pytest.mark.parametrize(
    "change",
    [
        lambda head: struct.pack("<16L", 2, 64, 66, *[0] * 13),
        lambda head: struct.pack("<16L", 1, 10_000, *[0] * 14),
        lambda head: struct.pack("<16L", 16, *[64] * 15),
        lambda head: struct.pack("<16L", 2, 66, 64, *[0] * 13),
        lambda head: head[:30],
    ],
)
def test_a_wrong_rle_header_is_an_error(change: Any) -> None:
    frame = rle(FRAMES[1])
    with pytest.raises(Permanent):
        shown(compressed([change(frame[:64]) + frame[64:]], RLE, Rows=2, Columns=3))


# --- functional groups -----------------------------------------------------------------------------------------


def test_each_frame_of_an_enhanced_object_is_shown_by_its_own_groups_and_the_shared_ones() -> None:
    own = [
        item(
            FrameVOILUTSequence=[item(WindowCenter=50.5 * (k + 1), WindowWidth=101 * (k + 1))],
        )
        for k in range(2)
    ]
    shared = item(PixelValueTransformationSequence=[item(RescaleSlope=2, RescaleIntercept=0)])
    source = grey(
        np.array([[[0, 25, 50]], [[0, 50, 100]]], np.uint16),
        PerFrameFunctionalGroupsSequence=own,
        SharedFunctionalGroupsSequence=[shared],
    )
    image = open_image(source)
    assert as_array(image.render(0)).tolist() == [[0, 128, 255]]
    assert as_array(image.render(1)).tolist()[0][0] == 0
    assert [window.width for k in range(2) for window in image.windows(k)] == [101, 202]  # type: ignore[union-attr]


def test_a_file_deleted_while_it_is_shown_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(grey(np.zeros((2, 2), np.uint8)).getvalue())
    image = open_image(path)
    path.unlink()
    with pytest.raises(MediumUnreadable):
        image.render()


def test_colour_by_plane_is_the_same_as_by_pixel() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (4, 5, 3)).astype(np.uint8)
    by_plane = pixels.transpose(2, 0, 1).tobytes()
    source = colour(pixels, PlanarConfiguration=1, PixelData=by_plane)
    assert np.array_equal(shown(source), pixels)
