"""Several associations that send from one feed, to peers that take fewer, break off or fall silent; both ways."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from iep_desktop.core.errors import Cancelled, NodeRejected, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Instance
from iep_desktop.workers.lanes import FULL_AFTER
from tests.fakes.lane_sender import LIMITS, Sender
from tests.fakes.peer import (
    Connection,
    Script,
    ScriptedPeer,
    accepts_no,
    answers,
    answers_after,
    dies_mid_image,
    falls_silent,
    never_answers,
    refuses,
)
from tests.fakes.ways import way  # noqa: F401
from tests.store.samples import images

C_ECHO, C_STORE = 0x0030, 0x0001
BUSY = refuses(2, 3, 2)
pytestmark = pytest.mark.usefixtures("way")


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender.of(tmp_path)


def over(count: int, peer: ScriptedPeer) -> Node:
    return replace(peer.node, associations=count)


def stored(peer: ScriptedPeer) -> Counter[str]:
    """How often each image came whole."""
    return Counter(
        message.command[0x1000].decode().rstrip("\0")
        for message in peer.messages
        if message.us(0x0100) == C_STORE
    )


def once(instances: tuple[Instance, ...]) -> Counter[str]:
    return Counter(instance.sop_instance_uid for instance in instances)


def test_as_many_associations_as_are_set_share_the_images_and_each_comes_once(sender: Sender) -> None:
    given = images(40)
    with ScriptedPeer(answers_after(0.005)) as peer:
        came = sender.send(over(4, peer), given)
    assert len(peer.connections) == 4
    assert min(len(connection.messages) for connection in peer.connections) > 1
    assert stored(peer) == once(given)
    assert all(outcome is not None and outcome.stored for _, outcome in came)
    assert Counter(sender.noted) == Counter(sender.recorded) == once(given)


def test_few_images_go_over_one(sender: Sender) -> None:
    with ScriptedPeer(answers(0)) as peer:
        sender.send(over(4, peer), images(19))
    assert len(peer.connections) == 1


def test_a_far_node_gets_more_than_two_by_its_answer_to_c_echo(sender: Sender) -> None:
    with ScriptedPeer(answers_after(0.022)) as peer:
        sender.send(over(0, peer), images(80))
        assert 6 <= len(peer.connections) <= 8
        sender.send(over(0, peer), images(80))  # by what is known of it
    kinds = [message.us(0x0100) for connection in peer.connections for message in connection.messages]
    assert kinds.count(C_ECHO) == 1


@pytest.mark.parametrize("refusal", [BUSY, refuses(1, 1, 1), refuses(1, 1, 3), refuses(2, 2, 1)])
def test_a_node_that_refuses_a_further_association_gets_all_over_those_it_takes_and_is_not_asked_again(
    sender: Sender, refusal: Script
) -> None:
    given = images(60)
    with ScriptedPeer(answers_after(0.01), answers_after(0.01), refusal, refusal) as peer:
        sender.send(over(3, peer), given)
        assert stored(peer) == once(given)
        before = len(peer.connections)
    assert before == 3
    with ScriptedPeer(answers_after(0.01), answers_after(0.01), refusal) as peer:
        sender.send(over(3, peer), given)
        assert len(peer.connections) == 2
        assert stored(peer) == once(given)


def test_a_further_association_over_which_the_node_takes_nothing_is_no_reason_to_fail_an_image(
    sender: Sender,
) -> None:
    given = images(40)
    with ScriptedPeer(answers_after(0.005), accepts_no(sender.image.pair.sop_class_uid)) as peer:
        came = sender.send(over(2, peer), given)
    assert [outcome is not None and outcome.stored for _, outcome in came] == [True] * 40
    assert stored(peer) == once(given)


def test_a_node_that_leaves_a_further_association_without_an_answer_holds_nobody_up(sender: Sender) -> None:
    given = images(40)
    with ScriptedPeer(answers(0), never_answers) as peer:
        start = time.monotonic()
        sender.send(over(2, peer), given)
        seconds = time.monotonic() - start
    assert stored(peer) == once(given)
    assert seconds < LIMITS.acse / 2


def test_the_refusal_of_the_first_association_is_the_error_that_it_was(sender: Sender) -> None:
    with ScriptedPeer(refuses(1, 1, 3)) as peer, pytest.raises(NodeRejected):
        sender.send(over(4, peer), images(40))
    assert len(peer.connections) == 1


def test_a_line_that_breaks_ends_all_lines_and_what_had_arrived_is_told(sender: Sender) -> None:
    given = images(60)
    with ScriptedPeer(answers_after(0.01), dies_mid_image) as peer:
        with pytest.raises(NodeUnreachable):
            sender.send(over(2, peer), given)
        arrived = stored(peer)
    assert Counter(sender.noted) == Counter(sender.recorded) == arrived
    left = tuple(i for i in given if i.sop_instance_uid not in arrived)
    assert 0 < len(left) < len(given)
    with ScriptedPeer(answers(0)) as peer:
        sender.send(over(2, peer), left)
        assert stored(peer) == once(left)


def test_refusals_in_a_row_for_want_of_room_end_all_lines(sender: Sender) -> None:
    with ScriptedPeer(answers(0xA700)) as peer:
        came = sender.send(over(3, peer), images(60))
    assert FULL_AFTER <= len(came) <= FULL_AFTER + 2
    assert all(outcome is not None and outcome.no_room for _, outcome in came)


def test_a_stop_lets_what_is_on_its_way_arrive(sender: Sender) -> None:
    ctx, given = Context(), images(80)
    with ScriptedPeer(answers_after(0.02)) as peer, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.send, over(3, peer), given, ctx)
        wait_until(lambda: len(sender.noted) > 5)
        ctx.stop()
        with pytest.raises(Cancelled):
            sending.result(10)
        arrived = stored(peer)
    assert Counter(sender.recorded) == arrived
    assert len(arrived) < len(given)


def test_a_cancellation_frees_every_line_that_waits_for_an_answer(sender: Sender) -> None:
    ctx = Context()
    with ScriptedPeer(falls_silent) as peer, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.send, over(3, peer), images(60), ctx)
        wait_until(lambda: len(peer.connections) == 3)
        ctx.cancel()
        with pytest.raises(Cancelled):
            sending.result(5)


def test_while_something_more_urgent_passes_by_no_line_is_kept_and_then_all_goes_on(sender: Sender) -> None:
    ctx, given, released = Context(), images(80), list[object]()

    def to_its_release(connection: Connection) -> None:
        answers_after(0.01)(connection)
        released.append(connection)

    with ScriptedPeer(to_its_release) as peer, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.send, over(2, peer), given, ctx)
        wait_until(lambda: len(sender.noted) > 5 and len(peer.connections) == 2)
        ctx.hold()
        wait_until(lambda: len(released) == 2)
        assert not sending.done()
        assert len(stored(peer)) < len(given)
        ctx.go_on()
        came = sending.result(20)
    assert len(peer.connections) == 4
    assert stored(peer) == once(given)
    assert all(outcome is not None and outcome.stored for _, outcome in came)


def test_who_is_told_to_stop_while_it_stands_still_ends_and_waits_for_nothing(sender: Sender) -> None:
    """The Blue Light for which it is held waits for its slot."""
    ctx = Context()
    with ScriptedPeer(answers_after(0.01)) as peer, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.send, over(2, peer), images(80), ctx)
        wait_until(lambda: len(sender.noted) > 5)
        ctx.hold()
        ctx.stop()
        with pytest.raises(Cancelled):
            sending.result(5)


def test_a_transaction_that_is_refused_its_first_association_gets_the_place_of_anothers_further_one(
    sender: Sender,
) -> None:
    others, own = images(200), tuple(replace(i, sop_instance_uid=f"1.9.{n}") for n, i in enumerate(images(5)))
    slow = answers_after(0.01)
    with ScriptedPeer(slow, slow, BUSY, slow) as peer, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.send, over(2, peer), others)
        wait_until(lambda: len(peer.connections) == 2 and len(sender.noted) > 5)
        came = replace(sender, noted=[], recorded=[]).send(over(2, peer), own)
        sending.result(20)
        arrived = stored(peer)
    assert [outcome is not None and outcome.stored for _, outcome in came] == [True] * 5
    assert arrived == once(others + own)
    assert len(peer.connections) == 4


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)
