"""Thumbnails as a window sees them: what is in sight is made first, what has gone out of sight is not made at all.

Owns the order of asking, and a bounded number of finished pictures. Who decodes, and the cache on disk, is `workers`'.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from iep_desktop.core.errors import IepError, MediumUnreadable, Retriable
from iep_desktop.core.job import Context
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.core.viewing import ImageSource, ViewSet
    from iep_desktop.ui.services import MakesThumbnails
    from iep_desktop.ui.viewer.rail_model import Pick

AT_ONCE = 2  # of the threads that a window's questions share
PATIENCE = 15.0  # seconds before a source that gave nothing is asked for the same once more
MOST = 600  # pictures kept; 128 × 128 in colour are 49 kB
K = TypeVar("K")


class Pixels(Protocol):
    """Rows from the top without padding; `channels` 1 grey or 3 RGB."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def data(self) -> bytes: ...


@dataclass(frozen=True)
class Picture:
    """A thumbnail, or a null image and the reason why there is none."""

    image: QImage
    reason: str = ""
    again: float = math.inf  # by the monotonic clock: from then on it is worth asking once more


class Pictures(QObject, Generic[K]):
    """`arrived(key)`: `of(key)` has a picture from now on. `make` blocks and is called in a pool's thread."""

    arrived = Signal(object)

    def __init__(
        self,
        make: Callable[[K, Context], Pixels],
        queries: Queries,
        parent: QObject | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(parent)
        self._patience = patience
        self._make = make
        self._queries = queries
        self._done: OrderedDict[K, Picture] = OrderedDict()
        self._wanted: list[K] = []
        self._running: dict[K, Running] = {}

    def of(self, key: K) -> Picture | None:
        """None while there is none yet."""
        if key in self._done:
            self._done.move_to_end(key)
        return self._done.get(key)

    def want(self, keys: Sequence[K]) -> None:
        """What is in sight now, in the order in which it is wanted; whatever was wanted before is let go."""
        for key in set(self._running).difference(keys):
            self._running.pop(key).cancel()
        self._wanted = [key for key in keys if self._is_due(key) and key not in self._running]
        self._next()

    def _is_due(self, key: K) -> bool:
        return key not in self._done or self._done[key].again <= time.monotonic()

    def forget(self) -> None:
        """Another set: nothing of this one is shown again."""
        self.want(())
        self._done.clear()

    def _next(self) -> None:
        while self._wanted and len(self._running) < AT_ONCE:
            key = self._wanted.pop(0)
            self._running[key] = self._ask(key)

    def _ask(self, key: K) -> Running:
        make = self._make
        return self._queries.ask(
            lambda ctx: Picture(_image(make(key, ctx))),
            lambda picture: self._arrived(key, picture),
            lambda error: self._arrived(key, self._no_picture(error)),
            owner=self,
        )

    def _no_picture(self, error: IepError) -> Picture:
        """What may pass by itself, such as a node that is silent, is asked again when it is looked at again."""
        passing = isinstance(error, Retriable | MediumUnreadable)
        again = time.monotonic() + self._patience if passing else math.inf
        return Picture(QImage(), why_and_what_next(error) or error.title, again)

    def _arrived(self, key: K, picture: Picture) -> None:
        self._running.pop(key, None)
        self._done[key] = picture
        while len(self._done) > MOST:
            self._done.popitem(last=False)
        self.arrived.emit(key)
        self._next()


def picture_maker(
    thumbnails: MakesThumbnails, view: ViewSet, source: ImageSource
) -> Callable[[Pick, Context], Pixels]:
    """What a rail's pictures are made by."""

    def make(pick: Pick, ctx: Context) -> Pixels:
        made: Pixels = thumbnails.of_image(
            source, pick.study, pick.series, pick.image, ctx, view.transaction_id
        )
        return made

    return make


def _image(pixels: Pixels) -> QImage:
    form = QImage.Format.Format_Grayscale8 if pixels.channels == 1 else QImage.Format.Format_RGB888
    stride = pixels.width * pixels.channels
    return QImage(pixels.data, pixels.width, pixels.height, stride, form).copy()
