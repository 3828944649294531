"""The history of a transaction as a painted line of dots: time, what happened; red for what failed."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from iep_desktop.core.transaction import Event, Status
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist.texts import clock, moment

ROOM_FOR_ACTORS = 340  # narrower, and who did it stands in the tool tip alone
_BAD = (Status.FAILED, Status.DECLINED)


class Timeline(QWidget):
    """`last` events, oldest at the top; all of them with `show_all`. One accessible text holds every line."""

    def __init__(self, theme: Theme, last: int = 6, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._last = theme, last
        self._all = False
        self._events: tuple[Event, ...] = ()
        self._now: datetime | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_events(self, events: tuple[Event, ...], now: datetime) -> None:
        before, self._events = self._events, events
        day, self._now = self._now.date() if self._now else None, now
        if (before, day) == (events, now.date()):
            return  # laid out and painted again only where a line is another one
        self.setAccessibleName("Timeline")
        self.setAccessibleDescription("; ".join(self._line(event) for event in events))
        self.updateGeometry()
        self.update()

    def show_all(self, on: bool) -> None:
        self._all = on
        self.updateGeometry()
        self.update()

    @property
    def shown(self) -> tuple[Event, ...]:
        return self._events if self._all else self._events[-self._last :]

    def sizeHint(self) -> QSize:
        return QSize(200, max(len(self.shown), 1) * self._step)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    @property
    def _step(self) -> int:
        return self._theme.sizes.of(24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        times = self._theme.font(400)
        painter.setFont(times)
        column = max(
            (painter.fontMetrics().horizontalAdvance(self._time(event)) for event in self.shown), default=0
        )
        dot = column + self._theme.sizes.of(16)
        self._line_between(painter, dot)
        for at, event in enumerate(self.shown):
            self._paint_event(painter, event, at, dot, last=at == len(self.shown) - 1)

    def _line_between(self, painter: QPainter, dot: int) -> None:
        step = self._step
        painter.setPen(QPen(self._theme.color("line"), 1.5))
        if len(self.shown) > 1:
            painter.drawLine(QPointF(dot, step / 2), QPointF(dot, (len(self.shown) - 0.5) * step))

    def _paint_event(self, painter: QPainter, event: Event, at: int, dot: int, *, last: bool) -> None:
        step, theme = self._step, self._theme
        top, middle = at * step, (at + 0.5) * step
        bad = event.status in _BAD or event.kind in ("failed", "error")
        painter.setFont(theme.font(400))
        painter.setPen(theme.color("text3"))
        painter.drawText(QRect(0, top, dot, step), Qt.AlignmentFlag.AlignVCenter, self._time(event))
        self._dot(
            painter, QPointF(dot, middle), hollow=last and not bad, token="danger" if bad else "neutral"
        )
        left = dot + theme.sizes.of(16)
        area = QRect(left, top, self._paint_actor(painter, event, top) - left, step)
        painter.setFont(theme.font(600 if last else 400))
        painter.setPen(theme.color("danger" if bad else "text"))
        text = painter.fontMetrics().elidedText(event.text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_actor(self, painter: QPainter, event: Event, top: int) -> int:
        """Who did it, at the right where there is room; returns where the words for what happened end."""
        if self.width() < self._theme.sizes.of(ROOM_FOR_ACTORS):
            return self.width()
        painter.setFont(self._theme.font(400))
        painter.setPen(self._theme.color("text3"))
        widest = self.width() // 3
        who = painter.fontMetrics().elidedText(event.actor, Qt.TextElideMode.ElideRight, widest)
        left = self.width() - painter.fontMetrics().horizontalAdvance(who)
        painter.drawText(
            QRect(left, top, self.width() - left, self._step), Qt.AlignmentFlag.AlignVCenter, who
        )
        return left - self._theme.sizes.of(12)

    def _dot(self, painter: QPainter, at: QPointF, *, hollow: bool, token: str) -> None:
        if hollow:
            painter.setPen(QPen(self._theme.color("bar"), 2))
            painter.setBrush(self._theme.color("surface"))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color(token))
        painter.drawEllipse(QRectF(at.x() - 3.5, at.y() - 3.5, 7, 7))

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            row = event.pos().y() // self._step
            if 0 <= row < len(self.shown):
                QToolTip.showText(event.globalPos(), self._line(self.shown[row]), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def _time(self, event: Event) -> str:
        return clock(event.at, self._now or event.at)

    def _line(self, event: Event) -> str:
        return f"{moment(event.at)}, {event.actor}: {event.text}"
