"""The second move of an instance: spool → coerce → node, spooled → sent. The next file is coerced while one is sent.

What leaves for another hospital is not coerced: it is sent as it came from PACS.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

from iep_desktop.core.errors import IepError, ImagesWaiting, OutOfSpace
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Exam, Node
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.dicom.coercion import Coercion
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.reconcile import coerce_file
from iep_desktop.dicom.spool import Spool
from iep_desktop.dicom.status import StoreOutcome
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.journal import Journal
from iep_desktop.workers.ledger_batch import LedgerBatch

_log = logging.getLogger(__name__)

AHEAD = 3  # files coerced ahead of the one on the wire
FULL_AFTER = 3  # refusals in a row for want of room, after which the rest is not tried now
DUPLICATE = 0x0111  # PS3.7 C.5: the peer has this instance already; verification tells


class StoreSession(Protocol):
    def store(self, path: Path) -> StoreOutcome: ...


@runtime_checkable
class BatchSession(Protocol):
    """One that takes several images in a request, and is quicker with them."""

    at_once: int
    at_once_bytes: int

    def store_many(self, paths: Sequence[Path]) -> Sequence[StoreOutcome]: ...


OpenStore = Callable[[Node, list[Pair], Context], AbstractContextManager[StoreSession]]
MakeCoercion = Callable[[Transaction, Exam | None], Coercion]


@dataclass(frozen=True)
class _Prepared:
    """An instance whose coerced file is ready, or why it is not."""

    instance: Instance
    path: Path | None = None
    reason: str = ""
    coerced: bool = True  # a file of its own, which is removed once it is sent


@dataclass(frozen=True)
class Sending:
    transactions: Transactions
    spool: Spool
    node: Callable[[str], Node]
    open_store: OpenStore
    coercion: MakeCoercion | None  # None: sent as it is

    def recover(self, id: int) -> None:
        """After a kill or a power cut: what was sent and not yet noted is, and what the spool has lost comes anew."""
        journal = self._journal(id)
        sent = journal.sent()
        waiting = self.transactions.instances(id, frozenset({InstanceState.SPOOLED}))
        changes = [
            InstanceChange(i.sop_instance_uid, InstanceState.SENT)
            for i in waiting
            if i.sop_instance_uid in sent
        ]
        self.transactions.update_instances(id, changes)
        journal.clear()
        self._relist_damaged(id, [i for i in waiting if i.sop_instance_uid not in sent])

    def _relist_damaged(self, id: int, spooled: list[Instance]) -> None:
        """A disk may lie about what it has written: what is not as it was copied is copied again."""
        damaged = [i for i in spooled if i.sha256 and not self.spool.verify(i.spool_name, i.sha256)]
        if not damaged:
            return
        for state in (InstanceState.FAILED, InstanceState.LISTED):  # the way back leads over failure
            changes = [InstanceChange(i.sop_instance_uid, state, spool_name="") for i in damaged]
            self.transactions.update_instances(id, changes)
        text = (
            f"{len(damaged)} images in the spool of this computer are damaged or gone: they are fetched again"
        )
        self.transactions.record(id, "damaged", text, "engine")

    def send(self, transaction: Transaction, instances: tuple[Instance, ...], ctx: Context) -> None:
        """Send what is spooled.

        Raises:
            NodeUnreachable and others of the association: the rest waits in the spool.
            ImagesWaiting: the peer had no room for some.
        """
        node = self.node(transaction.node)
        pairs = list(dict.fromkeys(Pair(i.sop_class_uid, i.transfer_syntax_uid) for i in instances))
        journal = self._journal(transaction.id)
        try:
            with LedgerBatch(self.transactions, transaction.id) as batch:
                with self.open_store(node, pairs, ctx) as session:
                    refusals = self._send_all(transaction, instances, session, batch, journal, ctx)
                batch.flush()
            journal.clear()
        finally:
            journal.close()
        if refusals:
            raise _waiting(node.name, refusals)

    def _send_all(
        self,
        transaction: Transaction,
        instances: tuple[Instance, ...],
        session: StoreSession,
        batch: LedgerBatch,
        journal: Journal,
        ctx: Context,
    ) -> list[StoreOutcome]:
        """Returns the refusals that may pass, in order."""
        refusals: list[StoreOutcome] = []
        done = size = 0
        most = _most(session, instances)
        with closing(self._prepared(transaction, instances, ctx, most)) as prepared:
            for item, outcome in _stored(session, prepared, ctx, most):
                uid = item.instance.sop_instance_uid
                if outcome is None:
                    batch.add(InstanceChange(uid, InstanceState.FAILED, reason=item.reason))
                    continue
                if outcome.stored or outcome.status == DUPLICATE:
                    journal.note(uid)
                batch.add(_change(item.instance, outcome))
                if outcome.retriable:
                    refusals.append(outcome)
                done, size = done + 1, size + item.instance.size
                ctx.progress(Progress("send", done, len(instances), size))
        return refusals

    def _prepared(
        self, transaction: Transaction, instances: tuple[Instance, ...], ctx: Context, most: int
    ) -> Generator[_Prepared, None, None]:
        """Coerce ahead in a thread of its own, as many as go in a request. Leaving early leaves no coerced file."""
        if self.coercion is None:
            for instance in instances:
                yield _Prepared(instance, self.spool.path(instance.spool_name), coerced=False)
            return
        coercions = self._coercions(transaction, instances)
        waiting: deque[Future[_Prepared]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="coerce") as thread:
            try:
                for instance in instances:
                    coercion = coercions[instance.study_uid]
                    waiting.append(thread.submit(self._coerce, instance, coercion))
                    if len(waiting) > max(AHEAD, most):
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    if not future.cancel():
                        _discard(future)

    def _coercions(self, transaction: Transaction, instances: tuple[Instance, ...]) -> dict[str, Coercion]:
        by_study = {exam.study_uid: exam for exam in transaction.exams}
        studies = dict.fromkeys(instance.study_uid for instance in instances)
        assert self.coercion is not None
        return {study: self.coercion(transaction, by_study.get(study)) for study in studies}

    def _coerce(self, instance: Instance, coercion: Coercion) -> _Prepared:
        source = self.spool.path(instance.spool_name)
        target = self.spool.coerced_path(instance.spool_name)
        try:
            coerced = coerce_file(source, target, coercion)
        except OutOfSpace:
            raise
        except IepError as error:
            return _Prepared(instance, reason=str(error))
        if coerced.sop_instance_uid != instance.sop_instance_uid:
            target.unlink(missing_ok=True)
            return _Prepared(instance, reason="The file holds another image than was listed.")
        return _Prepared(instance, target)

    def _journal(self, id: int) -> Journal:
        return Journal(self.spool.folder(id) / "sent.journal")


def _most(session: StoreSession, instances: tuple[Instance, ...]) -> int:
    """How many of these images go in a request, so that it is not too large."""
    if not isinstance(session, BatchSession):
        return 1
    largest = max((i.size for i in instances), default=0)
    return max(1, min(session.at_once, session.at_once_bytes // max(1, largest)))


def _stored(
    session: StoreSession, prepared: Iterator[_Prepared], ctx: Context, most: int
) -> Iterator[tuple[_Prepared, StoreOutcome | None]]:
    """Send what is prepared, a request after the other; ends early where the peer has no room for several in a row.
    The outcome is None for what could not be prepared. No coerced file stays."""
    in_a_row = 0
    while group := list(islice(prepared, most)):
        try:
            ctx.check()
            for item, outcome in _store(session, group):
                yield item, outcome
                if outcome is not None:
                    in_a_row = in_a_row + 1 if outcome.no_room else 0
        finally:
            for item in group:
                if item.coerced and item.path is not None:
                    item.path.unlink(missing_ok=True)
        if in_a_row >= FULL_AFTER:
            return


def _store(session: StoreSession, group: list[_Prepared]) -> Iterator[tuple[_Prepared, StoreOutcome | None]]:
    paths = [item.path for item in group if item.path is not None]
    if isinstance(session, BatchSession):
        said: Iterable[StoreOutcome] = session.store_many(paths)
    else:
        said = map(session.store, paths)
    outcomes = iter(said)
    for item in group:
        yield item, None if item.path is None else next(outcomes)


def _waiting(node: str, refusals: list[StoreOutcome]) -> ImagesWaiting:
    no_room = [outcome for outcome in refusals if outcome.no_room]
    if no_room:
        title, hint = f"{node} has no room for {len(refusals)} images", "Its team must free space."
    else:
        title, hint = f"{node} failed with {len(refusals)} images", "Its team must look at the node's log."
    last = (no_room or refusals)[-1]
    hint = f"{hint} The images wait here and are tried again."
    return ImagesWaiting(title, last.text, hint, dicom_status=last.status)


def _change(instance: Instance, outcome: StoreOutcome) -> InstanceChange:
    uid, status = instance.sop_instance_uid, outcome.status
    if outcome.stored or status == DUPLICATE:
        return InstanceChange(uid, InstanceState.SENT, dicom_status=status, reason="")
    state = InstanceState.SPOOLED if outcome.retriable else InstanceState.FAILED
    return InstanceChange(
        uid, state, dicom_status=status, reason=" ".join((outcome.text, outcome.hint)).strip()
    )


def _discard(future: Future[_Prepared]) -> None:
    with suppress(IepError):
        path = future.result().path
        if path:
            path.unlink(missing_ok=True)
