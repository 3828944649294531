from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop.core.evidence import CommitmentUse
from iep_desktop.core.model import Hospital, Node, NodeRole
from iep_desktop.core.queries import EchoResult
from iep_desktop.ui.admin.hospitals import HospitalsDialog
from iep_desktop.ui.admin.node_editor import NodeEditor
from iep_desktop.ui.admin.nodes import NodesDialog
from iep_desktop.ui.admin.review import ReviewDialog
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.workers.queries import Queries
from tests.ui.fake_desk import GATEWAY, PACS, UNREACHABLE, FakeDesk

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def nodes(queries: Queries, theme: Theme, desk: FakeDesk, qtbot: QtBot) -> Callable[..., NodesDialog]:
    kept: list[NodesDialog] = []

    def made(chosen: str = "") -> NodesDialog:
        dialog = NodesDialog(desk.nodes, desk.reading, queries, "RWE", theme, chosen=chosen)
        kept.append(dialog)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: dialog.editor is not None)
        return dialog

    return made


def editor_of(dialog: NodesDialog) -> NodeEditor:
    assert dialog.editor is not None
    return dialog.editor


def test_nodes_are_listed_and_the_wanted_one_is_open(nodes: Callable[..., NodesDialog]) -> None:
    dialog = nodes(GATEWAY.name)
    assert [dialog.list.item(at).text() for at in range(dialog.list.count())] == [
        "UHLPACSWFM01  (PACS)",
        "Leicester gateway  (Gateway)",
    ]
    assert editor_of(dialog).node() == GATEWAY


def test_a_node_that_answers_says_how_fast(nodes: Callable[..., NodesDialog], qtbot: QtBot) -> None:
    editor = editor_of(nodes())
    qtbot.mouseClick(editor.test.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: editor.test.words.text() == "Answers C-ECHO in 12 ms, ORTHANC")
    assert editor.test.button.isEnabled()


def test_a_node_that_does_not_answer_says_what_is_wrong(
    nodes: Callable[..., NodesDialog], desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.nodes.echo_error = UNREACHABLE
    editor = editor_of(nodes())
    editor.run_test()
    qtbot.waitUntil(lambda: "does not answer" in editor.test.words.text())
    assert editor.test.words.text() == (
        "PACS does not answer. Nothing listens at 127.0.0.1 port 11112. Check the port."
    )


def test_a_node_is_changed_renamed_and_removed(
    nodes: Callable[..., NodesDialog], desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = nodes()
    editor = editor_of(dialog)
    assert not dialog.save_button.isEnabled()
    editor.name.setText("PACS 2")
    editor.port.setText("104")
    with qtbot.waitSignal(dialog.changed):
        dialog.save_button.click()
    assert {node.name: node.port for node in desk.nodes.nodes} == {"Leicester gateway": 11113, "PACS 2": 104}
    qtbot.waitUntil(lambda: dialog.remove_button.isEnabled())
    dialog.remove_button.click()
    question = dialog.findChild(ConfirmDialog)
    assert question is not None
    with qtbot.waitSignal(dialog.changed):
        question.do_button.click()
    assert [node.name for node in desk.nodes.nodes] == ["Leicester gateway"]


def test_a_node_is_added_with_the_keyboard(
    nodes: Callable[..., NodesDialog], desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = nodes()
    dialog.add_button.click()
    editor = editor_of(dialog)
    for edit, text in (
        (editor.name, "Second PACS"), (editor.ae_title, "PACS2"), (editor.host, "10.0.0.7"), (editor.port, "104"),
    ):  # fmt: skip
        qtbot.keyClicks(edit, text)
    with qtbot.waitSignal(dialog.changed):
        dialog.save_button.click()
    assert Node("Second PACS", NodeRole.PACS, "RWE", "PACS2", "10.0.0.7", 104) in desk.nodes.nodes
    assert PACS in desk.nodes.nodes


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("port", "0", "1 to 65535"),
        ("port", "70000", "1 to 65535"),
        ("port", "x", "1 to 65535"),
        ("ae_title", "A" * 17, "at most 16 characters"),
        ("ae_title", "A\\B", "at most 16 characters"),
        ("host", "a b", "no spaces"),
        ("name", "", "missing"),
    ],
)
def test_a_wrong_field_is_named(
    nodes: Callable[..., NodesDialog], field: str, text: str, problem: str
) -> None:
    editor = editor_of(nodes())
    getattr(editor, field).setText(text)
    assert editor.node() is None
    assert editor.problems() == {field: problem}


def test_testing_a_half_filled_node_marks_what_is_missing(nodes: Callable[..., NodesDialog]) -> None:
    dialog = nodes()
    dialog.begin_new()
    editor = editor_of(dialog)
    editor.run_test()
    assert editor._fields["host"].error == "missing"
    assert "red fields" in editor.test.words.text()


def test_no_node_yet_says_what_to_do(queries: Queries, theme: Theme, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.nodes.nodes = []
    dialog = NodesDialog(desk.nodes, desk.reading, queries, "RWE", theme)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.editor is not None)
    assert dialog._hint.text() == "No node is known yet. Fill in the first one: our PACS."


@pytest.fixture
def hospitals(queries: Queries, theme: Theme, desk: FakeDesk, qtbot: QtBot) -> HospitalsDialog:
    dialog = HospitalsDialog(desk.nodes, desk.reading, queries, theme)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.list.count() > 0)
    return dialog


def test_hospitals_are_searched(hospitals: HospitalsDialog, qtbot: QtBot) -> None:
    assert hospitals.list.item(0).text() == "Kettering General Hospital, Kettering  (RNQ)"
    qtbot.keyClicks(hospitals.search, "derby")
    qtbot.keyClick(hospitals.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: hospitals.list.count() == 2)
    hospitals.search.setText("nowhere")
    qtbot.waitUntil(lambda: hospitals.empty.isVisible())


def test_a_hospital_is_added(hospitals: HospitalsDialog, desk: FakeDesk, qtbot: QtBot) -> None:
    assert not hospitals.add_button.isEnabled()
    qtbot.keyClicks(hospitals.ods, "rx9")
    qtbot.keyClicks(hospitals.name, "New Hospital")
    with qtbot.waitSignal(hospitals.changed):
        hospitals.add_button.click()
    assert desk.nodes.hospitals_added == [Hospital("RX9", "New Hospital")]


def test_a_code_that_is_none_is_said(hospitals: HospitalsDialog, qtbot: QtBot) -> None:
    qtbot.keyClicks(hospitals.ods, "R/9")
    qtbot.keyClicks(hospitals.name, "New Hospital")
    assert hospitals._ods_field.error == "Not an ODS code"
    assert not hospitals.add_button.isEnabled()


def test_a_node_that_speaks_dicomweb_needs_its_address_and_nothing_of_dimse(
    qtbot: QtBot, theme: Theme, queries: Queries
) -> None:
    editor = NodeEditor(theme, queries, lambda node, ctx: EchoResult(node.name, 0.0, 0.012))
    qtbot.addWidget(editor)
    editor.set_hospital("RWE")
    editor.name.setText("Web PACS")
    editor.dicomweb.setText("https://user:secret@host/web")
    assert editor.node() is None
    assert editor.problems() == {"dicomweb": "must not hold a password: that is kept in the keyring"}
    editor.dicomweb.setText("https://host/web/")
    assert not editor.port.isEnabled()
    node = editor.node()
    assert node is not None
    assert (node.dicomweb, node.host, node.port, node.tls) == ("https://host/web", "host", 443, True)
    editor.run_test()
    qtbot.waitUntil(lambda: editor.test.words.text() == "Answers QIDO-RS in 12 ms")
    editor.show_node(node)
    assert editor.node() == node
    editor.show_node(None)
    assert editor.port.isEnabled()


def test_how_many_associations_a_node_gets_is_chosen_and_kept(
    qtbot: QtBot, theme: Theme, queries: Queries
) -> None:
    editor = NodeEditor(theme, queries, lambda node, ctx: EchoResult(node.name, 0.0, 0.0))
    qtbot.addWidget(editor)
    editor.show_node(Node("PACS", NodeRole.PACS, "RWE", "PACS", "host", 104, associations=3))
    assert editor.associations.currentText() == "3"
    editor.associations.set_value(8)
    node = editor.node()
    assert node is not None
    assert node.associations == 8
    editor.show_node(None)
    assert editor.associations.currentText() == "As many as pay"


def test_where_a_review_is_mandatory_is_ticked_with_the_keyboard(
    qtbot: QtBot, theme: Theme, queries: Queries, desk: FakeDesk
) -> None:
    theirs = replace(GATEWAY, name="NUH Radiology PACS", hospital="RX1")
    desk.nodes.add(theirs)
    desk.reviews.names = ("rx1", "Old gateway")
    dialog = ReviewDialog(desk.reviews, desk.nodes, desk.reading, queries, "RWE", theme)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.list.count() > 0)
    words = [dialog.list.item(at).text().strip() for at in range(dialog.list.count())]
    name = desk.reading.hospital_name("RX1")
    assert words == ["Everywhere", name, "NUH Radiology PACS only", "Old gateway"], (
        "our own gateway is no destination"
    )
    assert dialog.ticked() == ("RX1", "Old gateway")
    assert not dialog.save_button.isEnabled()
    dialog.list.setCurrentRow(2)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Space)
    with qtbot.waitSignal(dialog.saved):
        qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    assert desk.reviews.names == ("RX1", "NUH Radiology PACS", "Old gateway")
    assert not dialog.isVisible()


def test_whether_a_node_is_asked_for_storage_commitment_is_chosen(
    nodes: Callable[..., NodesDialog], desk: FakeDesk, qtbot: QtBot
) -> None:
    dialog = nodes()
    editor = editor_of(dialog)
    assert editor.commitment.value() == CommitmentUse.AUTOMATIC
    editor.commitment.set_value(CommitmentUse.ALWAYS)
    with qtbot.waitSignal(dialog.changed):
        dialog.save_button.click()
    assert {node.name: node.commitment for node in desk.nodes.nodes}[PACS.name] is CommitmentUse.ALWAYS
