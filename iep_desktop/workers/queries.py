"""What open windows ask for: blocking questions run off the event loop, and a steady look at ledger, nodes, drives.

Knows Qt and plain callables, nothing of stores or networks: `app.py` hands it what to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.workers.pool import Pool, Running

LEDGER_MS = 500
LIGHTS_MS = 15_000
DRIVES_MS = 2_000
FLOW_MS = 1_000


class _Watch(QObject):
    """Asks one question again and again, never twice at once, and says when the answer is another one."""

    changed = Signal(object)

    def __init__(
        self, pool: Pool, look: Callable[[Context], Any], milliseconds: int, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._pool = pool
        self._look = look
        self._running: Running | None = None
        self._last: Any = None
        self._timer = QTimer(self)
        self._timer.setInterval(milliseconds)
        self._timer.timeout.connect(self.look_now)

    def start(self) -> None:
        self._timer.start()
        self.look_now()

    def stop(self) -> None:
        self._timer.stop()
        if self._running:
            self._running.cancel()
            self._running = None

    def look_now(self) -> None:
        if self._running is None:
            self._running = self._pool.run(self._look, done=self._answered, failed=self._failed, owner=self)

    def _answered(self, answer: Any) -> None:
        self._running = None
        if answer != self._last:
            self._last = answer
            self.changed.emit(answer)

    def _failed(self, _error: IepError) -> None:
        # The next look tells again; a ledger that stays away shows itself in whatever the window asks.
        self._running = None


class Queries(QObject):
    """A window's way to ask, and its news of what changed."""

    ledger_changed = Signal()
    lights_changed = Signal(object)  # tuple[NodeLight, ...]
    drives_changed = Signal(object)  # tuple[Drive, ...]
    flow_changed = Signal(object)  # Flow

    def __init__(self, parent: QObject | None = None, *, threads: int = 4) -> None:
        super().__init__(parent)
        self._pool = Pool(threads, self)
        self._keeping = Pool(1, self)  # one after the other, in order
        self._watching = Pool(4, self)  # a slow node must not hold up what the window asks
        self._watches: list[_Watch] = []

    def watch(
        self,
        *,
        ledger: Callable[[Context], Any],
        lights: Callable[[Context], Any],
        drives: Callable[[Context], Any],
        flow: Callable[[Context], Any],
    ) -> None:
        """Start looking. Each callable returns a value that is compared with the one before."""
        for look, every, news in (
            (ledger, LEDGER_MS, lambda _: self.ledger_changed.emit()),
            (lights, LIGHTS_MS, self.lights_changed.emit),
            (drives, DRIVES_MS, self.drives_changed.emit),
            (flow, FLOW_MS, self.flow_changed.emit),
        ):
            watch = _Watch(self._watching, look, every, self)
            watch.changed.connect(news)
            self._watches.append(watch)
            watch.start()

    def look_now(self) -> None:
        """Look at everything at once, for Refresh."""
        for watch in self._watches:
            watch.look_now()

    def ask(
        self,
        question: Callable[[Context], Any],
        answered: Callable[[Any], None],
        failed: Callable[[IepError], None] | None = None,
        *,
        owner: QObject,
        progress: Callable[[Any], None] | None = None,
    ) -> Running:
        """Run a blocking question off the loop; answers arrive in the loop while `owner` lives."""
        return self._pool.run(question, done=answered, failed=failed, progress=progress, owner=owner)

    def keep(
        self,
        work: Callable[[Context], Any],
        done: Callable[[Any], None],
        failed: Callable[[IepError], None],
        *,
        owner: QObject,
    ) -> None:
        """Write what a person has typed: in order, and to the end, also where `owner` or the program goes before it."""
        self._keeping.run(work, done=done, failed=failed, owner=owner, to_the_end=True)

    def stream(
        self,
        question: Callable[[Context, Callable[[Any], None]], Any],
        each: Callable[[Any], None],
        answered: Callable[[Any], None],
        failed: Callable[[IepError], None] | None = None,
        *,
        owner: QObject,
    ) -> Running:
        """As `ask`, with values on the way: `question(ctx, emit)`."""
        return self._pool.stream(question, each=each, done=answered, failed=failed, owner=owner)

    def close(self) -> None:
        for watch in self._watches:
            watch.stop()
        self._keeping.finish()
        self._watching.close()
        self._pool.close()
