"""Storage Commitment Push Model as SCU (PS3.4 J): a node takes over the responsibility for instances.

Owns the request (N-ACTION) and the reports that come back (N-EVENT-REPORT), on the same association or on one
that the node opens to our listener. Committed is only what a report names; silence commits nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined, unused-ignore]
    StorageCommitmentPushModel,
)

from iep_desktop.core.errors import NodeRejected
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom.association import NoContextAccepted, NodeAssociation, associate
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.scp import Listener

WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"  # PS3.4 J.3.5
_REQUEST = 1  # the only action type (PS3.4 J.3.2.1)
_SUCCESS, _CANNOT_PROCESS, _UNKNOWN_TRANSACTION = 0x0000, 0x0110, 0x0115  # PS3.7 C.5
_MOMENT = 0.1  # seconds between two looks at the job's cancellation
_HINT = "Ask the PACS team to allow storage commitment for our AE title."
_REASONS = {  # PS3.3 C.14.1.1
    0x0110: "the node failed while it processed the image",
    0x0112: "the node does not have the image",
    0x0119: "the node has it as another kind of image",
    0x0122: "the node does not support this kind of image",
    0x0131: "the node knows the transaction already",
    0x0213: "the node is short of resources",
}


@dataclass(frozen=True)
class Reference:
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True)
class NotCommitted:
    """An instance for which the node declines to answer, and why."""

    sop_instance_uid: str
    reason: int | None

    @property
    def text(self) -> str:
        if self.reason is None:
            return "the node gives no reason"
        return f"{_REASONS.get(self.reason, 'the node gives an unknown reason')} ({self.reason:04X})"


@dataclass(frozen=True)
class Commitment:
    """What the node said in time; `unreported` are the instances that it said nothing about."""

    committed: frozenset[str]
    failed: tuple[NotCommitted, ...]
    unreported: frozenset[str]

    @property
    def complete(self) -> bool:
        return not self.failed and not self.unreported


@dataclass
class _Awaited:
    arrived: threading.Event = field(default_factory=threading.Event)
    committed: frozenset[Reference] = frozenset()
    failed: tuple[NotCommitted, ...] = ()


class Reports:
    """The transactions that wait for their report; shared by all requests and the listener."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._awaited: dict[str, _Awaited] = {}

    def listener(
        self,
        ae_title: str,
        port: int,
        *,
        host: str = "127.0.0.1",
        callers: Iterable[str] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> Listener:
        """Where nodes report on an association of their own; it takes no images."""
        handlers: dict[evt.EventType, Callable[..., Any]] = {evt.EVT_N_EVENT_REPORT: self.on_report}
        listener = Listener(ae_title, port, handlers, host=host, callers=callers, limits=limits)
        listener.ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
        return listener

    @contextmanager
    def awaited(self, transaction_uid: str) -> Iterator[_Awaited]:
        awaited = _Awaited()
        with self._lock:
            self._awaited[transaction_uid] = awaited
        try:
            yield awaited
        finally:
            with self._lock:
                del self._awaited[transaction_uid]

    def on_report(self, event: Any) -> tuple[int, None]:
        """Answer an N-EVENT-REPORT. One for nothing that we wait for (late, foreign) is refused."""
        try:
            report: Dataset = event.event_information
            uid, committed, failed = str(report.TransactionUID), _committed(report), _failed(report)
        except Exception:  # noqa: BLE001 - whatever a peer may send
            return _CANNOT_PROCESS, None
        with self._lock:
            awaited = self._awaited.get(uid)
            if awaited is None:
                return _UNKNOWN_TRANSACTION, None
            if not awaited.arrived.is_set():  # the first report is the transaction's only one (PS3.4 J.3.3)
                awaited.committed, awaited.failed = committed, failed
                awaited.arrived.set()
        return _SUCCESS, None


def request_commitment(
    node: Node,
    instances: Iterable[Reference],
    reports: Reports,
    *,
    wait: float,
    limits: Limits = DEFAULT_LIMITS,
    ctx: Context | None = None,
) -> Commitment:
    """Ask `node` to commit to `instances` and wait at most `wait` seconds for its report. Raises NodeRejected
    where it does not offer or declines it, NodeUnreachable where the line breaks before it agreed, Cancelled."""
    asked = frozenset(instances)
    question = _question(asked)
    with reports.awaited(str(question.TransactionUID)) as awaited:
        try:
            with associate(node, [build_context(StorageCommitmentPushModel)], limits=limits, ctx=ctx) as link:
                link.assoc.bind(evt.EVT_N_EVENT_REPORT, reports.on_report)
                _ask(link, question)
                _wait(awaited, wait, ctx)  # with the association open, for nodes that report on it
        except NoContextAccepted as exc:
            title = f"{node.name} offers no storage commitment"
            raise NodeRejected(title, "It does not offer the service to us.", _HINT) from exc
        return _commitment(asked, awaited)


def _question(asked: Iterable[Reference]) -> Dataset:
    ds = Dataset()
    ds.TransactionUID = generate_uid()
    ds.ReferencedSOPSequence = [_item(reference) for reference in asked]
    return ds


def _item(reference: Reference) -> Dataset:
    ds = Dataset()
    ds.ReferencedSOPClassUID = reference.sop_class_uid
    ds.ReferencedSOPInstanceUID = reference.sop_instance_uid
    return ds


def _ask(link: NodeAssociation, question: Dataset) -> None:
    status, _ = link.assoc.send_n_action(question, _REQUEST, StorageCommitmentPushModel, WELL_KNOWN_INSTANCE)
    if "Status" not in status:
        raise link.lost()
    if status.Status != _SUCCESS:
        title = f"{link.node.name} declines storage commitment"
        raise NodeRejected(title, f"It failed with status {status.Status:04X}.", _HINT)


def _wait(awaited: _Awaited, seconds: float, ctx: Context | None) -> None:
    """Until the report is there. The node may close the line meanwhile, and report on one of its own."""
    end = time.monotonic() + seconds
    while not awaited.arrived.wait(max(0.0, min(_MOMENT, end - time.monotonic()))):
        if ctx:
            ctx.check()
        if time.monotonic() >= end:
            return


def _commitment(asked: frozenset[Reference], awaited: _Awaited) -> Commitment:
    """Only what was asked for counts, and an instance named as failed is not committed as well."""
    if not awaited.arrived.is_set():
        return Commitment(frozenset(), (), frozenset(r.sop_instance_uid for r in asked))
    uids = {reference.sop_instance_uid for reference in asked}
    failed = tuple(f for f in awaited.failed if f.sop_instance_uid in uids)
    lost = {f.sop_instance_uid for f in failed}
    committed = frozenset(r.sop_instance_uid for r in asked & awaited.committed) - lost
    return Commitment(committed, failed, frozenset(uids - lost - committed))


def _committed(report: Dataset) -> frozenset[Reference]:
    return frozenset(
        Reference(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
        for item in report.get("ReferencedSOPSequence") or ()
    )


def _failed(report: Dataset) -> tuple[NotCommitted, ...]:
    return tuple(
        NotCommitted(str(item.ReferencedSOPInstanceUID), item.get("FailureReason"))
        for item in report.get("FailedSOPSequence") or ()
    )
