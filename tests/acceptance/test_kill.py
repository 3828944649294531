"""Killed at any moment and started again: nothing lost, nothing sent twice beyond the instances in flight."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.disk import PART
from tests.acceptance.killing import finish, kill_at_random, killed_after, spooled
from tests.hospital import Hospital, ct_disc, form
from tests.peers import Orthanc

KILLS = 20
LANES = 4  # associations that the import is sent over


class CountingArchive(Archive):
    """A real archive that takes its time over each image, and counts how often each came."""

    def __init__(self, folder: Path, pause: float) -> None:
        super().__init__(folder, "PACS")
        self.came: Counter[str] = Counter()
        self._pause = pause

    def _on_store(self, event: Any) -> int:
        self.came[str(event.request.AffectedSOPInstanceUID)] += 1
        time.sleep(self._pause)  # a slow archive, so that a kill meets an import under way
        return super()._on_store(event)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[CountingArchive]:
    with CountingArchive(tmp_path / "archive", pause=0.012 * LANES) as running:
        yield running


@pytest.mark.timeout(300)
def test_an_import_killed_at_twenty_random_moments_arrives_whole_and_sends_at_most_what_was_in_flight_again(
    archive: CountingArchive, tmp_path: Path
) -> None:
    node = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", archive.port, associations=LANES)
    hospital = Hospital(tmp_path / "profile", node)
    disc = ct_disc(tmp_path / "cd", images=600)
    number = _ordered(hospital, disc.root)
    moments = random.Random(3)
    for kill in range(KILLS):
        assert killed_after(hospital, moments.uniform(0.3, 1.7)), (
            f"the import had ended before kill {kill + 1}"
        )
    finish(hospital)
    _, answer = hospital.run("show", number)
    assert (answer["status"], answer["instances"]["verified"]) == ("Delivered", 600)
    assert set(archive.came) == set(disc.uids)
    assert sum(archive.came.values()) - 600 <= KILLS * LANES
    assert spooled(hospital) == []


@pytest.mark.timeout(300)
def test_after_kills_every_instance_is_once_in_orthanc_with_its_pixels(
    orthanc: Orthanc, tmp_path: Path
) -> None:
    hospital = Hospital(tmp_path / "profile", orthanc.node)
    disc = ct_disc(tmp_path / "cd", images=40)
    number = _ordered(hospital, disc.root)
    kill_at_random(hospital, 5, random.Random(11), (0.4, 1.4))
    finish(hospital)
    _, answer = hospital.run("show", number)
    assert answer["status"] == "Delivered"
    assert orthanc.sop_instance_uids() == sorted(disc.uids)
    sample = disc.uids[7]
    (tmp_path / "stored.dcm").write_bytes(orthanc.file(sample))
    assert dcmread(tmp_path / "stored.dcm").PixelData == dcmread(disc.file(7)).PixelData


def test_a_disc_taken_out_after_copying_is_no_obstacle(orthanc: Orthanc, tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "profile", orthanc.node)
    disc = ct_disc(tmp_path / "cd", images=5)
    orthanc.stop()
    number = _ordered(hospital, disc.root)
    code, answer = hospital.run("retry", number, "--wait")  # copies, and finds no PACS to ask
    assert (code, answer["status"]) == (4, "Failed")
    disc.root.rename(tmp_path / "taken-out")
    orthanc.start()
    code, answer = hospital.run("retry", number, "--wait")
    assert (code, answer["instances"]["verified"]) == (0, 5)


def test_a_disc_taken_out_before_copying_is_asked_for_again(orthanc: Orthanc, tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "profile", orthanc.node)
    disc = ct_disc(tmp_path / "cd", images=5)
    number = _ordered(hospital, disc.root)
    away = disc.root.rename(tmp_path / "taken-out")
    code, answer = hospital.run("retry", number, "--wait")
    assert (code, answer["tab"]) == (3, "Action Required")
    assert any("Insert the disc again: 5 of 5" in line for line in answer["required"])
    away.rename(disc.root)
    code, answer = hospital.run("retry", number, "--wait")
    assert (code, answer["instances"]["verified"]) == (0, 5)


def test_what_a_kill_left_half_written_in_the_spool_is_swept_at_the_next_start(
    orthanc: Orthanc, tmp_path: Path
) -> None:
    hospital = Hospital(tmp_path / "profile", orthanc.node)
    left = hospital.root / "spool" / "7" / f".half{PART}"
    left.parent.mkdir()
    left.write_bytes(b"half an image")
    code, _ = hospital.import_(ct_disc(tmp_path / "cd").root, form(), "--registered")
    assert code == 0
    assert not left.exists()


def _ordered(hospital: Hospital, medium: Path) -> str:
    """The import is in the ledger, and no engine has begun it."""
    code, answer = hospital.run("import", medium, "--form", hospital.write_form(form()), "--registered")
    assert code == 0, answer
    number: str = answer["number"]
    return number
