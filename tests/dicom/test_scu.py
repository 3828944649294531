"""C-ECHO, C-FIND and C-STORE against a peer that does as its script says, with short limits."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
)
from pynetdicom.dsutils import decode, encode, split_dataset

from iep_desktop.core.errors import (
    Cancelled,
    MediumUnreadable,
    NodeRejected,
    NodeUnreachable,
    Permanent,
)
from iep_desktop.core.job import Context
from iep_desktop.core.queries import PacsPatient
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import echo, find_patients, find_studies, open_find, open_store, verified_uids
from iep_desktop.dicom.status import StatusFamily, StoreOutcome
from tests.fakes.instances import make_instance
from tests.fakes.peer import (
    Connection,
    Script,
    ScriptedPeer,
    aborts_mid_image,
    accepts_no,
    answers,
    answers_garbage_later,
    dies_mid_image,
    endless_pdu,
    falls_silent,
    finds,
    half_a_pdu,
    releases_after,
    stops_reading,
)

SHORT = Limits(connect=0.5, acse=0.5, dimse=0.5, network=1, write=0.5, release=0.3)
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


# -- C-ECHO


def test_an_echo_says_how_long_it_took_and_who_answered() -> None:
    with ScriptedPeer(answers(0)) as peer:
        result = echo(peer.node, limits=SHORT)
    assert (result.node, result.peer_version) == ("Scripted", "SCRIPTED")
    assert 0 < result.echo_seconds < 0.5


def test_an_echo_refused_by_status_is_an_error() -> None:
    with ScriptedPeer(answers(0x0122)) as peer, pytest.raises(NodeRejected, match="0122"):
        echo(peer.node, limits=SHORT)


@pytest.mark.parametrize("script", [falls_silent, answers_garbage_later, half_a_pdu, endless_pdu])
def test_an_echo_without_a_proper_answer_ends_within_the_limits(script: Script) -> None:
    start = time.monotonic()
    with ScriptedPeer(script) as peer, pytest.raises(NodeUnreachable):
        echo(peer.node, limits=SHORT)
    assert time.monotonic() - start < 2.5


def test_silence_is_told_from_a_broken_line() -> None:
    with ScriptedPeer(falls_silent, answers_garbage_later) as peer:
        with pytest.raises(NodeUnreachable, match="does not answer"):
            echo(peer.node, limits=SHORT)
        with pytest.raises(NodeUnreachable, match="not DICOM"):
            echo(peer.node, limits=SHORT)


# -- C-STORE


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless])
def test_the_data_set_arrives_byte_for_byte_in_its_own_syntax(tmp_path: Path, syntax: str) -> None:
    path = make_instance(tmp_path / "image.dcm", syntax=syntax, pixels=256)
    _, offset = split_dataset(path)
    pair = Pair(CTImageStorage, syntax)
    with ScriptedPeer(answers(0)) as peer:
        with open_store(peer.node, [pair], limits=SHORT) as session:
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
        with open_store(peer.node, [CT], limits=SHORT) as session:
            outcomes = [session.store(path) for path in paths]
        assert len(peer.connections) == 1
    assert [o.status for o in outcomes] == [0xC000, 0xA700, 0]
    assert [m.us(0x0110) for m in peer.messages] == [1, 2, 3]


def test_a_refused_sop_class_is_said_and_the_others_are_stored(tmp_path: Path) -> None:
    ct = make_instance(tmp_path / "ct.dcm")
    mr = make_instance(tmp_path / "mr.dcm", SOPClassUID=MRImageStorage, Modality="MR")
    with ScriptedPeer(accepts_no(MRImageStorage)) as peer:
        pairs = [CT, Pair(MRImageStorage, ExplicitVRLittleEndian)]
        with open_store(peer.node, pairs, limits=SHORT) as session:
            outcomes = [session.store(path) for path in (mr, ct, mr)]
    assert [o.stored for o in outcomes] == [False, True, False]
    assert outcomes[0].family is StatusFamily.CONFIGURATION
    assert "MR Image Storage" in outcomes[0].text
    assert outcomes[0].status is None


def test_a_node_that_takes_no_class_at_all_is_asked_only_once(tmp_path: Path, image: Path) -> None:
    with ScriptedPeer(accepts_no(CTImageStorage)) as peer:
        with open_store(peer.node, [CT], limits=SHORT) as session:
            outcomes = [session.store(image) for _ in range(3)]
        assert len(peer.connections) == 1
    assert {o.family for o in outcomes} == {StatusFamily.CONFIGURATION}


def test_more_than_128_contexts_go_over_several_associations(tmp_path: Path) -> None:
    classes = [f"1.2.826.0.1.3680043.9999.{n:03}" for n in range(130)]
    paths = [make_instance(tmp_path / f"{uid}.dcm", SOPClassUID=uid) for uid in classes]
    pairs = [Pair(uid, ExplicitVRLittleEndian) for uid in classes]
    with ScriptedPeer(answers(0)) as peer:
        with open_store(peer.node, pairs, limits=SHORT) as session:
            assert all(session.store(path).stored for path in paths)
        assert [len(connection.contexts) for connection in peer.connections] == [128, 2]
    assert len(peer.messages) == 130


def test_an_instance_of_a_kind_that_nobody_announced_is_sent_too(image: Path) -> None:
    with ScriptedPeer(answers(0)) as peer, open_store(peer.node, limits=SHORT) as session:
        assert session.store(image).stored


@pytest.mark.parametrize(
    "script", [aborts_mid_image, dies_mid_image, falls_silent, answers_garbage_later, half_a_pdu, endless_pdu]
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
        open_store(peer.node, [CT], limits=SHORT) as session,
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


# -- C-FIND


def encoded(**elements: object) -> bytes:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    data = encode(ds, is_implicit_vr=True, is_little_endian=True)
    assert data is not None
    return data


def question(peer: ScriptedPeer) -> Dataset:
    return decode(BytesIO(peer.messages[0].data), True, True)


def test_patients_are_found_with_dates_as_dates() -> None:
    answer = encoded(
        PatientID="S9990001", PatientName="TESTING^ANNA", PatientBirthDate="19800131", PatientSex="F"
    )
    with ScriptedPeer(finds([answer])) as peer:
        found = find_patients(peer.node, patient_id="S9990001", limits=SHORT)
    assert found == (PacsPatient("S9990001", "TESTING^ANNA", date(1980, 1, 31), "F"),)
    asked = question(peer)
    assert (asked.QueryRetrieveLevel, asked.PatientID) == ("PATIENT", "S9990001")


@pytest.mark.parametrize("said", ["", "19801331", "198", "unknown", "1980.01.3"])
def test_impossible_dates_are_none(said: str) -> None:
    with ScriptedPeer(finds([encoded(PatientID="1", PatientBirthDate=said)])) as peer:
        (found,) = find_patients(peer.node, patient_id="1", limits=SHORT)
    assert found.birth_date is None


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "MÜLLER^JÖRG"),
        ("ISO_IR 192", "ŁUKASIEWICZ^ŻANETA"),
        ("ISO_IR 144", "Люкceмбypг"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)
def test_names_in_answers_are_read_in_their_own_character_set(charset: str | list[str], name: str) -> None:
    answer = encoded(SpecificCharacterSet=charset, PatientID="1", PatientName=name)
    with ScriptedPeer(finds([answer])) as peer:
        (found,) = find_patients(peer.node, patient_id="1", limits=SHORT)
    assert found.name == name


@pytest.mark.parametrize(
    ("name", "charset"), [("SMITH*", ""), ("MÜLLER*", "ISO_IR 100"), ("ŁUKASIEWICZ*", "ISO_IR 192")]
)
def test_names_are_asked_for_in_a_character_set_that_holds_them(name: str, charset: str) -> None:
    with ScriptedPeer(finds([])) as peer:
        assert find_patients(peer.node, name=name, limits=SHORT) == ()
    asked = question(peer)
    assert asked.get("SpecificCharacterSet", "") == charset
    assert asked.PatientName == name


def test_studies_come_with_counts_and_modalities() -> None:
    answer = encoded(
        StudyInstanceUID="1.2.3",
        PatientID="1",
        StudyDate="20260102",
        ModalitiesInStudy=["CT", "SR"],
        NumberOfStudyRelatedSeries="2",
        NumberOfStudyRelatedInstances="401",
    )
    with ScriptedPeer(finds([answer])) as peer:
        (found,) = find_studies(peer.node, patient_id="1", limits=SHORT)
    assert (found.study_uid, found.study_date, found.modalities) == ("1.2.3", date(2026, 1, 2), ("CT", "SR"))
    assert (found.series, found.instances) == (2, 401)


def test_verified_uids_are_those_that_the_node_names_at_image_level() -> None:
    instances = [encoded(SOPInstanceUID=f"1.2.{n}") for n in range(3)]
    with ScriptedPeer(finds(instances)) as peer:
        found = verified_uids(peer.node, "1.2", "1.2.9", limits=SHORT)
    assert found == {"1.2.0", "1.2.1", "1.2.2"}
    assert question(peer).SeriesInstanceUID == "1.2.9"


def test_several_questions_go_over_one_association() -> None:
    with ScriptedPeer(finds([encoded(StudyInstanceUID="1", SeriesInstanceUID="1.2")])) as peer:
        with open_find(peer.node, limits=SHORT) as session:
            assert [s.series_uid for s in session.series("1")] == ["1.2"]
            assert session.studies(study_uid="1")[0].study_uid == "1"
        assert len(peer.connections) == 1


def test_a_node_with_study_root_only_gives_the_patients_of_its_studies() -> None:
    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept(refused=[PATIENT_ROOT_FIND])
        while (message := connection.read_message()) is not None:
            for study in ("1.2", "1.3"):
                data = encoded(PatientID="S9990001", PatientName="TESTING^ANNA", StudyInstanceUID=study)
                connection.answer(message, 0xFF00, data=data)
            connection.answer(message, 0)

    with ScriptedPeer(script) as peer:
        found = find_patients(peer.node, patient_id="S9990001", limits=SHORT)
    assert [p.patient_id for p in found] == ["S9990001"]


def test_no_more_results_than_asked_for_are_waited_for() -> None:
    many = [encoded(PatientID=str(n)) for n in range(5000)]
    with ScriptedPeer(finds(many)) as peer:
        found = find_patients(peer.node, name="*", limit=10, limits=SHORT)
    assert len(found) == 10


def test_a_failed_query_is_an_error_and_not_an_empty_answer() -> None:
    with ScriptedPeer(finds([], status=0xC001)) as peer, pytest.raises(Permanent, match="C001"):
        find_patients(peer.node, patient_id="1", limits=SHORT)


def test_a_node_without_queries_says_so() -> None:
    script = accepts_no(PATIENT_ROOT_FIND, STUDY_ROOT_FIND)
    with ScriptedPeer(script) as peer, pytest.raises(NodeRejected, match="takes no queries"):
        find_patients(peer.node, patient_id="1", limits=SHORT)


@pytest.mark.parametrize("script", [falls_silent, half_a_pdu, answers_garbage_later])
def test_a_query_without_an_answer_ends_within_the_limits(script: Script) -> None:
    start = time.monotonic()
    with ScriptedPeer(script) as peer, pytest.raises(NodeUnreachable):
        find_patients(peer.node, patient_id="1", limits=SHORT)
    assert time.monotonic() - start < 2.5


def test_an_answer_that_is_no_data_set_is_an_error_and_not_a_missing_patient() -> None:
    with ScriptedPeer(finds([b"\xff" * 33])) as peer, pytest.raises(Permanent, match="cannot be read"):
        find_patients(peer.node, patient_id="1", limits=SHORT)
