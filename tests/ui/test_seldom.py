from __future__ import annotations

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from iep_desktop.ui.seldom import Seldom


def test_it_is_done_at_once_and_once_more_for_all_that_was_asked_meanwhile(qtbot: QtBot) -> None:
    parent, done = QObject(), []
    seldom = Seldom(lambda: done.append(1), 50, parent)
    seldom.ask()
    assert len(done) == 1
    for _ in range(10):
        seldom.ask()
    assert len(done) == 1
    qtbot.waitUntil(lambda: len(done) == 2)
    qtbot.wait(120)
    assert len(done) == 2
    seldom.ask()
    assert len(done) == 3
