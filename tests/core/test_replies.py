"""R-TX-5 and R-TX-6: a decline has one of the guideline's reasons; a message is plain text, whatever was typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.replies import LONGEST, DeclineReason, parse_decline, parse_message


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("study does not exist", DeclineReason.NO_STUDY),
        ("Study-does-not-exist", DeclineReason.NO_STUDY),
        (" clinically_inappropriate ", DeclineReason.INAPPROPRIATE),
    ],
)
def test_a_reason_is_understood_as_it_is_typed(typed: str, reason: DeclineReason) -> None:
    assert parse_decline(typed).reason is reason
    assert parse_decline(typed).line == reason.value


def test_a_text_stands_beside_the_reason() -> None:
    assert (
        parse_decline("study does not exist", "No CT that day").line == "study does not exist: No CT that day"
    )
    assert parse_decline("other", "The patient objects").line == "The patient objects"


@pytest.mark.parametrize("typed", ["", "because", "no"])
def test_another_reason_is_none(typed: str) -> None:
    with pytest.raises(InvalidInput, match="no such reason"):
        parse_decline(typed)


@pytest.mark.parametrize("text", ["", "   ", "\u202e"])
def test_other_says_what(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_decline("other", text)


@given(st.text(max_size=200))
def test_a_message_keeps_its_letters_and_no_control_characters(text: str) -> None:
    try:
        kept = parse_message(text)
    except InvalidInput:
        return
    assert not [c for c in kept if unicodedata.category(c) == "Cc" and c not in "\t\n"]
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]
    assert parse_message(kept) == kept


def test_markup_is_text_like_any_other() -> None:
    assert parse_message("<b>now</b>") == "<b>now</b>"


def test_right_to_left_is_kept_and_its_overrides_are_not() -> None:
    assert parse_message("שלום \u202eevil") == "שלום evil"


def test_a_hundred_thousand_characters_are_refused() -> None:
    assert len(parse_message("x" * LONGEST)) == LONGEST
    with pytest.raises(InvalidInput, match="too long"):
        parse_message("x" * 100_000)
