"""What a job may know of the one who runs it: progress out, cancellation in. No Qt, no threads of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from iep_desktop.core.errors import Cancelled

SENDING = "send"
"""The stage in which images leave for their node."""
_LOOK = 0.1  # seconds between two looks of one that stands still, whether it is to end


@dataclass(frozen=True)
class Progress:
    """A hint for the screen; the ledger is the truth. `done` and `total` count instances, `bytes_done` bytes."""

    stage: str
    done: int = 0
    total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


class Context:
    """Given to every job: reports progress (at most every `interval` seconds) and hears cancellation.

    `stop` and `cancel` may be called from any thread. `stop` lets what is on its way arrive: the job ends where it
    next looks, between two images. `cancel` breaks that off: callbacks registered with `on_cancel` run in the
    caller's thread, so they must be quick and thread-safe (for example an association's `cancel`). `hold` makes it
    stand still where it next lets something more urgent pass, until `go_on`.
    """

    def __init__(self, report: Callable[[Progress], None] = lambda _: None, interval: float = 0.1) -> None:
        self._report = report
        self._interval = interval
        self._last = 0.0
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._way = threading.Event()
        self._way.set()
        self._broken_off = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def stop(self) -> None:
        """End soon, but break nothing off."""
        self._cancelled.set()

    def cancel(self) -> None:
        """End at once."""
        with self._lock:
            self._broken_off = True
            self._cancelled.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    @property
    def held(self) -> bool:
        return not self._way.is_set()

    def hold(self) -> None:
        """From any thread. Whoever holds must let it go on soon: a peer may wait at the other end of a line."""
        self._way.clear()

    def go_on(self) -> None:
        self._way.set()

    def let_pass(self) -> None:
        """Between two images, where nobody waits for us: stand still while held. One that is to end does not."""
        while not self.cancelled and not self._way.wait(_LOOK):
            pass

    def check(self) -> None:
        """Raise `Cancelled` where somebody asked to stop."""
        if self.cancelled:
            raise Cancelled()

    def part(self) -> Context:
        """For what this job does in another thread: it is held with the job, but reports and ends by itself."""
        part = Context()
        part._way = self._way
        return part

    def wait(self, seconds: float) -> None:
        """Wait, but wake and raise `Cancelled` at once when cancelled."""
        if self._cancelled.wait(seconds):
            raise Cancelled()

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on cancellation (at once if already cancelled); returns the way to forget it again."""
        with self._lock:
            self._callbacks.append(callback)
            already = self._broken_off
        if already:
            callback()
        return lambda: self._forget(callback)

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def progress(self, progress: Progress, *, force: bool = False) -> None:
        now = time.monotonic()
        last = 0 < progress.total == progress.done
        if force or last or now - self._last >= self._interval:
            self._last = now
            self._report(progress)
