"""Two hospitals, four real archives, one ledger: each step asserted at both ends and in the archives' own answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import Orthanc
from tests.two_hospitals import THEM, US, Pair, four_archives, pair_over


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


def test_images_that_one_hospital_asks_for_travel_into_the_pacs_of_the_other(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    us, them = pair.us, pair.them
    us.store(tmp_path / "known", images=1, StudyDate="20200101")
    study = them.store(tmp_path / "study", images=5)

    code, asked = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))
    request = asked["number"]
    assert (code, pair.statuses(request)) == (0, ("New", "New")), asked  # theirs is the first look
    assert us.status(request) == "Started"

    code, _ = them.run("accept", request)
    assert (code, pair.statuses(request)) == (3, ("Accepted", "Accepted"))

    code, sent = them.run(
        "transfer",
        "--to",
        US,
        "--form",
        them.export_form(US),
        "--study",
        study,
        "--answers",
        request,
        "--wait",
    )
    transfer = sent["number"]
    assert (code, pair.statuses(transfer)) == (0, ("On IEP", "On IEP")), sent
    assert len(archives["our gateway"].sop_instance_uids()) == 5
    assert len(archives["our pacs"].sop_instance_uids()) == 1

    code, got = us.run("download", transfer, "--wait")
    assert (code, got["status"], got["instances"]["verified"]) == (0, "Delivered", 5), got
    assert pair.statuses(transfer) == ("Delivered", "Delivered")
    assert pair.statuses(request) == ("Delivered", "Delivered")
    assert len(archives["our pacs"].sop_instance_uids()) == 6
    patients = archives["our pacs"].rest("/patients?expand")
    assert {p["MainDicomTags"]["PatientID"] for p in patients} == {"S999111"}
