"""What every window test needs: one application's theme, a way to ask off the loop, a desk over lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import NOW, FakeDesk, MemoryState, busy_desk


@pytest.fixture(scope="session")
def _one_theme(qapp: QApplication) -> Theme:
    """Reading and applying a stylesheet for every test would take longer than most tests."""
    return Theme(qapp, ThemeChoice.LIGHT)


@pytest.fixture
def theme(_one_theme: Theme) -> Theme:
    _one_theme.set_choice(ThemeChoice.LIGHT)
    return _one_theme


@pytest.fixture
def queries(qapp: QApplication) -> Iterator[Queries]:
    """The windows of a test are gone before it closes, because `qtbot` is asked for by `open_window` first."""
    asked = Queries()
    yield asked
    asked.close()


@pytest.fixture
def desk() -> FakeDesk:
    return busy_desk()


@pytest.fixture
def state() -> MemoryState:
    return MemoryState()


@pytest.fixture
def open_window(
    queries: Queries, theme: Theme, desk: FakeDesk, state: MemoryState, qtbot: QtBot
) -> Callable[..., MainWindow]:
    def make(width: int = 1280, height: int = 800, **more: object) -> MainWindow:
        window = MainWindow(desk, queries, theme, state, now=lambda: NOW, **more)  # type: ignore[arg-type]
        qtbot.addWidget(window)
        window.resize(width, height)
        window.show()
        qtbot.waitExposed(window)
        page = window.worklists
        qtbot.waitUntil(lambda: window.tab not in page or page[window.tab].model.is_loaded, timeout=5000)
        return window

    return make
