"""The tag list: read off the loop, searched, copied, and plain words where there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from iep_desktop.core.documents import TagLine
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.tag_list import Column, TagList
from iep_desktop.workers.queries import Queries
from tests.dicom.documents.making import CT, content, sr, write


@pytest.fixture
def tags(qtbot: QtBot, queries: Queries, theme: Theme) -> TagList:
    widget = TagList(queries, theme)
    qtbot.addWidget(widget)
    widget.resize(900, 500)
    widget.show()
    return widget


def _load(qtbot: QtBot, tags: TagList, path: Path) -> None:
    tags.set_file(path)
    qtbot.waitUntil(lambda: tags.model.has_lines, timeout=10_000)


def _column(tags: TagList, column: Column) -> list[str]:
    model = tags.model
    return [str(model.index(row, column).data()).strip() for row in range(model.rowCount())]


def _clipboard() -> str:
    return QGuiApplication.clipboard().text()


def test_all_elements_of_a_file_are_listed(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    assert "PatientName" in _column(tags, Column.NAME)
    assert "MOUSE^Minnie" in _column(tags, Column.VALUE)
    assert tags.count.text() == f"{tags.model.rowCount()} elements"
    assert tags.view.isVisible()


@pytest.mark.parametrize("words", ["0010,0020", "00100020", "patientid", "s999111", "patient s9991"])
def test_a_search_finds_by_tag_name_and_value(
    qtbot: QtBot, tags: TagList, tmp_path: Path, words: str
) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    tags.search.setFocus()
    qtbot.keyClicks(tags.search, words)
    qtbot.keyClick(tags.search, Qt.Key.Key_Return)
    assert _column(tags, Column.NAME) == ["PatientID"]
    assert tags.count.text() == "1 found"


def test_what_is_found_in_a_sequence_stands_below_it(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, sr(tmp_path / "r.dcm", content("TEXT", "Finding", TextValue="Effusion")))
    tags.search.setText("effusion")
    qtbot.keyClick(tags.search, Qt.Key.Key_Return)
    assert _column(tags, Column.NAME) == ["ContentSequence", "", "TextValue"]
    assert _column(tags, Column.TAG)[1] == "Item 1"
    assert [tags.model.lines[row].depth for row in range(3)] == [0, 1, 2]
    assert tags.count.text() == "1 found"


def test_a_search_without_a_hit_says_what_to_search_for(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    tags.search.setText("zebra")
    qtbot.keyClick(tags.search, Qt.Key.Key_Return)
    assert not tags.view.isVisible()
    assert tags._empty.title.text() == "Nothing found"
    assert not tags.copy_button.isEnabled()
    qtbot.keyClick(tags.search, Qt.Key.Key_Escape)
    assert tags.view.isVisible()


def test_the_search_stays_from_file_to_file(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    tags.search.setText("patientname")
    qtbot.keyClick(tags.search, Qt.Key.Key_Return)
    _load(qtbot, tags, write(tmp_path / "b.dcm", CT, PatientName="DUCK^Donald"))
    qtbot.waitUntil(lambda: _column(tags, Column.VALUE) == ["DUCK^Donald"], timeout=5000)


def test_selected_lines_are_copied_by_keyboard(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    row = _column(tags, Column.NAME).index("PatientID")
    tags.view.setFocus()
    tags.view.selectRow(row)
    qtbot.keyClick(tags.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert _clipboard() == "(0010,0020)\tLO\tPatientID\tS999111"
    mods = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(tags.view, Qt.Key.Key_C, mods)
    assert _clipboard() == "S999111"


def test_the_button_copies_all_that_is_shown(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    qtbot.mouseClick(tags.copy_button, Qt.MouseButton.LeftButton)
    assert len(_clipboard().splitlines()) == tags.model.rowCount()


def test_control_f_goes_to_the_search(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    _load(qtbot, tags, write(tmp_path / "a.dcm", CT))
    tags.activateWindow()
    tags.view.setFocus()
    qtbot.waitUntil(tags.view.hasFocus, timeout=2000)
    qtbot.keyClick(tags.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(tags.search.hasFocus, timeout=2000)


def test_a_cut_file_shows_what_is_there_and_says_so(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    whole = write(tmp_path / "w.dcm", CT, ImageComments="x" * 1000).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-300])
    _load(qtbot, tags, tmp_path / "cut.dcm")
    assert tags.remark.isVisible()
    assert "cannot be read" in tags.remark.text()


def test_what_cannot_be_listed_says_why(qtbot: QtBot, tags: TagList, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("text " * 100)
    tags.set_file(tmp_path / "x")
    qtbot.waitUntil(lambda: "cannot be listed" in tags._empty.title.text(), timeout=10_000)
    assert "not DICOM" in tags._empty.next_step.text()


def test_cells_have_words_for_a_screen_reader(qtbot: QtBot, tags: TagList) -> None:
    tags.model.set_lines((TagLine(0, "(0010,0020)", "LO", "PatientID", "Patient ID", "S999111"),))
    index = tags.model.index(0, Column.VALUE)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Value: S999111"
    assert tags.view.accessibleName() == "Data elements of the file"


def test_one_hundred_thousand_lines_are_searched(qtbot: QtBot, tags: TagList) -> None:
    tags.model.set_lines(
        tuple(
            TagLine(n % 3, f"(0010,{n % 65536:04X})", "LO", f"Keyword{n}", "", "value")
            for n in range(100_000)
        )
    )
    tags.model.search("keyword99999")
    assert tags.model.found == 1
    assert tags.model.rowCount() <= 3
