"""Each gesture in a pane, by what stands on the screen afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from iep_desktop.core.pictures import Look, WindowLevel
from iep_desktop.core.planes import Letters
from iep_desktop.core.viewing import ViewSeries
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.ui.viewer.pane_painting import AMBER, MEASURE
from iep_desktop.ui.viewer.tools import Tool
from iep_desktop.workers.frames import Arrival
from iep_desktop.workers.stacks import Stack
from tests.dicom.render.making import RLE, item
from tests.ui.viewer.conftest import settle
from tests.ui.viewer.pixels import drag, grey_at, has_color, near, quarters, screen, wheel
from tests.viewing import slices, view, write

OpenPane = Callable[[ViewSeries], Pane]
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
CENTRE = QPoint(200, 200)


def hu(value: float, centre: float = 100, width: float = 201) -> int:
    """Grey of a value through a window (PS3.3 C.11.2.1.2)."""
    part = (value - (centre - 0.5)) / (width - 1) + 0.5
    return int(min(max(part, 0), 1) * 255 + 0.5)


def series_of(tmp_path: Path, pixels: object, **attributes: object) -> ViewSeries:
    return ViewSeries("2.25.8", "CT", images=(write(tmp_path, "only", pixels, **attributes),))


@pytest.fixture
def pane(open_pane: OpenPane, tmp_path: Path) -> Pane:
    """Twelve slices of 32 × 32, enlarged 12.5 times to fit."""
    return open_pane(slices(tmp_path, 12))


def test_the_first_image_is_fitted_into_the_pane(pane: Pane) -> None:
    assert grey_at(pane, 12, 12) == 255
    assert [grey_at(pane, *point) for point in ((20, 12), (12, 20), (20, 20))] == [hu(0)] * 3


# --- scrolling -------------------------------------------------------------------------------------------------


def test_the_wheel_scrolls(pane: Pane, qtbot: QtBot) -> None:
    wheel(pane, -1)
    wheel(pane, -2)
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(30)
    wheel(pane, 1)
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(20)


def test_parts_of_a_notch_add_up(pane: Pane, qtbot: QtBot) -> None:
    for _ in range(4):
        wheel(pane, -0.25)
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(10)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ([Qt.Key.Key_Down], 10),
        ([Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up], 10),
        ([Qt.Key.Key_PageDown], 100),
        ([Qt.Key.Key_End], 110),
        ([Qt.Key.Key_End, Qt.Key.Key_PageUp], 10),
        ([Qt.Key.Key_End, Qt.Key.Key_Home], 0),
        ([Qt.Key.Key_Up], 0),
    ],
)
def test_keys_scroll(pane: Pane, qtbot: QtBot, keys: list[Qt.Key], value: int) -> None:
    for key in keys:
        qtbot.keyClick(pane, key)
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(value)


def test_a_drag_scrolls(pane: Pane, qtbot: QtBot) -> None:
    drag(qtbot, pane, QPoint(200, 150), QPoint(200, 150 + 12 * 5), LEFT)
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(50)


def test_the_bar_at_the_edge_goes_anywhere(pane: Pane, qtbot: QtBot) -> None:
    qtbot.mouseClick(pane, LEFT, pos=QPoint(pane.width() - 8, pane.height() - 64))
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(110)


def test_a_frame_that_comes_late_is_not_shown_over_a_newer_one_nor_in_another_series(
    pane: Pane, tmp_path: Path, qtbot: QtBot
) -> None:
    late = pane.picture
    assert late is not None
    old = pane._ticket
    pane.go(5)
    settle(qtbot, pane)
    pane._arrived(Arrival(pane.seat, old, late))
    assert grey_at(pane, 20, 20) == hu(50)
    last = pane._ticket
    other = slices(tmp_path / "other", 3)
    pane.open(Stack(view(other).studies[0], other))
    pane._arrived(Arrival(pane.seat, last, late))
    assert pane.picture is None


# --- windows ---------------------------------------------------------------------------------------------------


def test_the_right_button_drags_the_window(pane: Pane, qtbot: QtBot) -> None:
    drag(qtbot, pane, CENTRE, QPoint(300, 200), RIGHT)  # a third of a width wider
    settle(qtbot, pane)
    assert pane.level == WindowLevel(100, pytest.approx(268))
    assert grey_at(pane, 12, 12) == pytest.approx(hu(200, 100, 268), abs=1)
    assert grey_at(pane, 20, 20) == pytest.approx(hu(0, 100, 268), abs=1)


def test_upwards_is_brighter(pane: Pane, qtbot: QtBot) -> None:
    drag(qtbot, pane, CENTRE, QPoint(200, 100), RIGHT)
    settle(qtbot, pane)
    assert pane.level == WindowLevel(pytest.approx(33), 201)
    assert grey_at(pane, 20, 20) == pytest.approx(hu(0, 33, 201), abs=1)
    assert hu(0, 33, 201) > hu(0)


def test_the_window_tool_does_it_with_the_left_button_and_keys_do_too(pane: Pane, qtbot: QtBot) -> None:
    pane.tool = Tool.WINDOW
    drag(qtbot, pane, CENTRE, QPoint(230, 200), LEFT)
    settle(qtbot, pane)
    dragged = pane.level
    assert dragged is not None
    assert dragged.width == pytest.approx(221.1)
    qtbot.keyClick(pane, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, pane)
    assert pane.level is not None
    assert pane.level.width > dragged.width
    assert pane.place == 0


def test_a_window_stays_while_scrolling(pane: Pane, qtbot: QtBot) -> None:
    pane.set_level(WindowLevel(50, 101))
    pane.go(4)
    settle(qtbot, pane)
    assert grey_at(pane, 20, 20) == hu(40, 50, 101)


def test_the_width_never_becomes_nothing(pane: Pane, qtbot: QtBot) -> None:
    drag(qtbot, pane, QPoint(390, 200), QPoint(0, 200), RIGHT)
    drag(qtbot, pane, QPoint(390, 200), QPoint(0, 200), RIGHT)
    settle(qtbot, pane)
    assert pane.level is not None
    assert pane.level.width >= 1
    assert pane.missing is None


def test_colour_has_no_window(open_pane: OpenPane, tmp_path: Path, qtbot: QtBot) -> None:
    attributes = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    pixels = np.full((1, 8 * 24), 200, np.uint8)
    pane = open_pane(series_of(tmp_path, pixels, Rows=8, Columns=8, **attributes))
    drag(qtbot, pane, CENTRE, QPoint(300, 100), RIGHT)
    settle(qtbot, pane)
    assert grey_at(pane, 4, 4) == 200
    assert pane.scene().texts.bottom_left[0] == "Colour"


def test_inverting_turns_black_into_white(pane: Pane, qtbot: QtBot) -> None:
    pane.set_look(Look(invert=True))
    settle(qtbot, pane)
    assert (grey_at(pane, 12, 12), grey_at(pane, 20, 20)) == (0, 255 - hu(0))


# --- zoom, pan, turning ----------------------------------------------------------------------------------------


def test_zooming_keeps_the_point_below_the_pointer(pane: Pane) -> None:
    at = QPoint(250, 130)
    before = pane.fit.image_point(at.toPointF()) if pane.fit else None
    wheel(pane, 3, at, Qt.KeyboardModifier.ControlModifier)
    assert pane.fit is not None
    assert pane.fit.zoom == pytest.approx(12.5 * 1.25**3)
    assert pane.fit.image_point(at.toPointF()) == pytest.approx(before, abs=0.1)
    assert grey_at(pane, 15, 15) == 255
    assert grey_at(pane, 17, 17) == hu(0)


def test_keys_and_a_drag_zoom(pane: Pane, qtbot: QtBot) -> None:
    qtbot.keyClick(pane, Qt.Key.Key_Plus)
    qtbot.keyClick(pane, Qt.Key.Key_Plus)
    qtbot.keyClick(pane, Qt.Key.Key_Minus)
    assert pane.fit is not None
    assert pane.fit.zoom == pytest.approx(12.5 * 1.25)
    pane.tool = Tool.ZOOM
    drag(qtbot, pane, CENTRE, QPoint(200, 400), LEFT)
    assert pane.fit.zoom == pytest.approx(12.5 * 1.25 / 2.71828, rel=0.01)
    assert screen(pane).pixelColor(20, 150).red() == 0  # smaller than the pane now


def test_the_middle_button_pans_and_so_do_keys(pane: Pane, qtbot: QtBot) -> None:
    assert quarters(pane) == "#..."
    drag(qtbot, pane, QPoint(100, 200), QPoint(300, 200), MIDDLE)
    assert quarters(pane) == ".#.."
    for _ in range(7):
        qtbot.keyClick(pane, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert quarters(pane) == "...#"


def test_one_to_one_shows_every_pixel_as_it_is(pane: Pane) -> None:
    pane.set_port(pane.port.__class__(zoom=1.0))
    image, picture = screen(pane), pane.picture
    assert picture is not None
    shown = bytes(image.pixelColor(184 + x, 184 + y).red() for y in range(32) for x in range(32))
    assert shown == picture.data
    assert image.pixelColor(184 + 40, 184 + 40).red() == 0


@pytest.mark.parametrize(
    ("turn", "bright", "letters"),
    [
        (lambda port: port.turned(1), ".#..", Letters("P", "R", "A", "L")),
        (lambda port: port.turned(1).turned(1), "...#", Letters("L", "P", "R", "A")),
        (lambda port: port.turned(-1), "..#.", Letters("A", "L", "P", "R")),
        (lambda port: port.flipped(), ".#..", Letters("L", "A", "R", "P")),
        (lambda port: port.flipped(upside_down=True), "..#.", Letters("R", "P", "L", "A")),
        (lambda port: port.flipped().turned(1), "...#", Letters("P", "L", "A", "R")),
        (lambda port: port.turned(1).flipped(), "#...", Letters("A", "R", "P", "L")),
    ],
)
def test_turning_and_flipping_move_image_and_letters_together(
    pane: Pane, turn: Callable[[object], object], bright: str, letters: Letters
) -> None:
    pane.set_port(turn(pane.port))  # type: ignore[arg-type]
    assert quarters(pane) == bright
    assert pane.scene().texts.letters == letters


def test_letters_are_painted_at_the_edges(pane: Pane) -> None:
    image = screen(pane)
    for left, top, right, bottom in (
        (12, 185, 40, 215),
        (340, 185, 390, 215),
        (185, 8, 215, 30),
        (185, 370, 215, 395),
    ):
        assert has_color(image, AMBER, left, top, right, bottom)


def test_oblong_pixels_are_shown_in_their_shape(open_pane: OpenPane, tmp_path: Path) -> None:
    pixels = np.full((10, 20), 255, np.uint8)
    pane = open_pane(series_of(tmp_path, pixels, PixelSpacing=[2, 1]))
    assert pane.fit is not None
    assert pane.fit.zoom == pytest.approx(20)
    assert grey_at(pane, 10, 0.5) == 255


# --- overlays --------------------------------------------------------------------------------------------------


def test_patient_and_series_come_from_the_images_own_file(pane: Pane) -> None:
    texts = pane.scene().texts
    assert texts.top_left == ("MOUSE, Minnie", "17/03/1961, F", "S9991118")
    assert texts.top_right[-1] == "Head axial"
    assert texts.bottom_left == ("W 201  L 100", "Zoom 1250 %")
    assert texts.bottom_right == ("Image 1 of 12", "Slice 0.0 mm")
    assert has_color(screen(pane), QColor("#F4F7FA"), 12, 12, 100, 28)
    assert "MOUSE, Minnie" in pane.accessibleDescription()


def test_texts_have_a_dark_halo_over_bright_images(open_pane: OpenPane, tmp_path: Path) -> None:
    pane = open_pane(series_of(tmp_path, np.full((8, 8), 255, np.uint8)))
    assert has_color(screen(pane), QColor(0, 0, 0), 12, 12, 110, 28)


# --- measuring -------------------------------------------------------------------------------------------------


def test_a_measured_line_says_its_length_in_mm(pane: Pane, qtbot: QtBot) -> None:
    pane.tool = Tool.MEASURE
    drag(qtbot, pane, QPoint(125, 300), QPoint(375, 300), LEFT)  # 20 pixels of 0.5 mm
    (line,) = pane.scene().lines
    assert line.end[0] - line.start[0] == pytest.approx(20)
    assert near(screen(pane).pixelColor(250, 300), MEASURE, 80)
    assert pane.picture is not None
    from iep_desktop.core.measuring import distance_text

    assert distance_text(line.start, line.end, pane.picture.facts.calibrations) == "10.0 mm"
    pane.remove_line()
    assert not near(screen(pane).pixelColor(250, 300), MEASURE, 80)


def test_a_line_is_drawn_by_keys_too(pane: Pane, qtbot: QtBot) -> None:
    pane.tool = Tool.MEASURE
    qtbot.keyClick(pane, Qt.Key.Key_Return)
    (line,) = pane.scene().lines
    before = line.end
    qtbot.keyClick(pane, Qt.Key.Key_Down)
    qtbot.keyClick(pane, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert line.end == pytest.approx((before[0] + 10, before[1] + 1))
    qtbot.keyClick(pane, Qt.Key.Key_Space)
    start = line.start
    qtbot.keyClick(pane, Qt.Key.Key_Left)
    assert line.start == pytest.approx((start[0] - 1, start[1]))


def test_a_click_is_no_line_and_a_line_stays_with_its_image(pane: Pane, qtbot: QtBot) -> None:
    pane.tool = Tool.MEASURE
    qtbot.mouseClick(pane, LEFT, pos=CENTRE)
    assert not pane.has_line
    drag(qtbot, pane, QPoint(100, 100), QPoint(200, 100), LEFT)
    pane.go(1)
    settle(qtbot, pane)
    assert not pane.has_line
    pane.go(0)
    settle(qtbot, pane)
    assert pane.has_line


# --- cine ------------------------------------------------------------------------------------------------------


def cine(tmp_path: Path, count: int, **more: object) -> ViewSeries:
    frames = np.stack([np.full((8, 8), 10 * k, np.uint8) for k in range(count)])
    return series_of(tmp_path, frames, **more)


def test_a_cine_plays_every_frame_in_turn_and_begins_again(
    open_pane: OpenPane, tmp_path: Path, qtbot: QtBot
) -> None:
    pane = open_pane(cine(tmp_path, 5, FrameTime=20))
    seen: list[int] = []
    pane.shown.connect(lambda: seen.append(grey_at(pane, 4, 4)))
    pane.toggle_cine()
    assert pane.cine.rate == 50
    qtbot.waitUntil(lambda: len(seen) >= 9, timeout=5000)
    pane.toggle_cine()
    assert seen[:9] == [10, 20, 30, 40, 0, 10, 20, 30, 40]


def test_a_cine_of_twenty_thousand_frames_plays_from_its_end_to_its_beginning(
    open_pane: OpenPane, tmp_path: Path, qtbot: QtBot
) -> None:
    pane = open_pane(series_of(tmp_path, np.zeros((20_000, 4, 4), np.uint8), RecommendedDisplayFrameRate=60))
    qtbot.keyClick(pane, Qt.Key.Key_End)
    settle(qtbot, pane)
    assert pane.scene().texts.bottom_right == ("Frame 20000 of 20000",)
    pane.toggle_cine()
    qtbot.waitUntil(lambda: pane.place > 3 and not pane.waits and pane.place < 10_000, timeout=5000)


def test_a_person_changes_the_rate(open_pane: OpenPane, tmp_path: Path) -> None:
    pane = open_pane(cine(tmp_path, 3))
    pane.toggle_cine()
    assert pane.cine.rate == 15  # the file says nothing
    pane.cine.set_rate(1000)
    assert pane.cine.rate == 60
    assert "Cine 60 a second" in pane.scene().texts.remarks
    pane.cine.stop()


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"PhotometricInterpretation": "HSV"}, "colour is not known"),
        ({"Rows": 0}, "0 rows"),
        ({"Rows": 65535, "Columns": 65535}, "too large"),
        ({"Rows": 512, "Columns": 512, "NumberOfFrames": 400_000}, "too large"),
        ({"Rows": 64}, "cut short"),
        ({"syntax": "1.2.840.10008.1.2.4.102"}, "transfer syntax"),
        ({"syntax": "1.2.840.10008.1.2.4.90"}, ""),
    ],
)
def test_what_cannot_be_shown_has_a_placeholder_that_says_why(
    open_pane: OpenPane, tmp_path: Path, attributes: dict[str, object], reason: str
) -> None:
    pane = open_pane(series_of(tmp_path, np.full((8, 8), 255, np.uint8), **attributes))
    assert pane.missing is not None
    assert pane.missing.title == "The image cannot be shown"
    assert reason in pane.missing.reason
    assert pane.missing.reason in pane.accessibleDescription()
    assert has_color(screen(pane), QColor("#F4F7FA"), 100, 150, 300, 250)  # words in the middle
    assert screen(pane).pixelColor(60, 300).red() == 0  # and no image


def test_pixels_that_are_no_numbers_are_black(open_pane: OpenPane, tmp_path: Path) -> None:
    pixels = np.array([[np.nan, 100], [0, 100]], np.float32)
    attributes = {"FloatPixelData": pixels.tobytes(), "PixelData": None, "BitsAllocated": 32}
    pane = open_pane(series_of(tmp_path, pixels, **attributes))
    assert quarters(pane) == ".#.#"


def test_mixed_sizes_are_each_fitted(open_pane: OpenPane, tmp_path: Path, qtbot: QtBot) -> None:
    images = tuple(
        write(tmp_path, str(n), np.full(shape, 255, np.uint8)) for n, shape in enumerate(((8, 8), (4, 40)))
    )
    pane = open_pane(ViewSeries("2.25.8", "CT", images=images))
    assert grey_at(pane, 1, 4) == 255
    pane.go(1)
    settle(qtbot, pane)
    assert pane.fit is not None
    assert pane.fit.zoom == 10
    assert screen(pane).pixelColor(100, 150).red() == 0


def test_a_file_that_is_deleted_while_shown_gives_a_reason_and_can_be_tried_again(
    open_pane: OpenPane, tmp_path: Path, qtbot: QtBot
) -> None:
    pane = open_pane(slices(tmp_path, 200, 8))
    last = pane.stack.slot(199).image.where if pane.stack else ""
    kept = Path(last).read_bytes()
    Path(last).unlink()
    qtbot.keyClick(pane, Qt.Key.Key_End)
    settle(qtbot, pane)
    assert pane.missing is not None
    assert pane.missing.again
    assert pane.picture is None
    Path(last).write_bytes(kept)
    pane.try_again()
    qtbot.waitUntil(lambda: pane.picture is not None, timeout=5000)


def test_a_table_of_wrong_length_is_not_used_and_the_pane_says_so(
    open_pane: OpenPane, tmp_path: Path
) -> None:
    table = item(LUTDescriptor=[4096, 0, 8], LUTData=b"\0" * 10)
    pane = open_pane(series_of(tmp_path, np.array([[0, 255]] * 2, np.uint8), VOILUTSequence=[table]))
    assert pane.picture is not None
    assert any("4096 entries" in remark for remark in pane.scene().texts.remarks)
    assert quarters(pane) == ".#.#"


def test_an_index_outside_a_palette_takes_its_last_colour(open_pane: OpenPane, tmp_path: Path) -> None:
    """PS3.3 C.7.6.3.1.5."""
    palette: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [2, 0, 8]
        palette[f"{colour}PaletteColorLookupTableData"] = bytes([0, 200])
    pane = open_pane(series_of(tmp_path, np.array([[0, 1], [0, 250]], np.uint8), **palette))
    assert quarters(pane) == ".#.#"


def test_a_frame_whose_fragments_are_missing_is_refused_and_the_others_are_shown(
    open_pane: OpenPane, tmp_path: Path, qtbot: QtBot
) -> None:
    """RLE (PS3.5 G): two frames announced, one there, and an offset table that points nowhere."""
    header = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + b"\0" * 56
    frame = header + bytes([256 - 63, 200])  # 64 times 200
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"

    def element(table: bytes) -> bytes:
        offsets = b"\xfe\xff\x00\xe0" + len(table).to_bytes(4, "little") + table
        return offsets + b"\xfe\xff\x00\xe0" + len(frame).to_bytes(4, "little") + frame + end

    shape = {"Rows": 8, "Columns": 8, "NumberOfFrames": 2, "syntax": RLE}
    for table in (b"", (0).to_bytes(4, "little") + (99_999).to_bytes(4, "little")):
        pane = open_pane(series_of(tmp_path, np.zeros((1, 1), np.uint8), PixelData=element(table), **shape))
        pane.go(1)
        settle(qtbot, pane)
        assert pane.missing is not None
        assert pane.missing.reason


def test_a_strip_of_one_row_does_no_harm(open_pane: OpenPane, tmp_path: Path, qtbot: QtBot) -> None:
    pane = open_pane(series_of(tmp_path, np.full((1, 65535), 255, np.uint8)))
    assert pane.picture is not None
    pane.set_port(pane.port.__class__(zoom=8.0))
    settle(qtbot, pane)
    assert screen(pane).pixelColor(200, 200).red() == 255
