"""The thin bar of progress, as a widget and painted into a cell; a second, red part shows what was refused."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from iep_desktop.ui.theme import Theme

THICK = 4


def paint_bar(
    painter: QPainter,
    rect: QRectF,
    fraction: float,
    theme: Theme,
    *,
    token: str = "bar",
    failed: float = 0.0,
) -> None:
    """A bar in the vertical middle of `rect`; `fraction` done from the left, `failed` red at the right of it."""
    bar = QRectF(rect.left(), rect.center().y() - THICK / 2, rect.width(), THICK)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    _rounded(painter, bar, theme, "track")
    done = QRectF(bar)
    done.setWidth(bar.width() * min(max(fraction, 0.0), 1.0))
    if done.width() > 0:
        _rounded(painter, done.adjusted(0, 0, max(THICK - done.width(), 0), 0), theme, token)
    if failed > 0:
        width = max(bar.width() * failed, 2 * THICK)
        left = min(done.right() + 2, bar.right() - width)
        _rounded(painter, QRectF(left, bar.top(), width, THICK), theme, "danger")
    painter.restore()


def _rounded(painter: QPainter, rect: QRectF, theme: Theme, token: str) -> None:
    painter.setBrush(theme.color(token))
    painter.drawRoundedRect(rect, THICK / 2, THICK / 2)


class Bar(QWidget):
    """`set(done, total)`; the number beside it is the owner's, so that it is never colour alone."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._fraction = self._failed = 0.0
        self._token = "bar"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def fraction(self) -> float:
        return self._fraction

    def set(self, done: float, total: float, *, failed: float = 0, token: str = "bar") -> None:
        wanted = (done / total if total else 0.0, failed / total if total else 0.0, token)
        if wanted != (self._fraction, self._failed, self._token):
            self._fraction, self._failed, self._token = wanted
            self.setAccessibleDescription(f"{self._fraction:.0%}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 2 * THICK)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, 2 * THICK)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_bar(
            painter,
            QRectF(self.rect()),
            self._fraction,
            self._theme,
            token=self._token,
            failed=self._failed,
        )
