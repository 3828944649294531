"""C-ECHO, C-FIND and C-STORE against a peer that does as its script says, with short limits."""

from __future__ import annotations

import time
from datetime import date
from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
)
from pynetdicom.dsutils import decode, encode

from iep_desktop.core.errors import (
    NodeRejected,
    NodeUnreachable,
    Permanent,
)
from iep_desktop.core.queries import PacsPatient
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import echo, find_patients, find_studies, open_find, verified_uids
from tests.fakes.peer import (
    Connection,
    Script,
    ScriptedPeer,
    accepts_no,
    answers,
    answers_garbage_later,
    endless_pdu,
    falls_silent,
    finds,
    half_a_pdu,
)
from tests.fakes.ways import way  # noqa: F401

pytestmark = pytest.mark.usefixtures("way")
SHORT = Limits(connect=0.5, acse=0.5, dimse=0.5, network=1, write=0.5, release=0.3)
LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)  # where the peer answers
CT = Pair(CTImageStorage, ExplicitVRLittleEndian)
PATIENT_ROOT_FIND, STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"


# -- C-ECHO


def test_an_echo_says_how_long_it_took_and_who_answered() -> None:
    with ScriptedPeer(answers(0)) as peer:
        result = echo(peer.node, limits=LONG)
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
        found = find_patients(peer.node, patient_id="S9990001", limits=LONG)
    assert found == (PacsPatient("S9990001", "TESTING^ANNA", date(1980, 1, 31), "F"),)
    asked = question(peer)
    assert (asked.QueryRetrieveLevel, asked.PatientID) == ("PATIENT", "S9990001")


@pytest.mark.parametrize("said", ["", "19801331", "198", "unknown", "1980.01.3"])
def test_impossible_dates_are_none(said: str) -> None:
    with ScriptedPeer(finds([encoded(PatientID="1", PatientBirthDate=said)])) as peer:
        (found,) = find_patients(peer.node, patient_id="1", limits=LONG)
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
        (found,) = find_patients(peer.node, patient_id="1", limits=LONG)
    assert found.name == name


@pytest.mark.parametrize(
    ("name", "charset"), [("SMITH*", ""), ("MÜLLER*", "ISO_IR 100"), ("ŁUKASIEWICZ*", "ISO_IR 192")]
)
def test_names_are_asked_for_in_a_character_set_that_holds_them(name: str, charset: str) -> None:
    with ScriptedPeer(finds([])) as peer:
        assert find_patients(peer.node, name=name, limits=LONG) == ()
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
        (found,) = find_studies(peer.node, patient_id="1", limits=LONG)
    assert (found.study_uid, found.study_date, found.modalities) == ("1.2.3", date(2026, 1, 2), ("CT", "SR"))
    assert (found.series, found.instances) == (2, 401)


def test_studies_are_asked_for_by_their_description_in_a_character_set_that_holds_it() -> None:
    with ScriptedPeer(finds([])) as peer:
        assert find_studies(peer.node, description="*SCHÄDEL*", limits=LONG) == ()
    asked = question(peer)
    assert (asked.StudyDescription, asked.SpecificCharacterSet) == ("*SCHÄDEL*", "ISO_IR 100")


def test_verified_uids_are_those_that_the_node_names_at_image_level() -> None:
    instances = [encoded(SOPInstanceUID=f"1.2.{n}") for n in range(3)]
    with ScriptedPeer(finds(instances)) as peer:
        found = verified_uids(peer.node, "1.2", "1.2.9", limits=LONG)
    assert found == {"1.2.0", "1.2.1", "1.2.2"}
    assert question(peer).SeriesInstanceUID == "1.2.9"


def test_several_questions_go_over_one_association() -> None:
    with ScriptedPeer(finds([encoded(StudyInstanceUID="1", SeriesInstanceUID="1.2")])) as peer:
        with open_find(peer.node, limits=LONG) as session:
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
        found = find_patients(peer.node, patient_id="S9990001", limits=LONG)
    assert [p.patient_id for p in found] == ["S9990001"]


def test_no_more_results_than_asked_for_are_waited_for() -> None:
    many = [encoded(PatientID=str(n)) for n in range(5000)]
    with ScriptedPeer(finds(many)) as peer:
        found = find_patients(peer.node, name="*", limit=10, limits=LONG)
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
