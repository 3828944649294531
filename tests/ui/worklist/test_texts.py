from __future__ import annotations

from datetime import UTC, datetime, timedelta

from iep_desktop.core.clocks import Alarm, Countdown, late_requirement
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import InstanceCounts, SeriesProgress, Status
from iep_desktop.ui.worklist import texts
from tests.ui.fake_desk import NOW, REFUSED, RIS, SILENT, transaction


def test_moments_are_shown_in_the_hospitals_own_time() -> None:
    assert texts.moment(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "02/07/2026 00:30"
    assert texts.moment(datetime(2026, 11, 24, 14, 2, tzinfo=UTC)) == "24/11/2026 14:02"


def test_the_day_is_named_where_it_is_not_today() -> None:
    assert texts.clock(NOW, NOW) == "14:09"
    assert texts.clock(NOW - timedelta(days=1), NOW) == "23/11 14:09"


def test_numbers_are_shown_3_3_4_and_a_missing_one_is_said() -> None:
    assert texts.identity_line(transaction(1).patient) == "NHS 999 000 0018,  S999111"
    assert texts.identity_line(transaction(1, nhs="").patient) == "no NHS number,  S999111"
    assert texts.born_line(transaction(1).patient) == "Born 17/03/1961, female"


def test_a_running_upload_says_how_far() -> None:
    left = texts.left(transaction(1, counts=InstanceCounts(sent=82, spooled=18)), NOW)
    assert (left.text, left.fraction) == ("82 %", 0.82)


def test_a_blue_light_counts_down_from_four_hours_and_turns_red_once_missed() -> None:
    urgent = transaction(1, ago=timedelta(minutes=7), priority=Priority.BLUE_LIGHT)
    left = texts.left(urgent, NOW)
    assert (left.text, left.tone, left.bold) == ("3:53 left", "accent", True)
    late = texts.left(transaction(1, ago=timedelta(hours=4, minutes=5), priority=Priority.BLUE_LIGHT), NOW)
    assert (late.text, late.tone) == ("0:05 over", "danger")


def test_a_blue_light_that_will_be_late_says_so_by_sign_and_word() -> None:
    alarm = late_requirement(Countdown(NOW, timedelta(), None, Alarm.FORECAST))
    assert alarm is not None
    late = transaction(1, ago=timedelta(hours=3), priority=Priority.BLUE_LIGHT, required=(alarm,))
    left = texts.left(late, NOW)
    assert (left.text, left.tone, left.icon) == ("1:00 left", "warn", "triangle-alert")
    assert "1:00 left, will be late" in texts.row_sentence(late, {}, "", NOW)
    missed = texts.left(late, NOW + timedelta(hours=2))
    assert (missed.text, missed.tone, missed.icon) == ("1:00 over", "danger", "triangle-alert")


def test_a_delivered_blue_light_counts_no_more() -> None:
    done = transaction(1, priority=Priority.BLUE_LIGHT, status=Status.DELIVERED, exams=())
    assert texts.left(done, NOW).text == ""


def test_what_is_left_in_other_states() -> None:
    def said(**changes: object) -> str:
        return texts.left(transaction(1, **changes), NOW).text

    assert said(status=Status.DELIVERED, required=(RIS,)) == "RIS missing"
    assert (
        said(status=Status.FAILED, failure=SILENT, counts=InstanceCounts()) == "UHLPACSWFM01 does not answer"
    )
    assert (
        said(status=Status.FAILED, failure=REFUSED, counts=InstanceCounts(verified=809, failed=14))
        == "14 of 823 did not go"
    )
    assert said(status=Status.STARTED, counts=InstanceCounts(listed=40, spooled=60)) == "copied 60 %"
    assert said(status=Status.NEW, counts=InstanceCounts(listed=1), priority=Priority.BATCH) == "batch, 22:00"
    assert said(status=Status.NEW, counts=InstanceCounts(listed=1)) == "queued"
    later = NOW + timedelta(minutes=5)
    assert said(status=Status.STARTED, not_before=later, attempts=1) == "next try 14:14"
    assert said(status=Status.NEW, not_before=NOW + timedelta(hours=16)) == "waits until 25/11 06:09"


def test_thousands_are_parted() -> None:
    assert texts.images(1204).replace(" ", " ") == "1 204 images"
    assert texts.images(1) == "1 image"


def test_how_far_a_series_is_in_words() -> None:
    def state(**counts: int) -> str:
        return texts.series_state(SeriesProgress("1", "1.1", "CT", "", InstanceCounts(**counts)))[0]

    assert state(verified=5) == "verified"
    assert state(sent=5) == "sent, being verified"
    assert state(sent=2, spooled=3) == "2 sent"
    assert state(spooled=3, listed=2) == "3 copied"
    assert state(listed=2) == "waiting"
    assert state(verified=3, failed=2) == "2 did not go"
    assert state(skipped=2) == "left out on purpose"


def test_a_row_is_one_sentence_for_a_screen_reader() -> None:
    row = transaction(
        1, ago=timedelta(minutes=7), priority=Priority.BLUE_LIGHT, unread=2, assigned_to="A. Operator"
    )
    assert texts.row_sentence(row, {"NT1": "Riverside Clinic"}, "A. Operator", NOW) == (
        "Blue Light, CD Import In, MOUSE, Minnie, Riverside Clinic, Uploading, 3:53 left, "
        "24/11/2026 14:02, assigned to you, 2 unread messages"
    )
