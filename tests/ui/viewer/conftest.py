"""A pane and a window over small series in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from iep_desktop.core.viewing import ViewSeries, ViewSet
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.ui.viewer.window import ViewerWindow
from iep_desktop.workers.queries import Queries
from iep_desktop.workers.stacks import Stack
from tests.ui.fake_desk import MemoryState
from tests.viewing import FolderSource, view

SIDE = 400


@pytest.fixture
def source() -> FolderSource:
    return FolderSource()


@pytest.fixture
def feed(source: FolderSource, qapp: object) -> Iterator[FrameFeed]:
    made = FrameFeed(source)
    yield made
    made.close()


@pytest.fixture
def open_pane(feed: FrameFeed, theme: Theme, qtbot: QtBot) -> Callable[[ViewSeries], Pane]:
    def make(series: ViewSeries) -> Pane:
        pane = Pane(0, feed, theme)
        qtbot.addWidget(pane)
        pane.resize(SIDE, SIDE)
        pane.show()
        pane.open(Stack(view(series).studies[0], series))
        settle(qtbot, pane)
        return pane

    return make


@pytest.fixture
def open_window(
    source: FolderSource, theme: Theme, queries: Queries, state: MemoryState, qtbot: QtBot
) -> Iterator[Callable[..., ViewerWindow]]:
    """Also asked for as `ViewSet`, with anything that the window takes."""
    opened: list[ViewerWindow] = []

    def make(*series: ViewSeries, shown: ViewSet | None = None, **more: Any) -> ViewerWindow:
        window = ViewerWindow(shown or view(*series), source, queries, theme, state, **more)
        qtbot.addWidget(window)
        opened.append(window)
        window.resize(1000, 700)
        window.show()
        for cell in window.panes.cells:
            settle(qtbot, cell.pane)
        return window

    yield make
    for window in opened:
        window.close()


def settle(qtbot: QtBot, pane: Pane) -> None:
    """What was asked for is on the screen, or why it is not."""
    qtbot.waitUntil(
        lambda: not pane.waits and (pane.picture or pane.missing or not pane.stack) is not None, timeout=5000
    )
