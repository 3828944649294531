"""R-GATE-4, 7, 8, 10: shut while something is missing; what blocks says its clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.export_rules import ExportFacts, RequestFacts, export_gate, request_gate
from iep_desktop.core.form_rules import Gate
from iep_desktop.core.model import Exam, FormKind, Priority, Recipient, RecipientKind, Requester
from iep_desktop.core.queries import PacsStudy
from tests.core.samples import CD_FORM, EXAM, FORM, PATIENT

STUDY = PacsStudy("2.25.1", "S999111", "MOUSE^Minnie", PATIENT.birth_date)
EXPORT_FORM = replace(FORM, kind=FormKind.EXPORT, recipient=Recipient("Dr Receiver"))
EXPORT = ExportFacts(EXPORT_FORM, "RWE", True, (STUDY,))
REQUEST = RequestFacts(FORM, "RWE", True)

Change = Callable[[ExportFacts], ExportFacts]


def _form(**changes: Any) -> Change:
    return lambda facts: replace(facts, form=replace(facts.form, **changes))


def _patient(**changes: Any) -> Change:
    return _form(patient=replace(PATIENT, **changes))


def _study(**changes: Any) -> Change:
    return lambda facts: replace(facts, studies=(replace(STUDY, **changes),))


def _blocking(gate: Gate) -> dict[str, tuple[str, str]]:
    return {check.code: (check.rule, check.clause) for check in gate.blocking}


REMOVALS: dict[str, tuple[Change, str, str, str]] = {
    "the call": (_form(call_ref=""), "call", "R-GATE-1", "§2.7a"),
    "the name": (_patient(name=""), "name", "R-GATE-3", "§2.3a"),
    "the NHS number and a reason": (_patient(nhs_no=""), "nhs-no", "R-ID-4", "§2.3a"),
    "the organisation": (_form(hospital=""), "hospital", "R-GATE-3", "§2.6a"),
    "a known organisation": (lambda f: replace(f, recipient_known=False), "hospital", "R-GATE-4", "§2.6a"),
    "another organisation": (_form(hospital="RWE"), "ourselves", "R-TX-2", "A4"),
    "the named person": (_form(recipient=Recipient()), "recipient", "R-GATE-4", "§2.6a"),
    "a ticked study": (lambda f: replace(f, studies=()), "selection", "R-GATE-8", "A4"),
    "this patient": (_study(patient_id="S999112"), "study-1-patient", "R-GATE-4", "§2.6a"),
    "any patient": (_study(patient_id=""), "study-1-patient", "R-GATE-4", "§2.6a"),
    "this birth date": (_study(birth_date=date(1980, 11, 19)), "study-1-patient", "R-GATE-4", "§2.6a"),
    "why it is sent on": (lambda f: replace(f, foreign=frozenset({"2.25.1"})), "onward", "R-GATE-8", "§2.6c"),
    "why it is urgent": (_form(priority=Priority.BLUE_LIGHT), "priority-reason", "R-TIME-2", "§2.3a"),
    "one exam by name": (
        _form(exams=(replace(EXAM, description="all studies"),)),
        "exam-1-all",
        "R-GATE-7",
        "A2",
    ),
}


def test_a_complete_export_may_go() -> None:
    assert export_gate(EXPORT).is_open


@pytest.mark.parametrize("name", REMOVALS)
def test_an_export_waits_while_something_lacks(name: str) -> None:
    change, code, rule, clause = REMOVALS[name]
    assert _blocking(export_gate(change(EXPORT))) == {code: (rule, clause)}


@given(st.lists(st.sampled_from(sorted(REMOVALS)), unique=True))
def test_no_second_mistake_opens_the_gate(names: list[str]) -> None:
    facts = EXPORT
    for name in names:
        facts = REMOVALS[name][0](facts)
    assert export_gate(facts).is_open is not bool(names)


def test_the_number_may_be_written_either_way() -> None:
    assert export_gate(_study(patient_id="RWES999111")(EXPORT)).is_open


def test_a_reason_lets_foreign_images_go_on() -> None:
    facts = replace(EXPORT, foreign=frozenset({"2.25.1"}), onward_reason="Surgery there tomorrow")
    assert export_gate(facts).is_open


def test_history_warns_and_does_not_block() -> None:
    for gate in (
        export_gate(replace(EXPORT, earlier=("2026-000001, CT, Delivered",))),
        request_gate(replace(REQUEST, earlier=("2026-000001, CT, Delivered",))),
    ):
        assert gate.is_open
        assert any("2026-000001" in check.title for check in gate.warnings)


def test_a_complete_request_may_be_sent() -> None:
    assert request_gate(REQUEST).is_open
    assert not request_gate(REQUEST).warnings


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (replace(FORM, call_ref=""), "call"),
        (replace(FORM, exams=()), "exams"),
        (replace(FORM, exams=(Exam(EXAM.date, "CT", "all imaging"),)), "exam-1-all"),
        (replace(FORM, hospital="RWE"), "ourselves"),
        (replace(FORM, patient=replace(PATIENT, address="")), "address"),
        (replace(FORM, priority=Priority.BLUE_LIGHT), "priority-reason"),
        (CD_FORM, "form-kind"),
        (replace(FORM, kind=FormKind.EXPORT), "form-kind"),
    ],
)
def test_a_request_is_not_sent_while_something_lacks(form: Any, code: str) -> None:
    assert set(_blocking(request_gate(replace(REQUEST, form=form)))) == {code}


def test_a_request_without_exams_is_not_told_of_a_disc() -> None:
    (check,) = request_gate(replace(REQUEST, form=replace(FORM, exams=()))).blocking
    assert (check.title, check.lift, check.rule) == ("The form lists no exams", "List the exams", "R-GATE-7")
    assert "disc" not in check.detail


def test_who_asks_is_wanted_but_does_not_block() -> None:
    nobody = replace(FORM, requester=replace(FORM.requester, consultant="", department=""))
    gate = request_gate(replace(REQUEST, form=nobody))
    assert gate.is_open
    assert {check.code for check in gate.warnings} == {"consultant", "department"}


# --- the trauma pathway


def _trauma(**patient: Any) -> ExportFacts:
    """What stands on the one short page (A4)."""
    form = replace(EXPORT_FORM, call_ref="", requester=Requester("A. Radiographer"), recipient=Recipient())
    return replace(EXPORT, form=replace(form, patient=replace(PATIENT, **patient)), trauma=True)


def test_the_trauma_page_is_asked_for_what_its_appendix_asks_for_alone() -> None:
    """R-TRAUMA: no call, no contact, no named recipient; the patient by the two numbers."""
    assert export_gate(_trauma(address="", sex="", birth_date=None)).is_open
    assert not export_gate(replace(_trauma(address=""), trauma=False)).is_open


@pytest.mark.parametrize("lacks", [{"address": ""}, {"birth_date": None}, {"nhs_no_absent_reason": ""}])
def test_without_an_nhs_number_the_trauma_page_wants_the_rest(lacks: dict[str, Any]) -> None:
    """R-ID-4, A4."""
    told = {"nhs_no": "", "nhs_no_absent_reason": "Unknown at arrival"}
    assert export_gate(_trauma(**told)).is_open
    assert not export_gate(_trauma(**{**told, **lacks})).is_open


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_study(patient_id="S999112"), "study-1-patient"),
        (lambda f: replace(f, studies=()), "selection"),
        (lambda f: replace(f, foreign=frozenset({"2.25.1"})), "onward"),
        (lambda f: replace(f, recipient_known=False), "hospital"),
    ],
)
def test_in_a_hurry_no_other_patients_study_leaves(change: Change, code: str) -> None:
    assert code in _blocking(export_gate(change(_trauma())))


def test_an_individual_should_be_within_reach_and_others_are_reached_by_their_organisation() -> None:
    """R-FORM, A3: it warns, it never blocks."""
    who = Recipient("Dr Receiver", kind=RecipientKind.INDIVIDUAL)

    def said(recipient: Recipient) -> list[str]:
        gate = export_gate(replace(EXPORT, form=replace(EXPORT_FORM, recipient=recipient)))
        assert gate.is_open
        return [check.code for check in gate.warnings]

    assert "recipient-contact" in said(who)
    assert "recipient-contact" not in said(replace(who, email="dr@example.invalid"))
    assert "recipient-contact" not in said(replace(who, kind=RecipientKind.COMPANY))
