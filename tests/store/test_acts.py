"""What people do to transactions: requirements, failures, decisions, forms, messages, and the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.model import Patient, Priority, RisState
from iep_desktop.core.transaction import (
    Failure,
    MatchDecision,
    Status,
    Tab,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store.database import Database
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.worklists import Worklists
from tests.store.conftest import Clock
from tests.store.samples import CONFIRM, CT_HEAD, FORM, US, disc, transfer
from tests.store.steps import delivered, tab

AT = datetime(2026, 11, 24, 14, 2, 3, 456789, tzinfo=UTC)
DECISION = MatchDecision("12345", "MOUSE^M", "They agree.", "A. Operator", AT, "B. Second")


# -- what waits for a person, and what failed


def test_a_requirement_brings_it_to_action_required_and_back(database: Database, ours: Transactions) -> None:
    made = ours.create(disc())
    assert tab(database, made.id) is Tab.IN_PROGRESS
    ours.require(made.id, (CONFIRM,))
    assert tab(database, made.id) is Tab.ACTION_REQUIRED
    ours.require(made.id, ())
    assert tab(database, made.id) is Tab.IN_PROGRESS


def test_requirements_are_those_of_one_end(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer())
    theirs.require(made.id, (CONFIRM,))
    assert theirs.by_id(made.id).required == (CONFIRM,)
    assert ours.by_id(made.id).required == ()


def test_a_failure_is_kept_with_its_reason_until_it_is_taken_up_again(
    database: Database, ours: Transactions
) -> None:
    made = ours.create(disc())
    failure = Failure(
        "PACS refused 2 of 3 images", "Not enough room.", "Free space.", "permanent", 0xA700, "PACS", AT
    )
    ours.fail(made.id, failure)
    failed = ours.by_id(made.id)
    assert (failed.status, failed.failure, failed.queued) == (Status.FAILED, failure, False)
    assert tab(database, made.id) is Tab.FAILED
    assert ours.events(made.id)[-1].text == failure.title
    ours.clear_failure(made.id, "A. Operator")
    again = ours.by_id(made.id)
    assert (again.status, again.failure) == (Status.STARTED, None)
    assert tab(database, made.id) is Tab.IN_PROGRESS


def test_what_is_cancelled_cannot_fail_nor_go_on(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer())
    theirs.require(made.id, (CONFIRM,))
    theirs.cancel(made.id, "B. Reader")
    for end in (ours, theirs):
        seen = end.by_id(made.id)
        assert (seen.status, seen.required, seen.queued) == (Status.CANCELLED, (), False)
    with pytest.raises(Refused):
        ours.fail(made.id, Failure("late"))
    with pytest.raises(Refused):
        ours.queue(made.id)
    with pytest.raises(Refused):
        ours.move(made.id, Status.UPLOADING, "", "engine")
    assert ours.events(made.id)[-1].text == "Cancelled by B. Reader"


def test_what_is_delivered_cannot_be_cancelled(ours: Transactions) -> None:
    made = delivered(ours)
    with pytest.raises(Refused):
        ours.cancel(made.id, "A. Operator")


# -- what a person says


def test_the_match_decision_is_kept_with_its_grounds(ours: Transactions) -> None:
    made = ours.create(disc())
    ours.decide(made.id, DECISION, "Matched by A. Operator", "A. Operator")
    assert ours.by_id(made.id).match == DECISION
    assert ours.events(made.id)[-1].text == "Matched by A. Operator"


def test_who_looked_at_the_pas_is_kept(ours: Transactions) -> None:
    made = ours.create(disc())
    ours.set_registered(made.id, "A. Clerk")
    assert ours.by_id(made.id).registered_by == "A. Clerk"
    assert ours.events(made.id)[-1].actor == "A. Clerk"


def test_a_corrected_form_is_found_under_its_new_patient(database: Database, ours: Transactions) -> None:
    made = ours.create(disc())
    patient = Patient("DUCK^Daisy", date(1980, 5, 5), "RWES999222", "999 000 0026")
    form = replace(FORM, patient=patient, hospital="RNQ", priority=Priority.BLUE_LIGHT)
    ours.set_form(made.id, form, "A. Operator")
    kept = ours.by_id(made.id)
    assert (kept.form, kept.priority, kept.sender) == (form, Priority.BLUE_LIGHT, "RNQ")
    worklists = Worklists(database, US)
    found = {
        text: worklists.page(WorklistFilter(search=text), WorklistOrder(), 0, 10).total
        for text in ("mouse", "duck", "S999222", "9990000026", "S999111")
    }
    assert found == {"mouse": 0, "duck": 1, "S999222": 1, "9990000026": 1, "S999111": 0}
    assert ours.earlier(patient, FORM.exams)
    assert worklists.page(WorklistFilter(blue_light_only=True), WorklistOrder(), 0, 10).total == 1


def test_an_exams_ris_entry_is_kept(ours: Transactions) -> None:
    made = ours.create(disc(exams=(CT_HEAD, replace(CT_HEAD, modality="MR"))))
    ours.set_exam_ris(made.id, 1, "RIS0002", RisState.ENTERED, "A. Operator")
    first, second = ours.by_id(made.id).exams
    assert (first.accession, first.ris_state) == ("", RisState.MISSING)
    assert (second.accession, second.ris_state) == ("RIS0002", RisState.ENTERED)
    with pytest.raises(InvalidInput):
        ours.set_exam_ris(made.id, 2, "X", RisState.ENTERED, "A. Operator")


def test_an_assignee_is_one_ends_own(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer())
    ours.assign(made.id, "A. Operator")
    assert ours.by_id(made.id).assigned_to == "A. Operator"
    assert theirs.by_id(made.id).assigned_to == ""


def test_a_message_is_unread_at_the_other_end_until_read(ours: Transactions, theirs: Transactions) -> None:
    made = ours.create(transfer())
    ours.add_message(made.id, "A. Operator", "On its way")
    ours.add_message(made.id, "A. Operator", "\u202eمرحبا <b>" + "x" * 100_000)
    assert (ours.by_id(made.id).unread, theirs.by_id(made.id).unread) == (0, 2)
    theirs.mark_read(made.id)
    assert theirs.by_id(made.id).unread == 0
    assert [(m.author, m.hospital, m.read) for m in ours.messages(made.id)] == [("A. Operator", US, True)] * 2
    assert len(ours.messages(made.id)[1].text) > 100_000


# -- queue


def test_a_place_in_the_queue_survives_a_retry(ours: Transactions, clock: Clock) -> None:
    made = ours.create(disc(queued=False))
    assert not made.queued
    later = clock.forward(minutes=5)
    ours.queue(made.id, not_before=later, attempts=2)
    kept = ours.by_id(made.id)
    assert (kept.queued, kept.not_before, kept.attempts) == (True, later, 2)
    ours.queue(made.id)
    kept = ours.by_id(made.id)
    assert (kept.not_before, kept.attempts) == (None, 2)
    ours.unqueue(made.id)
    assert not ours.by_id(made.id).queued
