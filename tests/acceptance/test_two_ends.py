"""R-TX-4 over two ends and three archives: whatever people and engines do, in whatever order, no image is lost.

And no status is reached that its evidence does not bear, and both hospitals see the same.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from iep_desktop.core.errors import IepError
from iep_desktop.core.exchange import TransferOrder
from iep_desktop.core.forms import parse_form
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, Node, NodeRole
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.states import is_whole, legal_moves
from iep_desktop.core.transaction import Status, TransactionType
from iep_desktop.dicom import scu
from iep_desktop.dicom.archive import Archive
from iep_desktop.store.check import check
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.engine import make_performer
from tests.two_hospitals import IDENTITY, NIGHT_AND_DAY, THEM, US, Party, store_study

IMAGES = 2
BOTH = st.sampled_from([US, THEM])
WHICH = st.integers(0, 1)


class TwoEnds(RuleBasedStateMachine):
    """One request, and the transfers that answer it or come unasked."""

    folder: ClassVar[Path]
    pacs: ClassVar[Archive]
    gateway: ClassVar[Archive]
    theirs: ClassVar[Archive]

    @initialize(stage=st.integers(0, 4))
    def begin(self, stage: int) -> None:
        """`stage`: how far it has come when whatever order begins."""
        self.stack = ExitStack()
        root = Path(tempfile.mkdtemp(dir=self.folder))
        ledger = f"sqlite:///{root / 'ledger.sqlite'}"
        inbox = _node("RWE GATE", US, self.gateway, NodeRole.GATEWAY)
        parties = {
            ods: Party(
                root / ods,
                _node(f"{ods} PACS", ods, archive),
                replace(NIGHT_AND_DAY, ledger_url=ledger, delivery_node=f"{ods} PACS", retry_limit=2),
                ods=ods,
                gateway=inbox if ods == US else None,
            )
            for ods, archive in ((US, self.pacs), (THEM, self.theirs))
        }
        self.desks = {ods: self.stack.enter_context(party.desk()) for ods, party in parties.items()}
        self.forms = {
            US: parse_form(parties[US].form(hospital=THEM).read_bytes()),
            THEM: parse_form(parties[THEM].export_form(US).read_bytes()),
        }
        self.study = store_study(parties[THEM].node, root / "study", IMAGES, **IDENTITY, PatientID="K0999222")
        self.request = self.desks[US].requests.create(THEM, self.forms[US]).id
        self.transfers: list[int] = []
        self.delivered: set[int] = set()
        for step in (self.accept, lambda: self.send(True), self.upload, self.fetch)[:stage]:
            step()

    def upload(self) -> None:
        self.work(THEM)

    def fetch(self) -> None:
        self.desks[US].downloads.download(self.transfers[0])
        self.work(US)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    # -- what people do

    @rule()
    def accept(self) -> None:
        _try(lambda: self.desks[THEM].replies.accept(self.request))

    @rule(answers=st.booleans())
    def send(self, answers: bool) -> None:
        if len(self.transfers) == 2:
            return
        order = TransferOrder(
            US, self.forms[THEM], (PacsStudy(self.study, patient_id="K0999222"),),
            request_id=self.request if answers else None,
        )  # fmt: skip
        made: list[int] = []
        _try(lambda: made.append(self.desks[THEM].transfers.create(order, Context()).id))
        self.transfers += made

    @rule(which=WHICH)
    def download(self, which: int) -> None:
        self._on_one(which, lambda desk, id: desk.downloads.download(id))

    @rule(which=WHICH)
    def stop(self, which: int) -> None:
        self._on_one(which, lambda desk, id: desk.downloads.stop(id))

    @rule(which=WHICH)
    def match(self, which: int) -> None:
        form: Form = self.forms[US]
        self._on_one(which, lambda desk, id: (desk.downloads.match(id, form), desk.imports.register(id)))

    @rule(which=WHICH)
    def refuse(self, which: int) -> None:
        self._on_one(which, lambda desk, id: desk.downloads.decline(id, Decline(DeclineReason.INAPPROPRIATE)))

    @rule(which=WHICH, who=BOTH)
    def cancel(self, which: int, who: str) -> None:
        self._on_one(which, lambda desk, id: desk.acts.cancel(id), who)

    @rule(which=WHICH, who=BOTH)
    def retry(self, which: int, who: str) -> None:
        self._on_one(which, lambda desk, id: desk.acts.retry(id), who)

    # -- what programs do

    @rule(who=BOTH)
    def work(self, who: str) -> None:
        """One look of the engine: everything that may run runs to its end."""
        desk = self.desks[who]
        performer = make_performer(desk)
        later = datetime.now(UTC) + timedelta(seconds=1)
        for _ in range(3):
            claim = performer.slots.claim("test", timedelta(minutes=1), later)
            if claim is None:
                return
            performer.perform(claim, Context())

    @rule()
    def keep(self) -> None:
        self.desks[US].keeping.run(Context())

    # -- what must hold

    @invariant()
    def both_see_the_same_at_rest(self) -> None:
        for key in (self.request, *self.transfers):
            ours, theirs = (desk.reading.by_id(key) for desk in self.desks.values())
            assert (ours.status, ours.counts, ours.failure) == (theirs.status, theirs.counts, theirs.failure)

    @invariant()
    def every_move_was_legal(self) -> None:
        kinds = {self.request: TransactionType.REQUEST} | dict.fromkeys(
            self.transfers, TransactionType.TRANSFER
        )
        for key, kind in kinds.items():
            statuses = [e.status for e in self.desks[US].reading.details(key).events if e.status]
            for before, after in itertools.pairwise(statuses):
                assert before is after or after in legal_moves(kind, before)

    @invariant()
    def a_status_is_borne_by_its_evidence(self) -> None:
        for key in self.transfers:
            transaction = self.desks[US].reading.by_id(key)
            if transaction.status in (Status.ON_IEP, Status.DELIVERED):
                assert is_whole(transaction.counts)
                assert transaction.counts.verified == IMAGES
            node = {Status.ON_IEP: "RWE GATE", Status.DELIVERED: "RWE PACS"}.get(transaction.status)
            if node:
                held = scu.find_instances(self.desks[US].nodes.get(node), self.study)
                assert len(held) == IMAGES
        request = self.desks[US].reading.by_id(self.request)
        if request.status is Status.DELIVERED:
            tied = [self.desks[US].reading.transaction(number) for number in request.answers]
            assert any(t.status is Status.DELIVERED for t in tied)

    @invariant()
    def what_is_delivered_stays_delivered_and_the_ledger_agrees_with_itself(self) -> None:
        now = {key for key in self.transfers if self.desks[US].reading.by_id(key).status is Status.DELIVERED}
        assert now >= self.delivered
        self.delivered = now
        assert check(self.desks[US].ledger.database) == ()

    def _on_one(self, which: int, act: Callable[[Desk, int], object], who: str = US) -> None:
        if self.transfers:
            key = self.transfers[which % len(self.transfers)]
            _try(lambda: act(self.desks[who], key))


def _node(name: str, ods: str, archive: Archive, role: NodeRole = NodeRole.PACS) -> Node:
    return Node(name, role, ods, "PACS", "127.0.0.1", archive.port)


def _try(act: Callable[[], object]) -> None:
    """What is refused is refused."""
    try:
        act()
    except IepError:
        return


@pytest.mark.timeout(300)
def test_no_sequence_of_acts_loses_an_image_or_parts_the_two_ends(tmp_path: Path) -> None:
    TwoEnds.folder = tmp_path
    with ExitStack() as stack:
        for name in ("pacs", "gateway", "theirs"):
            setattr(TwoEnds, name, stack.enter_context(Archive(tmp_path / name, "PACS")))
        run_state_machine_as_test(
            TwoEnds, settings=settings(max_examples=12, stateful_step_count=12, deadline=None)
        )
