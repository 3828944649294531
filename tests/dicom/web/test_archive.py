"""A real archive over DICOMweb: Orthanc with its plug-in is asked, given images, and gives them back."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import JPEGLSLossless, generate_uid

from iep_desktop.core.errors import NodeRejected, Permanent
from iep_desktop.core.model import Node
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.retrieve import Wanted
from iep_desktop.dicom.status import StatusFamily
from iep_desktop.dicom.web import asking, fetching, storing
from tests.fakes.instances import make_instance
from tests.peers import Orthanc, run_dicomweb

WHO: dict[str, Any] = {
    "PatientID": "S999111",
    "PatientName": "TÊSTING^ANNA",
    "SpecificCharacterSet": "ISO_IR 100",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with run_dicomweb(tmp_path_factory.mktemp("web")) as peer:
        yield peer


@pytest.fixture
def peer(archive: Orthanc) -> Orthanc:
    archive.clear()
    return archive


def node_of(peer: Orthanc) -> Node:
    assert peer.web_node is not None
    return peer.web_node


def study(folder: Path, count: int, study_uid: str, series_uid: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    where: dict[str, Any] = {
        "StudyInstanceUID": study_uid,
        "SeriesInstanceUID": series_uid,
        "StudyDate": "20240110",
    }
    return [make_instance(folder / f"{i}.dcm", InstanceNumber=i, **where, **WHO) for i in range(1, count + 1)]


def test_an_archive_answers_an_echo(peer: Orthanc) -> None:
    result = asking.echo(node_of(peer))
    assert result.node == "Web"
    assert result.echo_seconds > 0


def test_an_address_without_dicomweb_is_said_to_be_none(peer: Orthanc) -> None:
    node = replace(node_of(peer), dicomweb=f"http://127.0.0.1:{peer.http_port}/other")
    with pytest.raises(NodeRejected, match="no such DICOMweb service") as caught:
        asking.echo(node)
    assert caught.value.node == "Web"


def test_what_is_stored_is_found_by_every_question(peer: Orthanc, tmp_path: Path) -> None:
    one, series = generate_uid(), generate_uid()
    paths = study(tmp_path, 45, one, series)
    with storing.open_store(node_of(peer)) as session:
        outcomes = [o for at in range(0, 45, 20) for o in session.store_many(paths[at : at + 20])]
    assert [outcome.status for outcome in outcomes] == [0] * 45
    with asking.open_find(node_of(peer)) as session:
        (patient,) = session.patients(patient_id="S999111")
        (found,) = session.studies(patient_id="S999111", date_from=date(2024, 1, 10), modality="CT")
        assert session.studies(patient_id="S999112") == ()
        assert [s.series_uid for s in session.series(one)] == [series]
        uids = session.instance_uids(one, series)
        assert {i.sop_instance_uid for i in session.instances(one)} == uids
        assert session.instances("1.2.3") == ()
    assert patient.name == found.patient_name == "TÊSTING^ANNA"
    assert found.instances == 45
    assert sorted(uids) == peer.sop_instance_uids()


def test_a_file_that_the_archive_cannot_read_spoils_no_other(peer: Orthanc, tmp_path: Path) -> None:
    good, bad, late = study(tmp_path, 3, generate_uid(), generate_uid())
    bad.write_bytes(bad.read_bytes()[:400])
    with storing.open_store(node_of(peer)) as session:
        outcomes = session.store_many([good, bad, late])
    assert [outcome.stored for outcome in outcomes] == [True, False, True]
    assert outcomes[1].family is StatusFamily.PERMANENT
    assert len(peer.sop_instance_uids()) == 2


def test_images_come_back_as_they_are_durable_and_hashed(peer: Orthanc, tmp_path: Path) -> None:
    one, series = generate_uid(), generate_uid()
    paths = study(tmp_path / "made", 4, one, series)
    with storing.open_store(node_of(peer)) as session:
        session.store_many(paths)
    came: list[Received] = []
    result = fetching.retrieve(node_of(peer), Wanted(one), tmp_path / "spool", came.append)
    assert result.complete
    assert len(came) == 4
    assert all(hashlib.sha256(r.path.read_bytes()).hexdigest() == r.sha256 for r in came)
    sent = {str(dcmread(path).SOPInstanceUID): dcmread(path) for path in paths}
    assert all(dcmread(r.path) == sent[r.head.sop_instance_uid] for r in came)
    again = fetching.retrieve(node_of(peer), Wanted(one), tmp_path / "spool", came.append)
    assert again.complete
    assert not again.collisions


def test_only_what_is_wanted_and_not_there_yet_comes(peer: Orthanc, tmp_path: Path) -> None:
    one = generate_uid()
    paths = study(tmp_path / "a", 4, one, generate_uid()) + study(tmp_path / "b", 3, one, generate_uid())
    with storing.open_store(node_of(peer)) as session:
        session.store_many(paths)
    uids = [str(dcmread(path).SOPInstanceUID) for path in paths]
    came: list[Received] = []
    wanted = Wanted(one, sop_instance_uids=frozenset((*uids[:3], uids[4])))
    result = fetching.retrieve(node_of(peer), wanted, tmp_path / "spool", came.append, had=uids[:1])
    assert {r.head.sop_instance_uid for r in came} == {uids[1], uids[2], uids[4]}
    assert result.complete
    with pytest.raises(Permanent, match="no images of this study"):
        fetching.retrieve(node_of(peer), Wanted("1.2.3"), tmp_path / "spool", came.append)


def test_compressed_images_stay_compressed_both_ways(peer: Orthanc, tmp_path: Path) -> None:
    one = generate_uid()
    path = make_instance(tmp_path / "j.dcm", syntax=JPEGLSLossless, StudyInstanceUID=one)
    with storing.open_store(node_of(peer)) as session:
        assert session.store(path).stored
    came: list[Received] = []
    fetching.retrieve(node_of(peer), Wanted(one), tmp_path / "spool", came.append)
    assert [r.head.transfer_syntax_uid for r in came] == [JPEGLSLossless]
    assert dcmread(came[0].path).PixelData == dcmread(path).PixelData


def test_a_large_image_is_streamed_from_its_file_and_never_held(peer: Orthanc, tmp_path: Path) -> None:
    path = make_instance(tmp_path / "large.dcm", pixels=4096)
    size = path.stat().st_size
    with storing.open_store(node_of(peer)) as session:
        tracemalloc.start()
        assert session.store(path).stored
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size > 30_000_000
    assert peak < 4_000_000


def test_a_sign_in_is_asked_for_and_taken(tmp_path: Path) -> None:
    config = {"AuthenticationEnabled": True, "RegisteredUsers": {"iep": "open sesame"}}
    with run_dicomweb(tmp_path / "closed", config=config) as closed:
        node = node_of(closed)
        with pytest.raises(NodeRejected, match="asks for a sign-in"):
            asking.echo(node)
        with pytest.raises(NodeRejected, match="does not accept our sign-in"):
            asking.echo(node, "iep:wrong")
        assert asking.echo(node, "iep:open sesame").node == "Web"
