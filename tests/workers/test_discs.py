"""Discs as a person handles them: folders that count as discs, form files, previews."""

from __future__ import annotations

from pathlib import Path

import pytest

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.job import Context
from iep_desktop.core.medium import DriveKind, ReadingStep
from iep_desktop.workers.discs import Discs
from tests.hospital import ct_disc


def test_every_folder_in_a_disc_folder_counts_as_a_disc_and_nothing_else_does(tmp_path: Path) -> None:
    for name in ("second", "first", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "form.json").write_text("{}")
    found = [drive for drive in Discs((str(tmp_path),)).drives() if drive.kind is DriveKind.FOLDER]
    assert [(drive.label, drive.has_medium) for drive in found] == [("first", True), ("second", True)]


def test_a_share_that_is_away_holds_no_discs(tmp_path: Path) -> None:
    assert all(drive.kind is not DriveKind.FOLDER for drive in Discs((str(tmp_path / "away"),)).drives())


def test_reading_tells_each_view_and_returns_the_last(tmp_path: Path) -> None:
    steps: list[ReadingStep] = []
    contents = Discs().read(str(ct_disc(tmp_path / "cd", images=4).root), Context(), steps.append)
    assert steps[-1].finished
    assert steps[-1].contents == contents
    assert contents.instances == 4


def test_a_preview_is_a_small_picture_of_the_instance(tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=1)
    discs = Discs()
    (study,) = discs.read(str(disc.root), Context(), lambda _: None).studies
    picture = discs.preview(str(disc.root), study.present[0], 8)
    assert max(picture.width, picture.height) <= 8
    assert len(picture.data) == picture.width * picture.height * picture.channels


def test_a_form_file_is_read_whole_with_its_letters(tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    path.write_text('{"kind": "cd", "comments": "Straße"}', "utf-8")
    assert Discs().form_text(str(path)).endswith('"Straße"}')


@pytest.mark.parametrize("content", [b"\0\1\2", b"x" * ((1 << 20) + 1)])
def test_what_is_no_form_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "form"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="no form"):
        Discs().form_text(str(path))
    with pytest.raises(InvalidInput, match="cannot be read"):
        Discs().form_text(str(tmp_path / "missing"))
