"""An ECG or another waveform on millimetre paper: 25 mm a second, 10 mm a millivolt, zoomed and scrolled.

Paints what is in sight and no more. For review: measurements are not taken here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.core.documents import Channel, Waveform, WaveGroup
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import IconButton
from iep_desktop.ui.widgets.field import Select
from iep_desktop.ui.widgets.labels import ElidedLabel, Label

MM_A_SECOND = 25.0
MM_A_MILLIVOLT = 10.0
ZOOMS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
_PX_A_MM = 96 / 25.4  # of logical pixels, as the desktop counts them
_MILLIVOLTS = {"mV": 1.0, "uV": 1e-3, "µV": 1e-3, "V": 1e3}
_AUTO_MM = 20.0  # a channel in another unit fills so much
_LABEL_MM = 6.0  # above a channel's highest value, for its name
_LEAST_MM, _MOST_MM = 14.0, 60.0  # height of a channel
_MOST_POINTS = 40_000  # of a channel, at a time


class WaveformPaper(QAbstractScrollArea):
    """One group of channels, one below the other. `zoomed` carries the factor."""

    zoomed = Signal(float)

    def __init__(self, group: WaveGroup, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.zoom = 1.0
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.viewport().update)
        self.set_group(group)

    def set_group(self, group: WaveGroup) -> None:
        self.group = group
        self._rows = tuple(_Row(channel) for channel in group.channels)
        channels = ", ".join(row.channel.label for row in self._rows)
        self.setAccessibleName(f"{group.label}, {len(self._rows)} channels, {group.seconds:.1f} seconds")
        self.setAccessibleDescription(channels)
        self._fit()

    def set_zoom(self, zoom: float) -> None:
        """Keeps the moment in the middle where it is."""
        middle = self._second_at(self.viewport().width() / 2)
        self.zoom = zoom
        self._fit()
        bar = self.horizontalScrollBar()
        bar.setValue(round(middle * self._px_a_second - self.viewport().width() / 2))
        self.zoomed.emit(zoom)

    def step_zoom(self, by: int) -> None:
        nearest = min(range(len(ZOOMS)), key=lambda at: abs(ZOOMS[at] - self.zoom))
        self.set_zoom(ZOOMS[min(max(nearest + by, 0), len(ZOOMS) - 1)])

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    @property
    def px_a_mm(self) -> float:
        return _PX_A_MM * self.zoom

    # -- events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.step_zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.horizontalScrollBar()
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.step_zoom(1)
            case Qt.Key.Key_Minus:
                self.step_zoom(-1)
            case Qt.Key.Key_0:
                self.set_zoom(1.0)
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_End:
                bar.setValue(bar.maximum())
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self._theme.color("surface"))
        self._paint_grid(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, top in self._tops():
            if top < self.viewport().height() and top + row.millimetres * self.px_a_mm > 0:
                self._paint_row(painter, row, top)

    # -- inside

    @property
    def _px_a_second(self) -> float:
        return MM_A_SECOND * self.px_a_mm

    def _second_at(self, x: float) -> float:
        return (x + self.horizontalScrollBar().value()) / self._px_a_second

    def _tops(self) -> Iterator[tuple[_Row, float]]:
        top = -float(self.verticalScrollBar().value())
        for row in self._rows:
            yield row, top
            top += row.millimetres * self.px_a_mm

    def _fit(self) -> None:
        view = self.viewport().size()
        width = self.group.seconds * self._px_a_second
        height = sum(row.millimetres for row in self._rows) * self.px_a_mm
        for bar, needed, seen in (
            (self.horizontalScrollBar(), width, view.width()),
            (self.verticalScrollBar(), height, view.height()),
        ):
            bar.setPageStep(seen)
            bar.setSingleStep(max(round(5 * self.px_a_mm), 1))
            bar.setRange(0, min(max(math.ceil(needed) - seen, 0), 1 << 30))
        self.viewport().update()

    def _paint_grid(self, painter: QPainter) -> None:
        """A line a millimetre, a stronger one every five."""
        x0, y0 = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        view = self.viewport()
        for every, token in ((1, "line"), (5, "track")):
            step = every * self.px_a_mm
            if step < 3:
                continue
            painter.setPen(QPen(self._theme.color(token), 1))
            across = [
                math.ceil(x0 / step) * step - x0 + i * step for i in range(math.ceil(view.width() / step) + 1)
            ]
            down = [
                math.ceil(y0 / step) * step - y0 + i * step
                for i in range(math.ceil(view.height() / step) + 1)
            ]
            painter.drawLines([QLineF(x, 0, x, view.height()) for x in across])
            painter.drawLines([QLineF(0, y, view.width(), y) for y in down])

    def _paint_row(self, painter: QPainter, row: _Row, top: float) -> None:
        scale = row.mm_a_unit * self.px_a_mm
        base = top + row.above * self.px_a_mm
        painter.setPen(QPen(self._theme.color("text"), 1.2))
        for piece in self._pieces(row.channel):
            painter.drawPolyline(QPolygonF([QPointF(x, base - y * scale) for x, y in piece]))
        self._paint_label(painter, row, top)

    def _paint_label(self, painter: QPainter, row: _Row, top: float) -> None:
        font = self._theme.font(500)
        metrics = QFontMetrics(font)
        rect = QRectF(8, top + 2, metrics.horizontalAdvance(row.label) + 8, metrics.height() + 2)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.label)

    def _pieces(self, channel: Channel) -> Iterator[list[tuple[float, float]]]:
        """What is in sight, parted where nothing was recorded; of many samples a pixel the least and the greatest."""
        frequency, offset = self.group.frequency, self.horizontalScrollBar().value()
        first = max(int(offset / self._px_a_second * frequency) - 1, 0)
        last = min(int(self._second_at(self.viewport().width()) * frequency) + 2, len(channel.values))
        px_a_sample = self._px_a_second / frequency
        bundle = max(int(0.5 / px_a_sample), 1)
        stride = max((last - first) // (_MOST_POINTS * bundle), 1) if last > first else 1
        piece: list[tuple[float, float]] = []
        for at in range(first, last, bundle * stride):
            values = channel.values[at : at + bundle * stride]
            low, high = min(values), max(values)
            if math.isfinite(low) and math.isfinite(high):
                x = at * px_a_sample - offset
                piece += [(x, low), (x, high)] if bundle * stride > 1 else [(x, low)]
            elif piece:
                yield piece
                piece = []
        if piece:
            yield piece


class _Row:
    """How a channel is laid on the paper."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        finite = [
            value
            for value in channel.values[:: max(len(channel.values) // 20_000, 1)]
            if math.isfinite(value)
        ]
        low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
        millivolts = _MILLIVOLTS.get(channel.unit)
        self.fixed = millivolts is not None
        self.mm_a_unit = MM_A_MILLIVOLT * millivolts if millivolts else _AUTO_MM / ((high - low) or 1.0)
        if self.fixed:
            low, high = min(low, 0.0), max(high, 0.0)
        wanted = (high - low) * self.mm_a_unit + _LABEL_MM + 3
        self.millimetres = min(max(wanted, _LEAST_MM), _MOST_MM)
        self.above = _LABEL_MM + high * self.mm_a_unit + (self.millimetres - min(wanted, _MOST_MM)) / 2

    @property
    def label(self) -> str:
        if self.fixed:
            return self.channel.label
        unit = self.channel.unit if self.channel.calibrated else "uncalibrated"
        return f"{self.channel.label}, {10 / self.mm_a_unit:.3g} {unit} a cm".replace("  ", " ")


class WaveformView(QWidget):
    """The paper with a bar: which group, how large. Ctrl and wheel or + and − zoom, 0 is 25 mm/s."""

    def __init__(self, waveform: Waveform, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waveform = waveform
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.paper = WaveformPaper(waveform.groups[0], theme)
        self.title = ElidedLabel(waveform.title, weight=600)
        self.facts = ElidedLabel(" · ".join(value for _, value in waveform.facts), "text2")
        self.groups = Select({_group_words(g, at): at for at, g in enumerate(waveform.groups)})
        self.groups.setAccessibleName("Group of channels")
        self.groups.setVisible(len(waveform.groups) > 1)
        self.scale = Label("", "text2")
        self.remark = Label("", "warn", wrap=True)
        self.smaller = IconButton("minus", "Smaller (−)", theme)
        self.larger = IconButton("plus", "Larger (+)", theme)
        self._lay_out()
        self.smaller.clicked.connect(lambda: self.paper.step_zoom(-1))
        self.larger.clicked.connect(lambda: self.paper.step_zoom(1))
        self.groups.currentIndexChanged.connect(self._choose)
        self.paper.zoomed.connect(lambda _: self._tell())
        self.setFocusProxy(self.paper)
        self._tell()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 0)
        top.setSpacing(8)
        top.addWidget(self.title, 1)
        for widget in (self.groups, self.smaller, self.scale, self.larger):
            top.addWidget(widget)
        below = QVBoxLayout()
        below.setContentsMargins(16, 0, 16, 8)
        below.addWidget(self.facts)
        below.addWidget(self.remark)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(below)
        layout.addWidget(self.paper, 1)

    def _choose(self, index: int) -> None:
        self.paper.set_group(self._waveform.groups[index])
        self._tell()

    def _tell(self) -> None:
        zoom, group = self.paper.zoom, self.paper.group
        self.scale.setText(
            f"{MM_A_SECOND * zoom:g} mm/s, {MM_A_MILLIVOLT * zoom:g} mm/mV, {group.frequency:g} Hz"
        )
        bare = any(not channel.calibrated for channel in group.channels)
        remarks = [
            group.remark,
            "Some channels are not calibrated: their height means nothing." if bare else "",
        ]
        self.remark.setText(" ".join(filter(None, remarks)))
        self.remark.setVisible(bool(self.remark.text()))


def _group_words(group: WaveGroup, at: int) -> str:
    return f"{at + 1}  {group.label}, {group.seconds:.3g} s"
