"""What falls due by the clock at either end: purges and their warnings, downloads unasked, details missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iep_desktop.core.job import Context
from tests.acceptance.test_exchange import sent
from tests.peers import Orthanc
from tests.two_hospitals import THEM, US, Pair, Party, four_archives, pair_over


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


def look(party: Party, *, after: timedelta, **changes: Any) -> None:
    """What the party's program finds due so much later."""
    now = datetime.now(UTC) + after
    with party.desk() as desk:
        replace(desk.keeping, now=lambda: now, **changes).run(Context())


def test_images_are_purged_from_the_gateway_by_its_owner_after_fifteen_days(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study", images=3)
    look(pair.us, after=timedelta(days=14, hours=23))
    assert len(archives["our gateway"].sop_instance_uids()) == 3
    look(pair.them, after=timedelta(days=16))  # the sender's program has nothing to do with our gateway
    assert len(archives["our gateway"].sop_instance_uids()) == 3
    look(pair.us, after=timedelta(days=15, minutes=1))
    assert archives["our gateway"].sop_instance_uids() == []
    assert pair.statuses(number) == ("Purged", "Purged")
    code, document = pair.us.run("download", number)
    assert (code, document["error"]["rule"]) == (5, "R-TX-4")


def test_three_days_and_one_day_before_the_purge_somebody_is_warned_once(pair: Pair, tmp_path: Path) -> None:
    number = sent(pair, tmp_path / "study")
    for days in (11, 12.1, 12.2, 14.1, 14.2):
        look(pair.us, after=timedelta(days=days))
    with pair.us.desk() as desk:
        details = desk.reading.details(desk.reading.transaction(number).id)
    warned = [event.text for event in details.events if event.kind == "purge"]
    assert warned == [
        "Images are purged in 3 days: download them.",
        "Images are purged in 1 day: download them.",
    ]
    (required,) = details.transaction.required
    assert required.title == "Images are purged in 1 day: download them"
    assert required.due is not None


def test_a_purge_leaves_what_is_delivered_on_pacs_and_says_so(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study", images=2)
    pair.us.run("download", number, "--wait")
    form = pair.us.form(hospital=THEM)
    assert pair.us.run("match", number, "--form", form, "--registered", "--wait")[0] == 0
    look(pair.us, after=timedelta(days=15, minutes=1))
    assert archives["our gateway"].sop_instance_uids() == []
    assert len(archives["our pacs"].sop_instance_uids()) == 2
    assert pair.statuses(number) == ("Delivered", "Delivered")


def test_images_that_a_later_transfer_brought_again_are_not_purged_with_the_first(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    sent(pair, tmp_path / "study", images=2)
    study = archives["their pacs"].rest("/studies?expand")[0]["MainDicomTags"]["StudyInstanceUID"]
    form = pair.them.export_form(US)
    assert pair.them.run("transfer", "--to", US, "--form", form, "--study", study, "--wait")[0] == 0
    with pair.us.desk() as desk:
        first, second = sorted(desk.ledger.exchange.lying_in_gateway(), key=lambda t: t.id)
        due = datetime.now(UTC) + timedelta(days=15, minutes=1)
        replace(desk.keeping, now=lambda: due)._purge(first, Context())
    assert len(archives["our gateway"].sop_instance_uids()) == 2
    assert pair.us.status(first.number) == "Purged"
    assert pair.us.status(second.number) == "On IEP"


def test_a_gateway_that_lets_nobody_delete_asks_a_person_and_is_purged_only_when_it_shows_nothing(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study")
    due = timedelta(days=15, minutes=1)
    look(pair.us, after=due, remove=lambda node, uids: False)
    assert pair.us.status(number) == "On IEP"
    assert any(
        line.startswith("Delete its images from RWE GATE") for line in pair.us.show(number)["required"]
    )
    archives["our gateway"].clear()
    look(pair.us, after=due, remove=lambda node, uids: False)
    assert pair.statuses(number) == ("Purged", "Purged")


def test_what_a_setting_names_is_downloaded_unasked_and_still_waits_for_a_person_before_pacs(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    us, them = pair.us, pair.them
    us.configure(auto_download=(THEM,))
    us.store(tmp_path / "known", images=1, StudyDate="20200101")
    request = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))[1]["number"]
    them.run("accept", request)
    study = them.store(tmp_path / "study", images=2)
    form = them.export_form(US)
    number = them.run(
        "transfer", "--to", US, "--form", form, "--study", study, "--answers", request, "--wait"
    )[1]["number"]
    us.work()
    shown = us.show(number)
    assert shown["required"] == ["Downloaded unasked: nobody has looked at it (R-GATE-2, §2.7c)"]
    assert len(archives["our pacs"].sop_instance_uids()) == 1
    with us.desk() as desk:
        desk.imports.decide(desk.reading.transaction(number).id, "Compared by the operator")
    us.work()
    assert pair.statuses(number) == ("Delivered", "Delivered")


def test_a_request_whose_details_stay_missing_is_cancelled_after_two_weeks_and_both_are_told(
    pair: Pair,
) -> None:
    us, them = pair.us, pair.them
    request = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))[1]["number"]
    code, _ = them.run("message", request, "Which side?", "--details-missing")
    assert code == 0
    assert us.show(request)["required"] == ["Complete the details (R-TIME-5, §2.4)"]
    look(us, after=timedelta(days=13))
    assert pair.statuses(request) == ("Started", "Started")
    look(us, after=timedelta(days=14, minutes=1))
    assert pair.statuses(request) == ("Cancelled", "Cancelled")
    texts = [message["text"] for message in them.show(request)["thread"]]
    assert texts[-1] == "Cancelled: details were missing for two weeks (§2.4d)"


def test_details_that_come_in_time_stop_the_clock(pair: Pair) -> None:
    us, them = pair.us, pair.them
    request = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))[1]["number"]
    them.run("message", request, "Which side?", "--details-missing")
    assert us.run("retry", request, "--form", us.form(hospital=THEM, comments="The left"))[0] == 0
    look(us, after=timedelta(days=15))
    assert pair.statuses(request) == ("Started", "Started")
    assert them.show(request)["required"] == ["Answer the request for images (R-TX-4, A1)"]


def test_a_blue_light_that_nobody_answers_is_required_at_both_ends_before_its_four_hours_are_over(
    pair: Pair,
) -> None:
    us, them = pair.us, pair.them
    form = us.form(hospital=THEM, priority="Blue Light", priority_reason="Theatre at 16:00")
    request = us.run("request", "--to", THEM, "--form", form)[1]["number"]
    for party in (us, them):
        look(party, after=timedelta(hours=3, minutes=25))
        assert "Blue Light will be late (R-TIME-2, A7)" not in party.show(request)["required"]
        look(party, after=timedelta(hours=3, minutes=35))
        assert party.show(request)["required"][0] == "Blue Light will be late (R-TIME-2, A7)"
        assert party.show(request)["tab"] == "Action Required"
    look(us, after=timedelta(hours=4, minutes=1))
    assert us.show(request)["required"] == ["Blue Light is late (R-TIME-2, A7)"]
    assert them.run("decline", request, "--reason", "study does not exist")[0] == 0
    assert not any("Blue Light" in line for line in them.show(request)["required"])


def test_what_a_killed_sender_left_in_its_spool_goes_when_the_recipient_has_delivered(
    pair: Pair, tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study")
    with pair.them.desk() as desk:  # as if it had been killed just before it freed them
        left = desk.spool.folder(desk.reading.transaction(number).id) / "left.dcm"
    left.parent.mkdir()
    left.write_bytes(b"an image")
    look(pair.them, after=timedelta())
    assert left.exists()  # it is not over yet
    assert pair.us.run("download", number, "--wait")[0] == 3  # whose they are is not decided
    form = pair.us.form(hospital=THEM)
    code, document = pair.us.run("match", number, "--form", form, "--registered", "--wait")
    assert (code, document["status"]) == (0, "Delivered"), document
    look(pair.them, after=timedelta())
    assert not left.parent.exists()
    assert pair.them.run("db", "check")[0] == 0
