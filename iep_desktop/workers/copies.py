"""Copies of a transaction's images onto a stick, for when the network fails and a patient cannot wait (R-TRAUMA).

Every copy is read again and compared before it is counted; names say nothing of the patient. Not a conformant disc:
there is no DICOMDIR.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from iep_desktop.core.errors import IepError, InvalidInput, OutOfSpace, Permanent
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.me import Me
from iep_desktop.core.transaction import Direction, Instance, InstanceState, Transaction, TransactionType
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.transactions import Transactions

_CHUNK = 1 << 20

Fetch = Callable[[Transaction, tuple[Instance, ...], Context], None]
"""Brings images of a transfer of ours from PACS into the spool."""


@dataclass(frozen=True)
class CopyReceipt:
    """What was copied and compared, and how many images of the transaction were not here to be copied."""

    folder: Path
    files: int
    bytes: int
    lacking: int = 0


@dataclass(frozen=True)
class Copies:
    me: Me
    transactions: Transactions
    spool: Spool
    fetch: Fetch

    def to_stick(self, id: int, folder: Path, ctx: Context) -> CopyReceipt:
        """Copy all images of a transaction into a new folder there, named by the transaction's number.

        Raises:
            InvalidInput: the folder is not there or not writable, or nothing can be copied.
            OutOfSpace: the stick is too small; nothing is copied.
            Permanent: what was written reads otherwise.
        """
        transaction = self.transactions.by_id(id)
        self._bring_what_is_missing(transaction, ctx)
        here = [i for i in self.transactions.instances(id) if i.spool_name and self._is_here(i)]
        if not here:
            raise InvalidInput(
                "None of the images are on this computer",
                "They are neither in the spool nor can PACS give them now.",
                "Use the disc of the modality, or try again when PACS answers.",
            )
        target = _make(folder, transaction.number, sum(i.size for i in here))
        size = 0
        for number, instance in enumerate(here, start=1):
            ctx.check()
            size += _copied(
                self.spool.path(instance.spool_name), target / f"{number:06d}.dcm", instance.sha256
            )
            ctx.progress(Progress("copy", number, len(here), size))
        wanted = transaction.counts.wanted
        text = f"{len(here)} of {wanted} images copied to a stick and compared"
        self.transactions.record(id, "copied", text, self.me.user)
        return CopyReceipt(target, len(here), size, max(wanted - len(here), 0))

    def _bring_what_is_missing(self, transaction: Transaction, ctx: Context) -> None:
        """PACS may still answer where the gateway does not; where it does not either, what is here must do."""
        listed = self.transactions.instances(transaction.id, frozenset({InstanceState.LISTED}))
        ours = transaction.type is TransactionType.TRANSFER and transaction.direction is Direction.OUT
        if not (listed and ours):
            return
        try:
            self.fetch(transaction, listed, ctx)
        except IepError as error:
            ctx.check()
            self.transactions.record(
                transaction.id, "copied", f"PACS could not give the rest: {error.title}", self.me.user
            )

    def _is_here(self, instance: Instance) -> bool:
        return self.spool.path(instance.spool_name).is_file()


def _make(folder: Path, number: str, size: int) -> Path:
    """A new folder for the copies, where there is room for them."""
    try:
        free = shutil.disk_usage(folder).free
        if free < size:
            raise OutOfSpace(
                "The stick is too small",
                f"The images need {size / 1e6:.0f} MB, it has {free / 1e6:.0f} MB free.",
                "Use another one.",
            )
        target, again = folder / number, 1
        while target.exists():
            again += 1
            target = folder / f"{number}-{again}"
        target.mkdir()
    except OSError as error:
        raise InvalidInput(
            "The stick cannot be written", error.strerror or type(error).__name__, "Is it still there?"
        ) from error
    return target


def _copied(source: Path, target: Path, sha256: str) -> int:
    """Copy, write through to the medium, read again; how many bytes."""
    try:
        with source.open("rb") as file, target.open("xb") as out:
            shutil.copyfileobj(file, out, _CHUNK)
            out.flush()
            os.fsync(out.fileno())
        with target.open("rb") as file:
            read = hashlib.file_digest(file, "sha256").hexdigest()
        size = target.stat().st_size
    except OSError as error:
        raise InvalidInput(
            "The stick cannot be written", error.strerror or type(error).__name__, "Is it still there?"
        ) from error
    if sha256 and read != sha256:
        raise Permanent(
            "What was written reads otherwise", "The stick or its port is faulty.", "Use another."
        )
    return size
