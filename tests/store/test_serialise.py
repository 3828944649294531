"""Core objects as JSON text: what goes in comes out, also across versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.model import Form, FormKind
from iep_desktop.core.transaction import Failure, MatchDecision, Requirement
from iep_desktop.store import serialise

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))


@pytest.mark.parametrize("kind", [Form, MatchDecision, Requirement, Failure, MediumPatient])
def test_any_object_comes_back_as_it_was(kind: Any) -> None:
    @given(st.from_type(kind))
    def round_trip(value: Any) -> None:
        assert serialise.loads(kind, serialise.dumps(value)) == value

    round_trip()


def test_a_tuple_of_objects_comes_back_as_one() -> None:
    requirements = (
        Requirement("a", "A"),
        Requirement("b", "B", due=datetime(2026, 1, 1, tzinfo=UTC)),
    )
    assert serialise.loads(tuple[Requirement, ...], serialise.dumps(requirements)) == requirements


def test_the_same_text_is_read_once() -> None:
    """A list that is looked at again makes no object anew: they are frozen."""
    text = serialise.dumps(Requirement("a", "A"))
    again = text.encode().decode()
    assert serialise.remembered(Requirement, text) is serialise.remembered(Requirement, again)


def test_what_a_later_version_added_is_ignored_and_what_it_left_out_is_default() -> None:
    assert serialise.loads(Form, '{"kind": "import", "colour": "blue"}') == Form(FormKind.IMPORT)


def test_text_that_is_no_unicode_survives() -> None:
    patient = MediumPatient("caf\udce9")
    assert serialise.loads(MediumPatient, serialise.dumps(patient)) == patient


def test_what_has_no_place_in_the_ledger_is_a_defect() -> None:
    with pytest.raises(TypeError):
        serialise.dumps(object())
