"""Running plain functions in a QThreadPool and delivering one result each in the thread of the pool object.

Every exception ends here: ours are delivered as they are, a foreign one is a defect, logged with its traceback and
delivered as such. No callback is called after `cancel`, or after its owner has been destroyed.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, Slot

from iep_desktop.core.errors import Cancelled, IepError, Permanent
from iep_desktop.core.job import Context, Progress

_log = logging.getLogger(__name__)

TURN_SECONDS = 0.005
"""So long a pool delivers in one turn of the loop; one answer may take longer by itself."""


@dataclass(frozen=True)
class _Result:
    """What became of one piece of work."""

    value: Any = None
    error: IepError | None = None


class Running(QObject):
    """A piece of work on its way. Lives in the thread of its pool.

    Its work speaks by the pool's signals, never by signals of its own: the loop may delete it at once, while a signal
    of it would still be on its way out of the other thread.
    """

    def __init__(self, pool: Pool, ctx: Context) -> None:
        super().__init__(pool)
        self.ctx = ctx
        self.pool = pool
        self.finished = False
        self._done: Callable[[Any], None] | None = None
        self._failed: Callable[[IepError], None] | None = None
        self._each: Callable[[Any], None] | None = None
        self.muted = self.called_off = False

    def cancel(self) -> None:
        """Ask the work to stop and never call back."""
        self.called_off = True
        self.mute()
        self.ctx.cancel()

    def mute(self) -> None:
        self.muted = True
        self._done = self._failed = self._each = None

    def emit_step(self, value: Any) -> None:
        """Called by the work, in its own thread."""
        self.pool.stepped.emit(self, value)

    def step(self, value: Any) -> None:
        if self._each and not self.muted:
            self._each(value)

    def deliver(self, result: _Result) -> None:
        self.finished = True
        done, failed, muted = self._done, self._failed, self.muted
        self.mute()
        # It stays its pool's until the loop deletes it: its thread may still be about to let go of it.
        self.deleteLater()
        if muted:
            return
        if result.error is None:
            if done:
                done(result.value)
        elif failed and not isinstance(result.error, Cancelled):
            failed(result.error)


class _Runnable(QRunnable):
    def __init__(self, running: Running, work: Callable[[Context], Any]) -> None:
        super().__init__()
        self._running = running
        self._work = work

    def run(self) -> None:
        running = self._running
        result = _Result(error=Cancelled()) if running.called_off else _attempt(self._work, running.ctx)
        running.pool.settled.emit(running, result)


def _attempt(work: Callable[[Context], Any], ctx: Context) -> _Result:
    try:
        return _Result(work(ctx))
    except IepError as error:
        return _Result(error=error)
    except Exception as error:  # the outermost edge: a defect must not take the program down
        _log.exception("defect in %s", getattr(work, "__qualname__", type(work).__name__))
        return _Result(error=defect(error))


def defect(error: BaseException) -> IepError:
    """A foreign exception as an error that a person can report."""
    return Permanent(
        "The program has a defect",
        f"{type(error).__name__}: the log holds the details.",
        "Tell the service desk what you did last.",
    )


class Pool(QObject):
    """A QThreadPool whose results arrive in the thread that made the pool."""

    settled = Signal(object, object)  # Running, _Result: emitted by the work's thread, as `stepped`
    stepped = Signal(object, object)  # Running, what it says on the way

    def __init__(self, threads: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settled.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self.stepped.connect(self._step, Qt.ConnectionType.QueuedConnection)
        self._news: deque[Callable[[], None]] = deque()
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._tell)
        self._threads = QThreadPool()
        self._threads.setMaxThreadCount(threads)
        self._threads.setExpiryTimeout(-1)

    def run(
        self,
        work: Callable[[Context], Any],
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[IepError], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
        owner: QObject | None = None,
        to_the_end: bool = False,
    ) -> Running:
        """Run `work(ctx)`; what it reports through `ctx.progress` arrives at `progress`.

        With `to_the_end` the end of its owner calls off the callbacks, not the work.
        """
        running = self._prepare(done, failed, progress, owner, to_the_end)
        self._threads.start(_Runnable(running, work))
        return running

    def stream(
        self,
        work: Callable[[Context, Callable[[Any], None]], Any],
        *,
        each: Callable[[Any], None],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[IepError], None] | None = None,
        owner: QObject | None = None,
    ) -> Running:
        """Run `work(ctx, emit)`; every emitted value arrives at `each`, in order, before `done`."""
        running = self._prepare(done, failed, each, owner)
        self._threads.start(_Runnable(running, lambda ctx: work(ctx, running.emit_step)))
        return running

    @Slot(object, object)
    def _deliver(self, running: Running, result: _Result) -> None:
        self._come(partial(running.deliver, result))

    @Slot(object, object)
    def _step(self, running: Running, value: Any) -> None:
        self._come(partial(running.step, value))

    def _come(self, news: Callable[[], None]) -> None:
        self._news.append(news)
        if not self._turn.isActive():
            self._turn.start()

    def _tell(self) -> None:
        """In order, but not all at once: the loop has other things to do between two answers, painting first."""
        began = time.monotonic()
        try:
            while self._news and time.monotonic() - began < TURN_SECONDS:
                self._news.popleft()()
        finally:
            if self._news:
                self._turn.start()

    def _prepare(
        self,
        done: Callable[[Any], None] | None,
        failed: Callable[[IepError], None] | None,
        each: Callable[[Any], None] | None,
        owner: QObject | None,
        to_the_end: bool = False,
    ) -> Running:
        ctx = Context(lambda progress: running.emit_step(progress))
        running = Running(self, ctx)
        running._done, running._failed, running._each = done, failed, each
        if owner is not None:
            owner.destroyed.connect(running.mute if to_the_end else running.cancel)
        return running

    def finish(self, seconds: float = 10.0) -> bool:
        """Wait until all is done that was asked for; False where something still runs after `seconds`."""
        return self._threads.waitForDone(int(seconds * 1000))

    def close(self, seconds: float = 10.0) -> bool:
        """Cancel all that runs and wait for it; False where something still runs after `seconds`."""
        for running in self.findChildren(Running):
            running.cancel()
        self._threads.clear()
        return self._threads.waitForDone(int(seconds * 1000))
