"""Instances on their way out, made ready ahead of whoever sends them; several may take from it at once.

Must not know how they are sent. Making ready happens in one thread of its own, in the order of the instances.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from iep_desktop.core.transaction import Instance

if TYPE_CHECKING:
    from iep_desktop.dicom.sendfile import SendFile


@dataclass(frozen=True)
class Prepared:
    """An instance that is ready to be sent, or why it is not."""

    instance: Instance
    file: SendFile | None = None
    reason: str = ""
    temporary: bool = False  # the file is there for this alone, and removed afterwards

    def discard(self) -> None:
        if self.temporary and self.file is not None:
            self.file.path.unlink(missing_ok=True)


class Feed:
    """A context manager; leaving it early leaves no temporary file."""

    def __init__(
        self, instances: Iterable[Instance], prepare: Callable[[Instance], Prepared], ahead: int
    ) -> None:
        """`prepare` may raise: whoever takes the instance gets that. `ahead`: instances that are made ready early."""
        self._left = iter(instances)
        self._prepare = prepare
        self._ahead = ahead
        self._thread = ThreadPoolExecutor(1, "prepare")
        self._ready: deque[Future[Prepared]] = deque()
        self._returned: list[Prepared] = []
        self._taken = 0
        self._over = False
        self._changed = threading.Condition()

    def take(self, most: int, *, to_the_last: bool = False) -> Sequence[Prepared]:
        """The next, as many as are there up to `most`; none at the end. With `to_the_last` the end is only where
        nobody else has anything that may be given back. Raises what the preparing raised."""
        with self._changed:
            while not (waiting := self._next(most)) and to_the_last and self._taken and not self._over:
                self._changed.wait()
            self._taken += len(waiting)
        try:
            return [one if isinstance(one, Prepared) else one.result() for one in waiting]
        except BaseException:
            for one in waiting:
                _discard(one)
            self._put_down(len(waiting))
            raise

    def done(self, group: Sequence[Prepared]) -> None:
        """They are sent, or never will be."""
        for item in group:
            item.discard()
        self._put_down(len(group))

    def give_back(self, group: Sequence[Prepared]) -> None:
        """They are not sent, and somebody else may."""
        with self._changed:
            self._returned += group
        self._put_down(len(group))

    def end(self) -> None:
        """Nothing is given out any more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._thread.shutdown(cancel_futures=True)
        for item in self._returned:
            item.discard()
        for future in self._ready:
            _discard(future)

    def _put_down(self, count: int) -> None:
        with self._changed:
            self._taken -= count
            self._changed.notify_all()

    def _next(self, most: int) -> list[Prepared | Future[Prepared]]:
        if self._over:
            return []
        found: list[Prepared | Future[Prepared]] = []
        while self._returned and len(found) < most:
            found.append(self._returned.pop())
        self._fill(most)
        while self._ready and len(found) < most:
            found.append(self._ready.popleft())
        self._fill(0)
        return found

    def _fill(self, most: int) -> None:
        while len(self._ready) < max(self._ahead, most):
            instance = next(self._left, None)
            if instance is None:
                return
            self._ready.append(self._thread.submit(self._prepare, instance))


def _discard(one: Prepared | Future[Prepared]) -> None:
    if isinstance(one, Future):
        if one.cancelled() or one.exception() is not None:
            return
        one = one.result()
    one.discard()
