"""What the recipient does with what lies On IEP for it: download, stop, match, decline (R-TX-8). Plain and blocking.

How images then reach PACS is the job's matter (`download`); whose they are is decided as for a disc (`imports`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from iep_desktop.core.clocks import TERMS, Terms, purge_due
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.imports import Assessment
from iep_desktop.core.job import Context
from iep_desktop.core.me import Me
from iep_desktop.core.model import Form, FormKind
from iep_desktop.core.replies import Decline
from iep_desktop.core.transaction import (
    Direction,
    Requirement,
    Status,
    Transaction,
    TransactionType,
)
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.gatekeeper import Gatekeeper
from iep_desktop.workers.upload import download_requirement

_ARRIVING = (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)


class Downloads:
    """The acts of the hospital that receives."""

    def __init__(
        self,
        me: Me,
        transactions: Transactions,
        exchange: Exchange,
        spool: Callable[[], Spool],
        gatekeeper: Gatekeeper,
        terms: Terms = TERMS,
    ) -> None:
        self._me = me
        self._transactions = transactions
        self._exchange = exchange
        self._spool = spool
        self._gatekeeper = gatekeeper
        self._terms = terms

    def download(self, id: int, *, by: str = "", not_before: datetime | None = None) -> None:
        """Bring it from the gateway; whether it goes on to PACS is for match and gate (R-GATE-2).

        Raises:
            Refused: it is not On IEP, or somebody else was first.
            InvalidInput: no PACS is set up.
        """
        transaction = self._ours(id)
        self._exchange.request_download(
            transaction.id, self._gatekeeper.pacs_node("").name, by or self._me.user, not_before
        )

    def stop(self, id: int) -> None:
        """Leave it On IEP after all. Raises Refused where images of it are on PACS already."""
        transaction = self._ours(id)
        self._exchange.leave_download(id, self._me.user, (self._download_requirement(transaction),))
        self._spool().free(id)

    def match(self, id: int, form: Form, seen: Form | None = None) -> None:
        """Our own form for this patient: whose images these are here, and for which call.

        `seen` is the form that the person had before them.

        Raises:
            Refused: it was not sent to us, is at rest, or has another form by now.
            InvalidInput: the form is one for an export, or names another sender.
        """
        transaction = self._ours(id)
        if form.kind is FormKind.EXPORT:
            raise InvalidInput("This is an export form", "", "Use the import form A2.", rule="R-GATE-3")
        if form.hospital and transaction.sender and form.hospital != transaction.sender:
            raise InvalidInput(
                "The form names another hospital",
                f"It says {form.hospital[:10]}, the images come from {transaction.sender}.",
                "Correct the form.",
                rule="R-TX-2",
            )
        form = replace(form, hospital=form.hospital or transaction.sender)
        self._transactions.set_form(id, form, self._me.user, instead_of=seen or transaction.form)
        if transaction.status in (Status.DOWNLOADING, Status.FAILED):
            self._transactions.clear_failure(id)
            self._transactions.queue(id, not_before=None, attempts=0)

    def assess(self, id: int, ctx: Context, form: Form | None = None) -> Assessment:
        """Form, header and PACS side by side, with the score; with `form` as they would stand with that form.

        Raises:
            Retriable, Permanent: PACS cannot be asked.
        """
        transaction = self._ours(id)
        if form is not None:
            transaction = replace(
                transaction, form=form, their_form=transaction.their_form or transaction.form
            )
        return self._gatekeeper.assess_transaction(transaction, ctx)

    def decline(self, id: int, decline: Decline) -> None:
        """It is not wanted here; the sender is told. Raises Refused where it is not On IEP."""
        transaction = self._ours(id)
        rework = Requirement(
            "rework", f"Declined: {decline.reason.value}", decline.text, "R-TX-6", "§2.5", "Write a message"
        )
        self._transactions.move(
            id,
            Status.DECLINED,
            f"Declined: {decline.line}",
            self._me.user,
            expected=Status.ON_IEP,
            required=(),
            required_there=(rework,) if transaction.type is TransactionType.TRANSFER else (),
        )

    def _ours(self, id: int) -> Transaction:
        transaction = self._transactions.by_id(id)
        if transaction.type not in _ARRIVING or transaction.direction is not Direction.IN:
            raise Refused(
                f"{transaction.number} was not sent to us", "Only the recipient can do this.", rule="R-TX-8"
            )
        return transaction

    def _download_requirement(self, transaction: Transaction) -> Requirement:
        since = transaction.on_iep_at or transaction.created_at
        return download_requirement(transaction.counts.wanted, purge_due(since, self._terms))
