"""Keeps the case as a draft while it is worked on: saved off the loop, at most every second, once more at the end.

The saves run one after the other, and the last one also when the window, or the program, closes behind it.

Owns when a draft is written and when it goes; what stands in it is `drafts.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.ui.disc_wizard import drafts
from iep_desktop.workers.queries import Queries

_SAVE_MS = 1000


class KeepsDrafts(Protocol):
    def save(self, kind: str, key: str, text: str) -> None: ...
    def delete(self, kind: str, key: str) -> None: ...


class KeptDraft(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def text(self) -> str: ...


class DraftKeeper(QObject):
    """`saved` tells when (a datetime), `failed` why not; a failure is tried again with the next change."""

    saved = Signal(object)
    failed = Signal(object)
    idle = Signal()

    def __init__(
        self,
        store: KeepsDrafts,
        queries: Queries,
        text: Callable[[datetime], str],
        parent: QObject | None = None,
        *,
        kind: str = drafts.KIND,
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self._store = store
        self._queries = queries
        self._text = text
        self._last = ""
        self._under_way = 0  # saves
        self.key = uuid.uuid4().hex
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_MS)
        self._timer.timeout.connect(self.save_now)

    @property
    def is_saving(self) -> bool:
        return self._under_way > 0 or self._timer.isActive()

    def take_over(self, key: str) -> None:
        """Go on with a draft that was kept before."""
        self.key = key

    def begin_another(self) -> None:
        """What was kept so far stays; what comes now is a draft of its own."""
        self.key = uuid.uuid4().hex
        self._last = ""

    def note_change(self) -> None:
        """Something changed: save soon. Typing on does not put it off."""
        if not self._timer.isActive():
            self._timer.start()

    def save_now(self) -> None:
        self._timer.stop()
        now = datetime.now(UTC)
        text = self._text(now)
        body = _without_time(text, now)
        if body == self._last:
            self._tell_idle()
            return
        self._last = body
        self._under_way += 1
        store, kind, key = self._store, self._kind, self.key
        self._queries.keep(
            lambda _ctx: store.save(kind, key, text),
            lambda _: self._done(now),
            self._could_not,
            owner=self,
        )

    def discard(self, after: Callable[[], None] | None = None) -> None:
        """What was started is in the ledger: the draft has served."""
        self._timer.stop()
        self._last = ""
        store, kind, key = self._store, self._kind, self.key
        self.key = uuid.uuid4().hex
        self._queries.keep(
            lambda _ctx: store.delete(kind, key),
            lambda _: after() if after else None,
            self.failed.emit,
            owner=self,
        )

    def _done(self, when: datetime) -> None:
        self._under_way -= 1
        self.saved.emit(when.astimezone())
        self._tell_idle()

    def _could_not(self, error: IepError) -> None:
        self._under_way -= 1
        self._last = ""
        self.failed.emit(error)
        self._tell_idle()

    def _tell_idle(self) -> None:
        if not self._under_way:
            self.idle.emit()


def _without_time(text: str, now: datetime) -> str:
    return text.replace(now.isoformat(), "")
