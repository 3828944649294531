"""The review inside a viewer: looks for warning signs off the loop, and keeps bar, list and rail in step.

Emits the `Review` that a person confirms; who writes it down is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.reviewing import Reviewed
from iep_desktop.core.viewing import ImageSource, Sign, ViewSet
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.rail import Rail
from iep_desktop.ui.viewer.review_bar import ReviewBar
from iep_desktop.ui.viewer.signs_list import SignsList
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries


class Reviewing(QObject):
    """`confirmed` carries the Review, `counted` how many signs there are so far."""

    confirmed = Signal(object)
    counted = Signal(int)

    def __init__(
        self,
        user: str,
        source: ImageSource,
        queries: Queries,
        rail: Rail,
        signs: SignsList,
        theme: Theme,
        parent: QObject,
        *,
        mandatory: bool = False,
        done: Reviewed | None = None,
    ) -> None:
        super().__init__(parent)
        self._source, self._queries = source, queries
        self._rail, self._signs = rail, signs
        self._running: Running | None = None
        self._found: tuple[Sign, ...] = ()
        self._seen: set[str] = set()
        self._every: frozenset[str] = frozenset()
        self.bar = ReviewBar(theme, user)
        self.bar.set_mandatory(mandatory)
        self.bar.set_reviewed(done)
        self.bar.confirmed.connect(self.confirmed)
        rail.ticked_changed.connect(lambda: self.bar.set_ticked(rail.ticked()))

    def look(self, view: ViewSet) -> None:
        """Look for signs in a set, from its beginning."""
        self.stop()
        self._every = frozenset(series.series_uid for study in view.studies for series in study.series)
        self._signs.set_view(view)
        self.bar.set_ticked(self._rail.ticked())
        self._count_seen()
        self.bar.set_signs(self._found, looking=True)
        source = self._source

        def question(ctx: Context, emit: Callable[[Any], None]) -> tuple[Sign, ...]:
            from iep_desktop.workers.review import find_signs

            return find_signs(view, source, ctx, emit)

        self._running = self._queries.stream(question, self._heard, self._finished, self._failed, owner=self)

    def saw(self, series_uid: str) -> None:
        """A series has been on the screen."""
        if series_uid not in self._seen:
            self._seen.add(series_uid)
            self._count_seen()

    def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _count_seen(self) -> None:
        self.bar.set_seen(len(self._seen & self._every), len(self._every))

    def _heard(self, news: Any) -> None:
        """Progress, or the signs found so far."""
        if isinstance(news, Progress):
            self._signs.show_progress(news.done, news.total)
        else:
            self._show(news, looking=True)

    def _finished(self, signs: tuple[Sign, ...]) -> None:
        self._running = None
        self._signs.show_progress(1, 1)
        self._show(signs, looking=False)

    def _failed(self, error: IepError) -> None:
        self._running = None
        self._signs.show_error(error)
        self.bar.set_signs(self._found, looking=False)

    def _show(self, signs: tuple[Sign, ...], *, looking: bool) -> None:
        self._found = signs
        self._signs.show_signs(signs)
        self._rail.set_signs(signs)
        self.bar.set_signs(signs, looking=looking)
        self.counted.emit(len(signs))
