"""The third move of an instance: sent → verified, on the evidence of PACS itself (R-TX-4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from iep_desktop.core.errors import ImagesWaiting
from iep_desktop.core.evidence import Evidence
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsSeries
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.store.transactions import InstanceChange, Transactions

SEND_AGAIN_AFTER = 2
"""Looks in vain, after which what PACS does not show is sent again: it took it and lost it."""


class FindSession(Protocol):
    def instance_uids(self, study_uid: str, series_uid: str) -> frozenset[str]: ...
    def series(self, study_uid: str) -> tuple[PacsSeries, ...]: ...


OpenFind = Callable[[Node, Context], AbstractContextManager[FindSession]]


@dataclass(frozen=True)
class Verifying:
    transactions: Transactions
    node: Callable[[str], Node]
    open_find: OpenFind

    def verify(self, transaction: Transaction, ctx: Context) -> None:
        """Ask PACS for what it has of each series that we sent.

        Raises:
            ImagesWaiting: PACS took images and does not show them (yet).
        """
        sent = self.transactions.instances(transaction.id, frozenset({InstanceState.SENT}))
        if not sent:
            return
        ctx.progress(Progress("verify", 0, len(sent)), force=True)
        shown = self._ask(transaction, sent, ctx)
        self._record(transaction, shown)
        lacking = [i for i in sent if i.sop_instance_uid not in shown]
        if lacking:
            self._lacking(transaction, lacking)

    def _ask(self, transaction: Transaction, sent: tuple[Instance, ...], ctx: Context) -> dict[str, Evidence]:
        """The UIDs that count as shown, and by what evidence."""
        by_series: dict[tuple[str, str], list[str]] = defaultdict(list)
        for instance in sent:
            by_series[instance.study_uid, instance.series_uid].append(instance.sop_instance_uid)
        shown: dict[str, Evidence] = {}
        with self.open_find(self.node(transaction.node), ctx) as session:
            for (study_uid, series_uid), uids in by_series.items():
                ctx.check()
                shown |= _shown(session, study_uid, series_uid, uids)
        return shown

    def _record(self, transaction: Transaction, shown: dict[str, Evidence]) -> None:
        if shown:
            changes = [
                InstanceChange(uid, InstanceState.VERIFIED, evidence=kind) for uid, kind in shown.items()
            ]
            self.transactions.update_instances(transaction.id, changes)
            kinds = " and ".join(kind.value for kind in Evidence if kind in shown.values())
            text = f"{transaction.node} shows {len(shown)} images, {kinds}"
            self.transactions.record(transaction.id, "verified", text, "engine")

    def _lacking(self, transaction: Transaction, lacking: list[Instance]) -> None:
        again = transaction.attempts >= SEND_AGAIN_AFTER
        if again:
            changes = [InstanceChange(i.sop_instance_uid, InstanceState.SPOOLED) for i in lacking]
            self.transactions.update_instances(transaction.id, changes)
        raise ImagesWaiting(
            f"{transaction.node} does not show {len(lacking)} images that it took",
            "They will be sent again." if again else "It may still be filing them.",
            "If it stays so, ask the PACS team to look for them. They are kept here.",
        )


def _shown(session: FindSession, study_uid: str, series_uid: str, uids: list[str]) -> dict[str, Evidence]:
    """Image by image where the node answers that; else by the number of images in the series."""
    found = session.instance_uids(study_uid, series_uid)
    if found:
        return dict.fromkeys(set(found) & set(uids), Evidence.INSTANCE)
    counted = next((s for s in session.series(study_uid) if s.series_uid == series_uid), None)
    if counted and counted.instances is not None and counted.instances >= len(uids):
        return dict.fromkeys(uids, Evidence.SERIES_COUNT)
    return {}
