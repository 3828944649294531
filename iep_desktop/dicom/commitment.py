"""Storage Commitment Push Model as SCU (PS3.4 J): a node is asked to commit itself to keep instances.

Owns the request (N-ACTION) and the answer to the reports that come back (N-EVENT-REPORT), on the same association or
on one that the node opens to our listener. Must not know what becomes of a report: it is handed on, and answered only
when it has been taken.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.presentation import build_context
from pynetdicom.service_class_n import StorageCommitmentServiceClass
from pynetdicom.sop_class import (  # type: ignore[attr-defined, unused-ignore]
    StorageCommitmentPushModel,
)

from iep_desktop.core.errors import IepError, NodeRejected
from iep_desktop.core.evidence import CommitmentReport, Reference
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom.association import NoContextAccepted, NodeAssociation, associate
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits

MODEL: str = StorageCommitmentPushModel
WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"  # PS3.4 J.3.5
_REQUEST = 1  # the only action type (PS3.4 J.3.2.1)
_EVENTS = (1, 2)  # all committed; failures exist (PS3.4 J.3.3.1)
_SUCCESS = 0x0000
_NO_SUCH_EVENT, _INVALID, _NOT_NOW = 0x0113, 0x0115, 0x0213  # PS3.7 10.1.1.1.8
_HINT = "Ask the PACS team to allow storage commitment for our AE title, or turn it off for this node."

_log = logging.getLogger(__name__)

Take = Callable[[CommitmentReport], bool]
"""Keeps a report for good; False where nobody has asked for it. Called in the thread of an association; when it raises
one of our errors the node is told that we cannot take it now."""


class CommitmentSession:
    """Requests over one association; get it from `open_commitment`."""

    def __init__(self, link: NodeAssociation) -> None:
        self._link = link
        self._message_id = 0

    @property
    def alive(self) -> bool:
        """Whether a report may still come on this association."""
        return self._link.alive

    def ask(self, uid: str, images: Iterable[Reference]) -> None:
        """Raises NodeRejected where the node does not take the request, NodeUnreachable where the line breaks."""
        self._message_id += 1
        question = Dataset()
        question.TransactionUID = uid
        question.ReferencedSOPSequence = [_item(image) for image in images]
        assoc, number = self._link.asking(), self._message_id
        try:
            status, _ = assoc.send_n_action(question, _REQUEST, MODEL, WELL_KNOWN_INSTANCE, number)
        except RuntimeError as exc:  # the association ended just before
            raise self._link.lost() from exc
        if "Status" not in status:
            raise self._link.lost()
        if status.Status != _SUCCESS:
            text = f"It answers with status {status.Status:04X}."
            raise NodeRejected(f"{self._link.node.name} declines storage commitment", text, _HINT)


class _Reports:
    """Answers the reports on our own association, and knows when the last answer is on its way.

    The library (3.0.4) serves each in a thread of its own, which it does not wait for: its release could go out before
    an answer, and the answer then ends its thread for the line. And that thread lowers the flag by which the library
    sees that its reactor stands still, so that the next request could wait for ever.
    """

    def __init__(self, assoc: Association) -> None:
        self._assoc = assoc
        self._changed = threading.Condition()
        self._serving = 0
        self._closed = False
        assoc._serve_request = self._serve  # type: ignore[method-assign, assignment, unused-ignore]

    def close(self, seconds: float) -> None:
        """Take no more, and wait at most so long until those that have been taken are answered. What comes now is
        neither taken nor answered: the node may report again."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._serving, seconds)

    def _serve(self, message: Any, context_id: int) -> None:
        with self._changed:
            if self._closed or not isinstance(message, N_EVENT_REPORT):
                return
            self._serving += 1
        try:
            self._answer(message, context_id)
        finally:
            with self._changed:
                self._serving -= 1
                self._changed.notify_all()

    def _answer(self, report: N_EVENT_REPORT, context_id: int) -> None:
        context = {one.context_id: one for one in self._assoc.accepted_contexts}.get(context_id)
        if context is None or report.AffectedSOPClassUID != MODEL:
            self._assoc.abort(block=False)
        else:
            StorageCommitmentServiceClass(self._assoc).SCP(report, context)


@contextmanager
def open_commitment(
    node: Node, take: Take, *, limits: Limits = DEFAULT_LIMITS, ctx: Context | None = None
) -> Iterator[CommitmentSession]:
    """An association for requests, on which reports are taken as long as it is open.

    Raises:
        NodeRejected: it does not offer the service.
        NodeUnreachable and others of the association.
    """
    try:
        with associate(node, [build_context(MODEL)], limits=limits, ctx=ctx) as link:
            link.assoc.bind(evt.EVT_N_EVENT_REPORT, lambda event: answer(event, take))
            reports = _Reports(link.assoc)
            yield CommitmentSession(link)
            reports.close(limits.dimse)
    except NoContextAccepted as exc:
        title = f"{node.name} offers no storage commitment"
        raise NodeRejected(title, "It does not offer the service to us.", _HINT) from exc


def offer(ae: AE) -> None:
    """Let a listener take reports, whether the node names its role or not (PS3.4 J.3.1, PS3.7 D.3.3.4)."""
    ae.add_supported_context(MODEL, scu_role=True, scp_role=True)


def answer(event: Any, take: Take) -> tuple[int, None]:
    """Answer an N-EVENT-REPORT, after the report has been taken."""
    if event.event_type not in _EVENTS:
        return _NO_SUCH_EVENT, None
    try:
        report = read_report(event.event_information)
    except Exception as exc:  # noqa: BLE001 - whatever a peer may send
        _log.warning("A report of storage commitment is not understood: %s", type(exc).__name__)
        return _INVALID, None
    try:
        return (_SUCCESS if take(report) else _INVALID), None
    except IepError as error:
        _log.warning("A report of storage commitment cannot be recorded: %s", error.title)
        return _NOT_NOW, None


def read_report(ds: Dataset) -> CommitmentReport:
    """Raises AttributeError and others where it is none."""
    return CommitmentReport(
        str(ds.TransactionUID),
        frozenset(
            Reference(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
            for item in ds.get("ReferencedSOPSequence") or ()
        ),
        {
            str(item.ReferencedSOPInstanceUID): _reason(item.get("FailureReason"))
            for item in ds.get("FailedSOPSequence") or ()
        },
    )


def _reason(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _item(image: Reference) -> Dataset:
    ds = Dataset()
    ds.ReferencedSOPClassUID = image.sop_class_uid
    ds.ReferencedSOPInstanceUID = image.sop_instance_uid
    return ds
