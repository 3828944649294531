"""The strip at the bottom: slots in use, the rate, how the nodes answer, the next night window. One truth: `Flow`."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.flow import Flow, LightState, NodeLight
from iep_desktop.core.model import NodeRole
from iep_desktop.core.transaction import Slot, SlotKind
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import ElidedLabel, Label

_NAMES = {SlotKind.INBOUND: "In", SlotKind.OUTBOUND: "Out", SlotKind.BLUE_LIGHT: "Blue Light"}
_CAPS = {SlotKind.INBOUND: 4, SlotKind.OUTBOUND: 4, SlotKind.BLUE_LIGHT: 1}  # R-ENG-1
_LIGHTS = {
    LightState.UP: "green",
    LightState.SLOW: "amber",
    LightState.DOWN: "danger",
    LightState.UNKNOWN: "track",
}
_TONES = {
    LightState.UP: "text",
    LightState.SLOW: "warn",
    LightState.DOWN: "danger",
    LightState.UNKNOWN: "text2",
}
_WORDS = {LightState.UNKNOWN: "not tried yet"}


class _SlotBlocks(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._used: tuple[bool, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_used(self, used: tuple[bool, ...]) -> None:
        if used != self._used:
            self._used = used
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(24 * len(self._used), 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for at, used in enumerate(self._used):
            painter.setBrush(self._theme.color("bar" if used else "track"))
            painter.drawRoundedRect(QRectF(24 * at, 0, 18, 8), 2, 2)


class _Slots(QWidget):
    """`In ▮▮▯▯ 2 of 4`"""

    def __init__(self, kind: SlotKind, theme: Theme) -> None:
        super().__init__()
        self._kind = kind
        self.blocks = _SlotBlocks(theme)
        self.words = Label()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Label(_NAMES[kind], "text2"))
        row.addWidget(self.blocks)
        row.addWidget(self.words)
        self.show_slots(())

    def show_slots(self, slots: tuple[Slot, ...]) -> None:
        mine = [slot for slot in slots if slot.kind is self._kind]
        used = tuple(slot.transaction_id is not None for slot in mine) or (False,) * _CAPS[self._kind]
        self.blocks.show_used(tuple(sorted(used, reverse=True)))
        self.words.setText(f"{sum(used)} of {len(used)}")
        self.setAccessibleName(f"{_NAMES[self._kind]} slots: {self.words.text()} in use")
        self.setToolTip(self.accessibleName())


class _Dot(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._token = theme, "track"
        self.setFixedSize(10, 10)
        theme.changed.connect(self.update)

    def set(self, token: str) -> None:
        self._token = token
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(self._token))
        painter.drawEllipse(QRectF(1, 1, 8, 8))


_GAP = 6
"""Pixels between dot, name and word of a node."""


class _Light(QWidget):
    """Dot, name, and always the word."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._dot, self.name, self.word = _Dot(theme), ElidedLabel("", "text2"), Label("", weight=500)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        for widget in (self._dot, self.name, self.word):
            row.addWidget(widget)

    @property
    def beside(self) -> int:
        """Pixels of all but the name."""
        return self._dot.width() + self.word.sizeHint().width() + 2 * _GAP

    def show_light(self, light: NodeLight, name: str) -> None:
        word = _WORDS.get(light.state, light.state.value)
        self.name.setText(name)
        self.word.setText(word)
        self.word.set_tone(_TONES[light.state])
        self._dot.set(_LIGHTS[light.state])
        milliseconds = f", {light.rtt_ms:.0f} ms" if light.rtt_ms is not None else ""
        self.setToolTip(f"{light.name}: {light.detail or word}{milliseconds}")
        self.setAccessibleName(f"{name} {word}")
        self.setAccessibleDescription(light.detail)


class _Lights(QWidget):
    """Side by side. Where the names do not all fit, the longest give way first."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.all: list[_Light] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(20)

    def set_number(self, number: int, theme: Theme) -> None:
        while len(self.all) > number:
            gone = self.all.pop()
            gone.setParent(None)
            gone.deleteLater()
        while len(self.all) < number:
            self.all.append(_Light(theme))
            self._row.addWidget(self.all[-1])

    def sizeHint(self) -> QSize:
        return QSize(self._beside() + sum(self._wanted()), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        least = self._beside() + sum(light.name.minimumSizeHint().width() for light in self.all)
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share()

    def share(self) -> None:
        """Give each name its part of the width that there is."""
        left, wanted = self.width() - self._beside(), self._wanted()
        shares = dict[int, int]()
        for at in sorted(range(len(wanted)), key=wanted.__getitem__):
            shares[at] = max(0, min(wanted[at], left // (len(wanted) - len(shares))))
            left -= shares[at]
        for at, share in shares.items():
            self.all[at].name.setFixedWidth(share)

    def _wanted(self) -> list[int]:
        return [light.name.whole_width for light in self.all]

    def _beside(self) -> int:
        """What dots, words and distances take."""
        return sum(light.beside for light in self.all) + self._row.spacing() * max(0, len(self.all) - 1)


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(LONDON):%H:%M}" if at else ""


class FlowStrip(QWidget):
    """Fed by `Queries.flow_changed` and `lights_changed`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "bar-above")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.sizes.strip)
        self.setAccessibleName("What moves now")
        self.slots = {kind: _Slots(kind, theme) for kind in SlotKind}
        self.rates = Label("0 images/s  0 MB/s")
        self.rates.setMinimumWidth(self.rates.fontMetrics().horizontalAdvance("000 images/s  000 MB/s"))
        self._lights = _Lights()
        self.next_batch = Label()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 1, 16, 0)
        row.setSpacing(20)
        for slots in self.slots.values():
            row.addWidget(slots)
        row.addWidget(self.rates)
        row.addStretch(1)
        row.addWidget(self._lights)
        self._batch_name = Label("Next batch", "text2")
        batch = QHBoxLayout()
        batch.setSpacing(8)
        batch.addWidget(self._batch_name)
        batch.addWidget(self.next_batch)
        row.addLayout(batch)
        self._batch_name.hide()

    @property
    def lights(self) -> list[_Light]:
        return self._lights.all

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow pictures and rates give way, the words for slots and nodes stay."""
        super().resizeEvent(event)
        of = self._theme.sizes.of
        self.rates.setVisible(self.width() >= of(1040))
        for slots in self.slots.values():
            slots.blocks.setVisible(self.width() >= of(860))
        has_batch = bool(self.next_batch.text()) and self.width() >= of(740)
        self._batch_name.setVisible(has_batch)
        self.next_batch.setVisible(has_batch)

    def show_flow(self, flow: Flow) -> None:
        for slots in self.slots.values():
            slots.show_slots(flow.slots)
        self.rates.setText(f"{flow.images_per_second:.0f} images/s  {flow.bytes_per_second / 1e6:.0f} MB/s")
        self._batch_name.setText("Batch" if flow.batch_open else "Next batch")
        self.next_batch.setText("runs now" if flow.batch_open else _clock(flow.next_batch))
        has_batch = bool(self.next_batch.text()) and self.width() >= self._theme.sizes.of(740)
        self._batch_name.setVisible(has_batch)
        self.next_batch.setVisible(has_batch)

    def show_lights(self, lights: tuple[NodeLight, ...]) -> None:
        self._lights.set_number(len(lights), self._theme)
        roles = [light.role for light in lights]
        for widget, light in zip(self.lights, lights, strict=True):
            alone = roles.count(light.role) == 1
            role = "PACS" if light.role is NodeRole.PACS else "Gateway"
            widget.show_light(light, role if alone else light.name)
        self._lights.updateGeometry()
        self._lights.share()
