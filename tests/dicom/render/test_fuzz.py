"""A few hundred mutated images; `python -m tests.fuzz.render 100000` throws more (docs/rendering.md)."""

from __future__ import annotations

from tests.fuzz.corpus import corpus
from tests.fuzz.render import mutated, run


def test_damaged_images_give_a_picture_or_a_reason() -> None:
    score = run(600)
    assert score.failures == []
    assert score.outcomes["picture"] > 60
    assert len(score.outcomes) > 20


def test_the_same_number_makes_the_same_input() -> None:
    images = corpus()
    assert mutated(17, images) == mutated(17, images)
    assert mutated(17, images) != mutated(18, images)
