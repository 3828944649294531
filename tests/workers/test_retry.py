"""How long the engine waits, and when it gives up."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.workers.retry import RetryPolicy


@given(st.integers(1, 40))
def test_a_pause_lies_between_half_and_the_whole_of_the_doubled_time_and_never_above_the_longest(
    attempts: int,
) -> None:
    policy = RetryPolicy(limit=41, first=timedelta(seconds=5), longest=timedelta(minutes=15))
    full = min(timedelta(seconds=5 * 2 ** min(attempts - 1, 20)), timedelta(minutes=15))
    pause = policy.pause(attempts)
    assert pause is not None
    assert full / 2 <= pause <= full


def test_after_the_limit_there_is_no_next_try() -> None:
    policy = RetryPolicy(limit=3)
    assert policy.pause(2) is not None
    assert policy.pause(3) is None
