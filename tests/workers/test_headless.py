"""An engine without a window lives for weeks: what it frees goes back to the system."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from iep_desktop import settings
from iep_desktop.settings import Settings
from iep_desktop.workers import engine
from iep_desktop.workers.desk import open_desk
from iep_desktop.workers.engine import headless


def test_it_gives_back_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    times: list[None] = []
    monkeypatch.setattr(engine, "GIVE_BACK_MS", 1)
    monkeypatch.setattr(engine, "give_back", lambda: times.append(None))
    monkeypatch.setattr(
        engine, "share_arenas", lambda: None
    )  # it would last for the other tests of this process
    desk = open_desk(settings.create_profile(tmp_path / "profile", Settings(user="operator")))
    with headless(desk):
        qtbot.waitUntil(lambda: len(times) > 2, timeout=10_000)
    desk.close()
    assert len(times) > 2
