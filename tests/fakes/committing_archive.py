"""An archive that offers storage commitment (PS3.4 J) and reports as it is told: here or there, in part, twice, never.

It agrees to a request (or answers `status`), and when that answer is on the wire does as `act` says, in a thread of
its own, as real archives do. What its reports were answered with is in `answers`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined, unused-ignore]

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import reactor
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.commitment import WELL_KNOWN_INSTANCE
from iep_desktop.dicom.fastsocket import Limits

LONG = Limits(connect=10, acse=10, dimse=20, network=60, write=10, release=0.3)
Act = Callable[["CommittingArchive", Any, Dataset], None]  # the association that asked, and what it asked


class CommittingArchive(Archive):
    def __init__(self, folder: Path, act: Act, *, port: int = 0, status: int = 0x0000) -> None:
        super().__init__(folder, "PACS", port, limits=LONG)
        self.act, self.status = act, status
        self.answers: list[int | None] = []
        self.asked: list[Dataset] = []
        self.listener_port = 0  # where our listener is, for reports on an association of their own
        self.stored = 0
        self._due: dict[int, threading.Thread] = {}  # by association, until its answer is sent
        self._threads: list[threading.Thread] = []
        self._listener.ae.add_supported_context(StorageCommitmentPushModel)
        self._listener._handlers = {
            **self._listener._handlers,
            evt.EVT_REQUESTED: lambda event: reactor.install(event.assoc),
            evt.EVT_N_ACTION: self._on_action,
            evt.EVT_PDU_SENT: self._on_sent,
        }

    @property
    def node(self) -> Node:
        return Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", self.port)

    def _on_store(self, event: Any) -> int:
        self.stored += 1
        return super()._on_store(event)

    def _on_action(self, event: Any) -> tuple[int, None]:
        asked = event.action_information
        self.asked.append(asked)
        thread = threading.Thread(target=self.act, args=(self, event.assoc, asked))
        self._threads.append(thread)
        self._due[id(event.assoc)] = thread
        return self.status, None

    def _on_sent(self, event: Any) -> None:
        """The answer is on the wire: what follows cannot overtake it."""
        if type(event.pdu).__name__ == "P_DATA_TF" and (thread := self._due.pop(id(event.assoc), None)):
            thread.start()

    def stop(self) -> None:
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(30)
        super().stop()

    # -- what it says

    def report(
        self,
        assoc: Any,
        uid: str,
        done: Sequence[Dataset],
        failed: Sequence[tuple[Dataset, int]] = (),
    ) -> int | None:
        """Report on an association; what it was answered with, None where nothing came."""
        ds = Dataset()
        ds.TransactionUID = uid
        ds.ReferencedSOPSequence = list(done)
        if failed:
            ds.FailedSOPSequence = [_failed(item, reason) for item, reason in failed]
        if threading.current_thread() is not assoc:  # else its thread stands still already: it is this one
            reactor.hold(assoc)
        kind = 2 if failed else 1
        status, _ = assoc.send_n_event_report(ds, kind, StorageCommitmentPushModel, WELL_KNOWN_INSTANCE)
        self.answers.append(int(status.Status) if "Status" in status else None)
        return self.answers[-1]

    def report_anew(
        self,
        uid: str,
        done: Sequence[Dataset],
        failed: Sequence[tuple[Dataset, int]] = (),
        *,
        calling: str = "PACS",
    ) -> int | None:
        """On an association of its own, to our listener; None also where it is not taken."""
        ae = AE(calling)
        ae.add_requested_context(StorageCommitmentPushModel)
        role = build_role(StorageCommitmentPushModel, scp_role=True)
        back = ae.associate("127.0.0.1", self.listener_port, ae_title="IEPDESKTOP", ext_neg=[role])
        if not back.is_established:
            self.answers.append(None)
            return None
        try:
            return self.report(back, uid, done, failed)
        finally:
            back.release()


def _failed(item: Dataset, reason: int) -> Dataset:
    ds = Dataset()
    ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = (
        item.ReferencedSOPClassUID,
        item.ReferencedSOPInstanceUID,
    )
    ds.FailureReason = reason
    return ds


# -- acts


def split(asked: Dataset, reasons: Iterable[int]) -> tuple[list[Dataset], list[tuple[Dataset, int]]]:
    """The last images fail, each for one of the reasons."""
    items, wanted = list(asked.ReferencedSOPSequence), list(reasons)
    kept = len(items) - len(wanted)
    return items[:kept], list(zip(items[kept:], wanted, strict=True))


def here(*reasons: int) -> Act:
    """Report on the same association; so many images are not kept."""

    def act(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        archive.report(assoc, str(asked.TransactionUID), *split(asked, reasons))

    return act


def there(*reasons: int) -> Act:
    """Report on an association of its own."""

    def act(archive: CommittingArchive, _assoc: Any, asked: Dataset) -> None:
        archive.report_anew(str(asked.TransactionUID), *split(asked, reasons))

    return act


def never(_archive: CommittingArchive, _assoc: Any, _asked: Dataset) -> None:
    return


def aborts(_archive: CommittingArchive, assoc: Any, _asked: Dataset) -> None:
    """As soon as it has agreed."""
    assoc.abort()
