"""The library's thread is held only when it really stands still."""

from __future__ import annotations

import threading
from typing import Any, cast

from iep_desktop.dicom import reactor


class Looping(threading.Thread):
    """As the library's: asks whether it may go on, is delayed by a busy machine, and takes what lies there."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._reactor_checkpoint: Any = None
        self.passed, self.delay, self.over = threading.Event(), threading.Event(), False
        self.taken: list[str] = []
        self.queue: list[str] = []

    def run(self) -> None:
        while not self.over:
            self._reactor_checkpoint.wait()
            self.passed.set()
            self.delay.wait()
            self.taken += self.queue[:1]


def test_a_thread_that_has_just_passed_is_waited_for() -> None:
    loop = Looping()
    reactor.install(cast("Any", loop))
    loop.start()
    loop.passed.wait(5)
    held = threading.Event()

    def hold_and_ask() -> None:
        reactor.hold(cast("Any", loop))
        loop.queue.append("the answer")
        held.set()

    asking = threading.Thread(target=hold_and_ask)
    asking.start()
    assert not held.wait(0.2)
    loop.delay.set()
    assert held.wait(5)
    asking.join()
    assert loop.taken == []
    loop.over = True
    loop._reactor_checkpoint.set()
    loop.join(5)


def test_a_thread_that_is_let_go_and_held_again_before_it_wakes_stays() -> None:
    loop = Looping()
    reactor.install(cast("Any", loop))
    loop.delay.set()
    loop.start()
    for _ in range(200):
        reactor.hold(cast("Any", loop))
        loop._reactor_checkpoint.set()
        reactor.hold(cast("Any", loop))
        loop.queue.append("the answer")
        loop.queue.clear()
        assert loop.taken == []
    loop.over = True
    loop._reactor_checkpoint.set()
    loop.join(5)


def test_a_thread_that_has_ended_is_not_waited_for() -> None:
    loop = Looping()
    reactor.install(cast("Any", loop))
    reactor.hold(cast("Any", loop))
    assert not loop.is_alive()
