from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import NodeUnreachable
from iep_desktop.core.imports import Assessment
from iep_desktop.core.job import Context
from iep_desktop.core.matching import Identity
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.rules import Verdict
from iep_desktop.core.transaction import MatchDecision
from iep_desktop.ui.disc_wizard.case import Case
from iep_desktop.ui.disc_wizard.comparison import Mark, RowView, differing, exams_row, rows
from iep_desktop.ui.disc_wizard.remedies import Remedy, check_views, disc_is_wrong_grounds
from tests.ui.disc_wizard.fake_desk import FakeImports
from tests.ui.disc_wizard.samples import DONALD, MINNIE, MINNIE_FORM, MINNIE_OTHER_DAY, disc

KNOWN = Identity("MOUSE^Minnie", date(1961, 3, 17), "9990000018", "S999111", "F")
DECISION = MatchDecision("884120", "MOUSE^Minnie", "checked", "operator", datetime.now(UTC))


def _assess(
    patient: MediumPatient, *, pacs: Identity | None = KNOWN, unreachable: bool = False, others: int = 0
) -> Assessment:
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_contents(
        disc(patient, *[replace(DONALD, patient_id=str(n)) for n in range(others)]), finished=True
    )
    imports = FakeImports(
        pacs, NodeUnreachable("PACS does not answer", "", "Ask again.") if unreachable else None
    )
    assert case.order is not None
    return imports.assess(case.order, Context())


def _row(assessment: Assessment, label: str, decision: MatchDecision | None = None) -> RowView:
    return next(row for row in rows(assessment, decision) if row.label == label)


def _remedies(assessment: Assessment, code: str) -> tuple[Remedy, ...]:
    return next(v.remedies for v in check_views(assessment, decided=False) if v.check.code == code)


def test_the_characters_that_differ_are_marked() -> None:
    row = _row(_assess(MINNIE_OTHER_DAY), "Date of birth")
    assert row.disc.pieces == (("17/", False), ("08", True), ("/1961", False))
    assert (row.form.mark, row.disc.mark, row.pacs.mark) == (Mark.AGREES, Mark.DIFFERS, Mark.AGREES)
    assert (row.goes.strong, row.goes.pieces) == ("17/03/1961", (("form and PACS agree", False),))


def test_where_all_agree_it_says_so() -> None:
    row = _row(_assess(MINNIE), "Name")
    assert row.goes.pieces[0][0] == "all three agree"
    assert not row.differs


def test_the_senders_number_neither_agrees_nor_differs() -> None:
    row = _row(_assess(MINNIE), "S number")
    assert (row.disc.mark, row.disc.text) == (Mark.OWN, "884120, the sender’s own")
    assert row.goes.pieces[0][0] == "known to PACS"


def test_what_a_source_does_not_say_is_said() -> None:
    row = _row(_assess(MINNIE, pacs=None), "NHS number")
    assert (row.disc.text, row.pacs.text) == ("not on the disc", "not known to PACS")
    assert _row(_assess(MINNIE, pacs=None, unreachable=True), "Sex").pacs.text == "no answer"


def test_a_decision_settles_the_row_and_names_who_made_it() -> None:
    row = _row(_assess(MINNIE_OTHER_DAY), "Date of birth", DECISION)
    assert (row.goes.mark, row.goes.pieces[0][0]) == (Mark.AGREES, "decided by operator")


def test_the_exams_row_counts_what_is_ticked() -> None:
    exams = MINNIE_FORM.to_form().exams
    row = exams_row(exams, MINNIE.studies[:1], 0, 0)
    assert row.form.text == "CT chest, 02/11/2026"
    assert row.goes.strong == "1 study, 42 images"
    assert exams_row(exams, (), 0, 0).goes.mark is Mark.DIFFERS


@pytest.mark.parametrize(
    ("text", "other", "marked"),
    [
        ("12 Harbour Rd", "21 Harbour Rd", ["12"]),
        ("MOUSE, Minny", "MOUSE, Minnie", ["y"]),
        ("DUCK", "MOUSE, Minnie", ["DUCK"]),
        ("17/08/1961", "17/03/1961", ["08"]),
    ],
)
def test_numbers_differ_as_a_whole_and_names_by_letter(text: str, other: str, marked: list[str]) -> None:
    assert [piece for piece, differs in differing(text, other) if differs] == marked


@given(st.text(), st.text())
def test_the_pieces_together_are_the_text(text: str, other: str) -> None:
    assert "".join(piece for piece, _ in differing(text, other)) == text


def test_with_two_agreeing_sources_the_disc_may_be_called_wrong() -> None:
    assessment = _assess(MINNIE_OTHER_DAY)
    assert _remedies(assessment, "match") == (Remedy.DISC_IS_WRONG,)
    assert assessment.match is not None
    assert "17/08/1961, form and PACS agree on 17/03/1961" in disc_is_wrong_grounds(assessment.match)


def test_without_a_second_source_a_second_person_is_asked() -> None:
    assert Remedy.SECOND_PERSON in _remedies(_assess(MINNIE_OTHER_DAY, pacs=None), "match")


def test_with_nothing_in_common_only_a_second_person_helps() -> None:
    assert _remedies(_assess(DONALD), "second-person") == (Remedy.SECOND_PERSON,)


def test_another_patient_on_pacs_is_lifted_by_the_form_alone() -> None:
    other = replace(KNOWN, name="DUCK^Daisy")
    assert _remedies(_assess(MINNIE, pacs=other), "pacs-contradicts") == (Remedy.CORRECT_FORM,)


def test_of_several_patients_who_agrees_is_confirmed_by_a_button() -> None:
    assert _remedies(_assess(MINNIE, others=1), "match") == (Remedy.THIS_PATIENT,)


def test_a_patient_whom_pacs_does_not_know_is_looked_up_on_the_pas() -> None:
    assert Remedy.LOOKED_ON_PAS in _remedies(_assess(MINNIE, pacs=None), "registered")


def test_a_pacs_that_does_not_answer_can_be_asked_again() -> None:
    assert _remedies(_assess(MINNIE, pacs=None, unreachable=True), "registered")[0] is Remedy.ASK_PACS_AGAIN


def test_what_blocks_stands_first() -> None:
    verdicts = [view.check.verdict for view in check_views(_assess(MINNIE_OTHER_DAY), decided=False)]
    assert verdicts == sorted(verdicts, key=[Verdict.BLOCKS, Verdict.WARNS, Verdict.MET].index)
    assert verdicts[0] is Verdict.BLOCKS
