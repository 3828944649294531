"""Garbage is collected in the thread of the event loop alone."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from typing import ClassVar

import pytest
from pytestqt.qtbot import QtBot

from iep_desktop.workers.collecting import Collecting


class Knot:
    """Refers to itself, so that only the collector frees it; notes in which thread that is."""

    freed_in: ClassVar[list[threading.Thread]] = []

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Knot.freed_in.append(threading.current_thread())


@pytest.fixture
def collecting(qtbot: QtBot) -> Iterator[Collecting]:
    made = Collecting()
    yield made
    made.stop()
    gc.disable()  # as every test has it


def test_what_a_worker_leaves_is_freed_in_the_loops_thread(collecting: Collecting, qtbot: QtBot) -> None:
    Knot.freed_in.clear()
    worker = threading.Thread(target=lambda: [Knot() for _ in range(5_000)] and None)
    worker.start()
    worker.join()
    assert Knot.freed_in == []
    collecting.start()
    qtbot.waitUntil(lambda: len(Knot.freed_in) == 5_000, timeout=10_000)
    assert set(Knot.freed_in) == {threading.main_thread()}


def test_the_oldest_generation_has_its_turn_too(collecting: Collecting) -> None:
    old = Knot()
    gone = weakref.ref(old)
    gc.collect(1)  # among the oldest now
    del old
    for _ in range(2_000):
        for _ in range(gc.get_threshold()[0] + 1):
            knot: list[object] = []
            knot.append(knot)
        collecting.look()
        if gone() is None:
            break
    assert gone() is None


def test_stopped_it_gives_collecting_back(collecting: Collecting) -> None:
    assert not gc.isenabled()
    collecting.stop()
    assert gc.isenabled()
