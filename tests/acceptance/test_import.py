"""A disc's whole way into a real PACS, through the command line: what moves, what waits, what is refused and why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from iep_desktop.core.transaction import InstanceCounts, InstanceState
from iep_desktop.store.transactions import InstanceChange, Transactions
from tests.fakes.disc_builder import Patient, Series, Study, build_disc
from tests.hospital import S_NUMBER, Hospital, ct_disc, form
from tests.peers import Orthanc


@pytest.fixture
def hospital(tmp_path: Path, orthanc: Orthanc) -> Hospital:
    return Hospital(tmp_path / "profile", orthanc.node)


@pytest.fixture
def known(hospital: Hospital, tmp_path: Path) -> Hospital:
    hospital.admit(tmp_path)
    return hospital


def test_a_disc_that_matches_its_form_is_delivered_as_our_patient(
    known: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd", images=5)
    code, answer = known.import_(disc.root, form())
    assert (code, answer["status"]) == (0, "Delivered")
    assert answer["instances"] == {"total": 5, "sent": 5, "verified": 5, "failed": 0, "skipped": 0}
    for uid in disc.uids:
        stored = dcmread(BytesIO(orthanc.file(uid)))
        assert (stored.PatientID, str(stored.PatientName)) == (S_NUMBER, "TESTING^ANNA")
        assert stored.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID == "N9990001"


def test_pixels_arrive_byte_for_byte(known: Hospital, orthanc: Orthanc, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd")
    known.import_(disc.root, form())
    for path, uid in zip(map(disc.file, range(3)), disc.uids, strict=True):
        stored = dcmread(BytesIO(orthanc.file(uid)))
        assert _hash(stored.PixelData) == _hash(dcmread(path).PixelData)


def test_a_delivered_exam_is_still_required_on_ris(known: Hospital, tmp_path: Path) -> None:
    code, answer = known.import_(ct_disc(tmp_path / "cd").root, form())
    assert code == 0
    assert answer["tab"] == "Action Required"
    assert any("Enter on RIS" in line and "R-GATE-6" in line for line in answer["required"])
    assert answer["exams"][0] | {"accession": ""} == {
        "exam_code": "CSKUH",
        "date": "2024-01-10",
        "modality": "CT",
        "description": "Head",
        "accession": "",
        "ris_state": "missing",
    }


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        ({"call_ref": ""}, "§2.7a"),
        ({"patient__address": ""}, "§2.3a"),
        ({"patient__nhs_no": ""}, "§2.3a"),
        ({"patient__nhs_no": "9990000019"}, "§2.3a"),
        ({"hospital": "ZZ9"}, "§2.3a"),
        ({"exams": [{"date": "2024-01-10", "description": "Head"}]}, "§2.3a"),
        ({"exams": [{"date": "2024-01-10", "modality": "CT", "description": "all imaging"}]}, "A2"),
        ({"requester": {"name": "Consultant"}}, "§2.3a"),
        ({"patient__birth_date": "1980-01-02"}, "§2.3a"),
        ({"patient__name": "SOMEBODY^ELSE"}, "§2.7e"),
    ],
)
def test_what_is_missing_or_differs_waits_with_its_clause_and_nothing_reaches_pacs(
    known: Hospital, orthanc: Orthanc, tmp_path: Path, change: dict[str, object], clause: str
) -> None:
    before = orthanc.sop_instance_uids()
    code, answer = known.import_(ct_disc(tmp_path / "cd").root, form(**change))
    assert (code, answer["tab"]) == (3, "Action Required")
    assert any(clause in line for line in answer["required"]), answer["required"]
    assert answer["instances"]["sent"] == 0
    assert orthanc.sop_instance_uids() == before


def test_a_patient_whom_pacs_does_not_know_waits_until_somebody_has_looked(
    hospital: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd")
    code, answer = hospital.import_(disc.root, form())
    assert code == 3
    assert any("registered" in line and "§2.7d" in line for line in answer["required"])
    code, answer = hospital.import_(disc.root, form(), "--registered")
    assert (code, answer["status"]) == (0, "Delivered")
    assert orthanc.sop_instance_uids() == sorted(disc.uids)


def test_another_person_under_the_hospital_number_on_pacs_is_a_stop_that_no_flag_lifts(
    hospital: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    hospital.admit(tmp_path, PatientName="OTHER^PERSON")
    code, answer = hospital.import_(
        ct_disc(tmp_path / "cd").root, form(), "--registered", "--patient", "N9990001"
    )
    assert code == 3
    assert any("another patient under this hospital number" in line for line in answer["required"])
    assert len(orthanc.sop_instance_uids()) == 1


def test_of_two_patients_on_a_disc_nobody_is_taken_without_being_named(
    known: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    other = Patient(
        "N9990002", "TESTING^BERT", "19750505", "M", studies=(Study(uid="", description="CHEST"),)
    )
    disc = build_disc(tmp_path / "cd", Patient(), other)
    code, answer = known.import_(disc.root, form())
    assert code == 3
    assert any("2 patients are on the disc" in line for line in answer["required"])
    assert answer["instances"]["sent"] == 0
    assert len(orthanc.sop_instance_uids()) == 1  # the earlier study alone
    code, answer = known.import_(disc.root, form(), "--patient", "N9990001")
    assert (code, answer["instances"]["verified"]) == (0, 3)
    arrived = {str(dcmread(BytesIO(orthanc.file(uid))).PatientName) for uid in orthanc.sop_instance_uids()}
    assert arrived == {"TESTING^ANNA"}


def test_with_nothing_in_common_the_callers_word_is_not_enough(
    known: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd", patient_id="X1", name="NOBODY^KNOWN", birth_date="19010101")
    code, answer = known.import_(disc.root, form(), "--registered", "--patient", "X1")
    assert code == 3
    assert any("nothing in common" in line for line in answer["required"])


def test_only_what_the_form_asks_for_is_taken_and_more_needs_a_reason(
    known: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    head, knee = Study(), Study(date="20231231", description="MR KNEE", series=(Series("MR", images=2),))
    disc = build_disc(tmp_path / "cd", Patient(studies=(head, knee)))
    code, answer = known.import_(disc.root, form())
    assert (code, answer["instances"]["total"]) == (0, 3)
    code, answer = known.run("import", disc.root, "--form", known.write_form(form()), "--everything")
    assert (code, answer["error"]["rule"]) == (2, "R-GATE-7")
    code, answer = known.import_(disc.root, form(), "--everything", "--reason", "MDT needs the knee")
    assert (code, answer["instances"]["verified"]) == (0, 5)


def test_the_same_disc_again_is_warned_of_and_not_blocked(known: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd")
    first = known.import_(disc.root, form())[1]["number"]
    _, contents = known.run("inspect", disc.root)
    found = [f for f in contents["findings"] if f["code"] == "already-imported"]
    assert found
    assert all(first in f["message"] for f in found)
    code, answer = known.import_(disc.root, form())
    assert (code, answer["status"]) == (0, "Delivered")


def test_a_disc_in_the_sender_s_character_set_arrives_with_its_text_intact(
    known: Hospital, orthanc: Orthanc, tmp_path: Path
) -> None:
    disc = ct_disc(tmp_path / "cd", name="TESTING^ÄNNA", charset="ISO_IR 100")
    code, _ = known.import_(disc.root, form())
    assert code == 0
    stored = dcmread(BytesIO(orthanc.file(disc.uids[0])))
    before = stored.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert str(before.PatientName) == "TESTING^ÄNNA"


def test_a_missing_file_is_counted_and_the_rest_is_delivered(known: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=4)
    disc.file(1).unlink()
    _, contents = known.run("inspect", disc.root)
    assert (contents["instances"], contents["missing"]) == (3, 1)
    code, answer = known.import_(disc.root, form())
    assert (code, answer["instances"]["verified"]) == (0, 3)


def test_show_and_worklist_tell_the_same_as_the_import(known: Hospital, tmp_path: Path) -> None:
    _, answer = known.import_(ct_disc(tmp_path / "cd").root, form())
    more = {"thread": [], "evidence": {"by instance": 3}, "commitments": [], "uncommitted": []}
    assert known.run("show", answer["number"]) == (0, answer | more)
    code, listed = known.run("worklist", "--tab", "action-required", "--search", "testing")
    assert (code, listed["transactions"]) == (0, [answer])


def test_the_spool_is_empty_once_all_is_verified(known: Hospital, tmp_path: Path) -> None:
    known.import_(ct_disc(tmp_path / "cd").root, form())
    assert [path for path in (known.root / "spool").rglob("*") if path.is_file()] == []


def test_what_is_verified_is_written_in_parts_and_is_all_of_it(
    known: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iep_desktop.workers.verifying.AT_ONCE", 2)
    written: list[int] = []
    write = Transactions.update_instances

    def watched(self: Transactions, id: int, changes: Sequence[InstanceChange]) -> InstanceCounts:
        written.append(sum(change.state is InstanceState.VERIFIED for change in changes))
        return write(self, id, changes)

    monkeypatch.setattr(Transactions, "update_instances", watched)
    _, answer = known.import_(ct_disc(tmp_path / "cd", images=5).root, form())
    assert (answer["status"], answer["instances"]["verified"]) == ("Delivered", 5)
    assert [count for count in written if count] == [2, 2, 1]


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
