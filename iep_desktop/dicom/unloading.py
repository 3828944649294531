"""A thread that hashes and writes what has come while the next is read off the line, for a retrieve.

Owns the buffers into which is read, whose number bounds the memory, and the order: what is given first is done first.
A listener must not use this, for its sender waits for the disk anyway (PS3.4 B.2.3).
"""

from __future__ import annotations

import functools
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

BUFFER = 1 << 20  # bytes
_MOST = 8  # buffers
_STRETCH = 32  # steps from mark to mark
_BEHIND = (
    3  # stretches: of small instances many would fit into the buffers, and cancelling would wait for all
)

Step = Callable[[], None]


class Unloading:
    """A context manager: at its end everything that was given is done."""

    def __init__(self) -> None:
        self._steps: queue.SimpleQueue[Sequence[Step] | None] = queue.SimpleQueue()
        self._next: list[Step] = []  # collected: each waking of the thread costs more than what it is for
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        self._marks: deque[threading.Event] = deque()
        self._given = self._made = 0
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="unloading")

    def do(self, step: Step) -> None:
        """After all that was given before, when it is passed on. Waits where too much is to be done already."""
        self._next.append(step)
        self._given += 1
        if self._given % _STRETCH == 0:
            mark = threading.Event()
            self._next.append(mark.set)
            self.pass_on()
            self._marks.append(mark)
            if len(self._marks) > _BEHIND:
                self._marks.popleft().wait()

    def pass_on(self) -> None:
        """Begin what was given so far: an instance is whole, or what was read is worth it."""
        if self._next:
            self._steps.put(self._next)
            self._next = []

    def wait(self) -> None:
        """Until all that was given is done."""
        done = threading.Event()
        self._next.append(done.set)
        self.pass_on()
        done.wait()

    def exchange(self, full: memoryview | None = None) -> memoryview:
        """An empty buffer for a full one, which is used again when all that was given is done."""
        if full is not None:
            self._next.append(functools.partial(self._free.put, full))
            self.pass_on()
        if self._made < _MOST and self._free.empty():
            self._made += 1
            return memoryview(bytearray(BUFFER))
        return self._free.get()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.pass_on()
        self._steps.put(None)
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def _run(self) -> None:
        while (steps := self._steps.get()) is not None:
            for step in steps:
                try:
                    step()
                except BaseException as exc:  # noqa: BLE001 - who reads waits for its buffers; raised at the end
                    self._error = self._error or exc
