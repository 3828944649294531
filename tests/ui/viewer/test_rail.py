"""The rail: thumbnails by study and series, ticks that start empty, all by keyboard, and size that does not matter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.viewing import (
    Sign,
    SignKind,
    ViewImage,
    ViewPatient,
    ViewSeries,
    ViewSet,
    ViewStudy,
)
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.pictures import Pictures
from iep_desktop.ui.viewer.rail import Rail
from iep_desktop.ui.viewer.rail_model import GROUP, Pick, RailModel, Role
from iep_desktop.workers.queries import Queries

MOUSE = ViewPatient("S999111", "9990000018", "MOUSE^Minnie", date(1961, 3, 17))
DUCK = ViewPatient("S999222", "9990000026", "DUCK^Donald", date(1934, 6, 9))
HEAD, BONE, FAST = "1.1", "1.2", "2.1"
MakePicture = Callable[[Pick, Context], object]


@dataclass(frozen=True)
class Grey:
    """One shade everywhere."""

    shade: int = 128
    width: int = 8
    height: int = 8
    channels: int = 1

    @property
    def data(self) -> bytes:
        return bytes([self.shade]) * (self.width * self.height)


def series(uid: str, count: int, description: str = "", expected: int | None = None) -> ViewSeries:
    images = tuple(ViewImage(f"{uid}.{n}", number=n) for n in range(1, count + 1))
    return ViewSeries(uid, "CT", 1, description, images, expected)


def small_set(*more: ViewStudy) -> ViewSet:
    head = ViewStudy(
        "1", MOUSE, date(2026, 11, 24), "CT head", series=(series(HEAD, 5, "Head axial"), series(BONE, 3))
    )
    fast = ViewStudy("2", MOUSE, date(2026, 11, 24), "US abdomen", series=(series(FAST, 1, "FAST"),))
    return ViewSet("Review", (head, fast, *more))


@pytest.fixture
def make_rail(queries: Queries, theme: Theme, qtbot: QtBot) -> Callable[..., Rail]:
    def make(make_picture: MakePicture = lambda _pick, _ctx: Grey(), height: int = 600) -> Rail:
        pictures: Pictures[Pick] = Pictures(make_picture, queries)  # type: ignore[arg-type]
        rail = Rail(theme, pictures)
        pictures.setParent(rail)
        qtbot.addWidget(rail)
        rail.resize(240, height)
        rail.show()
        qtbot.waitExposed(rail)
        return rail

    return make


def at(rail: Rail, uid: str) -> QModelIndex:
    index = rail.model.index_of_series(uid)
    assert index.isValid()
    return index


def uids(uid: str, count: int) -> set[str]:
    return {f"{uid}.{n}" for n in range(1, count + 1)}


def click(rail: Rail, qtbot: QtBot, index: QModelIndex, point: QPoint) -> None:
    place = rail.tree.visualRect(index).topLeft() + point
    qtbot.mouseClick(rail.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)


# --- what it says ----------------------------------------------------------------------------------------------


def test_rows_say_what_a_series_is(make_rail: Callable[..., Rail]) -> None:
    rail = make_rail()
    study = ViewStudy("1", MOUSE, series=(series(HEAD, 412, "Head axial 0.6 mm"), series(BONE, 2, "", 3)))
    rail.set_view(ViewSet("Review", (study,)))
    assert at(rail, HEAD).data() == "Head axial 0.6 mm"
    assert at(rail, HEAD).data(Role.SECOND) == "CT, 412 images"
    assert at(rail, BONE).data() == "Series 1"
    assert at(rail, BONE).data(Role.SECOND) == "CT, 2 of 3 images"


def test_patients_are_named_where_there_are_several(make_rail: Callable[..., Rail]) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    assert rail.model.index(0, 0).data(Role.SECOND) == "24/11/2026"
    rail.set_view(small_set(ViewStudy("3", DUCK, date(2026, 10, 29), "MR knee")))
    assert rail.model.index(0, 0).data(Role.SECOND) == "24/11/2026, MOUSE, Minnie"
    assert rail.model.index(2, 0).data(Role.SECOND) == "29/10/2026, DUCK, Donald"


def test_signs_and_places_stand_in_the_row_and_in_its_spoken_text(make_rail: Callable[..., Rail]) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.set_signs([Sign(SignKind.BURNED_IN, "Text in the pixels", "1", HEAD, (f"{HEAD}.2",))])
    rail.set_places({HEAD: "left pane"})
    spoken = at(rail, HEAD).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Head axial, CT, 5 images, left pane, burned-in text"
    image = rail.model.index(1, 0, at(rail, HEAD))
    assert image.data(Qt.ItemDataRole.AccessibleTextRole) == "Image 2, burned-in text"


def test_without_images_it_says_what_comes_next(make_rail: Callable[..., Rail]) -> None:
    rail = make_rail()
    rail.set_view(ViewSet("Review"))
    assert not rail.tree.isVisible()
    rail.set_view(small_set())
    assert rail.tree.isVisible()


def test_the_model_keeps_its_promises(make_rail: Callable[..., Rail]) -> None:
    rail = make_rail()
    model = RailModel()
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    tester = QAbstractItemModelTester(model, mode, model)
    model.set_view(small_set(ViewStudy("3", DUCK, series=(series("3.1", 3 * GROUP + 1), series("3.2", 0)))))
    long = model.index_of_series("3.1")
    last = model.index(0, 0, model.index(3, 0, long))
    assert (model.rowCount(long), last.data(), last.parent().parent()) == (4, "Image 301", long)
    assert tester.model() is model
    assert rail.model.rowCount() == 0


# --- ticks -----------------------------------------------------------------------------------------------------


def test_nothing_is_ticked_to_begin_with(make_rail: Callable[..., Rail]) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    assert rail.ticked() == frozenset()


def test_space_ticks_a_series_and_again_unticks_it(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.select(HEAD)
    with qtbot.waitSignal(rail.ticked_changed):
        qtbot.keyClick(rail.tree, Qt.Key.Key_Space)
    assert rail.ticked() == uids(HEAD, 5)
    qtbot.keyClick(rail.tree, Qt.Key.Key_Space)
    assert rail.ticked() == frozenset()


def test_one_image_ticked_shows_its_series_and_study_in_part(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.select(HEAD)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(rail.tree, key)
    assert rail.ticked() == {f"{HEAD}.2"}
    check = Qt.ItemDataRole.CheckStateRole
    assert Qt.CheckState(at(rail, HEAD).data(check)) is Qt.CheckState.PartiallyChecked
    assert Qt.CheckState(rail.model.index(0, 0).data(check)) is Qt.CheckState.PartiallyChecked
    assert Qt.CheckState(rail.model.index(1, 0).data(check)) is Qt.CheckState.Unchecked


def test_a_study_ticks_all_its_series(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.tree.setCurrentIndex(rail.model.index(0, 0))
    qtbot.keyClick(rail.tree, Qt.Key.Key_Space)
    assert rail.ticked() == uids(HEAD, 5) | uids(BONE, 3)


def test_a_click_on_the_tick_ticks_and_opens_nothing(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    with qtbot.assertNotEmitted(rail.opened):
        click(rail, qtbot, at(rail, BONE), QPoint(24, 40))
    assert rail.ticked() == uids(BONE, 3)


def test_ticks_stay_while_a_set_grows_and_go_with_their_images(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.set_ticked(uids(HEAD, 5) | {"9.9"})
    assert rail.ticked() == uids(HEAD, 5)
    rail.set_view(small_set(ViewStudy("3", MOUSE)))
    assert rail.ticked() == uids(HEAD, 5)
    with qtbot.waitSignal(rail.ticked_changed):
        rail.set_view(ViewSet("Review", (ViewStudy("1", MOUSE, series=(series(HEAD, 2),)),)))
    assert rail.ticked() == uids(HEAD, 2)


def test_where_nothing_can_be_chosen_there_is_nothing_to_tick(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    rail = make_rail()
    rail.set_tickable(False)
    rail.set_view(small_set())
    rail.select(HEAD)
    qtbot.keyClick(rail.tree, Qt.Key.Key_Space)
    assert rail.ticked() == frozenset()
    assert at(rail, HEAD).data(Qt.ItemDataRole.CheckStateRole) is None


# --- opening ---------------------------------------------------------------------------------------------------


def test_enter_opens_the_series(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.select(BONE)
    with qtbot.waitSignal(rail.opened) as heard:
        qtbot.keyClick(rail.tree, Qt.Key.Key_Return)
    study, opened = heard.args
    assert (study.study_uid, opened.series_uid) == ("1", BONE)


def test_a_click_on_a_row_opens_it(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    with qtbot.waitSignal(rail.opened) as heard:
        click(rail, qtbot, at(rail, FAST), QPoint(150, 40))
    assert heard.args[1].series_uid == FAST


def test_enter_on_an_image_opens_its_series_at_that_image(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    rail = make_rail()
    rail.set_view(small_set())
    rail.select(HEAD)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(rail.tree, key)
    heard: list[str] = []
    rail.opened.connect(lambda _study, opened: heard.append(opened.series_uid))
    rail.image_opened.connect(lambda _study, _series, image: heard.append(image.sop_instance_uid))
    qtbot.keyClick(rail.tree, Qt.Key.Key_Enter)
    assert heard == [HEAD, f"{HEAD}.2"]


# --- pictures --------------------------------------------------------------------------------------------------


def test_the_middle_image_stands_for_a_series_and_is_painted(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    asked: list[str] = []

    def picture(pick: Pick, _ctx: Context) -> Grey:
        asked.append(pick.image.sop_instance_uid)
        return Grey(200)

    rail = make_rail(picture)
    rail.set_view(small_set())
    qtbot.waitUntil(lambda: len(asked) == 3)
    assert sorted(asked) == sorted([f"{HEAD}.3", f"{BONE}.2", f"{FAST}.1"])  # two are asked for at once
    qtbot.waitUntil(lambda: _painted(rail, HEAD) == 200)


def _painted(rail: Rail, uid: str) -> int:
    """The red of the middle of a series' picture."""
    rect = rail.tree.visualRect(at(rail, uid))
    place = rect.topLeft() + QPoint(44 + 32, 40)
    return rail.tree.viewport().grab().toImage().pixelColor(place).red()


def test_what_has_no_picture_says_why(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    def picture(_pick: Pick, _ctx: Context) -> Grey:
        raise Permanent("The image cannot be shown", "The compressed frame is damaged.")

    rail = make_rail(picture)
    rail.set_view(small_set())
    qtbot.waitUntil(lambda: at(rail, HEAD).data(Role.WARNING) == "no picture")
    assert "The compressed frame is damaged." in at(rail, HEAD).data(Qt.ItemDataRole.ToolTipRole)


def test_a_picture_that_a_silent_pacs_did_not_give_is_asked_for_again_when_it_is_looked_at_again(
    queries: Queries, qtbot: QtBot
) -> None:
    asked: list[str] = []

    def make(key: str, _ctx: Context) -> Grey:
        asked.append(key)
        if len(asked) < 3:
            raise NodeUnreachable("PACS is silent") if key == "silent" else Permanent("Damaged")
        return Grey()

    pictures: Pictures[str] = Pictures(make, queries, patience=0.0)
    for key in ("silent", "damaged", "damaged", "silent"):
        pictures.want([key])
        qtbot.waitUntil(lambda: not pictures._running)
    assert asked == ["silent", "damaged", "silent"]
    picture = pictures.of("silent")
    assert picture is not None
    assert not picture.image.isNull()
    pictures.setParent(queries)


def test_a_document_is_called_one_and_no_picture_is_asked_for(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    asked: list[str] = []

    def picture(pick: Pick, _ctx: Context) -> Grey:
        asked.append(pick.image.sop_instance_uid)
        return Grey()

    rail = make_rail(picture)
    report = ViewImage("9.1.1", "1.2.840.10008.5.1.4.1.1.88.11")
    study = ViewStudy("9", MOUSE, series=(ViewSeries("9.1", "SR", 1, "Report", (report,)), series(HEAD, 1)))
    rail.set_view(ViewSet("Review", (study,)))
    qtbot.waitUntil(lambda: asked == [f"{HEAD}.1"])
    assert at(rail, "9.1").data(Role.SECOND) == "SR, 1 document"
    assert at(rail, "9.1").data(Role.WARNING) == ""


def test_what_is_scrolled_away_is_let_go(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    begun: list[str] = []
    cancelled = threading.Event()
    go = threading.Event()

    def picture(pick: Pick, ctx: Context) -> Grey:
        begun.append(pick.series.series_uid)
        ctx.on_cancel(cancelled.set)
        go.wait(5)
        return Grey()

    rail = make_rail(picture, height=160)
    many = tuple(series(f"5.{n}", 2, f"Series {n}") for n in range(200))
    rail.set_view(ViewSet("Review", (ViewStudy("5", MOUSE, series=many),)))
    qtbot.waitUntil(lambda: set(begun) == {"5.0", "5.1"})
    rail.tree.scrollToBottom()
    qtbot.waitUntil(cancelled.is_set)
    go.set()
    qtbot.waitUntil(lambda: "5.199" in begun)
    assert len(begun) < 20, "pictures were made that nobody sees"


def test_a_hidden_rail_asks_for_nothing(make_rail: Callable[..., Rail], qtbot: QtBot) -> None:
    asked: list[str] = []

    def picture(pick: Pick, _ctx: Context) -> Grey:
        asked.append(pick.image.sop_instance_uid)
        return Grey()

    rail = make_rail(picture)
    rail.hide()
    rail.set_view(small_set())
    assert asked == []
    rail.show()
    qtbot.waitUntil(lambda: len(asked) == 3)


@pytest.mark.alone
def test_a_hundred_thousand_images_do_not_hold_the_window_up(
    make_rail: Callable[..., Rail], qtbot: QtBot
) -> None:
    rail = make_rail()
    long = tuple(series(f"7.{n}", 20_000, "Perfusion") for n in range(5))
    view = ViewSet("Review", (ViewStudy("7", MOUSE, series=long),))
    first = rail.model.index

    def steps() -> dict[str, Callable[[], object]]:
        return {
            "show": lambda: rail.set_view(view),
            "unfold": lambda: rail.tree.expand(at(rail, "7.0")),
            "unfold a group": lambda: rail.tree.expand(first(150, 0, at(rail, "7.0"))),
            "tick all": lambda: rail.model.setData(first(0, 0), Qt.CheckState.Checked, 10),
            "scroll": rail.tree.scrollToBottom,
        }

    for name, step in steps().items():
        began = time.monotonic()
        step()
        rail.tree.viewport().repaint()
        assert time.monotonic() - began < 0.5, name
    assert len(rail.ticked()) == 100_000
