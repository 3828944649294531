"""The engine's Storage SCP, as a C-MOVE that the window's process runs uses it: one port, one listener, two processes.

The engine's process lands what comes and tells; here it goes to the retrieve that waits. What that does not want is
removed again. No Qt: orders go out by a callable, and news come in from whatever thread reads them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from iep_desktop.core.errors import Cause, Retriable
from iep_desktop.core.model import Node
from iep_desktop.workers.engine_line import Expect, Expecting, Forget, Landed

if TYPE_CHECKING:
    from iep_desktop.dicom.harvest import Harvest

ANSWER_SECONDS = 10.0


class LentListener:
    """As `dicom.retrieve.MoveListener`."""

    def __init__(self, order: Callable[[Expect | Forget], None]) -> None:
        self._order = order
        self._loans: dict[int, _Loan] = {}
        self._keys, self._numbers = count(1), count()
        self._lock = threading.Lock()
        self.ae_title = ""  # of the engine's listener; empty: none listens

    def if_any(self) -> LentListener | None:
        return self if self.ae_title else None

    def next_message_id(self) -> int:
        """8000 to FFFF: the engine's own retrieves have the lower half (`dicom.getting`)."""
        return 0x8000 + next(self._numbers) % 0x8000

    @contextmanager
    def expecting(self, message_id: int, node: Node, harvest: Harvest) -> Iterator[None]:
        """For the time of a C-MOVE at `node`: its instances go to the harvest.

        Raises:
            Retriable: the engine's process does not answer.
        """
        key, loan = next(self._keys), _Loan(harvest)
        with self._lock:
            self._loans[key] = loan
        order = Expect(
            key, message_id, node.calling_ae, node.ae_title, harvest.study_uid, str(harvest.folder)
        )
        try:
            self._order(order)
            if not loan.granted.wait(ANSWER_SECONDS):
                raise _silent()
            with loan.delivering():
                yield
        finally:
            with self._lock:
                del self._loans[key]
            self._order(Forget(key))

    def granted(self, news: Expecting) -> None:
        loan = self._loan(news.key)
        if loan:
            loan.granted.set()

    def landed(self, news: Landed) -> None:
        loan = self._loan(news.key)
        if loan:
            loan.landed.put(news)
        elif news.new:
            Path(news.path).unlink(missing_ok=True)

    def _loan(self, key: int) -> _Loan | None:
        with self._lock:
            return self._loans.get(key)


class _Loan:
    """One C-MOVE that waits. What landed is handed over in a thread of its own: what a retrieve does may take time."""

    def __init__(self, harvest: Harvest) -> None:
        self.granted = threading.Event()
        self.landed: SimpleQueue[Landed | None] = SimpleQueue()
        self._harvest = harvest

    @contextmanager
    def delivering(self) -> Iterator[None]:
        thread = threading.Thread(target=self._deliver, name="landed", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.landed.put(None)
            thread.join()

    def _deliver(self) -> None:
        while (news := self.landed.get()) is not None:
            self._take(news)

    def _take(self, news: Landed) -> None:
        from iep_desktop.dicom.instance_head import InstanceHead
        from iep_desktop.dicom.landing import NotKept, Received

        head, path = InstanceHead(**news.head), Path(news.path)
        try:
            self._harvest.place(head)
            self._harvest.keep(Received(head, path, news.sha256, news.size, news.calling_ae), news.new)
        except NotKept:  # what went wrong, if anything did, the harvest has noted and raises itself
            if news.new:
                path.unlink(missing_ok=True)


def _silent() -> Retriable:
    return Retriable(
        "This computer's listener does not answer",
        "The part of the program that receives images is starting, or has stopped.",
        "Try again in a moment.",
        cause=Cause.NO_ANSWER,
    )
