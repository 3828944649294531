from dataclasses import replace
from datetime import UTC, datetime

import pytest

from iep_desktop.core.medium import MediumContents
from iep_desktop.ui.disc_wizard import drafts
from iep_desktop.ui.disc_wizard.case import Case, Source, Step
from iep_desktop.ui.disc_wizard.ticks import Ticks, patient_key
from tests.ui.disc_wizard.samples import (
    CHEST_PA,
    DONALD,
    MINNIE,
    MINNIE_FORM,
    ONE_PATIENT,
    TWO_PATIENTS,
    disc,
)


@pytest.fixture
def case() -> Case:
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_source(Source("/media/disc", "Drive D:"))
    case.set_contents(TWO_PATIENTS, finished=True)
    return case


def test_the_order_is_for_the_patient_whom_the_form_means(case: Case) -> None:
    assert case.order is not None
    assert case.order.patient == MINNIE
    assert len(case.order.instances) == 42
    assert case.order.disc_no == 2


def test_the_patient_is_chosen_anew_while_patients_still_arrive() -> None:
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_contents(disc(DONALD), finished=False)
    assert case.patient == DONALD
    case.set_contents(disc(DONALD, MINNIE), finished=False)
    assert case.patient == MINNIE


def test_a_tick_by_hand_holds_the_patient(case: Case) -> None:
    case.set_ticks(Ticks(patient_key(DONALD)).set_patient(DONALD, True))
    case.set_contents(replace(TWO_PATIENTS, label="X"), finished=True)
    assert case.patient == DONALD


def test_changing_the_patient_on_the_form_takes_back_what_was_decided(case: Case) -> None:
    case.decide("the disc is wrong")
    case.looked_up_on_pas()
    case.set_text(replace(case.text, birth_date="18/03/1961"))
    assert (case.decision, case.registered_by) == (None, "")


def test_changing_the_requester_leaves_the_decision(case: Case) -> None:
    case.decide("the disc is wrong")
    case.set_text(replace(case.text, requester_phone="18001"))
    assert case.decision is not None


def test_choosing_another_patient_takes_back_decision_reason_and_numbers(case: Case) -> None:
    case.decide("sure")
    case.set_reason("needed")
    case.set_accession("1.2.1", "ACC1")
    case.choose_patient(DONALD)
    assert (case.decision, case.reason, case.accessions) == (None, "", {})


def test_a_study_beyond_the_form_is_known_as_such(case: Case) -> None:
    case.set_ticks(case.ticks.set_study(CHEST_PA, True))
    assert [study.study_uid for study in case.beyond] == ["1.2.2"]


def test_the_next_patient_has_a_blank_form_of_the_same_call(case: Case) -> None:
    case.started(7, "2026-000007")
    case.next_patient(DONALD)
    assert (case.text.family, case.text.call_ref, case.patient) == ("", "06396375", DONALD)
    assert case.started_now is None
    assert case.patients_left == (DONALD,)


def test_the_patient_stays_chosen_while_the_next_form_is_typed(case: Case) -> None:
    case.started(7, "2026-000007")
    case.next_patient(DONALD)
    case.set_text(replace(case.text, family="DUCK"))
    assert case.patient == DONALD


def test_the_next_disc_keeps_the_form_and_counts_on(case: Case) -> None:
    case.next_disc()
    assert (case.text.disc_no, case.text.family, case.contents, case.source) == ("3", "MOUSE", None, None)


def test_a_disc_more_than_announced_raises_the_count(case: Case) -> None:
    case.next_disc()
    case.next_disc()
    assert (case.text.disc_no, case.text.discs) == ("4", "4")


def test_setting_the_same_text_again_tells_nobody(case: Case) -> None:
    told: list[int] = []
    case.changed.connect(lambda: told.append(1))
    case.set_text(replace(MINNIE_FORM))
    assert told == []


def _reopened(text: str, contents: MediumContents) -> tuple[Case, drafts.Restored]:
    case = Case("operator")
    restored = drafts.restore(case, text)
    case.set_contents(contents, finished=True)
    return case, restored


def test_a_draft_brings_everything_back_but_the_disc_itself(case: Case) -> None:
    case.set_ticks(case.ticks.set_study(CHEST_PA, True))
    case.set_reason("clinic asked for it")
    case.set_accession("1.2.1", "ACC1")
    case.looked_up_on_pas()
    case.decide("checked", confirmed_by="second")
    text = drafts.to_text(case, Step.RIS, datetime(2026, 11, 24, 14, 9, tzinfo=UTC))
    again, restored = _reopened(text, TWO_PATIENTS)
    assert restored == drafts.Restored(Step.RIS, Source("/media/disc", "Drive D:"))
    assert again.order == case.order


def test_a_draft_keeps_who_is_done(case: Case) -> None:
    case.started(7, "2026-000007")
    text = drafts.to_text(case, Step.GO, datetime.now(UTC))
    again, _ = _reopened(text, TWO_PATIENTS)
    assert again.done == case.done
    assert again.started_now == case.started_now


def test_a_drafts_decision_outlives_the_arrival_of_patients_one_by_one(case: Case) -> None:
    case.decide("checked")
    text = drafts.to_text(case, Step.MATCH, datetime.now(UTC))
    again, _ = _reopened(text, disc(DONALD))
    again.set_contents(TWO_PATIENTS, finished=True)
    assert again.decision == case.decision


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", "{}", '{"step": 99, "form": 3, "done": [1], "decision": {}}', "[" * 9999]
)
def test_a_damaged_draft_is_a_fresh_case(text: str) -> None:
    case = Case("operator")
    assert drafts.restore(case, text) == drafts.Restored(Step.CALL, None)
    case.set_contents(ONE_PATIENT, finished=True)
    assert case.order is not None


def test_a_draft_is_recognised_by_call_and_name(case: Case) -> None:
    text = drafts.to_text(case, Step.CALL, datetime(2026, 11, 24, 14, 9, tzinfo=UTC))
    assert drafts.title(text).startswith("06396375, MOUSE, Minnie, saved 24/11/2026")
