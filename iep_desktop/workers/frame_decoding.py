"""Joins the renderer to panes: a file's frame, decoded, with its facts; and a picture of it as a look asks for.

Keeps a few open heads. Plain, blocking, safe from several threads; the renderer is imported with the first file.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop.core.pictures import FrameFacts, Look, Picture, Slot, WindowLevel
from iep_desktop.core.planes import Plane
from iep_desktop.core.viewing import ViewPatient

if TYPE_CHECKING:
    from iep_desktop.dicom.render.decoded import Decoded
    from iep_desktop.dicom.render.grey import View, Window
    from iep_desktop.dicom.render.image import Image

_MOST_OPEN = 32
_MOST_PLACES = 2_000  # frames of one file whose positions are read
_FACTS = 1_024  # bytes, roughly


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded frame."""

    decoded: Decoded
    facts: FrameFacts

    @property
    def size(self) -> int:
        return self.decoded.size + _FACTS

    def picture(self, slot: Slot, look: Look) -> Picture:
        """Raises Permanent where its values cannot be shown."""
        from iep_desktop.dicom.render.grey import Window

        view = self._view(look)
        array = self.decoded.shown(view, invert=look.invert, reduce=look.reduce)
        height, width = array.shape[:2]
        channels = 3 if array.ndim == 3 else 1
        level = start = None
        if isinstance(view, Window):
            level = WindowLevel(view.centre, view.width)
        elif self.decoded.values is not None:
            start = WindowLevel(self.decoded.values.spread.centre, self.decoded.values.spread.width)
        data, remarks = array.tobytes(), self.decoded.remarks
        return Picture(slot, look, self.facts, width, height, channels, data, level, start, remarks)

    def _view(self, look: Look) -> View | None:
        decoded = self.decoded
        if decoded.values is None:
            return None
        if look.level is not None:
            return self._window(look.level)
        if look.automatic:
            return decoded.values.spread
        views = decoded.views
        return views[look.view] if look.view < len(views) else decoded.view

    def _window(self, level: WindowLevel) -> Window:
        """By the function that the file asks for (VOI LUT Function); LINEAR knows no width below 1."""
        from iep_desktop.dicom.render.grey import Shape, Window

        windows = (view for view in self.decoded.views if isinstance(view, Window))
        shape = next((window.shape for window in windows), Shape.LINEAR)
        if level.width < 1 and shape is Shape.LINEAR:
            shape = Shape.LINEAR_EXACT
        return Window(level.centre, level.width, shape)


class OpenFiles:
    """Heads of the files that were read last. All raise MediumUnreadable or Permanent, with the reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, tuple[Image, ViewPatient]] = OrderedDict()

    def frame(self, path: Path, slot: Slot) -> Frame:
        image, patient = self._opened(path)
        decoded = image.decode(slot.frame)
        return Frame(decoded, replace(image.facts(slot.frame), patient=patient))

    def places(self, path: Path, slot: Slot) -> list[tuple[Slot, Plane]]:
        """Where the frames of a file lie in the patient."""
        image, _patient = self._opened(path)
        slots = [replace(slot, frame=at) for at in range(min(image.frames, _MOST_PLACES))]
        planes = [(one, image.plane(one.frame)) for one in slots]
        return [(one, plane) for one, plane in planes if plane is not None]

    def _opened(self, path: Path) -> tuple[Image, ViewPatient]:
        with self._lock:
            if path in self._open:
                self._open.move_to_end(path)
                return self._open[path]
        from iep_desktop.dicom.documents.reading import header_identity
        from iep_desktop.dicom.render.image import open_image

        opened = open_image(path), header_identity(path)
        with self._lock:
            self._open[path] = opened
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return opened
