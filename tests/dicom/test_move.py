"""C-MOVE to our listener from a node that keeps neither order nor promises."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, generate_uid

from iep_desktop.core.errors import Cancelled, NodeUnreachable, Refused
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.association import associate
from iep_desktop.dicom.contexts import Pair, presentation_contexts
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.retrieve import Wanted, retrieve
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from tests.fakes.instances import make_instance
from tests.fakes.peer import Connection, Message, Script, ScriptedPeer, command_set, data_pdu
from tests.fakes.ways import way  # noqa: F401

LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)
STUDY, SERIES = generate_uid(), generate_uid()
GET = "1.2.840.10008.5.1.4.1.2.2.3"
CALLERS = (Caller("SCRIPTED", "127.0.0.1"), Caller("MODALITY", "127.0.0.1"))
CT = Pair(CTImageStorage, "1.2.840.10008.1.2.1")
pytestmark = pytest.mark.usefixtures("way")


def ct(path: Path, **elements: str) -> Path:
    return make_instance(path, **{"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, **elements})  # type: ignore[arg-type]


def held(paths: Sequence[Path]) -> list[PacsInstance]:
    return [PacsInstance(STUDY, SERIES, send_file(path).sop_instance_uid, CTImageStorage) for path in paths]


class Program:
    """Our listener, and what came to it that no retrieve had asked for."""

    def __init__(self, folder: Path) -> None:
        self.unasked: list[Received] = []
        settings = ListenerSettings("OURS", 0, "127.0.0.1", callers=CALLERS)
        self.listener = StorageListener(
            settings, folder, lambda head, calling: folder, self.unasked.append, limits=LONG
        )

    @property
    def node(self) -> Node:
        """As the scripted peer sees it."""
        return Node("Us", NodeRole.GATEWAY, "RWE", "OURS", "127.0.0.1", self.listener.port, "SCRIPTED")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    ours = Program(tmp_path / "inbox")
    with ours.listener:
        yield ours


def moves(
    ours: Node, paths: Sequence[Path], *, late: Sequence[Path] = (), completed: int, named: bool = True
) -> Script:
    """Sends `paths`, then the final response, then the `late` ones; `named`: each says which C-MOVE it answers."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept(refused=[GET])
        while (request := connection.read_message()) is not None:
            store(ours, paths, request if named else None)
            respond(connection, request, completed)
            store(ours, late, request if named else None)

    return script


def store(ours: Node, paths: Sequence[Path], request: Message | None) -> None:
    with associate(ours, presentation_contexts([CT]), limits=LONG) as link:
        for path in paths:
            if request:
                link.assoc.send_c_store(path, originator_aet="IEPDESKTOP", originator_id=request.us(0x0110))
            else:
                link.assoc.send_c_store(path)


def respond(connection: Connection, request: Message, completed: int) -> None:
    fields = {
        0x0002: request.command[0x0002],
        0x0100: struct.pack("<H", 0x8021),
        0x0120: request.command[0x0110],
        0x0800: struct.pack("<H", 0x0101),
        0x0900: struct.pack("<H", 0),
        0x1021: struct.pack("<H", completed),
    }
    connection.send(data_pdu(request.context_id, 3, command_set(fields)))


@contextmanager
def moved(script: Script) -> Iterator[Node]:
    with ScriptedPeer(script) as peer:
        yield peer.node


@pytest.mark.parametrize("named", [True, False])
def test_instances_of_a_move_go_to_its_retrieve_and_others_to_the_program(
    named: bool, tmp_path: Path, program: Program
) -> None:
    paths = [ct(tmp_path / f"{n}.dcm") for n in range(3)]
    other = make_instance(tmp_path / "other.dcm")
    with moved(moves(program.node, paths, completed=3, named=named)) as node:
        store(program.node, [other], None)
        result = retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            lambda received: store(program.node, [other], None),
            listed=held(paths),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert result.complete
    assert result.by_move
    assert len(list((tmp_path / "1").iterdir())) == 3
    assert {one.head.sop_instance_uid for one in program.unasked} == {send_file(other).sop_instance_uid}


@pytest.mark.parametrize("named", [True, False])
def test_what_another_sends_of_the_same_study_meanwhile_is_not_taken_for_an_answer(
    named: bool, tmp_path: Path, program: Program
) -> None:
    paths = [ct(tmp_path / f"{n}.dcm") for n in range(2)]
    newer = ct(tmp_path / "newer.dcm")
    modality = replace(program.node, calling_ae="MODALITY")

    def sink(received: Received) -> None:
        if not program.unasked:
            store(modality, [newer, paths[1]], None)

    with moved(moves(program.node, paths, completed=2, named=named)) as node:
        result = retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            sink,
            listed=held(paths),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert result.complete
    assert result.duplicates == 0
    sent = {send_file(path).sop_instance_uid for path in (newer, paths[1])}
    assert {one.head.sop_instance_uid for one in program.unasked} == sent


def test_instances_that_come_behind_the_final_response_are_waited_for(
    tmp_path: Path, program: Program
) -> None:
    paths = [ct(tmp_path / f"{n}.dcm") for n in range(3)]
    script = moves(program.node, paths[:1], late=paths[1:], completed=3)
    with moved(script) as node:
        result = retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            lambda received: None,
            listed=held(paths),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert result.complete


def test_another_study_in_answer_to_our_move_is_refused_and_named(tmp_path: Path, program: Program) -> None:
    ours, stranger = ct(tmp_path / "1.dcm"), ct(tmp_path / "2.dcm", StudyInstanceUID=generate_uid())
    with moved(moves(program.node, [ours, stranger], completed=1)) as node:
        result = retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            lambda received: None,
            listed=held([ours]),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert len(result.strangers) == 1
    assert program.unasked == []


def test_what_the_sink_raises_ends_the_move(tmp_path: Path, program: Program) -> None:
    paths = [ct(tmp_path / f"{n}.dcm") for n in range(3)]

    def sink(received: Received) -> None:
        raise Refused("Another patient's image")

    with moved(moves(program.node, paths, completed=0)) as node, pytest.raises(Refused, match="Another"):
        retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            sink,
            listed=held(paths),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert list((tmp_path / "1").iterdir()) == []


def dies(connection: Connection) -> None:
    connection.read_request()
    connection.accept(refused=[GET])
    connection.read_message()


def test_a_node_that_dies_in_the_middle_of_a_move_is_said(tmp_path: Path, program: Program) -> None:
    with moved(dies) as node, pytest.raises(NodeUnreachable):
        retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            lambda received: None,
            listed=held([ct(tmp_path / "1.dcm")]),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )


def test_a_move_is_cancelled_within_two_seconds(tmp_path: Path, program: Program) -> None:
    ctx = Context()
    paths = [ct(tmp_path / f"{n}.dcm") for n in range(2)]
    at: list[float] = []

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept(refused=[GET])
        request = connection.read_message()
        store(program.node, paths[:1], request)
        at.append(time.monotonic())
        ctx.cancel()
        connection.wait()

    with moved(script) as node, pytest.raises(Cancelled):
        retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            lambda received: None,
            ctx,
            listed=held(paths),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert time.monotonic() - at[0] < 2.5


def test_waiting_for_late_instances_is_cancelled_too(tmp_path: Path, program: Program) -> None:
    ctx = Context()
    paths = [ct(tmp_path / f"{n}.dcm") for n in range(2)]
    at: list[float] = []

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept(refused=[GET])
        request = connection.read_message()
        assert request is not None
        store(program.node, paths[:1], request)
        respond(connection, request, 2)
        connection.over.wait(0.3)
        at.append(time.monotonic())
        ctx.cancel()
        connection.wait()

    with moved(script) as node, pytest.raises(Cancelled):
        retrieve(
            node,
            Wanted(STUDY),
            tmp_path / "1",
            lambda received: None,
            ctx,
            listed=held(paths),
            listener=program.listener,
            recheck=False,
            limits=LONG,
        )
    assert time.monotonic() - at[0] < 2
