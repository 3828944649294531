"""An archive behind a line that fails, at every phase of an association and in every manner; C-STORE over both ways.

Whatever happens, we say within our limits what it was, and what was not confirmed is sent again: nothing is lost,
nothing doubled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from iep_desktop.core.errors import Cancelled, Cause, IepError, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import echo, open_store, read_pair
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
from tests.fakes.peer import Connection, Script, ScriptedPeer, answers, data_pdu, response
from tests.fakes.ways import way  # noqa: F401

SHORT = Limits(connect=0.3, acse=0.3, dimse=0.3, network=0.3, write=0.3, release=0.2)
MEDIUM = Limits(connect=5, acse=1, dimse=1, network=1, write=1, release=0.2)
PATIENT = Limits(connect=5, acse=5, dimse=5, network=5, write=5, release=1)
IMAGES = 3

PHASES: dict[str, tuple[Way, int | None, int, int]] = {
    "before the request": (TO_PEER, None, 1, 0),
    "in the request": (TO_PEER, ASSOCIATE_RQ, 1, 30),
    "before the answer": (TO_US, ASSOCIATE_AC, 1, 0),
    "in the answer": (TO_US, ASSOCIATE_AC, 1, 30),
    "in the command": (TO_PEER, P_DATA, 1, 20),
    "in the image": (TO_PEER, P_DATA, 2, 500),
    "before the status": (TO_US, P_DATA, 1, 0),
    "in the status": (TO_US, P_DATA, 1, 20),
    "in a later image": (TO_PEER, P_DATA, 4, 500),
    "before a later status": (TO_US, P_DATA, 2, 0),
}
AT_THE_END: dict[str, tuple[Way, int | None, int, int]] = {
    "before our release": (TO_PEER, RELEASE_RQ, 1, 0),
    "in our release": (TO_PEER, RELEASE_RQ, 1, 4),
    "before its release": (TO_US, RELEASE_RP, 1, 0),
}


EXPECTED = {
    Harm.CUT: {Cause.BROKEN, Cause.ABORTED, Cause.NO_ANSWER},
    Harm.SWALLOW: {Cause.NO_ANSWER, Cause.BROKEN},  # broken: half a PDU came
}


def _fault(harm: Harm, phase: tuple[Way, int | None, int, int], amount: float = 0.0) -> Fault:
    return Fault(harm, *phase, amount=amount)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    return [
        make_instance(folder / f"{no}.dcm", SOPInstanceUID=f"1.2.826.0.1.8.{no}", pixels=100)
        for no in range(1, IMAGES + 1)
    ]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive", "PACS", limits=PATIENT) as running:
        yield running


def _node(archive: Archive) -> Node:
    return Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", archive.port)


def _send(node: Node, left: list[Path], limits: Limits, ctx: Context | None = None) -> None:
    """What the peer has confirmed is taken from `left`, as a job notes it in its ledger."""
    with open_store(node, {read_pair(path) for path in left}, ctx, limits=limits) as session:
        while left:
            assert session.store(left[0]).stored
            del left[0]


def _fails(line: FaultProxy, left: list[Path]) -> IepError:
    began = time.monotonic()
    with pytest.raises(NodeUnreachable) as raised:
        _send(line.node, left, SHORT)
    assert time.monotonic() - began < 4
    assert left
    assert raised.value.node == "PACS"
    assert raised.value.title
    assert raised.value.hint
    return raised.value


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("harm", [Harm.CUT, Harm.SWALLOW])
@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_a_line_that_breaks_or_falls_silent_is_told_in_time_and_the_rest_is_sent_again(
    archive: Archive, images: list[Path], phase: tuple[Way, int | None, int, int], harm: Harm
) -> None:
    left = list(images)
    with FaultProxy(_node(archive), _fault(harm, phase)) as line:
        error = _fails(line, left)
        assert error.cause in EXPECTED[harm]
        _send(line.node, left, PATIENT)
    assert (left, len(archive)) == ([], IMAGES)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("harm", [Harm.CUT, Harm.SWALLOW])
@pytest.mark.parametrize("phase", AT_THE_END.values(), ids=AT_THE_END)
def test_what_breaks_after_the_last_status_harms_nothing(
    archive: Archive, images: list[Path], phase: tuple[Way, int | None, int, int], harm: Harm
) -> None:
    left, began = list(images), time.monotonic()
    with FaultProxy(_node(archive), _fault(harm, phase)) as line:
        _send(line.node, left, SHORT)
    assert time.monotonic() - began < 4
    assert (left, len(archive)) == ([], IMAGES)


@pytest.mark.usefixtures("way")
def test_half_a_connection_after_a_sleep_is_found_out_and_opened_anew(
    archive: Archive, images: list[Path]
) -> None:
    """Neither end is told: what we send is acknowledged by nobody's peer, what it sends never comes."""
    gone = (
        Fault(Harm.SWALLOW, TO_PEER, P_DATA, nth=3),
        Fault(Harm.SWALLOW, TO_US, P_DATA, nth=2),
    )
    left = list(images)
    with FaultProxy(_node(archive), gone) as line:
        assert _fails(line, left).cause is Cause.NO_ANSWER
        assert len(left) == IMAGES - 1
        _send(line.node, left, PATIENT)
    assert len(archive) == IMAGES


@pytest.mark.usefixtures("way")
def test_a_line_that_takes_no_more_bytes_is_given_up_after_the_write_limit(
    archive: Archive, tmp_path: Path
) -> None:
    big = make_instance(tmp_path / "big.dcm", pixels=4096)
    left = [big]
    with FaultProxy(_node(archive), Fault(Harm.STALL, TO_PEER, P_DATA, nth=2)) as line:
        assert "stopped reading" in _fails(line, left).title


@pytest.mark.usefixtures("way")
def test_a_line_of_a_kilobyte_a_second_is_slow_and_no_failure_and_can_be_cancelled_at_once(
    archive: Archive, tmp_path: Path
) -> None:
    small = make_instance(tmp_path / "small.dcm", pixels=22)
    slow = Fault(Harm.THROTTLE, TO_PEER, amount=3_000)
    with FaultProxy(_node(archive), slow, replace(slow, amount=1_000)) as line:
        left = [small]
        _send(line.node, left, PATIENT)
        assert (left, len(archive)) == ([], 1)
        ctx, began = Context(), time.monotonic()
        timer = threading.Timer(0.5, ctx.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            _send(line.node, [small], PATIENT, ctx)
        timer.join()
        assert time.monotonic() - began < 2


@pytest.mark.usefixtures("way")
def test_answers_that_take_their_time_are_waited_for(archive: Archive, images: list[Path]) -> None:
    left = list(images)
    with FaultProxy(_node(archive), Fault(Harm.DELAY, TO_US, amount=0.2)) as line:
        _send(line.node, left, PATIENT)
    assert (left, len(archive)) == ([], IMAGES)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "phase",
    [
        (TO_US, ASSOCIATE_AC, 1, 0),
        (TO_US, ASSOCIATE_AC, 1, 2),  # its length
        (TO_US, ASSOCIATE_AC, 1, 74),  # its items
        (TO_US, P_DATA, 1, 0),
        (TO_US, P_DATA, 1, 2),  # its length
        (TO_US, P_DATA, 1, 6),  # length of the value, presentation context
        (TO_US, P_DATA, 1, 12),  # the command
        (TO_US, P_DATA, 2, 0),
    ],
    ids=str,
)
def test_bytes_that_are_damaged_on_the_way_to_us_are_never_taken_for_a_status(
    archive: Archive, images: list[Path], phase: tuple[Way, int | None, int, int]
) -> None:
    left = list(images)
    with FaultProxy(_node(archive), _fault(Harm.CORRUPT, phase)) as line:
        with pytest.raises(IepError):
            _send(line.node, left, MEDIUM)
        assert len(left) == IMAGES - (phase[2] - 1)
        _send(line.node, left, PATIENT)
    assert (left, len(archive)) == ([], IMAGES)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "phase",
    [
        (TO_PEER, ASSOCIATE_RQ, 1, 0),
        (TO_PEER, ASSOCIATE_RQ, 1, 2),
        (TO_PEER, P_DATA, 1, 0),
        (TO_PEER, P_DATA, 1, 6),
        (TO_PEER, P_DATA, 2, 0),
    ],
    ids=str,
)
def test_bytes_that_are_damaged_on_the_way_to_the_peer_end_in_a_clear_word(
    archive: Archive, images: list[Path], phase: tuple[Way, int | None, int, int]
) -> None:
    left = list(images)
    with FaultProxy(_node(archive), _fault(Harm.CORRUPT, phase)) as line:
        with pytest.raises(IepError):
            _send(line.node, left, SHORT)
        _send(line.node, left, PATIENT)
    assert (left, len(archive)) == ([], IMAGES)


@pytest.mark.parametrize("harm", [Harm.CLOSE, Harm.SWALLOW])
@pytest.mark.parametrize("phase", [*list(PHASES.values())[1:4], (TO_US, P_DATA, 1, 0)], ids=str)
def test_an_echo_over_such_a_line_ends_in_time_as_well(
    archive: Archive, phase: tuple[Way, int | None, int, int], harm: Harm
) -> None:
    began = time.monotonic()
    with FaultProxy(_node(archive), _fault(harm, phase)) as line:
        with pytest.raises(NodeUnreachable):
            echo(line.node, limits=SHORT)
        assert time.monotonic() - began < 3
        assert echo(line.node, limits=PATIENT).node == "PACS"


# -- answers that are DICOM, and wrong


def _answers_twice(connection: Connection) -> None:
    connection.read_request()
    connection.accept()
    while (message := connection.read_message()) is not None:
        connection.answer(message, 0x0000)
        connection.answer(message, 0x0000)


def _answers_in_another_context(connection: Connection) -> None:
    connection.read_request()
    connection.accept()
    while (message := connection.read_message()) is not None:
        connection.send(data_pdu(message.context_id + 100, 3, response(message, 0x0000)))


def _answers_for_another_image(connection: Connection) -> None:
    connection.read_request()
    connection.accept()
    while (message := connection.read_message()) is not None:
        message.command[0x1000] = b"1.2.3.4\0"
        connection.answer(message, 0x0000)


@pytest.mark.usefixtures("way")
def test_an_answer_that_comes_twice_confirms_one_image_only(images: list[Path]) -> None:
    left = list(images)
    with ScriptedPeer(_answers_twice, answers(0x0000)) as peer:
        while left:
            try:
                _send(peer.node, left, MEDIUM)
            except NodeUnreachable:
                continue
        uids = [message.command[0x1000].rstrip(b"\0") for message in peer.messages]
    assert {uid.decode() for uid in uids} == {f"1.2.826.0.1.8.{no}" for no in range(1, IMAGES + 1)}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("script", [_answers_in_another_context, _answers_for_another_image])
def test_an_answer_in_the_wrong_place_hangs_nobody_and_loses_nothing(
    archive: Archive, images: list[Path], script: Script
) -> None:
    left, began = list(images), time.monotonic()
    with ScriptedPeer(script) as peer:
        with suppress(NodeUnreachable):
            _send(peer.node, left, MEDIUM)
        asked = len(peer.messages)
    assert time.monotonic() - began < 4
    confirmed = IMAGES - len(left)
    assert asked >= confirmed
    _send(_node(archive), left, PATIENT)
    assert len(archive) == IMAGES - confirmed
