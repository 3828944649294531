from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.exchange import QueueView, SlotRow, WaitingRow
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction, InstanceCounts, Slot, SlotKind, Status
from iep_desktop.ui.queues import rows as lines
from tests.ui.exchange_rows import transfer
from tests.ui.fake_desk import NOW

HOSPITALS = {"RX1": "Nottingham University Hospitals", "RTG": "Derby"}


def line(*what: tuple[Direction, Priority]) -> tuple[WaitingRow, ...]:
    return tuple(
        WaitingRow(transfer(n, direction, priority=priority, status=Status.NEW), n)
        for n, (direction, priority) in enumerate(what, start=1)
    )


OUT, IN = Direction.OUT, Direction.IN
NORMAL, BATCH, BLUE = Priority.NORMAL, Priority.BATCH, Priority.BLUE_LIGHT
MIXED = line((OUT, BLUE), (OUT, NORMAL), (IN, NORMAL), (OUT, NORMAL), (OUT, NORMAL), (OUT, BATCH))


def test_up_and_down_stay_among_rows_of_the_same_priority_and_direction() -> None:
    assert lines.up(MIXED, 0) is None
    assert lines.down(MIXED, 0) is None
    assert lines.up(MIXED, 1) is None
    assert lines.down(MIXED, 1) == lines.Move(2, 5)
    assert lines.up(MIXED, 3) == lines.Move(4, 2)
    assert lines.down(MIXED, 3) == lines.Move(4, None)
    assert lines.up(MIXED, 2) is None


def test_a_drop_outside_its_like_is_no_move() -> None:
    assert lines.dropped(MIXED, 4, 0) is None
    assert lines.dropped(MIXED, 1, 6) is None
    assert lines.dropped(MIXED, 4, 1) == lines.Move(5, 2)
    assert lines.dropped(MIXED, 1, 5) == lines.Move(2, None)


@pytest.mark.parametrize("target", [1, 2])
def test_a_drop_where_it_stands_already_is_no_move(target: int) -> None:
    assert lines.dropped(MIXED, 1, target) is None


KINDS = st.tuples(st.sampled_from(Direction), st.sampled_from(Priority))


@given(st.lists(KINDS, min_size=1, max_size=12), st.data())
def test_no_move_ever_leaves_its_like(kinds: list[tuple[Direction, Priority]], data: st.DataObject) -> None:
    rows = line(*kinds)
    at = data.draw(st.integers(0, len(rows) - 1))
    target = data.draw(st.integers(0, len(rows)))
    like = {row.transaction.id for row in rows if lines.is_like(row.transaction, rows[at].transaction)}
    for move in (lines.up(rows, at), lines.down(rows, at), lines.dropped(rows, at, target)):
        if move is not None:
            assert move.id == rows[at].transaction.id
            assert move.before is None or move.before in like - {move.id}


def test_a_slot_says_who_to_whom_and_how_fast() -> None:
    paces = lines.Paces()
    running = transfer(8, OUT, counts=InstanceCounts(sent=100, listed=900))
    for second, sent in ((0.0, 100), (2.0, 300)):
        moved = replace(running, counts=InstanceCounts(sent=sent, listed=1000 - sent))
        row = SlotRow(Slot(SlotKind.OUTBOUND, 1, 8), moved)
        paces.saw(QueueView((row,), ()), second)
    words = lines.slot_words(row, HOSPITALS, paces)
    assert (words.name, words.who, words.where) == (
        "Out 1", "MOUSE, Minnie", "to Nottingham University Hospitals",
    )  # fmt: skip
    assert words.speed == "100 images/s, about 7 s left"
    assert words.fraction == pytest.approx(0.3)


def test_a_free_slot_and_one_of_another_workstation_are_told_apart() -> None:
    paces = lines.Paces()
    assert lines.slot_words(SlotRow(Slot(SlotKind.INBOUND, 2)), HOSPITALS, paces).who == ""
    assert lines.slot_words(SlotRow(Slot(SlotKind.INBOUND, 2, 77)), HOSPITALS, paces).who == "in use"


def test_what_a_row_waits_for_is_said() -> None:
    row = MIXED[1]
    assert lines.starts_words(replace(row, why="Paused"), NOW) == "Paused"
    assert lines.starts_words(row, NOW) == "as soon as a slot is free"
    assert lines.starts_words(replace(row, starts=NOW), NOW) == "next"
    assert lines.starts_words(replace(row, starts=NOW.replace(hour=15)), NOW) == "about 15:09"


def test_destinations_are_those_of_what_goes_out_and_those_that_are_paused() -> None:
    view = QueueView((), MIXED, frozenset({"", "RNQ"}))
    assert lines.destinations(view) == ("RNQ", "RX1")
