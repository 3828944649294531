"""The others stand still until a Blue Light's first image is away, or it has had its time."""

from __future__ import annotations

import itertools

import pytest

from iep_desktop.core.job import Context
from iep_desktop.core.transaction import SlotKind
from iep_desktop.store.slots import Claim
from iep_desktop.workers.precedence import Precedence

_numbers = itertools.count(1)


def claim(*, urgent: bool = False) -> Claim:
    number = next(_numbers)
    return Claim(SlotKind.OUTBOUND, number, number, "here", str(number), urgent)


@pytest.fixture
def precedence() -> Precedence:
    return Precedence()


def test_those_that_run_and_those_that_begin_are_held_and_the_blue_light_is_not(
    precedence: Precedence,
) -> None:
    running, beginning, urgent = Context(), Context(), Context()
    precedence.started(claim(), running)
    first = claim(urgent=True)
    precedence.started(first, urgent)
    precedence.started(claim(), beginning)
    assert (running.held, beginning.held, urgent.held) == (True, True, False)
    precedence.passed(first)
    assert (running.held, beginning.held) == (False, False)


def test_of_two_blue_lights_neither_waits_and_the_others_wait_for_both(precedence: Precedence) -> None:
    normal, urgent = Context(), (Context(), Context())
    precedence.started(claim(), normal)
    both = claim(urgent=True), claim(urgent=True)
    for one, ctx in zip(both, urgent, strict=True):
        precedence.started(one, ctx)
    precedence.passed(both[0])
    assert (normal.held, urgent[0].held, urgent[1].held) == (True, False, False)
    precedence.ended(both[1])
    assert not normal.held


def test_one_that_passed_long_ago_holds_nobody_again(precedence: Precedence) -> None:
    normal, urgent = Context(), claim(urgent=True)
    precedence.started(urgent, Context())
    precedence.passed(urgent)
    precedence.started(claim(), normal)
    precedence.ended(urgent)
    assert not normal.held


def test_all_are_held_for_one_that_is_to_have_the_slot_of_another_until_it_has_begun_and_passed(
    precedence: Precedence,
) -> None:
    normal, stopping, urgent = Context(), Context(), claim(urgent=True)
    gives_way = claim()
    precedence.started(claim(), normal)
    precedence.started(gives_way, stopping)
    precedence.awaited()
    precedence.ended(gives_way)
    assert normal.held
    precedence.started(urgent, Context())
    assert normal.held
    precedence.passed(urgent)
    assert not normal.held


def test_one_that_is_awaited_in_vain_holds_nobody_for_ever(precedence: Precedence) -> None:
    normal = Context()
    precedence.started(claim(), normal)
    precedence.awaited()
    precedence.passed(None)
    assert not normal.held
