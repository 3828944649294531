"""The gate in front of PACS: shut while something mandatory is missing; what blocks says its clause and its remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.identifiers import number_format
from iep_desktop.core.model import Exam, Form, FormKind, Priority
from iep_desktop.core.rules import (
    Check,
    ImportFacts,
    Registration,
    Verdict,
    form_checks,
    import_gate,
    is_all_imaging,
)
from tests.core.samples import (
    CD_FORM,
    EXAM,
    FORM,
    ON_DISC,
    ON_PACS,
    STRANGER,
    codes,
    decision,
    facts,
    gate,
    match_of,
    study,
)

Change = Callable[[ImportFacts], ImportFacts]


def _form(**changes: Any) -> Change:
    return lambda f: replace(f, form=replace(f.form, **changes))


def _patient(**changes: Any) -> Change:
    return lambda f: replace(f, form=replace(f.form, patient=replace(f.form.patient, **changes)))


def _requester(**changes: Any) -> Change:
    return lambda f: replace(f, form=replace(f.form, requester=replace(f.form.requester, **changes)))


def _exam(**changes: Any) -> Change:
    return _form(exams=(replace(EXAM, **changes),))


REMOVALS: dict[str, tuple[Change, str, str]] = {
    "the call": (_form(call_ref=""), "call", "R-GATE-1"),
    "a readable call": (_form(call_ref="phoned"), "call", "R-ID-5"),
    "the name": (_patient(name=""), "name", "R-GATE-3"),
    "the letters of the name": (_patient(name="^ ="), "name", "R-GATE-3"),
    "the birth date": (_patient(birth_date=None), "birth-date", "R-GATE-3"),
    "the address": (_patient(address=""), "address", "R-GATE-3"),
    "the S number": (_patient(hospital_no=""), "hospital-no", "R-GATE-3"),
    "a right S number": (_patient(hospital_no="S99"), "hospital-no", "R-ID-2"),
    "the NHS number": (_patient(nhs_no=""), "nhs-no", "R-ID-4"),
    "a right NHS number": (_patient(nhs_no="9990000019"), "nhs-no", "R-ID-1"),
    "the origin": (_form(hospital=""), "hospital", "R-GATE-3"),
    "a known origin": (lambda f: replace(f, hospital_known=False), "hospital", "R-GATE-3"),
    "the exams": (_form(exams=()), "exams", "R-GATE-7"),
    "an exam's date": (_exam(date=None), "exam-1-date", "R-GATE-3"),
    "an exam's modality": (_exam(modality=""), "exam-1-modality", "R-GATE-3"),
    "an exam's name": (_exam(description="All imaging please"), "exam-1-all", "R-GATE-7"),
    "the requester": (_requester(name=""), "requester", "R-GATE-3"),
    "the contact": (_requester(phone="", email=""), "requester-contact", "R-GATE-3"),
    "the import form": (_form(kind=FormKind.EXPORT), "form-kind", "R-GATE-3"),
    "the registration": (lambda f: replace(f, registration=Registration.NOT_FOUND), "registered", "R-GATE-5"),
    "the patient of the disc": (lambda f: replace(f, match=None), "match", "R-GATE-3"),
    "the selection": (lambda f: replace(f, studies=()), "selection", "R-GATE-8"),
}
OF_THE_CD_FORM: dict[str, tuple[Change, str, str]] = {
    "the number of discs": (_form(discs=None), "discs", "R-DISC-1"),
    "the label": (_form(labelled=False), "labelled", "R-DISC-2"),
    "a word about the label": (_form(labelled=None), "labelled", "R-DISC-2"),
    "the description": (_exam(description="", exam_code=""), "exam-1-description", "R-DISC-1"),
    "the e-mail": (_requester(email=""), "staff-contact", "R-DISC-1"),
    "the telephone": (_requester(phone=""), "staff-contact", "R-DISC-1"),
}
ALL_REMOVALS = REMOVALS | OF_THE_CD_FORM


def _base(form: Form) -> ImportFacts:
    return facts(form=form)


@pytest.mark.parametrize("form", [FORM, CD_FORM], ids=["A2", "A6"])
def test_a_complete_import_opens_the_gate(form: Form) -> None:
    opened = import_gate(_base(form))
    assert opened.is_open
    assert not opened.blocking
    assert not opened.warnings
    assert {"call", "hospital-no", "nhs-no", "registered", "match"} <= codes(opened.met)


@pytest.mark.parametrize("what", ALL_REMOVALS)
def test_one_missing_item_keeps_the_gate_shut_and_names_its_rule(what: str) -> None:
    remove, code, rule = ALL_REMOVALS[what]
    shut = import_gate(remove(_base(CD_FORM if what in OF_THE_CD_FORM else FORM)))
    assert not shut.is_open
    check = next(check for check in shut.blocking if check.code == code)
    assert check.rule == rule
    assert check.clause
    assert check.lift


@given(
    what=st.lists(st.sampled_from(sorted(ALL_REMOVALS)), min_size=1, max_size=6, unique=True),
    priority=st.sampled_from(Priority),
    reason=st.sampled_from(["", "The consultant needs the whole disc"]),
    decided=st.sampled_from([None, decision(), decision(confirmed_by="Berta")]),
    earlier=st.lists(st.just("2026-000001, CT chest"), max_size=2),
)
def test_the_gate_never_opens_with_something_missing(
    what: list[str], priority: Priority, reason: str, decided: Any, earlier: list[str]
) -> None:
    """Neither a decision, nor a priority, nor a reason makes up for what is mandatory; only R-GATE-7 forgives, and
    only the missing list of exams."""
    case = replace(_base(CD_FORM), everything_reason=reason, decision=decided, earlier=tuple(earlier))
    case = replace(case, form=replace(case.form, priority=priority))
    for item in sorted(what, key=lambda item: item == "the exams"):  # the other exam changes would undo it
        case = ALL_REMOVALS[item][0](case)
    opened = import_gate(case)
    of_exams = {"the exams", "an exam's date", "an exam's modality", "an exam's name", "the description"}
    if (
        "the exams" in what and of_exams.issuperset(what) and reason
    ):  # without exams nothing is wrong with one
        assert opened.is_open
    else:
        assert not opened.is_open
    for check in opened.blocking:
        assert check.rule.startswith("R-")
        assert check.clause
        assert check.lift
        assert check.title
    assert len(opened.requirements) == len(opened.blocking)


@given(exams=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_every_exam_needs_its_date_and_modality(exams: list[tuple[bool, bool, bool]]) -> None:
    made = tuple(
        Exam(
            EXAM.date if day else None, "CT" if modality else "", "all studies" if everything else "CT chest"
        )
        for day, modality, everything in exams
    )
    shut = gate(form=replace(FORM, exams=made), everything_reason="asked for by the consultant")
    assert shut.is_open is all(day and modality and not everything for day, modality, everything in exams)


def test_a_blocked_check_becomes_what_a_person_must_do() -> None:
    (requirement,) = gate(registration=Registration.UNREACHABLE).requirements
    assert (requirement.code, requirement.rule, requirement.clause) == ("registered", "R-GATE-5", "§2.7d")
    assert requirement.lift == "Look the patient up on the PAS"
    assert requirement.blocking


# --- form --------------------------------------------------------------------------------------------------------


def test_an_absent_nhs_number_with_its_reason_is_enough() -> None:
    assert import_gate(_patient(nhs_no="", nhs_no_absent_reason="Visitor from abroad")(facts())).is_open


@pytest.mark.parametrize(
    "absent_besides", [{"address": ""}, {"birth_date": None}, {"name": ""}, {"hospital_no": ""}, {"sex": ""}]
)
def test_without_an_nhs_number_the_other_fields_stay_mandatory(absent_besides: dict[str, Any]) -> None:
    case = _patient(nhs_no="", nhs_no_absent_reason="Visitor from abroad", **absent_besides)(facts())
    assert not import_gate(case).is_open


def test_a_zero_in_the_s_number_warns_and_does_not_block() -> None:
    opened = import_gate(_patient(hospital_no="S999011")(facts()))
    assert opened.is_open
    assert codes(opened.warnings) == {"hospital-no"}


def test_the_rwes_number_and_a_spaced_nhs_number_open_the_gate() -> None:
    number = FORM.patient.nhs_no
    spaced = f"{number[:3]} {number[3:6]}-{number[6:]}"
    case = _patient(hospital_no="rwes999111", nhs_no=spaced)(facts())
    assert import_gate(replace(case, match=match_of(form=case.form))).is_open


def test_one_way_to_reach_the_requester_is_enough_on_the_import_form() -> None:
    assert import_gate(_requester(phone="")(facts())).is_open
    assert import_gate(_requester(email="")(facts())).is_open


def test_the_form_can_be_judged_alone_while_it_is_typed() -> None:
    blank = list(form_checks(Form(FormKind.IMPORT), hospital_known=False))
    assert {c.code for c in blank if c.verdict is Verdict.BLOCKS} == {
        "call", "name", "birth-date", "address", "hospital-no", "nhs-no", "hospital", "exams", "requester",
        "requester-contact",
    }  # fmt: skip
    assert not [c for c in form_checks(FORM, hospital_known=True) if c.verdict is Verdict.BLOCKS]


# --- R-GATE-7 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "all imaging", "All Imaging", "ALL STUDIES", "all studies please", "all images", "any imaging", "all scans",
        "all previous imaging", "all relevant imaging", "all available images", "all CT scans", "every scan",
        "all x-rays", "all xrays", "all X-ray films", "all\nimaging", "all   the   imaging", "All", " all ", "ALL.",
        "(all)", "any", "everything", "Everything!", "as available", "all available", "complete imaging",
        "entire imaging", "whole imaging", "full imaging", "full set of images", "all radiology", "all priors",
        "imaging: all of the studies", "all MRI", "all CTs", "any and all exams", "all examinations since 2019",
    ],
)  # fmt: skip
def test_asking_for_all_imaging_is_recognised(text: str) -> None:
    assert is_all_imaging(text)
    assert not import_gate(_exam(description=text)(facts())).is_open


@pytest.mark.parametrize(
    "text",
    [
        "", "CT chest", "CT chest abdomen pelvis", "Whole body bone scan", "MRI whole spine", "Whole spine MRI",
        "CT whole body", "Wholebody CT scan", "Full leg length x-ray", "XR small bowel", "Fallopian tubes US scan",
        "CT all phases", "Company scan", "Complete skeletal survey", "Ball and socket x-ray", "Many views of hand",
        "MR entire spine with contrast", "Allergy clinic CT sinuses",
    ],
)  # fmt: skip
def test_the_name_of_an_exam_is_not_taken_for_all_imaging(text: str) -> None:
    assert not is_all_imaging(text)


@given(st.text(max_size=40))
def test_any_wording_can_be_judged(text: str) -> None:
    assert is_all_imaging(text) in (True, False)


def test_all_imaging_is_refused_though_a_reason_is_given() -> None:
    case = replace(_exam(description="all imaging")(facts()), everything_reason="The consultant said so")
    assert codes(import_gate(case).blocking) == {"exam-1-all"}


def test_a_form_without_exams_takes_everything_where_a_reason_is_recorded() -> None:
    case = _form(exams=())(facts())
    assert codes(import_gate(case).blocking) == {"exams", "beyond-form"}
    opened = import_gate(replace(case, everything_reason="Referral of all her chest images"))
    assert opened.is_open
    assert next(c for c in opened.met if c.code == "beyond-form").detail == "Referral of all her chest images"


def test_a_study_beyond_the_form_needs_a_reason() -> None:
    more = (*ON_DISC.studies, study("2.25.2", EXAM.date, "MR"))
    (check,) = gate(studies=more).blocking
    assert (check.code, check.rule, check.clause) == ("beyond-form", "R-GATE-7", "§2.7d")
    assert gate(studies=more, everything_reason="For the MDT").is_open


def test_an_exam_that_the_disc_lacks_is_named_and_does_not_block() -> None:
    other = replace(EXAM, modality="MR", description="MR knee")
    opened = gate(form=replace(FORM, exams=(EXAM, other)))
    assert opened.is_open
    (warning,) = opened.warnings
    assert "MR knee" in warning.title


# --- registration and matching -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registration", "opens"),
    [
        (Registration.KNOWN_TO_PACS, True),
        (Registration.LOOKED_UP, True),
        (Registration.NOT_ASKED, False),
        (Registration.NOT_FOUND, False),
        (Registration.UNREACHABLE, False),
    ],
)
def test_only_a_patient_shown_to_be_registered_passes(registration: Registration, opens: bool) -> None:
    assert gate(registration=registration).is_open is opens


def test_form_and_disc_that_agree_need_nobody_to_decide() -> None:
    opened = gate()
    assert next(c for c in opened.met if c.code == "match").title == "Form and disc agree"


@pytest.mark.parametrize("patients", [2, 7])
def test_another_patient_on_the_disc_needs_a_person_to_decide(patients: int) -> None:
    (check,) = gate(patients_on_medium=patients).blocking
    assert check.code == "match"
    assert str(patients) in check.title
    assert gate(patients_on_medium=patients, decision=decision()).is_open


@pytest.mark.parametrize(
    "on_disc",
    [
        replace(ON_DISC, birth_date=None),
        replace(ON_DISC, name=""),
        replace(ON_DISC, name="MOUSE^Mickey"),
        replace(ON_DISC, sex="M"),
        replace(ON_DISC, nhs_no="9990000026"),
    ],
    ids=["no birth date", "no name", "another name", "another sex", "another NHS number"],
)
def test_what_differs_or_is_not_said_needs_a_person_to_decide(on_disc: Any) -> None:
    match = match_of(on_disc)
    assert codes(gate(match=match).blocking) == {"match"}
    assert gate(match=match, decision=decision()).is_open


NOTHING_IN_COMMON = match_of(STRANGER)


@pytest.mark.parametrize(
    ("by", "confirmed_by"),
    [
        ("", ""),
        ("Anna", ""),
        ("Anna", "Anna"),
        ("Anna", "ANNA"),
        ("Anna", " anna "),
        ("", "Berta"),
        ("Anna", "  "),
    ],
)
def test_nothing_in_common_is_not_lifted_by_fewer_than_two_persons(by: str, confirmed_by: str) -> None:
    (check,) = gate(match=NOTHING_IN_COMMON, decision=decision(by, confirmed_by)).blocking
    assert check.code == "second-person"
    assert check.lift


def test_nothing_in_common_is_lifted_by_two_different_persons() -> None:
    opened = gate(match=NOTHING_IN_COMMON, decision=decision("Anna", "Berta"))
    assert opened.is_open
    title = next(c for c in opened.met if c.code == "match").title
    assert "Anna" in title
    assert "Berta" in title


def test_nothing_in_common_without_any_decision_asks_for_a_second_person() -> None:
    assert codes(gate(match=NOTHING_IN_COMMON).blocking) == {"second-person"}


@pytest.mark.parametrize(
    "decided", [None, decision(), decision("Anna", "Berta")], ids=["nobody", "one person", "two persons"]
)
@pytest.mark.parametrize(
    "pacs",
    [replace(ON_PACS, name="PIG^Percy"), replace(ON_PACS, birth_date=ON_PACS.birth_date.replace(year=1981))],  # type: ignore[union-attr]
    ids=["another name", "another birth date"],
)
def test_another_patient_on_pacs_stops_whatever_was_decided(pacs: Any, decided: Any) -> None:
    shut = gate(match=match_of(pacs=pacs), decision=decided)
    assert "pacs-contradicts" in codes(shut.blocking)
    check = next(c for c in shut.blocking if c.code == "pacs-contradicts")
    assert (check.rule, check.clause) == ("R-GATE-5", "§2.7e")
    assert check.lift == "Correct the form"


def test_the_stop_does_not_repeat_the_other_patients_data() -> None:
    shut = gate(match=match_of(pacs=replace(ON_PACS, name="PIG^Percy")))
    assert not any("Percy" in (check.title + check.detail) for check in shut.checks)


# --- R-GATE-10 ---------------------------------------------------------------------------------------------------


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5))
def test_an_earlier_transaction_warns_with_its_line_and_never_blocks(lines: list[str]) -> None:
    opened = gate(earlier=tuple(lines))
    assert opened.is_open
    assert [w.title for w in opened.warnings] == [f"Seen before: {line}" for line in lines]
    assert {w.rule for w in opened.warnings} == {"R-GATE-10"}


def test_a_check_that_is_met_or_warns_never_shuts_the_gate() -> None:
    checks = (Check("a", Verdict.MET, "a"), Check("b", Verdict.WARNS, "b"))
    assert replace(gate(), checks=checks).is_open
    assert not replace(gate(), checks=(*checks, Check("c", Verdict.BLOCKS, "c"))).is_open


def test_another_hospitals_program_takes_its_own_numbers_and_uhls_only_the_s_number() -> None:
    """R-ID-2 is UHL's; where the program serves another hospital its patients' numbers are written in another way."""
    form = replace(FORM, patient=replace(FORM.patient, hospital_no="K0012345"))
    assert "hospital-no" in codes(gate(form=form).blocking)
    theirs = gate(form=form, numbers=number_format("RX1", ""))
    assert "hospital-no" not in codes(theirs.blocking)
    assert "Hospital number K0012345" in [check.title for check in theirs.checks]
