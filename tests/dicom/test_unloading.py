"""What is done beside the line is done in order, whole at the end, and never so far behind that memory grows."""

from __future__ import annotations

import functools
import threading

import pytest

from iep_desktop.dicom.unloading import BUFFER, Unloading


def test_steps_are_done_in_order_and_all_of_them_at_the_end() -> None:
    done: list[int] = []
    with Unloading() as beside:
        for number in range(1000):
            beside.do(functools.partial(done.append, number))
    assert done == list(range(1000))


def test_who_waits_goes_on_when_all_before_is_done() -> None:
    done: list[str] = []
    gate = threading.Event()
    with Unloading() as beside:
        beside.do(gate.wait)
        beside.do(functools.partial(done.append, "written"))
        threading.Timer(0.05, gate.set).start()
        beside.wait()
        assert done == ["written"]


def test_a_buffer_is_used_again_only_when_what_was_given_before_is_done() -> None:
    seen: list[int] = []
    with Unloading() as beside:
        buffer = beside.exchange()
        for number in range(40):
            buffer[0] = number
            beside.do(functools.partial(_look, buffer, seen))
            buffer = beside.exchange(buffer)
    assert seen == list(range(40))


def _look(buffer: memoryview, seen: list[int]) -> None:
    threading.Event().wait(0.001)
    seen.append(buffer[0])


def test_there_are_few_buffers_however_slow_the_disk_is() -> None:
    used: set[int] = set()
    with Unloading() as beside:
        buffer = beside.exchange()
        for _ in range(40):
            used.add(id(buffer.obj))
            beside.do(functools.partial(threading.Event().wait, 0.001))
            buffer = beside.exchange(buffer)
    assert len(used) * BUFFER <= 8 << 20


def test_nobody_is_more_than_some_steps_ahead() -> None:
    done: list[int] = []
    ahead = 0
    with Unloading() as beside:
        for number in range(2000):
            beside.do(functools.partial(done.append, number))
            ahead = max(ahead, number - len(done))
    assert 0 < ahead <= 200


def test_a_step_that_fails_is_told_at_the_end_and_stops_no_other() -> None:
    done: list[str] = []
    with pytest.raises(MemoryError):
        _with_a_broken_step(done)
    assert done == ["before", "after"]


def _with_a_broken_step(done: list[str]) -> None:
    def broken() -> None:
        raise MemoryError("no room")

    with Unloading() as beside:
        for step in (
            functools.partial(done.append, "before"),
            broken,
            functools.partial(done.append, "after"),
        ):
            beside.do(step)
