"""The frame of the main window: header, tabs, pages and strip one below the other; its size and tab are remembered."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from iep_desktop.core.transaction import Tab
from iep_desktop.ui.pages import TABS
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.widgets.tabs import CountedTabs


def framed(header: QWidget, tabs: CountedTabs, pages: QWidget, strip: QWidget) -> QWidget:
    band = QWidget()
    band.setProperty("role", "bar-below")
    band.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    row = QHBoxLayout(band)
    row.setContentsMargins(0, 0, 0, 1)
    row.addWidget(tabs, 1)
    content = QWidget()
    content.setProperty("ground", "surface")
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget, stretch in ((header, 0), (band, 0), (pages, 1), (strip, 0)):
        column.addWidget(widget, stretch)
    return content


def restore(window: QMainWindow, tabs: CountedTabs, state: StateStore) -> None:
    geometry = state.load("main/geometry")
    if geometry:
        window.restoreGeometry(QByteArray(geometry))
    tab = state.load("main/tab")
    known = tab is not None and tab.isdigit() and int(tab) < len(TABS)
    tabs.setCurrentIndex(int(tab) if tab and known else TABS.index(Tab.IN_PROGRESS))


def save(window: QMainWindow, tabs: CountedTabs, state: StateStore) -> None:
    state.save("main/geometry", bytes(window.saveGeometry().data()))
    state.save("main/tab", str(tabs.currentIndex()).encode())
