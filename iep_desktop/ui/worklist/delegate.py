"""Paints the cells of a worklist from the theme's tokens. Reads the model, changes nothing.

Each step from here into Qt and back costs, and a row has nine cells: what does not change is made once and kept, and
the model is asked as what it is, not through its indexes.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLine, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QStaticText
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from iep_desktop.core.transaction import SeriesProgress, Status, Transaction
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import paint_bar
from iep_desktop.ui.widgets.chip import paint_chip, status_tone
from iep_desktop.ui.worklist import texts
from iep_desktop.ui.worklist.columns import Col
from iep_desktop.ui.worklist.model import WorklistModel

Index = QModelIndex | QPersistentModelIndex
EDGE = 4  # the Blue Light bar
BAR = 32
_MOST_TEXTS = 4000  # kept as they were laid out
_CLIPPED = (Col.TYPE, Col.STATUS)  # what is painted there does not mind the width


class WorklistDelegate(QStyledItemDelegate):
    """`hovered` is the flat row under the mouse, -1 for none; `span` gives the rectangle of some columns of a row."""

    def __init__(
        self,
        theme: Theme,
        rows: WorklistModel,
        span: Callable[[int, Col, Col], QRect],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._theme, self._rows, self._span = theme, rows, span
        self.hovered = -1
        self._dpr = 1.0
        self._fonts: dict[int, QFont] = {}
        self._metrics: dict[int, QFontMetrics] = {}
        self._colors: dict[str, QColor] = {}
        self._texts: dict[tuple[str, int, int], QStaticText] = {}

    def paint_grounds(
        self, painter: QPainter, rows: list[tuple[int, int, int]], width: int, selected: int
    ) -> None:
        """Below the cells, for each row its number, top and height: the selected and the hovered one, and lines."""
        for row, top, height in rows:
            if row in (selected, self.hovered):
                token = "selection" if row == selected else "window"
                painter.fillRect(0, top, width, height, self._color(token))
        painter.setPen(QPen(self._color("sunk"), 1))
        painter.drawLines([QLine(0, top + height - 1, width, top + height - 1) for _, top, height in rows])

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, col, rect = index.row(), Col(index.column()), option.rect
        transaction, series, opened = self._rows.content(row)
        self._dpr = painter.device().devicePixelRatioF()
        clipped = col in _CLIPPED or series is not None
        if clipped:
            painter.save()
            painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        if transaction is None:
            self._placeholder(painter, rect, col)
        elif series is not None:
            self._series(painter, row, rect, col, transaction, series)
        else:
            selected = QStyle.StateFlag.State_Selected in option.state
            self._cell(painter, rect, col, transaction, opened, selected)
        if clipped:
            painter.restore()

    def _placeholder(self, painter: QPainter, rect: QRect, col: Col) -> None:
        """A row that is on its way."""
        if col in (Col.DATE, Col.PATIENT, Col.INSTITUTION, Col.STATUS):
            bar = QRectF(rect.left() + 8, rect.center().y() - 4, rect.width() * 0.6, 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color("sunk"))
            painter.drawRoundedRect(bar, 4, 4)

    # -- one transaction

    def _cell(
        self,
        painter: QPainter,
        rect: QRect,
        col: Col,
        transaction: Transaction,
        opened: bool,
        selected: bool,
    ) -> None:
        new = transaction.status is Status.NEW
        text = "" if col is Col.STATUS else self._rows.words(col, transaction)
        match col:
            case Col.TYPE:
                self._type(painter, rect, transaction, opened, selected)
            case Col.DIRECTION:
                self._icon(
                    painter, rect.left() + 8, rect, texts.direction_icon(transaction.direction), "text2"
                )
                self._text(painter, rect.adjusted(28, 0, 0, 0), text, "text2")
            case Col.DATE:
                self._text(painter, rect.adjusted(8, 0, 0, 0), text, "text2")
            case Col.PATIENT:
                self._text(painter, rect.adjusted(8, 0, -8, 0), text, "text", 600)
            case Col.INSTITUTION:
                self._text(painter, rect.adjusted(8, 0, -8, 0), text, "text", 600 if new else 400)
            case Col.ASSIGNED:
                mine = text == "you"
                self._text(
                    painter,
                    rect.adjusted(8, 0, -4, 0),
                    text,
                    "text" if mine else "text2",
                    500 if mine else 400,
                )
            case Col.MESSAGES:
                if text:
                    self._icon(painter, rect.left(), rect, "mail", "accent")
                    self._text(painter, rect.adjusted(20, 0, 0, 0), text, "accent", 600)
            case Col.STATUS:
                self._status(painter, rect, transaction)
            case Col.ACTIONS:
                token = "accent" if selected else "text2"
                size = self._theme.sizes.icon
                self._text(painter, rect.adjusted(8, 0, -size - 2, 0), "Open", token)
                self._icon(
                    painter, rect.left() + 8 + self._width("Open") + 2, rect, "chevron-down", token, size - 2
                )

    def _type(
        self, painter: QPainter, rect: QRect, transaction: Transaction, opened: bool, selected: bool
    ) -> None:
        urgent = texts.is_blue_light(transaction)
        if urgent:
            painter.fillRect(QRect(rect.left(), rect.top(), EDGE, rect.height() - 1), self._color("accent"))
        chevron = "chevron-down" if opened else "chevron-right"
        size = self._theme.sizes.icon
        self._icon(painter, rect.left() + 8, rect, chevron, "text2")
        token = "accent" if urgent or selected else "text2"
        self._icon(painter, rect.left() + 12 + size, rect, texts.type_icon(transaction.type), token)
        weight = 600 if transaction.status is Status.NEW else 400
        self._text(painter, rect.adjusted(20 + 2 * size, 0, -4, 0), transaction.type.value, "text", weight)

    def _status(self, painter: QPainter, rect: QRect, transaction: Transaction) -> None:
        left = texts.left(transaction, self._rows.now())
        right = paint_chip(
            painter,
            rect.left() + 8,
            rect.top() + rect.height() // 2,
            transaction.status.value,
            status_tone(transaction.status),
            self._theme,
        )
        weight, sign = 600 if left.bold else 400, self._theme.sizes.icon - 2
        words = self._width(left.text, weight) + (sign + 4 if left.icon else 0)
        if left.fraction is not None and right + 16 + BAR + words <= rect.right() - 2:
            bar = QRectF(right + 8, rect.top(), BAR, rect.height())
            paint_bar(painter, bar, left.fraction, self._theme)
            right += 8 + BAR  # what is left is told in words; the bar goes where there is no room for both
        if left.icon:
            self._icon(painter, right + 8, rect, left.icon, left.tone, sign)
            right += sign + 4
        area = QRect(right + 8, rect.top(), rect.right() - right - 10, rect.height())
        self._text(painter, area, left.text, left.tone, weight)

    # -- one series below it

    def _series(
        self,
        painter: QPainter,
        row: int,
        rect: QRect,
        col: Col,
        transaction: Transaction,
        series: SeriesProgress,
    ) -> None:
        """Each part spans some columns and is painted, clipped, into each of them."""
        if col is Col.TYPE and texts.is_blue_light(transaction):
            painter.fillRect(QRect(rect.left(), rect.top(), EDGE, rect.height()), self._color("accent"))
        if col <= Col.DATE:
            self._series_name(painter, self._span(row, Col.TYPE, Col.DATE), series)
        elif col is Col.PATIENT:
            self._text(painter, rect.adjusted(8, 0, -8, 0), texts.images(series.counts.total), "text2")
        elif col is Col.INSTITUTION:
            counts = series.counts
            done = counts.arrived / counts.wanted if counts.wanted else 0.0
            token = "green" if counts.wanted and counts.arrived == counts.wanted else "bar"
            failed = counts.failed / counts.wanted if counts.wanted else 0.0
            bar = QRectF(rect.adjusted(8, 0, -8, 0))
            bar.setWidth(min(bar.width(), self._theme.sizes.of(160)))
            paint_bar(painter, bar, done, self._theme, token=token, failed=failed)
        else:
            self._series_state(painter, self._span(row, Col.ASSIGNED, Col.ACTIONS), series)

    def _series_name(self, painter: QPainter, rect: QRect, series: SeriesProgress) -> None:
        size = self._theme.sizes.icon
        at = rect.left() + 12 + size
        self._icon(painter, at, rect, "corner-down-right", "text2")
        at += size + 8
        self._text(painter, QRect(at, rect.top(), 40, rect.height()), series.modality, "text2", 500)
        at += self._width("MMM") + 8
        area = QRect(at, rect.top(), rect.right() - at - 8, rect.height())
        self._text(painter, area, texts.series_label(series), "text")

    def _series_state(self, painter: QPainter, rect: QRect, series: SeriesProgress) -> None:
        words, tone, icon = texts.series_state(series)
        at = rect.left() + 8
        if icon:
            self._icon(painter, at, rect, icon, tone)
            at += self._theme.sizes.icon + 4
        self._text(painter, QRect(at, rect.top(), rect.right() - at, rect.height()), words, tone)

    # -- letters

    def forget_theme(self) -> None:
        for kept in (self._fonts, self._metrics, self._colors, self._texts):
            kept.clear()

    def _color(self, token: str) -> QColor:
        if token not in self._colors:
            self._colors[token] = self._theme.color(token)
        return self._colors[token]

    def _font(self, weight: int) -> QFont:
        if weight not in self._fonts:
            self._fonts[weight] = self._theme.font(weight)
            self._metrics[weight] = QFontMetrics(self._fonts[weight])
        return self._fonts[weight]

    def _width(self, text: str, weight: int = 400) -> int:
        self._font(weight)
        return self._metrics[weight].horizontalAdvance(text)

    def _text(self, painter: QPainter, rect: QRect, text: str, token: str, weight: int = 400) -> None:
        width = rect.width()
        if not text or width <= 0:
            return
        painter.setFont(self._font(weight))
        painter.setPen(self._color(token))
        top = rect.top() + (rect.height() - self._metrics[weight].height()) // 2
        painter.drawStaticText(rect.left(), top, self._laid_out(text, weight, width))

    def _laid_out(self, text: str, weight: int, width: int) -> QStaticText:
        kept = self._texts.get((text, weight, width))
        if kept is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            kept = QStaticText(self._metrics[weight].elidedText(text, Qt.TextElideMode.ElideRight, width))
            kept.setTextFormat(Qt.TextFormat.PlainText)
            self._texts[text, weight, width] = kept
        return kept

    def _icon(self, painter: QPainter, left: int, rect: QRect, name: str, token: str, size: int = 0) -> None:
        size = size or self._theme.sizes.icon
        top = rect.top() + (rect.height() - size) // 2
        painter.drawPixmap(left, top, self._theme.pixmap(name, token, size, self._dpr))
