"""Storage commitment against peers that report on the same association, on another, in part, wrongly or never."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined, unused-ignore]

from iep_desktop.core.errors import Cancelled, NodeRejected, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.commitment import (
    WELL_KNOWN_INSTANCE,
    Commitment,
    NotCommitted,
    Reference,
    Reports,
    request_commitment,
)
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scp import Listener
from tests.fakes.peer import ScriptedPeer, accepts_no, falls_silent, hangs_up

LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)
SHORT = Limits(connect=0.5, acse=0.5, dimse=0.5, network=1, write=0.5, release=0.3)
ONE, TWO = Reference(CTImageStorage, "1.2.1"), Reference(CTImageStorage, "1.2.2")
Act = Callable[[Any, Dataset], None]  # the association that asked, and what it asked


@contextmanager
def committer(act: Act, status: int = 0x0000) -> Iterator[Node]:
    """A node that agrees (or answers `status`), then does as `act` says, in a thread of its own."""
    threads: list[threading.Thread] = []

    def on_action(event: Any) -> tuple[int, None]:
        threads.append(threading.Thread(target=act, args=(event.assoc, event.action_information)))
        return status, None

    def on_sent(event: Any) -> None:  # the answer is on the wire: what follows cannot overtake it
        if type(event.pdu).__name__ == "P_DATA_TF" and threads[-1].ident is None:
            threads[-1].start()

    handlers = {evt.EVT_N_ACTION: on_action, evt.EVT_PDU_SENT: on_sent}
    with Listener("GATE", 0, handlers, services=[StorageCommitmentPushModel], limits=LONG) as listener:
        yield Node("Gate", NodeRole.PACS, "RX1", "GATE", "127.0.0.1", listener.port)
        for thread in threads:
            thread.join(10)


def items(*references: Reference, reason: int | None = None) -> list[Dataset]:
    found = []
    for reference in references:
        ds = Dataset()
        ds.ReferencedSOPClassUID = reference.sop_class_uid
        ds.ReferencedSOPInstanceUID = reference.sop_instance_uid
        if reason is not None:
            ds.FailureReason = reason
        found.append(ds)
    return found


def report(assoc: Any, asked: Dataset, done: list[Dataset], failed: list[Dataset], uid: str = "") -> int:
    ds = Dataset()
    ds.TransactionUID = uid or asked.TransactionUID
    ds.ReferencedSOPSequence = done
    if failed:
        ds.FailedSOPSequence = failed
    kind = 2 if failed else 1
    answer, _ = assoc.send_n_event_report(ds, kind, StorageCommitmentPushModel, WELL_KNOWN_INSTANCE)
    return int(answer.Status)


def reports_that(*done: Reference, failed: list[Dataset] | None = None) -> Act:
    def act(assoc: Any, asked: Dataset) -> None:
        report(assoc, asked, items(*done), failed or [])

    return act


def says_nothing(assoc: Any, asked: Dataset) -> None:
    return


def ask(act: Act, wait: float = 10) -> Commitment:
    with committer(act) as node:
        return request_commitment(node, [ONE, TWO], Reports(), wait=wait, limits=LONG)


def test_a_report_on_the_same_association_commits_all() -> None:
    result = ask(reports_that(ONE, TWO))
    assert result == Commitment(frozenset({"1.2.1", "1.2.2"}), (), frozenset())
    assert result.complete


def test_a_failed_instance_comes_with_its_reason() -> None:
    result = ask(reports_that(ONE, failed=items(TWO, reason=0x0112)))
    assert result.committed == {"1.2.1"}
    assert [f.text for f in result.failed] == ["the node does not have the image (0112)"]
    assert not result.complete


def test_an_instance_that_the_report_leaves_out_is_not_committed() -> None:
    result = ask(reports_that(ONE))
    assert (result.committed, result.unreported, result.complete) == ({"1.2.1"}, {"1.2.2"}, False)


def test_an_instance_named_as_committed_and_as_failed_is_failed() -> None:
    result = ask(reports_that(ONE, TWO, failed=items(TWO, reason=0x0110)))
    assert (result.committed, result.failed) == ({"1.2.1"}, (NotCommitted("1.2.2", 0x0110),))


def test_an_instance_of_another_kind_and_one_never_asked_for_do_not_count() -> None:
    result = ask(reports_that(Reference(MRImageStorage, "1.2.1"), TWO, Reference(CTImageStorage, "9.9")))
    assert (result.committed, result.unreported) == ({"1.2.2"}, {"1.2.1"})


def test_silence_commits_nothing() -> None:
    assert ask(says_nothing, wait=0.3).unreported == {"1.2.1", "1.2.2"}


def test_a_report_for_another_transaction_is_refused_and_commits_nothing() -> None:
    statuses: list[int] = []

    def act(assoc: Any, asked: Dataset) -> None:
        statuses.append(report(assoc, asked, items(ONE, TWO), [], uid="1.2.3.4"))

    assert ask(act, wait=1).committed == frozenset()
    assert statuses == [0x0115]


def test_a_report_without_a_transaction_is_refused() -> None:
    statuses: list[int] = []

    def act(assoc: Any, asked: Dataset) -> None:
        ds = Dataset()
        ds.ReferencedSOPSequence = items(ONE, TWO)
        answer, _ = assoc.send_n_event_report(ds, 1, StorageCommitmentPushModel, WELL_KNOWN_INSTANCE)
        statuses.append(int(answer.Status))

    assert ask(act, wait=1).committed == frozenset()
    assert statuses == [0x0110]


def test_a_node_that_closes_the_line_may_report_on_one_of_its_own() -> None:
    reports = Reports()
    with reports.listener("IEPDESKTOP", 0, callers=["GATE"], limits=LONG) as listener:

        def act(assoc: Any, asked: Dataset) -> None:
            assoc.release()
            ae = AE("GATE")
            ae.add_requested_context(StorageCommitmentPushModel)
            role = build_role(StorageCommitmentPushModel, scp_role=True)
            back = ae.associate("127.0.0.1", listener.port, ae_title="IEPDESKTOP", ext_neg=[role])
            report(back, asked, items(ONE, TWO), [])
            back.release()

        with committer(act) as node:
            result = request_commitment(node, [ONE, TWO], reports, wait=10, limits=LONG)
    assert result.complete


def test_a_node_that_declines_is_named_with_its_status() -> None:
    with committer(says_nothing, status=0x0122) as node, pytest.raises(NodeRejected, match="0122"):
        request_commitment(node, [ONE], Reports(), wait=1, limits=LONG)


def test_a_node_without_storage_commitment_is_named() -> None:
    offers_none = pytest.raises(NodeRejected, match="offers no storage commitment")
    with ScriptedPeer(accepts_no(StorageCommitmentPushModel)) as peer, offers_none:
        request_commitment(peer.node, [ONE], Reports(), wait=1, limits=LONG)


@pytest.mark.parametrize("script", [falls_silent, hangs_up])
def test_a_line_that_breaks_before_the_node_agreed_is_unreachable(script: Any) -> None:
    with ScriptedPeer(script) as peer, pytest.raises(NodeUnreachable):
        request_commitment(peer.node, [ONE], Reports(), wait=1, limits=SHORT)


def test_a_cancelled_job_does_not_wait_for_the_report() -> None:
    ctx = Context()
    with committer(lambda assoc, asked: ctx.cancel()) as node, pytest.raises(Cancelled):
        request_commitment(node, [ONE], Reports(), wait=60, limits=LONG, ctx=ctx)
