"""Transactions: numbers, both ends, moves, requirements, history."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.medium import MediumPatient, MediumSeries, MediumStudy
from iep_desktop.core.model import Exam, Form, FormKind, RisState
from iep_desktop.core.states import legal_moves, tab_of
from iep_desktop.core.transaction import (
    Direction,
    MatchDecision,
    Medium,
    Status,
    TransactionType,
)
from iep_desktop.store.database import Database
from iep_desktop.store.transactions import Transactions
from tests.store.conftest import Clock
from tests.store.samples import CONFIRM, CT_HEAD, FORM, THEM, US, disc, images, transfer
from tests.store.steps import delivered, tab

AT = datetime(2026, 11, 24, 14, 2, 3, 456789, tzinfo=UTC)
DECISION = MatchDecision("12345", "MOUSE^M", "They agree.", "A. Operator", AT, "B. Second")
DISC = Medium(
    "/media/disc",
    "LABEL",
    "print",
    1,
    2,
    "one patient",
    MediumPatient(
        "12345",
        name="MOUSE^M",
        studies=(MediumStudy("1.2.826.1", date(2026, 11, 2), series=(MediumSeries("1.2"),)),),
    ),
    3,
)


# -- creating and reading


def test_a_transaction_comes_back_as_it_was_given(ours: Transactions, clock: Clock) -> None:
    draft = disc(
        3,
        medium=DISC,
        match=DECISION,
        registered_by="A. Clerk",
        everything_reason="no list",
        required=(CONFIRM,),
    )
    made = ours.create(draft)
    assert made == ours.by_id(made.id) == ours.get(made.number)
    for field in ("type", "sender", "recipient", "priority", "form", "created_by", "node", "medium", "match"):
        assert getattr(made, field) == getattr(draft, field)
    assert (made.registered_by, made.everything_reason, made.required) == ("A. Clerk", "no list", (CONFIRM,))
    assert (made.status, made.direction, made.other_hospital) == (Status.NEW, Direction.IN, THEM)
    assert made.created_at == clock.time
    assert made.counts.listed == 3
    assert made.queued
    assert ours.instances(made.id) == draft.instances


def test_the_exams_are_those_of_the_form_unless_others_are_given(ours: Transactions) -> None:
    others = (Exam(date(2026, 11, 3), "MR", "Knee"), Exam(None, "CR"))
    assert ours.create(disc()).exams == FORM.exams
    assert ours.create(disc(exams=others)).exams == others


def test_an_exam_that_is_on_ris_already_comes_back_so(ours: Transactions) -> None:
    exam = replace(CT_HEAD, accession="RIS1", ris_state=RisState.ENTERED)
    assert ours.create(disc(exams=(exam,))).exams == (exam,)


def test_numbers_go_up_and_start_anew_with_the_year(ours: Transactions, clock: Clock) -> None:
    numbers = [ours.create(disc()).number for _ in range(2)]
    clock.time = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    numbers.append(ours.create(disc()).number)
    clock.forward(seconds=2)
    numbers.append(ours.create(disc()).number)
    assert numbers == ["2026-000001", "2026-000002", "2026-000003", "2027-000001"]


def test_hospitals_that_create_at_once_never_get_one_number_twice(
    database: Database, ours: Transactions, theirs: Transactions
) -> None:
    patient = Database(str(database_url(database)), 30)
    makers = [Transactions(patient, hospital) for hospital in (US, THEM)]
    with ThreadPoolExecutor(6) as pool:
        made = pool.map(lambda no: makers[no % 2].create(transfer()).number, range(30))
        numbers = sorted(made)
    patient.dispose()
    assert numbers == [f"2026-{no:06d}" for no in range(1, 31)]


def database_url(database: Database) -> str:
    with database.read() as session:
        return "sqlite:///" + str(session.connection().exec_driver_sql("PRAGMA database_list").first()[2])  # type: ignore[index]


def test_what_fails_takes_no_number(ours: Transactions) -> None:
    twice = images(1) * 2
    with pytest.raises(InvalidInput):
        ours.create(disc(instances=twice))
    assert ours.create(disc()).number == "2026-000001"


def test_a_transaction_of_other_hospitals_cannot_be_made(ours: Transactions) -> None:
    with pytest.raises(InvalidInput):
        ours.create(transfer("RNQ", "RNS"))


@pytest.mark.parametrize("number", ["", "2026-000002", "nonsense", "%"])
def test_an_unknown_number_is_said_so(ours: Transactions, number: str) -> None:
    ours.create(disc())
    with pytest.raises(InvalidInput):
        ours.get(number)


def test_each_end_sees_a_transfer_from_its_side(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer())
    seen = theirs.get(made.number)
    assert (made.direction, made.other_hospital) == (Direction.OUT, THEM)
    assert (seen.direction, seen.other_hospital) == (Direction.IN, US)
    assert seen.status is made.status
    assert not seen.queued  # our engine's work, not theirs


def test_a_third_hospital_sees_and_changes_nothing(database: Database, ours: Transactions) -> None:
    made = ours.create(transfer())
    third = Transactions(database, "RNQ")
    for act in (
        lambda: third.get(made.number),
        lambda: third.by_id(made.id),
        lambda: third.events(made.id),
        lambda: third.messages(made.id),
        lambda: third.instances(made.id),
        lambda: third.move(made.id, Status.STARTED, "", "x"),
        lambda: third.cancel(made.id, "x"),
    ):
        with pytest.raises(InvalidInput):
            act()
    assert third.change_token() == 0


def test_a_cd_import_is_nobody_elses_business(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(disc())
    with pytest.raises(InvalidInput):
        theirs.get(made.number)


def test_a_disc_made_for_a_hospital_is_the_makers_business(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer(type=TransactionType.DISC_EXPORT))
    assert made.direction is Direction.OUT
    with pytest.raises(InvalidInput):
        theirs.get(made.number)


def test_an_import_whose_form_names_no_hospital_is_kept(ours: Transactions) -> None:
    assert ours.create(disc(sender="", form=Form(FormKind.IMPORT))).sender == ""


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.from_type(Form), patient=st.builds(MediumPatient, TEXTS, TEXTS, TEXTS))
def test_any_form_and_medium_come_back_as_they_were(
    ours: Transactions, form: Form, patient: MediumPatient
) -> None:
    made = ours.create(disc(1, form=form, exams=form.exams, medium=replace(DISC, patient=patient)))
    kept = ours.by_id(made.id)
    assert kept.form == form
    assert kept.exams == form.exams
    assert kept.medium is not None
    assert kept.medium.patient == patient


@pytest.mark.parametrize("name", ["DICOM/IM1", "caf\udce9/IM1", "%:odd", "tab\tand\nline", "日本/1", ""])
def test_any_file_name_of_a_disc_comes_back_as_it_was(ours: Transactions, name: str) -> None:
    instance = replace(images(1)[0], source_path=name)
    made = ours.create(disc(instances=(instance,), medium=Medium(f"/media/{name}", name)))
    assert ours.instances(made.id) == (instance,)
    assert made.medium == Medium(f"/media/{name}", name)


# -- moves


def test_a_move_is_written_with_who_and_when(ours: Transactions, clock: Clock) -> None:
    made = ours.create(disc(event="Created, call 06396375"))
    at = clock.forward(minutes=1)
    ours.move(made.id, Status.STARTED, "Started copying", "engine")
    first, second = ours.events(made.id)
    assert (first.kind, first.text, first.actor, first.status) == (
        "created",
        "Created, call 06396375",
        "A. Operator",
        Status.NEW,
    )
    assert (second.at, second.actor, second.text, second.status) == (
        at,
        "engine",
        "Started copying",
        Status.STARTED,
    )
    assert ours.by_id(made.id).updated_at == at


def test_an_illegal_move_changes_nothing(ours: Transactions) -> None:
    made = ours.create(transfer())
    with pytest.raises(Refused):
        ours.move(made.id, Status.DELIVERED, "", "engine")
    assert ours.by_id(made.id) == made
    assert len(ours.events(made.id)) == 1


def test_of_two_who_act_at_once_the_second_is_told(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer(type=TransactionType.REQUEST))
    theirs.move(made.id, Status.ACCEPTED, "Accepted", "B. Reader", expected=Status.NEW)
    with pytest.raises(Refused, match="Accepted now"):
        theirs.move(made.id, Status.ACCEPTED, "Accepted", "C. Reader", expected=Status.NEW)
    assert len(ours.events(made.id)) == 2


def test_many_who_act_at_once_move_it_once(database: Database, ours: Transactions) -> None:
    made = ours.create(transfer(type=TransactionType.REQUEST))
    patient = Database(database_url(database), 30)
    both = [Transactions(patient, hospital) for hospital in (US, THEM)]

    def act(no: int) -> bool:
        try:
            both[no % 2].move(made.id, Status.STARTED, "", str(no), expected=Status.NEW)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(act, range(12))) == 1
    patient.dispose()


def test_an_import_is_not_delivered_before_every_image_is_verified(ours: Transactions) -> None:
    made = ours.create(disc(2))
    ours.move(made.id, Status.STARTED, "", "engine")
    with pytest.raises(Refused, match="0 of 2"):
        ours.move(made.id, Status.DELIVERED, "", "engine")


def test_a_delivered_import_can_ask_for_its_ris_entry_in_the_same_write(ours: Transactions) -> None:
    made = delivered(ours)
    ours.move(made.id, Status.DELIVERED, "", "engine", required=[CONFIRM])
    assert ours.by_id(made.id).required == (CONFIRM,)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([t for t in TransactionType if t is not TransactionType.CD_IMPORT]),
    steps=st.lists(st.sampled_from(Status), max_size=8),
)
def test_no_sequence_of_moves_leaves_the_table_of_legal_ones(
    database: Database, ours: Transactions, kind: TransactionType, steps: list[Status]
) -> None:
    """Evidence apart: nothing is verified here, so that nothing is ever On IEP or delivered."""
    made = ours.create(transfer(type=kind))
    status = Status.NEW
    for step in steps:
        legal = step is status or step in legal_moves(kind, status)
        legal &= step not in (Status.ON_IEP, Status.DELIVERED) or kind is TransactionType.DISC_EXPORT
        try:
            ours.move(made.id, step, "", "x")
        except Refused:
            assert not legal
        else:
            assert legal
            status = step
        kept = ours.by_id(made.id)
        assert kept.status is status
        assert tab(database, made.id) is tab_of(status, kept.required)
