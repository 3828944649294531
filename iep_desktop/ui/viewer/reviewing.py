"""A review as it goes on: signs are looked for beside the looking, ticks are counted, the confirmed review is kept.

Connects rail, list of signs and bar; owns which series were on the screen. Lays nothing out, decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.viewing import ImageSource, Review, Sign, ViewSet
from iep_desktop.ui.viewer.rail import Rail
from iep_desktop.ui.viewer.review_bar import ReviewBar
from iep_desktop.ui.viewer.signs_list import SignsList
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

Record = Callable[[Review], object]


class Reviewing(QObject):
    """`done` carries the Review once it is written down; without `record` (no transaction yet) at once."""

    done = Signal(object)

    def __init__(
        self,
        view: ViewSet,
        source: ImageSource,
        queries: Queries,
        rail: Rail,
        signs: SignsList,
        bar: ReviewBar,
        *,
        record: Record | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view, self._source, self._queries = view, source, queries
        self._rail, self._signs, self._bar = rail, signs, bar
        self._record = record
        self._looking: Running | None = None
        self._seen: set[str] = set()
        self._found: tuple[Sign, ...] = ()
        signs.set_view(view)
        rail.ticked_changed.connect(self._ticked)
        bar.confirmed.connect(self._confirmed)
        self._ticked()
        self._count()

    def look(self) -> None:
        """Look for warning signs, off the loop; the set's images are all read for it."""
        self.stop()
        view, source = self._view, self._source

        def find(ctx: Context, emit: Callable[[object], None]) -> tuple[Sign, ...]:
            from iep_desktop.workers.review import find_signs

            telling = Context(emit)
            ctx.on_cancel(telling.cancel)
            return find_signs(view, source, telling, emit)

        self._looking = self._queries.stream(find, self._heard, self._all_found, self._failed, owner=self)

    def stop(self) -> None:
        if self._looking:
            self._looking.cancel()
            self._looking = None

    def saw(self, series_uid: str) -> None:
        """A pane shows this series."""
        self._seen.add(series_uid)
        self._count()

    # -- inside

    def _count(self) -> None:
        every = {series.series_uid for study in self._view.studies for series in study.series}
        self._bar.set_seen(len(self._seen & every), len(every))

    def _ticked(self) -> None:
        self._bar.set_ticked(self._rail.ticked())

    def _heard(self, news: object) -> None:
        if isinstance(news, Progress):
            self._signs.show_progress(news.done, news.total)
        elif isinstance(news, tuple):
            self._show(news, looking=True)

    def _all_found(self, signs: tuple[Sign, ...]) -> None:
        self._looking = None
        self._signs.show_progress(1, 1)
        self._show(signs, looking=False)

    def _show(self, signs: tuple[Sign, ...], *, looking: bool) -> None:
        self._found = signs
        self._signs.show_signs(signs)
        self._rail.set_signs(signs)
        self._bar.set_signs(signs, looking=looking)

    def _failed(self, error: IepError) -> None:
        self._looking = None
        self._signs.show_error(error)
        self._bar.set_signs(self._found, looking=False)

    def _confirmed(self, review: Review) -> None:
        record = self._record
        if record is None:
            self.done.emit(review)
            return
        self._queries.ask(
            lambda _ctx: record(review), lambda _: self.done.emit(review), self._bar.show_error, owner=self
        )
