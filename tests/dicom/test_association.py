"""The association against a peer that behaves in every bad way, with short limits."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pynetdicom.pdu_primitives import A_ABORT
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined, unused-ignore]

from iep_desktop.core.errors import (
    Cancelled,
    IepError,
    InvalidInput,
    NodeRejected,
    NodeUnreachable,
    Refused,
    Retriable,
)
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom import association
from iep_desktop.dicom.association import NoContextAccepted, NodeAssociation, associate
from iep_desktop.dicom.fastsocket import FastSocket, Limits
from tests.fakes.peer import (
    Script,
    ScriptedPeer,
    aborts_at_once,
    accepts_no,
    answers,
    answers_garbage,
    falls_silent,
    hangs_up,
    never_answers,
    refuses,
)
from tests.peers import free_port

SHORT = Limits(connect=0.5, acse=0.5, dimse=0.5, network=1, write=0.5, release=0.3)
LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)  # where the peer answers
VERIFICATION = [build_context(Verification)]


REJECTIONS = [(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)]
"""Source and reason."""


def opening_error(node: Node, limits: Limits = LONG) -> IepError:
    with pytest.raises(IepError) as caught:
        NodeAssociation(node, VERIFICATION, limits).open()
    return caught.value


def test_an_association_is_opened_and_released() -> None:
    with ScriptedPeer(answers(0)) as peer, associate(peer.node, VERIFICATION, limits=LONG) as link:
        during = link.alive
        assert {pair.sop_class_uid for pair in link.accepted} == {Verification}
    assert (during, link.alive) == (True, False)
    assert (peer.connections[0].calling, peer.connections[0].called) == ("IEPDESKTOP", "SCRIPTED")


def test_a_closed_port_is_unreachable_and_named() -> None:
    with ScriptedPeer(answers(0)) as peer:
        node = replace(peer.node, port=free_port())
        error = opening_error(node)
    assert isinstance(error, NodeUnreachable)
    assert f"port {node.port}" in error.message


def test_an_unknown_host_name_is_said() -> None:
    with ScriptedPeer(answers(0)) as peer:
        error = opening_error(replace(peer.node, host="no-such-host.invalid"))
    assert isinstance(error, NodeUnreachable)
    assert "no-such-host.invalid" in error.message


def test_a_host_that_does_not_take_the_connection_is_given_up_after_the_limit() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):  # the backlog is full: further connections are not answered
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        with ScriptedPeer(answers(0)) as peer:
            node = replace(peer.node, port=listener.getsockname()[1])
        start = time.monotonic()
        error = opening_error(node, SHORT)
    assert isinstance(error, NodeUnreachable)
    assert "does not answer" in error.message
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("script", [never_answers, answers_garbage, hangs_up, aborts_at_once])
def test_a_peer_that_is_no_dicom_node_is_unreachable_within_the_limit(script: Script) -> None:
    start = time.monotonic()
    with ScriptedPeer(script) as peer:
        error = opening_error(peer.node, SHORT)
    assert isinstance(error, NodeUnreachable)
    assert "does not answer as a DICOM node" in error.title
    assert time.monotonic() - start < 2


def test_our_unknown_ae_title_is_named_with_what_to_do() -> None:
    with ScriptedPeer(refuses(1, 1, 3)) as peer:
        error = opening_error(peer.node)
    assert isinstance(error, NodeRejected)
    assert '"IEPDESKTOP"' in error.message
    assert "AE title" in error.hint


def test_a_wrong_ae_title_of_the_node_is_named() -> None:
    with ScriptedPeer(refuses(1, 1, 7)) as peer:
        error = opening_error(peer.node)
    assert isinstance(error, NodeRejected)
    assert '"SCRIPTED"' in error.message


@pytest.mark.parametrize("reason", [1, 2])
def test_a_node_with_too_many_connections_is_tried_again(reason: int) -> None:
    with ScriptedPeer(refuses(2, 3, reason)) as peer:
        assert isinstance(opening_error(peer.node), Retriable)


@pytest.mark.parametrize(
    ("result", "source", "reason"),
    [(result, *said) for result in (1, 2) for said in REJECTIONS],
)
def test_every_rejection_of_the_standard_has_words(result: int, source: int, reason: int) -> None:
    """PS3.8 Table 9-21: transient is tried again, and so is what can only be of the moment, whatever it is called."""
    with ScriptedPeer(refuses(result, source, reason)) as peer:
        error = opening_error(peer.node)
    assert isinstance(error, NodeRejected | Retriable)
    assert error.title
    assert error.message
    assert error.hint
    about_titles = source == 1 and reason in (3, 7)  # somebody must correct them, whatever the node says
    assert isinstance(error, Retriable) == ((result == 2 or source == 3) and not about_titles)


class LookedAtLate(FastSocket):
    """The library asks whether the line is there only when its other thread has closed it again."""

    def __init__(self, *args: Any, **kinds: Any) -> None:
        super().__init__(*args, **kinds)
        self._gone, wait = threading.Event(), self._ready.wait
        self._ready.wait = lambda timeout=None: wait(timeout) and self._gone.wait(10)  # type: ignore[method-assign]

    def close(self) -> None:
        super().close()
        self._gone.set()


def test_a_refusal_that_comes_before_the_library_looks_is_not_overlooked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(association, "FastSocket", LookedAtLate)
    with ScriptedPeer(refuses(1, 1, 3)) as peer:
        error = opening_error(peer.node)
    assert isinstance(error, NodeRejected)
    assert '"IEPDESKTOP"' in error.message


def test_a_node_that_takes_none_of_our_kinds_is_told_apart() -> None:
    with ScriptedPeer(accepts_no(Verification)) as peer:
        assert isinstance(opening_error(peer.node), NoContextAccepted)


@pytest.mark.parametrize(
    "change", [{"ae_title": ""}, {"ae_title": "X" * 17}, {"calling_ae": "BACK\\SLASH"}, {"port": 70000}]
)
def test_settings_that_cannot_be_used_are_refused_at_once(change: dict[str, object]) -> None:
    with ScriptedPeer(answers(0)) as peer:
        assert isinstance(opening_error(replace(peer.node, **change)), InvalidInput)  # type: ignore[arg-type]


def test_a_node_with_tls_is_never_spoken_to_in_the_open() -> None:
    with ScriptedPeer(answers(0)) as peer:
        assert isinstance(opening_error(replace(peer.node, tls=True)), Refused)
        assert peer.connections == []


def cancelled_after(ctx: Context, ready: Callable[[], bool]) -> threading.Thread:
    def work() -> None:
        deadline = time.monotonic() + 5
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.01)
        ctx.cancel()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_cancelling_ends_the_wait_for_an_association() -> None:
    ctx = Context()
    with ScriptedPeer(never_answers) as peer:
        canceller = cancelled_after(ctx, lambda: bool(peer.connections))
        start = time.monotonic()
        with pytest.raises(Cancelled), associate(peer.node, VERIFICATION, limits=Limits(), ctx=ctx):
            pass
        assert time.monotonic() - start < 1
        canceller.join()


def test_a_job_cancelled_before_does_not_connect() -> None:
    ctx = Context()
    ctx.cancel()
    with ScriptedPeer(answers(0)) as peer:
        with pytest.raises(Cancelled), associate(peer.node, VERIFICATION, ctx=ctx):
            pass
        assert peer.connections == []


def test_a_peer_that_never_answers_our_release_does_not_hold_us() -> None:
    start = time.monotonic()
    with ScriptedPeer(falls_silent) as peer, associate(peer.node, VERIFICATION, limits=LONG):
        pass
    assert time.monotonic() - start < 2


def test_an_abort_that_is_asked_for_while_the_line_ends_by_itself_does_no_harm() -> None:
    """pytest fails a test in which a thread ended with an exception."""
    with ScriptedPeer(answers(0)) as peer:
        link = NodeAssociation(peer.node, VERIFICATION, LONG)
        link.open()
        dul = link.assoc.dul
        dul.to_provider_queue.put(A_ABORT())
        for event in ("Evt19", "Evt15"):  # what is no PDU, read just before
            dul.event_queue.put(event)
        link.abort()
    assert not dul.is_alive()
    assert dul.to_provider_queue.empty()


def test_no_thread_is_left_behind() -> None:
    before = set(threading.enumerate())
    with ScriptedPeer(answers(0), falls_silent) as peer:
        for _ in range(2):
            with associate(peer.node, VERIFICATION, limits=LONG):
                pass
        left = [t for t in threading.enumerate() if t not in before and "peer" not in t.name]
        ours = [t for t in left if type(t).__module__.startswith("pynetdicom")]
        for thread in ours:
            thread.join(2)
        assert not [t for t in ours if t.is_alive()]


def test_the_library_logs_nothing_below_critical(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ScriptedPeer(answers_garbage) as peer:
        opening_error(peer.node)
    assert [r for r in caplog.records if r.name.startswith("pynetdicom")] == []
