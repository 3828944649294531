"""Reading a pane's screen: which grey stands at an image's point, and where a colour is."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.ui.viewer.pane import Pane


def screen(pane: QWidget) -> QImage:
    return pane.grab().toImage()


def grey_at(pane: Pane, x: float, y: float) -> int:
    """At an image point."""
    fit = pane.fit
    assert fit is not None
    at = fit.transform.map(QPointF(x, y))
    color = QColor(screen(pane).pixelColor(int(at.x()), int(at.y())))
    assert color.red() == color.green() == color.blue(), color.name()
    return color.red()


def quarters(pane: Pane) -> str:
    """Which quarters of the pane are bright: top left, top right, bottom left, bottom right."""
    image, w, h = screen(pane), pane.width(), pane.height()
    points = ((w // 3, h // 3), (2 * w // 3, h // 3), (w // 3, 2 * h // 3), (2 * w // 3, 2 * h // 3))
    return "".join("#" if image.pixelColor(*point).red() > 128 else "." for point in points)


def near(color: QColor, wanted: QColor, within: int = 60) -> bool:
    parts = zip(color.getRgb()[:3], wanted.getRgb()[:3], strict=True)
    return all(abs(one - other) <= within for one, other in parts)


def has_color(image: QImage, wanted: QColor, left: int, top: int, right: int, bottom: int) -> bool:
    return any(near(image.pixelColor(x, y), wanted) for x in range(left, right) for y in range(top, bottom))


def drag(qtbot: QtBot, pane: Pane, start: QPoint, end: QPoint, button: Qt.MouseButton) -> None:
    """In three steps, as a hand does it."""
    qtbot.mousePress(pane, button, pos=start)
    for part in (1, 2, 3):
        at = QPointF(start + (end - start) * part / 3)
        move = QMouseEvent(
            QMouseEvent.Type.MouseMove, at, pane.mapToGlobal(at), Qt.MouseButton.NoButton, button,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(pane, move)
    qtbot.mouseRelease(pane, button, pos=end)


def wheel(
    pane: Pane,
    notches: float,
    at: QPoint | None = None,
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Towards the person is negative, as in Qt."""
    where = QPointF(at or pane.rect().center())
    event = QWheelEvent(
        where, pane.mapToGlobal(where), QPoint(), QPoint(0, round(120 * notches)), Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, event)
