"""R-TX-4 over two ends: no sequence of acts reaches a forbidden status, or shows the ends different truths at rest."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from iep_desktop.core.errors import IepError
from iep_desktop.core.me import Me
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.states import legal_moves, tab_of
from iep_desktop.core.transaction import Status, Tab, TransactionType, WorklistFilter, WorklistOrder
from iep_desktop.store.directory import Directory
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.store.worklists import Worklists
from iep_desktop.workers.replies import Replies
from iep_desktop.workers.requests import Requests
from tests.core.samples import FORM

ASKS, ASKED = "RWE", "RX1"
BOTH = st.sampled_from([ASKS, ASKED])


class TwoEnds(RuleBasedStateMachine):
    """Two hospitals over one ledger, whose people do whatever comes to their minds."""

    folder: ClassVar[Path]

    @initialize()
    def ask(self) -> None:
        self.root = Path(tempfile.mkdtemp(dir=self.folder))
        ledger = shutil.copy(self.folder / "empty.sqlite", self.root / "ledger.sqlite")
        self.database = open_ledger(f"sqlite:///{ledger}")
        self.rows = {ods: Transactions(self.database, ods) for ods in (ASKS, ASKED)}
        people = {ods: Me(f"of {ods}", ods, "ws") for ods in self.rows}
        directory = Directory(self.database)
        self.requests = {ods: Requests(people[ods], self.rows[ods], directory) for ods in self.rows}
        self.replies = {ods: Replies(people[ods], self.rows[ods]) for ods in self.rows}
        self.id = self.requests[ASKS].create(ASKED, FORM).id
        self.said = {ASKS: 0, ASKED: 0}  # unread there

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.dispose()
            shutil.rmtree(self.root)

    def _try(self, act: Callable[[], None]) -> bool:
        """What is refused changes nothing."""
        before = [rows.by_id(self.id) for rows in self.rows.values()]
        try:
            act()
        except IepError:
            assert [rows.by_id(self.id) for rows in self.rows.values()] == before
            return False
        return True

    @rule(who=BOTH)
    def look(self, who: str) -> None:
        if self._try(lambda: self.replies[who].look(self.id)):
            self.said[who] = 0

    @rule(who=BOTH, text=st.text(max_size=5))
    def write(self, who: str, text: str) -> None:
        if self._try(lambda: self.replies[who].message(self.id, text)):
            self.said[ASKED if who == ASKS else ASKS] += 1

    @rule(who=BOTH, reason=st.sampled_from(DeclineReason))
    def decline(self, who: str, reason: DeclineReason) -> None:
        done = self._try(lambda: self.replies[who].decline(self.id, Decline(reason, "Because")))
        assert not done or who == ASKED

    @rule(who=BOTH)
    def send_again(self, who: str) -> None:
        done = self._try(lambda: self.requests[who].send_again(self.id))
        assert not done or who == ASKS

    @rule(who=BOTH)
    def withdraw(self, who: str) -> None:
        done = self._try(lambda: self.requests[who].cancel(self.id))
        assert not done or who == ASKS

    @invariant()
    def both_are_told_the_same(self) -> None:
        asks, asked = (rows.by_id(self.id) for rows in self.rows.values())
        assert (asks.status, asks.form, asks.exams, asks.priority) == (
            asked.status,
            asked.form,
            asked.exams,
            asked.priority,
        )
        assert self.rows[ASKS].events(self.id) == self.rows[ASKED].events(self.id)
        assert self.rows[ASKS].messages(self.id) == self.rows[ASKED].messages(self.id)
        assert (asks.unread, asked.unread) == (self.said[ASKS], self.said[ASKED])

    @invariant()
    def history_holds_legal_moves_only_and_ends_with_the_status(self) -> None:
        statuses = [e.status for e in self.rows[ASKS].events(self.id) if e.status]
        assert statuses[-1] is self.rows[ASKS].status(self.id)
        for before, after in itertools.pairwise(statuses):
            assert after in legal_moves(TransactionType.REQUEST, before)

    @invariant()
    def it_waits_at_one_end_at_most_and_nowhere_once_withdrawn(self) -> None:
        codes = [{r.code for r in rows.by_id(self.id).required} for rows in self.rows.values()]
        waits = [bool(code - {"message"}) for code in codes]
        status = self.rows[ASKS].status(self.id)
        expected = {Status.CANCELLED: [False, False], Status.DECLINED: [True, False]}
        assert waits == expected.get(status, [False, True])

    @invariant()
    def an_unread_message_is_something_to_do_where_nothing_else_is(self) -> None:
        for ods, rows in self.rows.items():
            row = rows.by_id(self.id)
            others = [r for r in row.required if r.code != "message"]
            asked = self.said[ods] > 0 and not others and row.status is not Status.CANCELLED
            assert (len(row.required) > len(others)) is asked

    @invariant()
    def the_tab_says_so(self) -> None:
        for ods, rows in self.rows.items():
            row = rows.by_id(self.id)
            tab = tab_of(row.status, row.required)
            page = Worklists(self.database, ods).page(WorklistFilter(tab=tab), WorklistOrder(), 0, 10)
            assert [r.id for r in page.rows] == [self.id]
            assert Worklists(self.database, ods).counts()[Tab.ALL] == 1


def test_two_ends_never_part(tmp_path: Path) -> None:
    open_ledger(f"sqlite:///{tmp_path / 'empty.sqlite'}").dispose()
    TwoEnds.folder = tmp_path
    run_state_machine_as_test(
        TwoEnds, settings=settings(max_examples=15, stateful_step_count=12, deadline=None)
    )
