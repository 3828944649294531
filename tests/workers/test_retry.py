"""How long the engine waits, and when it gives up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import iep_desktop
from iep_desktop.core.errors import Cause, ImagesWaiting
from iep_desktop.workers.retry import PACES, RetryPolicy


@given(st.integers(1, 40))
def test_a_pause_lies_between_half_and_the_whole_of_the_doubled_time_and_never_above_the_longest(
    attempts: int,
) -> None:
    policy = RetryPolicy(limit=41, first=timedelta(seconds=5), longest=timedelta(minutes=15))
    full = min(timedelta(seconds=5 * 2 ** min(attempts - 1, 20)), timedelta(minutes=15))
    pause = policy.pause(attempts)
    assert pause is not None
    assert full / 2 <= pause <= full


def test_workstations_that_failed_together_do_not_come_back_together() -> None:
    pauses = {RetryPolicy().pause(1) for _ in range(50)}
    assert len(pauses) > 40


def test_nobody_but_the_engine_knows_when_to_try_again() -> None:
    """Retries live in the engine alone: a second one below it would multiply the tries."""
    package = Path(iep_desktop.__file__).parent
    knowing = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "iep_desktop.workers.retry" in path.read_text("utf-8")
    }
    assert knowing == {"workers/engine.py", "workers/performer.py"}


def test_after_the_limit_there_is_no_next_try() -> None:
    policy = RetryPolicy(limit=3)
    assert policy.pause(2) is not None
    assert policy.pause(3) is None


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_tried_at_least_once_and_given_up_in_the_end(cause: Cause) -> None:
    policy = RetryPolicy(limit=5)
    tries = 1 + sum(policy.pause(attempts, cause) is not None for attempts in range(1, 100))
    assert tries == max(round(5 * PACES[cause].tries), 1) if cause in PACES else tries == 5
    assert 2 <= tries <= 20


def test_what_a_person_must_mend_first_is_waited_for_longer() -> None:
    policy = RetryPolicy(first=timedelta(seconds=5))
    usual, full = policy.pause(1, Cause.NO_ANSWER), policy.pause(1, Cause.FULL)
    assert usual is not None
    assert full is not None
    assert usual <= timedelta(seconds=5) < timedelta(seconds=15) <= full <= timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(None, Cause.NOT_SHOWN), (0xA700, Cause.FULL), (0x0213, Cause.FULL), (0x0110, Cause.PROCESSING)],
)
def test_waiting_images_say_by_their_status_what_they_wait_for(status: int | None, cause: Cause) -> None:
    assert ImagesWaiting("They wait", dicom_status=status).cause is cause
