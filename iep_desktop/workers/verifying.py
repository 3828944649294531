"""The third move of an instance: sent → verified, on the evidence of the node that took it (R-TX-4).

Storage commitment where the node offers it and its report can reach us; else what it shows by C-FIND, image by image;
else how many images it counts in a series. The kind of evidence is kept with each image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.errors import ImagesWaiting
from iep_desktop.core.evidence import NO_ROOM, Evidence, why_uncommitted
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsSeries
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.store.commitments import Commitments
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.committing import Asked, Committing

SEND_AGAIN_AFTER = 2
"""Looks in vain, after which what PACS does not show is sent again: it took it and lost it."""

AT_ONCE = 5_000
"""Images in one write: a hundred thousand take more memory than the rest of the job, and keep others waiting."""


class FindSession(Protocol):
    def instance_uids(self, study_uid: str, series_uid: str) -> frozenset[str]: ...
    def series(self, study_uid: str) -> tuple[PacsSeries, ...]: ...


OpenFind = Callable[[Node, Context], AbstractContextManager[FindSession]]


@dataclass(frozen=True)
class Verifying:
    transactions: Transactions
    commitments: Commitments
    node: Callable[[str], Node]
    open_find: OpenFind
    committing: Committing

    def verify(self, transaction: Transaction, ctx: Context) -> None:
        """Find evidence for what we sent. Images that the node reports not to keep stay *sent*, for a person.

        Raises:
            ImagesWaiting: the node took images and does not show them (yet), or has no room to keep them.
        """
        sent = self.transactions.instances(transaction.id, frozenset({InstanceState.SENT}))
        if not sent:
            self.committing.settle(transaction)
            return
        node = self.node(transaction.node)
        asked = self.committing.ask(transaction, node, sent, ctx)
        uids = {i.sop_instance_uid for i in sent}
        said = asked.said
        self._record(transaction, dict.fromkeys(uids & said.committed, Evidence.COMMITMENT))
        answered = said.committed | said.failed.keys()
        rest = [i for i in sent if i.sop_instance_uid not in answered]
        lacking = self._look(transaction, node, rest, ctx) if rest else []
        self._conclude(transaction, uids, asked)
        if lacking:
            self._lacking(transaction, lacking)

    # -- what the node shows

    def _look(
        self, transaction: Transaction, node: Node, images: Sequence[Instance], ctx: Context
    ) -> list[Instance]:
        """Ask it for what it has of each series; those that it does not show."""
        ctx.progress(Progress("verify", 0, len(images)), force=True)
        shown = self._ask(node, images, ctx)
        self._record(transaction, shown)
        return [i for i in images if i.sop_instance_uid not in shown]

    def _ask(self, node: Node, images: Sequence[Instance], ctx: Context) -> dict[str, Evidence]:
        """The UIDs that count as shown, and by what evidence."""
        by_series: dict[tuple[str, str], list[str]] = defaultdict(list)
        for instance in images:
            by_series[instance.study_uid, instance.series_uid].append(instance.sop_instance_uid)
        shown: dict[str, Evidence] = {}
        with self.open_find(node, ctx) as session:
            for (study_uid, series_uid), uids in by_series.items():
                ctx.check()
                shown |= _shown(session, study_uid, series_uid, uids)
        return shown

    def _record(self, transaction: Transaction, shown: dict[str, Evidence]) -> None:
        if not shown:
            return
        rest = iter(shown.items())
        while some := list(islice(rest, AT_ONCE)):
            changes = [InstanceChange(uid, InstanceState.VERIFIED, evidence=kind) for uid, kind in some]
            self.transactions.update_instances(transaction.id, changes)
        if Evidence.COMMITMENT in shown.values():
            text = f"{transaction.node} has committed itself to keep {len(shown)} images"
        else:
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

    # -- what the node does not keep

    def _conclude(self, transaction: Transaction, sent: Collection[str], asked: Asked) -> None:
        """What follows from the reports: nothing, another try, or a person's look.

        Raises:
            ImagesWaiting: it was short of resources for some.
        """
        if not asked.uids:
            return
        refused = {uid: code for uid, code in asked.said.failed.items() if uid in sent}
        reasons = [
            InstanceChange(uid, InstanceState.SENT, reason=why_uncommitted(False, code).capitalize())
            for uid, code in refused.items()
        ]
        self.transactions.update_instances(transaction.id, reasons)
        self._tell(transaction, asked, self.commitments.settle(transaction.id, asked.uids))
        no_room = sum(code == NO_ROOM for code in refused.values())
        if no_room:
            raise ImagesWaiting(
                f"{transaction.node} is too short of resources to keep {no_room} images",
                f"Its storage commitment failed with {NO_ROOM:04X}.",
                "It is asked again. If it stays so, its team must free space.",
                dicom_status=NO_ROOM,
            )

    def _tell(self, transaction: Transaction, asked: Asked, uncommitted: int) -> None:
        if asked.late:
            at = asked.late.asked_at.astimezone(LONDON)
            text = f"The storage commitment that {transaction.node} was asked for at {at:%H:%M} has not come"
        elif uncommitted:
            text = f"{transaction.node} does not commit itself to {uncommitted} images"
        else:
            return
        self.transactions.record(transaction.id, "commitment", text, "engine")


def _shown(session: FindSession, study_uid: str, series_uid: str, uids: list[str]) -> dict[str, Evidence]:
    """Image by image where the node answers that; else by the number of images in the series."""
    found = session.instance_uids(study_uid, series_uid)
    if found:
        return dict.fromkeys(set(found) & set(uids), Evidence.INSTANCE)
    counted = next((s for s in session.series(study_uid) if s.series_uid == series_uid), None)
    if counted and counted.instances is not None and counted.instances >= len(uids):
        return dict.fromkeys(uids, Evidence.SERIES_COUNT)
    return {}
