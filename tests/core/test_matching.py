"""Form, disc and PACS side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.matching import (
    Agreement,
    Field,
    Identity,
    asked_studies,
    compare,
    identity_of_form,
)
from iep_desktop.core.model import Exam
from tests.core.samples import (
    DAY,
    EXAM,
    FORM,
    NHS_NUMBER,
    ON_PACS,
    PATIENT,
    STRANGER,
    match_of,
    study,
)

identities = st.builds(
    Identity,
    name=st.sampled_from(["", "MOUSE^Minnie", "Mouse^MINNIE^A", "DUCK^Donald", "^", "=山田^太郎"]),
    birth_date=st.sampled_from([None, date(1980, 11, 18), date(1934, 6, 9)]),
    nhs_no=st.sampled_from(["", NHS_NUMBER, "9990000026"]),
    hospital_no=st.sampled_from(["", "S999111", "N555"]),
    sex=st.sampled_from(["", "F", "M", "O", "X"]),
    address=st.sampled_from(["", "1 Cheese Lane", "1, cheese lane."]),
)


def test_all_agrees_on_a_disc_of_the_same_patient() -> None:
    match = match_of()
    told = {f.field: f.medium.agreement for f in match.fields}
    assert told == {
        Field.NAME: Agreement.AGREES,
        Field.BIRTH_DATE: Agreement.AGREES,
        Field.NHS_NUMBER: Agreement.AGREES,
        Field.HOSPITAL_NUMBER: Agreement.OWN,  # the sender's own number
        Field.SEX: Agreement.AGREES,
        Field.ADDRESS: Agreement.ABSENT,
    }
    assert match.score == 100
    assert match.medium_agrees
    assert not match.nothing_in_common


def test_a_stranger_has_nothing_in_common() -> None:
    match = match_of(STRANGER)
    assert match.nothing_in_common
    assert not match.medium_agrees
    assert match.medium_differences == (Field.NAME, Field.BIRTH_DATE, Field.SEX)


def test_a_disc_that_says_nothing_has_nothing_in_common() -> None:
    match = compare(identity_of_form(PATIENT), Identity(), ON_PACS)
    assert match.nothing_in_common
    assert not match.medium_differences


@pytest.mark.parametrize("typed", ["rwes 999111", "RWES999111", "s999111"])
def test_our_own_number_on_the_disc_agrees_in_either_way_of_writing(typed: str) -> None:
    form = replace(FORM, patient=replace(PATIENT, hospital_no=typed))
    on_disc = replace(STRANGER, patient_id="RWES999111")
    assert match_of(on_disc, form=form).medium(Field.HOSPITAL_NUMBER) is Agreement.AGREES


@pytest.mark.parametrize("between", ["", " ", "-"])
def test_an_nhs_number_agrees_however_it_was_typed(between: str) -> None:
    typed = between.join((NHS_NUMBER[:3], NHS_NUMBER[3:6], NHS_NUMBER[6:]))
    form = replace(FORM, patient=replace(PATIENT, nhs_no=typed))
    assert match_of(form=form).medium(Field.NHS_NUMBER) is Agreement.AGREES


def test_pacs_is_contradicted_by_name_and_birth_date_alone() -> None:
    other = replace(ON_PACS, nhs_no="9990000026", sex="M", hospital_no="N1", address="elsewhere")
    assert match_of(pacs=other).pacs_contradictions == ()
    other = replace(ON_PACS, name="DUCK^Donald", birth_date=date(1934, 6, 9))
    assert match_of(pacs=other).pacs_contradictions == (Field.NAME, Field.BIRTH_DATE)


def test_what_pacs_does_not_say_does_not_contradict() -> None:
    assert match_of(pacs=Identity(hospital_no="S999111")).pacs_contradictions == ()
    assert match_of(pacs=None).pacs_contradictions == ()


@given(identities, identities, st.one_of(st.none(), identities))
def test_any_three_identities_can_be_compared(
    form: Identity, medium: Identity, pacs: Identity | None
) -> None:
    match = compare(form, medium, pacs)
    assert 0 <= match.score <= 100
    assert [f.field for f in match.fields] == list(Field)
    if match.medium_agrees:
        assert not match.nothing_in_common
        assert not match.medium_differences


@given(identities)
def test_somebody_agrees_with_himself(who: Identity) -> None:
    match = compare(who, who, who)
    assert not match.medium_differences
    assert not match.pacs_contradictions
    assert match.score == 100 or not match.lines


@given(identities, identities)
def test_a_name_and_a_birth_date_that_differ_are_never_agreed(form: Identity, medium: Identity) -> None:
    match = compare(form, medium, None)
    if form.birth_date and medium.birth_date and form.birth_date != medium.birth_date:
        assert not match.medium_agrees
        assert Field.BIRTH_DATE in match.medium_differences


def test_a_study_is_asked_for_by_its_date_and_modality() -> None:
    ct, other_day = study("2.25.1"), study("2.25.2", date(2026, 3, 10))
    mr, no_date = study("2.25.3", DAY, "MR"), study("2.25.4", None)
    assert asked_studies((EXAM,), (ct, other_day, mr, no_date)) == {"2.25.1": EXAM}
    assert asked_studies((replace(EXAM, modality="ct"),), (study("2.25.5", DAY, "SR", "CT"),))
    assert asked_studies((), (ct,)) == {}
    assert asked_studies((Exam(None, "CT"), Exam(DAY, "")), (ct, no_date)) == {}


def test_two_exams_of_one_day_find_the_study_that_is_worded_like_them() -> None:
    chest, abdomen = Exam(DAY, "CT", "CT chest", "CCHES"), Exam(DAY, "CT", "CT abdomen", "CABDO")
    first, second = study("2.25.1", description="CT Abdomen + C"), study("2.25.2", description="CT CHEST")
    assert asked_studies((chest, abdomen), (first, second)) == {"2.25.1": abdomen, "2.25.2": chest}


def test_two_exams_of_one_day_are_two_studies_where_no_word_tells() -> None:
    chest, abdomen = Exam(DAY, "CT", "CT chest"), Exam(DAY, "CT", "CT abdomen")
    asked = asked_studies((chest, abdomen), (study("2.25.1"), study("2.25.2")))
    assert set(asked.values()) == {chest, abdomen}


def test_one_exam_may_be_two_studies() -> None:
    assert len(asked_studies((EXAM,), (study("2.25.1"), study("2.25.2")))) == 2


@pytest.mark.parametrize(
    ("exam", "label"),
    [
        (EXAM, "CT chest, 09/03/2026"),
        (Exam(DAY, "MR", "MRI Head"), "MRI Head, 09/03/2026"),
        (Exam(DAY, "MR", "Head"), "MR Head, 09/03/2026"),
        (Exam(None, "CR", "", "XCHES"), "CR XCHES, no date"),
        (Exam(), ", no date"),
    ],
)
def test_an_exam_is_named_once_with_its_modality_and_date(exam: Exam, label: str) -> None:
    assert exam.label == label
