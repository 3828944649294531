"""What mouse and keys do in a pane, as in the viewers of hospitals: left by tool, right window, middle pan.

Turns events into the pane's own words; holds only what a drag began with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from iep_desktop.core.pictures import WindowLevel
from iep_desktop.ui.viewer.pane_painting import bar_track
from iep_desktop.ui.viewer.tools import Tool
from iep_desktop.ui.viewer.viewport import Viewport

if TYPE_CHECKING:
    from iep_desktop.ui.viewer.pane import Pane

PAGE = 10
_NOTCH = 120  # of a wheel
_MOST_PIXELS_A_STEP = 12.0
_ZOOM_PIXELS = 200  # for a factor of e
_WINDOW_PIXELS = 300  # for one width of the window
_GRIP = 16  # from the right edge, where the scroll bar is taken
_ZOOM_STEP = 1.25
_KEY_PIXELS = 30
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


@dataclass
class _Drag:
    """What a drag began with."""

    tool: Tool | None  # None: the scroll bar
    at: QPointF
    place: int
    port: Viewport
    level: WindowLevel | None


class Gestures:
    def __init__(self, pane: Pane) -> None:
        self._pane = pane
        self._drag: _Drag | None = None
        self._wheel = 0

    # --- mouse ------------------------------------------------------------------------------------------------

    def press(self, event: QMouseEvent) -> None:
        pane = self._pane
        buttons = {
            Qt.MouseButton.LeftButton: pane.tool,
            Qt.MouseButton.MiddleButton: Tool.PAN,
            Qt.MouseButton.RightButton: Tool.WINDOW,
        }
        if event.button() not in buttons or self._drag is not None:
            return
        tool = None if self._on_bar(event) else buttons[event.button()]
        self._drag = _Drag(tool, event.position(), pane.place, pane.port, pane.level)
        if tool is None:
            self.move(event)
        elif tool is Tool.MEASURE:
            pane.begin_line(event.position())

    def move(self, event: QMouseEvent) -> None:
        drag, pane = self._drag, self._pane
        if drag is None:
            return
        way = event.position() - drag.at
        match drag.tool:
            case None:
                track = bar_track(pane.size_now, pane.theme)
                part = (event.position().y() - track.top()) / track.height()
                pane.go(round(part * (pane.count - 1)))
            case Tool.SCROLL:
                pane.go(drag.place + int(way.y() / self._pixels_a_step()))
            case Tool.WINDOW:
                self._window(drag.level, way.x(), way.y())
            case Tool.ZOOM:
                pane.zoom_from(drag.port, 2.718281828 ** (-way.y() / _ZOOM_PIXELS), drag.at)
            case Tool.PAN:
                pane.pan_from(drag.port, way)
            case Tool.MEASURE:
                pane.move_line(event.position())

    def release(self, event: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        if drag is not None and drag.tool is Tool.MEASURE:
            self._pane.finish_line()

    def wheel(self, event: QWheelEvent) -> None:
        pane, turn = self._pane, event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            pane.zoom_from(pane.port, _ZOOM_STEP ** (turn / _NOTCH), event.position())
            return
        self._wheel += turn
        steps = int(self._wheel / _NOTCH)
        if steps:
            self._wheel -= steps * _NOTCH
            pane.go(pane.place - steps)

    def _on_bar(self, event: QMouseEvent) -> bool:
        pane = self._pane
        at_edge = event.position().x() > pane.width() - _GRIP
        return at_edge and pane.count > 1 and event.button() == Qt.MouseButton.LeftButton

    def _pixels_a_step(self) -> float:
        """A drag over the whole pane goes through the whole series."""
        pane = self._pane
        return min(_MOST_PIXELS_A_STEP, max(1.0, pane.height() / max(1, pane.count)))

    def _window(self, level: WindowLevel | None, across: float, down: float) -> None:
        """To the right wider, upwards brighter; by the window's own width, so that it fits every modality."""
        if level is None:
            return
        unit = level.width / _WINDOW_PIXELS
        least = min(1.0, level.width)
        width = max(level.width + across * max(unit, least / 10), least)
        self._pane.set_level(WindowLevel(level.centre + down * unit, width))

    # --- keys -------------------------------------------------------------------------------------------------

    def key(self, event: QKeyEvent) -> bool:
        """Whether the key meant something here."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if self._pane.tool is Tool.MEASURE and self._measure_key(key, held):
            return True
        if key in _ARROWS:
            self._arrow(*_ARROWS[key], held)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._pane.go(self._pane.place + (PAGE if key == Qt.Key.Key_PageDown else -PAGE))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._pane.go(0 if key == Qt.Key.Key_Home else self._pane.count - 1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1 / _ZOOM_STEP if key == Qt.Key.Key_Minus else _ZOOM_STEP
            self._pane.zoom_from(self._pane.port, factor, None)
        else:
            return False
        return True

    def _arrow(self, across: int, down: int, held: Qt.KeyboardModifier) -> None:
        pane = self._pane
        if held & Qt.KeyboardModifier.ControlModifier:
            self._window(pane.level, across * 10.0, down * 10.0)
        elif held & Qt.KeyboardModifier.ShiftModifier:
            pane.pan_from(pane.port, QPointF(across, down) * _KEY_PIXELS)
        else:
            pane.go(pane.place + across + down)

    def _measure_key(self, key: Qt.Key, held: Qt.KeyboardModifier) -> bool:
        """Enter draws a line in the middle, arrows move its end, Space takes the other end."""
        pane = self._pane
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            pane.draw_line()
        elif key == Qt.Key.Key_Space:
            pane.measures.other_end()
        elif key in _ARROWS and pane.has_line and not held & Qt.KeyboardModifier.ControlModifier:
            far = PAGE if held & Qt.KeyboardModifier.ShiftModifier else 1
            pane.nudge_line(_ARROWS[key][0] * far, _ARROWS[key][1] * far)
        else:
            return False
        return True
