"""Paints a pane: the image, lines over it, the texts at its edges, or why there is none. Changes nothing.

Always on black and in the colours of the dark theme, each text with a dark halo, so that it reads over any image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from iep_desktop.core.measuring import distance_text
from iep_desktop.core.pictures import Missing, Picture
from iep_desktop.core.planes import Letters, Point
from iep_desktop.ui.theme import DARK, Theme
from iep_desktop.ui.viewer.measures import Line
from iep_desktop.ui.viewer.viewport import Fit

MARGIN = 12
BAR = 8  # from the right edge to the middle of the scroll bar
HALO = QColor(0, 0, 0, 230)
AMBER, WHITE, SOFT = QColor(DARK.amber), QColor("#F4F7FA"), QColor(DARK.text2)
ACTIVE, SCOUT, MEASURE = QColor(DARK.bar), QColor(DARK.amber), QColor(DARK.green)
_AROUND = tuple(QPointF(x, y) for x in (-1, 1) for y in (-1, 1))


@dataclass(frozen=True)
class Texts:
    """What stands in the corners, line by line from the top."""

    top_left: Sequence[str] = ()
    top_right: Sequence[str] = ()
    bottom_left: Sequence[str] = ()
    bottom_right: Sequence[str] = ()
    letters: Letters = Letters()
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Scene:
    """All that a pane shows at one moment."""

    texts: Texts = Texts()
    picture: Picture | None = None
    image: QImage | None = None
    fit: Fit | None = None
    missing: Missing | None = None
    waiting: str = ""
    empty: str = ""
    lines: Sequence[Line] = ()
    scouts: Sequence[tuple[Point, Point]] = field(default_factory=tuple)
    place: tuple[int, int] = (0, 0)  # which of how many
    active: bool = False


class PanePainter:
    def __init__(self, painter: QPainter, size: QSizeF, theme: Theme) -> None:
        self._painter, self._size, self._theme = painter, size, theme
        self._font, self._bold = theme.font(500), theme.font(600)
        self._metrics = QFontMetrics(self._font)

    def paint(self, scene: Scene) -> None:
        painter = self._painter
        painter.fillRect(QRectF(QPointF(), self._size), Qt.GlobalColor.black)
        if scene.picture is not None and scene.image is not None and scene.fit is not None:
            self._image(scene.image, scene.fit)
            self._scouts(scene)
            self._measures(scene, scene.picture)
        self._texts(scene.texts)
        if scene.missing is not None:
            self._words(scene.missing.title, _why(scene.missing))
        elif scene.waiting and scene.picture is None:
            self._words(scene.waiting, "")
        elif scene.empty:
            self._words(scene.empty, "")
        self._bar(*scene.place)
        self._border(active=scene.active)

    def _image(self, image: QImage, fit: Fit) -> None:
        painter = self._painter
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, fit.zoom != 1.0)
        painter.setTransform(fit.transform, True)
        painter.drawImage(QRectF(0, 0, fit.facts.columns, fit.facts.rows), image)
        painter.restore()

    # --- lines ------------------------------------------------------------------------------------------------

    def _scouts(self, scene: Scene) -> None:
        assert scene.fit is not None
        for start, end in scene.scouts:
            self._line(scene.fit, start, end, SCOUT, Qt.PenStyle.DashLine)

    def _measures(self, scene: Scene, picture: Picture) -> None:
        assert scene.fit is not None
        for line in scene.lines:
            ends = self._line(scene.fit, line.start, line.end, MEASURE, Qt.PenStyle.SolidLine)
            for end in (ends.p1(), ends.p2()):
                self._painter.drawEllipse(end, 3, 3)
            said = distance_text(line.start, line.end, picture.facts.calibrations)
            self._text(self._beside(ends.p2(), said), said, MEASURE.lighter(150))

    def _beside(self, at: QPointF, said: str) -> QPointF:
        """Beside the line's end, inside the pane."""
        most = self._size.width() - self._metrics.horizontalAdvance(said) - MARGIN
        low, high = float(self._metrics.ascent()), self._size.height() - self._metrics.descent()
        return QPointF(min(max(at.x() + 8, 4.0), max(4.0, most)), min(max(at.y() - 8, low), high))

    def _line(self, fit: Fit, start: Point, end: Point, color: QColor, style: Qt.PenStyle) -> QLineF:
        painter = self._painter
        line = QLineF(fit.transform.map(QPointF(*start)), fit.transform.map(QPointF(*end)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for ink, width in ((HALO, 3.5), (color, 1.5)):
            painter.setPen(QPen(ink, width, style))
            painter.drawLine(line)
        return line

    # --- texts ------------------------------------------------------------------------------------------------

    def _texts(self, texts: Texts) -> None:
        self._corners(texts.top_left, texts.top_right, letter=texts.letters.top, bottom=False)
        lower = [*texts.remarks, *texts.bottom_right]
        self._corners(texts.bottom_left, lower, letter=texts.letters.bottom, bottom=True)
        self._letters(texts.letters)

    def _corners(self, left: Sequence[str], right: Sequence[str], *, letter: str, bottom: bool) -> None:
        """Lines side by side. What does not fit is cut; the whole is in the pane's description."""
        height, rows = self._metrics.height() + 2, max(len(left), len(right))
        top = self._size.height() - MARGIN - height * rows if bottom else float(MARGIN)
        pairs = list(
            zip_longest(*((lines[::-1] if bottom else lines) for lines in (left, right)), fillvalue="")
        )
        for at, (one, other) in enumerate(pairs):
            y = top + (rows - 1 - at if bottom else at) * height + self._metrics.ascent()
            self._pair(one, other, y, half=bool(letter) and at == 0)

    def _pair(self, left: str, right: str, y: float, *, half: bool) -> None:
        """`half`: each keeps to its side of the letter in the middle."""
        advance, mode = self._metrics.horizontalAdvance, Qt.TextElideMode.ElideRight
        whole = self._size.width() - 3 * MARGIN - BAR
        most = whole / 2 - 2 * MARGIN if half else whole - min(advance(right), whole / 2)
        left = self._metrics.elidedText(left, mode, max(0, int(most)))
        most = most if half else whole - advance(left)
        right = self._metrics.elidedText(right, mode, max(0, int(most)))
        self._text(QPointF(MARGIN, y), left, WHITE)
        self._text(QPointF(self._size.width() - MARGIN - BAR - advance(right), y), right, WHITE)

    def _letters(self, letters: Letters) -> None:
        width, height = self._size.width(), self._size.height()
        metrics = QFontMetrics(self._bold)
        middle = height / 2 + metrics.ascent() / 2
        places = (
            (letters.left, float(MARGIN + 6), middle),
            (letters.right, width - MARGIN - 2 * BAR - metrics.horizontalAdvance(letters.right), middle),
            (letters.top, (width - metrics.horizontalAdvance(letters.top)) / 2, MARGIN + metrics.ascent()),
            (letters.bottom, (width - metrics.horizontalAdvance(letters.bottom)) / 2, height - MARGIN - 4),
        )
        for said, x, y in places:
            self._text(QPointF(x, y), said, AMBER, self._bold)

    def _text(self, at: QPointF, said: str, color: QColor, font: QFont | None = None) -> None:
        if not said:
            return
        painter = self._painter
        painter.setFont(font or self._font)
        painter.setPen(HALO)
        for off in _AROUND:
            painter.drawText(at + off, said)
        painter.setPen(color)
        painter.drawText(at, said)

    def _words(self, title: str, reason: str) -> None:
        """In the middle, wrapped: what is the matter, and below it why."""
        painter, pane = self._painter, QRectF(QPointF(), self._size).toRect()
        width = min(pane.width() - 4 * MARGIN, self._theme.sizes.of(440))
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        heights = [
            QFontMetrics(font).boundingRect(QRect(0, 0, width, 10_000), flags, said).height() if said else 0
            for font, said in ((self._bold, title), (self._font, reason))
        ]
        top = (pane.height() - sum(heights) - 8) // 2
        left = (pane.width() - width) // 2
        for font, said, color, height in zip(
            (self._bold, self._font), (title, reason), (WHITE, SOFT), heights, strict=True
        ):
            painter.setFont(font)
            painter.setPen(color)
            painter.drawText(QRect(left, top, width, height), flags, said)
            top += height + 8

    # --- edges ------------------------------------------------------------------------------------------------

    def _bar(self, at: int, count: int) -> None:
        if count < 2:
            return
        track = bar_track(self._size, self._theme)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(QColor(DARK.track))
        self._painter.drawRoundedRect(track, 2, 2)
        long = max(16.0, track.height() / count)
        top = track.top() + (track.height() - long) * at / (count - 1)
        self._painter.setBrush(SOFT)
        self._painter.drawRoundedRect(QRectF(track.left() - 1, top, track.width() + 2, long), 3, 3)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def _border(self, *, active: bool) -> None:
        if active:
            painter = self._painter
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(ACTIVE, 2))
            painter.drawRect(QRectF(1, 1, self._size.width() - 2, self._size.height() - 2))


def bar_track(size: QSizeF, theme: Theme) -> QRectF:
    """Where the scroll bar runs: clear of the texts in the corners."""
    room = theme.sizes.of(64)
    return QRectF(size.width() - BAR - 2, room, 4, max(16.0, size.height() - 2 * room))


def _why(missing: Missing) -> str:
    again = "Press F5 to try again." if missing.again else ""
    return "\n".join(part for part in (missing.reason, missing.hint, again) if part)
