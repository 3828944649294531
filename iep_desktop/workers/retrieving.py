"""The first move of an instance of a transfer: node → spool, listed → spooled, by C-GET or C-MOVE.

Of the sender from its PACS, of the recipient from its gateway. What came is in the ledger and on disk before anybody
sends it on; what a killed process had fetched and not recorded is fetched again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iep_desktop.core.errors import ImagesWaiting
from iep_desktop.core.identifiers import normalise_hospital_number
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Node, Priority
from iep_desktop.core.queries import PacsInstance
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.dicom.harvest import Retrieved
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.retrieve import Wanted
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.fetches import Fetches
from iep_desktop.workers.ledger_batch import LedgerBatch

_log = logging.getLogger(__name__)

ENGINE = "engine"

FindInstances = Callable[[Node, str, Context], tuple[PacsInstance, ...]]
Held = Sequence[PacsInstance]
Retrieve = Callable[[Node, Wanted, Path, Callable[[Received], None], Context, Held | None], Retrieved]


def instance_of(shown: PacsInstance) -> Instance:
    """A row of the ledger for what a node shows; its transfer syntax is known when it has come."""
    return Instance(
        shown.sop_instance_uid,
        shown.sop_class_uid,
        "",
        shown.study_uid,
        shown.series_uid,
        modality=shown.modality,
        series_description=shown.series_description,
    )


@dataclass(frozen=True)
class Retrieving:
    transactions: Transactions
    spool: Spool
    find_instances: FindInstances
    retrieve: Retrieve
    fetches: Fetches = field(default_factory=Fetches)

    def held(self, node: Node, study_uids: Iterable[str], ctx: Context) -> tuple[PacsInstance, ...]:
        """Everything that the node shows of these studies.

        Raises:
            Retriable, Permanent: it cannot be asked.
        """
        return tuple(one for study in study_uids for one in self.find_instances(node, study, ctx))

    def fetch(
        self,
        transaction: Transaction,
        node: Node,
        listed: tuple[Instance, ...],
        ctx: Context,
        arrived: Callable[[], None] = lambda: None,
        *,
        patient_no: str = "",
        held: Held | None = None,
    ) -> None:
        """Fetch what is listed. `arrived` is called when something may be sent on; `patient_no` is whose it must be;
        `held` is all that the node holds of these studies, where the caller has just asked.

        Raises:
            NodeUnreachable and others of the association: what came stays spooled.
            ImagesWaiting: the node did not give all that it shows.
            OutOfSpace: our own disk.
            Cancelled.
        """
        arriving = _Arriving(self.transactions, transaction.id, listed, patient_no, arrived, ctx)
        lacking = 0
        place = self.fetches.place(node, ctx, urgent=transaction.priority is Priority.BLUE_LIGHT)
        with arriving, place:
            for study_uid in dict.fromkeys(i.study_uid for i in listed):
                ctx.check()
                uids = frozenset(i.sop_instance_uid for i in listed if i.study_uid == study_uid)
                wanted = Wanted(study_uid, sop_instance_uids=uids)
                folder = self.spool.folder(transaction.id)
                shown = None if held is None else [one for one in held if one.study_uid == study_uid]
                result = self.retrieve(node, wanted, folder, arriving.note, ctx, shown)
                arriving.collide({c.head.sop_instance_uid for c in result.collisions})
                self._note_strangers(transaction, node, result)
                lacking += len(result.missing)
        if lacking:
            raise ImagesWaiting(
                f"{node.name} did not give {lacking} of {len(listed)} images",
                "It shows them, and its retrieve ended without them.",
                "If it stays so, ask its team to look at the log. What came waits here.",
            )

    def _note_strangers(self, transaction: Transaction, node: Node, result: Retrieved) -> None:
        if result.strangers:
            text = f"{node.name} gave {len(result.strangers)} images of another study: not taken"
            self.transactions.record(transaction.id, "strangers", text, ENGINE)


class _Arriving:
    """Writes to the ledger what arrives, and refuses what belongs to another patient."""

    def __init__(
        self,
        transactions: Transactions,
        id: int,
        listed: tuple[Instance, ...],
        patient_no: str,
        arrived: Callable[[], None],
        ctx: Context,
    ) -> None:
        self._batch = LedgerBatch(transactions, id)
        self._awaited = {i.sop_instance_uid for i in listed}
        self._patient_no = normalise_hospital_number(patient_no) if patient_no else ""
        self._arrived = arrived
        self._ctx = ctx
        self._total, self._done, self._bytes = len(listed), 0, 0

    def __enter__(self) -> _Arriving:
        self._batch.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._batch.__exit__(None, None, None)
        self._arrived()

    def note(self, received: Received) -> None:
        """Called for one instance after the other."""
        uid = received.head.sop_instance_uid
        if uid not in self._awaited:
            return  # more than was asked for: it stays in the folder until that is emptied
        self._awaited.discard(uid)
        self._done += 1
        self._bytes += received.size
        self._batch.add(self._change(received))
        self._ctx.progress(Progress("retrieve", self._done, self._total, self._bytes))
        self._arrived()

    def collide(self, uids: set[str]) -> None:
        """One UID, two different images: nobody can say which is meant, so that neither is sent."""
        for uid in sorted(uids):
            reason = "Two different images have the same SOP Instance UID."
            self._batch.add(InstanceChange(uid, InstanceState.FAILED, reason=reason))

    def _change(self, received: Received) -> InstanceChange:
        head = received.head
        if self._patient_no and normalise_hospital_number(head.patient_id) != self._patient_no:
            reason = "Its header names another patient than the form."
            return InstanceChange(head.sop_instance_uid, InstanceState.FAILED, reason=reason)
        return InstanceChange(
            head.sop_instance_uid,
            InstanceState.SPOOLED,
            sha256=received.sha256,
            spool_name=received.name,
            size=received.size,
            sop_class_uid=head.sop_class_uid,
            transfer_syntax_uid=head.transfer_syntax_uid,
        )
