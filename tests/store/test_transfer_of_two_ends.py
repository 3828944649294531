"""A transfer as both ends act on it, in any order: no forbidden status, no image lost, one truth, a sound ledger."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from iep_desktop.core.drafts import TransferPart
from iep_desktop.core.errors import IepError
from iep_desktop.core.model import Patient, Priority
from iep_desktop.core.states import legal_moves
from iep_desktop.core.transaction import (
    Failure,
    InstanceState,
    Status,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store.check import check
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.line import Line
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.store.worklists import Worklists
from tests.store.samples import CONFIRM, FORM, THEM, US, images, moved, transfer

SENDER, RECIPIENT = US, THEM
IMAGES = 3
BOTH = st.sampled_from([SENDER, RECIPIENT])
NAMES = ("MOUSE^Minnie", "LION^Leo", "NG^Ada")


class Transfer(RuleBasedStateMachine):
    """People and engines of both hospitals, who do whatever the store lets them do."""

    folder: ClassVar[Path]

    @initialize()
    def ask_and_answer(self) -> None:
        self.root = Path(tempfile.mkdtemp(dir=self.folder))
        ledger = shutil.copy(self.folder / "empty.sqlite", self.root / "ledger.sqlite")
        self.database = open_ledger(f"sqlite:///{ledger}")
        self.rows = {ods: Transactions(self.database, ods) for ods in (SENDER, RECIPIENT)}
        self.exchange = {ods: Exchange(self.database, ods) for ods in self.rows}
        self.lines = {ods: Line(self.database, ods) for ods in self.rows}
        asked = self.rows[RECIPIENT].create(
            transfer(RECIPIENT, SENDER, type=TransactionType.REQUEST, queued=False)
        )
        self.rows[SENDER].move(asked.id, Status.ACCEPTED, "", "x")
        self.request, part = asked.id, TransferPart(request_id=asked.id)
        draft = transfer(SENDER, RECIPIENT, instances=images(IMAGES), transfer=part, node="GATEWAY")
        self.id = self.rows[SENDER].create(draft).id

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.dispose()
            shutil.rmtree(self.root)

    def _try(self, act: Callable[[], object]) -> None:
        """What is refused changes nothing."""
        before = self._seen()
        try:
            act()
        except IepError:
            assert self._seen() == before

    def _seen(self) -> list[int]:
        return [rows.change_token() for rows in self.rows.values()]

    # -- engines

    @rule(who=BOTH, to=st.sampled_from([Status.STARTED, Status.UPLOADING, Status.DOWNLOADING]))
    def begin(self, who: str, to: Status) -> None:
        self._try(lambda: self.rows[who].move(self.id, to, "", "engine"))

    @rule(
        who=BOTH,
        state=st.sampled_from(InstanceState),
        which=st.sets(st.integers(0, IMAGES - 1), min_size=1),
    )
    def move_images(self, who: str, state: InstanceState, which: set[int]) -> None:
        chosen = [moved(images(IMAGES)[at].sop_instance_uid, state) for at in sorted(which)]
        self._try(lambda: self.rows[who].update_instances(self.id, chosen))

    @rule(who=BOTH)
    def bring_all(self, who: str) -> None:
        for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
            self.move_images(who, state, set(range(IMAGES)))

    @rule()
    def arrive(self) -> None:
        self._try(lambda: self.exchange[SENDER].arrived(self.id, "", "engine", required_there=[CONFIRM]))

    @rule()
    def deliver(self) -> None:
        self._try(lambda: self.exchange[RECIPIENT].delivered(self.id, "", "engine", []))

    @rule(who=BOTH)
    def fail(self, who: str) -> None:
        self._try(lambda: self.rows[who].fail(self.id, Failure("It failed")))

    @rule()
    def purge(self) -> None:
        self._try(lambda: self.exchange[RECIPIENT].purged(self.id, "", "engine"))

    # -- people

    @rule()
    def download(self) -> None:
        self._try(lambda: self.exchange[RECIPIENT].request_download(self.id, "PACS", "x"))

    @rule()
    def leave(self) -> None:
        self._try(lambda: self.exchange[RECIPIENT].leave_download(self.id, "x", [CONFIRM]))

    @rule(who=BOTH)
    def retry(self, who: str) -> None:
        self._try(lambda: self.rows[who].clear_failure(self.id, "x"))

    @rule(who=BOTH)
    def cancel(self, who: str) -> None:
        self._try(lambda: self.rows[who].cancel(self.id, "x"))

    @rule(who=BOTH)
    def decline(self, who: str) -> None:
        self._try(lambda: self.rows[who].move(self.id, Status.DECLINED, "", "x", expected=Status.ON_IEP))

    @rule(who=BOTH, name=st.sampled_from(NAMES))
    def correct(self, who: str, name: str) -> None:
        self._try(lambda: self.rows[who].set_form(self.id, replace(FORM, patient=Patient(name)), "x"))

    @rule(who=BOTH, priority=st.sampled_from(Priority))
    def hurry(self, who: str, priority: Priority) -> None:
        self._try(lambda: self.lines[who].set_priority(self.id, priority, "because", "x"))

    # -- always

    @invariant()
    def the_ledger_is_sound(self) -> None:
        assert check(self.database) == ()

    @invariant()
    def no_image_is_lost(self) -> None:
        for rows in self.rows.values():
            assert rows.by_id(self.id).counts.total == IMAGES

    @invariant()
    def both_are_told_the_same(self) -> None:
        for each in (self.id, self.request):
            one, other = (rows.by_id(each) for rows in self.rows.values())
            assert (one.status, one.counts, one.priority, one.failure) == (
                other.status,
                other.counts,
                other.priority,
                other.failure,
            )
            assert self.rows[SENDER].events(each) == self.rows[RECIPIENT].events(each)

    @invariant()
    def history_holds_legal_moves_only_and_nothing_twice(self) -> None:
        statuses = [e.status for e in self.rows[SENDER].events(self.id) if e.status]
        for before, after in itertools.pairwise(statuses):
            assert after is before or after in legal_moves(TransactionType.TRANSFER, before)

    @invariant()
    def what_is_over_waits_for_nobody(self) -> None:
        for rows in self.rows.values():
            seen = rows.by_id(self.id)
            if seen.status in (Status.CANCELLED, Status.PURGED):
                assert (seen.required, seen.queued) == ((), False)

    @invariant()
    def a_request_is_delivered_with_its_transfer_only(self) -> None:
        both = [self.rows[SENDER].status(each) for each in (self.id, self.request)]
        assert both[1] is (Status.DELIVERED if both[0] is Status.DELIVERED else Status.ACCEPTED)

    @invariant()
    def each_end_finds_it_by_its_own_form(self) -> None:
        for ods, rows in self.rows.items():
            family = rows.by_id(self.id).form.patient.name.partition("^")[0]
            page = Worklists(self.database, ods).page(WorklistFilter(search=family), WorklistOrder(), 0, 10)
            assert self.id in {row.id for row in page.rows}


def test_a_transfer_is_one_truth_whatever_its_ends_do(tmp_path: Path) -> None:
    open_ledger(f"sqlite:///{tmp_path / 'empty.sqlite'}").dispose()
    Transfer.folder = tmp_path
    run_state_machine_as_test(
        Transfer,
        settings=settings(max_examples=6, stateful_step_count=15, deadline=None, phases=[Phase.generate]),
    )
