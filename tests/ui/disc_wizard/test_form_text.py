import json
from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.rules import Verdict, form_checks
from iep_desktop.ui.disc_wizard.form_text import (
    ExamText,
    FormText,
    from_json,
    of_form,
    parse_day,
    problems,
    to_json,
)
from tests.ui.disc_wizard.samples import MINNIE_FORM


def test_a_complete_form_has_no_problem_and_nothing_that_blocks() -> None:
    assert problems(MINNIE_FORM) == {}
    checks = form_checks(MINNIE_FORM.to_form(), hospital_known=True)
    assert [check for check in checks if check.verdict is Verdict.BLOCKS] == []


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("nhs_no", "999 000 0019", "check digit"),
        ("nhs_no", "12345", "10 digits"),
        ("hospital_no", "X12", "hospital number"),
        ("birth_date", "31/02/1961", "DD/MM/YYYY"),
        ("birth_date", "17/03/61", "DD/MM/YYYY"),
        ("birth_date", "17/03/2961", "still to come"),
        ("birth_date", "17/03/1061", "too long ago"),
        ("requester_email", "somebody", "e-mail"),
        ("discs", "none", "number"),
        ("disc_no", "4", "only 3"),
        ("call_ref", "??", "call reference"),
    ],
)
def test_a_mistake_in_a_field_is_said_at_the_field(field: str, value: str, says: str) -> None:
    found = problems(replace(MINNIE_FORM, **{field: value}))
    assert says in found[field]


def test_an_empty_field_is_no_mistake_while_typing() -> None:
    assert problems(FormText()) == {}


def test_a_hospital_that_is_typed_but_not_picked_is_said() -> None:
    assert "hospital" in problems(replace(MINNIE_FORM, hospital=""))


def test_all_imaging_is_refused_where_it_is_typed() -> None:
    exams = (ExamText("CT", "all imaging", "", "02/11/2026"),)
    assert "A2" in problems(replace(MINNIE_FORM, exams=exams))["exams.0.description"]


def test_numbers_are_normalised_in_the_form() -> None:
    form = replace(MINNIE_FORM, nhs_no="999-000-0018", hospital_no="rwes 999111").to_form()
    assert (form.patient.nhs_no, form.patient.hospital_no) == ("9990000018", "S999111")


def test_a_wrong_number_reaches_the_gate_as_typed() -> None:
    assert replace(MINNIE_FORM, nhs_no="9990000019").to_form().patient.nhs_no == "9990000019"


def test_a_blank_exam_row_is_no_exam() -> None:
    text = replace(MINNIE_FORM, exams=(*MINNIE_FORM.exams, ExamText()))
    assert len(text.to_form().exams) == 1


def test_the_texts_of_a_form_give_the_same_form_back() -> None:
    form = MINNIE_FORM.to_form()
    assert of_form(form).to_form() == form


def test_the_next_patients_form_keeps_call_and_requester_only() -> None:
    text = MINNIE_FORM.without_patient()
    assert (text.call_ref, text.requester_name) == ("06396375", "Dr A Consultant")
    assert (text.family, text.nhs_no, text.address, text.exams) == ("", "", "", (ExamText(),))


@given(st.text(max_size=12))
def test_a_day_is_read_or_it_is_none(text: str) -> None:
    day = parse_day(text)
    assert day is None or isinstance(day, date)


@given(st.dictionaries(st.sampled_from([f.name for f in fields(FormText)]), st.text()))
def test_any_texts_make_a_form_and_survive_json(values: dict[str, str]) -> None:
    typed = {
        k: v
        for k, v in values.items()
        if isinstance(getattr(FormText(), k), str) and k not in ("kind", "priority")
    }
    text = FormText(**typed)
    assert from_json(json.loads(json.dumps(to_json(text)))) == text
    assert text.to_form().patient is not None
    assert isinstance(problems(text), dict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_a_foreign_draft_gives_a_form_and_no_error(document: object) -> None:
    assert isinstance(from_json(document), FormText)
