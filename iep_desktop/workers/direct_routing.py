"""Studies that come without any transaction: found in our gateway, or stored to our own listener (R-TX-1, R-GATE-2).

Each becomes a *Direct Routing* row that waits for a person; nothing of it goes to PACS by itself. Images that come one
after the other are one row by study, and the study counts as complete when nothing more has come for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from iep_desktop.core.clocks import TERMS, Terms, purge_due
from iep_desktop.core.drafts import TransactionDraft, TransferPart
from iep_desktop.core.evidence import Evidence
from iep_desktop.core.job import Context
from iep_desktop.core.model import Exam, Form, FormKind, Node, Patient, Priority
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import (
    Instance,
    InstanceState,
    Status,
    Transaction,
    TransactionType,
)
from iep_desktop.dicom.instance_head import InstanceHead
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.retrieving import Retrieving, instance_of
from iep_desktop.workers.upload import download_requirement

ENGINE = "engine"

FindStudies = Callable[[Node, Context], tuple[PacsStudy, ...]]


@dataclass
class _Growing:
    """A study nobody has announced: how many images it had, and since when that many."""

    images: int
    since: float


@dataclass
class GatewayWatch:
    """Looks for studies in our gateways that no transaction knows. One in a program; asked by the clock."""

    hospital: str
    transactions: Transactions
    exchange: Exchange
    gateways: Callable[[], tuple[Node, ...]]
    find_studies: FindStudies
    retrieving: Retrieving
    silence: float  # seconds
    monotonic: Callable[[], float] = time.monotonic
    terms: Terms = TERMS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _growing: dict[tuple[str, str], _Growing] = field(default_factory=dict)

    def look(self, ctx: Context) -> tuple[Transaction, ...]:
        """The rows that were made.

        Raises:
            Retriable, Permanent: a gateway cannot be asked.
        """
        made = []
        for node in self.gateways():
            studies = {s.study_uid: s for s in self.find_studies(node, ctx) if s.study_uid}
            unknown = set(studies) - self.exchange.known_studies(studies)
            for uid in sorted(unknown):
                ctx.check()
                if self._is_complete(node, studies[uid], ctx):
                    made.append(self._make(node, studies[uid], ctx))
            for key in [k for k in self._growing if k[0] == node.name and k[1] not in unknown]:
                del self._growing[key]
        return tuple(made)

    def _is_complete(self, node: Node, study: PacsStudy, ctx: Context) -> bool:
        images = study.instances
        if images is None:
            images = len(self.retrieving.held(node, (study.study_uid,), ctx))
        key, now = (node.name, study.study_uid), self.monotonic()
        growing = self._growing.get(key)
        if growing is None or growing.images != images:
            self._growing[key] = _Growing(images, now)
            return self.silence <= 0
        return now - growing.since >= self.silence

    def _make(self, node: Node, study: PacsStudy, ctx: Context) -> Transaction:
        held = self.retrieving.held(node, (study.study_uid,), ctx)
        due = purge_due(self.now(), self.terms)
        modality = "/".join(study.modalities)
        draft = _draft(
            self.hospital,
            form_of(study.patient_name, study.birth_date, study.patient_id, study.sex),
            f"Found in {node.name} without a transaction",
            Exam(study.study_date, modality, study.description, study_uid=study.study_uid),
        )
        lying = replace(
            draft,
            node=node.name,
            instances=tuple(_lying(instance_of(one)) for one in held),
            status=Status.ON_IEP,
            required=(download_requirement(len(held), due),),
        )
        return self.transactions.create(lying)


def _lying(shown: Instance) -> Instance:
    """The gateway has named it itself."""
    return replace(shown, state=InstanceState.VERIFIED, evidence=Evidence.INSTANCE)


class Arrivals:
    """Takes what is stored to our listener. Called from the threads of associations; each call is recorded before
    the sender is answered."""

    def __init__(self, hospital: str, transactions: Transactions, exchange: Exchange, spool: Spool) -> None:
        self._hospital = hospital
        self._transactions = transactions
        self._exchange = exchange
        self._spool = spool
        self._lock = threading.Lock()
        self._open: dict[str, int] = {}  # transaction by study, while it comes in

    def folder_for(self, head: InstanceHead, calling_ae: str) -> Path:
        """The spool folder of the study's row, which is made with its first image."""
        with self._lock:
            row = self._open.get(head.study_uid)
            if row is None or self._transactions.status(row) is not Status.NEW:
                row = self._open[head.study_uid] = self._row_of(head, calling_ae)
            return self._spool.folder(row)

    def note(self, received: Received) -> None:
        """The file is durable: list it as spooled. The same image once more changes nothing."""
        head = received.head
        with self._lock:
            row = self._open[head.study_uid]
            instance = Instance(
                head.sop_instance_uid,
                head.sop_class_uid,
                head.transfer_syntax_uid,
                head.study_uid,
                head.series_uid,
                modality=head.modality,
                size=received.size,
            )
            if self._exchange.list_instances(row, [instance]):
                change = InstanceChange(
                    head.sop_instance_uid,
                    InstanceState.SPOOLED,
                    sha256=received.sha256,
                    spool_name=received.name,
                )
                self._transactions.update_instances(row, [change])

    def close_silent(self, silence: float, now: datetime) -> tuple[int, ...]:
        """Studies of which nothing has come for so many seconds are complete; the engine takes them up."""
        closed = []
        for transaction in self._exchange.arriving():
            last = transaction.updated_at or transaction.created_at
            if (now - last).total_seconds() >= silence:
                with self._lock:
                    self._open = {s: row for s, row in self._open.items() if row != transaction.id}
                    text = f"Complete: {transaction.counts.total} images, then silence"
                    self._transactions.move(
                        transaction.id, Status.DOWNLOADING, text, ENGINE, expected=Status.NEW
                    )
                self._transactions.queue(transaction.id)
                closed.append(transaction.id)
        return tuple(closed)

    def _row_of(self, head: InstanceHead, calling_ae: str) -> int:
        """An unfinished row of the study, else a new one."""
        for transaction in self._exchange.arriving():
            if any(exam.study_uid == head.study_uid for exam in transaction.exams):
                return transaction.id
        draft = _draft(
            self._hospital,
            form_of(head.patient_name, None, head.patient_id, ""),
            f"Stored to our listener by {calling_ae}",
            Exam(modality=head.modality, study_uid=head.study_uid),
        )
        return self._transactions.create(draft).id


def form_of(name: str, birth_date: date | None, patient_id: str, sex: str) -> Form:
    """What came says of its patient. It is the sender's word, of the kind that no gate takes for ours."""
    return Form(FormKind.EXPORT, patient=Patient(name, birth_date, patient_id, sex=sex))


def _draft(hospital: str, form: Form, event: str, exam: Exam) -> TransactionDraft:
    return TransactionDraft(
        type=TransactionType.DIRECT_ROUTING,
        sender="",
        recipient=hospital,
        priority=Priority.NORMAL,
        form=form,
        created_by=ENGINE,
        exams=(exam,),
        event=event,
        transfer=TransferPart(),
    )
