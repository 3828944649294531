"""The library's thread for an association, held still so that it does not take an answer that another waits for.

pynetdicom (3.0.4) sees by a flag whether its thread stands still, but the thread may just have been told to go on and
not have woken yet: then it takes the next message, an answer, and loses it. On a busy machine two of a hundred queries
came back with one answer too few.
"""

from __future__ import annotations

import threading
import time

from pynetdicom.association import Association

_POLL = 0.0001  # seconds, as in the library
_IDLE = 0.01  # seconds between two looks of the library's thread, which would take a thousand a second


class Checkpoint(threading.Event):
    """In place of the library's own event: knows whether its thread waits, and lets it go on only while it may."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._open = False
        self.held = False

    def set(self) -> None:
        with self._changed:
            self._open, self.held = True, False
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def is_set(self) -> bool:
        return self._open

    def wait(self, timeout: float | None = None) -> bool:
        with self._changed:
            if self._open:
                self._changed.wait(_IDLE)
            while not self._open:  # also where it was closed again before this thread woke
                self.held = True
                if not self._changed.wait(timeout):
                    break
            return self._open


def install(assoc: Association) -> None:
    """Before its thread is started."""
    checkpoint = Checkpoint()
    checkpoint.set()
    assoc._reactor_checkpoint = checkpoint


def hold(assoc: Association) -> None:
    """Until the library, or `_reactor_checkpoint.set`, lets it go on. Returns at once where the thread has ended."""
    checkpoint = assoc._reactor_checkpoint
    checkpoint.clear()
    while not getattr(checkpoint, "held", True) and assoc.is_alive():
        time.sleep(_POLL)
