"""Our listener behind a line that fails, at every phase of a store and in every manner; both ways of receiving.

Whatever a sender's line does: half an image leaves nothing, the sender is never told 0000 for what is not recorded,
and the listener goes on serving others.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from iep_desktop.core.errors import IepError
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.scu import open_store, read_pair
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from tests.fakes.fault_proxy import (
    ASSOCIATE_AC,
    ASSOCIATE_RQ,
    P_DATA,
    RELEASE_RQ,
    TO_PEER,
    TO_US,
    Fault,
    FaultProxy,
    Harm,
    Way,
)
from tests.fakes.instances import make_instance
from tests.fakes.ways import way  # noqa: F401

SHORT = Limits(connect=0.4, acse=0.4, dimse=0.4, network=0.4, write=0.4, release=0.2)
PATIENT = Limits(connect=5, acse=5, dimse=5, network=5, write=5, release=1)
IDLE = 0.6  # seconds after which the listener ends a silent association
IMAGES = 3
pytestmark = pytest.mark.usefixtures("way")

PHASES: dict[str, tuple[Way, int | None, int, int]] = {
    "before the request": (TO_PEER, None, 1, 0),
    "in the request": (TO_PEER, ASSOCIATE_RQ, 1, 30),
    "before the answer": (TO_US, ASSOCIATE_AC, 1, 0),
    "in the command": (TO_PEER, P_DATA, 1, 20),
    "in the image": (TO_PEER, P_DATA, 2, 500),
    "before the status": (TO_US, P_DATA, 1, 0),
    "in a later image": (TO_PEER, P_DATA, 4, 500),
    "before our release": (TO_PEER, RELEASE_RQ, 1, 0),
}


@dataclass
class Inbox:
    """What the listener has recorded."""

    folder: Path
    node: Node = field(init=False)
    came: list[str] = field(default_factory=list)

    def record(self, received: Received) -> None:
        assert received.path.stat().st_size == received.size
        self.came.append(received.head.sop_instance_uid)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """With our listener running."""
    with _listening(tmp_path / "inbox", IDLE) as inbox:
        yield inbox


@contextmanager
def _listening(folder: Path, idle: float) -> Iterator[Inbox]:
    inbox = Inbox(folder)
    callers = (Caller("IEPDESKTOP", "127.0.0.1"),)
    settings = ListenerSettings("IEPSTORE", 0, host="127.0.0.1", callers=callers, idle=idle, associations=2)
    listener = StorageListener(settings, folder, lambda *_: folder, inbox.record, limits=PATIENT)
    with listener:
        inbox.node = Node("Us", NodeRole.GATEWAY, "RWE", "IEPSTORE", "127.0.0.1", listener.port)
        yield inbox


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    return [
        make_instance(folder / f"{no}.dcm", pixels=100, SOPInstanceUID=generate_uid()) for no in range(IMAGES)
    ]


def _send(node: Node, left: list[Path], limits: Limits) -> None:
    """What is confirmed is taken from `left`, as a sender does."""
    with open_store(node, {read_pair(path) for path in left}, limits=limits) as session:
        while left:
            assert session.store(left[0]).stored
            del left[0]


def _until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _serves_others(inbox: Inbox, images: list[Path]) -> None:
    """Nothing half is left, and all arrive; two associations at most, so that none may be held for ever."""
    _until(lambda: len(inbox.files()) == len(set(inbox.came)))
    for _ in range(2):
        _until(lambda: _sent(inbox.node, images))
    assert len(inbox.files()) == len(set(inbox.came)) == IMAGES


def _sent(node: Node, images: list[Path]) -> bool:
    try:
        _send(node, list(images), PATIENT)
    except IepError:
        return False
    return True


@pytest.mark.parametrize("harm", [Harm.CUT, Harm.SWALLOW])
@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_a_sender_whose_line_breaks_or_falls_silent_leaves_nothing_half_and_holds_nobody_up(
    inbox: Inbox, images: list[Path], phase: tuple[Way, int | None, int, int], harm: Harm
) -> None:
    left = list(images)
    with FaultProxy(inbox.node, Fault(harm, *phase)) as line:
        if phase[1] == RELEASE_RQ:
            _send(line.node, left, PATIENT)
        else:
            with pytest.raises(IepError):
                _send(line.node, left, SHORT)
        assert len(inbox.came) >= IMAGES - len(left)
        _serves_others(inbox, images)


@pytest.mark.parametrize(
    "phase",
    [
        (TO_PEER, ASSOCIATE_RQ, 1, 0),
        (TO_PEER, ASSOCIATE_RQ, 1, 2),
        (TO_PEER, P_DATA, 1, 0),
        (TO_PEER, P_DATA, 1, 6),
        (TO_PEER, P_DATA, 2, 0),
        (TO_PEER, P_DATA, 2, 2),
    ],
    ids=str,
)
def test_damaged_bytes_are_recorded_as_no_image_and_the_next_sender_is_served(
    inbox: Inbox, images: list[Path], phase: tuple[Way, int | None, int, int]
) -> None:
    with FaultProxy(inbox.node, Fault(Harm.CORRUPT, *phase)) as line:
        with pytest.raises(IepError):
            _send(line.node, list(images), SHORT)
        assert inbox.came == []
        _serves_others(inbox, images)


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n",
        bytes(range(256)) * 64,
        b"\x01\x00\xff\xff\xff\xff" + bytes(1000),  # an A-ASSOCIATE-RQ of 4 GB
        b"\x04\x00\x00\x00\x00\x10" + bytes(16),  # data before any association
        b"\x01",
    ],
    ids=["http", "nonsense", "oversized", "too early", "one byte"],
)
def test_who_speaks_no_dicom_to_the_listener_is_let_go(
    inbox: Inbox, images: list[Path], bytes_sent: bytes
) -> None:
    with socket.create_connection((inbox.node.host, inbox.node.port), 5) as caller:
        caller.sendall(bytes_sent)
        _serves_others(inbox, images)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_sender_of_a_kilobyte_a_second_is_waited_for(tmp_path: Path, way: str) -> None:  # noqa: F811
    """Past the library a line is idle where nothing comes; the library's own way wants each PDU within that time."""
    small = make_instance(tmp_path / "small.dcm", pixels=16)
    left, began = [small], time.monotonic()
    with _listening(tmp_path / "inbox", IDLE if way == "direct" else 20) as inbox:
        with FaultProxy(inbox.node, Fault(Harm.THROTTLE, TO_PEER, P_DATA, amount=1_000)) as line:
            _send(line.node, left, PATIENT)
        assert time.monotonic() - began > IDLE
        assert (left, len(inbox.came)) == ([], 1)
