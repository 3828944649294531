"""Faults of docs/failures.md that show in the whole program: what a person sees, nothing lost, nothing doubled."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from iep_desktop.core.flow import LightState
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.archive import Archive
from tests.acceptance.killing import finish, killed_after, spooled
from tests.fakes.disc_builder import Disc
from tests.fakes.fault_proxy import (
    ASSOCIATE_AC,
    ASSOCIATE_RQ,
    P_DATA,
    RELEASE_RP,
    TO_PEER,
    TO_US,
    Fault,
    FaultProxy,
    Harm,
)
from tests.hospital import FAST, Hospital, ct_disc, form
from tests.peers import Orthanc, free_port

IMAGES = 5
HURRIED = replace(FAST, connect_seconds=1.0, answer_seconds=0.5)
GATE, SENDING, VERIFYING = 0, 1, 2
"""The connections of an import, in their order."""


class CountingArchive(Archive):
    """A real archive that counts how often each image came, and answers the n-th as `says` has it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(folder, "PACS", port)
        self.came: Counter[str] = Counter()
        self.says: dict[int, int] = {}
        self.pause = 0.0

    @property
    def node(self) -> Node:
        return Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", self.port)

    def _on_store(self, event: Any) -> int:
        self.came[str(event.request.AffectedSOPInstanceUID)] += 1
        time.sleep(self.pause)
        status = self.says.get(self.came.total())
        return super()._on_store(event) if status is None else status


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[CountingArchive]:
    with CountingArchive(tmp_path / "archive") as running:
        yield running


def _import(hospital: Hospital, disc: Disc) -> tuple[int, Any]:
    return hospital.import_(disc.root, form(), "--registered")


# -- the line


@pytest.mark.parametrize(
    ("connection", "fault"),
    [
        (GATE, Fault(Harm.CUT, TO_PEER, ASSOCIATE_RQ, after=10)),
        (GATE, Fault(Harm.SWALLOW, TO_US, P_DATA)),
        (SENDING, Fault(Harm.CUT, TO_PEER)),
        (SENDING, Fault(Harm.SWALLOW, TO_US, ASSOCIATE_AC)),
        (SENDING, Fault(Harm.CUT, TO_PEER, P_DATA, nth=2, after=200)),
        (SENDING, Fault(Harm.CUT, TO_US, P_DATA, nth=3)),
        (SENDING, Fault(Harm.SWALLOW, TO_PEER, P_DATA, nth=6)),
        (SENDING, Fault(Harm.SWALLOW, TO_US, P_DATA, nth=3)),
        (SENDING, Fault(Harm.CORRUPT, TO_US, P_DATA, nth=2, after=2)),
        (SENDING, Fault(Harm.CUT, TO_US, RELEASE_RP)),
        (VERIFYING, Fault(Harm.CUT, TO_US, P_DATA, after=3)),
        (VERIFYING, Fault(Harm.SWALLOW, TO_US, P_DATA)),
    ],
    ids=lambda value: (
        str(value) if isinstance(value, int) else f"{value.harm.name} {value.way.name} {value.pdu}"
    ),
)
def test_a_line_that_fails_once_costs_a_try_and_nothing_else(
    archive: CountingArchive, tmp_path: Path, connection: int, fault: Fault
) -> None:
    with FaultProxy(archive.node, *[None] * connection, fault) as line:
        hospital = Hospital(tmp_path / "profile", line.node, HURRIED)
        disc = ct_disc(tmp_path / "cd", images=IMAGES)
        code, answer = _import(hospital, disc)
        assert line.connections > connection
    assert (code, answer["status"], answer["instances"]["verified"]) == (0, "Delivered", IMAGES)
    assert set(archive.came) == set(disc.uids)
    assert archive.came.total() <= IMAGES + 1
    assert spooled(hospital) == []


def test_a_name_that_is_not_known_is_said_and_a_new_address_is_used_at_the_next_try(
    archive: CountingArchive, tmp_path: Path
) -> None:
    lost = Node("PACS", NodeRole.PACS, "RWE", "PACS", "pacs.example.invalid", 104)
    hospital = Hospital(tmp_path / "profile", lost)
    code, answer = _import(hospital, ct_disc(tmp_path / "cd", images=IMAGES))
    assert (code, answer["status"], answer["error"]["kind"]) == (4, "Failed", "node-unreachable")
    assert "pacs.example.invalid" in answer["error"]["message"]
    assert "host name" in answer["error"]["hint"]
    with hospital.desk() as desk:
        desk.nodes.add(archive.node)
    code, answer = hospital.run("retry", answer["number"], "--wait")
    assert (code, answer["instances"]["verified"]) == (0, IMAGES)


# -- what PACS says


def test_a_processing_failure_is_tried_again_and_the_others_are_not_held_up(
    archive: CountingArchive, tmp_path: Path
) -> None:
    archive.says = {1: 0x0110, 2: 0x0110, 3: 0x0110}
    hospital = Hospital(tmp_path / "profile", archive.node)
    code, answer = _import(hospital, ct_disc(tmp_path / "cd", images=IMAGES))
    assert (code, answer["instances"]["verified"]) == (0, IMAGES)
    assert archive.came.total() == IMAGES + 3


def test_a_processing_failure_that_stays_fails_with_its_code(
    archive: CountingArchive, tmp_path: Path
) -> None:
    archive.says = dict.fromkeys(range(1, 100), 0x0110)
    hospital = Hospital(tmp_path / "profile", archive.node)
    code, answer = _import(hospital, ct_disc(tmp_path / "cd", images=2))
    assert (code, answer["status"]) == (4, "Failed")
    assert "0110" in answer["error"]["message"]
    assert answer["error"]["title"] == "PACS failed with 2 images"


# -- a node that fails for all


def test_a_dead_pacs_is_left_alone_with_a_red_light_and_everything_arrives_when_it_is_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    hospital = Hospital(
        tmp_path / "profile", Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", port), FAST
    )
    discs = [ct_disc(tmp_path / f"cd{no}", images=2) for no in range(4)]
    path = hospital.write_form(form())
    numbers = [hospital.run("import", d.root, "--form", path, "--registered")[1]["number"] for d in discs]
    engine = subprocess.Popen(hospital.command("run", "--until-idle"), stdout=subprocess.PIPE)
    with hospital.desk() as desk:
        _until(lambda: any(circuit.open_since for circuit in desk.ledger.circuits.all()))
        (light,) = desk.nodes.lights(Context())
        assert (light.state, "Nobody listens" in light.detail) == (LightState.DOWN, True)
        all_wait = [(number, "PACS does not answer") for number in numbers]
        _until(lambda: [(row.transaction.number, row.why) for row in desk.queue.view().waiting] == all_wait)
    with CountingArchive(tmp_path / "archive", port) as archive:
        engine.communicate(timeout=60)
        assert engine.returncode == 0
        assert len(archive) == 2  # the discs hold the same images
    answers = [hospital.run("show", number)[1] for number in numbers]
    assert [answer["status"] for answer in answers] == ["Delivered"] * 4


def _until(condition: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- this computer


def test_files_that_a_power_cut_has_torn_are_copied_again_and_never_sent(
    archive: CountingArchive, tmp_path: Path
) -> None:
    hospital, disc, number = _copied_only(tmp_path, archive)
    empty, torn, gone, *_ = sorted(spooled(hospital))
    empty.write_bytes(b"")
    torn.write_bytes(torn.read_bytes()[:-100])
    gone.unlink()
    code, answer = hospital.run("retry", number, "--wait")
    assert (code, answer["instances"]["verified"]) == (0, IMAGES)
    sizes = {len(dcmread(path).PixelData) for path in (tmp_path / "archive").rglob("*.dcm")}
    assert sizes == {len(dcmread(disc.file(0)).PixelData)}
    with hospital.desk() as desk:
        events = desk.ledger.transactions.events(desk.reading.transaction(number).id)
    assert any("3 images in the spool of this computer are damaged" in event.text for event in events)


def test_what_a_power_cut_has_torn_is_asked_for_where_the_disc_is_away(
    archive: CountingArchive, tmp_path: Path
) -> None:
    hospital, disc, number = _copied_only(tmp_path, archive)
    away = disc.root.rename(tmp_path / "taken-out")
    sorted(spooled(hospital))[0].write_bytes(b"")
    code, answer = hospital.run("retry", number, "--wait")
    assert (code, answer["tab"]) == (3, "Action Required")
    assert any("Insert the disc again: 1 of 5" in line for line in answer["required"])
    away.rename(disc.root)
    code, answer = hospital.run("retry", number, "--wait")
    assert (code, answer["instances"]["verified"]) == (0, IMAGES)


def _copied_only(tmp_path: Path, archive: CountingArchive) -> tuple[Hospital, Disc, str]:
    """An import that is in the spool, and found no PACS to ask."""
    hospital = Hospital(tmp_path / "profile", replace(archive.node, port=free_port()))
    disc = ct_disc(tmp_path / "cd", images=IMAGES)
    code, answer = _import(hospital, disc)
    assert (code, answer["status"], len(spooled(hospital))) == (4, "Failed", IMAGES)
    with hospital.desk() as desk:
        desk.nodes.add(archive.node)
    return hospital, disc, answer["number"]


def test_an_engine_that_is_told_to_stop_ends_between_two_images_and_goes_on_at_the_next_start(
    archive: CountingArchive, tmp_path: Path
) -> None:
    archive.pause = 0.05
    hospital = Hospital(tmp_path / "profile", replace(archive.node, associations=2))
    disc = ct_disc(tmp_path / "cd", images=60)
    hospital.run("import", disc.root, "--form", hospital.write_form(form()), "--registered")
    assert killed_after(hospital, 2.5, signal.SIGTERM)
    with hospital.desk() as desk:
        assert all(slot.transaction_id is None for slot in desk.ledger.slots.slots())
    archive.pause = 0.0
    finish(hospital)
    assert set(archive.came) == set(disc.uids)
    # what was on the way over either of its two associations may come again
    assert archive.came.total() <= 62


def test_a_ledger_that_is_deleted_under_a_running_import_ends_it_with_a_clear_word(
    archive: CountingArchive, tmp_path: Path
) -> None:
    answer, hospital = _import_that_loses_its_ledger(archive, tmp_path, Path.unlink)
    assert answer["error"]["kind"] == "ledger-unusable"
    assert "deleted or replaced" in answer["error"]["title"]
    assert len(spooled(hospital)) >= 57  # nothing is thrown away


def test_a_ledger_that_is_damaged_under_a_running_import_ends_it_with_a_clear_word(
    archive: CountingArchive, tmp_path: Path
) -> None:
    def damage(ledger: Path) -> None:
        with ledger.open("r+b") as file:
            file.write(b"\xfe" * ledger.stat().st_size)

    answer, hospital = _import_that_loses_its_ledger(archive, tmp_path, damage)
    assert answer["error"]["kind"] == "ledger-unusable"
    assert "damaged" in answer["error"]["title"]
    assert len(spooled(hospital)) >= 57


def _import_that_loses_its_ledger(
    archive: CountingArchive, tmp_path: Path, lose: Callable[[Path], None]
) -> tuple[Any, Hospital]:
    """What the command said, and its hospital."""
    archive.pause = 0.05
    hospital = Hospital(tmp_path / "profile", archive.node)
    disc = ct_disc(tmp_path / "cd", images=60)
    command = hospital.command(
        "import", disc.root, "--form", hospital.write_form(form()), "--registered", "--wait"
    )
    importing = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _until(lambda: archive.came.total() >= 3)
    lose(hospital.root / "ledger.sqlite")
    out, errors = importing.communicate(timeout=60)
    assert importing.returncode == 4, errors
    return json.loads(out), hospital


# -- a gateway that restarts


def test_an_archive_that_restarts_in_the_middle_of_a_study_has_every_image_once(
    orthanc: Orthanc, tmp_path: Path
) -> None:
    patient = replace(FAST, retry_limit=100, retry_first_seconds=0.2, retry_longest_seconds=0.3)
    hospital = Hospital(tmp_path / "profile", orthanc.node, patient)
    disc = ct_disc(tmp_path / "cd", images=60)
    command = hospital.command(
        "import", disc.root, "--form", hospital.write_form(form()), "--registered", "--wait"
    )
    importing = subprocess.Popen(command, stdout=subprocess.PIPE)
    _until(lambda: len(orthanc.rest("/instances")) >= 3)
    orthanc.kill()
    orthanc.start()
    out, _ = importing.communicate(timeout=60)
    assert (importing.returncode, json.loads(out)["instances"]["verified"]) == (0, 60)
    assert orthanc.sop_instance_uids() == sorted(disc.uids)
