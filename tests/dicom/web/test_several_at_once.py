"""STOW-RS to a node that is far: several requests at once, and what each of them confirmed stays confirmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid

from benchmarks import dicomweb
from benchmarks.delay_line import delay_line
from iep_desktop.core.errors import Cause, NodeUnreachable
from iep_desktop.core.model import Node
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.dicom.web import storing
from tests.fakes.http_peer import HttpPeer, answer
from tests.fakes.instances import make_instance
from tests.peers import run_dicomweb

NOTHING = answer(200, b"[]")  # to the question how far it is
STORED = answer(200, {"00081199": {"vr": "SQ", "Value": [{}]}})  # whatever was in the request
CUT = STORED[:-1]
BUSY = answer(503)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    where: dict[str, Any] = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    return [make_instance(tmp_path / f"{n}.dcm", InstanceNumber=n, **where) for n in range(storing.AT_ONCE)]


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is at the moment."""
    monkeypatch.setattr(storing, "_FAR_SECONDS", 60.0)


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_FAR_SECONDS", 0.0)


@contextmanager
def behind_a_line(node: Node, port: int) -> Iterator[Node]:
    with delay_line("127.0.0.1", port, 0.015) as line:
        yield replace(node, dicomweb=node.dicomweb.replace(f":{port}", f":{line}"))


def sizes(peer: HttpPeer) -> list[int]:
    """How many images were in each request that stores."""
    return [body.count(b"DICM") for first, _, body in peer.requests if first.startswith("POST")]


def test_to_a_node_that_is_far_go_four_requests_at_once_over_connections_of_their_own(
    images: list[Path],
) -> None:
    with (
        HttpPeer([NOTHING], posts=STORED) as peer,
        behind_a_line(peer.node, peer.port) as node,
        storing.open_store(node) as session,
    ):
        outcomes = session.store_many(images)
    assert all(outcome.stored for outcome in outcomes)
    assert sizes(peer) == [10, 10, 10, 10]
    assert peer.connections == 4


@pytest.mark.usefixtures("near")
def test_to_a_node_that_is_near_goes_one_request_after_the_other(images: list[Path]) -> None:
    with HttpPeer([NOTHING], posts=STORED) as peer, storing.open_store(peer.node) as session:
        outcomes = session.store_many(images)
    assert all(outcome.stored for outcome in outcomes)
    assert sizes(peer) == [20, 20]
    assert peer.connections == 1


def test_few_images_go_at_once_without_asking_how_far_it_is(images: list[Path]) -> None:
    with HttpPeer([STORED]) as peer, storing.open_store(peer.node) as session:
        session.store_many(images[:10])
    assert [first.split()[0] for first, _, _ in peer.requests] == ["POST"]


@pytest.mark.usefixtures("near")
def test_what_was_confirmed_before_the_line_broke_counts_and_the_next_call_says_why(
    images: list[Path],
) -> None:
    with (
        HttpPeer([NOTHING, NOTHING, STORED, CUT, STORED]) as peer,
        storing.open_store(peer.node) as session,
    ):
        outcomes = session.store_many(images)
        assert [outcome.stored for outcome in outcomes] == [True] * 20 + [False] * 20
        assert all(outcome.retriable for outcome in outcomes[20:])
        assert "Connection to Scripted lost" in outcomes[20].text
        with pytest.raises(NodeUnreachable, match="lost") as caught:
            session.store_many(images[20:])
    assert caught.value.cause is Cause.BROKEN
    assert sizes(peer) == [20, 20]


@pytest.mark.usefixtures("far")
def test_where_every_request_breaks_the_error_comes_at_once(images: list[Path]) -> None:
    with (
        HttpPeer([NOTHING, NOTHING, CUT]) as peer,
        storing.open_store(peer.node) as session,
        pytest.raises(NodeUnreachable, match="lost"),
    ):
        session.store_many(images)


@pytest.mark.usefixtures("far")
def test_a_node_for_which_four_are_too_many_gets_one_request_after_the_other(images: list[Path]) -> None:
    script = [NOTHING, NOTHING, STORED, BUSY, BUSY, BUSY, STORED]
    with HttpPeer(script) as peer, storing.open_store(peer.node) as session:
        first = session.store_many(images)
        second = session.store_many(images)
    assert all(outcome.stored for outcome in (*first, *second))
    assert sizes(peer) == [10] * 7 + [20, 20]


def test_an_archive_that_is_far_gets_each_image_once_and_says_so_in_order(
    images: list[Path], tmp_path: Path
) -> None:
    images[13].write_bytes(images[13].read_bytes()[:400])
    with run_dicomweb(tmp_path / "archive") as peer:
        assert peer.web_node is not None
        with behind_a_line(peer.web_node, peer.http_port) as node, storing.open_store(node) as session:
            outcomes = session.store_many(images)
        stored = peer.sop_instance_uids()
    assert [n for n, outcome in enumerate(outcomes) if not outcome.stored] == [13]
    assert stored == sorted(send_file(path).sop_instance_uid for n, path in enumerate(images) if n != 13)


def test_the_benchmark_of_dicomweb_says_its_figures(capfd: pytest.CaptureFixture[str]) -> None:
    assert dicomweb.main(12, times=1) in (0, 1)
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert len(rows) == 2
    assert all(row["ratio"] > 0 for row in rows)
