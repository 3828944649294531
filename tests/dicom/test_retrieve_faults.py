"""Retrieving from a node that does not keep to what it lists or says: both ways of receiving."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    generate_uid,
)

from iep_desktop.core.errors import (
    Cancelled,
    IepError,
    NodeRejected,
    NodeUnreachable,
    OutOfSpace,
    Permanent,
    Refused,
    Retriable,
)
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom import ways
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.harvest import Retrieved
from iep_desktop.dicom.landing import Received, head_of
from iep_desktop.dicom.retrieve import AT_ONCE, Wanted, retrieve
from iep_desktop.dicom.scu import open_store, read_pair
from iep_desktop.dicom.sendfile import send_file
from tests.fakes.giving_peer import (
    cut,
    gives,
    gives_until_told,
    half_an_image,
    refuses_lists,
    silence,
)
from tests.fakes.instances import make_instance
from tests.fakes.peer import Connection, Script, ScriptedPeer, accepts_no, data_pdu, falls_silent
from tests.fakes.ways import way  # noqa: F401

SHORT = Limits(connect=0.5, acse=2, dimse=0.7, network=1, write=0.5, release=0.3)
LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)
STUDY, SERIES = generate_uid(), generate_uid()
GET, MOVE = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.2.2"
pytestmark = pytest.mark.usefixtures("way")


def ct(path: Path, uid: str = "", pixels: int = 32, **elements: object) -> Path:
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": uid or generate_uid()}
    return make_instance(path, pixels=pixels, **{**uids, **elements})  # type: ignore[arg-type]


@pytest.fixture
def study(tmp_path: Path) -> list[Path]:
    return [ct(tmp_path / f"{n}.dcm") for n in range(4)]


def uid_of(path: Path) -> str:
    return send_file(path).sop_instance_uid


def listed(paths: Sequence[Path]) -> list[PacsInstance]:
    heads = [head_of(path) for path in paths]
    return [PacsInstance(STUDY, h.series_uid, h.sop_instance_uid, h.sop_class_uid) for h in heads]


class Hospital:
    """Retrieves into a folder and remembers what came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.came: list[Received] = []

    def fetch(self, peer: ScriptedPeer, held: Sequence[Path], limits: Limits = LONG) -> Retrieved:
        return retrieve(
            peer.node,
            Wanted(STUDY),
            self.folder,
            self.came.append,
            listed=listed(held),
            had={one.head.sop_instance_uid for one in self.came},
            recheck=False,
            limits=limits,
        )

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    return Hospital(tmp_path / "received")


# -- what came is not what is listed


def test_instances_that_a_success_left_out_are_missing(study: list[Path], hospital: Hospital) -> None:
    with ScriptedPeer(gives(study[:3], completed=4)) as peer:
        result = hospital.fetch(peer, study)
    assert not result.complete
    assert [one.sop_instance_uid for one in result.missing] == [uid_of(study[3])]
    assert (len(result.received), result.completed_by_peer) == (3, 4)


def test_failures_that_the_node_counts_and_names_are_told(study: list[Path], hospital: Hospital) -> None:
    lost = uid_of(study[3])
    script = gives(study[:3], status=0xB000, failed=1, failed_uids=[lost])
    with ScriptedPeer(script) as peer:
        result = hospital.fetch(peer, study)
    assert (result.failed_by_peer, result.failed) == (1, frozenset({lost}))
    assert [one.sop_instance_uid for one in result.missing] == [lost]


def test_the_same_instance_twice_counts_once(study: list[Path], hospital: Hospital) -> None:
    with ScriptedPeer(gives([*study, study[0]])) as peer:
        result = hospital.fetch(peer, study)
    assert (len(result.received), result.duplicates, result.complete) == (4, 1, True)
    assert len(hospital.files()) == 4


def test_one_uid_with_two_patients_is_named_and_nothing_is_overwritten(
    tmp_path: Path, study: list[Path], hospital: Hospital
) -> None:
    other = ct(tmp_path / "other.dcm", uid_of(study[0]), PatientID="S9990002", PatientName="OTHER^BEN")
    with ScriptedPeer(gives([*study, other])) as peer:
        result = hospital.fetch(peer, study)
    (collision,) = result.collisions
    assert collision.two_patients
    assert (collision.kept.patient_id, collision.head.patient_id) == ("S9990001", "S9990002")
    assert not result.complete
    kept = next(one for one in hospital.came if one.head.sop_instance_uid == uid_of(study[0]))
    assert head_of(kept.path).patient_id == "S9990001"


def test_a_collision_with_what_came_before_is_found_too(
    tmp_path: Path, study: list[Path], hospital: Hospital
) -> None:
    """The files of an earlier, killed attempt are there, but nobody has recorded them."""
    with ScriptedPeer(gives(study)) as peer:
        hospital.fetch(peer, study)
    hospital.came.clear()
    changed = ct(tmp_path / "changed.dcm", uid_of(study[0]), pixels=64)
    with ScriptedPeer(gives([changed, *study[1:]])) as peer:
        result = hospital.fetch(peer, study)
    assert [c.two_patients for c in result.collisions] == [False]
    assert {one.head.sop_instance_uid for one in hospital.came} == {uid_of(path) for path in study[1:]}


def test_a_file_that_a_power_cut_tore_is_replaced(study: list[Path], hospital: Hospital) -> None:
    with ScriptedPeer(gives(study)) as peer:
        hospital.fetch(peer, study)
    torn = hospital.came.pop().path
    torn.write_bytes(b"")
    with ScriptedPeer(gives(study)) as peer:
        result = hospital.fetch(peer, study)
    assert (len(result.received), result.collisions) == (1, ())
    assert torn.stat().st_size > 0


def test_another_study_is_refused_and_named(tmp_path: Path, study: list[Path], hospital: Hospital) -> None:
    stranger = ct(tmp_path / "stranger.dcm", StudyInstanceUID=generate_uid(), PatientID="S9990002")
    with ScriptedPeer(gives([*study, stranger])) as peer:
        result = hospital.fetch(peer, study)
        statuses = [m.us(0x0900) for m in peer.messages if m.us(0x0100) == 0x8001]
    assert [head.patient_id for head in result.strangers] == ["S9990002"]
    assert not result.complete
    assert len(hospital.files()) == 4
    assert statuses == [0, 0, 0, 0, 0xA900]


def test_the_sink_sees_each_patient_and_may_stop_it(
    tmp_path: Path, study: list[Path], hospital: Hospital
) -> None:
    other = ct(tmp_path / "other.dcm", PatientID="S9990002")
    kept: list[str] = []

    def only_ours(received: Received) -> None:
        if received.head.patient_id != "S9990001":
            raise Refused("Another patient's image")
        kept.append(received.head.sop_instance_uid)

    held = listed([*study, other])
    with ScriptedPeer(gives([study[0], other, *study[1:]])) as peer, pytest.raises(Refused, match="Another"):
        retrieve(
            peer.node, Wanted(STUDY), hospital.folder, only_ours, listed=held, recheck=False, limits=LONG
        )
    assert kept == [uid_of(study[0])]
    assert len(hospital.files()) == 1


@pytest.mark.parametrize(
    ("wrong", "status"), [("uid", 0xA900), ("class", 0xA900), ("garbage", 0xC000), ("no study", 0xC000)]
)
def test_what_is_no_fit_instance_is_refused(
    wrong: str, status: int, tmp_path: Path, study: list[Path], hospital: Hospital
) -> None:
    path = ct(tmp_path / "bad.dcm")
    content = path.read_bytes()
    offset = send_file(path).offset
    data = content[offset:]
    changed = {
        "uid": data.replace(uid_of(path).encode(), uid_of(path)[:-1].encode() + b"\0"),
        "class": data.replace(CTImageStorage.encode(), b"1.2.840.10008.5.1.4.1.1.9"),
        "garbage": bytes(range(256)) * 10,
        "no study": data[: data.index(b"\x20\x00\x0d\x00")],
    }[wrong]
    path.write_bytes(content[:offset] + changed)
    with ScriptedPeer(gives([path, study[0]])) as peer:
        result = hospital.fetch(peer, study[:1])
        statuses = [m.us(0x0900) for m in peer.messages if m.us(0x0100) == 0x8001]
    assert statuses == [status, 0]
    assert result.complete
    assert len(hospital.files()) == 1


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_every_encoding_is_told_apart(syntax: str, tmp_path: Path, hospital: Hospital) -> None:
    path = ct(tmp_path / "odd.dcm", syntax=syntax)
    with ScriptedPeer(gives([path])) as peer:
        hospital.fetch(peer, [path])
    (received,) = hospital.came
    assert (received.head.patient_id, received.head.transfer_syntax_uid) == ("S9990001", syntax)
    assert received.path.read_bytes().endswith(path.read_bytes()[send_file(path).offset :])


@pytest.mark.parametrize("piece", [1, 7, 500, 1_000_000])
def test_data_sets_come_in_any_pieces(piece: int, tmp_path: Path, hospital: Hospital) -> None:
    path = ct(tmp_path / "image.dcm", pixels=16 if piece < 100 else 512)
    with ScriptedPeer(gives([path], piece=piece)) as peer:
        hospital.fetch(peer, [path])
    (received,) = hospital.came
    assert received.path.read_bytes().endswith(path.read_bytes()[send_file(path).offset :])


def test_a_study_that_grows_meanwhile_is_noticed(study: list[Path], tmp_path: Path) -> None:
    late = ct(tmp_path / "late.dcm")
    with Archive(tmp_path / "archive", "ARCHIVE") as archive:
        node = Node("Archive", NodeRole.PACS, "RWE", "ARCHIVE", "127.0.0.1", archive.port)
        store(node, study)
        stored: list[Path] = []

        def sink(received: Received) -> None:
            if not stored:
                store(node, [late])
                stored.append(late)

        result = retrieve(node, Wanted(STUDY), tmp_path / "1", sink, limits=LONG)
        rest = retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            sink,
            had=result.received,
            limits=LONG,
        )
    assert [one.sop_instance_uid for one in result.grown] == [uid_of(late)]
    assert result.complete
    assert rest.received == {uid_of(late)}


def store(node: Node, paths: Sequence[Path]) -> None:
    with open_store(node, {read_pair(path) for path in paths}, limits=LONG) as session:
        assert all(session.store(path).stored for path in paths)


# -- how it is asked for


def test_missing_instances_are_asked_for_in_lists_of_500(tmp_path: Path, hospital: Hospital) -> None:
    held = [PacsInstance(STUDY, SERIES, f"1.2.3.{n}", CTImageStorage) for n in range(AT_ONCE * 2 + 2)]
    image = ct(tmp_path / "image.dcm", "1.2.3.1")
    with ScriptedPeer(gives([image])) as peer:
        result = retrieve(
            peer.node,
            Wanted(STUDY),
            hospital.folder,
            lambda received: None,
            listed=held,
            had={"1.2.3.0"},
            recheck=False,
            limits=LONG,
        )
        requests = [bytes(m.data) for m in peer.messages if m.us(0x0100) == 0x0010]
    lengths = [data.count(b"1.2.3.") for data in requests if b"IMAGE" in data]
    assert lengths == [500, 500, 1]
    assert len(result.missing) == AT_ONCE * 2


@pytest.mark.parametrize("status", [0xA900, 0xC000, 0x0000])
def test_a_node_that_takes_no_lists_is_asked_for_the_series(
    status: int, study: list[Path], hospital: Hospital
) -> None:
    with ScriptedPeer(gives(study[:2], then=cut), refuses_lists(study, status)) as peer:
        with pytest.raises(NodeUnreachable):
            hospital.fetch(peer, study)
        result = hospital.fetch(peer, study)
    assert result.received == {uid_of(path) for path in study[2:]}
    assert result.complete
    assert result.duplicates == 0


def test_many_kinds_of_image_come_over_several_associations(tmp_path: Path, hospital: Hospital) -> None:
    classes = [f"1.2.826.0.1.3680043.9999.{n}" for n in range(7)]
    paths = [ct(tmp_path / f"{n}.dcm", SOPClassUID=uid) for n, uid in enumerate(classes)]
    with ScriptedPeer(gives(paths[:3]), gives(paths[3:6]), gives(paths[6:])) as peer:
        result = hospital.fetch(peer, paths)
        assert len(peer.connections) == 3
        assert all(len(connection.contexts) <= 128 for connection in peer.connections)
    assert result.complete


def test_a_node_without_any_way_to_retrieve_is_named(study: list[Path], hospital: Hospital) -> None:
    with (
        ScriptedPeer(accepts_no(GET, MOVE)) as peer,
        pytest.raises(NodeRejected, match="neither C-GET nor C-MOVE"),
    ):
        hospital.fetch(peer, study)


def test_a_node_that_would_send_no_image_is_named(study: list[Path], hospital: Hospital) -> None:
    with (
        ScriptedPeer(accepts_no(CTImageStorage, MOVE)) as peer,
        pytest.raises(NodeRejected, match="these kinds"),
    ):
        hospital.fetch(peer, study)


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (0xA701, OutOfSpace),
        (0xA900, Permanent),
        (0xC001, Permanent),
        (0x0124, NodeRejected),
        (0xFE00, Retriable),
    ],
)
def test_a_failure_is_told_by_its_status(
    status: int, family: type[IepError], study: list[Path], hospital: Hospital
) -> None:
    with ScriptedPeer(gives([], status=status)) as peer, pytest.raises(family) as caught:
        hospital.fetch(peer, study)
    assert f"{status:04X}" in str(caught.value) or status == 0xFE00


def test_what_came_before_a_full_node_gave_up_stays(study: list[Path], hospital: Hospital) -> None:
    with ScriptedPeer(gives(study[:2], status=0xA702)) as peer, pytest.raises(OutOfSpace):
        hospital.fetch(peer, study)
    assert len(hospital.came) == 2


# -- a line that breaks


@pytest.mark.parametrize("end", [cut, silence, Connection.abort])
def test_what_came_before_the_line_broke_stays_and_the_next_call_asks_for_the_rest(
    end: Script, study: list[Path], hospital: Hospital
) -> None:
    start = time.monotonic()
    with ScriptedPeer(gives(study[:2], then=end), gives(study[2:])) as peer:
        with pytest.raises(NodeUnreachable):
            hospital.fetch(peer, study, SHORT)
        assert time.monotonic() - start < 4
        assert {one.head.sop_instance_uid for one in hospital.came} == {uid_of(path) for path in study[:2]}
        result = hospital.fetch(peer, study)
    assert result.received == {uid_of(path) for path in study[2:]}
    assert len(hospital.files()) == 4


def test_half_an_image_leaves_nothing_behind(study: list[Path], hospital: Hospital) -> None:
    with (
        ScriptedPeer(gives(study[:1], then=half_an_image(study[1]))) as peer,
        pytest.raises(NodeUnreachable),
    ):
        hospital.fetch(peer, study, SHORT)
    assert len(hospital.files()) == 1


def nonsense(connection: Connection) -> None:
    """A data fragment without a command, and then a PDV that its PDU does not hold."""
    connection.send(data_pdu(connection.contexts[0][0], 0, bytes(100)) + bytes((4, 0, 0, 0, 0, 6)) + bytes(6))
    connection.wait()


def test_nonsense_on_the_line_is_an_error_and_not_an_image(study: list[Path], hospital: Hospital) -> None:
    start = time.monotonic()
    with ScriptedPeer(gives(study[:1], then=nonsense)) as peer, pytest.raises(NodeUnreachable):
        hospital.fetch(peer, study, SHORT)
    assert time.monotonic() - start < 4
    assert len(hospital.came) == 1


# -- stopping


@pytest.mark.parametrize("heeds", [True, False])
@pytest.mark.parametrize("how", ["cancel", "stop"])
def test_a_stop_is_asked_for_and_free_within_two_seconds(
    how: str, heeds: bool, study: list[Path], hospital: Hospital
) -> None:
    ctx = Context()
    stopped: list[float] = []

    def sink(received: Received) -> None:
        if not stopped:
            stopped.append(time.monotonic())
            threading.Thread(target=getattr(ctx, how)).start()

    with ScriptedPeer(gives_until_told(study, heeds=heeds)) as peer:
        with pytest.raises(Cancelled):
            retrieve(
                peer.node,
                Wanted(STUDY),
                hospital.folder,
                sink,
                ctx,
                listed=listed(study),
                recheck=False,
                limits=LONG,
            )
        assert time.monotonic() - stopped[0] < 2
        assert 0x0FFF in [message.us(0x0100) for message in peer.messages]
    assert not [name for name in hospital.files() if name.endswith(".part")]


@pytest.mark.parametrize("heeds", [True, False])
def test_who_is_held_leaves_the_node_whether_it_heeds_that_or_not_and_brings_the_rest_afterwards(
    heeds: bool, study: list[Path], hospital: Hospital
) -> None:
    ctx = Context()

    def sink(received: Received) -> None:
        if not hospital.came:
            ctx.hold()
        hospital.came.append(received)

    with (
        ScriptedPeer(gives_until_told(study[:2], heeds=heeds), gives(study)) as peer,
        ThreadPoolExecutor(1) as pool,
    ):
        fetching = pool.submit(
            retrieve, peer.node, Wanted(STUDY), hospital.folder, sink, ctx,
            listed=listed(study), recheck=False, limits=LONG,
        )  # fmt: skip
        while 0x0FFF not in [message.us(0x0100) for message in tuple(peer.messages)]:
            assert not fetching.done()
        ctx.go_on()
        assert fetching.result(10).complete
        assert len(peer.connections) == 2
    assert len(hospital.came) == len(study)


def test_cancelling_frees_a_retrieve_from_a_silent_node(study: list[Path], hospital: Hospital) -> None:
    ctx = Context()
    with ScriptedPeer(gives(study[:1], then=silence)) as peer:
        came = threading.Event()

        def cancel() -> None:
            came.wait(5)
            ctx.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        start = time.monotonic()
        with pytest.raises(Cancelled):
            retrieve(
                peer.node,
                Wanted(STUDY),
                hospital.folder,
                lambda received: came.set(),
                ctx,
                listed=listed(study),
                recheck=False,
                limits=LONG,
            )
        canceller.join()
    assert time.monotonic() - start < 3


# -- our own side


def test_the_sink_hears_of_nothing_that_is_not_durable(
    study: list[Path], hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        synced.append(os.fstat(handle).st_ino)

    durable: list[bool] = []

    def sink(received: Received) -> None:
        file, folder = received.path.stat().st_ino, received.path.parent.stat().st_ino
        durable.append(file in synced and folder in synced[synced.index(file) :])

    monkeypatch.setattr(os, "fsync", noted)
    with ScriptedPeer(gives(study)) as peer:
        retrieve(
            peer.node,
            Wanted(STUDY),
            hospital.folder,
            sink,
            listed=listed(study),
            recheck=False,
            limits=LONG,
        )
    assert durable == [True] * 4


def test_memory_stays_flat_while_a_large_object_comes(
    tmp_path: Path, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the library only: its own way holds each object in memory."""
    monkeypatch.setattr(ways, "direct", lambda: True)
    path = ct(tmp_path / "huge.dcm", pixels=4096)  # 32 MB
    with ScriptedPeer(gives([path], piece=1 << 20)) as peer:
        held = listed([path])
        original = path.stat().st_size
        tracemalloc.start()
        result = retrieve(
            peer.node,
            Wanted(STUDY),
            hospital.folder,
            hospital.came.append,
            listed=held,
            recheck=False,
            limits=LONG,
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert result.complete
    assert hospital.came[0].size > original - 1000
    content = hospital.came[0].path.read_bytes()
    assert content.endswith(path.read_bytes()[send_file(path).offset :])
    assert hashlib.sha256(content).hexdigest() == hospital.came[0].sha256
    assert peak < 2 * original + 16_000_000  # the scripted peer holds the file and its data set


def test_a_full_disk_of_ours_ends_it_and_leaves_nothing_half(
    tmp_path: Path,
    study: list[Path],
    way: str,  # noqa: F811
) -> None:
    """In a process of its own, whose files may not grow beyond a limit."""
    big = ct(tmp_path / "big.dcm", pixels=512)
    folder = tmp_path / "received"
    with ScriptedPeer(gives([study[0], big])) as peer:
        done = subprocess.run(
            [sys.executable, "-c", _FULL, str(peer.port), str(folder), STUDY, SERIES, way],
            env=dict(os.environ, PYTHONPATH=str(Path(__file__).parent.parent.parent)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.strip() == "full 1", done.stderr
    assert len(list(folder.iterdir())) == 1


_FULL = """
import resource, signal, sys
from pathlib import Path
from iep_desktop.core.errors import OutOfSpace
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.retrieve import Wanted, retrieve

port, folder, study, series, way = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
node = Node("Scripted", NodeRole.PACS, "RWE", "SCRIPTED", "127.0.0.1", int(port))
held = [PacsInstance(study, series, "1.2.3", "1.2.840.10008.5.1.4.1.1.2")]
came = []
try:
    retrieve(node, Wanted(study), Path(folder), came.append, listed=held, recheck=False, direct=way == "direct")
except OutOfSpace:
    print("full", len(came))
"""


def test_a_silent_node_is_waited_for_only_so_long(study: list[Path], hospital: Hospital) -> None:
    start = time.monotonic()
    with ScriptedPeer(falls_silent) as peer, pytest.raises(NodeUnreachable, match="does not answer"):
        hospital.fetch(peer, study, replace(SHORT, dimse=0.5))
    assert time.monotonic() - start < 4
