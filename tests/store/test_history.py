"""The history: earlier transactions of a patient, of a disc, and what changed since one looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from iep_desktop.core.model import Exam, Patient
from iep_desktop.core.transaction import InstanceState, Medium
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.transactions import Transactions
from tests.store.conftest import Clock
from tests.store.samples import CT_HEAD, FORM, MOUSE, THEM, US, disc, images, transfer

DISC = Medium("/media/disc", "LABEL", "print", 1, 2)


def test_an_earlier_transaction_of_the_same_patient_and_exam_is_found(
    ours: Transactions, clock: Clock
) -> None:
    made = ours.create(disc())
    asked = (Exam(CT_HEAD.date, "CT"),)
    (found,) = ours.earlier(MOUSE, asked)
    assert (found.number, found.exam, found.when, found.status) == (
        made.number,
        "CT Head, 02/11/2026",
        "24/11/2026",
        "New",
    )


@pytest.mark.parametrize(
    "patient",
    [
        Patient(nhs_no="999 000 0018"),
        Patient(hospital_no="RWES999111"),
        Patient(hospital_no="s999111", nhs_no="9990000026"),
    ],
)
def test_either_number_in_any_way_of_writing_finds_the_history(ours: Transactions, patient: Patient) -> None:
    ours.create(disc())
    assert len(ours.earlier(patient, FORM.exams)) == 1


@pytest.mark.parametrize(
    ("patient", "exam"),
    [
        (MOUSE, Exam(date(2026, 11, 3), "CT")),
        (MOUSE, Exam(CT_HEAD.date, "MR")),
        (MOUSE, Exam(None, "CT")),
        (Patient("MOUSE^Minnie", hospital_no="S999112"), CT_HEAD),
        (Patient("MOUSE^Minnie"), CT_HEAD),
    ],
)
def test_another_exam_or_patient_is_no_history(ours: Transactions, patient: Patient, exam: Exam) -> None:
    ours.create(disc())
    assert ours.earlier(patient, (exam,)) == ()


def test_one_of_several_modalities_is_enough(ours: Transactions) -> None:
    ours.create(disc(exams=(replace(CT_HEAD, modality="PT, CT"),)))
    assert ours.earlier(MOUSE, (CT_HEAD,))


def test_what_was_cancelled_is_no_history(ours: Transactions) -> None:
    made = ours.create(disc(medium=DISC))
    ours.cancel(made.id, "A. Operator")
    assert ours.earlier(MOUSE, FORM.exams) == ()
    assert ours.imports_of("print", ["1.2.826.1"]) == ()


def test_the_same_disc_and_the_same_study_are_recognised(ours: Transactions, clock: Clock) -> None:
    made = ours.create(disc(4, medium=DISC))
    found = ours.imports_of("print", ["1.2.826.1", "1.2.999"])
    assert [(e.number, e.when, e.disc_no, e.study_uid) for e in found] == [
        (made.number, clock.time, 1, ""),
        (made.number, clock.time, 1, "1.2.826.1"),
    ]
    assert ours.imports_of("other", ["1.2.999"]) == ()


def test_a_disc_without_fingerprint_is_like_no_other(ours: Transactions) -> None:
    ours.create(disc(medium=Medium("/media/disc")))
    assert ours.imports_of("", []) == ()


def test_a_change_of_ours_is_noticed_and_named(
    ours: Transactions, theirs: Transactions, clock: Clock
) -> None:
    first, second = ours.create(disc()), ours.create(transfer())
    token = ours.change_token()
    assert ours.changes_since(token).ids == ()
    theirs.add_message(second.id, "B. Reader", "Thank you")
    changes = ours.changes_since(token)
    assert changes.ids == (second.id,)
    assert changes.token == ours.change_token() != token
    assert set(ours.changes_since(0).ids) == {first.id, second.id}


def test_others_transactions_are_no_change_of_ours(ours: Transactions, theirs: Transactions) -> None:
    token = ours.change_token()
    theirs.create(disc(sender=US, recipient=THEM))
    assert ours.change_token() == token


def test_instances_of_the_same_uid_live_in_several_transactions(ours: Transactions) -> None:
    first, second = ours.create(disc(1)), ours.create(disc(1))
    uid = images(1)[0].sop_instance_uid
    ours.update_instances(first.id, [InstanceChange(uid, InstanceState.SPOOLED)])
    states = [ours.instances(made.id) for made in (first, second)]
    assert [found[0].state for found in states] == [InstanceState.SPOOLED, InstanceState.LISTED]
