"""An archive that gives images over a line that fails, at every phase of a retrieve and in every manner; both ways.

Whatever happens, we say within our limits what it was; what came whole stays, half an image leaves nothing, and the
same call again brings the rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, generate_uid

from iep_desktop.core.errors import Cancelled, Cause, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.disk import PART
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.retrieve import Wanted, retrieve
from iep_desktop.dicom.scu import open_store, read_pair
from iep_desktop.dicom.sendfile import send_file
from tests.fakes.fault_proxy import (
    ASSOCIATE_AC,
    ASSOCIATE_RQ,
    P_DATA,
    RELEASE_RP,
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
STUDY, SERIES = generate_uid(), generate_uid()
IMAGES = 3
pytestmark = pytest.mark.usefixtures("way")

PHASES: dict[str, tuple[Way, int | None, int, int]] = {
    "before the request": (TO_PEER, None, 1, 0),
    "in the request": (TO_PEER, ASSOCIATE_RQ, 1, 30),
    "before the answer": (TO_US, ASSOCIATE_AC, 1, 0),
    "in the answer": (TO_US, ASSOCIATE_AC, 1, 30),
    "in what we ask for": (TO_PEER, P_DATA, 1, 20),
    "before the first image": (TO_US, P_DATA, 1, 0),
    "in the command of an image": (TO_US, P_DATA, 1, 20),
    "in an image": (TO_US, P_DATA, 2, 500),
    "in our answer to an image": (TO_PEER, P_DATA, 3, 20),
    "in a later image": (TO_US, P_DATA, 5, 500),
}
AT_THE_END: dict[str, tuple[Way, int | None, int, int]] = {
    "before our release": (TO_PEER, RELEASE_RQ, 1, 0),
    "in our release": (TO_PEER, RELEASE_RQ, 1, 4),
    "before its release": (TO_US, RELEASE_RP, 1, 0),
}


class Inbox:
    """What came, each image with its bytes compared to its source."""

    def __init__(self, folder: Path, sources: list[Path]) -> None:
        self.folder = folder
        self.sources = {send_file(path).sop_instance_uid: _data_set(path) for path in sources}
        self.came: list[str] = []

    def fetch(self, node: Node, limits: Limits, ctx: Context | None = None) -> None:
        held = [PacsInstance(STUDY, SERIES, uid, CTImageStorage) for uid in self.sources]
        wanted = Wanted(STUDY, sop_instance_uids=frozenset(self.sources))
        retrieve(
            node, wanted, self.folder, self._take, ctx,
            listed=held, had=self.came, recheck=False, limits=limits,
        )  # fmt: skip

    def _take(self, received: Received) -> None:
        uid = received.head.sop_instance_uid
        assert _data_set(received.path) == self.sources[uid]
        self.came.append(uid)

    @property
    def whole(self) -> bool:
        return sorted(self.came) == sorted(self.sources) and len(self.files()) == len(self.sources)

    def files(self) -> list[Path]:
        return list(self.folder.glob("*")) if self.folder.exists() else []

    def half_files(self) -> list[Path]:
        return [path for path in self.files() if path.name.endswith(PART)]


def _data_set(path: Path) -> bytes:
    return path.read_bytes()[send_file(path).offset :]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    return [
        make_instance(
            folder / f"{no}.dcm",
            pixels=100,
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=SERIES,
            InstanceNumber=no,
        )
        for no in range(IMAGES)
    ]


@pytest.fixture(scope="module")
def node(images: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """An archive that holds them."""
    with Archive(tmp_path_factory.mktemp("archive"), "PACS", limits=PATIENT) as archive:
        there = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", archive.port)
        with open_store(there, {read_pair(path) for path in images}, limits=PATIENT) as session:
            assert all(session.store(path).stored for path in images)
        yield there


@pytest.fixture
def inbox(tmp_path: Path, images: list[Path]) -> Inbox:
    return Inbox(tmp_path / "inbox", images)


def _fails(line: FaultProxy, inbox: Inbox) -> NodeUnreachable:
    began = time.monotonic()
    with pytest.raises(NodeUnreachable) as raised:
        inbox.fetch(line.node, SHORT)
    assert time.monotonic() - began < 4
    assert raised.value.node == "PACS"
    assert raised.value.title
    assert raised.value.hint
    assert inbox.half_files() == []
    return raised.value


@pytest.mark.parametrize("harm", [Harm.CUT, Harm.SWALLOW])
@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_a_retrieve_that_breaks_or_falls_silent_keeps_what_came_and_then_brings_the_rest(
    node: Node, inbox: Inbox, phase: tuple[Way, int | None, int, int], harm: Harm
) -> None:
    with FaultProxy(node, Fault(harm, *phase)) as line:
        error = _fails(line, inbox)
        assert error.cause in (Cause.BROKEN, Cause.ABORTED, Cause.NO_ANSWER)
        assert len(inbox.files()) == len(inbox.came) < IMAGES
        inbox.fetch(line.node, PATIENT)
    assert inbox.whole


@pytest.mark.parametrize("harm", [Harm.CUT, Harm.SWALLOW])
@pytest.mark.parametrize("phase", AT_THE_END.values(), ids=AT_THE_END)
def test_a_retrieve_whose_line_breaks_at_the_release_has_everything(
    node: Node, inbox: Inbox, phase: tuple[Way, int | None, int, int], harm: Harm
) -> None:
    began = time.monotonic()
    with FaultProxy(node, Fault(harm, *phase)) as line:
        inbox.fetch(line.node, SHORT)
    assert time.monotonic() - began < 4
    assert inbox.whole


def test_a_retrieve_over_half_a_connection_after_a_sleep_is_found_out_and_opened_anew(
    node: Node, inbox: Inbox
) -> None:
    gone = (Fault(Harm.SWALLOW, TO_PEER, P_DATA, nth=3), Fault(Harm.SWALLOW, TO_US, P_DATA, nth=3))
    with FaultProxy(node, gone) as line:
        assert _fails(line, inbox).cause is Cause.NO_ANSWER
        inbox.fetch(line.node, PATIENT)
    assert inbox.whole


@pytest.mark.parametrize(
    "phase",
    [
        (TO_US, ASSOCIATE_AC, 1, 0),
        (TO_US, P_DATA, 1, 0),
        (TO_US, P_DATA, 1, 2),  # its length: 4 GB
        (TO_US, P_DATA, 1, 6),  # length of the value, presentation context
        (TO_US, P_DATA, 1, 12),  # the command
        (TO_US, P_DATA, 2, 0),
        (TO_US, P_DATA, 2, 2),
    ],
    ids=str,
)
def test_a_retrieve_whose_bytes_are_damaged_takes_no_garbage_for_an_image(
    node: Node, inbox: Inbox, phase: tuple[Way, int | None, int, int]
) -> None:
    with FaultProxy(node, Fault(Harm.CORRUPT, *phase)) as line:
        _fails(line, inbox)
        inbox.fetch(line.node, PATIENT)
    assert inbox.whole


def test_a_retrieve_of_a_kilobyte_a_second_is_slow_and_no_failure_and_can_be_cancelled_at_once(
    node: Node,
    images: list[Path],
    tmp_path: Path,
    way: str,  # noqa: F811
) -> None:
    """Past the library an image may take longer than any answer; the library's own way wants it within that time."""
    inbox = Inbox(tmp_path / "inbox", images[:1])
    slow = Fault(Harm.THROTTLE, TO_US, P_DATA, amount=15_000)
    with FaultProxy(node, slow, replace(slow, amount=1_000)) as line:
        began = time.monotonic()
        inbox.fetch(line.node, replace(PATIENT, dimse=1, network=1) if way == "direct" else PATIENT)
        assert time.monotonic() - began > 1
        assert inbox.whole
        inbox.came.clear()
        ctx, began = Context(), time.monotonic()
        timer = threading.Timer(0.5, ctx.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            inbox.fetch(line.node, PATIENT, ctx)
        timer.join()
        assert time.monotonic() - began < 3
    assert inbox.half_files() == []


def test_a_retrieve_whose_answers_take_their_time_is_waited_for(node: Node, inbox: Inbox) -> None:
    with FaultProxy(node, Fault(Harm.DELAY, TO_US, amount=0.1)) as line:
        inbox.fetch(line.node, PATIENT)
    assert inbox.whole


def test_a_node_that_reads_nothing_of_what_we_answer_is_given_up(node: Node, inbox: Inbox) -> None:
    with FaultProxy(node, Fault(Harm.STALL, TO_PEER, P_DATA, nth=3)) as line:
        assert _fails(line, inbox).cause is Cause.NO_ANSWER
        inbox.fetch(line.node, PATIENT)
    assert inbox.whole
