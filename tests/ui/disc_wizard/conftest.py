"""A wizard over a desk that answers from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iep_desktop.core.matching import Identity
from iep_desktop.core.medium import Drive, DriveKind
from iep_desktop.ui.disc_wizard import DiscWizard
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.workers.queries import Queries
from tests.ui.disc_wizard.fake_desk import FakeDesk
from tests.ui.disc_wizard.samples import TWO_PATIENTS

PATH = "/media/disc"
DRIVE = Drive("D:", DriveKind.OPTICAL, PATH, "RIVERSIDE", True)
KNOWN = Identity("MOUSE^Minnie", date(1961, 3, 17), "9990000018", "S999111", "F")


class Remembered:
    """Window state in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def load(self, key: str) -> bytes | None:
        return self.values.get(key)

    def save(self, key: str, value: bytes) -> None:
        self.values[key] = value


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """One for all these tests: styling the application anew costs more than a wizard."""
    return Theme(qapp, ThemeChoice.LIGHT)


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.discs.media[PATH] = TWO_PATIENTS
    desk.imports.pacs = KNOWN
    return desk


@pytest.fixture
def queries(qtbot: QtBot) -> Iterator[Queries]:
    queries = Queries()
    yield queries
    queries.close()


@pytest.fixture
def state() -> Remembered:
    return Remembered()


@pytest.fixture
def open_wizard(
    desk: FakeDesk, queries: Queries, state: Remembered, theme: Theme, qtbot: QtBot
) -> Callable[..., DiscWizard]:
    def open_one(styled: Theme = theme, size: tuple[int, int] | None = (1280, 800)) -> DiscWizard:
        wizard = DiscWizard(desk, queries, state, styled)  # type: ignore[arg-type]  # the desk is a fake
        qtbot.addWidget(wizard)
        if size:
            wizard.resize(*size)
        with qtbot.waitExposed(wizard):
            wizard.show()
        wizard.activateWindow()
        qtbot.waitUntil(lambda: wizard.call.editor.hospital_count > 0)
        return wizard

    return open_one


@pytest.fixture
def wizard(open_wizard: Callable[[], DiscWizard]) -> DiscWizard:
    return open_wizard()
