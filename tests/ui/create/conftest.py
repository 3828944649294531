"""The doors over a desk that answers from memory, in a window of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.ui.create.page import CreatePage
from iep_desktop.ui.create.request.page import RequestPage
from iep_desktop.ui.create.transfer.page import TransferPage
from iep_desktop.ui.create.trauma.window import TraumaWindow
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries
from tests.ui.create.fake_desk import FakeDesk
from tests.ui.fake_desk import NOW, MemoryState


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def show(qtbot: QtBot) -> Callable[[QWidget], None]:
    def shown(widget: QWidget) -> None:
        qtbot.addWidget(widget)
        widget.resize(1280, 720)
        with qtbot.waitExposed(widget):
            widget.show()
        widget.activateWindow()

    return shown


@pytest.fixture
def create(queries: Queries, theme: Theme, desk: FakeDesk, show: Callable[[QWidget], None]) -> CreatePage:
    page = CreatePage(desk, queries, theme, MemoryState())
    show(page)
    return page


@pytest.fixture
def request_page(create: CreatePage, qtbot: QtBot) -> RequestPage:
    create.open_request()
    page = create.request_page
    qtbot.waitUntil(lambda: page.institution.box.hospital_count > 0)
    return page


@pytest.fixture
def transfer_page(create: CreatePage, qtbot: QtBot) -> TransferPage:
    create.open_transfer()
    page = create.transfer_page
    qtbot.waitUntil(lambda: page.institution.box.hospital_count > 0)
    return page


@pytest.fixture
def trauma(queries: Queries, theme: Theme, desk: FakeDesk, show: Callable[[QWidget], None]) -> TraumaWindow:
    window = TraumaWindow(desk, queries, theme, MemoryState(), now=lambda: NOW)
    show(window)
    return window
