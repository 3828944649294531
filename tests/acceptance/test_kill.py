"""Killed at any moment and started again: every image exactly once in its target, none lost, nothing left over.

The engines of two hospitals move discs, uploads, downloads and directly routed studies, several at once. They are
killed by SIGKILL at random moments, then at every seam between wire, journal and ledger; archives are killed under
them. `IEP_KILL_SEED` gives a run the moments of an earlier one, `IEP_KILLS` says how many there are.
"""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from iep_desktop.core.transaction import InstanceState, TransactionType
from iep_desktop.dicom.disk import PART
from tests.acceptance.doomed import Seam
from tests.acceptance.kill_day import LANES, Day, Doom, End, busy_day
from tests.acceptance.kill_record import Kind, Moment, Record
from tests.acceptance.killing import spooled
from tests.hospital import Hospital, ct_disc, form
from tests.peers import Orthanc

KILLS = int(os.environ.get("IEP_KILLS") or 50)
SEED = int(os.environ.get("IEP_KILL_SEED") or secrets.randbelow(1_000_000))
RESTARTS = {KILLS // 10: "RWE GATE", KILLS // 5: "RWE PACS", KILLS // 3: "RX1 PACS"}
"""In which rounds an archive is killed and started again while both engines are at work."""

ON_THE_WIRE = LANES  # images of a transaction at once
TRIES = 3  # for a seam that an engine did not come to
SAMPLES = 20  # images of an archive that are compared with their source
STATES = (InstanceState.LISTED, InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with busy_day(tmp_path) as running:
        yield running


@pytest.mark.timeout(900)
def test_whoever_is_killed_at_whatever_moment_every_image_is_once_in_its_target(day: Day) -> None:
    print(f"IEP_KILL_SEED={SEED}")
    moments, record = random.Random(SEED), Record()
    day.begin(studies=2)
    for round_ in range(KILLS // 2):
        _kill_both(day, moments, record, RESTARTS.get(round_))
    at_random = record.kills
    for seam in Seam:
        _kill_both_at(day, seam, moments, record)
    print(record)
    assert at_random >= KILLS
    _they_met_everything(record)
    day.close()
    _every_image_is_once_in_its_target(day, record)
    _nothing_is_left(day)


def _kill_both(day: Day, moments: random.Random, record: Record, restarts: str | None) -> None:
    """One kill at either hospital, while both are at work; who was done before its moment came gets more to do."""
    left = [day.us, day.them]
    for _ in range(TRIES):
        day.order_more()
        dooms = [Doom(end, random.Random(moments.random())) for end in left]
        if restarts is not None:
            _until(lambda dooms=dooms: all(doom.works() for doom in dooms))  # type: ignore[misc]
            record.in_flight += sum(len(doom.end.running()) for doom in dooms)
            day.archives[restarts].peer.kill()
            day.archives[restarts].peer.start()
        _until(lambda dooms=dooms: all([doom.fell() for doom in dooms]))  # type: ignore[misc]
        for doom in dooms:
            if doom.killed:
                jobs = doom.end.met()
                record.note(jobs)
                assert restarts or all(job.in_flight <= ON_THE_WIRE for job in jobs), jobs
            else:
                assert doom.process.returncode == 0  # it was done, and did not die of anything else
        left = [doom.end for doom in dooms if not doom.killed]
        if not left:
            return
        restarts = None
    raise AssertionError("nobody was killed: it had nothing left to do")


def _kill_both_at(day: Day, seam: Seam, moments: random.Random, record: Record) -> None:
    """Either engine comes to the seam, and no further. In full haste: then it comes to all of them soon."""
    left = [day.us, day.them]
    for _ in range(TRIES):
        day.order_more()
        day.slow(False)
        dooms = [Doom(end, moments, seam, _kind(day, end)) for end in left]
        _until(lambda dooms=dooms: all([doom.fell() for doom in dooms]))  # type: ignore[misc]
        for doom in dooms:
            record.note(doom.end.met())
        left = [doom.end for doom in dooms if not doom.came_to_its_seam]
    assert not left, f"nobody was killed where it is {seam}"


def _kind(day: Day, end: End) -> TransactionType:
    """Of what an end has always something to begin."""
    return TransactionType.CD_IMPORT if end is day.us else TransactionType.TRANSFER


def _they_met_everything(record: Record) -> None:
    """Each kind of job was killed often, several at once, under way; images in every state and at every moment."""
    assert record.kinds[Kind.IMPORT] >= KILLS * 2 // 5  # twenty, where nobody says otherwise
    assert record.kinds[Kind.UPLOAD] >= KILLS // 5
    assert record.kinds[Kind.DOWNLOAD] >= KILLS // 5
    assert record.kinds[Kind.ROUTED] >= 1
    assert sum(kills for jobs, kills in record.at_once.items() if jobs > 1) >= KILLS // 2
    kinds = (Kind.IMPORT, Kind.UPLOAD, Kind.DOWNLOAD)
    assert not [state for state in STATES if not any(record.states[kind, state] for kind in kinds)]
    under_way = (InstanceState.SPOOLED, InstanceState.SENT)
    assert not [(kind, state) for kind in kinds for state in under_way if not record.states[kind, state]]
    assert not [moment for moment in Moment if not any(record.moments[kind, moment] for kind in Kind)]


def _every_image_is_once_in_its_target(day: Day, record: Record) -> None:
    """By the archives' own word; what came twice over a wire was in flight when somebody was killed."""
    again = 0
    for archive in day.archives.values():
        assert archive.peer.sop_instance_uids() == sorted(archive.expected)
        came = archive.came()
        assert set(came) == set(archive.expected)
        again += came.total() - len(came)
        for uid in random.Random(SEED).sample(sorted(archive.expected), min(SAMPLES, len(came))):
            stored, source = dcmread(BytesIO(archive.peer.file(uid))), dcmread(archive.expected[uid])
            assert stored.PixelData == source.PixelData
    assert again <= record.in_flight * ON_THE_WIRE


def _nothing_is_left(day: Day) -> None:
    for end in (day.us, day.them):
        assert not [number for kind in Kind for number in end.numbers(kind, over=False)]
        assert spooled(end.party) == []
        code, answer = end.party.run("db", "check")
        assert (code, answer["problems"]) == (0, [])


def _until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
