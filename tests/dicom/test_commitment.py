"""Storage commitment at the wire: what is asked, what counts as a report, and in which order the line ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, generate_uid
from pynetdicom import evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined, unused-ignore]

from iep_desktop.core.errors import Cancelled, LedgerBusy, NodeRejected, NodeUnreachable
from iep_desktop.core.evidence import CommitmentReport, Reference
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom.commitment import CommitmentSession, open_commitment
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from tests.fakes.committing_archive import (
    LONG,
    CommittingArchive,
    aborts,
    here,
    never,
    there,
)
from tests.fakes.peer import ScriptedPeer, accepts_no, falls_silent, hangs_up

SHORT = Limits(connect=0.5, acse=0.5, dimse=0.5, network=1, write=0.5, release=0.3)
ONE, TWO = Reference(CTImageStorage, "1.2.1"), Reference(CTImageStorage, "1.2.2")


class Inbox:
    """Keeps the reports to what was asked for, and can be waited for."""

    def __init__(self, *known: str) -> None:
        self.known, self.reports, self.arrived = set(known), list[CommitmentReport](), threading.Event()
        self.before_it_is_kept: Any = lambda: None

    def take(self, report: CommitmentReport) -> bool:
        if report.uid not in self.known:
            return False
        self.before_it_is_kept()
        self.reports.append(report)
        self.arrived.set()
        return True


@contextmanager
def asking(archive: CommittingArchive, inbox: Inbox, **more: Any) -> Iterator[tuple[CommitmentSession, str]]:
    """A request for two images has been taken."""
    uid = str(generate_uid())
    inbox.known.add(uid)
    with archive, open_commitment(archive.node, inbox.take, limits=LONG, **more) as session:
        session.ask(uid, (ONE, TWO))
        yield session, uid


@contextmanager
def listening(inbox: Inbox, folder: Path, *callers: str) -> Iterator[StorageListener]:
    known = tuple(Caller(caller, "127.0.0.1") for caller in callers)
    settings = ListenerSettings("IEPDESKTOP", 0, "127.0.0.1", known)
    with StorageListener(
        settings, folder, lambda *_: folder, lambda _: None, on_report=inbox.take, limits=LONG
    ) as listener:
        yield listener


def test_a_report_on_the_same_association_names_what_is_kept_and_what_is_not(tmp_path: Path) -> None:
    archive, inbox = CommittingArchive(tmp_path, here(0x0112)), Inbox()
    with asking(archive, inbox) as (_, uid):
        assert inbox.arrived.wait(20)
    assert inbox.reports == [CommitmentReport(uid, frozenset({ONE}), {"1.2.2": 0x0112})]
    assert archive.answers == [0x0000]


def test_what_is_asked_names_class_and_instance_of_every_image(tmp_path: Path) -> None:
    archive = CommittingArchive(tmp_path, never)
    with asking(archive, Inbox()) as (_, uid):
        pass
    (asked,) = archive.asked
    named = [(i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID) for i in asked.ReferencedSOPSequence]
    assert (asked.TransactionUID, named) == (uid, [(CTImageStorage, "1.2.1"), (CTImageStorage, "1.2.2")])


def test_the_association_is_released_only_when_its_last_report_is_answered(tmp_path: Path) -> None:
    """Whoever waits may learn of the report from the ledger, before the node is answered."""
    order: list[str] = []
    archive, inbox = CommittingArchive(tmp_path, here()), Inbox()
    seen = {0x04: "report answered", 0x05: "release"}

    def watch(event: Any) -> None:
        order.append(seen.get(event.pdu.pdu_type, "other"))

    kept = threading.Event()

    def slowly() -> None:
        kept.set()
        threading.Event().wait(0.05)

    inbox.before_it_is_kept = slowly
    archive._listener._handlers = {**archive._listener._handlers, evt.EVT_PDU_RECV: watch}
    with asking(archive, inbox):
        assert kept.wait(20)  # and leaves while the report is being written
    assert archive.answers == [0x0000]
    assert order.index("release") > len(order) - 1 - order[::-1].index("report answered")


def test_a_report_that_comes_before_its_request_is_answered_counts(tmp_path: Path) -> None:
    inbox = Inbox()

    class Hasty(CommittingArchive):
        def _on_action(self, event: Any) -> tuple[int, None]:
            asked = event.action_information
            self.report(event.assoc, str(asked.TransactionUID), list(asked.ReferencedSOPSequence))
            return 0x0000, None

    archive = Hasty(tmp_path, never)
    with asking(archive, inbox):
        assert inbox.arrived.wait(20)
    assert inbox.reports[0].committed == {ONE, TWO}


def test_a_report_for_nothing_that_was_asked_is_refused(tmp_path: Path) -> None:
    def stranger(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        archive.report(assoc, "1.2.3.4", list(asked.ReferencedSOPSequence))

    archive, inbox = CommittingArchive(tmp_path, stranger), Inbox()
    with asking(archive, inbox):
        _join(archive)
    assert (archive.answers, inbox.reports) == ([0x0115], [])


def test_a_report_that_is_none_is_refused(tmp_path: Path) -> None:
    def broken(archive: CommittingArchive, assoc: Any, _asked: Dataset) -> None:
        archive.report(assoc, "", [Dataset()])

    archive, inbox = CommittingArchive(tmp_path, broken), Inbox()
    with asking(archive, inbox):
        _join(archive)
    assert (archive.answers, inbox.reports) == ([0x0115], [])


def test_a_report_that_cannot_be_kept_now_may_come_again(tmp_path: Path) -> None:
    archive, inbox = CommittingArchive(tmp_path, here()), Inbox()

    def busy() -> None:
        raise LedgerBusy("The ledger is busy")

    inbox.before_it_is_kept = busy
    with asking(archive, inbox):
        _join(archive)
    assert (archive.answers, inbox.reports) == ([0x0213], [])


def test_a_node_may_report_to_our_listener_and_close_the_line_on_which_it_was_asked(tmp_path: Path) -> None:
    inbox = Inbox()

    def elsewhere(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        assoc.release()
        there(0x0110)(archive, assoc, asked)

    archive = CommittingArchive(tmp_path / "archive", elsewhere)
    with listening(inbox, tmp_path / "inbox", "PACS") as listener:
        archive.listener_port = listener.port
        with asking(archive, inbox):
            assert inbox.arrived.wait(20)
    assert archive.answers == [0x0000]
    assert inbox.reports[0].failed == {"1.2.2": 0x0110}


def test_our_listener_takes_reports_from_known_callers_only(tmp_path: Path) -> None:
    archive, inbox = CommittingArchive(tmp_path / "archive", never), Inbox("1.2.3")
    with listening(inbox, tmp_path / "inbox", "PACS") as listener:
        archive.listener_port = listener.port
        assert archive.report_anew("1.2.3", [], calling="STRANGER") is None
        assert archive.report_anew("1.2.3", []) == 0x0000
    assert len(inbox.reports) == 1


def test_a_node_that_declines_is_named_with_its_status(tmp_path: Path) -> None:
    archive = CommittingArchive(tmp_path, never, status=0x0110)
    with pytest.raises(NodeRejected, match="declines") as error, asking(archive, Inbox()):
        pass
    assert "0110" in error.value.message


def test_a_node_without_storage_commitment_is_named() -> None:
    offers_none = pytest.raises(NodeRejected, match="offers no storage commitment")
    with ScriptedPeer(accepts_no(StorageCommitmentPushModel)) as peer, offers_none:
        _ask(peer.node)


@pytest.mark.parametrize("script", [falls_silent, hangs_up])
def test_a_line_that_breaks_before_the_node_agreed_is_unreachable(script: Any) -> None:
    with ScriptedPeer(script) as peer, pytest.raises(NodeUnreachable):
        _ask(peer.node)


def test_a_node_that_aborts_after_it_has_agreed_reports_nothing_more_on_this_line(tmp_path: Path) -> None:
    archive = CommittingArchive(tmp_path, aborts)
    with asking(archive, Inbox()) as (session, _):
        _join(archive)
        assert _until(lambda: not session.alive)


def test_a_cancelled_job_leaves_at_once(tmp_path: Path) -> None:
    archive, ctx = CommittingArchive(tmp_path, never), Context()
    with pytest.raises(Cancelled):
        _ask_and_cancel(archive, ctx)


def _ask_and_cancel(archive: CommittingArchive, ctx: Context) -> None:
    with asking(archive, Inbox(), ctx=ctx) as (session, _):
        ctx.cancel()
        session.ask(str(generate_uid()), (ONE,))


def _ask(node: Node) -> None:
    with open_commitment(node, Inbox().take, limits=SHORT) as session:
        session.ask(str(generate_uid()), (ONE,))


def _join(archive: CommittingArchive) -> None:
    for thread in archive._threads:
        assert _until(lambda: thread.ident is not None)  # noqa: B023 - the answer may be here before it has begun
        thread.join(20)


def _until(true: Any) -> bool:
    for _ in range(1000):
        if true():
            return True
        threading.Event().wait(0.01)
    return False
