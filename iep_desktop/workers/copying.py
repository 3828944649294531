"""The first move of an instance: medium → spool, listed → spooled. The medium is never written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Protocol

from iep_desktop.core.errors import IepError, InvalidInput, MediumUnreadable
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.dicom.spool import Spool, SpooledFile, SpoolRequest
from iep_desktop.store.transactions import InstanceChange, Transactions
from iep_desktop.workers.ledger_batch import LedgerBatch

_log = logging.getLogger(__name__)

COERCED_AHEAD = 5  # coerced files that lie beside the originals while one is sent
_PROBED = 5  # files that tell whether the medium is there


class Medium(Protocol):
    def open(self, path: str) -> BinaryIO: ...


@dataclass(frozen=True)
class Copying:
    transactions: Transactions
    spool: Spool
    open_medium: Callable[[str], Medium]

    def copy(self, transaction: Transaction, ctx: Context) -> None:
        """Copy what is still listed. A medium that is away leaves it listed; a file that cannot be read is failed.

        Raises:
            OutOfSpace: our disk has no room; nothing more is copied.
            Cancelled.
        """
        listed = self.transactions.instances(transaction.id, frozenset({InstanceState.LISTED}))
        medium = self._medium(transaction, listed)
        if medium is None:
            return
        largest = max((instance.size for instance in listed), default=0)
        self.spool.check_space(sum(instance.size for instance in listed) + COERCED_AHEAD * largest)
        copied = size = 0
        with LedgerBatch(self.transactions, transaction.id) as batch:
            for instance, result in self._copied(medium, transaction, listed, ctx):
                change = _change(instance, result)
                if change.state is InstanceState.FAILED and not _is_there(medium, listed):
                    _log.warning("transaction %d: the medium went away", transaction.id)
                    return
                batch.add(change)
                copied += 1
                size += result.size if isinstance(result, SpooledFile) else 0
                ctx.let_pass()
                ctx.progress(Progress("copy", copied, len(listed), size))
        text = f"Copied {copied} images from the disc"
        self.transactions.record(transaction.id, "spooled", text, "engine")

    def _medium(self, transaction: Transaction, listed: tuple[Instance, ...]) -> Medium | None:
        """The medium where it is there and needed."""
        if not listed or transaction.medium is None:
            return None
        try:
            medium = self.open_medium(transaction.medium.source)
        except (MediumUnreadable, InvalidInput):
            return None
        return medium if _is_there(medium, listed) else None

    def _copied(
        self, medium: Medium, transaction: Transaction, listed: tuple[Instance, ...], ctx: Context
    ) -> Iterator[tuple[Instance, SpooledFile | IepError]]:
        by_uid = {instance.sop_instance_uid: instance for instance in listed}
        requests = (
            SpoolRequest(i.sop_instance_uid, partial(medium.open, i.source_path), i.size) for i in listed
        )
        for request, result in self.spool.copy_many(requests, transaction.id, ctx):
            yield by_uid[request.sop_instance_uid], result


def _is_there(medium: Medium, listed: tuple[Instance, ...]) -> bool:
    """Whether any of a few files opens: a mount point may stay as an empty folder when its disc is taken out."""
    return any(_opens(medium, instance.source_path) for instance in listed[:: max(len(listed) // _PROBED, 1)])


def _opens(medium: Medium, path: str) -> bool:
    try:
        medium.open(path).close()
    except (OSError, IepError):
        return False
    return True


def _change(instance: Instance, result: SpooledFile | IepError) -> InstanceChange:
    uid = instance.sop_instance_uid
    if isinstance(result, IepError):
        return InstanceChange(uid, InstanceState.FAILED, reason=str(result))
    if instance.size and result.size != instance.size:
        return InstanceChange(uid, InstanceState.FAILED, reason="The file is not the one that was listed.")
    return InstanceChange(
        uid, InstanceState.SPOOLED, sha256=result.sha256, spool_name=result.name, size=result.size
    )
