"""Instances: legal moves only, counted with every one, fast enough to be off a transfer's way."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.evidence import Evidence
from iep_desktop.core.states import INSTANCE_MOVES
from iep_desktop.core.transaction import InstanceCounts, InstanceState
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.transactions import Transactions
from tests.store.samples import disc, images, moved

LISTED, SPOOLED, SENT = InstanceState.LISTED, InstanceState.SPOOLED, InstanceState.SENT


def _uid(no: int) -> str:
    return images(no + 1)[no].sop_instance_uid


def test_an_instance_moves_with_what_is_known_of_it(ours: Transactions) -> None:
    made = ours.create(disc(2))
    change = InstanceChange(_uid(0), SPOOLED, sha256="ab" * 32, spool_name="1/a.dcm", size=9)
    assert ours.update_instances(made.id, [change]) == InstanceCounts(listed=1, spooled=1)
    moved, other = ours.instances(made.id)
    expected = replace(images(2)[0], state=SPOOLED, sha256="ab" * 32, spool_name="1/a.dcm", size=9)
    assert (moved, other) == (expected, images(2)[1])


def test_a_reason_goes_when_the_instance_is_tried_again_and_the_rest_stays(ours: Transactions) -> None:
    made = ours.create(disc(1))
    ours.update_instances(made.id, [InstanceChange(_uid(0), SPOOLED, sha256="ab", spool_name="a")])
    failed = InstanceChange(_uid(0), InstanceState.FAILED, dicom_status=0xC000, reason="Cannot understand")
    ours.update_instances(made.id, [failed])
    (seen,) = ours.instances(made.id)
    assert (seen.state, seen.dicom_status, seen.reason) == (InstanceState.FAILED, 0xC000, "Cannot understand")
    ours.update_instances(made.id, [InstanceChange(_uid(0), SPOOLED)])
    (seen,) = ours.instances(made.id)
    assert (seen.reason, seen.sha256, seen.spool_name) == ("", "ab", "a")


def test_an_illegal_move_in_a_batch_leaves_the_whole_batch(ours: Transactions) -> None:
    made = ours.create(disc(2))
    changes = [InstanceChange(_uid(0), SPOOLED), InstanceChange(_uid(1), SENT)]
    with pytest.raises(Refused):
        ours.update_instances(made.id, changes)
    assert ours.counts(made.id) == InstanceCounts(listed=2)
    assert {i.state for i in ours.instances(made.id)} == {LISTED}


def test_an_unknown_image_in_a_batch_leaves_the_whole_batch(ours: Transactions) -> None:
    made = ours.create(disc(1))
    changes = [InstanceChange(_uid(0), SPOOLED), InstanceChange("1.2.3", SPOOLED)]
    with pytest.raises(InvalidInput):
        ours.update_instances(made.id, changes)
    assert ours.counts(made.id) == InstanceCounts(listed=1)


def test_no_change_is_no_change(ours: Transactions) -> None:
    made = ours.create(disc(1))
    token = ours.change_token()
    assert ours.update_instances(made.id, []) == InstanceCounts(listed=1)
    assert ours.change_token() == token


def test_several_moves_of_one_instance_in_a_batch_are_taken_in_order(ours: Transactions) -> None:
    made = ours.create(disc(1))
    steps = [moved(_uid(0), state) for state in (SPOOLED, SENT, InstanceState.VERIFIED)]
    assert ours.update_instances(made.id, steps) == InstanceCounts(verified=1)
    assert ours.instances(made.id)[0].state is InstanceState.VERIFIED


def test_instances_can_be_asked_for_by_state(ours: Transactions) -> None:
    made = ours.create(disc(5))
    ours.update_instances(made.id, [InstanceChange(_uid(no), SPOOLED) for no in (1, 3)])
    spooled = ours.instances(made.id, frozenset({SPOOLED}))
    assert [i.sop_instance_uid for i in spooled] == [_uid(1), _uid(3)]
    assert len(ours.instances(made.id, frozenset({SPOOLED, LISTED}))) == 5
    assert ours.instances(made.id, frozenset()) == ()


def test_progress_is_told_by_series_in_the_order_of_the_disc(ours: Transactions) -> None:
    made = ours.create(disc(5))
    ours.update_instances(made.id, [InstanceChange(_uid(no), SPOOLED) for no in (0, 2, 3)])
    first, second = ours.series_progress(made.id)
    assert (first.series_uid, first.modality, first.description) == ("1.2.826.1.0", "CT", "Series 0")
    assert first.counts == InstanceCounts(listed=1, spooled=2)
    assert second.counts == InstanceCounts(listed=1, spooled=1)


def test_a_transaction_without_instances_has_no_progress(ours: Transactions) -> None:
    made = ours.create(disc(0))
    assert ours.series_progress(made.id) == ()
    assert ours.counts(made.id) == InstanceCounts()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(InstanceState)), max_size=3), max_size=8)
)
def test_no_sequence_of_batches_leaves_the_table_of_legal_moves(
    ours: Transactions, batches: list[list[tuple[int, InstanceState]]]
) -> None:
    made = ours.create(disc(3))
    states = dict.fromkeys(range(3), LISTED)
    for batch in batches:
        wanted, legal = dict(states), True
        for no, state in batch:
            legal &= state is wanted[no] or state in INSTANCE_MOVES[wanted[no]]
            wanted[no] = state
        try:
            ours.update_instances(made.id, [moved(_uid(no), state) for no, state in batch])
        except Refused:
            assert not legal
        else:
            assert legal
            states = wanted
    assert [i.state for i in ours.instances(made.id)] == list(states.values())
    counted = Counter(state.value for state in states.values())
    assert ours.counts(made.id) == InstanceCounts(**counted)


def test_more_images_than_go_into_one_statement_come_back_whole_and_in_order(ours: Transactions) -> None:
    listed = images(1203, series=3)
    assert ours.instances(ours.create(disc(instances=listed)).id) == listed


def test_what_the_images_of_a_series_have_in_common_is_kept_once(ours: Transactions) -> None:
    """A hundred thousand of them would take 50 MB more."""
    first, *_, last = ours.instances(ours.create(disc(instances=images(600, series=1))).id)
    for name in (
        "sop_class_uid",
        "transfer_syntax_uid",
        "study_uid",
        "series_uid",
        "modality",
        "series_description",
    ):
        assert getattr(first, name) is getattr(last, name), name


def test_ten_thousand_instances_a_second_are_moved_in_batches_of_a_hundred(ours: Transactions) -> None:
    number = 5_000
    made = ours.create(disc(number))
    changes = [InstanceChange(f"1.2.826.1.9.{no}", SPOOLED, sha256="ab" * 32) for no in range(number)]
    begun = time.process_time()  # of this process: other programs may be busy meanwhile
    for start in range(0, number, 100):
        ours.update_instances(made.id, changes[start : start + 100])
    assert number / (time.process_time() - begun) > 10_000
    assert ours.counts(made.id).spooled == number


def test_more_images_than_a_question_holds_are_moved_at_once(ours: Transactions) -> None:
    made = ours.create(disc(1_201))
    changes = [InstanceChange(f"1.2.826.1.9.{no}", SPOOLED) for no in range(1_201)]
    assert ours.update_instances(made.id, changes).spooled == 1_201


def test_no_image_counts_as_verified_without_evidence(ours: Transactions) -> None:
    made = ours.create(disc(1))
    steps = [moved(_uid(0), SPOOLED), moved(_uid(0), SENT), InstanceChange(_uid(0), InstanceState.VERIFIED)]
    with pytest.raises(Refused, match="No evidence"):
        ours.update_instances(made.id, steps)
    assert ours.counts(made.id) == InstanceCounts(listed=1)
    with pytest.raises(Refused, match="No evidence"):
        ours.create(disc(1, instances=(replace(images(1)[0], state=InstanceState.VERIFIED),)))


def test_the_kind_of_evidence_is_kept_with_the_image(ours: Transactions) -> None:
    made = ours.create(disc(1))
    ours.update_instances(made.id, [moved(_uid(0), to) for to in (SPOOLED, SENT, InstanceState.VERIFIED)])
    assert ours.instances(made.id)[0].evidence is Evidence.INSTANCE
