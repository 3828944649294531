"""What is due by the clock at our end: unasked downloads, purges and their warnings, cancellations, late Blue Lights.

Plain and blocking; the engine asks for it now and then. Each duty may be done by several workstations at once: the
ledger lets the first do it and tells the others. Must not decide whether images go to PACS (R-GATE-2).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from iep_desktop.core.clocks import TERMS, Terms, purge_due, purge_warnings_due
from iep_desktop.core.errors import IepError, Refused
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Requirement, Status, Transaction, TransactionType
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.alarms import BlueLights
from iep_desktop.workers.direct_routing import Arrivals, GatewayWatch
from iep_desktop.workers.downloads import Downloads
from iep_desktop.workers.leftovers import Leftovers
from iep_desktop.workers.retrieving import Retrieving

_log = logging.getLogger(__name__)

ENGINE = "engine"
PURGE_BY_HAND = "purge-by-hand"

Remove = Callable[[Node, Sequence[str]], bool]
"""Delete these SOP Instance UIDs from a gateway of ours; False where the node gives us no way to."""


@dataclass(frozen=True)
class Keeping:
    """The duties of one hospital's program."""

    transactions: Transactions
    exchange: Exchange
    downloads: Downloads
    gateway: Callable[[str], Node]
    retrieving: Retrieving
    remove: Remove
    watch: GatewayWatch
    arrivals: Arrivals
    silence: float  # seconds after which a study that comes by itself counts as complete
    blue_lights: BlueLights
    leftovers: Leftovers
    free: Callable[[int], None]  # what lies of a transaction on this computer, also what was looked at
    auto_download: frozenset[str] = frozenset()  # senders (ODS) whose transfers are downloaded unasked
    terms: Terms = TERMS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self, ctx: Context) -> None:
        """Do everything that is due. One that fails is logged and stays due; the others are done."""
        self.arrivals.close_silent(self.silence, self.now())
        self._raise_alarms()
        self.leftovers.put_away()
        self._look_for_strays(ctx)
        for transaction in self.exchange.lying_in_gateway():
            ctx.check()
            self._try(transaction, self._look_after, ctx)
        for transaction in self.exchange.waiting_for_details():
            self._try(transaction, self._cancel_if_due, ctx)

    def _try(
        self, transaction: Transaction, duty: Callable[[Transaction, Context], None], ctx: Context
    ) -> None:
        try:
            duty(transaction, ctx)
        except Refused:
            _log.info("transaction %d: another was first", transaction.id)
        except IepError as error:
            _log.warning("transaction %d stays due: %s", transaction.id, error.title)

    def _raise_alarms(self) -> None:
        try:
            self.blue_lights.look(self.now(), ENGINE)
        except IepError as error:
            _log.warning("Blue Lights cannot be looked at: %s", error.title)

    def _look_for_strays(self, ctx: Context) -> None:
        try:
            self.watch.look(ctx)
        except IepError as error:
            ctx.check()
            _log.warning("the gateway cannot be looked at: %s", error.title)

    # -- in the gateway

    def _look_after(self, transaction: Transaction, ctx: Context) -> None:
        since = transaction.on_iep_at
        if since is None or not transaction.gateway:  # it lies in our own spool
            return
        if self.now() >= purge_due(since, self.terms):
            self._purge(transaction, ctx)
        elif transaction.status is Status.ON_IEP:
            if self._unasked(transaction):
                self.downloads.download(transaction.id, by=ENGINE)
            else:
                self._warn(transaction, since)

    def _unasked(self, transaction: Transaction) -> bool:
        return transaction.type is TransactionType.TRANSFER and transaction.sender in self.auto_download

    def _warn(self, transaction: Transaction, since: datetime) -> None:
        """R-TIME-3: 3 days and 1 day before, each once."""
        looked = self.exchange.warned_at(transaction.id) or since
        due = purge_warnings_due(since, looked, self.now(), self.terms)
        if due:
            title = f"Images are purged in {_in_words(due[-1])}: download them"
            required = tuple(
                replace(r, title=title) if r.code == "download" else r for r in transaction.required
            )
            self.exchange.warn_of_purge(transaction.id, self.now(), required, f"{title}.")

    def _purge(self, transaction: Transaction, ctx: Context) -> None:
        """Deleted by its owner, and *Purged* only when the gateway shows none of it any more."""
        if transaction.status is Status.DOWNLOADING:
            return  # it is being read: after that
        node = self.gateway(transaction.gateway)
        uids = frozenset(self.exchange.purgeable(transaction.id))
        if self._left(transaction, node, uids, ctx) and not self.remove(node, tuple(uids)):
            self._ask_for_a_hand(transaction, node)
        elif left := self._left(transaction, node, uids, ctx):
            _log.warning("transaction %d: %d images are still in the gateway", transaction.id, left)
        else:
            text = f"Purged: {node.name} holds none of its images any more"
            self.exchange.purged(transaction.id, text, ENGINE)
            self.free(transaction.id)

    def _left(self, transaction: Transaction, node: Node, uids: frozenset[str], ctx: Context) -> int:
        studies = tuple(dict.fromkeys(exam.study_uid for exam in transaction.exams if exam.study_uid))
        held = self.retrieving.held(node, studies, ctx)
        return len({one.sop_instance_uid for one in held} & uids)

    def _ask_for_a_hand(self, transaction: Transaction, node: Node) -> None:
        if any(r.code == PURGE_BY_HAND for r in transaction.required):
            return
        wanted = Requirement(
            PURGE_BY_HAND,
            f"Delete its images from {node.name}: 15 days are over",
            "The gateway gives this program no way to delete. It looks by itself whether they are gone.",
            "R-TIME-3",
            "A1",
            "Details",
            blocking=False,
        )
        self.transactions.require(transaction.id, (*transaction.required, wanted))

    # -- details that stay missing

    def _cancel_if_due(self, transaction: Transaction, _ctx: Context) -> None:
        """R-TIME-5: the request is cancelled, and both are told."""
        due = next((r.due for r in transaction.required if r.code == "details"), None)
        if due is not None and self.now() >= due:
            text = "Cancelled: details were missing for two weeks (§2.4d)"
            with suppress(Refused):
                self.transactions.add_message(transaction.id, ENGINE, text)
            self.transactions.cancel(transaction.id, ENGINE)


def _in_words(left: timedelta) -> str:
    days = round(left / timedelta(days=1))
    return "1 day" if days == 1 else f"{days} days"
