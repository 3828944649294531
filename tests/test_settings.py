"""The profile folder: made, opened, refused in clear words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iep_desktop import settings
from iep_desktop.core.errors import InvalidInput, Permanent
from iep_desktop.settings import Settings, StateStore


def test_a_new_profile_opens_with_the_settings_it_was_made_with(tmp_path: Path) -> None:
    settings.create_profile(tmp_path / "p", Settings(hospital="RX1", user="radiographer"))
    opened = settings.open_profile(tmp_path / "p")
    assert (opened.settings.hospital, opened.settings.user) == ("RX1", "radiographer")
    assert opened.ledger_url.endswith("ledger.sqlite")


def test_only_the_owner_can_look_into_a_profile(tmp_path: Path) -> None:
    profile = settings.create_profile(tmp_path / "p", Settings())
    assert profile.root.stat().st_mode & 0o077 == 0
    assert profile.spool.stat().st_mode & 0o077 == 0


def test_a_folder_without_a_profile_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no profile") as caught:
        settings.open_profile(tmp_path)
    assert "init" in caught.value.hint


def test_a_second_profile_in_one_folder_is_refused_and_the_first_kept(tmp_path: Path) -> None:
    settings.create_profile(tmp_path / "p", Settings(hospital="RX1"))
    with pytest.raises(InvalidInput, match="already"):
        settings.create_profile(tmp_path / "p", Settings())
    assert settings.open_profile(tmp_path / "p").settings.hospital == "RX1"


def test_a_profile_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    profile = settings.create_profile(tmp_path / "p", Settings())
    path = profile.root / "settings.json"
    document = json.loads(path.read_text()) | {"format": settings.FORMAT + 1}
    path.write_text(json.dumps(document))
    with pytest.raises(Permanent, match="newer version"):
        settings.open_profile(profile.root)
    assert json.loads(path.read_text()) == document


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "1"}', "null"])
def test_damaged_settings_are_named(tmp_path: Path, text: str) -> None:
    profile = settings.create_profile(tmp_path / "p", Settings())
    (profile.root / "settings.json").write_text(text)
    with pytest.raises(Permanent, match="damaged"):
        settings.open_profile(profile.root)


def test_a_profile_that_cannot_be_written_is_said_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Permanent, match="cannot be written"):
        settings.create_profile(tmp_path / "file" / "p", Settings())


def test_changed_settings_are_there_at_the_next_start(tmp_path: Path) -> None:
    profile = settings.create_profile(tmp_path / "p", Settings())
    profile.with_settings(theme="dark")
    assert settings.open_profile(profile.root).settings.theme == "dark"


def test_window_state_survives_and_a_damaged_file_costs_only_the_state(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    StateStore(path).save("geometry", b"\x00\xff")
    assert StateStore(path).load("geometry") == b"\x00\xff"
    path.write_text("{")
    assert StateStore(path).load("geometry") is None


def test_a_setting_that_another_window_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    first = settings.create_profile(tmp_path / "p", Settings())
    second = settings.open_profile(tmp_path / "p")
    second.with_settings(review_before_send=("*",))
    first.with_settings(theme="dark")
    found = settings.open_profile(tmp_path / "p").settings
    assert (found.theme, found.review_before_send) == ("dark", ("*",))
    assert first.stored() == found
