"""The match score: a bar with the mark that is needed, and the lines that it is made of."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from iep_desktop.core.matching import SCORE_NEEDED, Match
from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import Label

_THICK = 8


class _ScoreBar(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._score = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set(self, score: int) -> None:
        self._score = score
        self.setAccessibleName(f"Match score {score} of 100, {SCORE_NEEDED} needed")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(0, (self.height() - _THICK) / 2, self.width(), _THICK)
        painter.setBrush(self._theme.color("track"))
        painter.drawRoundedRect(bar, _THICK / 2, _THICK / 2)
        done = QRectF(bar)
        done.setWidth(bar.width() * self._score / 100)
        painter.setBrush(self._theme.color("bar"))
        painter.drawRoundedRect(done, _THICK / 2, _THICK / 2)
        painter.setPen(QPen(self._theme.color("text"), 2))
        at = round(bar.width() * SCORE_NEEDED / 100)
        painter.drawLine(at, 2, at, self.height() - 2)


class ScoreView(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setFixedWidth(theme.sizes.of(264))
        self._score = Label("", weight=600)
        self._bar = _ScoreBar(theme)
        needed = Label(f"{SCORE_NEEDED} needed", "text2")
        needed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._lines = QGridLayout()
        self._lines.setVerticalSpacing(2)
        self._lines.setColumnStretch(0, 1)
        head = row(Label("Match score", weight=600))
        head.addStretch()
        head.addWidget(self._score)
        layout = column(spacing=8)
        layout.addLayout(head)
        layout.addWidget(self._bar)
        layout.addWidget(needed)
        layout.addLayout(self._lines)
        layout.addStretch()
        self.setLayout(layout)

    def show_match(self, match: Match) -> None:
        self._score.setText(f"{match.score} of 100")
        self._bar.set(match.score)
        while (item := self._lines.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at, line in enumerate(match.lines):
            full = line.points == line.of
            points = Label(
                f"+ {line.points}" if full else f"{line.points} of {line.of}", "text" if full else "danger"
            )
            points.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._lines.addWidget(Label(line.label, "text2", wrap=True), at, 0)
            self._lines.addWidget(points, at, 1)

    @property
    def words(self) -> str:
        return self._score.text()
