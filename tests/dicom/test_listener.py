"""Our Storage SCP: who may call, what is answered when, and what is left when something goes wrong. Both ways."""

from __future__ import annotations

import logging
import os
import select
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, JPEG2000Lossless, generate_uid
from pynetdicom.presentation import build_context

from iep_desktop.core.errors import NodeRejected, NodeUnreachable, OutOfSpace, Permanent, Retriable
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import fastreceive
from iep_desktop.dicom.association import NodeAssociation, associate
from iep_desktop.dicom.dimse import C_STORE_RQ, DATA_SET, command_set, data_pdu_header, uid, us
from iep_desktop.dicom.fastsocket import FastSocket, Limits
from iep_desktop.dicom.landing import Received, head_of
from iep_desktop.dicom.scu import echo, open_find, open_store, read_pair
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.dicom.status import StoreOutcome
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from tests.fakes.instances import make_instance
from tests.fakes.ways import way  # noqa: F401

LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)
HERE = Caller("IEPDESKTOP", "127.0.0.1")
pytestmark = pytest.mark.usefixtures("way")


@dataclass
class Desk:
    """Where the listener records: what came, and whether its file was there by then."""

    folder: Path
    came: list[Received] = field(default_factory=list)
    there: list[bool] = field(default_factory=list)
    trouble: Exception | None = None

    def record(self, received: Received) -> None:
        if self.trouble:
            raise self.trouble
        self.there.append(received.path.stat().st_size == received.size)
        self.came.append(received)

    def files(self) -> list[str]:
        return [path.name for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "inbox")


@contextmanager
def listening(desk: Desk, **settings: Any) -> Iterator[tuple[StorageListener, Node]]:
    chosen = ListenerSettings("IEPSTORE", 0, **{"host": "127.0.0.1", "callers": (HERE,), **settings})
    listener = StorageListener(
        chosen, desk.folder, lambda head, calling: desk.folder, desk.record, limits=LONG
    )
    with listener:
        yield listener, Node("Us", NodeRole.GATEWAY, "RWE", "IEPSTORE", "127.0.0.1", listener.port)


def send(node: Node, *paths: Path) -> list[StoreOutcome]:
    with open_store(node, {read_pair(path) for path in paths}, limits=LONG) as session:
        return [session.store(path) for path in paths]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_instance(tmp_path / "ct.dcm")


# -- who may call


def test_a_known_caller_is_answered_after_the_file_is_there_and_recorded(desk: Desk, image: Path) -> None:
    with listening(desk) as (listener, node):
        (outcome,) = send(node, image)
    assert outcome.status == 0
    (received,) = desk.came
    assert desk.there == [True]
    assert received.calling_ae == "IEPDESKTOP"
    assert received.name == f"inbox/{received.path.name}"
    assert received.path.read_bytes().endswith(image.read_bytes()[send_file(image).offset :])
    assert listener.counts.received == 1


def test_file_and_folder_are_synced_before_anybody_hears_of_it(
    desk: Desk, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        synced.append(os.fstat(handle).st_ino)

    at_record: list[list[int]] = []
    with listening(desk) as (_, node):
        monkeypatch.setattr(os, "fsync", noted)
        monkeypatch.setattr(desk, "there", _Noting(at_record, synced))
        send(node, image)
    file, folder = desk.came[0].path.stat().st_ino, desk.folder.stat().st_ino
    assert at_record == [[file, folder]]


def test_0000_is_answered_after_fsync_rename_and_record_in_this_order(
    desk: Desk, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever hears 0000 may forget the image: nothing of this may come later (PS3.4 B.2.3)."""
    steps: list[str] = []
    fsync, replace, send_gathered = os.fsync, Path.replace, FastSocket.send_gathered

    def synced(handle: int) -> None:
        fsync(handle)
        steps.append("folder synced" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file synced")

    def renamed(path: Path, target: Path) -> Path:
        steps.append("renamed")
        return replace(path, target)

    def answered(sock: FastSocket, pieces: list[memoryview]) -> None:
        if _C_STORE_RSP in b"".join(pieces):
            steps.append("answered")
        send_gathered(sock, pieces)

    monkeypatch.setattr(desk, "record", lambda received: steps.append("recorded"))
    with listening(desk) as (_, node):
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", renamed)
        monkeypatch.setattr(FastSocket, "send_gathered", answered)
        send(node, image)
    assert steps == ["file synced", "renamed", "folder synced", "recorded", "answered"]


_C_STORE_RSP = command_set([(0x0100, us(0x8001))])[-10:]  # the command field, PS3.7 E.1


class _Noting(list[bool]):
    """Notes what was synced when something is recorded."""

    def __init__(self, notes: list[list[int]], synced: list[int]) -> None:
        super().__init__()
        self._notes, self._synced = notes, synced

    def append(self, value: bool) -> None:
        super().append(value)
        self._notes.append(list(self._synced))


@pytest.mark.parametrize(
    "callers",
    [
        (),
        (Caller("SOMEBODY", "127.0.0.1"),),
        (Caller("IEPDESKTOP", "10.0.0.0/8"),),
        (Caller("IEPDESKTOP", "no-such-host.invalid"),),
    ],
)
def test_others_are_refused_counted_and_logged(
    callers: tuple[Caller, ...], desk: Desk, image: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(desk, callers=callers) as (listener, node):
        with (
            caplog.at_level(logging.WARNING),
            pytest.raises(NodeRejected, match="does not know our AE title"),
        ):
            send(node, image)
        assert listener.counts.refused_callers == 1
    assert "'IEPDESKTOP' at 127.0.0.1" in caplog.text
    assert desk.came == []


@pytest.mark.parametrize("address", ["127.0.0.0/8", "localhost", "127.0.0.1"])
def test_an_address_may_be_a_network_or_a_name(address: str, desk: Desk) -> None:
    with listening(desk, callers=(Caller("IEPDESKTOP", address),)) as (_, node):
        assert echo(node, limits=LONG).echo_seconds > 0


def test_who_calls_another_title_is_refused(desk: Desk) -> None:
    with listening(desk) as (_, node):
        stranger = Node("Us", NodeRole.GATEWAY, "RWE", "NOTUS", "127.0.0.1", node.port)
        with pytest.raises(NodeRejected, match="NOTUS"):
            echo(stranger, limits=LONG)


def test_only_storage_and_verification_are_offered(desk: Desk) -> None:
    with (
        listening(desk) as (_, node),
        pytest.raises(NodeRejected, match="no queries"),
        open_find(node, limits=LONG),
    ):
        pass


def test_too_many_associations_are_told_to_come_later(desk: Desk, image: Path) -> None:
    with listening(desk, associations=2) as (_, node):
        contexts = [build_context(CTImageStorage)]
        with (
            associate(node, contexts, limits=LONG),
            associate(node, contexts, limits=LONG),
            pytest.raises(Retriable, match="refuses the association"),
        ):
            send(node, image)
        until(lambda: _stored(node, image))
    assert len(desk.came) == 1


def _stored(node: Node, path: Path) -> bool:
    try:
        return send(node, path)[0].stored
    except Retriable:
        return False


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert time.monotonic() < deadline


def test_an_idle_association_is_ended(desk: Desk, image: Path) -> None:
    with listening(desk, idle=0.5) as (_, node):
        start = time.monotonic()
        with open_store(node, {read_pair(image)}, limits=LONG) as session:
            session.store(image)
            until(lambda: not session.connected)
            assert 0.4 < time.monotonic() - start < 4
            assert session.store(image).stored  # over a new one


# -- what is answered


def test_what_cannot_be_recorded_is_not_taken_over(desk: Desk, image: Path) -> None:
    desk.trouble = OutOfSpace("The ledger's disk is full")
    with listening(desk) as (listener, node):
        (first,) = send(node, image)
        assert desk.files() == []
        desk.trouble = None
        (second,) = send(node, image)
    assert (first.status, second.status) == (0xA700, 0)
    assert listener.counts.failed == 1


@pytest.mark.parametrize("trouble", [Permanent("No"), RuntimeError("a bug")])
def test_what_will_never_be_recorded_is_refused_for_good(trouble: Exception, desk: Desk, image: Path) -> None:
    desk.trouble = trouble
    with listening(desk) as (_, node):
        (outcome,) = send(node, image)
    assert outcome.status == 0xC000
    assert desk.files() == []


def test_the_same_instance_again_is_success_and_recorded_again(desk: Desk, image: Path) -> None:
    with listening(desk) as (listener, node):
        outcomes = send(node, image, image)
    assert [o.status for o in outcomes] == [0, 0]
    assert (listener.counts.received, listener.counts.duplicates) == (1, 1)
    assert len(desk.came) == 2
    assert len(desk.files()) == 1


def test_another_patient_under_the_same_uid_is_refused_and_named(
    tmp_path: Path, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    same = generate_uid()
    ours = make_instance(tmp_path / "1.dcm", SOPInstanceUID=same)
    theirs = make_instance(tmp_path / "2.dcm", SOPInstanceUID=same, PatientID="S9990002", PatientName="B^B")
    with listening(desk) as (listener, node), caplog.at_level(logging.WARNING):
        outcomes = send(node, ours, theirs)
    assert [o.status for o in outcomes] == [0, 0x0111]
    assert head_of(desk.came[0].path).patient_id == "S9990001"
    assert listener.counts.collisions == 1
    assert "two patients" in caplog.text
    assert "S9990" not in caplog.text


def test_an_instance_that_is_too_large_is_refused_and_the_next_is_taken(tmp_path: Path, desk: Desk) -> None:
    small, large = make_instance(tmp_path / "s.dcm"), make_instance(tmp_path / "l.dcm", pixels=512)
    with listening(desk, largest=100_000) as (_, node):
        outcomes = send(node, large, small)
    assert [o.status for o in outcomes] == [0xA700, 0]
    assert len(desk.files()) == 1


def test_what_is_no_instance_is_refused(tmp_path: Path, desk: Desk, image: Path) -> None:
    start = send_file(image).offset
    garbage, other = tmp_path / "garbage.dcm", tmp_path / "other.dcm"
    garbage.write_bytes(image.read_bytes()[:start] + bytes(range(256)) * 8)
    content = image.read_bytes()
    name = send_file(image).sop_instance_uid.encode()
    other.write_bytes(content[:start] + content[start:].replace(name, name[:-1] + b"\0"))
    with listening(desk) as (_, node):
        outcomes = send(node, garbage, other, image)
    assert [o.status for o in outcomes] == [0xC000, 0xA900, 0]
    assert len(desk.files()) == 1


def test_private_classes_and_compressed_images_are_taken_as_they_are(tmp_path: Path, desk: Desk) -> None:
    path = make_instance(
        tmp_path / "1.dcm", SOPClassUID="1.2.826.0.1.3680043.9999.1", syntax=JPEG2000Lossless
    )
    with listening(desk) as (_, node):
        (outcome,) = send(node, path)
    assert outcome.stored
    assert desk.came[0].head.transfer_syntax_uid == JPEG2000Lossless
    assert desk.came[0].path.read_bytes().endswith(path.read_bytes()[send_file(path).offset :])


def test_an_echo_between_two_images_and_a_request_nobody_expects_do_no_harm(
    tmp_path: Path, desk: Desk
) -> None:
    """A C-CANCEL without anything to cancel is handed to the library, which serves the association from then on."""
    paths = [make_instance(tmp_path / f"{n}.dcm") for n in range(3)]
    contexts = [build_context("1.2.840.10008.1.1"), build_context(CTImageStorage, "1.2.840.10008.1.2.1")]
    with listening(desk) as (_, node), associate(node, contexts, limits=LONG) as link:
        assert link.assoc.send_c_store(paths[0]).Status == 0
        assert link.assoc.send_c_echo().Status == 0
        assert link.assoc.send_c_store(paths[1]).Status == 0
        link.assoc.send_c_cancel(1, query_model="1.2.840.10008.1.1")
        assert link.assoc.send_c_store(paths[2]).Status == 0
        assert link.assoc.send_c_echo().Status == 0
    assert len(desk.came) == 3


def test_a_first_image_right_behind_our_answer_is_not_taken_by_another_thread(
    desk: Desk, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a busy machine: the image is on the line before the thread that is to read it goes on."""
    serve = fastreceive.serve

    def late(assoc: Any, sock: FastSocket, *args: Any) -> None:
        assert sock.socket is not None
        select.select([sock.socket], [], [], 5)
        threading.Event().wait(0.1)
        serve(assoc, sock, *args)

    monkeypatch.setattr(fastreceive, "serve", late)
    with listening(desk) as (_, node):
        (outcome,) = send(node, image)
    assert outcome.status == 0


# -- what is left


@contextmanager
def half_sent(node: Node, image: Path) -> Iterator[NodeAssociation]:
    """A sender that stands still in the middle of an instance, and aborts at the end."""
    file = send_file(image)
    fields = (
        (0x0002, uid(file.pair.sop_class_uid)),
        (0x0100, us(C_STORE_RQ)),
        (0x0110, us(1)),
        (0x0700, us(0)),
        (0x0800, us(DATA_SET)),
        (0x1000, uid(file.sop_instance_uid)),
    )
    command, part = command_set(fields), image.read_bytes()[file.offset : file.offset + 400]
    contexts = [build_context(CTImageStorage, "1.2.840.10008.1.2.1")]
    link = NodeAssociation(node, contexts, LONG)
    link.open()
    try:
        link.socket.send(data_pdu_header(1, 3, command) + command + data_pdu_header(1, 0, part) + part)
        yield link
    finally:
        link.abort()


@pytest.mark.parametrize("end", ["abort", "reset", "stop", "idle"])
def test_half_an_instance_leaves_nothing(end: str, desk: Desk, image: Path, way: str) -> None:  # noqa: F811
    with listening(desk, idle=0.5 if end == "idle" else 30) as (listener, node):
        with half_sent(node, image) as link:
            if way == "direct" and end != "idle":
                until(lambda: bool(desk.files()))
            if end == "reset":
                sock = link.socket.socket
                assert sock is not None
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
            elif end == "stop":
                start = time.monotonic()
                listener.stop()
                assert time.monotonic() - start < 3
            elif end == "idle":
                until(lambda: not link.alive)
        until(lambda: desk.files() == [])
    assert desk.came == []


def test_a_listener_stops_at_once_and_its_port_is_free(desk: Desk) -> None:
    with listening(desk) as (listener, node):
        contexts = [build_context(CTImageStorage)]
        with associate(node, contexts, limits=LONG):
            start = time.monotonic()
            listener.stop()
            assert time.monotonic() - start < 3
        with pytest.raises(NodeUnreachable):
            echo(node, limits=LONG)
    with listening(desk, host="127.0.0.1") as (_, again):
        assert echo(again, limits=LONG).echo_seconds > 0


def test_a_port_that_is_taken_is_said(desk: Desk) -> None:
    with listening(desk) as (listener, _):
        settings = ListenerSettings("OTHER", listener.port, "127.0.0.1")
        other = StorageListener(settings, desk.folder, lambda head, calling: desk.folder, desk.record)
        with pytest.raises(Permanent, match="Cannot listen"):
            other.start()


def test_four_senders_at_once_lose_nothing(tmp_path: Path, desk: Desk) -> None:
    paths = [make_instance(tmp_path / f"{n}.dcm", pixels=128) for n in range(40)]
    with listening(desk) as (listener, node), ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda n: send(node, *paths[n::4]), range(4)))
    assert all(outcome.stored for some in outcomes for outcome in some)
    assert {r.head.sop_instance_uid for r in desk.came} == {send_file(p).sop_instance_uid for p in paths}
    assert listener.counts.received == 40


def test_dcmtk_sends_to_it(tmp_path: Path, desk: Desk) -> None:
    storescu = shutil.which("storescu")
    assert storescu
    (tmp_path / "out").mkdir()
    for n in range(10):
        make_instance(tmp_path / "out" / f"{n}.dcm", pixels=256)
    with listening(desk) as (listener, node):
        target = ["-aec", "IEPSTORE", "-aet", "IEPDESKTOP", "127.0.0.1", str(node.port)]
        subprocess.run([storescu, "+sd", *target, str(tmp_path / "out")], check=True, timeout=60)
    assert listener.counts.received == 10


def test_a_full_disk_refuses_for_now_and_the_next_small_one_is_taken(
    tmp_path: Path,
    way: str,  # noqa: F811
) -> None:
    """In a process of its own, whose files may not grow beyond a limit."""
    large, small = make_instance(tmp_path / "l.dcm", pixels=512), make_instance(tmp_path / "s.dcm")
    inbox = tmp_path / "inbox"
    process = subprocess.Popen(
        [sys.executable, "-c", _FULL, str(inbox), way],
        env=dict(os.environ, PYTHONPATH=str(Path(__file__).parent.parent.parent)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        port = int(process.stdout.readline())
        node = Node("Us", NodeRole.GATEWAY, "RWE", "IEPSTORE", "127.0.0.1", port)
        outcomes = send(node, large, small)
        process.communicate("end\n", timeout=20)
    assert [o.status for o in outcomes] == [0xA700, 0]
    assert len(list(inbox.iterdir())) == 1


_FULL = """
import resource, signal, sys
from pathlib import Path
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener

inbox = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
settings = ListenerSettings("IEPSTORE", 0, "127.0.0.1", callers=(Caller("IEPDESKTOP", "127.0.0.1"),))
with StorageListener(
    settings, inbox, lambda head, calling: inbox, lambda received: None, direct=sys.argv[2] == "direct"
) as listener:
    print(listener.port, flush=True)
    sys.stdin.readline()
"""


def test_no_thread_is_left_when_many_have_come_and_gone(desk: Desk, image: Path) -> None:
    with listening(desk) as (_, node):
        for _ in range(5):
            send(node, image)
    until(lambda: not [t for t in threading.enumerate() if "Acceptor" in t.name])
    assert len(desk.came) == 5
