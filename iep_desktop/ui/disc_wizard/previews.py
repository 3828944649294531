"""Middle images of a disc's series as small pictures, for those that are in sight.

Knows which instance stands for a series, and that a series may still grow; the order of asking is `Pictures`'.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents, MediumInstance, MediumSeries
from iep_desktop.ui.viewer.pictures import Picture, Pictures, Pixels
from iep_desktop.workers.queries import Queries


class ShowsInstances(Protocol):
    def preview(self, source: str, instance: MediumInstance, size: int) -> Pixels: ...


@dataclass(frozen=True)
class _Middle:
    """What stands for a series."""

    series_uid: str
    source: str
    instance: MediumInstance


class Previews(QObject):
    """`arrived(series_uid, Picture)`; a series whose picture cannot be made gets a null image and the reason."""

    arrived = Signal(str, object)

    def __init__(
        self, discs: ShowsInstances, queries: Queries, size: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._discs = discs
        self._size = size
        self._middles: dict[str, _Middle] = {}
        self._pictures: Pictures[_Middle] = Pictures(self._make, queries, self)
        self._pictures.arrived.connect(self._arrived)

    def forget(self) -> None:
        """Another disc."""
        self._pictures.forget()
        self._middles.clear()

    def know(self, contents: MediumContents, *, finished: bool) -> None:
        """What the disc holds. While it is being read the series that came last may still grow: no middle yet."""
        known = [series for study in contents.studies for series in study.series]
        for series in known if finished else known[:-1]:
            middle = middle_instance(series)
            if middle is not None and series.series_uid not in self._middles:
                self._middles[series.series_uid] = _Middle(series.series_uid, contents.source, middle)

    def want(self, series_uids: Iterable[str]) -> None:
        """What is in sight, in this order; whatever was wanted before and is not is let go."""
        self._pictures.want([self._middles[uid] for uid in series_uids if uid in self._middles])

    def _make(self, middle: _Middle, ctx: Context) -> Pixels:
        ctx.check()
        return self._discs.preview(middle.source, middle.instance, self._size)

    def _arrived(self, middle: _Middle) -> None:
        picture = self._pictures.of(middle)
        if isinstance(picture, Picture):
            self.arrived.emit(middle.series_uid, picture)


def middle_instance(series: MediumSeries) -> MediumInstance | None:
    present = series.present
    return present[len(present) // 2] if present else None
