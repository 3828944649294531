"""The tabs of the main window: a word, its count in a soft box, the accent line below the chosen one."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QToolButton, QWidget

from iep_desktop.ui.theme import Theme

GAP = 8


class CountedTabs(QTabBar):
    """A QTabBar (arrow keys, screen readers) that is painted by hand. A count of None shows no box."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: dict[int, int | None] = {}
        self._alarming: set[int] = set()
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Worklists")
        theme.changed.connect(self.update)

    def add(self, text: str, *, alarming: bool = False) -> int:
        """`alarming`: a count above zero is red (Failed)."""
        at = self.addTab(text)
        if alarming:
            self._alarming.add(at)
        return at

    def set_count(self, at: int, count: int | None) -> None:
        if self._counts.get(at) != count:
            self._counts[at] = count
            words = self.tabText(at) if count is None else f"{self.tabText(at)}, {count}"
            self.setAccessibleTabName(at, words)
            self.setTabToolTip(at, f"{words} (Ctrl+{at + 1})")
            # The only public way to have a tab's width asked for again.
            self.setTabText(at, self.tabText(at))
            self.updateGeometry()
            self.update()

    def count_text(self, at: int) -> str:
        count = self._counts.get(at)
        return "" if count is None else f"{count:,}".replace(",", " ")

    def tabSizeHint(self, index: int) -> QSize:
        of = self._theme.sizes.of
        bold = QFontMetrics(self._theme.font(600))
        width = bold.horizontalAdvance(self.tabText(index)) + of(32)
        if self.count_text(index):
            width += of(GAP) + self._box_width(index)
        return QSize(width, self._theme.sizes.tabs)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def _box_width(self, index: int) -> int:
        """At least two digits wide, so that a count of one digit more moves nothing."""
        metrics = QFontMetrics(self._theme.font(500))
        text = self.count_text(index)
        return max(metrics.horizontalAdvance(text), metrics.horizontalAdvance("00")) + self._theme.sizes.of(
            12
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self._beside_the_arrows())
        for index in range(self.count()):
            self._paint_tab(painter, index, self.tabRect(index))

    def _beside_the_arrows(self) -> QRect:
        """Where there are too many tabs for the width, arrows stand at the end: nothing is painted below them."""
        arrows = [button.x() for button in self.findChildren(QToolButton) if button.isVisible()]
        return QRect(0, 0, min([self.width(), *arrows]), self.height())

    def _paint_tab(self, painter: QPainter, index: int, rect: QRect) -> None:
        theme, of = self._theme, self._theme.sizes.of
        chosen = index == self.currentIndex()
        hovered = rect.contains(self.mapFromGlobal(self.cursor().pos())) and self.underMouse()
        inner = rect.adjusted(of(16), 0, -of(16), 0)
        painter.setFont(theme.font(600 if chosen else 400))
        painter.setPen(theme.color("text" if chosen or hovered else "text2"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, flags, self.tabText(index))
        if self.count_text(index):
            self._paint_count(painter, index, inner, chosen=chosen)
        if chosen:
            painter.fillRect(QRect(inner.left(), rect.bottom() - 2, inner.width(), 3), theme.color("accent"))
            if self.hasFocus():
                painter.setPen(theme.color("accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(inner.adjusted(-6, 5, 6, -5)), 4, 4)

    def _paint_count(self, painter: QPainter, index: int, inner: QRect, *, chosen: bool) -> None:
        theme = self._theme
        soft, strong = self._count_colors(index, chosen=chosen)
        width, height = self._box_width(index), theme.sizes.chip
        box = QRect(inner.right() + 1 - width, inner.center().y() - height // 2 + 1, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(soft)
        painter.drawRoundedRect(QRectF(box), 4, 4)
        painter.setFont(theme.font(500))
        painter.setPen(strong)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.count_text(index))

    def _count_colors(self, index: int, *, chosen: bool) -> tuple[QColor, QColor]:
        theme = self._theme
        if chosen:
            return theme.color("accent_soft"), theme.color("accent")
        if index in self._alarming and self._counts.get(index):
            return theme.color("danger_soft"), theme.color("danger")
        return theme.color("neutral_soft"), theme.color("neutral")
