"""Frames for panes: decoded ahead, cached within bounds, and every refusal with its reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iep_desktop.core.errors import NodeUnreachable
from iep_desktop.core.pictures import Look, Missing, Picture, Slot, WindowLevel
from iep_desktop.core.viewing import ViewImage, ViewSeries
from iep_desktop.workers.frames import Arrival, FrameReader
from iep_desktop.workers.stacks import Stack
from tests.dicom.render.making import item
from tests.viewing import FolderSource, slices, view, write

AS_FILE = Look()
DEADLINE = 10.0


class Pane:
    """One seat at a reader."""

    def __init__(self, source: FolderSource, **more: Any) -> None:
        self.arrivals: list[Arrival] = []
        self.reader = FrameReader(source, self.arrivals.append, **more)

    def want(self, stack: Stack, place: int, look: Look = AS_FILE, *, seat: int = 0) -> int:
        return self.reader.want(seat, stack, stack.slot(place), look)

    def learn(self, stack: Stack) -> None:
        self.reader.learn_places(stack)

    def shown(self, ticket: int) -> Picture | Missing:
        wait(lambda: any(arrival.ticket == ticket for arrival in list(self.arrivals)))
        return next(arrival.shown for arrival in self.arrivals if arrival.ticket == ticket)

    def show(self, stack: Stack, place: int, look: Look = AS_FILE) -> Picture | Missing:
        return self.shown(self.want(stack, place, look))


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.002)


@pytest.fixture
def source() -> FolderSource:
    return FolderSource()


@pytest.fixture
def pane(source: FolderSource) -> Iterator[Pane]:
    opened = Pane(source)
    yield opened
    opened.reader.close()


def stack_of(series: ViewSeries) -> Stack:
    return Stack(view(series).studies[0], series)


def picture(shown: Picture | Missing) -> Picture:
    assert isinstance(shown, Picture), shown
    return shown


def missing(shown: Picture | Missing) -> Missing:
    assert isinstance(shown, Missing)
    return shown


def one(tmp_path: Path, pixels: Any, **attributes: Any) -> Stack:
    return stack_of(ViewSeries("2.25.8", "CT", images=(write(tmp_path, "only", pixels, **attributes),)))


def test_a_frame_comes_through_the_files_window_with_its_facts(pane: Pane, tmp_path: Path) -> None:
    shown = picture(pane.show(stack_of(slices(tmp_path)), 3))
    assert (shown.width, shown.height, shown.channels) == (32, 32, 1)
    assert shown.level == WindowLevel(100, 201)
    assert (shown.data[0], shown.data[-1]) == (255, 39)  # HU 200 and 30 of 0…200 (C.11.2.1.2)
    assert shown.facts.patient.name == "MOUSE^Minnie"
    assert shown.facts.plane is not None
    assert shown.facts.plane.depth == 6.0


def test_a_window_of_ones_own_is_applied_to_the_cached_frame_without_the_file(
    pane: Pane, tmp_path: Path
) -> None:
    stack = stack_of(slices(tmp_path))
    pane.show(stack, 3)
    Path(stack.slot(3).image.where).unlink()
    shown = picture(pane.show(stack, 3, Look(WindowLevel(30, 2), invert=True)))
    assert (shown.data[0], shown.level) == (0, WindowLevel(30, 2))
    assert picture(pane.show(stack, 3, Look(automatic=True))).data[-1] == 0


def test_a_picture_for_a_small_pane_is_averaged(pane: Pane, tmp_path: Path) -> None:
    pixels = np.tile(np.array([[0, 200], [200, 0]], np.int16), (8, 8))
    stack = one(tmp_path, pixels, WindowCenter=100, WindowWidth=201)
    shown = picture(pane.show(stack, 0, Look(reduce=2)))
    assert (shown.width, shown.height) == (8, 8)
    assert set(shown.data) <= {127, 128}
    assert shown.facts.columns == 16


def test_the_frames_around_are_read_ahead_in_both_directions(pane: Pane, tmp_path: Path) -> None:
    stack = stack_of(slices(tmp_path, 40, 8))
    pane.show(stack, 20)
    around = [stack.slot(place).key for place in (19, 21, 22, 30, 15)]
    wait(lambda: all(key in pane.reader.cache for key in around))


def test_the_cache_stays_within_its_bytes(source: FolderSource, tmp_path: Path) -> None:
    opened = Pane(source, most_bytes=200_000)
    stack = stack_of(slices(tmp_path, 30, 128))  # 32 KB each
    try:
        for place in range(30):
            picture(opened.show(stack, place))
        assert opened.reader.cache.bytes <= 200_000
    finally:
        opened.reader.close()


def test_what_was_scrolled_past_is_not_fetched(source: FolderSource, tmp_path: Path) -> None:
    """A jump to the end forgets the wishes of the beginning."""
    stack = stack_of(slices(tmp_path, 300, 8))
    source.silent = {stack.slot(place).key[0] for place in range(200)}
    opened = Pane(source)
    try:
        opened.want(stack, 0)
        wait(lambda: bool(source.asked))
        picture(opened.show(stack, 299))
        wait(lambda: stack.slot(270).key[0] in source.asked)
        assert len(source.asked) < 80
    finally:
        opened.reader.close()


def test_a_stack_grows_when_a_file_turns_out_to_hold_many_frames(pane: Pane, tmp_path: Path) -> None:
    frames = np.stack([np.full((4, 4), 10 * k, np.uint8) for k in range(5)])
    many, last = write(tmp_path, "many", frames), write(tmp_path, "last", np.zeros((4, 4), np.uint8))
    stack = stack_of(ViewSeries("2.25.8", "US", images=(many, last)))
    assert len(stack) == 2
    assert picture(pane.show(stack, 0)).facts.frames == 5
    assert len(stack) == 6
    assert picture(pane.show(stack, 4)).data[0] == 40
    assert stack.slot(5) == Slot(last)
    assert stack.place(Slot(many, 3)) == 3


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"PhotometricInterpretation": "HSV"}, "colour is not known"),
        ({"PhotometricInterpretation": "RGB"}, "samples a pixel"),
        ({"Rows": 0}, "0 rows"),
        ({"Rows": 60000, "Columns": 60000}, "too large"),
        ({"Rows": 512, "Columns": 512, "NumberOfFrames": 400_000}, "too large"),
        ({"Rows": 64}, "cut short"),
        ({"NumberOfFrames": "0"}, None),
        ({"BitsStored": 20}, "20 of 16 bits"),
        ({"syntax": "1.2.840.10008.1.2.4.102"}, "transfer syntax"),
    ],
)
def test_an_image_that_cannot_be_shown_says_why(
    pane: Pane, tmp_path: Path, attributes: dict[str, Any], reason: str | None
) -> None:
    shown = pane.show(one(tmp_path, np.zeros((8, 8), np.uint16), **attributes), 0)
    if reason is None:
        assert isinstance(shown, Picture)
    else:
        assert reason in missing(shown).reason


def test_a_truncated_multi_frame_shows_its_whole_frames_and_refuses_the_others(
    pane: Pane, tmp_path: Path
) -> None:
    stack = one(tmp_path, np.full((10, 16, 16), 7, np.uint8))
    path = Path(stack.slot(0).image.where)
    path.write_bytes(path.read_bytes()[: -5 * 256])
    assert isinstance(pane.show(stack, 0), Picture)
    assert isinstance(pane.show(stack, 4), Picture)
    assert "cut short" in missing(pane.show(stack, 7)).reason


def test_pixels_that_are_no_numbers_are_black_and_a_frame_of_nothing_else_is_refused(
    pane: Pane, tmp_path: Path
) -> None:
    def floats(values: Any) -> Stack:
        pixels = np.asarray(values, np.float32)
        attributes = {"FloatPixelData": pixels.tobytes(), "PixelData": None, "BitsAllocated": 32}
        return one(tmp_path, pixels, **attributes)

    shown = picture(pane.show(floats([[float("nan"), 1], [2, 3]]), 0, Look(automatic=True)))
    assert (shown.data[0], shown.data[3]) == (0, 255)
    pane.reader.again(shown.slot)


def test_only_nan_is_a_reason(pane: Pane, tmp_path: Path) -> None:
    pixels = np.full((2, 2), np.nan, np.float32)
    attributes = {"FloatPixelData": pixels.tobytes(), "PixelData": None, "BitsAllocated": 32}
    assert "number" in missing(pane.show(one(tmp_path, pixels, **attributes), 0)).reason


@pytest.mark.parametrize("width", [0, -50])
def test_a_window_that_shows_nothing_is_not_used_and_said(pane: Pane, tmp_path: Path, width: int) -> None:
    shown = picture(
        pane.show(
            one(tmp_path, np.arange(64, dtype=np.int16).reshape(8, 8), WindowCenter=5, WindowWidth=width), 0
        )
    )
    assert shown.remarks
    assert (min(shown.data), max(shown.data)) == (0, 255)


def test_a_strip_of_one_row_is_shown(pane: Pane, tmp_path: Path) -> None:
    shown = picture(pane.show(one(tmp_path, np.zeros((1, 65535), np.uint8)), 0))
    assert (shown.height, shown.width) == (1, 65535)


def test_a_file_that_is_deleted_while_shown_becomes_a_placeholder_and_comes_back(
    source: FolderSource, tmp_path: Path
) -> None:
    opened = Pane(source, most_bytes=1)  # nothing but the newest is kept
    stack = stack_of(slices(tmp_path, 20, 8))
    try:
        picture(opened.show(stack, 0))
        wait(lambda: not opened.reader._decoding)
        files = {Path(stack.slot(place).image.where): place for place in range(20)}
        kept = {path: path.read_bytes() for path in files}
        for path in files:
            path.unlink()
        gone = missing(opened.show(stack, 19))
        assert gone.again
        for path, data in kept.items():
            path.write_bytes(data)
        opened.reader.again(gone.slot)
        picture(opened.show(stack, 19))
    finally:
        opened.reader.close()


def test_a_cine_of_twenty_thousand_frames_opens_at_once_and_jumps_to_its_end(
    pane: Pane, tmp_path: Path
) -> None:
    frames = np.zeros((20_000, 8, 8), np.uint8)
    frames[-1] = 99
    stack = one(tmp_path, frames, FrameTime=16.7)
    begun = time.monotonic()
    assert picture(pane.show(stack, 0)).facts.frame_seconds == pytest.approx(0.0167)
    assert picture(pane.show(stack, 19_999)).data[0] == 99
    assert time.monotonic() - begun < 5


def test_a_series_of_mixed_sizes_shows_each_image_as_it_is(pane: Pane, tmp_path: Path) -> None:
    images = tuple(
        write(tmp_path, str(side), np.full((side, 2 * side), side, np.uint8)) for side in (4, 64, 7)
    )
    stack = stack_of(ViewSeries("2.25.8", "CT", images=images))
    sizes = [(p.width, p.height) for p in (picture(pane.show(stack, at)) for at in range(3))]
    assert sizes == [(8, 4), (128, 64), (14, 7)]


# --- sources that fail ------------------------------------------------------------------------------------------


def test_what_the_source_refuses_is_said_and_can_be_asked_again(
    pane: Pane, source: FolderSource, tmp_path: Path
) -> None:
    stack = stack_of(slices(tmp_path, 3, 8))
    source.failing[stack.slot(1).key[0]] = NodeUnreachable("PACS does not answer", "No answer in 30 s.")
    gone = missing(pane.show(stack, 1))
    assert (gone.title, gone.reason, gone.again) == ("PACS does not answer", "No answer in 30 s.", True)
    picture(pane.show(stack, 2))
    source.failing.clear()
    pane.reader.again(gone.slot)
    picture(pane.show(stack, 1))


def test_a_source_that_falls_silent_in_mid_series_holds_up_nothing_that_is_here(
    pane: Pane, source: FolderSource, tmp_path: Path
) -> None:
    stack = stack_of(slices(tmp_path, 40, 8))
    source.silent = {stack.slot(place).key[0] for place in range(10, 40)}
    picture(pane.show(stack, 0))
    pane.want(stack, 20)  # both fetchers wait now
    wait(lambda: stack.slot(20).key[0] in source.asked)
    for level in range(5):
        picture(pane.show(stack, 1, Look(WindowLevel(50 + level, 100))))


def test_what_is_looked_at_is_asked_for_though_a_deaf_source_holds_what_lies_ahead(
    pane: Pane, source: FolderSource, tmp_path: Path
) -> None:
    stack = stack_of(slices(tmp_path, 30, 8))
    source.silent, source.deaf = {stack.slot(place).key[0] for place in range(3, 20)}, True
    picture(pane.show(stack, 0))
    wait(lambda: stack.slot(3).key[0] in source.asked)
    picture(pane.show(stack, 25))
    source.spoke.set()


def test_where_memory_is_short_frames_do_not_push_each_other_out_for_ever(
    source: FolderSource, tmp_path: Path
) -> None:
    opened = Pane(source, most_bytes=1)
    try:
        picture(opened.show(stack_of(slices(tmp_path, 20, 8)), 5))
        wait(lambda: not opened.reader._seats[0].ahead)
    finally:
        opened.reader.close()


def test_closing_does_not_wait_for_a_silent_source(source: FolderSource, tmp_path: Path) -> None:
    stack = stack_of(slices(tmp_path, 3, 8))
    source.silent = {stack.slot(place).key[0] for place in range(3)}
    opened = Pane(source)
    opened.want(stack, 0)
    wait(lambda: bool(source.asked))
    begun = time.monotonic()
    opened.reader.close()
    assert time.monotonic() - begun < 2
    assert opened.arrivals == []


def test_a_defect_in_a_source_is_a_placeholder_too(
    pane: Pane, source: FolderSource, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(_image: ViewImage) -> None:
        raise ZeroDivisionError

    source.before = break_down
    assert missing(pane.show(stack_of(slices(tmp_path, 1, 8)), 0)).title == "The program has a defect"
    assert "defect while reading a frame" in caplog.text


def test_where_all_slices_lie_is_learned_for_linked_scrolling(pane: Pane, tmp_path: Path) -> None:
    stack = stack_of(slices(tmp_path, 90, 8))
    pane.show(stack, 0)
    pane.reader.learn_places(stack)
    wait(lambda: len(stack.planes()) == 90)
    assert stack.planes()[stack.slot(89).key].depth == 178.0
    wait(lambda: stack.is_placed)


def test_what_cannot_be_had_does_not_keep_the_rest_from_being_linked(
    pane: Pane, source: FolderSource, tmp_path: Path
) -> None:
    stack = stack_of(slices(tmp_path, 6, 8))
    source.failing[stack.slot(2).key[0]] = NodeUnreachable("PACS does not answer")
    Path(stack.slot(4).image.where).write_bytes(b"no DICOM")
    pane.learn(stack)
    wait(lambda: stack.is_placed)
    assert len(stack.planes()) == 4


def test_all_frames_of_an_enhanced_image_are_placed(pane: Pane, tmp_path: Path) -> None:
    groups = [item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])]) for z in range(5)]
    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelMeasuresSequence=[item(PixelSpacing=[1, 1])],
    )
    stack = one(
        tmp_path,
        np.zeros((5, 4, 4), np.int16),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=groups,
    )
    pane.show(stack, 0)
    pane.learn(stack)
    wait(lambda: stack.is_placed)
    assert [stack.planes()[stack.slot(at).key].depth for at in range(5)] == [0, 1, 2, 3, 4]
