"""The second move of an instance: spool → coerce → node, spooled → sent. The next are coerced while some are sent.

What leaves for another hospital is not coerced: it is sent as it came from PACS.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import partial

from iep_desktop.core.errors import IepError, ImagesWaiting, OutOfSpace, Retriable
from iep_desktop.core.job import SENDING, Context, Progress
from iep_desktop.core.model import Exam, Node
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.dicom.coercion import Coercion
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.reconcile import coerced_to_send
from iep_desktop.dicom.sendfile import read_ahead, send_file
from iep_desktop.dicom.spool import Spool
from iep_desktop.dicom.status import StoreOutcome
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.associations import Associations
from iep_desktop.workers.feed import Feed, Prepared
from iep_desktop.workers.journal import Journal
from iep_desktop.workers.lanes import Answer, Lanes, Load, StoreSession
from iep_desktop.workers.ledger_batch import LedgerBatch
from iep_desktop.workers.suspects import Suspects, unbearable

_log = logging.getLogger(__name__)

AHEAD = 3  # files made ready ahead of those on the wire
READ_AHEAD = 1 << 20  # bytes of a file that is read ahead; a larger one is read while it is sent
DUPLICATE = 0x0111  # PS3.7 C.5: the peer has this instance already; verification tells

OpenStore = Callable[[Node, list[Pair], Context, bool], AbstractContextManager[StoreSession]]
MakeCoercion = Callable[[Transaction, Exam | None], Coercion]


@dataclass(frozen=True)
class Sending:
    transactions: Transactions
    spool: Spool
    node: Callable[[str], Node]
    open_store: OpenStore
    coercion: MakeCoercion | None  # None: sent as it is
    associations: Associations

    def recover(self, id: int) -> None:
        """After a kill or a power cut: what was sent and not yet noted is, and what the spool has lost comes anew."""
        journal = self._journal(id)
        sent = journal.noted()
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
        suspects = Suspects(self.spool.folder(transaction.id))

        def open_store(lane: Context, measured: bool) -> AbstractContextManager[StoreSession]:
            return self.open_store(node, pairs, lane, measured)

        load = Load(node, len(instances), max((i.size for i in instances), default=0))
        ahead = AHEAD + self.associations.wanted(node, len(instances))
        try:
            with (
                LedgerBatch(self.transactions, transaction.id) as batch,
                Feed(suspects.last(instances), self._prepare(transaction, instances), ahead) as feed,
            ):
                noted = partial(_note, journal)
                lanes = Lanes(load, feed, open_store, self.associations, noted, ctx)
                try:
                    with closing(lanes.outcomes()) as outcomes:
                        refusals = _recorded(outcomes, batch, len(instances), ctx)
                except Retriable as error:
                    self._blame(suspects.broke(lanes.unanswered, error), transaction, batch)
                    raise
                batch.flush()
            journal.clear()
        finally:
            journal.close()
        if refusals:
            raise _waiting(node.name, refusals)

    def _blame(self, images: list[Instance], transaction: Transaction, batch: LedgerBatch) -> None:
        """They have failed, where any other has arrived; the next try goes on without them."""
        batch.flush()
        if self.transactions.by_id(transaction.id).counts.arrived:
            reason = unbearable(transaction.node)
            for image in images:
                batch.add(InstanceChange(image.sop_instance_uid, InstanceState.FAILED, reason=reason))

    def _prepare(
        self, transaction: Transaction, instances: tuple[Instance, ...]
    ) -> Callable[[Instance], Prepared]:
        if self.coercion is None:
            return self._as_it_is
        coercions = self._coercions(transaction, instances)
        return lambda instance: self._coerced(instance, coercions[instance.study_uid])

    def _as_it_is(self, instance: Instance) -> Prepared:
        file = send_file(self.spool.path(instance.spool_name))
        return Prepared(instance, read_ahead(file, READ_AHEAD))

    def _coercions(self, transaction: Transaction, instances: tuple[Instance, ...]) -> dict[str, Coercion]:
        by_study = {exam.study_uid: exam for exam in transaction.exams}
        studies = dict.fromkeys(instance.study_uid for instance in instances)
        assert self.coercion is not None
        return {study: self.coercion(transaction, by_study.get(study)) for study in studies}

    def _coerced(self, instance: Instance, coercion: Coercion) -> Prepared:
        source = self.spool.path(instance.spool_name)
        target = self.spool.coerced_path(instance.spool_name)
        try:
            file = read_ahead(coerced_to_send(source, target, coercion), READ_AHEAD)
        except OutOfSpace:
            raise
        except IepError as error:
            return Prepared(instance, reason=str(error))
        prepared = Prepared(instance, file, temporary=file.path == target)
        if file.sop_instance_uid != instance.sop_instance_uid:
            prepared.discard()
            return Prepared(instance, reason="The file holds another image than was listed.")
        return prepared

    def _journal(self, id: int) -> Journal:
        return Journal(self.spool.folder(id) / "sent.journal")


def _note(journal: Journal, answer: Answer) -> None:
    item, outcome = answer
    if outcome is not None and (outcome.stored or outcome.status == DUPLICATE):
        journal.note(item.instance.sop_instance_uid)


def _recorded(outcomes: Iterable[Answer], batch: LedgerBatch, total: int, ctx: Context) -> list[StoreOutcome]:
    """Write down what became of each. Returns the refusals that may pass, in order."""
    refusals: list[StoreOutcome] = []
    done = size = 0
    for item, outcome in outcomes:
        uid = item.instance.sop_instance_uid
        if outcome is None:
            batch.add(InstanceChange(uid, InstanceState.FAILED, reason=item.reason))
            continue
        batch.add(_change(item.instance, outcome))
        if outcome.retriable:
            refusals.append(outcome)
        done, size = done + 1, size + item.instance.size
        ctx.progress(Progress(SENDING, done, total, size))
    return refusals


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
