"""Which acts are offered when: never one that the table of moves, or the service behind it, would refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.model import Priority
from iep_desktop.core.states import FINAL, legal_moves
from iep_desktop.core.transaction import Direction, InstanceCounts, Status, Transaction, TransactionType
from iep_desktop.ui.acts import Act
from iep_desktop.ui.possible import possible
from tests.ui.exchange_rows import ANSWER, NO_CLASS, REWORK, SEND, due, request, transfer
from tests.ui.fake_desk import NOW

IN, OUT = Direction.IN, Direction.OUT
ALWAYS = {Act.DETAILS, Act.MESSAGE, Act.VIEW, Act.ASSIGN, Act.PRINT_FORM, Act.RAISE, Act.LOWER}


def offered(transaction: Transaction) -> set[Act]:
    return set(possible(transaction, "A. Operator")) - ALWAYS


@pytest.mark.parametrize(
    ("row", "acts"),
    [
        (request(1, IN, status=Status.NEW, required=(ANSWER,)), {Act.ACCEPT, Act.DECLINE, Act.ASK_DETAILS}),
        (request(1, IN, required=(ANSWER,)), {Act.ACCEPT, Act.DECLINE, Act.ASK_DETAILS}),
        (request(1, IN, required=(due("details", "Waiting for details", NOW),)), {Act.ACCEPT, Act.DECLINE}),
        (request(1, IN, status=Status.ACCEPTED, required=(SEND,)), {Act.SEND, Act.DECLINE}),
        (request(1, IN, status=Status.ACCEPTED, answers=("2026-000002",)), set()),
        (request(1, IN, status=Status.DECLINED), set()),
        (request(1, OUT, status=Status.NEW), {Act.CANCEL}),
        (request(1, OUT, status=Status.DECLINED, required=(REWORK,)), {Act.REWORK, Act.CANCEL}),
        (request(1, OUT, required=(due("details", "Complete", NOW),)), {Act.COMPLETE, Act.CANCEL}),
        (transfer(1, OUT, status=Status.NEW), {Act.CANCEL}),
        (transfer(1, OUT, status=Status.UPLOADING), {Act.CANCEL}),
        (transfer(1, OUT, status=Status.ON_IEP, on_iep_at=NOW), set()),
        (transfer(1, IN, status=Status.UPLOADING), set()),
        (transfer(1, IN, status=Status.ON_IEP, on_iep_at=NOW), {Act.DOWNLOAD, Act.OWN_FORM, Act.DECLINE}),
        (transfer(1, IN, status=Status.DOWNLOADING, on_iep_at=NOW), {Act.STOP, Act.OWN_FORM}),
        (transfer(1, IN, status=Status.DELIVERED, on_iep_at=NOW), set()),
        (transfer(1, IN, status=Status.PURGED, on_iep_at=NOW), set()),
    ],
)  # fmt: skip
def test_what_each_end_can_do_at_each_step(row: Transaction, acts: set[Act]) -> None:
    assert offered(row) == acts


def test_a_failed_transfer_is_mended_by_the_end_whose_leg_it_is() -> None:
    failed = transfer(
        1, OUT, status=Status.FAILED, failure=NO_CLASS, counts=InstanceCounts(verified=77, failed=3)
    )
    mending = {Act.RETRY, Act.RETRY_FAILED, Act.REDUCE, Act.OTHER_NODE, Act.TO_STICK}
    assert mending <= offered(failed)
    assert not mending & offered(replace(failed, on_iep_at=NOW))
    theirs = replace(failed, direction=IN, sender="RX1", recipient="RWE")
    assert not mending & offered(theirs)
    assert {Act.RETRY, Act.TO_STICK} <= offered(replace(theirs, on_iep_at=NOW))
    assert Act.OTHER_NODE not in offered(replace(theirs, on_iep_at=NOW))


def test_nothing_is_left_out_where_nothing_would_remain() -> None:
    failed = transfer(1, OUT, status=Status.FAILED, failure=NO_CLASS, counts=InstanceCounts(failed=3))
    assert Act.REDUCE not in offered(failed)


ROWS = st.builds(
    lambda kind, direction, status, there, answered: replace(
        (request if kind is TransactionType.REQUEST else transfer)(1, direction),
        type=kind,
        status=status,
        on_iep_at=NOW if there else None,
        answers=("2026-000002",) if answered else (),
    ),
    st.sampled_from([TransactionType.REQUEST, TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING]),
    st.sampled_from(Direction),
    st.sampled_from(Status),
    st.booleans(),
    st.booleans(),
)
_LEADS_TO = {
    Act.ACCEPT: Status.ACCEPTED,
    Act.DECLINE: Status.DECLINED,
    Act.DOWNLOAD: Status.DOWNLOAD_REQUEST,
    Act.STOP: Status.ON_IEP,
    Act.CANCEL: Status.CANCELLED,
}


@given(ROWS)
def test_no_act_is_offered_that_the_table_of_moves_refuses(row: Transaction) -> None:
    moves = legal_moves(row.type, row.status)
    for act in possible(row, "A. Operator"):
        assert act not in _LEADS_TO or _LEADS_TO[act] in moves, (act, row.type, row.status)


@given(ROWS)
def test_what_is_at_rest_offers_nothing_that_would_move_it(row: Transaction) -> None:
    if row.status in FINAL:
        assert offered(row) <= {Act.PRINT_FORM}
        assert not {Act.ASSIGN, Act.RAISE, Act.LOWER} & set(possible(row, "A. Operator"))


@given(ROWS)
def test_no_act_is_offered_twice_and_raising_excludes_lowering(row: Transaction) -> None:
    acts = possible(row, "A. Operator")
    assert len(acts) == len(set(acts))
    assert not {Act.RAISE, Act.LOWER} <= set(acts)
    hurried = replace(row, priority=Priority.BLUE_LIGHT)
    assert Act.RAISE not in possible(hurried, "A. Operator")
