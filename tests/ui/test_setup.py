from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import LedgerUnusable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.ui.setup.dialog import SetupDialog, SetupResult
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import HOSPITALS, UNREACHABLE, FakeNodes

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def dialog(queries: Queries, theme: Theme, qtbot: QtBot) -> SetupDialog:
    return make(queries, theme, qtbot, FakeNodes(), lambda _url, _ctx: "An empty ledger, ready")


def make(
    queries: Queries, theme: Theme, qtbot: QtBot, nodes: FakeNodes, test: Callable[[str, Context], str]
) -> SetupDialog:
    made = SetupDialog(HOSPITALS, "A. Operator", queries, nodes.echo, test, theme)
    qtbot.addWidget(made)
    made.show()
    return made


def fill_pacs(dialog: SetupDialog, qtbot: QtBot) -> None:
    for edit, text in (
        (dialog.pacs.name, "UHL PACS"), (dialog.pacs.ae_title, "UHLPACS"),
        (dialog.pacs.host, "127.0.0.1"), (dialog.pacs.port, "11112"),
    ):  # fmt: skip
        qtbot.keyClicks(edit, text)


def test_it_says_what_is_still_missing_and_starts_only_then(dialog: SetupDialog, qtbot: QtBot) -> None:
    assert dialog.blocks.text() == "Still missing: PACS"
    assert not dialog.start_button.isEnabled()
    fill_pacs(dialog, qtbot)
    assert dialog.blocks.text() == ""
    with qtbot.waitSignal(dialog.finished_with) as finished:
        qtbot.keyClick(dialog.start_button, Qt.Key.Key_Return)
    pacs = Node("UHL PACS", NodeRole.PACS, "RWE", "UHLPACS", "127.0.0.1", 11112)
    assert finished.args == [SetupResult("RWE", "A. Operator", pacs, None, "")]


def test_gateway_and_shared_ledger_are_asked_for_where_there_is_one(
    dialog: SetupDialog, qtbot: QtBot
) -> None:
    fill_pacs(dialog, qtbot)
    dialog.has_gateway.setChecked(True)
    dialog.shared.setChecked(True)
    assert dialog.blocks.text() == "Still missing: the gateway, the ledger’s address"
    for edit, text in (
        (dialog.gateway.name, "GW"), (dialog.gateway.ae_title, "IEPGW"),
        (dialog.gateway.host, "gw.example"), (dialog.gateway.port, "104"),
        (dialog.ledger_url, "postgresql+psycopg://server/iep"),
    ):  # fmt: skip
        qtbot.keyClicks(edit, text)
    result = dialog.result_now()
    assert result is not None
    assert result.gateway == Node("GW", NodeRole.GATEWAY, "RWE", "IEPGW", "gw.example", 104)
    assert result.ledger_url == "postgresql+psycopg://server/iep"


def test_the_hospital_is_picked_from_the_list_or_said_to_be_missing(dialog: SetupDialog) -> None:
    dialog.hospital.setEditText("Nowhere")
    assert "our hospital" in dialog.missing()
    dialog.hospital.setEditText("Nottingham University Hospitals (RX1)")
    assert dialog.hospital_ods == "RX1"
    assert "our hospital" not in dialog.missing()


def test_pacs_is_tested_and_says_what_is_wrong(queries: Queries, theme: Theme, qtbot: QtBot) -> None:
    nodes = FakeNodes(echo_error=UNREACHABLE)
    dialog = make(queries, theme, qtbot, nodes, lambda _url, _ctx: "")
    fill_pacs(dialog, qtbot)
    dialog.pacs.test.button.click()
    qtbot.waitUntil(lambda: dialog.pacs.test.words.text().startswith("PACS does not answer. Nothing listens"))
    nodes.echo_error = None
    dialog.pacs.test.button.click()
    qtbot.waitUntil(lambda: dialog.pacs.test.words.text().startswith("Answers C-ECHO"))


def test_the_ledger_is_tested(queries: Queries, theme: Theme, qtbot: QtBot) -> None:
    asked: list[str] = []

    def test(url: str, _ctx: Context) -> str:
        asked.append(url)
        if url:
            raise LedgerUnusable("The ledger cannot be opened", "No such server.", "Check the address.")
        return "An empty ledger, ready"

    dialog = make(queries, theme, qtbot, FakeNodes(), test)
    dialog.test_ledger()
    qtbot.waitUntil(lambda: dialog.ledger_test.words.text() == "An empty ledger, ready")
    dialog.shared.setChecked(True)
    dialog.ledger_url.setText("postgresql://nowhere/x")
    dialog.test_ledger()
    qtbot.waitUntil(lambda: "No such server." in dialog.ledger_test.words.text())
    assert asked == ["", "postgresql://nowhere/x"]


def test_the_demo_is_one_press_away(dialog: SetupDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.demo_wanted):
        dialog.demo_button.click()
    assert not dialog.isVisible()
