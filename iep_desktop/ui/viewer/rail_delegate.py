"""How a row of the rail is painted: study heads, series with their picture and facts, images below a series.

Needs the model's roles and a way to the picture of a row. The tick is the model's real check state.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.pictures import Picture
from iep_desktop.ui.viewer.rail_model import Kind, Pick, Role

Index = QModelIndex | QPersistentModelIndex
CHECK = Qt.ItemDataRole.CheckStateRole
HEIGHTS = {Kind.STUDY: 52, Kind.SERIES: 80, Kind.GROUP: 48, Kind.IMAGE: 48}
PICTURE_PX = 64
_IMAGE_PX = 36
_MARGIN = 16  # left of the ticks
_INDENTS = {Kind.STUDY: 0, Kind.SERIES: 0, Kind.GROUP: 12, Kind.IMAGE: 24}
_TICK_TO_PICTURE = 12
_GAP = 8


class RailDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, picture_of: Callable[[Pick], Picture | None], view: QTreeView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self._picture_of = picture_of
        self._scaled: dict[tuple[int, int], QPixmap] = {}  # by image and size, of what was painted lately

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._theme.sizes.of(HEIGHTS[index.data(Role.KIND)]))

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """The view toggles; the style's own idea of where the tick is must not do it again."""
        return False

    # --- where things are, for painting and for the mouse --------------------------------------------------

    def tick_rect(self, rect: QRect, kind: Kind) -> QRect:
        size, of = self._theme.sizes.icon, self._theme.sizes.of
        left = of(_MARGIN + _INDENTS[kind])
        middle = rect.top() + of(20) if kind is Kind.STUDY else rect.center().y()
        return QRect(left, middle - size // 2, size, size)

    def fold_rect(self, rect: QRect, kind: Kind) -> QRect:
        """The chevron that unfolds: below the tick of a series, at the right of a group, whose words are short."""
        of, size = self._theme.sizes.of, self._theme.sizes.icon
        if kind is Kind.GROUP:
            return QRect(rect.right() - size - _GAP, rect.center().y() - size // 2, size, size)
        top = rect.bottom() - of(8) - size if self._is_tickable else rect.center().y() - size // 2
        return QRect(of(_MARGIN), top, size, size)

    def _picture_rect(self, rect: QRect, kind: Kind) -> QRect:
        of = self._theme.sizes.of
        size = of(PICTURE_PX if kind is Kind.SERIES else _IMAGE_PX)
        left = self.tick_rect(rect, kind).right() + 1 + of(_TICK_TO_PICTURE)
        return QRect(left, rect.center().y() - size // 2, size, size)

    @property
    def _is_tickable(self) -> bool:
        return bool(getattr(self._view.model(), "tickable", False))

    # --- painting -------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect = QRect(0, option.rect.top(), self._view.viewport().width(), option.rect.height())
        kind = Kind(index.data(Role.KIND))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option, rect, index)
        if kind is Kind.STUDY:
            self._paint_study(painter, rect, index)
        else:
            self._paint_item(painter, rect, index, kind)
        if self._is_tickable:
            self._paint_tick(painter, self.tick_rect(rect, kind), Qt.CheckState(index.data(CHECK)))
        self._paint_focus(painter, option, rect)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, index: Index
    ) -> None:
        shown = bool(index.data(Role.PLACE))
        if shown or option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.color("selection"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, self._theme.color("window"))
        if shown:
            painter.fillRect(QRect(0, rect.top(), 4, rect.height()), self._theme.color("bar"))

    def _paint_focus(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        """Where the keyboard is: Space ticks here, Enter opens."""
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 4, 4)

    def _paint_study(self, painter: QPainter, rect: QRect, index: Index) -> None:
        of, line = self._theme.sizes.of, self._theme.sizes.line
        left = of(_MARGIN) + (self._theme.sizes.icon + of(_TICK_TO_PICTURE) if self._is_tickable else 0)
        place = QRect(left, rect.top() + of(12), rect.width() - left - _GAP, line)
        self._paint_text(painter, place, index.data(), "text", 600)
        self._paint_text(painter, place.translated(0, of(18)), index.data(Role.SECOND), "text2")

    def _paint_item(self, painter: QPainter, rect: QRect, index: Index, kind: Kind) -> None:
        of = self._theme.sizes.of
        place = self._picture_rect(rect, kind)
        picked = index.data(Role.PICTURE)
        if picked is None or picked.document:
            self._paint_instead(painter, place, "file-text" if picked else "image")
        else:
            self._paint_picture(painter, place, self._picture_of(picked))
        folds = self._view.model().hasChildren(index)
        left = place.right() + 1 + of(_GAP)
        right = self.fold_rect(rect, kind).left() if folds and kind is Kind.GROUP else rect.right()
        warning, shown = index.data(Role.WARNING), index.data(Role.PLACE)
        lines = [
            (index.data(), "text", 500 if kind is Kind.SERIES else 400),
            (index.data(Role.SECOND), "text2", 400),
        ]
        lines += [(warning, "warn", 400), (shown, "accent", 400)]
        lines = [line for line in lines if line[0]][:3]
        top = place.top() + of(3) if kind is Kind.SERIES else rect.center().y() - len(lines) * of(18) // 2
        for text, token, weight in lines:
            space = QRect(left, top, max(right - left - of(4), 0), self._theme.sizes.line + 2)
            if text == warning:
                space = self._paint_warning_icon(painter, space)
            self._paint_text(painter, space, text, token, weight)
            top += of(19)
        if folds:
            self._paint_fold(painter, self.fold_rect(rect, kind), index)

    def _paint_warning_icon(self, painter: QPainter, space: QRect) -> QRect:
        size = self._theme.sizes.icon - 2
        self._draw_icon(
            painter, QPoint(space.left(), space.center().y() - size // 2), "triangle-alert", "warn", size
        )
        return space.adjusted(size + 4, 0, 0, 0)

    def _paint_fold(self, painter: QPainter, place: QRect, index: Index) -> None:
        name = "chevron-down" if self._view.isExpanded(index) else "chevron-right"
        self._draw_icon(painter, place.topLeft(), name, "text2", place.width())

    def _draw_icon(self, painter: QPainter, at: QPoint, name: str, token: str, size: int) -> None:
        painter.drawPixmap(at, self._theme.pixmap(name, token, size, painter.device().devicePixelRatio()))

    def _paint_text(self, painter: QPainter, space: QRect, text: str, token: str, weight: int = 400) -> None:
        font = self._theme.font(weight)
        painter.setFont(font)
        painter.setPen(self._theme.color(token))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, space.width())
        painter.drawText(space, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_tick(self, painter: QPainter, rect: QRect, state: Qt.CheckState) -> None:
        empty = state is Qt.CheckState.Unchecked
        painter.setPen(QPen(self._theme.color("border" if empty else "accent_fill"), 1))
        painter.setBrush(self._theme.color("surface" if empty else "accent_fill"))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if not empty:
            name = "check" if state is Qt.CheckState.Checked else "minus"
            self._draw_icon(painter, rect.topLeft() + QPoint(2, 2), name, "on_fill", rect.width() - 4)

    def _paint_picture(self, painter: QPainter, place: QRect, picture: Picture | None) -> None:
        if picture is None or picture.image.isNull():
            self._paint_instead(painter, place, "hourglass" if picture is None else "image")
            return
        painter.fillRect(place, Qt.GlobalColor.black)
        pixels = self._pixels(picture, place.size(), painter.device().devicePixelRatio())
        shown = QRectF(
            0, 0, pixels.width() / pixels.devicePixelRatio(), pixels.height() / pixels.devicePixelRatio()
        )
        shown.moveCenter(QRectF(place).center())
        painter.drawPixmap(shown.topLeft(), pixels)

    def _paint_instead(self, painter: QPainter, place: QRect, name: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("sunk"))
        painter.drawRoundedRect(QRectF(place), 4, 4)
        icon = self._theme.sizes.icon
        self._draw_icon(painter, place.center() - QPoint(icon // 2, icon // 2), name, "text3", icon)

    def _pixels(self, picture: Picture, size: QSize, dpr: float) -> QPixmap:
        """Scaled once, not at each repaint."""
        key = picture.image.cacheKey(), round(size.width() * dpr)
        found = self._scaled.get(key)
        if found is None:
            found = QPixmap.fromImage(picture.image.scaled(
                size * dpr, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            ))  # fmt: skip
            found.setDevicePixelRatio(dpr)
            if len(self._scaled) > 200:
                self._scaled.clear()
            self._scaled[key] = found
        return found
