"""The small archive over real associations: durable storage, queries at every level, C-GET and C-MOVE."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
)
from pynetdicom import AE, build_role, evt
from pynetdicom.dsutils import split_dataset
from pynetdicom.sop_class import (  # type: ignore[attr-defined, unused-ignore]
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from iep_desktop.core.errors import NodeRejected, Permanent
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsPatient
from iep_desktop.dicom import archive as archive_module
from iep_desktop.dicom import disk
from iep_desktop.dicom.archive import Archive, serve
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import (
    echo,
    find_patients,
    find_studies,
    open_find,
    open_store,
    read_pair,
    verified_uids,
)
from tests.fakes.instances import make_instance

SHORT = Limits(connect=1, acse=2, dimse=5, network=5, write=2, release=0.5)
STUDY, SERIES = "1.2.826.0.1.9", "1.2.826.0.1.9.1"


def node_of(archive: Archive, **changes: Any) -> Node:
    words = {"ae_title": "DEMOPACS", "calling_ae": "IEPDESKTOP"} | changes
    return Node(
        "Demo PACS", NodeRole.PACS, "RWE", words["ae_title"], "127.0.0.1", archive.port, words["calling_ae"]
    )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive", "DEMOPACS", limits=SHORT) as running:
        yield running


def send(archive: Archive, *paths: Path) -> list[int | None]:
    pairs = {read_pair(path) for path in paths}
    with open_store(node_of(archive), pairs, limits=SHORT) as session:
        return [session.store(path).status for path in paths]


def two_patients(folder: Path) -> list[Path]:
    anna: dict[str, Any] = {"PatientID": "S9990001", "PatientName": "TESTING^ANNA", "StudyInstanceUID": STUDY}
    jorg: dict[str, Any] = {
        "PatientID": "S9990002",
        "PatientName": "MÜLLER^JÖRG",
        "SpecificCharacterSet": "ISO_IR 100",
    }
    ct = {"SeriesInstanceUID": SERIES, **anna}
    return [
        make_instance(folder / "1.dcm", SOPInstanceUID="1.2.1", InstanceNumber=1, **ct),
        make_instance(folder / "2.dcm", SOPInstanceUID="1.2.2", InstanceNumber=2, **ct),
        make_instance(
            folder / "3.dcm", SOPClassUID=MRImageStorage, Modality="MR", StudyDate="20260102", **anna
        ),
        make_instance(folder / "4.dcm", StudyDate="20250607", AccessionNumber="B7", **jorg),
    ]


# -- storage


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        JPEGLSLossless,
    ],
)
def test_bytes_are_kept_as_they_came_in_every_transfer_syntax(
    archive: Archive, tmp_path: Path, syntax: str
) -> None:
    path = make_instance(tmp_path / "image.dcm", syntax=syntax)
    assert send(archive, path) == [0x0000]
    (kept,) = (tmp_path / "archive").rglob("*.dcm")
    assert kept.read_bytes()[split_dataset(kept)[1] :] == path.read_bytes()[split_dataset(path)[1] :]
    assert read_pair(kept) == read_pair(path)


def test_a_private_sop_class_is_taken(archive: Archive, tmp_path: Path) -> None:
    assert send(archive, make_instance(tmp_path / "p.dcm", SOPClassUID="1.2.826.0.1.3680043.9999.1")) == [0]


def test_an_instance_sent_twice_is_held_once(archive: Archive, tmp_path: Path) -> None:
    path = make_instance(tmp_path / "image.dcm")
    assert send(archive, path, path) == [0, 0]
    assert len(archive) == 1


def test_what_was_stored_is_there_after_a_restart_and_leftovers_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archive(folder, "DEMOPACS", limits=SHORT) as first:
        send(first, *two_patients(tmp_path))
    (folder / ".half.dcm.1234.part").write_bytes(b"half an image")
    (folder / "README.txt").write_text("no image")
    with Archive(folder, "DEMOPACS", limits=SHORT) as second:
        assert len(second) == 4
        assert len(find_patients(node_of(second), name="*", limits=SHORT)) == 2
    assert list(folder.rglob("*.part")) == []


def test_success_is_answered_only_after_fsync_and_rename(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def sync(out: Any) -> None:
        steps.append("file")
        disk.sync(out)

    def sync_folder(path: Path) -> None:
        steps.append(f"folder with {len(list(path.glob('1.2.1.dcm')))} file")
        disk.sync_folder(path)

    monkeypatch.setattr(archive_module, "sync", sync)
    monkeypatch.setattr(archive_module, "sync_folder", sync_folder)
    path = make_instance(tmp_path / "image.dcm", SOPInstanceUID="1.2.1")
    assert send(archive, path) == [0]
    assert steps == ["file", "folder with 1 file"]


def test_a_full_disk_is_answered_with_a700(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_module, "_write", full)
    assert send(archive, make_instance(tmp_path / "image.dcm")) == [0xA700]
    assert len(archive) == 0


def test_an_instance_whose_uid_differs_from_the_request_is_refused(archive: Archive, tmp_path: Path) -> None:
    path = make_instance(tmp_path / "image.dcm", SOPInstanceUID="1.2.1")
    path.write_bytes(path.read_bytes().replace(b"1.2.1\0", b"1.2.2\0", 1))  # in the meta information only
    assert send(archive, path) == [0xA900]


def test_a_uid_that_names_a_place_outside_stays_inside(archive: Archive, tmp_path: Path) -> None:
    path = make_instance(tmp_path / "image.dcm", StudyInstanceUID="../../../../out")
    assert send(archive, path) == [0]
    assert len(list((tmp_path / "archive").rglob("*.dcm"))) == 1


# -- who may call


def test_unknown_callers_and_wrong_titles_are_refused(tmp_path: Path) -> None:
    with Archive(tmp_path, "DEMOPACS", callers=["IEPDESKTOP"], limits=SHORT) as archive:
        assert echo(node_of(archive), limits=SHORT).node == "Demo PACS"
        with pytest.raises(NodeRejected, match='our AE title "STRANGER"'):
            echo(node_of(archive, calling_ae="STRANGER"), limits=SHORT)
        with pytest.raises(NodeRejected, match='is not "OTHER"'):
            echo(node_of(archive, ae_title="OTHER"), limits=SHORT)


def test_a_taken_port_is_said(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=str(archive.port)):
        Archive(tmp_path / "other", "DEMOPACS", archive.port).start()


def test_stopping_frees_port_and_threads_even_with_an_idle_caller(tmp_path: Path) -> None:
    before = threading.active_count()
    archive = Archive(tmp_path, "DEMOPACS", limits=SHORT)
    archive.start()
    port = archive.port
    with socket.create_connection(("127.0.0.1", port)):
        archive.stop()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)  # a caller's thread may be just ending
    assert threading.active_count() <= before


def test_serve_runs_until_it_is_told_to_end(tmp_path: Path) -> None:
    over, ports = threading.Event(), []
    started = threading.Event()

    def ready(port: int) -> None:
        ports.append(port)
        started.set()

    thread = threading.Thread(target=serve, args=(tmp_path, "DEMOPACS", 0, ready), kwargs={"until": over})
    thread.start()
    assert started.wait(5)
    node = Node("Demo", NodeRole.PACS, "RWE", "DEMOPACS", "127.0.0.1", ports[0])
    assert echo(node, limits=SHORT).node == "Demo"
    over.set()
    thread.join(5)
    assert not thread.is_alive()


# -- queries


@pytest.fixture
def filled(archive: Archive, tmp_path: Path) -> Archive:
    assert send(archive, *two_patients(tmp_path)) == [0, 0, 0, 0]
    return archive


def test_a_patient_is_found_by_number(filled: Archive) -> None:
    found = find_patients(node_of(filled), patient_id="S9990001", limits=SHORT)
    assert found == (PacsPatient("S9990001", "TESTING^ANNA", date(1980, 1, 1), "F"),)


@pytest.mark.parametrize("name", ["müller*", "MÜLLER^JÖRG", "M?LLER^J*", "*jörg"])
def test_names_are_found_by_wildcard_whatever_their_case_and_character_set(
    filled: Archive, name: str
) -> None:
    assert [p.name for p in find_patients(node_of(filled), name=name, limits=SHORT)] == ["MÜLLER^JÖRG"]


def test_a_name_that_is_only_a_beginning_does_not_match(filled: Archive) -> None:
    assert find_patients(node_of(filled), name="TESTING", limits=SHORT) == ()


def test_studies_are_counted_over_all_their_series(filled: Archive) -> None:
    (study,) = find_studies(node_of(filled), patient_id="S9990001", limits=SHORT)
    assert (study.study_uid, study.series, study.instances) == (STUDY, 2, 3)
    assert study.modalities == ("CT", "MR")
    with open_find(node_of(filled), limits=SHORT) as session:
        assert sorted(s.instances or 0 for s in session.series(STUDY)) == [1, 2]


def test_instances_of_a_series_are_named(filled: Archive) -> None:
    assert verified_uids(node_of(filled), STUDY, SERIES, limits=SHORT) == {"1.2.1", "1.2.2"}


def ask(archive: Archive, level: str, **keys: str) -> list[Dataset]:
    """A C-FIND with any keys; the answers."""
    ae = AE("IEPDESKTOP")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    assoc = ae.associate("127.0.0.1", archive.port, ae_title="DEMOPACS")
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    ds.StudyInstanceUID = ""
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    answers = list(assoc.send_c_find(ds, StudyRootQueryRetrieveInformationModelFind))
    assoc.release()
    assert answers[-1][0].Status == 0
    return [answer for status, answer in answers if status.Status == 0xFF00 and answer is not None]


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({}, 2),
        ({"StudyDate": "20260102"}, 1),
        ({"StudyDate": "20250101-20251231"}, 1),
        ({"StudyDate": "20250101-"}, 2),
        ({"StudyDate": "-20250606"}, 0),
        ({"StudyTime": "1000-1100"}, 2),
        ({"StudyTime": "110000-"}, 0),
        ({"AccessionNumber": "B*"}, 1),
        ({"AccessionNumber": "b7"}, 0),
        ({"StudyInstanceUID": f"1.2.3\\{STUDY}"}, 1),
        ({"ModalitiesInStudy": "MR"}, 1),
        ({"PatientName": "*", "AccessionNumber": "A999"}, 1),
        ({"PatientSex": "M"}, 0),
        ({"InstitutionalDepartmentName": ""}, 2),
    ],
)
def test_keys_match_as_the_standard_says(filled: Archive, keys: dict[str, str], count: int) -> None:
    assert len(ask(filled, "STUDY", **keys)) == count


def test_a_study_found_by_one_modality_still_counts_all_its_instances(filled: Archive) -> None:
    (study,) = ask(filled, "STUDY", ModalitiesInStudy="MR", NumberOfStudyRelatedInstances="")
    assert study.NumberOfStudyRelatedInstances == 3
    assert list(study.ModalitiesInStudy) == ["CT", "MR"]


def test_an_impossible_level_is_refused(filled: Archive) -> None:
    ae = AE("IEPDESKTOP")
    ae.add_requested_context(PatientRootQueryRetrieveInformationModelFind)
    assoc = ae.associate("127.0.0.1", filled.port, ae_title="DEMOPACS")
    ds = Dataset()
    ds.QueryRetrieveLevel = "PLANET"
    ((status, _),) = assoc.send_c_find(ds, PatientRootQueryRetrieveInformationModelFind)
    assoc.release()
    assert status.Status == 0xA900


# -- retrieve


def test_c_get_gives_the_instances_back(filled: Archive, tmp_path: Path) -> None:
    got: dict[str, bytes] = {}

    def keep(event: Any) -> int:
        got[event.dataset.SOPInstanceUID] = event.dataset.PixelData
        return 0

    ae = AE("IEPDESKTOP")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    ae.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    assoc = ae.associate(
        "127.0.0.1",
        filled.port,
        ae_title="DEMOPACS",
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, keep)],
    )
    ds = Dataset()
    ds.QueryRetrieveLevel, ds.StudyInstanceUID, ds.SeriesInstanceUID = "SERIES", STUDY, SERIES
    *_, (status, _) = assoc.send_c_get(ds, StudyRootQueryRetrieveInformationModelGet)
    assoc.release()
    assert (status.Status, status.NumberOfCompletedSuboperations) == (0, 2)
    assert got == {uid: dcmread(tmp_path / f"{uid[-1]}.dcm").PixelData for uid in ("1.2.1", "1.2.2")}


def test_c_move_sends_to_a_known_destination_only(tmp_path: Path) -> None:
    with Archive(tmp_path / "target", "TARGET", limits=SHORT) as target:
        known = {"TARGET": ("127.0.0.1", target.port)}
        with Archive(tmp_path / "source", "DEMOPACS", destinations=known, limits=SHORT) as source:
            send(source, *two_patients(tmp_path))
            assert _move(source, "TARGET").NumberOfCompletedSuboperations == 3
            assert _move(source, "NOWHERE").Status == 0xA801
        assert len(target) == 3


def _move(archive: Archive, destination: str) -> Dataset:
    ae = AE("IEPDESKTOP")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelMove)
    assoc = ae.associate("127.0.0.1", archive.port, ae_title="DEMOPACS")
    ds = Dataset()
    ds.QueryRetrieveLevel, ds.StudyInstanceUID = "STUDY", STUDY
    *_, (status, _) = assoc.send_c_move(ds, destination, StudyRootQueryRetrieveInformationModelMove)
    assoc.release()
    return status
