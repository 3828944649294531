"""C-STORE against a peer that does as its script says: both ways, past the library's threads and its own."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
)
from pynetdicom.dsutils import split_dataset

from iep_desktop.core.errors import (
    Cancelled,
    MediumUnreadable,
    NodeUnreachable,
)
from iep_desktop.core.job import Context
from iep_desktop.dicom import ways
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import open_store
from iep_desktop.dicom.status import StatusFamily, StoreOutcome
from tests.fakes.instances import make_instance
from tests.fakes.peer import (
    Script,
    ScriptedPeer,
    aborts_mid_image,
    accepts_no,
    answers,
    answers_after,
    answers_and_aborts,
    answers_another,
    answers_byte_by_byte,
    answers_garbage_later,
    answers_in_fragments,
    dies_mid_image,
    endless_pdu,
    falls_silent,
    half_a_header,
    half_a_pdu,
    releases_after,
    releases_instead,
    stops_reading,
)
from tests.fakes.ways import way  # noqa: F401

SHORT = Limits(connect=0.5, acse=0.5, dimse=0.5, network=1, write=0.5, release=0.3)
LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)  # where the peer answers
pytestmark = pytest.mark.usefixtures("way")
CT = Pair(CTImageStorage, ExplicitVRLittleEndian)
PATIENT_ROOT_FIND, STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_instance(tmp_path / "ct.dcm")


@pytest.fixture
def big_image(tmp_path: Path) -> Path:
    """32 MB: far more than socket buffers take."""
    return make_instance(tmp_path / "big.dcm", pixels=4096)


def store_one(peer: ScriptedPeer, path: Path, limits: Limits = SHORT) -> StoreOutcome:
    with open_store(peer.node, [CT], limits=limits) as session:
        return session.store(path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless])
def test_the_data_set_arrives_byte_for_byte_in_its_own_syntax(tmp_path: Path, syntax: str) -> None:
    path = make_instance(tmp_path / "image.dcm", syntax=syntax, pixels=256)
    _, offset = split_dataset(path)
    pair = Pair(CTImageStorage, syntax)
    with ScriptedPeer(answers(0)) as peer:
        with open_store(peer.node, [pair], limits=LONG) as session:
            outcome = session.store(path)
        assert peer.connections[0].contexts == [(1, CTImageStorage, syntax)]
    assert outcome.stored
    assert peer.messages[0].data == path.read_bytes()[offset:]


@pytest.mark.parametrize("max_pdu", [512, 16384, 131072, 0])
def test_every_pdu_size_of_a_peer_is_respected(image: Path, max_pdu: int) -> None:
    with ScriptedPeer(answers(0, max_pdu=max_pdu)) as peer:
        assert store_one(peer, image).stored
    assert peer.messages[0].data == image.read_bytes()[split_dataset(image)[1] :]


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (0x0000, StatusFamily.SUCCESS),
        (0xB000, StatusFamily.WARNING),
        (0xA700, StatusFamily.OUT_OF_RESOURCES),
        (0xC000, StatusFamily.PERMANENT),
        (0x0122, StatusFamily.CONFIGURATION),
        (0x9999, StatusFamily.UNKNOWN),
    ],
)
def test_the_status_comes_back_with_the_comment(image: Path, status: int, family: StatusFamily) -> None:
    with ScriptedPeer(answers((status, "As configured"))) as peer:
        outcome = store_one(peer, image)
    assert (outcome.status, outcome.family) == (status, family)
    assert ('"As configured"' in outcome.text) == (status != 0)


def test_a_failed_instance_does_not_stop_the_next(tmp_path: Path) -> None:
    paths = [make_instance(tmp_path / f"{n}.dcm") for n in range(3)]
    with ScriptedPeer(answers(0xC000, 0xA700, 0)) as peer:
        with open_store(peer.node, [CT], limits=LONG) as session:
            outcomes = [session.store(path) for path in paths]
        assert len(peer.connections) == 1
    assert [o.status for o in outcomes] == [0xC000, 0xA700, 0]
    assert [m.us(0x0110) for m in peer.messages] == [1, 2, 3]


def test_a_refused_sop_class_is_said_and_the_others_are_stored(tmp_path: Path) -> None:
    ct = make_instance(tmp_path / "ct.dcm")
    mr = make_instance(tmp_path / "mr.dcm", SOPClassUID=MRImageStorage, Modality="MR")
    with ScriptedPeer(accepts_no(MRImageStorage)) as peer:
        pairs = [CT, Pair(MRImageStorage, ExplicitVRLittleEndian)]
        with open_store(peer.node, pairs, limits=LONG) as session:
            outcomes = [session.store(path) for path in (mr, ct, mr)]
    assert [o.stored for o in outcomes] == [False, True, False]
    assert outcomes[0].family is StatusFamily.CONFIGURATION
    assert "MR Image Storage" in outcomes[0].text
    assert outcomes[0].status is None


def test_a_node_that_takes_no_class_at_all_is_asked_only_once(tmp_path: Path, image: Path) -> None:
    with ScriptedPeer(accepts_no(CTImageStorage)) as peer:
        with open_store(peer.node, [CT], limits=LONG) as session:
            outcomes = [session.store(image) for _ in range(3)]
        assert len(peer.connections) == 1
    assert {o.family for o in outcomes} == {StatusFamily.CONFIGURATION}


def test_more_than_128_contexts_go_over_several_associations(tmp_path: Path) -> None:
    classes = [f"1.2.826.0.1.3680043.9999.{n:03}" for n in range(130)]
    paths = [make_instance(tmp_path / f"{uid}.dcm", SOPClassUID=uid) for uid in classes]
    pairs = [Pair(uid, ExplicitVRLittleEndian) for uid in classes]
    with ScriptedPeer(answers(0)) as peer:
        with open_store(peer.node, pairs, limits=LONG) as session:
            assert all(session.store(path).stored for path in paths)
        assert [len(connection.contexts) for connection in peer.connections] == [128, 2]
    assert len(peer.messages) == 130


def test_an_instance_of_a_kind_that_nobody_announced_is_sent_too(image: Path) -> None:
    with ScriptedPeer(answers(0)) as peer, open_store(peer.node, limits=LONG) as session:
        assert session.store(image).stored


@pytest.mark.parametrize(
    "script",
    [
        aborts_mid_image,
        dies_mid_image,
        falls_silent,
        answers_garbage_later,
        half_a_pdu,
        half_a_header,
        endless_pdu,
    ],
)
def test_a_line_that_breaks_mid_image_raises_and_the_next_attempt_connects_anew(
    big_image: Path, script: Script
) -> None:
    start = time.monotonic()
    with ScriptedPeer(script, answers(0)) as peer, open_store(peer.node, [CT], limits=SHORT) as session:
        with pytest.raises(NodeUnreachable):
            session.store(big_image)
        assert time.monotonic() - start < 3
        assert session.store(big_image).stored
    assert len(peer.connections) == 2


def test_a_peer_that_stops_reading_is_given_up_after_the_write_limit(big_image: Path) -> None:
    start = time.monotonic()
    with ScriptedPeer(stops_reading) as peer, pytest.raises(NodeUnreachable, match="stopped reading"):
        store_one(peer, big_image, replace(SHORT, dimse=20, network=20))
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("script", [falls_silent, stops_reading])
def test_cancelling_frees_a_blocked_store_within_a_second(big_image: Path, script: Script) -> None:
    ctx = Context()
    with ScriptedPeer(script) as peer:
        canceller = _cancel_when(ctx, lambda: bool(peer.connections and peer.connections[0].contexts))
        with pytest.raises(Cancelled), open_store(peer.node, [CT], ctx) as session:
            session.store(big_image)
        freed = time.monotonic()
        canceller.join()
    assert freed - canceller.at < 1
    assert canceller.took < 0.1


class _cancel_when(threading.Thread):
    """Cancels the job a moment after `ready`; `at` says when, `took` how long the call lasted."""

    def __init__(self, ctx: Context, ready: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._ctx, self._ready = ctx, ready
        self.at = self.took = 0.0
        self.start()

    def run(self) -> None:
        deadline = time.monotonic() + 5
        while not self._ready() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)  # until the writer is stuck
        self.at = time.monotonic()
        self._ctx.cancel()
        self.took = time.monotonic() - self.at


def test_a_cancelled_job_sends_nothing_more(image: Path) -> None:
    ctx = Context()
    with ScriptedPeer(answers(0)) as peer, open_store(peer.node, [CT], ctx, limits=SHORT) as session:
        session.store(image)
        ctx.cancel()
        with pytest.raises(Cancelled):
            session.store(image)
    assert len(peer.messages) == 1


def test_a_peer_that_ends_the_association_between_images_is_connected_again(tmp_path: Path) -> None:
    paths = [make_instance(tmp_path / f"{n}.dcm") for n in range(2)]
    with (
        ScriptedPeer(releases_after(1), answers(0)) as peer,
        open_store(peer.node, [CT], limits=LONG) as session,
    ):
        assert session.store(paths[0]).stored
        _wait_until(lambda: not session.connected)
        assert session.store(paths[1]).stored
    assert [len(c.messages) for c in peer.connections] == [1, 1]


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize("content", [None, b"", b"not DICOM at all" * 100])
def test_a_file_that_is_gone_or_no_dicom_is_unreadable_and_the_session_goes_on(
    tmp_path: Path, image: Path, content: bytes | None
) -> None:
    bad = tmp_path / "TESTING^ANNA.dcm"
    if content is not None:
        bad.write_bytes(content)
    with ScriptedPeer(answers(0)) as peer, open_store(peer.node, [CT], limits=SHORT) as session:
        with pytest.raises(MediumUnreadable) as caught:
            session.store(bad)
        assert session.store(image).stored
    assert "TESTING" not in str(caught.value)


def test_memory_stays_flat_while_a_large_object_is_sent(tmp_path: Path) -> None:
    path = make_instance(tmp_path / "huge.dcm", pixels=8192)  # 128 MB
    with ScriptedPeer(stops_reading) as peer:
        tracemalloc.start()
        with pytest.raises(NodeUnreachable):
            store_one(peer, path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 16_000_000


# -- answers that are not the plain one


@pytest.mark.parametrize("script", [answers_byte_by_byte, answers_in_fragments])
def test_an_answer_in_pieces_is_put_together(tmp_path: Path, script: Script) -> None:
    paths = [make_instance(tmp_path / f"{n}.dcm") for n in range(3)]
    with ScriptedPeer(script) as peer:
        with open_store(peer.node, [CT], limits=LONG) as session:
            assert [session.store(path).status for path in paths] == [0, 0, 0]
        assert len(peer.connections) == 1


def test_an_answer_counts_although_the_peer_aborts_behind_it(image: Path) -> None:
    with (
        ScriptedPeer(answers_and_aborts, answers(0)) as peer,
        open_store(peer.node, [CT], limits=LONG) as session,
    ):
        assert session.store(image).stored
        _wait_until(lambda: not session.connected)
        assert session.store(image).stored
    assert [len(c.messages) for c in peer.connections] == [1, 1]


def test_a_release_instead_of_an_answer_does_not_count_as_stored(image: Path) -> None:
    start = time.monotonic()
    with ScriptedPeer(releases_instead) as peer, pytest.raises(NodeUnreachable):
        store_one(peer, image)
    assert time.monotonic() - start < 2.5


def test_an_answer_to_another_request_does_not_count_as_stored(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the library only: its own way does not look."""
    monkeypatch.setattr(ways, "direct", lambda: True)
    with ScriptedPeer(answers_another) as peer, pytest.raises(NodeUnreachable):
        store_one(peer, image)


def test_a_slow_answer_is_waited_for_longer_than_an_idle_line(image: Path) -> None:
    patient = replace(LONG, dimse=5, network=0.4)
    with ScriptedPeer(answers_after(1.0)) as peer, open_store(peer.node, [CT], limits=patient) as session:
        assert session.store(image).stored


def test_both_ways_send_the_same_bytes(tmp_path: Path) -> None:
    path = make_instance(tmp_path / "image.dcm", pixels=512)
    seen = []
    for direct in (True, False):
        with ScriptedPeer(answers(0)) as peer:
            with open_store(peer.node, [CT], limits=LONG, direct=direct) as session:
                session.store(path)
            (message,) = peer.messages
            seen.append((message.command, message.data))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("cut", [1, 200, 5000])
def test_a_file_cut_short_within_its_meta_information_or_behind_is_handled(tmp_path: Path, cut: int) -> None:
    path = make_instance(tmp_path / "image.dcm", pixels=64)
    path.write_bytes(path.read_bytes()[:-cut] if cut == 1 else path.read_bytes()[:cut])
    with ScriptedPeer(answers(0xC000)) as peer, open_store(peer.node, [CT], limits=SHORT) as session:
        if cut == 200:
            with pytest.raises(MediumUnreadable):
                session.store(path)
        else:
            assert session.store(path).status == 0xC000
