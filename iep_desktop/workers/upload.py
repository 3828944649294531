"""The sender's leg: PACS → spool → recipient's gateway → verified → *On IEP*. Plain, blocking, resumable.

Sending starts while retrieving goes on: one thread fetches into the spool, this one sends what has come. Images leave
as they came from PACS, byte for byte; only the recipient writes its own patient into them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from iep_desktop.core.clocks import TERMS, Terms, purge_due
from iep_desktop.core.errors import ImagesRefused, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.states import FINAL
from iep_desktop.core.transaction import (
    Instance,
    InstanceState,
    Requirement,
    Status,
    Transaction,
)
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.delivery import ENGINE, reasons
from iep_desktop.workers.export_gate import ExportGate
from iep_desktop.workers.retrieving import Held, Retrieving, instance_of
from iep_desktop.workers.sending import Sending
from iep_desktop.workers.transfers import ATTACHED
from iep_desktop.workers.verifying import Verifying

GROWTH_ROUNDS = 3
"""How often a study that grows while it is sent is asked again; then a person decides."""

GATHER = 0.2
"""Seconds in which arriving images are gathered before another association is opened for them."""

LOOK = 0.25
"""Seconds between two looks whether somebody has stopped the job, while nothing comes."""

MakeDocuments = Callable[[Transaction, tuple[Instance, ...]], None]
"""Writes the DICOM documents of attachments into the spool, as instances of the transaction."""


@dataclass(frozen=True)
class Upload:
    """The job of a transfer from us."""

    transactions: Transactions
    exchange: Exchange
    gate: ExportGate
    pacs_node: Callable[[str], Node]
    spool: Spool
    retrieving: Retrieving
    make_documents: MakeDocuments
    sending: Sending
    verifying: Verifying
    terms: Terms = TERMS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self, transaction_id: int, ctx: Context) -> None:
        """Bring one transfer as far as it goes.

        Raises:
            Retriable: PACS or gateway is away, full or slow to show what it took; the engine tries again.
            ImagesRefused: the gateway refused images for good, or PACS did not give them.
        """
        transaction = self.transactions.by_id(transaction_id)
        if transaction.status in FINAL or transaction.on_iep_at:  # it had come to rest when it was killed
            self._put_away(transaction_id)
            return
        if transaction.status is Status.NEW:
            self.transactions.move(transaction_id, Status.STARTED, "Started", ENGINE)
        self.sending.recover(transaction_id)
        if not self._may_send(transaction, ctx):
            return
        held, _ = self._list(transaction, ctx)
        for _ in range(GROWTH_ROUNDS):
            self._move(transaction_id, held, ctx)
            held = None  # of a large study, two lists at once are too many
            held, added = self._list(self.transactions.by_id(transaction_id), ctx)
            if not added:
                break
        self._settle(transaction_id, ctx)

    # -- before

    def _may_send(self, transaction: Transaction, ctx: Context) -> bool:
        """R-GATE-1, 4, 8: asked again with what PACS shows now; blocked, it waits for a person."""
        gate = self.gate.assess_transaction(transaction, ctx).gate
        self.transactions.require(transaction.id, gate.requirements)
        if not gate.is_open:
            titles = "; ".join(f"{r.title} ({r.clause})" for r in gate.requirements[:3])
            self.transactions.record(transaction.id, "blocked", f"Waits for a person: {titles}", ENGINE)
            self.transactions.unqueue(transaction.id)
        return gate.is_open

    def _list(self, transaction: Transaction, ctx: Context) -> tuple[Held | None, int]:
        """Add what PACS holds of the studies and is not listed yet; what it holds, if asked, and how many were added.

        Raises:
            Permanent: PACS holds nothing of a study.
        """
        if not transaction.whole_studies:
            return None, 0
        studies = tuple(exam.study_uid for exam in transaction.exams if exam.study_uid)
        node = self.pacs_node(transaction.source_node)
        held = self.retrieving.held(node, studies, ctx)
        empty = set(studies) - {one.study_uid for one in held}
        if empty:
            raise Permanent(
                f"{node.name} has no images of {len(empty)} of the {len(studies)} studies",
                "They were there when they were chosen.",
                "Ask the PACS team, or make the transfer again without them.",
            )
        before = transaction.counts.total
        added = self.exchange.list_instances(transaction.id, [instance_of(one) for one in held])
        if added and before and transaction.counts.arrived:
            text = f"The study has grown while it was sent: {added} images more"
            self.transactions.record(transaction.id, "grown", text, ENGINE)
        return held, added

    # -- moving

    def _move(self, id: int, held: Held | None, ctx: Context) -> None:
        """Fetch what is listed and send what has come, both at once; then look at what the gateway shows."""
        transaction = self.transactions.by_id(id)
        if transaction.status is not Status.UPLOADING:
            self.transactions.move(id, Status.UPLOADING, f"Sending to {transaction.node}", ENGINE)
            transaction = self.transactions.by_id(id)
        self._fetch_and_send(transaction, held, ctx)
        self.verifying.verify(self.transactions.by_id(id), ctx)

    def _fetch_and_send(self, transaction: Transaction, held: Held | None, ctx: Context) -> None:
        """Raises what the sending raised, else what the fetching raised; either stops the other."""
        fetching, news = ctx.part(), threading.Event()
        forget = ctx.on_cancel(fetching.cancel)
        with ThreadPoolExecutor(1, "fetch") as thread:
            fetch = thread.submit(self._fetch, transaction, held, fetching, news.set)
            fetch.add_done_callback(lambda _: news.set())
            try:
                gather = 0.0  # the first goes at once: somebody may wait for it
                while not self._send_what_came(transaction, fetch, ctx):
                    while not news.wait(LOOK):
                        ctx.check()
                    news.clear()
                    if not fetch.done():
                        ctx.wait(gather)
                    gather = GATHER
            except BaseException:
                fetching.cancel()
                raise
            finally:
                forget()
        fetch.result()

    def _send_what_came(self, transaction: Transaction, fetch: Future[None], ctx: Context) -> bool:
        """Whether that was all."""
        complete = fetch.done()
        ctx.check()
        waiting = self.transactions.instances(transaction.id, frozenset({InstanceState.SPOOLED}))
        if waiting:
            self.sending.send(transaction, waiting, ctx)
        return complete

    def _fetch(
        self, transaction: Transaction, held: Held | None, ctx: Context, arrived: Callable[[], None]
    ) -> None:
        listed = self.transactions.instances(transaction.id, frozenset({InstanceState.LISTED}))
        images = tuple(i for i in listed if not i.source_path.startswith(ATTACHED))
        if images:
            node = self.pacs_node(transaction.source_node)
            number = transaction.patient.hospital_no
            self.retrieving.fetch(transaction, node, images, ctx, arrived, patient_no=number, held=held)
        documents = tuple(i for i in listed if i.source_path.startswith(ATTACHED))
        if documents:
            self.make_documents(transaction, documents)
            arrived()

    # -- after

    def _settle(self, id: int, ctx: Context) -> None:
        transaction = self.transactions.by_id(id)
        counts = transaction.counts
        if counts.failed or counts.listed:
            raise self._refusal(transaction)
        if counts.sent:  # the gateway does not commit itself to it: a person decides
            self.transactions.unqueue(id)
            return
        due = purge_due(self.now(), self.terms)
        self.exchange.arrived(
            id,
            f"On IEP: {transaction.node} shows {counts.verified} of {counts.wanted} images",
            ENGINE,
            required_there=(download_requirement(counts.verified, due),),
        )
        self._put_away(id)

    def _put_away(self, id: int) -> None:
        self.spool.free(id)
        self.transactions.unqueue(id)

    def _refusal(self, transaction: Transaction) -> ImagesRefused:
        failed = self.transactions.instances(
            transaction.id, frozenset({InstanceState.FAILED, InstanceState.LISTED})
        )
        fetched = [i for i in failed if i.spool_name or i.dicom_status is not None]
        wanted = transaction.counts.wanted
        if fetched:
            title = f"{transaction.node} refused {len(failed)} of {wanted} images"
            hint = "The other images have arrived. Correct the cause, then retry the failed images."
        else:
            title = f"PACS did not give {len(failed)} of {wanted} images"
            hint = "Retry. If it stays so, ask the PACS team to look at its log."
        return ImagesRefused(title, reasons(failed), hint, dicom_status=failed[0].dicom_status)


def download_requirement(images: int, due: datetime) -> Requirement:
    """What the recipient must do with what lies On IEP (R-TX-8), until it is purged (R-TIME-3)."""
    title = f"Download {images} images"
    return Requirement("download", title, "", "R-TIME-3", "A1", "Download", due=due, blocking=False)
