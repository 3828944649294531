"""How many associations a node is sent over: what is set, what pays, and what it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.workers.associations import MEMORY, Associations, automatic

NODE = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 104)
MANY = 1000


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def associations(clock: Clock) -> Associations:
    return Associations(clock)


@pytest.mark.parametrize(
    ("seconds", "count"), [(None, 2), (0.0004, 2), (0.0049, 2), (0.012, 4), (0.030, 8), (0.5, 8)]
)
def test_one_more_pays_for_every_five_milliseconds_that_an_answer_is_under_way(
    seconds: float | None, count: int
) -> None:
    assert automatic(seconds) == count


@pytest.mark.parametrize(("images", "count"), [(1, 1), (19, 1), (20, 2), (45, 4), (MANY, 8)])
def test_few_images_are_not_worth_another_association(
    associations: Associations, images: int, count: int
) -> None:
    associations.learn(NODE, 0.1)
    assert associations.wanted(NODE, images) == count


def test_what_is_set_for_a_node_counts_more_than_how_far_it_is(associations: Associations) -> None:
    three = replace(NODE, associations=3)
    associations.learn(three, 0.1)
    assert associations.wanted(three, MANY) == 3
    assert not associations.unknown(three, MANY)


def test_a_node_is_asked_how_far_it_is_only_where_that_decides_and_again_after_a_while(
    associations: Associations, clock: Clock
) -> None:
    assert associations.unknown(NODE, MANY)
    assert not associations.unknown(NODE, 29)
    associations.learn(NODE, 0.02)
    assert not associations.unknown(NODE, MANY)
    clock.now += MEMORY
    assert associations.unknown(NODE, MANY)
    assert associations.wanted(NODE, MANY) == 2


def test_a_refusal_is_remembered_for_the_node_and_not_for_ever(
    associations: Associations, clock: Clock
) -> None:
    with associations.first(NODE):
        assert associations.enter(NODE)
        assert associations.enter(NODE)
        associations.refused(NODE)
        associations.leave(NODE)
        assert not associations.enter(NODE)
        assert associations.enter(replace(NODE, name="Another"))
        clock.now += MEMORY
        assert associations.enter(NODE)


def test_all_transactions_together_have_no_more_further_ones_than_pay(associations: Associations) -> None:
    with associations.first(NODE), associations.first(NODE), associations.first(NODE):
        assert [associations.enter(NODE) for _ in range(7)] == [True] * 5 + [False] * 2


def test_further_ones_make_room_where_a_first_is_refused(associations: Associations) -> None:
    with associations.first(NODE), associations.first(NODE):
        assert associations.enter(NODE)
        assert associations.make_room(NODE)
        assert associations.must_leave(NODE)
        assert not associations.enter(NODE)
        associations.leave(NODE)
        assert not associations.must_leave(NODE)
        assert not associations.make_room(NODE)  # it is no longer they that are in the way
        assert not associations.enter(NODE)


def test_a_node_by_dicomweb_gets_one_unless_more_are_set(associations: Associations) -> None:
    web = replace(NODE, dicomweb="https://pacs.example/dicom-web")
    assert not associations.unknown(web, MANY)
    assert associations.wanted(web, MANY) == 1
    assert associations.wanted(replace(web, associations=2), MANY) == 2
