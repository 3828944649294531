from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import Refused
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, InstanceCounts, SlotKind, Status
from iep_desktop.ui.acts import Act
from iep_desktop.ui.queues.model import MIME, Col
from iep_desktop.ui.queues.page import QueuesPage
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist.around import Around
from iep_desktop.workers.queries import Queries
from tests.ui.exchange_rows import exchange_desk, transfer
from tests.ui.fake_desk import NOW, FakeDesk, desk_of

Open = Callable[..., QueuesPage]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def desk() -> FakeDesk:
    return exchange_desk()


@pytest.fixture
def open_page(queries: Queries, theme: Theme, qtbot: QtBot) -> Open:
    def made(desk: FakeDesk, width: int = 1280, height: int = 560) -> QueuesPage:
        around = Around(
            desk.reading, queries, "A. Operator", theme, desk.transfers, desk.worklists_saved,
            lambda _: None, lambda: NOW,  # type: ignore[arg-type, return-value]
        )  # fmt: skip
        page = QueuesPage(desk.queue, around)
        qtbot.addWidget(page)
        page.resize(width, height)
        page.show()
        refresh(page, qtbot)
        return page

    return made


def refresh(page: QueuesPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.counted):
        page.refresh()


def ids(page: QueuesPage) -> list[int]:
    return [row.transaction.id for row in page.model.rows]


def choose(page: QueuesPage, id: int) -> None:
    at = page.model.at(id)
    assert at is not None
    page.line.setCurrentIndex(page.model.index(at, 0))


def test_nine_slots_stand_with_what_runs_in_each(open_page: Open, desk: FakeDesk) -> None:
    page = open_page(desk)
    kinds = [kind for kind, _ in page.slots.lines]
    assert {kind: kinds.count(kind) for kind in SlotKind} == {
        SlotKind.INBOUND: 4, SlotKind.OUTBOUND: 4, SlotKind.BLUE_LIGHT: 1,
    }  # fmt: skip
    first = page.slots.lines[SlotKind.OUTBOUND, 1]
    assert first.accessibleName() == (
        "Slot Out 1: MOUSE, Minnie, to Nottingham University Hospitals, 527 of 823"
    )
    assert page.slots.lines[SlotKind.BLUE_LIGHT, 1].accessibleName() == "Slot Blue Light: free"
    assert page.heading.text() == "2 run, 10 wait"


def test_the_line_says_place_priority_and_until_when_it_waits(open_page: Open, desk: FakeDesk) -> None:
    page = open_page(desk)
    said = [str(page.model.index(0, col).data()) for col in Col]
    assert said == [
        "1", "Out", "WAITING, No0", "Nottingham University Hospitals", "Blue Light", "100", "about 14:31",
    ]  # fmt: skip
    last = page.model.rowCount() - 1
    assert page.model.index(last, Col.STARTS).data() == "Night window"
    assert page.model.index(0, Col.PLACE).data(Qt.ItemDataRole.AccessibleTextRole) == "Place: 1"


def test_alt_and_arrows_move_a_row_among_its_like_and_it_stays_chosen(
    open_page: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = open_page(desk)
    before = ids(page)
    choose(page, 22)
    with qtbot.waitSignal(page.counted):
        qtbot.keyClick(page.line, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert desk.queue.calls == [("place", 22, 21)]
    assert ids(page).index(22) == before.index(22) - 1
    assert page.line.current() is not None
    assert page.line.current().id == 22  # type: ignore[union-attr]
    with qtbot.waitSignal(page.counted):
        qtbot.keyClick(page.line, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert ids(page) == before


def test_dragging_does_the_same(open_page: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    page = open_page(desk)
    at, target = page.model.at(25), page.model.at(22)
    assert at is not None
    assert target is not None
    data = page.model.mimeData([page.model.index(at, 0)])
    nowhere = QModelIndex()
    assert page.model.canDropMimeData(data, Qt.DropAction.MoveAction, target, 0, nowhere)
    assert not page.model.canDropMimeData(data, Qt.DropAction.MoveAction, 0, 0, nowhere)
    with qtbot.waitSignal(page.counted):
        page.model.dropMimeData(data, Qt.DropAction.MoveAction, target, 0, nowhere)
    assert desk.queue.calls == [("place", 25, 22)]
    foreign = QMimeData()
    foreign.setData(MIME, b"nobody")
    assert not page.model.canDropMimeData(foreign, Qt.DropAction.MoveAction, target, 0, nowhere)


def test_everything_or_one_destination_is_paused_and_resumed(
    open_page: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = open_page(desk)
    with qtbot.waitSignal(page.counted):
        page.pause_all.click()
    assert desk.queue.paused == {""}
    assert page.paused.text() == "Paused: everything"
    assert page.model.index(0, Col.STARTS).data() == "Paused"
    assert page.pause_all.text() == "&Resume all"
    with qtbot.waitSignal(page.counted):
        page.pause_all.click()
    with qtbot.waitSignal(page.counted):
        page.destinations_menu.actions()[0].trigger()
    assert desk.queue.paused == {"RX1"}
    assert page.paused.text() == "Paused: Nottingham University Hospitals"
    assert page.destinations_menu.actions()[0].text() == "Resume Nottingham University Hospitals"


def test_buttons_hurry_cancel_and_show_the_chosen_one(open_page: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    page = open_page(desk)
    choose(page, 21)
    for button, act in ((page.hurry_button, Act.RAISE), (page.cancel_button, Act.CANCEL)):
        with qtbot.waitSignal(page.wished) as wished:
            button.click()
        assert (wished.args[0].act, wished.args[0].transaction.id) == (act, 21)
    with qtbot.waitSignal(page.opened) as opened:
        qtbot.keyClick(page.line, Qt.Key.Key_Return)
    assert opened.args[0].id == 21
    choose(page, 20)
    assert page.hurry_button.text() == "&Lower…"
    assert not page.up_button.isEnabled()


def test_the_menu_key_asks_for_the_acts_of_a_row(open_page: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    page = open_page(desk)
    with qtbot.waitSignal(page.line.menu_wanted) as asked:
        qtbot.keyClick(page.line, Qt.Key.Key_Menu)
    assert asked.args[0].id == 20
    assert isinstance(asked.args[1], QPoint)


def test_a_move_that_somebody_else_forestalled_is_told_and_the_line_is_fresh(
    open_page: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = open_page(desk)
    choose(page, 22)
    desk.reading.replace(21, queued=False)

    def begun(id: int, before: int | None) -> None:
        raise Refused("2026-000021 has begun", "It does not wait any more.", "Refresh.")

    desk.queue.place = begun  # type: ignore[method-assign]
    qtbot.keyClick(page.line, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert page.banner.title.text() == "2026-000021 has begun"
    qtbot.waitUntil(lambda: 21 not in ids(page))


def test_a_search_narrows_the_line_and_nobody_is_moved_past_those_it_hides(
    open_page: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = open_page(desk)
    everybody = {row.transaction.id: row.place for row in page.model.rows}
    wanted = page.model.rows[-1].transaction
    with qtbot.waitSignal(page.counted):
        page.set_search(wanted.number)
    assert ids(page) == [wanted.id]
    assert page.model.rows[0].place == everybody[wanted.id]
    assert page.heading.text() == "2 run, 10 wait, 1 found"
    assert len(page.slots.lines) == 9
    assert not page.up_button.isEnabled()
    assert not page.down_button.isEnabled()
    assert not page.line.dragEnabled()
    with qtbot.waitSignal(page.counted):
        page.set_search("nobody")
    assert page.empty.isVisible()
    assert page.empty.title.text() == "No transactions found. Try refining your search criteria"
    with qtbot.waitSignal(page.counted):
        page.set_search("")
    assert {row.transaction.id: row.place for row in page.model.rows} == everybody
    assert page.line.dragEnabled()


def test_while_a_search_narrows_the_line_no_key_moves_a_row(
    open_page: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    page = open_page(desk)
    with qtbot.waitSignal(page.counted):
        page.set_search("2026")  # finds all of them
    choose(page, page.model.rows[1].transaction.id)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(page.line, key, Qt.KeyboardModifier.AltModifier)
    assert [call for call in desk.queue.calls if call[0] == "place"] == []


def test_nothing_waiting_says_so(open_page: Open) -> None:
    page = open_page(desk_of())
    assert page.empty.isVisible()
    assert page.heading.text() == "0 run, 0 wait"
    assert not page.up_button.isEnabled()
    assert not page.details_button.isEnabled()


def test_where_it_is_low_slots_and_line_take_turns(open_page: Open, desk: FakeDesk) -> None:
    page = open_page(desk, 640, 240)
    assert page.part.isVisible()
    assert not page.line.isVisible()
    page.part._buttons["line"].click()
    assert page.line.isVisible()
    assert not page.slots.isVisible()


def long_line(count: int) -> FakeDesk:
    return desk_of(
        *(
            transfer(n, Direction.OUT, ago=timedelta(seconds=count - n), status=Status.NEW,
                     priority=Priority.NORMAL, counts=InstanceCounts(listed=n))
            for n in range(1, count + 1)
        )
    )  # fmt: skip


def test_news_do_not_move_what_is_chosen_or_scrolled_to(open_page: Open, qtbot: QtBot) -> None:
    desk = long_line(500)
    page = open_page(desk)
    choose(page, 300)
    page.line.verticalScrollBar().setValue(4000)
    resets: list[object] = []
    page.model.modelReset.connect(lambda: resets.append(1))
    desk.reading.replace(299, counts=InstanceCounts(listed=7))
    desk.reading.replace(450, queued=False)
    refresh(page, qtbot)
    assert len(ids(page)) == 499
    assert page.line.current() is not None
    assert page.line.current().id == 300  # type: ignore[union-attr]
    assert page.line.verticalScrollBar().value() == 4000
    assert resets == []


@pytest.mark.alone
def test_five_hundred_waiting_rows_stay_smooth(open_page: Open, qtbot: QtBot) -> None:
    desk = long_line(500)
    page = open_page(desk)
    gaps: list[float] = []
    last = [time.perf_counter()]
    bar = page.line.verticalScrollBar()

    def beat() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now
        bar.setValue((bar.value() + 64) % bar.maximum())

    timer = QTimer(page)
    timer.setInterval(5)
    timer.timeout.connect(beat)
    timer.start()
    for n in range(1, 21):
        desk.reading.replace(n, queued=False)
        refresh(page, qtbot)
    timer.stop()
    typical = sorted(gaps)[len(gaps) * 9 // 10]
    assert len(ids(page)) == 480
    assert typical < 0.05, f"a step took {typical * 1000:.0f} ms"


def test_words_of_a_patient_are_never_markup(open_page: Open) -> None:
    desk = desk_of(
        transfer(
            1, Direction.OUT, name="<b>BOLD^Ann & Bob", status=Status.UPLOADING, counts=InstanceCounts(sent=1)
        )
    )
    page = open_page(desk)
    slot = page.slots.lines[SlotKind.OUTBOUND, 1]
    assert slot.who.text() == "<B>BOLD, Ann && Bob" or slot.who.text() == "<b>BOLD, Ann && Bob"
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in slot.findChildren(QLabel))
