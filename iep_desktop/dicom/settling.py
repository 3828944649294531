"""Makes received instances durable in groups while the next ones come, for a retrieve.

In a C-GET the node keeps what it sends, so that its answer need not wait for our disk: fsyncs run beside the line,
several at a time, and a folder is synced once for all that became ready meanwhile. The sink still hears of nothing
that is not durable. A listener must not use this: there 0000 takes the instance over (PS3.4 B.2.3).
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from iep_desktop.dicom.landing import Judged, Keeper, Landing, Reception

_SYNCING = 4  # fsyncs at a time
_MOST = 64  # instances that wait, each with an open file


class Settling(Reception):
    """A context manager: at its end everything that came is durable and recorded, or has failed."""

    def __init__(self, inbox: Path, keeper: Keeper) -> None:
        super().__init__(inbox, keeper)
        self._waiting: queue.Queue[Judged | None] = queue.Queue(_MOST)
        self._thread = threading.Thread(target=self._run, name="settling")

    def finish(self, landing: Landing) -> int:
        """The status for the sender; the rest is done beside the line."""
        judged = self.judge(landing)
        if judged.wanted:
            self._waiting.put(judged)
        return judged.status

    def flush(self) -> None:
        """Wait until all that has come is settled."""
        self._waiting.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(_SYNCING, "settling-sync") as pool:
            over = False
            while not over:
                group, over = self._group()
                list(pool.map(Judged.sync, group))
                _name(group)
                for one in group:
                    one.hand_over()
                    self._waiting.task_done()

    def _group(self) -> tuple[list[Judged], bool]:
        """All that waits, at least one; and whether nothing follows."""
        group: list[Judged] = []
        one = self._waiting.get()
        while one is not None:
            group.append(one)
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                return group, False
        return group, True


def _name(group: list[Judged]) -> None:
    """Of one folder, which is synced once for all of them."""
    for one in group:
        one.take_name()
    for one in group:
        one.sync_folder()
        if one.wanted:
            return
