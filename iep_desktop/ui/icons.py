"""Lucide icons from resources/icons, drawn in a colour of the theme. Owns the files' way to pixels, nothing else."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

STROKE = "1.75"
GAP = 2


def pixmap(name: str, color: QColor, size: int, dpr: float = 1.0) -> QPixmap:
    """`name` as `size`×`size` logical pixels; kept in Qt's own pixmap cache."""
    key = f"iep-icon:{name}:{color.name(QColor.NameFormat.HexArgb)}:{size}:{dpr}"
    found = QPixmap()
    if QPixmapCache.find(key, found):
        return found
    drawn = _draw(name, color, size, dpr)
    QPixmapCache.insert(key, drawn)
    return drawn


def icon(name: str, color: QColor, size: int, disabled: QColor | None = None) -> QIcon:
    """In the densities of the screens there are, so that it stays sharp at 200 %."""
    made = QIcon()
    for dpr in _densities():
        made.addPixmap(pixmap(name, color, size, dpr))
        if disabled is not None:
            made.addPixmap(pixmap(name, disabled, size, dpr), QIcon.Mode.Disabled)
    return made


def icon_before_text(name: str, color: QColor, size: int, disabled: QColor) -> QIcon:
    """As `icon`, with `GAP` of air on both sides: Qt's own distance to the text is too tight."""
    made = QIcon()
    for dpr in _densities():
        made.addPixmap(_widened(pixmap(name, color, size, dpr)))
        made.addPixmap(_widened(pixmap(name, disabled, size, dpr)), QIcon.Mode.Disabled)
    return made


def _densities() -> list[float]:
    return sorted({1.0, *(screen.devicePixelRatio() for screen in QGuiApplication.screens())})


def _widened(narrow: QPixmap) -> QPixmap:
    dpr, size = narrow.devicePixelRatio(), narrow.deviceIndependentSize()
    wide = QPixmap(round((size.width() + 2 * GAP) * dpr), narrow.height())
    wide.setDevicePixelRatio(dpr)
    wide.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wide)
    painter.drawPixmap(GAP, 0, narrow)
    painter.end()
    return wide


def write_svg(folder: Path, name: str, color: str) -> str:
    """Write a coloured copy for the stylesheet, which takes files only; returns the path as QSS wants it."""
    path = folder / f"{name}-{color.lstrip('#').lower()}.svg"
    if not path.exists():
        path.write_text(_source(name).replace("currentColor", color), "utf-8")
    return path.as_posix()


def _draw(name: str, color: QColor, size: int, dpr: float) -> QPixmap:
    drawn = QPixmap(round(size * dpr), round(size * dpr))
    drawn.setDevicePixelRatio(dpr)
    drawn.fill(Qt.GlobalColor.transparent)
    svg = _source(name).replace("currentColor", color.name())
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return drawn


@lru_cache(maxsize=256)
def _source(name: str) -> str:
    text = files("iep_desktop").joinpath(f"resources/icons/{name}.svg").read_text("utf-8")
    return re.sub(r'stroke-width="[^"]*"', f'stroke-width="{STROKE}"', text)
