"""Collects the facts of a transfer (ledger, form, our PACS as it is now) and asks the gate. Every door goes here.

The rules themselves are in `core.export_rules`; here is only who is asked what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from iep_desktop.core.errors import IepError
from iep_desktop.core.exchange import TransferAssessment
from iep_desktop.core.export_rules import ExportFacts, export_gate
from iep_desktop.core.form_rules import Gate
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, Node
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.reviewing import Reviewed, is_mandatory, last_review, mark_of, review_missing
from iep_desktop.core.transaction import Transaction
from iep_desktop.store.directory import Directory
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions


class StudyFinder(Protocol):
    def studies(self, *, study_uid: str) -> tuple[PacsStudy, ...]: ...


OpenFind = Callable[[Node, Context], AbstractContextManager[StudyFinder]]


@dataclass(frozen=True)
class Export:
    """What an order and a transaction have in common for the gate."""

    form: Form
    studies: tuple[PacsStudy, ...]  # as they were when a person ticked them
    onward_reason: str = ""
    source_node: str = ""
    number: str = ""  # of the transaction itself, which is no history
    trauma: bool = False  # R-TRAUMA
    destinations: tuple[str, ...] = ()  # the hospital and its node, for which a review may be mandatory
    review: Reviewed | None = None
    sending: tuple[str, ...] | None = None  # SOP Instance UIDs of images; None where they are not listed yet


class ExportGate:
    """Asks PACS and ledger, then the rules."""

    def __init__(
        self,
        hospital: str,
        transactions: Transactions,
        exchange: Exchange,
        directory: Directory,
        pacs_node: Callable[[str], Node],
        open_find: OpenFind,
        review_before_send: Callable[[], tuple[str, ...]] = tuple,
        numbers: NumberFormat = UHL_NUMBERS,
    ) -> None:
        self._hospital = hospital
        self._transactions = transactions
        self._exchange = exchange
        self._directory = directory
        self._pacs_node = pacs_node
        self._open_find = open_find
        self._review_before_send = review_before_send
        self._numbers = numbers

    def assess(self, export: Export, ctx: Context) -> TransferAssessment:
        """For a person. A PACS that does not answer is part of the answer: it is asked again before anything moves."""
        try:
            return self._judge(export, self.as_they_are(export, ctx), None)
        except IepError as error:
            ctx.check()
            return self._judge(export, export.studies, error)

    def assess_transaction(self, transaction: Transaction, ctx: Context) -> TransferAssessment:
        """Before any image leaves PACS.

        Raises:
            Retriable, Permanent: PACS cannot be asked; nothing may be sent until it can.
        """
        export = Export(
            transaction.form,
            tuple(PacsStudy(exam.study_uid) for exam in transaction.exams if exam.study_uid),
            transaction.onward_reason,
            transaction.source_node,
            transaction.number,
            transaction.trauma,
            (transaction.recipient, transaction.node),
            (review := last_review(self._transactions.events(transaction.id))),
            self._images(transaction, review),
        )
        return self._judge(export, self.as_they_are(export, ctx), None)

    def as_they_are(self, export: Export, ctx: Context) -> tuple[PacsStudy, ...]:
        """The studies as PACS shows them now; one that it does not show any more is left as it was ticked.

        Raises:
            Retriable, Permanent: PACS cannot be asked.
        """
        with self._open_find(self._pacs_node(export.source_node), ctx) as session:
            return tuple(
                next(iter(session.studies(study_uid=study.study_uid)), study) for study in export.studies
            )

    def foreign(self, studies: Sequence[PacsStudy]) -> frozenset[str]:
        """R-GATE-8: those that came from elsewhere, as the ledger knows."""
        return self._exchange.foreign_studies(study.study_uid for study in studies)

    def _judge(
        self, export: Export, studies: tuple[PacsStudy, ...], error: IepError | None
    ) -> TransferAssessment:
        form = export.form
        exams = form.exams or ()
        earlier = tuple(
            e for e in self._transactions.earlier(form.patient, exams) if e.number != export.number
        )
        known = bool(form.hospital) and self._directory.hospital(form.hospital) is not None
        facts = ExportFacts(
            form=form,
            us=self._hospital,
            recipient_known=known,
            studies=studies,
            foreign=self.foreign(studies),
            onward_reason=export.onward_reason,
            earlier=tuple(dict.fromkeys(e.line for e in earlier)),
            trauma=export.trauma,
            numbers=self._numbers,
        )
        mandatory = is_mandatory(self._review_before_send(), *export.destinations)
        review = review_missing(export.review, export.sending, mandatory=mandatory)
        gate = export_gate(facts)
        if review is not None:
            gate = Gate((*gate.checks, review))
        return TransferAssessment(gate, tuple(dict.fromkeys(earlier)), error)

    def _images(self, transaction: Transaction, review: Reviewed | None) -> tuple[str, ...] | None:
        """What is listed to be sent, attached documents aside unless they were reviewed with the images."""
        listed = tuple(one.sop_instance_uid for one in self._transactions.instances(transaction.id))
        if review and review.mark == mark_of(listed):
            return listed
        attached = {one.sop_instance_uid for one in self._exchange.attachments(transaction.id)}
        return tuple(uid for uid in listed if uid not in attached) or None
