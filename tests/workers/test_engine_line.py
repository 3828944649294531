"""What a window and its engine say to each other: every message comes out as it went in, anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.workers import engine_line
from iep_desktop.workers.engine_line import Message, NotUnderstood, decode, encode

_MESSAGES = st.one_of(*(st.builds(kind) for kind in engine_line._KINDS.values()))


@given(_MESSAGES)
def test_a_message_comes_out_as_it_went_in_and_is_one_line(message: Message) -> None:
    said = encode(message)
    assert repr(decode(said)) == repr(message)  # of equal words: NaN is not equal to itself
    assert said.count(b"\n") == 1


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_refused(line: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decode(line)


@pytest.mark.parametrize(
    "line", [b'{"kind": "Quit"}', b'{"kind": "Settled"}', b"[1]", b'{"kind": "Wake", "x": 1}']
)
def test_a_message_of_another_version_is_refused(line: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decode(line)
