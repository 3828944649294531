"""R-TX-4: nothing gets from one status to another past the table."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from iep_desktop.core.errors import Refused
from iep_desktop.core.states import (
    FINAL,
    INSTANCE_MOVES,
    MOVES,
    check_instance_move,
    check_move,
    derive_import_status,
    legal_moves,
    tab_of,
)
from iep_desktop.core.transaction import (
    InstanceCounts,
    InstanceState,
    Requirement,
    Status,
    Tab,
    TransactionType,
)

WORD = Requirement("call", "No call is logged")


def _reachable(kind: TransactionType, start: Status) -> set[Status]:
    found, waiting = {start}, [start]
    while waiting:
        new = legal_moves(kind, waiting.pop()) - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize(("kind", "before", "after"), [*product(TransactionType, Status, Status)])
def test_a_move_is_refused_exactly_where_the_table_does_not_know_it(
    kind: TransactionType, before: Status, after: Status
) -> None:
    if after is before or after in MOVES[kind].get(before, ()):
        check_move(kind, before, after)
    else:
        with pytest.raises(Refused) as caught:
            check_move(kind, before, after)
        assert caught.value.rule == "R-TX-4"
        assert before.value in caught.value.title
        assert after.value in caught.value.title


@pytest.mark.parametrize(("before", "after"), [*product(InstanceState, InstanceState)])
def test_an_instance_moves_only_as_its_table_knows(before: InstanceState, after: InstanceState) -> None:
    if after is before or after in INSTANCE_MOVES[before]:
        check_instance_move(before, after)
    else:
        with pytest.raises(Refused):
            check_instance_move(before, after)


@pytest.mark.parametrize("kind", TransactionType)
def test_nothing_leaves_a_final_status(kind: TransactionType) -> None:
    assert all(not legal_moves(kind, status) for status in FINAL)


@pytest.mark.parametrize("kind", TransactionType)
def test_whatever_happens_a_transaction_can_still_come_to_rest(kind: TransactionType) -> None:
    for status in _reachable(kind, Status.NEW):
        assert _reachable(kind, status) & FINAL, f"{status} is a dead end"


@pytest.mark.parametrize("kind", TransactionType)
def test_every_status_of_the_table_can_be_reached_from_new(kind: TransactionType) -> None:
    assert set(MOVES[kind]) <= _reachable(kind, Status.NEW)


@pytest.mark.parametrize("kind", TransactionType)
def test_what_failed_can_be_tried_again_or_given_up(kind: TransactionType) -> None:
    assert Status.CANCELLED in legal_moves(kind, Status.FAILED)
    assert legal_moves(kind, Status.FAILED) - {Status.CANCELLED, Status.PURGED}


def test_an_import_is_never_on_iep_and_never_purged() -> None:
    reachable = _reachable(TransactionType.CD_IMPORT, Status.NEW)
    assert not reachable & {Status.ON_IEP, Status.PURGED, Status.DOWNLOADING, Status.ACCEPTED}


def test_a_verified_instance_stays_verified() -> None:
    assert not INSTANCE_MOVES[InstanceState.VERIFIED]


def test_no_instance_is_verified_that_was_not_sent() -> None:
    before = {state for state, moves in INSTANCE_MOVES.items() if InstanceState.VERIFIED in moves}
    assert before == {InstanceState.SENT}


def test_no_instance_is_sent_that_is_not_in_the_spool() -> None:
    before = {state for state, moves in INSTANCE_MOVES.items() if InstanceState.SENT in moves}
    assert before == {InstanceState.SPOOLED}


class AnImport(RuleBasedStateMachine):
    """Instances go any legal way, people act at any moment: the status derived is always a legal next one."""

    @initialize(images=st.integers(1, 4))
    def begin(self, images: int) -> None:
        self.instances = [InstanceState.LISTED] * images
        self.started = self.failed = self.cancelled = False
        self.status = Status.NEW

    def counts(self) -> InstanceCounts:
        return InstanceCounts(**{state.value: n for state, n in Counter(self.instances).items()})

    def _derive(self) -> None:
        after = derive_import_status(
            self.counts(), started=self.started, failed=self.failed, cancelled=self.cancelled
        )
        check_move(TransactionType.CD_IMPORT, self.status, after)
        self.status = after

    @precondition(lambda self: self.status not in FINAL)
    @rule(which=st.integers(0, 3), to=st.sampled_from(InstanceState))
    def move_an_instance(self, which: int, to: InstanceState) -> None:
        index = which % len(self.instances)
        if to in INSTANCE_MOVES[self.instances[index]]:
            self.instances[index], self.started = to, True
            self._derive()

    @precondition(lambda self: self.status not in FINAL)
    @rule()
    def start(self) -> None:
        self.started = True
        self._derive()

    @precondition(lambda self: self.status not in FINAL)
    @rule(failed=st.booleans())
    def fail_or_retry(self, failed: bool) -> None:
        self.failed, self.started = failed, True
        self._derive()

    @precondition(lambda self: self.status not in FINAL)
    @rule()
    def cancel(self) -> None:
        self.cancelled = True
        self._derive()

    @precondition(lambda self: self.status in FINAL)
    @rule(other=st.sampled_from(Status))
    def stay_at_rest(self, other: Status) -> None:
        if other is not self.status:
            with pytest.raises(Refused):
                check_move(TransactionType.CD_IMPORT, self.status, other)

    @invariant()
    def partial_is_never_delivered(self) -> None:
        if getattr(self, "status", None) is Status.DELIVERED:
            wanted = [s for s in self.instances if s is not InstanceState.SKIPPED]
            assert wanted
            assert set(wanted) == {InstanceState.VERIFIED}


TestAnImport = AnImport.TestCase
TestAnImport.settings = settings(max_examples=150, stateful_step_count=25)


def test_nothing_to_bring_is_not_delivered() -> None:
    counts = InstanceCounts(skipped=3)
    assert derive_import_status(counts, started=True, failed=False, cancelled=False) is Status.STARTED


def test_cancelled_wins_over_failed() -> None:
    counts = InstanceCounts(failed=1)
    assert derive_import_status(counts, started=True, failed=True, cancelled=True) is Status.CANCELLED


def test_what_is_skipped_is_in_the_total_and_not_wanted() -> None:
    counts = InstanceCounts(listed=1, spooled=2, sent=3, verified=4, failed=5, skipped=6)
    assert (counts.wanted, counts.total, counts.arrived) == (15, 21, 7)


@pytest.mark.parametrize(
    ("status", "required", "tab"),
    [
        (Status.NEW, (), Tab.IN_PROGRESS),
        (Status.UPLOADING, (), Tab.IN_PROGRESS),
        (Status.ON_IEP, (), Tab.IN_PROGRESS),
        (Status.UPLOADING, (WORD,), Tab.ACTION_REQUIRED),
        (Status.DELIVERED, (), Tab.ALL),
        (Status.DELIVERED, (WORD,), Tab.ACTION_REQUIRED),
        (Status.DECLINED, (WORD,), Tab.ACTION_REQUIRED),
        (Status.DECLINED, (), Tab.ALL),
        (Status.ACCEPTED, (), Tab.ACCEPTED),
        (Status.FAILED, (), Tab.FAILED),
        (Status.FAILED, (WORD,), Tab.FAILED),
        (Status.CANCELLED, (WORD,), Tab.ALL),
        (Status.PURGED, (WORD,), Tab.ALL),
    ],
)
def test_a_transaction_waits_in_the_tab_of_who_must_act(
    status: Status, required: tuple[Requirement, ...], tab: Tab
) -> None:
    assert tab_of(status, required) is tab
