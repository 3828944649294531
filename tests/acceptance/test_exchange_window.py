"""The exchange worked in the real window over real archives: what a person presses, and what PACS then holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iep_desktop import settings
from iep_desktop.app.session import Session
from iep_desktop.core.transaction import Status, Tab, Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.compare_dialog import CompareDialog
from iep_desktop.ui.details.form_dialog import FormDialog
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.theme import Theme, ThemeChoice
from tests.peers import Orthanc
from tests.two_hospitals import THEM, US, Pair, four_archives, pair_over

LONG = 30_000
SOON = 3_000


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


@pytest.fixture
def our_window(pair: Pair, qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[[], MainWindow]]:
    """Our program with its window and engine; theirs is the command line."""
    opened: list[Session] = []

    def start() -> MainWindow:
        session = Session(settings.open_profile(pair.us.root), Theme(qapp, ThemeChoice.LIGHT))
        opened.append(session)
        session.show()
        qtbot.addWidget(session.window)
        return session.window

    yield start
    for session in opened:
        session.window.close()
        session.close()


def entry(window: MainWindow, act: Act) -> Transaction | None:
    found = (each.transaction for each in window.required_page.model.entries if each.act is act)
    return next(found, None)


def wait_for(window: MainWindow, act: Act, qtbot: QtBot, timeout: int = LONG) -> Transaction:
    window.show_tab(Tab.ACTION_REQUIRED)
    qtbot.waitUntil(lambda: entry(window, act) is not None, timeout=timeout)
    found = entry(window, act)
    assert found is not None
    return found


def sent(pair: Pair, folder: Path, *more: object) -> str:
    study = pair.them.store(folder, images=4)
    code, document = pair.them.run(
        "transfer", "--to", US, "--form", pair.them.export_form(US), "--study", study, "--wait", *more
    )
    assert (code, document["status"]) == (0, "On IEP"), document
    return str(document["number"])


def test_what_we_asked_for_is_downloaded_by_one_key_and_delivered_at_both_ends(
    pair: Pair,
    archives: dict[str, Orthanc],
    our_window: Callable[[], MainWindow],
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    pair.us.store(tmp_path / "known", images=1, StudyDate="20200101")
    _, asked = pair.us.run("request", "--to", THEM, "--form", pair.us.form(hospital=THEM))
    pair.them.run("accept", asked["number"])
    number = sent(pair, tmp_path / "study", "--answers", asked["number"])
    window = our_window()
    wait_for(window, Act.DOWNLOAD, qtbot)
    window.required_page.view.setFocus()
    qtbot.keyClick(window.required_page.view, Qt.Key.Key_Return)
    window.show_number(number)
    panel = window.worklists[Tab.ALL].details
    qtbot.waitUntil(lambda: panel.header.chip.text == Status.DELIVERED.value, timeout=LONG)
    assert panel.images.evidence.text().startswith(f"Verified: {US} PACS shows 4 images")
    assert [link.text() for link in panel.header.links] == [f"Answers request {asked['number']}"]
    assert len(archives["our pacs"].sop_instance_uids()) == 5
    assert pair.them.status(number) == pair.them.status(asked["number"]) == "Delivered"


def test_what_comes_unasked_needs_our_form_before_pacs_has_an_image(
    pair: Pair,
    archives: dict[str, Orthanc],
    our_window: Callable[[], MainWindow],
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    pair.us.store(tmp_path / "known", images=1, StudyDate="20200101")
    sent(pair, tmp_path / "study")
    window = our_window()
    window.do(Wish(Act.DOWNLOAD, wait_for(window, Act.DOWNLOAD, qtbot)))
    waiting = wait_for(window, Act.DECIDE, qtbot)
    assert len(archives["our pacs"].sop_instance_uids()) == 1
    window.do(Wish(Act.DECIDE, waiting))
    qtbot.waitUntil(lambda: isinstance(window.doing.dialog, CompareDialog), timeout=SOON)
    compare = window.doing.dialog
    assert isinstance(compare, CompareDialog)
    qtbot.waitUntil(lambda: bool(compare.table._cells), timeout=LONG)
    assert compare.table.text(0, 1) == "TESTING, ANNA"
    compare.form_button.click()
    qtbot.waitUntil(lambda: isinstance(window.doing.dialog, FormDialog), timeout=SOON)
    form = window.doing.dialog
    assert isinstance(form, FormDialog)
    form.editor.control("hospital_no").setText("S999111")  # type: ignore[attr-defined]
    form.save_button.click()
    qtbot.waitUntil(lambda: window._desk.reading.by_id(waiting.id).status is Status.DELIVERED, timeout=LONG)
    assert len(archives["our pacs"].sop_instance_uids()) == 5
    patients = archives["our pacs"].rest("/patients?expand")
    assert {patient["MainDicomTags"]["PatientID"] for patient in patients} == {"S999111"}
