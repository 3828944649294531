"""What goes wrong between the spool and PACS, and around them: a clear word, and nothing lost."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.archive import Archive
from iep_desktop.settings import FORMAT, Settings
from tests.fakes.disc_builder import Patient, Series, Study, build_disc
from tests.fakes.peer import ScriptedPeer, falls_silent, never_answers, refuses
from tests.hospital import FAST, S_NUMBER, Hospital, ct_disc, form
from tests.peers import Orthanc

Mood = Callable[[int], int | None]


class MoodyArchive(Archive):
    """An archive that answers its n-th C-STORE (from 1) with a status of its own where `mood` names one."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(folder, "PACS", port)
        self.mood: Mood = lambda _: None
        self.loses = False
        self.cannot_bear: frozenset[str] = (
            frozenset()
        )  # SOP Instance UIDs over which it ends the association,
        self.silent = False  # or says nothing
        self._over = threading.Event()
        self._asked = 0

    @property
    def node(self) -> Node:
        return Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", self.port)

    def _on_store(self, event: Any) -> int:
        self._asked += 1
        if event.request.AffectedSOPInstanceUID in self.cannot_bear:
            if self.silent:
                self._over.wait()
            event.assoc.abort()
            return 0xC000  # which nobody hears any more
        status = self.mood(self._asked)
        if self.loses:
            return 0x0000
        stored = super()._on_store(event) if status is None or status >> 12 == 0xB else 0
        return stored if status is None else status

    def stop(self) -> None:
        self._over.set()
        super().stop()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[MoodyArchive]:
    with MoodyArchive(tmp_path / "archive") as running:
        yield running


@pytest.fixture
def hospital(tmp_path: Path, archive: MoodyArchive) -> Hospital:
    return Hospital(tmp_path / "profile", archive.node)


def _import(hospital: Hospital, tmp_path: Path, images: int = 4) -> tuple[int, Any]:
    return hospital.import_(ct_disc(tmp_path / "cd", images=images).root, form(), "--registered")


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007])
def test_a_warning_of_pacs_is_a_success(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path, status: int
) -> None:
    archive.mood = lambda _: status
    assert _import(hospital, tmp_path)[1]["status"] == "Delivered"


@pytest.mark.parametrize("status", [0xC000, 0xA900, 0x0122, 0x0124, 0x7777])
def test_a_refusal_for_good_fails_with_the_code_and_the_rest_arrives(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path, status: int
) -> None:
    archive.mood = lambda nth: status if nth == 2 else None
    code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"], answer["tab"]) == (4, "Failed", "Failed")
    assert answer["instances"] | {"total": 4} == {
        "total": 4,
        "sent": 3,
        "verified": 3,
        "failed": 1,
        "skipped": 0,
    }
    assert answer["error"]["title"] == "PACS refused 1 of 4 images"
    assert f"{status:04X}" in answer["error"]["message"]
    archive.mood = lambda _: None
    code, answer = hospital.run("retry", answer["number"], "--failed-only", "--wait")
    assert (code, answer["status"], answer["instances"]["verified"]) == (0, "Delivered", 4)


@pytest.mark.parametrize("count", [1, 2])
def test_an_image_that_pacs_cannot_bear_holds_up_no_other_and_is_named(
    archive: MoodyArchive, tmp_path: Path, count: int
) -> None:
    hospital = Hospital(tmp_path / "profile", archive.node, replace(FAST, retry_limit=Settings().retry_limit))
    disc = ct_disc(tmp_path / "cd", images=6)
    archive.cannot_bear = frozenset(dcmread(disc.file(n)).SOPInstanceUID for n in (1, 3)[:count])
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["status"], answer["tab"]) == (4, "Failed", "Failed")
    assert [answer["instances"][what] for what in ("verified", "failed")] == [6 - count, count]
    assert answer["error"]["title"] == f"PACS refused {count} of 6 images"
    assert "each time that this image was sent" in answer["error"]["message"]
    assert len(archive) == 6 - count
    archive.cannot_bear = frozenset()
    code, answer = hospital.run("retry", answer["number"], "--failed-only", "--wait")
    assert (code, answer["status"], answer["instances"]["verified"]) == (0, "Delivered", 6)


def test_an_image_over_which_pacs_is_silent_holds_up_no_other(archive: MoodyArchive, tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "profile", archive.node, replace(FAST, answer_seconds=1.0))
    disc = ct_disc(tmp_path / "cd", images=4)
    archive.cannot_bear, archive.silent = frozenset({dcmread(disc.file(1)).SOPInstanceUID}), True
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["error"]["title"]) == (4, "PACS refused 1 of 4 images")
    assert [answer["instances"][what] for what in ("verified", "failed")] == [3, 1]


def test_where_nothing_has_arrived_no_image_is_blamed_for_it(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd", images=1)
    archive.cannot_bear = frozenset({dcmread(disc.file(0)).SOPInstanceUID})
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["instances"]["failed"]) == (4, 0)
    assert "ended the connection" in answer["error"]["title"]


@pytest.mark.parametrize("status", [0xA700, 0xA7FF, 0x0213])
def test_a_full_pacs_is_tried_again_and_what_it_had_no_room_for_arrives(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path, status: int
) -> None:
    archive.mood = lambda nth: status if nth in (2, 3) else None
    code, answer = _import(hospital, tmp_path)
    assert (code, answer["instances"]["verified"]) == (0, 4)
    assert len(archive) == 4


def test_a_pacs_that_stays_full_fails_in_the_end_with_its_code_and_loses_nothing(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    archive.mood = lambda nth: 0xA700 if nth > 1 else None
    code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"]) == (4, "Failed")
    assert "A700" in answer["error"]["message"]
    archive.mood = lambda _: None
    code, answer = hospital.run("retry", answer["number"], "--wait")
    assert (code, answer["instances"]["verified"]) == (0, 4)


def test_a_pacs_that_says_it_has_an_image_already_is_believed_where_it_shows_it(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    assert _import(hospital, tmp_path)[0] == 0
    archive.mood = lambda _: 0x0111
    code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"], answer["instances"]["verified"]) == (0, "Delivered", 4)


def test_a_pacs_that_says_it_has_an_image_already_and_has_none_gets_it_again(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    archive.mood = lambda nth: 0x0111 if nth == 2 else None
    code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"], answer["instances"]["verified"]) == (4, "Failed", 3)
    code, answer = hospital.run("retry", answer["number"], "--wait")
    assert (code, answer["status"], answer["instances"]["verified"], len(archive)) == (0, "Delivered", 4, 4)


def test_a_pacs_that_takes_images_and_loses_them_is_never_called_delivered(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    archive.loses = True
    code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"], answer["instances"]["verified"]) == (4, "Failed", 0)
    archive.loses = False
    code, answer = hospital.run("retry", answer["number"], "--wait")
    assert (code, answer["status"], answer["instances"]["verified"]) == (0, "Delivered", 4)


def test_a_kind_of_image_that_pacs_does_not_take_is_named(orthanc: Orthanc, tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "profile", orthanc.node)
    odd = Series("CT", images=1, number=2, sop_class="1.2.826.0.1.3680043.9.9999.1", uid="2.25.7")
    disc = build_disc(tmp_path / "cd", Patient(studies=(Study(series=(Series("CT", images=2), odd)),)))
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["instances"]["verified"], answer["instances"]["failed"]) == (4, 2, 1)
    assert "does not take" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (refuses(1, 1, 7), "AE title"),
        (refuses(1, 1, 3), "AE title"),
    ],
)
def test_a_refused_association_says_which_ae_title_to_check(tmp_path: Path, script: Any, word: str) -> None:
    with ScriptedPeer(*[script] * 8) as peer:
        hospital = Hospital(tmp_path / "profile", peer.node)
        code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"]) == (4, "Failed")
    assert word in " ".join(str(answer["error"][part]) for part in ("title", "message", "hint"))


@pytest.mark.parametrize("script", [never_answers, falls_silent])
def test_a_silent_pacs_fails_in_time_and_the_images_wait(tmp_path: Path, script: Any) -> None:
    hurried = replace(FAST, connect_seconds=0.3, answer_seconds=0.3, retry_limit=2)
    with ScriptedPeer(*[script] * 8) as peer:
        hospital = Hospital(tmp_path / "profile", peer.node, hurried)
        code, answer = _import(hospital, tmp_path)
    assert (code, answer["status"]) == (4, "Failed")
    assert "answer" in answer["error"]["title"]
    assert answer["instances"] == {"total": 4, "sent": 0, "verified": 0, "failed": 0, "skipped": 0}
    assert len(list((hospital.root / "spool").rglob("*.dcm"))) == 4


def test_a_pacs_that_dies_in_the_middle_and_returns_gets_the_rest(tmp_path: Path) -> None:
    patient = replace(FAST, retry_limit=400, retry_first_seconds=0.2, retry_longest_seconds=0.3)
    first = MoodyArchive(tmp_path / "archive")
    first.start()
    port = first.port  # a stopped archive has none
    died = threading.Event()
    dying = threading.Thread(target=first.stop, daemon=True)

    def dies(nth: int) -> None:
        if nth == 10:
            dying.start()
            died.set()

    first.mood = dies
    hospital = Hospital(tmp_path / "profile", first.node, patient)
    disc = ct_disc(tmp_path / "cd", images=30)
    command = hospital.command(
        "import", disc.root, "--form", hospital.write_form(form()), "--registered", "--wait"
    )
    importing = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert died.wait(30)
    dying.join(30)
    with MoodyArchive(tmp_path / "archive", port) as second:
        out, _ = importing.communicate(timeout=60)
        assert importing.returncode == 0, out
        assert json.loads(out)["instances"]["verified"] == 30
        assert len(second) == 30


def test_two_imports_of_one_disc_at_once_both_arrive_and_double_nothing(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd", images=20)
    hospital.write_form(form())
    command = hospital.command(
        "import", disc.root, "--form", hospital.root / "form.json", "--registered", "--wait"
    )
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [json.loads(one.communicate(timeout=60)[0]) for one in both]
    assert [answer["status"] for answer in answers] == ["Delivered", "Delivered"]
    assert answers[0]["number"] != answers[1]["number"]
    assert len(archive) == 20


def test_a_ledger_that_another_program_holds_is_said_and_nothing_is_lost(
    hospital: Hospital, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd")
    blocker = sqlite3.connect(hospital.root / "ledger.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["error"]["kind"]) == (4, "ledger-busy")
    blocker.execute("ROLLBACK")
    blocker.close()
    assert hospital.import_(disc.root, form(), "--registered")[0] == 0


def test_a_full_disk_stops_before_the_first_image_and_says_how_much_is_needed(
    hospital: Hospital, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd")
    with open(disc.file(0), "r+b") as file:
        file.truncate(1 << 42)  # sparse: larger than any disk has free
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["error"]["title"]) == (4, "Not enough space for the images")
    assert "free" in answer["error"]["message"]
    assert answer["instances"]["sent"] == 0


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ("{", "JSON"),
        ("[]", "expected an object"),
        (form(patient__birth_date="31/02/1980"), "patient.birth_date"),
        (form(patient__name=7), "patient.name"),
        (form(unknown=1), "unknown key"),
        (form(exams="CT"), "exams"),
        (form(priority="at once"), "priority"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_with_the_place(
    hospital: Hospital, tmp_path: Path, document: Any, where: str
) -> None:
    code, answer = hospital.import_(ct_disc(tmp_path / "cd").root, document)
    assert (code, answer["error"]["kind"]) == (2, "invalid-input")
    assert where in answer["error"]["message"] + answer["error"]["title"]
    assert hospital.run("worklist")[1]["total"] == 0


def test_an_empty_folder_and_a_missing_one_are_no_discs(hospital: Hospital, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, contents = hospital.run("inspect", tmp_path / "empty")
    assert (code, contents["patients"], contents["findings"][0]["code"]) == (0, [], "no-dicomdir")
    code, answer = hospital.import_(tmp_path / "empty", form())
    assert (code, answer["error"]["kind"]) == (2, "invalid-input")
    code, answer = hospital.run("inspect", tmp_path / "nowhere")
    assert (code, answer["error"]["kind"]) == (2, "invalid-input")


def test_files_without_a_patient_need_a_second_person(hospital: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", patient_id="", name="", birth_date="")
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert code == 3
    assert any("nothing in common" in line for line in answer["required"])


def test_a_profile_of_a_newer_version_is_left_alone(hospital: Hospital) -> None:
    path = hospital.root / "settings.json"
    document = json.loads(path.read_text()) | {"format": FORMAT + 1}
    path.write_text(json.dumps(document))
    code, answer = hospital.run("worklist")
    assert code == 4
    assert "newer version" in answer["error"]["title"]


def test_a_patient_known_under_the_rwes_number_counts_as_registered(
    hospital: Hospital, archive: MoodyArchive, tmp_path: Path
) -> None:
    hospital.admit(tmp_path, PatientID="RWE" + S_NUMBER)
    code, answer = hospital.import_(ct_disc(tmp_path / "cd").root, form())
    assert (code, answer["status"]) == (0, "Delivered")
