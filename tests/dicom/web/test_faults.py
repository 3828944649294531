"""What can go wrong over DICOMweb, each made to happen: the error's family, and nothing of a patient in it."""

from __future__ import annotations

import logging
import re
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid

from iep_desktop.core.errors import (
    Cancelled,
    Cause,
    IepError,
    NodeRejected,
    NodeUnreachable,
    OutOfSpace,
    Permanent,
    Retriable,
)
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom import tls
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.retrieve import Wanted
from iep_desktop.dicom.status import StatusFamily, StoreOutcome
from iep_desktop.dicom.web import asking, fetching, storing
from tests.dicom.test_tls import Authority
from tests.fakes.http_peer import DEAF, SILENCE, HttpPeer, answer
from tests.fakes.instances import make_instance

QUICK = Limits(connect=0.5, acse=0.5, dimse=0.5, network=0.5, write=0.5)


def ask(node: Node, ctx: Context | None = None, limits: Limits = QUICK, sign_in: str = "") -> object:
    with asking.open_find(node, sign_in, limits=limits, ctx=ctx) as session:
        return session.studies(patient_id="S999111")


def send(
    node: Node, paths: list[Path], ctx: Context | None = None, limits: Limits = QUICK
) -> list[StoreOutcome]:
    with storing.open_store(node, ctx=ctx, limits=limits) as session:
        return session.store_many(paths)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    where: dict[str, Any] = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    return [make_instance(tmp_path / f"{i}.dcm", SOPInstanceUID=f"1.2.3.{i}", **where) for i in range(3)]


@pytest.mark.parametrize(
    ("status", "family", "cause"),
    [
        (401, NodeRejected, Cause.REJECTED),
        (403, NodeRejected, Cause.REJECTED),
        (404, NodeRejected, Cause.REJECTED),
        (302, NodeRejected, Cause.REJECTED),
        (400, Permanent, Cause.OTHER),
        (429, Retriable, Cause.BUSY),
        (503, Retriable, Cause.BUSY),
        (500, Retriable, Cause.PROCESSING),
        (502, NodeUnreachable, Cause.NO_ANSWER),
        (507, OutOfSpace, Cause.FULL),
    ],
)
def test_a_status_that_is_no_becomes_an_error_of_its_family(
    status: int, family: type[IepError], cause: Cause
) -> None:
    with HttpPeer([answer(status)]) as peer, pytest.raises(IepError) as caught:
        ask(peer.node)
    assert type(caught.value) is family
    assert caught.value.cause is cause
    assert caught.value.node == "Scripted"
    assert "S999111" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"


@pytest.mark.parametrize(
    "text", [b"<html>", b"{}", b"[1]", b'[{"00080020":{"vr":"XX","Value":3}}]', b"\xff", b""]
)
def test_an_answer_that_is_no_dicom_json_is_said_to_be_unreadable(text: bytes) -> None:
    with HttpPeer([answer(200, text)]) as peer, pytest.raises(Permanent, match="cannot be read"):
        ask(peer.node)


@pytest.mark.parametrize(
    ("said", "message", "cause"),
    [
        (answer(200, b"[]")[:-1], "Connection to Scripted lost", Cause.BROKEN),
        (b"HTTP/1.1 200 OK\r\nContent-Len", "Connection to Scripted lost", Cause.BROKEN),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "sent what is not HTTP", Cause.NOT_DICOM),
        (SILENCE, "does not answer", Cause.NO_ANSWER),
    ],
)
def test_a_line_that_breaks_or_is_silent_is_tried_again(said: bytes, message: str, cause: Cause) -> None:
    with HttpPeer([said]) as peer, pytest.raises(NodeUnreachable, match=message) as caught:
        ask(peer.node)
    assert caught.value.cause is cause


def test_nobody_at_home_is_said_so() -> None:
    with HttpPeer([SILENCE]) as peer:
        node = peer.node
    with pytest.raises(NodeUnreachable, match="Nobody listens") as caught:
        ask(node)
    assert caught.value.cause is Cause.NOBODY_LISTENS


def test_a_node_that_stops_reading_is_left_after_the_limit(tmp_path: Path) -> None:
    large = make_instance(tmp_path / "large.dcm", pixels=4096)
    with HttpPeer([DEAF]) as peer, pytest.raises(NodeUnreachable, match="stopped reading"):
        send(peer.node, [large])


@pytest.mark.parametrize("said", [SILENCE, DEAF], ids=["silent", "deaf"])
def test_cancelling_ends_all_waiting_at_once(said: bytes, tmp_path: Path) -> None:
    large, ctx = make_instance(tmp_path / "large.dcm", pixels=4096), Context()
    with HttpPeer([said]) as peer:
        error = _cancelled(lambda: send(peer.node, [large], ctx, Limits()), ctx, peer.asked)
    assert isinstance(error, Cancelled)


def test_cancelling_ends_the_waiting_for_a_connection_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    began, held = threading.Event(), threading.Event()

    def never(*_: object, **__: object) -> None:
        began.set()
        held.wait(10)
        raise OSError

    monkeypatch.setattr("socket.create_connection", never)
    ctx = Context()
    with HttpPeer([SILENCE]) as peer:
        node = peer.node
        error = _cancelled(lambda: ask(node, ctx, Limits()), ctx, began)
    held.set()
    assert isinstance(error, Cancelled)


def _cancelled(run: Callable[[], object], ctx: Context, begun: threading.Event) -> BaseException | None:
    """Cancel it when it has begun; it must end within two seconds."""
    ended: list[BaseException] = []

    def job() -> None:
        try:
            run()
        except BaseException as exc:  # noqa: BLE001 - it is looked at
            ended.append(exc)

    thread = threading.Thread(target=job)
    thread.start()
    assert begun.wait(10)
    start = time.monotonic()
    ctx.cancel()
    thread.join(10)
    assert time.monotonic() - start < 2
    return ended[0] if ended else None


def test_what_became_of_each_image_is_read(images: list[Path]) -> None:
    document = {
        "00081199": {"vr": "SQ", "Value": [_item(0), _item(1, "00081196", 0xB007)]},
        "00081198": {"vr": "SQ", "Value": [_item(2, "00081197", 0xA700)]},
    }
    with HttpPeer([answer(202, document)]) as peer:
        outcomes = send(peer.node, images)
    assert [o.status for o in outcomes] == [0x0000, 0xB007, 0xA700]
    assert [o.family for o in outcomes] == [
        StatusFamily.SUCCESS, StatusFamily.WARNING, StatusFamily.OUT_OF_RESOURCES,
    ]  # fmt: skip
    ((first, headers, body),) = peer.requests
    assert first == "POST /dicom-web/studies HTTP/1.1"
    assert int(headers["content-length"]) == len(body)
    assert body.count(b"DICM") == 3


def test_all_images_failed_is_no_error_of_the_line(images: list[Path]) -> None:
    document = {"00081198": {"vr": "SQ", "Value": [_item(i, "00081197", 0xC000 + i) for i in range(3)]}}
    with HttpPeer([answer(409, document)]) as peer:
        outcomes = send(peer.node, images)
    assert [o.status for o in outcomes] == [0xC000, 0xC001, 0xC002]
    assert not any(o.stored or o.retriable for o in outcomes)


def test_an_image_that_the_answer_does_not_name_is_sent_again(images: list[Path]) -> None:
    with HttpPeer([answer(200, {"00081199": {"vr": "SQ", "Value": [_item(0), _item(1)]}})]) as peer:
        outcomes = send(peer.node, images)
    assert [o.stored for o in outcomes] == [True, True, False]
    assert outcomes[2].retriable


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, StatusFamily.PERMANENT),
        (409, StatusFamily.PERMANENT),
        (413, StatusFamily.CONFIGURATION),
        (415, StatusFamily.CONFIGURATION),
        (500, StatusFamily.PROCESSING),
        (507, StatusFamily.OUT_OF_RESOURCES),
    ],
)
def test_a_refused_request_is_sent_image_by_image(
    status: int, family: StatusFamily, images: list[Path]
) -> None:
    good = [answer(200, {"00081199": {"vr": "SQ", "Value": [_item(i)]}}) for i in (0, 2)]
    with HttpPeer(
        [answer(status, b"no", "text/plain"), good[0], answer(status, b"", "text/plain"), good[1]]
    ) as peer:
        outcomes = send(peer.node, images)
    assert [o.stored for o in outcomes] == [True, False, True]
    assert outcomes[1].family is family


@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_what_is_not_about_the_images_stops_the_sending(status: int, images: list[Path]) -> None:
    with HttpPeer([answer(status)]) as peer, pytest.raises(IepError):
        send(peer.node, images)
    assert len(peer.requests) == 1


def test_a_sign_in_reaches_nobody_but_the_node(caplog: pytest.LogCaptureFixture) -> None:
    with HttpPeer([answer(200, b"[]")]) as other, caplog.at_level(logging.DEBUG):
        with HttpPeer([answer(307, Location=other.node.dicomweb + "/studies")]) as peer:
            with pytest.raises(NodeRejected, match="another address"):
                ask(peer.node, sign_in="iep:open sesame")
            (_, headers, _), *_ = peer.requests
            assert headers["authorization"].startswith("Basic ")
        with HttpPeer([answer(200, b"[]")]) as peer:
            ask(peer.node, sign_in="a.token.of-ours")
            assert peer.requests[0][1]["authorization"] == "Bearer a.token.of-ours"
        assert other.requests == []
    assert not re.search("S999111|sesame|token|studies", caplog.text)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    identity, stranger = theirs.identity("node"), theirs.identity("elsewhere", address="192.0.2.7")
    try:
        for trusted, shown, works in (
            (ours, identity, False),
            (theirs, stranger, False),
            (theirs, identity, True),
        ):
            tls.use(str(trusted.file))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(shown.certificate, shown.key)
            with HttpPeer([answer(200, b"[]")], context) as peer:
                if works:
                    assert asking.echo(peer.node, limits=QUICK).node == "Scripted"
                    continue
                with pytest.raises(NodeUnreachable, match="is not trusted"):
                    asking.echo(peer.node, "iep:open sesame", limits=QUICK)
                assert peer.requests == []
    finally:
        tls.use("")


def test_a_stream_of_images_that_breaks_leaves_what_came_whole(images: list[Path], tmp_path: Path) -> None:
    body = _multipart(images)
    cut = body[: body.rindex(b"DICM") + 200]
    listed, came = [_listed(path, i) for i, path in enumerate(images)], list[Received]()
    kind = 'multipart/related; type="application/dicom"; boundary=EDGE'
    with HttpPeer([answer(200, body, kind).replace(body, cut), answer(200, body, kind)]) as peer:
        wanted = Wanted(listed[0].study_uid)

        def go(had: frozenset[str] = frozenset()) -> bool:
            return fetching.retrieve(
                peer.node, wanted, tmp_path / "spool", came.append,
                listed=listed, had=had, recheck=False, limits=QUICK,
            ).complete  # fmt: skip

        with pytest.raises(NodeUnreachable, match="Connection to Scripted lost"):
            go()
        assert [r.head.sop_instance_uid for r in came] == ["1.2.3.0", "1.2.3.1"]
        assert go(frozenset({"1.2.3.0", "1.2.3.1"}))
    assert [r.head.sop_instance_uid for r in came] == ["1.2.3.0", "1.2.3.1", "1.2.3.2"]
    assert [p.name for p in (tmp_path / "spool").iterdir() if p.name.startswith(".")] == []


def test_what_a_node_leaves_out_or_sends_as_something_else_is_missing(
    images: list[Path], tmp_path: Path
) -> None:
    body = _multipart(images[:1]).replace(b"--EDGE--", b"--EDGE\r\n\r\nnot dicom\r\n--EDGE--")
    listed, came = [_listed(path, i) for i, path in enumerate(images)], list[Received]()
    kind = 'multipart/related; type="application/dicom"; boundary=EDGE'
    with HttpPeer([answer(200, body, kind)]) as peer:
        result = fetching.retrieve(
            peer.node, Wanted(listed[0].study_uid), tmp_path / "spool", came.append,
            listed=listed, recheck=False, limits=QUICK,
        )  # fmt: skip
    assert [one.sop_instance_uid for one in result.missing] == ["1.2.3.1", "1.2.3.2"]
    assert len(came) == 1


def _item(number: int, tag: str = "", value: int = 0) -> dict[str, object]:
    item: dict[str, object] = {"00081155": {"vr": "UI", "Value": [f"1.2.3.{number}"]}}
    return {**item, tag: {"vr": "US", "Value": [value]}} if tag else item


def _multipart(paths: list[Path]) -> bytes:
    parts = [b"\r\n--EDGE\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() for path in paths]
    return b"".join(parts) + b"\r\n--EDGE--\r\n"


def _listed(path: Path, number: int) -> PacsInstance:
    from pydicom import dcmread

    ds = dcmread(path)
    return PacsInstance(str(ds.StudyInstanceUID), str(ds.SeriesInstanceUID), f"1.2.3.{number}")
