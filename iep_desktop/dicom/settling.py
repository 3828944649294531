"""Makes received instances durable in groups while the next ones come, for a retrieve.

In a C-GET the node keeps what it sends, so that its answer need not wait for our disk: fsyncs run beside the line,
several at a time, and a folder is synced once for all that became ready meanwhile. The sink still hears of nothing
that is not durable. A listener must not use this: there 0000 takes the instance over (PS3.4 B.2.3).
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from iep_desktop.dicom.landing import Judged, Keeper, Landing, Reception

_SYNCING = 4  # fsyncs at a time
_GROUP = 16  # instances that are settled together where they come quickly
_QUICK = 0.0002  # seconds for an fsync: a RAM disk, or a cache that outlives a power cut
_LATEST = 0.05  # seconds that an instance waits for others
_MOST = 64  # instances that wait, each with an open file


class Settling(Reception):
    """A context manager: at its end everything that came is durable and recorded, or has failed."""

    def __init__(self, inbox: Path, keeper: Keeper) -> None:
        super().__init__(inbox, keeper)
        self._changed = threading.Condition()
        self._waiting: list[Judged] = []
        self._settled = True  # nothing waits, and nothing is being settled
        self._hurried = self._over = False
        self._quick = False  # the disk, of late
        self._thread = threading.Thread(target=self._run, name="settling")

    def finish(self, landing: Landing) -> int:
        """The status for the sender; the rest is done beside the line."""
        judged = self.judge(landing)
        if judged.wanted:
            landing.whole(functools.partial(self._add, judged))
        return judged.status

    def flush(self) -> None:
        """Wait until all that has come is settled."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled)
            self._hurried = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join()

    def _add(self, judged: Judged) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < _MOST)
            self._settled = False
            self._waiting.append(judged)
            if len(self._waiting) in (1, _GROUP):  # each waking costs more than what it is for
                self._changed.notify_all()

    def _run(self) -> None:
        with ThreadPoolExecutor(_SYNCING, "settling-sync") as pool:
            while group := self._group():
                self._sync(group, pool)
                _name(group)
                for one in group:
                    one.hand_over()

    def _group(self) -> list[Judged]:
        """All that waits, once it is worth it; nothing where nothing follows."""
        with self._changed:
            self._settled = not self._waiting
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._over)
            self._changed.wait_for(self._due, _LATEST)
            group, self._waiting = self._waiting, []
            self._changed.notify_all()
            return group

    def _sync(self, group: Sequence[Judged], pool: ThreadPoolExecutor) -> None:
        """Several at a time, where the disk takes longer than threads take to be told."""
        start = time.monotonic()
        if self._quick:
            _sync(group)
        else:
            list(pool.map(_sync, [group[n::_SYNCING] for n in range(min(_SYNCING, len(group)))]))
        self._quick = time.monotonic() - start < _QUICK * len(group)

    def _due(self) -> bool:
        return len(self._waiting) >= _GROUP or self._hurried or self._over


def _sync(some: Sequence[Judged]) -> None:
    for one in some:
        one.sync()


def _name(group: Sequence[Judged]) -> None:
    """Of one folder, which is synced once for all of them."""
    for one in group:
        one.take_name()
    for one in group:
        one.sync_folder()
        if one.wanted:
            return
