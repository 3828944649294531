"""The left rail: six steps, each done, current or waiting, with a line of what stands in it. A click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from iep_desktop.ui.disc_wizard.case import Step
from iep_desktop.ui.theme import Theme

TITLES = {
    Step.CALL: "Call",
    Step.DISC: "Disc",
    Step.CONTENTS: "What is on it",
    Step.MATCH: "Whose it is",
    Step.RIS: "RIS",
    Step.GO: "Go",
}


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    WAITING = "waiting"


@dataclass(frozen=True)
class StepView:
    state: StepState
    line: str
    reachable: bool


class RailStep(QAbstractButton):
    """One step, painted. Its name for a screen reader holds all that is seen."""

    def __init__(self, step: Step, theme: Theme) -> None:
        super().__init__()
        self._step = step
        self._theme = theme
        self._view = StepView(StepState.WAITING, "", False)
        self.setText(TITLES[step])
        self.setShortcut(f"Alt+{step + 1}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        theme.changed.connect(self.update)

    @property
    def view(self) -> StepView:
        return self._view

    def show_view(self, view: StepView) -> None:
        if view == self._view:
            return
        self._view = view
        self.setEnabled(view.reachable)
        name = f"Step {self._step + 1}, {self.text()}, {view.state}, {view.line}"
        self.setAccessibleName(name)
        self._tell_cut()
        self.update()

    @property
    def _is_cut(self) -> bool:
        low = self.height() < self._theme.sizes.of(46)
        needed = QFontMetrics(self._theme.font()).horizontalAdvance(self._view.line)
        return low or needed > self._text_rect.width()

    @property
    def _text_rect(self) -> QRect:
        left = self._theme.sizes.of(52)
        return QRect(left, 0, max(self.width() - left - self._theme.sizes.of(4), 1), self.height())

    def sizeHint(self) -> QSize:
        return QSize(self._theme.sizes.of(224), self._theme.sizes.of(64))

    def minimumSizeHint(self) -> QSize:
        """The circle; the second line goes first where the window is low."""
        return QSize(self._theme.sizes.of(56), self._theme.sizes.of(32))

    def resizeEvent(self, event: object) -> None:
        self._tell_cut()

    def _tell_cut(self) -> None:
        self.setToolTip(f"{self.text()}: {self._view.line}" if self._is_cut else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_circle(painter)
        if self._text_rect.width() > self._theme.sizes.of(24):
            self._paint_words(painter)
        if self._step is not Step.GO:
            self._paint_way_on(painter)
        if self.hasFocus():
            painter.setPen(QPen(self._color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(5, 1, -5, -1), 4, 4)

    @property
    def _circle(self) -> QRectF:
        of = self._theme.sizes.of
        return QRectF(of(16), of(4), of(24), of(24))

    def _color(self, token: str) -> QColor:
        return self._theme.color(token)

    def _paint_circle(self, painter: QPainter) -> None:
        circle = self._circle
        match self._view.state:
            case StepState.DONE:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._color("ok_soft"))
                painter.drawEllipse(circle)
                size = self._theme.sizes.icon
                tick = self._theme.pixmap("check", "ok", size, self.devicePixelRatioF())
                painter.drawPixmap(circle.center() - QPointF(size / 2, size / 2), tick)
                return
            case StepState.CURRENT:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._color("accent_fill"))
                ink = self._color("on_fill")
            case StepState.WAITING:
                painter.setPen(QPen(self._color("border"), 1))
                painter.setBrush(self._color("surface"))
                ink = self._color("text2")
        painter.drawEllipse(circle.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(ink)
        painter.setFont(self._theme.font(600 if self._view.state is StepState.CURRENT else 400))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._step + 1))

    def _paint_words(self, painter: QPainter) -> None:
        of, area = self._theme.sizes.of, self._text_rect
        waiting = self._view.state is StepState.WAITING
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._theme.font(600 if self._view.state is StepState.CURRENT else 500))
        painter.setPen(self._color("text2" if waiting else "text"))
        painter.drawText(QRect(area.left(), of(4), area.width(), of(24)), left, self.text())
        if self.height() < of(46):
            return
        painter.setFont(self._theme.font())
        painter.setPen(self._color("text2"))
        line = painter.fontMetrics().elidedText(self._view.line, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QRect(area.left(), of(26), area.width(), of(20)), left, line)

    def _paint_way_on(self, painter: QPainter) -> None:
        circle, of = self._circle, self._theme.sizes.of
        done = self._view.state is StepState.DONE
        painter.setPen(QPen(self._color("border" if done else "line"), 2))
        middle = circle.center().x()
        painter.drawLine(QPointF(middle, circle.bottom() + of(5)), QPointF(middle, self.height() - 1.0))


class Rail(QWidget):
    """All six; `chosen(step)` for one that can be reached."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Steps")
        self._theme = theme
        self.fold(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.sizes.of(16), 0, 0)
        layout.setSpacing(0)
        self.steps: dict[Step, RailStep] = {}
        for step in Step:
            self.steps[step] = RailStep(step, theme)
            self.steps[step].clicked.connect(lambda _=False, s=step: self.chosen.emit(s))
            layout.addWidget(self.steps[step])
        layout.addStretch()

    def fold(self, folded: bool) -> None:
        """Only the circles, where the window is narrow or the text large; the words stand in the tool tips."""
        self.setFixedWidth(self._theme.sizes.of(56 if folded else 224))

    def show_views(self, views: Sequence[StepView]) -> None:
        for step, view in zip(self.steps.values(), views, strict=True):
            step.show_view(view)
