"""One pane: which frame of which series it shows, how, and what came of asking for it. Asks a feed, paints by scenes.

What is painted always belongs together: texts, lines and places are those of the frame on the screen, also while
another one is on its way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from iep_desktop.core.pictures import Look, Missing, Picture, Slot, WindowLevel
from iep_desktop.core.planes import Plane, Point
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.cine import Cine
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.gestures import Gestures
from iep_desktop.ui.viewer.measures import Measures
from iep_desktop.ui.viewer.pane_painting import PanePainter, Scene, Texts
from iep_desktop.ui.viewer.pane_texts import spoken, texts_of
from iep_desktop.ui.viewer.tools import Tool
from iep_desktop.ui.viewer.viewport import Fit, Viewport
from iep_desktop.workers.frames import Arrival
from iep_desktop.workers.stacks import Stack

_PATIENCE_MS = 300  # before it is said that a frame is on its way
_SILENT_SECONDS = 5
EMPTY = "Choose a series at the left."


class Pane(QWidget):
    """`moved` after a person scrolled; `shown` when another frame, or the reason why there is none, is painted."""

    activated = Signal()
    moved = Signal()
    shown = Signal()
    maximise_wanted = Signal()

    def __init__(self, seat: int, feed: FrameFeed, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seat, self.theme = seat, theme
        self._feed = feed
        self.stack: Stack | None = None
        self.slot: Slot | None = None  # wanted; `picture` is what is painted
        self.look, self.port, self.tool = Look(), Viewport(), Tool.SCROLL
        self.picture: Picture | None = None
        self.missing: Missing | None = None
        self.measures = Measures()
        self.scouts: Sequence[tuple[Point, Point]] = ()
        self.is_active = False
        self._note = ""
        self._image: QImage | None = None
        self._ticket = self._painted = 0
        self._asked_at = 0.0
        self._gestures = Gestures(self)
        self.cine = Cine(self._cine_step, self)
        self.cine.changed.connect(self.update)
        self._patience = QTimer(self)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        feed.arrived.connect(self._arrived)

    # --- what it shows ----------------------------------------------------------------------------------------

    def open(self, stack: Stack, slot: Slot | None = None) -> None:
        """Another series, from its first frame or at one of it."""
        self.cine.stop()
        self.stack, self.slot = stack, slot or (stack.slot(0) if len(stack) else None)
        self.look, self.port, self._note = Look(), Viewport(), ""
        self._painted = self._ticket  # what is still on its way belongs to another series
        self._forget_picture()
        self._ask()

    def clear(self) -> None:
        self.cine.stop()
        self._feed.reader.leave(self.seat)
        self.stack = self.slot = None
        self._painted = self._ticket = 0
        self._forget_picture()

    def _forget_picture(self) -> None:
        self.picture = self.missing = self._image = None
        self.scouts = ()
        self.update()

    @property
    def count(self) -> int:
        return len(self.stack) if self.stack else 0

    @property
    def place(self) -> int:
        return self.stack.place(self.slot) if self.stack and self.slot else 0

    @property
    def plane(self) -> Plane | None:
        return self.picture.facts.plane if self.picture else None

    @property
    def size_now(self) -> QSizeF:
        return QSizeF(self.size())

    @property
    def fit(self) -> Fit | None:
        if self.picture is None:
            return None
        return Fit(self.port, self.picture.facts, self.size_now, self.devicePixelRatioF())

    @property
    def level(self) -> WindowLevel | None:
        """The window on the screen, or where dragging one begins; None for colour."""
        if self.look.level is not None:
            return self.look.level
        return (self.picture.level or self.picture.start) if self.picture else None

    @property
    def waits(self) -> bool:
        return self.slot is not None and self._painted < self._ticket

    # --- changing it ------------------------------------------------------------------------------------------

    def go(self, place: int) -> None:
        """To a frame, by a person's hand; beyond the ends is the end."""
        before = self.place
        if self.stack is None or not self.count:
            return
        place = min(max(place, 0), self.count - 1)
        if place != before:
            self.show_slot(self.stack.slot(place), forward=place > before)
            self.moved.emit()

    def show_slot(self, slot: Slot, *, forward: bool = True) -> None:
        self.slot = slot
        self._ask(forward=forward)

    def set_look(self, look: Look) -> None:
        self.look = look
        self._ask()

    def set_level(self, level: WindowLevel) -> None:
        self.set_look(replace(self.look, level=level, automatic=False))

    def set_port(self, port: Viewport) -> None:
        self.port = port
        self._ask_if_size_matters()
        self.update()

    def zoom_from(self, port: Viewport, factor: float, around: QPointF | None) -> None:
        if self.fit:
            self.set_port(replace(self.fit, port=port).zoomed(factor, around))

    def pan_from(self, port: Viewport, way: QPointF) -> None:
        if self.fit:
            self.set_port(replace(self.fit, port=port).moved(way))

    def try_again(self) -> None:
        if self.slot is not None:
            self._feed.reader.again(self.slot)
            self._ask()

    def toggle_cine(self) -> None:
        if self.cine.running:
            self.cine.stop()
        elif self.count > 1:
            self.cine.start(self.picture.facts.frame_seconds if self.picture else None)

    def _cine_step(self) -> bool:
        """Round and round: within the image where it has frames, else within the series."""
        if self.waits or self.stack is None or self.slot is None:
            return False
        frames = self.picture.facts.frames if self.picture else 1
        if frames > 1:
            self.show_slot(replace(self.slot, frame=(self.slot.frame + 1) % frames))
        else:
            self.show_slot(self.stack.slot((self.place + 1) % self.count))
        return True

    # --- lines ------------------------------------------------------------------------------------------------

    @property
    def has_line(self) -> bool:
        return bool(self.picture and self.measures.of(self.picture.slot.key))

    def begin_line(self, at: QPointF) -> None:
        if self.picture and self.fit:
            self.measures.begin(self.picture.slot.key, self.fit.image_point(at))

    def draw_line(self) -> None:
        """A line in the middle, a quarter of the pane wide, for the keys to move."""
        if self.picture and self.fit:
            middle, way = QPointF(self.width() / 2, self.height() / 2), QPointF(self.width() / 8, 0)
            start, end = self.fit.image_point(middle - way), self.fit.image_point(middle + way)
            self.measures.begin(self.picture.slot.key, start, end)
            self.update()

    def move_line(self, at: QPointF) -> None:
        if self.picture and self.fit:
            self.measures.move(self.picture.slot.key, self.fit.image_point(at))
            self.update()

    def nudge_line(self, across: float, down: float) -> None:
        if self.picture:
            self.measures.nudge(self.picture.slot.key, across, down)
            self.update()

    def finish_line(self) -> None:
        if self.picture:
            self.measures.finish(self.picture.slot.key)
            self.update()

    def remove_line(self) -> None:
        if self.picture:
            self.measures.remove(self.picture.slot.key)
            self.update()

    def set_note(self, note: str) -> None:
        """Words beside the image that come from outside of it."""
        if note != self._note:
            self._note = note
            self.update()

    # --- asking -----------------------------------------------------------------------------------------------

    def _ask(self, *, forward: bool = True) -> None:
        if self.stack is None or self.slot is None:
            return
        if not self.waits:
            self._asked_at = time.monotonic()
        look = replace(self.look, reduce=self.fit.reduce if self.fit else 1)
        self._ticket = self._feed.reader.want(self.seat, self.stack, self.slot, look, forward=forward)
        self._patience.start()

    def _ask_if_size_matters(self) -> None:
        if self.fit and self.picture and self.fit.reduce != self.picture.look.reduce and not self.waits:
            self._ask()

    def _arrived(self, arrival: Arrival) -> None:
        if arrival.seat != self.seat or self.stack is None or arrival.ticket <= self._painted:
            return
        self._painted = arrival.ticket
        if not self.waits:
            self._patience.stop()
        if isinstance(arrival.shown, Missing):
            self.cine.stop()
            self._forget_picture()
            self.missing = arrival.shown
        else:
            self.missing, self.picture, self._image = None, arrival.shown, image_of(arrival.shown)
            self._ask_if_size_matters()
        self._say()
        self.shown.emit()
        self.update()

    def _say(self) -> None:
        """What a screen reader hears; also the whole of texts that are cut."""
        missing = self.missing
        said = f"{missing.title}. {missing.reason} {missing.hint}" if missing else spoken(self._texts())
        self.setAccessibleDescription(said.strip())

    # --- painting ---------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        PanePainter(painter, self.size_now, self.theme).paint(self.scene())

    def scene(self) -> Scene:
        slot = self.picture.slot if self.picture else self.slot
        at = self.stack.place(slot) if self.stack and slot else 0
        return Scene(
            texts=self._texts(),
            picture=self.picture,
            image=self._image,
            fit=self.fit,
            missing=self.missing,
            waiting=self._waiting(),
            empty="" if self.stack else EMPTY,
            lines=self.measures.of(self.picture.slot.key) if self.picture else (),
            scouts=self.scouts,
            place=(at, self.count),
            active=self.is_active,
        )

    def _texts(self) -> Texts:
        fit, picture = self.fit, self.picture
        if picture is None or fit is None or self.stack is None:
            return (
                Texts(bottom_right=(f"Image {self.place + 1} of {self.count}",)) if self.missing else Texts()
            )
        remarks = [f"Cine {self.cine.rate:.3g} a second"] if self.cine.running else []
        remarks += [said for said in (self._note, self._waiting()) if said]
        return texts_of(picture, fit, self.stack.place(picture.slot), self.count, remarks)

    def _waiting(self) -> str:
        seconds = time.monotonic() - self._asked_at
        if not self.waits or self.missing or seconds * 1000 < _PATIENCE_MS:
            return ""
        said = f"Loading image {self.place + 1} of {self.count}…"
        return f"{said} No answer for {seconds:.0f} s." if seconds >= _SILENT_SECONDS else said

    # --- events -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit()
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.tool is not Tool.MEASURE:
            self.maximise_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.activated.emit()
        self._gestures.wheel(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._gestures.key(event):
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.activated.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ask_if_size_matters()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._ask_if_size_matters()
        return super().event(event)


def image_of(picture: Picture) -> QImage:
    """In the screen's own format, which paints in half the time."""
    kind = QImage.Format.Format_Grayscale8 if picture.channels == 1 else QImage.Format.Format_RGB888
    stride = picture.width * picture.channels
    return QImage(picture.data, picture.width, picture.height, stride, kind).convertToFormat(
        QImage.Format.Format_RGB32
    )
