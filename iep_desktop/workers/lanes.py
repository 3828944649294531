"""Several associations for one transaction, each in a thread of its own, that send what one feed gives.

The first is the transaction's own: what stands in its way is raised. The further ones are there to be faster: one that
the node refuses is gone, and what it had goes over another. The first error of any that is open ends all between two
images; what was sent is told before it is raised. Must not know the ledger.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from iep_desktop.core.errors import Cancelled, NodeRejected, Retriable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Instance
from iep_desktop.dicom.status import StoreOutcome
from iep_desktop.workers.associations import FAR, Associations
from iep_desktop.workers.feed import Feed, Prepared

if TYPE_CHECKING:
    from iep_desktop.dicom.sendfile import SendFile

FULL_AFTER = 3  # refusals in a row for want of room, after which the rest is not tried now
_ROOM = 0.05  # seconds between two looks whether a place has become free
_PATIENCE = 30.0  # seconds; so long who holds one may take over its image
_SILENT = 1.0  # seconds; who does not answer for so long to a further association refuses it


class StoreSession(Protocol):
    """As `dicom.scu.StoreSession` and `dicom.web.storing.WebStoreSession` are."""

    @property
    def at_once(self) -> int: ...  # instances in a request
    @property
    def at_once_bytes(self) -> int: ...

    def connect(self, file: SendFile) -> bool: ...
    def round_trip(self) -> float | None: ...
    def store_files(self, files: Sequence[SendFile]) -> Sequence[StoreOutcome]: ...


OpenStore = Callable[[Context, bool], AbstractContextManager[StoreSession]]
"""Under a context that ends its waiting; whether `round_trip` will be asked for. Connects nothing yet."""

Answer = tuple[Prepared, StoreOutcome | None]
"""None for what could not be prepared."""


@dataclass(frozen=True)
class Load:
    """What is sent, as far as it decides over how many associations."""

    node: Node
    images: int
    largest: int  # bytes


class Lanes:
    """Use `outcomes` once."""

    def __init__(
        self,
        load: Load,
        feed: Feed,
        open_store: OpenStore,
        associations: Associations,
        answered: Callable[[Answer], None],
        ctx: Context,
    ) -> None:
        """`answered` is called by the sending threads as soon as the node has answered, before the next is sent."""
        self._load = load
        self._node = load.node
        self._feed = feed
        self._open_store = open_store
        self._associations = associations
        self._answered = answered
        self._ctx = ctx
        self._came: SimpleQueue[Answer | Future[None]] = SimpleQueue()
        self._lanes: list[Future[None]] = []
        self._lock = threading.Lock()
        self._opening: set[Context] = set()
        self._over = False
        self._no_room = 0
        self._unanswered: list[Instance] = []

    @property
    def unanswered(self) -> Sequence[Instance]:
        """What was on its way where a line broke that takes one instance a request."""
        return self._unanswered

    def outcomes(self) -> Generator[Answer, None, None]:
        """What became of each, as it comes. To be closed when it is left early.

        Raises:
            NodeUnreachable and others of the association.
            Cancelled.
        """
        error: BaseException | None = None
        with ThreadPoolExecutor(max(FAR, self._node.associations), "lane") as pool:
            try:
                self._start(pool, self._first, pool)
                ended = 0
                while ended < len(self._lanes):
                    came = self._came.get()
                    if not isinstance(came, Future):
                        yield came
                        continue
                    ended += 1
                    error = error or came.exception()
                    if error is not None or came is self._lanes[0]:
                        self._end()
            finally:
                self._end()
        if error is not None:
            raise error

    def _start(self, pool: ThreadPoolExecutor, lane: Callable[..., None], *args: object) -> None:
        future = pool.submit(lane, *args)
        self._lanes.append(future)
        future.add_done_callback(self._came.put)

    def _end(self) -> None:
        """Between two images; who is only just connecting, at once."""
        self._feed.end()
        with self._lock:
            self._over = True
            opening = list(self._opening)
        for ctx in opening:
            ctx.cancel()

    # -- in the threads

    def _first(self, pool: ThreadPoolExecutor) -> None:
        measured = self._associations.unknown(self._node, self._load.images)
        with self._associations.first(self._node):
            while self._send_first(pool, measured):
                self._ctx.let_pass()
                self._ctx.check()  # one that is to end does not stand still, and would come back at once
                measured = False

    def _send_first(self, pool: ThreadPoolExecutor, measured: bool) -> bool:
        """Over one association. True where something more urgent passes by, and there may be more to send: one that
        says nothing meanwhile would keep a place at the node from it."""
        spread = False
        with self._open_store(self._ctx, measured) as session:
            while not self._ctx.held:
                group = self._feed.take(self._most(session), to_the_last=True)
                if not group:
                    return False
                try:
                    self._connect_first(session, group)
                    if not spread:
                        spread = True
                        self._spread(pool, session, group, measured)
                except BaseException:
                    self._feed.give_back(group)
                    raise
                self._send(session, group)
        return True

    def _connect_first(self, session: StoreSession, group: Sequence[Prepared]) -> None:
        """Where the node refuses, what other transactions have beside their own goes first."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                _connect(session, group)
                return
            except (NodeRejected, Retriable):
                if not self._associations.make_room(self._node) or time.monotonic() > deadline:
                    raise
                self._ctx.wait(_ROOM)

    def _spread(
        self, pool: ThreadPoolExecutor, session: StoreSession, group: Sequence[Prepared], measured: bool
    ) -> None:
        if measured and (seconds := session.round_trip()) is not None:
            self._associations.learn(self._node, seconds)
        for _ in range(self._associations.wanted(self._node, self._load.images) - 1):
            if self._over or not self._associations.enter(self._node):
                return
            try:
                self._start(pool, self._further, group)
            except RuntimeError:  # nobody listens any more, and the pool takes nothing
                self._associations.leave(self._node)
                return

    def _further(self, like: Sequence[Prepared]) -> None:
        """Takes nothing before it is connected, for which what it will be sent is `like`."""
        ctx = Context()
        forget = self._ctx.on_cancel(ctx.cancel)
        try:
            with self._open_store(ctx, False) as session:
                if self._connected(session, like, ctx):
                    self._send_beside(session, ctx)
        finally:
            forget()
            self._associations.leave(self._node)

    def _send_beside(self, session: StoreSession, ctx: Context) -> None:
        while not self._associations.must_leave(self._node) and not self._ctx.held:
            group = self._feed.take(self._most(session))
            if not group:
                return
            if not self._connected(session, group, ctx):
                self._feed.give_back(group)
                return
            self._send(session, group)

    def _connected(self, session: StoreSession, group: Sequence[Prepared], ctx: Context) -> bool:
        """False where the node takes no further one, or all is over before it has answered."""
        start = time.monotonic()
        with self._lock:
            if self._over:
                return False
            self._opening.add(ctx)
        try:
            if _connect(session, group):
                return True
            self._associations.refused(self._node)
        except (NodeRejected, Retriable):
            self._associations.refused(self._node)
        except Cancelled:
            if not self._ctx.cancelled and time.monotonic() - start >= _SILENT:
                self._associations.refused(self._node)
        finally:
            with self._lock:
                self._opening.discard(ctx)
        return False

    def _send(self, session: StoreSession, group: Sequence[Prepared]) -> None:
        try:
            self._ctx.check()
            said = iter(self._stored(session, group))
            for item in group:
                self._tell(item, None if item.file is None else next(said))
        finally:
            self._feed.done(group)

    def _stored(self, session: StoreSession, group: Sequence[Prepared]) -> Sequence[StoreOutcome]:
        files = [item.file for item in group if item.file is not None]
        try:
            return session.store_files(files)
        except Retriable:
            if session.at_once == 1:
                self._unanswered += [item.instance for item in group if item.file is not None]
            raise

    def _tell(self, item: Prepared, outcome: StoreOutcome | None) -> None:
        self._answered((item, outcome))
        self._came.put((item, outcome))
        if outcome is None:
            return
        with self._lock:
            self._no_room = self._no_room + 1 if outcome.no_room else 0
            full = self._no_room >= FULL_AFTER
        if full:
            self._feed.end()

    def _most(self, session: StoreSession) -> int:
        """How many of these images go in a request, so that it is not too large."""
        return max(1, min(session.at_once, session.at_once_bytes // max(1, self._load.largest)))


def _connect(session: StoreSession, group: Sequence[Prepared]) -> bool:
    """Whether the node takes anything by it."""
    file = next((item.file for item in group if item.file is not None), None)
    return file is None or session.connect(file)
