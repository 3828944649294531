"""The viewer's window: panes together, keys, what is remembered, whose images, what cannot be shown."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable
from iep_desktop.core.viewing import Sign, SignKind, ViewImage, ViewPatient, ViewSeries, ViewSet
from iep_desktop.ui.viewer.heading import NOT_DIAGNOSTIC
from iep_desktop.ui.viewer.keys import COMMANDS, KeysDialog
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.ui.viewer.pane_painting import ACTIVE, MEASURE, SCOUT
from iep_desktop.ui.viewer.tools import Tool
from iep_desktop.ui.viewer.window import ViewerWindow
from tests.dicom.render.making import file
from tests.ui.fake_desk import MemoryState
from tests.ui.viewer.conftest import settle
from tests.ui.viewer.pixels import grey_at, has_color, near, quarters, screen
from tests.viewing import CORONAL, FolderSource, slices, view, write

OpenWindow = Callable[..., ViewerWindow]
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def coronal(folder: Path, count: int = 16) -> ViewSeries:
    """Through the same 16 mm of the patient, from the front to the back, 32 mm high."""
    return slices(
        folder,
        count,
        ImageOrientationPatient=CORONAL,
        position=lambda k: [0, float(k), 8.0],
        SeriesDescription="Cor",
    )


def press(
    qtbot: QtBot,
    window: ViewerWindow,
    key: Qt.Key,
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    window.activateWindow()
    window.panes.active.setFocus()
    qtbot.keyClick(window.panes.active, key, held)
    for cell in window.panes.cells:
        settle(qtbot, cell.pane)


# --- panes -----------------------------------------------------------------------------------------------------


def test_one_two_and_four_panes_show_the_next_series_each(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(*(slices(tmp_path / str(n), n + 1) for n in range(4)))
    for key, count in ((Qt.Key.Key_F4, 4), (Qt.Key.Key_F2, 1), (Qt.Key.Key_F3, 2)):
        press(qtbot, window, key)
        visible = [cell.pane for cell in window.panes.cells if cell.isVisible()]
        assert len(visible) == window.panes.count == count
        assert [pane.count for pane in visible] == [1, 2, 3, 4][:count]
        assert all(pane.picture is not None for pane in visible)
    assert set(window.panes.places().values()) == {"left pane", "right pane"}


def test_the_active_pane_has_a_border_and_takes_what_is_opened(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    first, second, third = (slices(tmp_path / str(n), n + 1) for n in range(3))
    window = open_window(first, second, third)
    press(qtbot, window, Qt.Key.Key_F3)
    press(qtbot, window, Qt.Key.Key_F6)
    left, right = (cell.pane for cell in window.panes.cells)
    assert window.panes.active is right
    assert near(screen(right).pixelColor(1, 100), ACTIVE)
    assert not near(screen(left).pixelColor(1, 100), ACTIVE)
    window.rail.opened.emit(window._view.studies[0], third)
    settle(qtbot, right)
    assert (left.count, right.count) == (1, 3)


def test_a_double_click_shows_one_pane_alone_and_a_second_brings_the_others_back(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(slices(tmp_path / "a", 1), slices(tmp_path / "b", 2))
    press(qtbot, window, Qt.Key.Key_F3)
    right = window.panes.cells[1].pane
    qtbot.mouseDClick(right, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert [cell.pane for cell in window.panes.cells] == [right]
    assert right.isVisible()
    qtbot.mouseDClick(right, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    settle(qtbot, window.panes.cells[0].pane)
    assert [cell.pane.count for cell in window.panes.cells] == [1, 2]
    assert window.panes.cells[1].pane is right


def test_a_scout_line_shows_where_the_other_slice_cuts(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(slices(tmp_path / "axial", 5), coronal(tmp_path / "coronal"))
    press(qtbot, window, Qt.Key.Key_F3)
    axial, other = (cell.pane for cell in window.panes.cells)
    window.panes.activate(1)
    press(qtbot, window, Qt.Key.Key_PageDown)  # y = 10 mm, which is row 20.5 of the axial slice
    ((start, end),) = axial.scouts
    assert start[1] == end[1] == pytest.approx(20.5)
    assert _line_at(axial, 20.5)
    assert not _line_at(axial, 12)
    press(qtbot, window, Qt.Key.Key_X)
    assert axial.scouts == () or axial.scouts == []
    assert not _line_at(axial, 20.5)
    assert other.plane is not None


def _line_at(pane: Pane, row: float) -> bool:
    assert pane.fit is not None
    y = int(pane.fit.transform.map(QPointF(0, row)).y())
    return has_color(screen(pane), SCOUT, pane.width() // 3, y - 2, pane.width() // 2, y + 3)


def test_linked_panes_scroll_to_the_same_height_of_the_patient(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    thin, thick = slices(tmp_path / "thin", 41, step=1.0), slices(tmp_path / "thick", 9, step=5.0)
    window = open_window(thin, thick)
    press(qtbot, window, Qt.Key.Key_F3)
    left, right = (cell.pane for cell in window.panes.cells)
    press(qtbot, window, Qt.Key.Key_L)
    left.go(21)
    qtbot.waitUntil(
        lambda: right.picture is not None and right.picture.slot.key == thick_key(thick, 4), timeout=5000
    )
    assert grey_at(right, 20, 20) == 52  # HU 40
    window.panes.activate(1)
    right.go(8)
    qtbot.waitUntil(lambda: left.place == 40, timeout=5000)


def thick_key(series: ViewSeries, at: int) -> tuple[str, int]:
    return series.images[at].sop_instance_uid, 0


def test_series_that_share_no_coordinates_are_not_linked(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(slices(tmp_path / "a", 5), slices(tmp_path / "b", 5, FrameOfReferenceUID="2.25.78"))
    press(qtbot, window, Qt.Key.Key_F3)
    press(qtbot, window, Qt.Key.Key_L)
    press(qtbot, window, Qt.Key.Key_End)
    left, right = (cell.pane for cell in window.panes.cells)
    assert (left.place, right.place) == (4, 0)
    assert right.scene().texts.remarks == ("Not scrolled together: no common coordinates",)
    press(qtbot, window, Qt.Key.Key_L)
    assert right.scene().texts.remarks == ()


# --- keys and buttons ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "held", "bright"),
    [
        (Qt.Key.Key_R, Qt.KeyboardModifier.NoModifier, ".#.."),
        (Qt.Key.Key_R, SHIFT, "..#."),
        (Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, ".#.."),
        (Qt.Key.Key_V, Qt.KeyboardModifier.NoModifier, "..#."),
        (Qt.Key.Key_I, Qt.KeyboardModifier.NoModifier, ".###"),
    ],
)
def test_each_key_does_what_it_says(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier, bright: str
) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    press(qtbot, window, key, held)
    assert quarters(window.panes.active) == bright
    press(qtbot, window, Qt.Key.Key_Backspace)
    assert quarters(window.panes.active) == "#..."


def test_o_is_pixel_by_pixel_and_f_fits_again(open_window: OpenWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    pane = window.panes.active
    fitted = screen(pane)
    press(qtbot, window, Qt.Key.Key_O)
    assert pane.fit is not None
    assert pane.picture is not None
    left, top = (round(part) for part in pane.fit.transform.map(0.0, 0.0))
    image = screen(pane)
    shown = bytes(image.pixelColor(left + x, top + y).red() for y in range(32) for x in range(32))
    assert shown == pane.picture.data
    assert quarters(pane) == "....", "32 pixels in the middle of a large pane"
    for key, held in ((Qt.Key.Key_F, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_0, CTRL)):
        press(qtbot, window, Qt.Key.Key_O)
        press(qtbot, window, key, held)
        assert screen(pane) == fitted


def test_a_line_is_measured_and_removed_by_keys_alone(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    pane = window.panes.active
    before = screen(pane)
    for key in (Qt.Key.Key_M, Qt.Key.Key_Return, Qt.Key.Key_Down):
        press(qtbot, window, key)
    assert pane.fit is not None
    (line,) = pane.scene().lines
    middle = pane.fit.transform.map(
        QPointF((line.start[0] + line.end[0]) / 2, (line.start[1] + line.end[1]) / 2)
    ).toPoint()
    assert has_color(screen(pane), MEASURE, middle.x() - 3, middle.y() - 3, middle.x() + 4, middle.y() + 4)
    press(qtbot, window, Qt.Key.Key_Delete)
    assert not pane.scene().lines
    assert screen(pane) == before


def test_c_plays_and_stops_and_brackets_change_the_rate(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    """Slice k has the grey of HU 10 × k in its lower half."""
    window = open_window(slices(tmp_path / "a", 3, FrameTime=40))
    pane = window.panes.active
    greys: list[int] = []
    pane.shown.connect(lambda: greys.append(grey_at(pane, 20, 20)))
    press(qtbot, window, Qt.Key.Key_C)
    assert window.toolbar.buttons["cine"].accessibleName() == "Stop"
    rate = pane.cine.rate
    press(qtbot, window, Qt.Key.Key_BracketRight)
    assert pane.cine.rate == pytest.approx(rate * 1.25)
    press(qtbot, window, Qt.Key.Key_BracketLeft)
    press(qtbot, window, Qt.Key.Key_BracketLeft)
    assert pane.cine.rate == pytest.approx(rate / 1.25)
    qtbot.waitUntil(lambda: len(set(greys)) == 3, timeout=5000)
    press(qtbot, window, Qt.Key.Key_C)
    assert not pane.cine.running
    assert window.toolbar.buttons["cine"].accessibleName() == "Play"


def test_number_keys_choose_windows(open_window: OpenWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = open_window(slices(tmp_path / "a", 9))
    pane = window.panes.active
    pane.go(8)
    settle(qtbot, pane)
    for key, words, grey in (
        (Qt.Key.Key_3, "W 80  L 40", 255),
        (Qt.Key.Key_6, "W 2000  L 500", 74),
        (Qt.Key.Key_2, "W 121  L 140", 0),
        (Qt.Key.Key_1, "W 201  L 100", 103),
    ):
        press(qtbot, window, key)
        assert pane.scene().texts.bottom_left[0] == words
        assert grey_at(pane, 20, 20) == pytest.approx(grey, abs=52 if key == Qt.Key.Key_3 else 1)


def test_the_list_of_windows_names_those_of_the_file_and_the_one_in_use(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    more = {
        "WindowCenter": [40, 300],
        "WindowWidth": [80, 1500],
        "WindowCenterWidthExplanation": ["SOFT", "BONES"],
    }
    window = open_window(slices(tmp_path / "a", 2, **more))
    choice = window.toolbar.window_choice
    words = [choice.itemText(at) for at in range(choice.count())]
    assert words[:3] == ["As the file says", "Automatic", "BONES, W 1500 L 300"]
    assert "Brain, W 80 L 40" in words
    choice.setCurrentIndex(2)
    choice.activated.emit(2)
    settle(qtbot, window.panes.active)
    assert window.panes.active.scene().texts.bottom_left[0] == "W 1500  L 300"
    press(qtbot, window, Qt.Key.Key_Right, CTRL)
    assert choice.currentText() == "Own window, W 1550 L 300"


def test_every_command_has_a_key_and_every_button_a_name(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    for command in COMMANDS:
        assert command.keys
        if command.id not in ("close", "keys"):
            window.commands.run(command.id)
    for button in window.toolbar.buttons.values():
        assert button.accessibleName() or button.text()
        assert button.toolTip()


def test_buttons_lose_their_words_before_they_need_a_second_line(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    words = {}
    for width in (1280, 600, 1280):
        window.resize(width, 700)
        QApplication.processEvents()
        words[width] = window.toolbar.buttons["scroll"].text()
    assert words == {1280: "Scroll", 600: ""}
    assert window.toolbar.buttons["scroll"].accessibleName() == "Scroll"


def test_a_screen_that_is_too_low_scrolls_and_hides_no_identity(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    asked = ViewPatient("S9991118", "9990000018", "MOUSE^Minnie", sex="F")
    window = open_window(
        shown=view(slices(tmp_path / "a", 2), asked=asked), reviewer="A. Operator", tickable=True
    )
    assert window.reviewing is not None
    bar = window.reviewing.bar
    for height in (400, 360):
        window.resize(640, height)
        qtbot.waitUntil(lambda: window.body.verticalScrollBar().maximum() > 0)
        qtbot.waitUntil(lambda: 130 <= window.panes.height() <= window.body.viewport().height() + 10)
        for at in (window.toolbar, window.panes, bar):
            window.body.ensureWidgetVisible(at)
            for stands in (window.strip, window.heading.warning):
                inside = QRect(stands.mapTo(window, QPoint()), stands.size())
                assert window.rect().contains(inside)
                assert not inside.intersects(window.body.geometry())
        assert not bar.visibleRegion().isEmpty(), "the review is reached by scrolling"
    window.resize(1000, 700)
    QApplication.processEvents()
    assert bar.parentWidget() is window, "where there is room it always stands"
    assert window.rect().contains(bar.geometry())


def test_where_there_is_room_nothing_scrolls_and_cells_share_it_evenly(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(*(slices(tmp_path / str(n), 1) for n in range(4)))
    press(qtbot, window, Qt.Key.Key_F4)
    assert window.body.verticalScrollBar().maximum() == 0
    sizes = [(cell.width(), cell.height()) for cell in window.panes.cells]
    assert all(abs(w - sizes[0][0]) <= 1 and abs(h - sizes[0][1]) <= 1 for w, h in sizes)


def test_f1_shows_all_keys(open_window: OpenWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    press(qtbot, window, Qt.Key.Key_F1)
    dialog = window.findChild(KeysDialog)
    assert dialog is not None
    words = " ".join(label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "text"))
    assert all(command.text in words and command.keys[0] in words for command in COMMANDS)
    assert dialog.sizeHint().height() < 720
    dialog.accept()


def test_letters_typed_into_the_search_of_tags_are_no_commands(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    press(qtbot, window, Qt.Key.Key_T)
    search = window.panels.tags.search
    search.setFocus()
    qtbot.keyClicks(search, "hiv")
    assert search.text() == "hiv"
    assert quarters(window.panes.active) == "#..."
    qtbot.waitUntil(lambda: window.panels.tags.model.has_lines, timeout=5000)


def test_tools_are_chosen_by_key_and_shown(open_window: OpenWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    for key, tool in ((Qt.Key.Key_M, Tool.MEASURE), (Qt.Key.Key_W, Tool.WINDOW), (Qt.Key.Key_S, Tool.SCROLL)):
        press(qtbot, window, key)
        assert window.panes.active.tool is tool
        assert window.toolbar.buttons[tool.value.lower()].isChecked()


def test_n_and_b_walk_through_the_series(open_window: OpenWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = open_window(*(slices(tmp_path / str(n), n + 1) for n in range(3)))
    counts = []
    for key in (Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_B):
        press(qtbot, window, key)
        counts.append(window.panes.active.count)
    assert counts == [2, 3, 3, 2]


# --- whose, and for what ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [560, 1280])
def test_not_for_diagnostic_use_always_stands_whole(
    open_window: OpenWindow, tmp_path: Path, width: int
) -> None:
    window = open_window(slices(tmp_path / "a", 2))
    window.resize(width, 500)
    QApplication.processEvents()
    frame = window.heading.warning
    assert frame.accessibleName() == NOT_DIAGNOSTIC
    assert frame.isVisible()
    assert frame.width() >= frame.sizeHint().width()
    assert window.rect().contains(frame.mapTo(window, QPoint(frame.width(), frame.height())))


def test_the_strip_says_whose_image_is_shown_from_its_own_header(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    from iep_desktop.core.matching import Field

    asked = ViewPatient("S9991118", name="MOUSE^Minnie")
    other = slices(tmp_path / "other", 1, PatientName="DUCK^Donald")
    window = open_window(shown=view(slices(tmp_path / "a", 1), other, asked=asked))
    strip = window.strip
    assert strip.text(Field.NAME, "Images say") == "MOUSE, Minnie"
    press(qtbot, window, Qt.Key.Key_N)
    assert strip.text(Field.NAME, "Images say") == "DUCK, Donald"
    assert "Differs" in strip.verdict.text


def test_nobody_elses_name_stands_above_what_cannot_be_shown(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    from iep_desktop.core.matching import Field

    mine = view(slices(tmp_path / "a", 1)).studies[0]
    broken = ViewSeries(
        "2.25.31", "CT", images=(write(tmp_path, "broken", np.zeros((8, 8), np.uint8), Rows=64),)
    )
    other = replace(mine, study_uid="2.25.6", patient=ViewPatient(name="DUCK^Donald"), series=(broken,))
    window = open_window(shown=ViewSet("", (mine, other)))
    assert window.strip.text(Field.NAME, "Images say") == "MOUSE, Minnie"
    press(qtbot, window, Qt.Key.Key_N)
    assert window.panes.active.missing is not None
    assert window.strip.text(Field.NAME, "Images say") == "DUCK, Donald"


# --- what is no image, and what cannot be had ------------------------------------------------------------------


def test_a_report_opens_in_the_place_of_a_pane(
    open_window: OpenWindow, tmp_path: Path, source: FolderSource, qtbot: QtBot
) -> None:
    report = file(
        Modality="SR", PatientName="DUCK^Donald", ValueType="CONTAINER", ContinuityOfContent="SEPARATE"
    )
    (tmp_path / "report").write_bytes(report.getvalue())
    image = ViewImage("2.25.61", "1.2.840.10008.5.1.4.1.1.88.11", 1, str(tmp_path / "report"))
    window = open_window(slices(tmp_path / "a", 2), ViewSeries("2.25.60", "SR", images=(image,)))
    window.next_document()
    cell = window.panes.active_cell
    qtbot.waitUntil(lambda: cell.is_document and window.panels._file is not None, timeout=5000)
    assert cell.currentWidget() is cell.document
    press_series_back = window.step_series
    press_series_back(-1)
    settle(qtbot, cell.pane)
    assert cell.currentWidget() is cell.pane
    assert cell.pane.picture is not None


def test_a_source_that_falls_silent_is_said_and_closing_does_not_wait(
    open_window: OpenWindow, tmp_path: Path, source: FolderSource, qtbot: QtBot
) -> None:
    series = slices(tmp_path / "a", 100, 8)
    source.silent = {image.sop_instance_uid for image in series.images[60:]}
    window = open_window(series)
    pane = window.panes.active
    pane.go(99)
    qtbot.waitUntil(lambda: "Loading image 100 of 100…" in " ".join(pane.scene().texts.remarks), timeout=5000)
    assert pane.scene().place == (0, 100)
    assert pane.scene().texts.bottom_right[0] == "Image 1 of 100"  # what is on the screen is still the first
    pane.go(30)
    settle(qtbot, pane)
    assert pane.scene().texts.bottom_right[0] == "Image 31 of 100"
    assert grey_at(pane, 6, 6) == 255
    pane.go(99)
    window.close()


def test_a_node_that_does_not_answer_is_a_placeholder_and_f5_tries_again(
    open_window: OpenWindow, tmp_path: Path, source: FolderSource, qtbot: QtBot
) -> None:
    series = slices(tmp_path / "a", 3, 8)
    source.failing[series.images[2].sop_instance_uid] = NodeUnreachable(
        "PACS does not answer", "Silent for 30 s."
    )
    window = open_window(series)
    press(qtbot, window, Qt.Key.Key_End)
    pane = window.panes.active
    assert pane.missing is not None
    assert pane.missing.title == "PACS does not answer"
    source.failing.clear()
    press(qtbot, window, Qt.Key.Key_F5)
    assert pane.missing is None
    assert grey_at(pane, 6, 6) == 26


def test_an_empty_set_and_an_empty_series_say_what_to_do(open_window: OpenWindow) -> None:
    window = open_window(ViewSeries("2.25.1", "CT"))
    assert window.panes.active.scene().empty
    window.step_series(1)
    assert window.panes.active.count == 0


# --- review ----------------------------------------------------------------------------------------------------


def test_a_review_looks_for_signs_counts_what_was_seen_and_is_confirmed_by_name(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    """The second series is another patient's."""
    mine, other = (
        slices(tmp_path / "a", 2),
        slices(tmp_path / "b", 1, PatientName="DUCK^Donald", PatientID="S9991119"),
    )
    asked = ViewPatient("S9991118", name="MOUSE^Minnie")
    window = open_window(
        shown=view(mine, other, asked=asked), tickable=True, reviewer="A. Operator", mandatory=True
    )
    assert window.reviewing is not None
    bar = window.reviewing.bar
    assert "1 of 2 series" in bar.words
    press(qtbot, window, Qt.Key.Key_N)
    assert "2 of 2 series" in bar.words
    kinds = lambda: {sign.kind for sign in window.panels.signs.shown}  # noqa: E731
    qtbot.waitUntil(
        lambda: SignKind.OTHER_PATIENT in kinds() and "still looking" not in bar.words, timeout=5000
    )
    assert not bar.button.isEnabled()  # nothing is ticked
    window.rail.set_ticked([image.sop_instance_uid for image in mine.images])
    bar.seen_signs.setChecked(True)
    with qtbot.waitSignal(window.review_confirmed, timeout=1000) as confirmed:
        bar.button.click()
    review = confirmed.args[0]
    assert review.by == "A. Operator"
    assert set(review.sop_instance_uids) == window.ticked() == {i.sop_instance_uid for i in mine.images}
    assert SignKind.OTHER_PATIENT in review.signs


def test_a_sign_leads_to_the_image_that_it_is_about(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    mine, other = slices(tmp_path / "a", 2), slices(tmp_path / "b", 3)
    window = open_window(mine, other, reviewer="A. Operator")
    press(qtbot, window, Qt.Key.Key_G)
    assert window.panels.signs.isVisible()
    uid = other.images[2].sop_instance_uid
    window.panels.signs.chosen.emit(Sign(SignKind.EMPTY, "", "2.25.5", other.series_uid, (uid,)))
    settle(qtbot, window.panes.active)
    assert (window.panes.active.count, window.panes.active.place) == (3, 2)


# --- remembered ------------------------------------------------------------------------------------------------


def test_panes_and_toggles_are_remembered(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot, state: MemoryState
) -> None:
    series = (slices(tmp_path / "a", 1), slices(tmp_path / "b", 2))
    window = open_window(*series)
    for key in (Qt.Key.Key_F4, Qt.Key.Key_L, Qt.Key.Key_X):
        press(qtbot, window, key)
    window.close()
    again = open_window(*series)
    assert (again.panes.count, again.panes.linked, again.panes.scouts) == (4, True, False)
    assert again.toolbar.buttons["four"].isChecked()
    assert again.panels.isHidden()


def test_a_second_viewer_stands_beside_the_first(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    one, other = open_window(slices(tmp_path / "a", 2)), open_window(slices(tmp_path / "b", 3))
    assert not one.isModal()
    one.close()
    press(qtbot, other, Qt.Key.Key_End)
    assert other.panes.active.picture is not None
    assert other.panes.active.place == 2


# --- sharp on every display ------------------------------------------------------------------------------------

_AT_200 = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
app = QApplication([])
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.workers.stacks import Stack
from tests.viewing import FolderSource, slices, view
series = slices(Path(sys.argv[1]), 1)
feed = FrameFeed(FolderSource())
pane = Pane(0, feed, Theme(app, ThemeChoice.LIGHT))
pane.resize(200, 200)
pane.show()
pane.open(Stack(view(series).studies[0], series))
while pane.picture is None:
    app.processEvents()
from dataclasses import replace
pane.set_port(replace(pane.port, zoom=1.0))
image = pane.grab().toImage()
assert (image.width(), image.devicePixelRatio()) == (400, 2.0)
shown = bytes(image.pixelColor(184 + x, 184 + y).red() for y in range(32) for x in range(32))
assert shown == pane.picture.data, "not pixel by pixel"
feed.close()
print("sharp")
"""


def test_one_to_one_is_pixel_by_pixel_at_200_percent(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "QT_SCALE_FACTOR": "2", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", _AT_200, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, cwd=root)
    assert done.stdout.strip() == "sharp", done.stderr


def test_a_picture_for_a_large_image_is_averaged_not_skipped(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    """Lines one pixel wide, of 4,096, would come and go in a pane of a few hundred."""
    pixels = np.zeros((4096, 4096), np.uint8)
    pixels[:, ::2] = 200
    window = open_window(
        ViewSeries("2.25.8", "DX", images=(write(tmp_path, "large", pixels, Modality="DX"),))
    )
    pane = window.panes.active
    qtbot.waitUntil(lambda: pane.picture is not None and pane.picture.look.reduce >= 4, timeout=10_000)
    assert {grey_at(pane, x, 2048) for x in range(1500, 2500, 37)} == {100}
