"""How an image lies in its pane: fitted or at a zoom, moved, turned, mirrored. Mathematics only; paints nothing.

Image points are in pixels of the file, (0, 0) the corner of the first; zoom 1 is one of them to one of the screen,
so that 1:1 is sharp on every display.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QSizeF
from PySide6.QtGui import QTransform

from iep_desktop.core.pictures import FrameFacts
from iep_desktop.core.planes import Letters, Point

SMALLEST, LARGEST = 0.02, 32.0
_MOST_REDUCED = 64


@dataclass(frozen=True)
class Viewport:
    """`zoom` None: as large as fits. `centre`: the image point in the pane's middle, None for that of the image."""

    zoom: float | None = None
    centre: Point | None = None
    quarters: int = 0  # turned clockwise
    mirrored: bool = False  # after turning, left for right

    # --- changing ---------------------------------------------------------------------------------------------

    def fitted(self) -> Viewport:
        return replace(self, zoom=None, centre=None)

    def turned(self, quarters: int) -> Viewport:
        """Clockwise as one sees it."""
        return replace(self, quarters=(self.quarters + (-quarters if self.mirrored else quarters)) % 4)

    def flipped(self, *, upside_down: bool = False) -> Viewport:
        flipped = replace(self, mirrored=not self.mirrored)
        return replace(flipped, quarters=(flipped.quarters + 2) % 4) if upside_down else flipped

    def letters(self, facts: FrameFacts) -> Letters:
        turned = facts.letters.turned(self.quarters)
        return turned.mirrored() if self.mirrored else turned


@dataclass(frozen=True)
class Fit:
    """A viewport in a pane of a size, on a screen of `ratio` device pixels to one of the window's."""

    port: Viewport
    facts: FrameFacts
    pane: QSizeF
    ratio: float = 1.0

    @property
    def shape(self) -> tuple[float, float]:
        """A pixel's width and height, the shorter one 1 (PS3.3 10.7)."""
        aspect = self.facts.aspect
        return (1.0, aspect) if aspect >= 1 else (1 / aspect, 1.0)

    @property
    def zoom(self) -> float:
        if self.port.zoom is not None:
            return self.port.zoom
        across, down = self.shape
        width, height = self.facts.columns * across, self.facts.rows * down
        if self.port.quarters % 2:
            width, height = height, width
        return min(self.pane.width() / width, self.pane.height() / height) * self.ratio

    @property
    def reduce(self) -> int:
        """By how much the image may be averaged down without losing what this screen can show."""
        shrunk = 1 / max(self.zoom, 1e-6)
        return min(_MOST_REDUCED, 1 << max(0, int(math.log2(shrunk)))) if shrunk >= 2 else 1

    @property
    def centre(self) -> Point:
        return self.port.centre or (self.facts.columns / 2, self.facts.rows / 2)

    @property
    def transform(self) -> QTransform:
        """From image points to the pane's, on whole device pixels."""
        scale = self.zoom / self.ratio
        across, down = self.shape
        made = QTransform()
        made.translate(self.pane.width() / 2, self.pane.height() / 2)
        made.scale(-1 if self.port.mirrored else 1, 1)
        made.rotate(90.0 * self.port.quarters)
        made.scale(scale * across, scale * down)
        made.translate(-self.centre[0], -self.centre[1])
        whole = (round(part * self.ratio) / self.ratio for part in (made.dx(), made.dy()))
        return QTransform(made.m11(), made.m12(), made.m21(), made.m22(), *whole)

    def image_point(self, at: QPointF) -> Point:
        inverse, _ = self.transform.inverted()
        point = inverse.map(at)
        return point.x(), point.y()

    def moved(self, by: QPointF) -> Viewport:
        """With the image shifted by so much of the pane."""
        middle = QPointF(self.pane.width() / 2, self.pane.height() / 2)
        return replace(self.port, zoom=self.zoom, centre=self.image_point(middle - by))

    def zoomed(self, factor: float, around: QPointF | None = None) -> Viewport:
        """With the image point at `around` left where it is."""
        middle = QPointF(self.pane.width() / 2, self.pane.height() / 2)
        kept = around or middle
        zoom = min(max(self.zoom * factor, SMALLEST), LARGEST)
        fixed = self.image_point(kept)
        there = replace(self, port=replace(self.port, zoom=zoom, centre=self.centre))
        now = there.transform.map(QPointF(*fixed))
        return there.moved(kept - now)
