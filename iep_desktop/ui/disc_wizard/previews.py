"""Middle images of series as small pictures: asked for one after the other, so that reading the disc stays first."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from iep_desktop.core.medium import MediumContents, MediumInstance, MediumSeries
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries


class Picture(Protocol):
    """Rows from the top without padding; `channels` 1 grey or 3 RGB."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def data(self) -> bytes: ...


class ShowsInstances(Protocol):
    def preview(self, source: str, instance: MediumInstance, size: int) -> Picture: ...


class Previews(QObject):
    """`arrived(series_uid, image)`; a series whose picture cannot be made gets a null image."""

    arrived = Signal(str, QImage)

    def __init__(
        self, discs: ShowsInstances, queries: Queries, size: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._discs = discs
        self._queries = queries
        self._size = size
        self._waiting: deque[tuple[str, str, MediumInstance]] = deque()
        self._asked: set[str] = set()
        self._running: Running | None = None

    def forget(self) -> None:
        """Another disc."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self._waiting.clear()
        self._asked.clear()

    def want(self, contents: MediumContents, *, finished: bool) -> None:
        """Ask for what the disc holds and has not been asked for yet.

        While it is being read the series that came last may still grow: its middle is not known.
        """
        known = [series for study in contents.studies for series in study.series]
        for series in known if finished else known[:-1]:
            middle = middle_instance(series)
            if middle is not None and series.series_uid not in self._asked:
                self._asked.add(series.series_uid)
                self._waiting.append((series.series_uid, contents.source, middle))
        self._next()

    def _next(self) -> None:
        if self._running is not None or not self._waiting:
            return
        uid, source, instance = self._waiting.popleft()
        discs, size = self._discs, self._size
        self._running = self._queries.ask(
            lambda _ctx: _image(discs.preview(source, instance, size)),
            lambda image: self._arrived(uid, image),
            lambda _error: self._arrived(uid, QImage()),
            owner=self,
        )

    def _arrived(self, uid: str, image: QImage) -> None:
        self._running = None
        self.arrived.emit(uid, image)
        self._next()


def middle_instance(series: MediumSeries) -> MediumInstance | None:
    present = series.present
    return present[len(present) // 2] if present else None


def _image(picture: Picture) -> QImage:
    form = QImage.Format.Format_Grayscale8 if picture.channels == 1 else QImage.Format.Format_RGB888
    stride = picture.width * picture.channels
    return QImage(picture.data, picture.width, picture.height, stride, form).copy()
