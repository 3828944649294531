"""Storage commitment in the ledger: only the first report counts, a late one lifts what was asked of a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from iep_desktop.core.errors import Refused
from iep_desktop.core.evidence import CommitmentReport, CommitmentState, Evidence, Reference
from iep_desktop.core.soundness import Trouble
from iep_desktop.core.states import COMMITMENT, tab_of
from iep_desktop.core.transaction import InstanceState, Requirement, Status, Tab
from iep_desktop.store.check import check
from iep_desktop.store.commitments import Commitments
from iep_desktop.store.database import Database
from iep_desktop.store.tables import EndRow
from iep_desktop.store.transactions import Transactions
from tests.store.conftest import Clock
from tests.store.samples import THEM, US, disc, images, moved

WAIT = timedelta(seconds=60)
UIDS = tuple(i.sop_instance_uid for i in images(3))
CT = images(1)[0].sop_class_uid
ALL = frozenset(Reference(CT, uid) for uid in UIDS)


@pytest.fixture
def commitments(database: Database) -> Commitments:
    return Commitments(database, US)


@pytest.fixture
def sent(ours: Transactions) -> int:
    """A transaction whose three images PACS has taken."""
    id_ = ours.create(disc(3, queued=False)).id
    ours.move(id_, Status.STARTED, "", "engine")
    for state in (InstanceState.SPOOLED, InstanceState.SENT):
        ours.update_instances(id_, [moved(uid, state) for uid in UIDS])
    return id_


def deliver(ours: Transactions, id: int) -> None:
    """By what PACS shows."""
    ours.update_instances(id, [moved(uid, InstanceState.VERIFIED) for uid in UIDS])
    ours.move(id, Status.DELIVERED, "", "engine", required=())


def late(commitments: Commitments, ours: Transactions, id: int) -> None:
    commitments.ask(id, "PACS", "1.1", UIDS, WAIT)
    commitments.give_up(["1.1"], CommitmentState.LATE)
    deliver(ours, id)
    commitments.settle(id, ["1.1"])


def required(ours: Transactions, id: int) -> list[Requirement]:
    return [one for one in ours.by_id(id).required if one.code == COMMITMENT]


def test_a_report_says_of_each_image_whether_it_is_kept(commitments: Commitments, sent: int) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    assert commitments.waiting(["1.1"]) == 1
    assert commitments.take(CommitmentReport("1.1", ALL, {UIDS[1]: 0x0112}))
    assert commitments.waiting(["1.1"]) == 0
    said = commitments.said(["1.1"])
    assert (said.committed, said.failed) == ({UIDS[0], UIDS[2]}, {UIDS[1]: 0x0112})


def test_an_image_left_out_or_named_as_another_kind_is_not_kept(commitments: Commitments, sent: int) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    named = frozenset({Reference(CT, UIDS[0]), Reference("1.2.3", UIDS[1]), Reference(CT, "9.9.9")})
    commitments.take(CommitmentReport("1.1", named, {}))
    said = commitments.said(["1.1"])
    assert (said.committed, said.unsaid) == ({UIDS[0]}, {UIDS[1], UIDS[2]})


def test_only_the_first_report_counts(commitments: Commitments, sent: int) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    assert commitments.take(CommitmentReport("1.1", ALL, {}))
    assert commitments.take(CommitmentReport("1.1", frozenset(), dict.fromkeys(UIDS, 0x0110)))
    assert commitments.said(["1.1"]).committed == set(UIDS)


def test_a_report_that_nobody_of_ours_asked_for_is_not_taken(
    commitments: Commitments, database: Database, sent: int
) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    assert not commitments.take(CommitmentReport("1.2", ALL, {}))
    assert not Commitments(database, THEM).take(CommitmentReport("1.1", ALL, {}))


def test_what_is_late_is_a_persons_matter_until_the_report_comes(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    late(commitments, ours, sent)
    (asked,) = required(ours, sent)
    assert (asked.title, asked.blocking) == ("3 images without commitment", False)
    assert [one.sop_instance_uid for one in commitments.uncommitted(sent)] == list(UIDS)
    assert commitments.evidence(sent) == ((Evidence.INSTANCE, 3),)

    commitments.take(CommitmentReport("1.1", ALL, {}))
    assert required(ours, sent) == []
    assert commitments.uncommitted(sent) == ()
    assert commitments.evidence(sent) == ((Evidence.COMMITMENT, 3),)
    assert commitments.of(sent)[0].state is CommitmentState.SETTLED


def test_a_late_report_leaves_what_it_does_not_keep_to_the_person(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    late(commitments, ours, sent)
    commitments.take(CommitmentReport("1.1", ALL, {UIDS[2]: 0x0119}))
    (lacking,) = commitments.uncommitted(sent)
    assert (lacking.sop_instance_uid, "0119" in lacking.reason) == (UIDS[2], True)
    assert required(ours, sent)[0].title == "1 image without commitment"


def test_no_other_change_of_the_transaction_loses_what_a_person_must_look_at(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    late(commitments, ours, sent)
    ours.require(sent, ())
    assert len(required(ours, sent)) == 1
    ours.assign(sent, "A. Operator")
    assert len(required(ours, sent)) == 1


def test_while_the_engine_tries_again_nothing_is_asked_of_a_person(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    commitments.take(CommitmentReport("1.1", ALL, {UIDS[0]: 0x0213}))
    ours.queue(sent)
    assert commitments.settle(sent, ["1.1"]) == 1
    assert required(ours, sent) == []
    ours.unqueue(sent)
    (asked,) = required(ours, sent)
    assert asked.blocking
    assert ours.by_id(sent).status is Status.STARTED


def test_taken_up_again_nothing_follows_from_what_was_said_before(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    commitments.take(CommitmentReport("1.1", frozenset(), dict.fromkeys(UIDS, 0x0112)))
    commitments.settle(sent, ["1.1"])
    assert len(commitments.uncommitted(sent)) == 3
    ours.clear_failure(sent)
    assert (commitments.uncommitted(sent), required(ours, sent)) == ((), [])


def test_what_one_request_did_not_bring_the_next_may(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    commitments.take(CommitmentReport("1.1", ALL, {UIDS[0]: 0x0213}))
    commitments.settle(sent, ["1.1"])
    commitments.ask(sent, "PACS", "1.2", UIDS[:1], WAIT)
    commitments.take(CommitmentReport("1.2", ALL, {}))
    assert commitments.settle(sent, ["1.2"]) == 0


def test_a_person_accepts_once_what_has_arrived_by_other_evidence(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    late(commitments, ours, sent)
    commitments.accept(sent, "accepted", "A. Operator")
    transaction = ours.by_id(sent)
    assert (transaction.required, transaction.status) == ((), Status.DELIVERED)
    with pytest.raises(Refused):
        commitments.accept(sent, "accepted", "A. Operator")


def test_what_has_not_arrived_cannot_be_accepted(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    commitments.take(CommitmentReport("1.1", ALL, {UIDS[0]: 0x0112}))
    commitments.settle(sent, ["1.1"])
    with pytest.raises(Refused):
        commitments.accept(sent, "accepted", "A. Operator")


def test_a_node_is_silent_when_its_last_three_requests_stayed_so_lately(
    commitments: Commitments, sent: int, clock: Clock
) -> None:
    for no in range(3):
        assert not commitments.silent("PACS", timedelta(hours=1))
        commitments.ask(sent, "PACS", f"1.{no}", UIDS, WAIT)
        commitments.give_up([f"1.{no}"], CommitmentState.LATE)
    assert commitments.silent("PACS", timedelta(hours=1))
    assert not commitments.silent("GATEWAY", timedelta(hours=1))
    clock.forward(hours=2)
    assert not commitments.silent("PACS", timedelta(hours=1))
    clock.forward(hours=-2)
    commitments.take(CommitmentReport("1.2", ALL, {}))
    assert not commitments.silent("PACS", timedelta(hours=1))


def test_a_cancelled_transaction_asks_nothing_of_anybody(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    commitments.ask(sent, "PACS", "1.1", UIDS, WAIT)
    ours.cancel(sent, "A. Operator")
    commitments.give_up(["1.1"], CommitmentState.LATE)
    commitments.take(CommitmentReport("1.1", frozenset(), dict.fromkeys(UIDS, 0x0110)))
    transaction = ours.by_id(sent)
    assert (transaction.status, transaction.required) == (Status.CANCELLED, ())


def test_what_a_person_must_look_at_stands_in_action_required(
    commitments: Commitments, ours: Transactions, sent: int
) -> None:
    late(commitments, ours, sent)
    transaction = ours.by_id(sent)
    assert tab_of(transaction.status, transaction.required) is Tab.ACTION_REQUIRED


def test_the_ledgers_check_counts_what_a_person_must_look_at(
    commitments: Commitments, ours: Transactions, sent: int, database: Database
) -> None:
    late(commitments, ours, sent)
    assert check(database) == ()
    with database.write() as session:
        session.execute(update(EndRow).values(uncommitted=2))
    (problem,) = check(database)
    assert problem.trouble is Trouble.COUNTS
