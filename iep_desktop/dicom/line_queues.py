"""The two queues between the library's thread for a line and whoever uses the association.

They replace those of pynetdicom, which grow without limit and leave people waiting for what cannot come any more.
"""

from __future__ import annotations

import queue
from typing import Any

from pynetdicom.pdu_primitives import P_DATA

_QUEUED_PDUS = 64  # keeps memory flat however large the object


class Outgoing(queue.Queue[Any]):
    """Primitives on their way to the peer: data waits for room, and nothing is taken once the line has ended.

    The library reads a whole file into this queue; unpaced, a 1 GB object would take 1 GB, and the time limit
    for the answer would run while the data is still being written. And it aborts what is already aborted, which
    kills its thread with an exception.
    """

    _data_wanted = True
    _ended = False

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        with self.not_full:
            if isinstance(item, P_DATA):
                while self._data_wanted and self._qsize() >= _QUEUED_PDUS:
                    self.not_full.wait()
                if not self._data_wanted:
                    return
            if not self._ended:
                self._put(item)
                self.not_empty.notify()

    def refuse_data(self) -> None:
        with self.not_full:
            self._data_wanted = False
            self.not_full.notify_all()

    def end(self) -> None:
        """Called in the thread that empties the queue, so that nothing slips in between."""
        self.refuse_data()
        with self.mutex:
            self._ended = True
            self.queue.clear()


class Answers(queue.Queue[Any]):
    """Messages from the peer. After `end` everybody who waits, now or later, gets the library's "no answer"."""

    _over = False

    def end(self) -> None:
        self._over = True
        self.put((None, None))  # wakes the one who waits

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return super().get(block and not self._over, timeout)
        except queue.Empty:
            if self._over:
                return (None, None)
            raise
