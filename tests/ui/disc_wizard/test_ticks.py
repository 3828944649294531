from dataclasses import replace
from datetime import date

from iep_desktop.core.model import Exam, RisState
from iep_desktop.ui.disc_wizard.ticks import Ticks, beyond_form, likely_patient, patient_key, ris_lines
from tests.ui.disc_wizard.samples import (
    ACQUIRED,
    CHEST_PA,
    CT_CHEST,
    DONALD,
    MINNIE,
    MINNIE_FORM,
    ONE_PATIENT,
    TWO_PATIENTS,
    disc,
    series,
)

EXAMS = MINNIE_FORM.to_form().exams
OF_MINNIE = Ticks(patient_key(MINNIE))


def test_only_what_the_form_asks_for_is_ticked() -> None:
    assert OF_MINNIE.series(MINNIE, EXAMS) == {"1.2.1.1", "1.2.1.2"}


def test_nothing_is_ticked_where_the_form_lists_no_exam() -> None:
    assert OF_MINNIE.series(MINNIE, ()) == frozenset()


def test_a_tick_by_hand_stays_when_more_series_arrive() -> None:
    ticks = OF_MINNIE.set_study(CT_CHEST, False).set_series("1.2.1.2", True)
    grown = replace(CT_CHEST, series=(*CT_CHEST.series, series("1.2.1.3", "CT", "Abdomen", 5)))
    assert ticks.series(replace(MINNIE, studies=(grown,)), EXAMS) == {"1.2.1.2"}


def test_another_patient_has_no_ticks() -> None:
    assert OF_MINNIE.series(DONALD, EXAMS) == frozenset()


def test_a_study_that_the_form_does_not_list_is_beyond_it() -> None:
    ticks = OF_MINNIE.set_study(CHEST_PA, True)
    beyond = beyond_form(MINNIE, ticks.series(MINNIE, EXAMS), EXAMS)
    assert [study.study_uid for study in beyond] == ["1.2.2"]


def test_the_patient_on_the_form_is_the_likely_one() -> None:
    assert likely_patient(TWO_PATIENTS, MINNIE_FORM.to_form(), ()) == patient_key(MINNIE)


def test_of_several_patients_of_whom_none_agrees_nobody_is_likely() -> None:
    others = disc(
        DONALD, replace(DONALD, name="GOOSE^Gladstone", patient_id="1", birth_date=date(1940, 1, 1))
    )
    assert likely_patient(others, MINNIE_FORM.to_form(), ()) is None


def test_the_only_patient_is_the_likely_one_though_nothing_agrees() -> None:
    assert likely_patient(disc(DONALD), MINNIE_FORM.to_form(), ()) == patient_key(DONALD)


def test_a_patient_who_is_done_is_not_likely() -> None:
    assert likely_patient(ONE_PATIENT, MINNIE_FORM.to_form(), [patient_key(MINNIE)]) is None


def test_a_ris_line_has_the_day_of_the_images_and_the_code_of_the_form() -> None:
    lines = ris_lines(MINNIE, OF_MINNIE.series(MINNIE, EXAMS), EXAMS, {"1.2.1": " ACC1 "})
    assert lines == (Exam(ACQUIRED, "CT", "chest", "CCHES", "ACC1", RisState.ENTERED, "1.2.1"),)


def test_a_ris_line_without_number_is_still_to_be_entered() -> None:
    (line,) = ris_lines(MINNIE, OF_MINNIE.series(MINNIE, EXAMS), EXAMS, {})
    assert (line.accession, line.ris_state) == ("", RisState.MISSING)
