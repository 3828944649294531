"""Retrieving from real archives: Orthanc, DCMTK's dcmqrscp with and without C-GET, and our own small one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
    generate_uid,
)

from iep_desktop.core.errors import NodeRejected, Permanent
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.landing import Received
from iep_desktop.dicom.retrieve import Wanted, retrieve
from iep_desktop.dicom.scu import find_instances, open_store, read_pair
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from tests.fakes.instances import make_instance
from tests.fakes.ways import way  # noqa: F401
from tests.peers import STORE_AE, free_port, run_dcmqrscp, run_orthanc

pytestmark = pytest.mark.usefixtures("way")
STUDY = generate_uid()
SERIES = [generate_uid(), generate_uid()]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten CT images in two series and an MR image of one study."""
    folder = tmp_path_factory.mktemp("study")
    same: dict[str, Any] = {"StudyInstanceUID": STUDY}
    ct = [
        make_instance(
            folder / f"{n}.dcm", pixels=64, SeriesInstanceUID=SERIES[n % 2], InstanceNumber=n, **same
        )
        for n in range(10)
    ]
    mr = make_instance(folder / "mr.dcm", SOPClassUID=MRImageStorage, Modality="MR", **same)
    return [*ct, mr]


def fill(node: Node, paths: list[Path]) -> None:
    with open_store(node, {read_pair(path) for path in paths}) as session:
        assert all(session.store(path).stored for path in paths)


def fetched(
    node: Node, wanted: Wanted, folder: Path, listed: list[PacsInstance] | None = None
) -> list[Received]:
    """All of it."""
    arrived: list[Received] = []
    assert retrieve(node, wanted, folder, arrived.append, listed=listed).complete
    return arrived


def uids(paths: list[Path]) -> set[str]:
    return {send_file(path).sop_instance_uid for path in paths}


def data_set(path: Path) -> bytes:
    """The bytes behind the file meta."""
    return path.read_bytes()[send_file(path).offset :]


@contextmanager
def running(kind: str, folder: Path) -> Iterator[tuple[Node, StorageListener | None]]:
    """An archive of this kind, and our listener where it only has C-MOVE."""
    with ExitStack() as stack:
        if kind == "orthanc":
            yield stack.enter_context(run_orthanc(folder / kind)).node, None
        elif kind == "dcmqrscp":
            yield stack.enter_context(run_dcmqrscp(folder / kind)).node, None
        elif kind == "dcmqrscp without C-GET":
            port = free_port()
            settings = ListenerSettings(
                STORE_AE, port, "127.0.0.1", callers=(Caller("DCMQRSCP", "127.0.0.1"),)
            )
            inbox = folder / "inbox"
            listener = stack.enter_context(
                StorageListener(settings, inbox, lambda head, calling: inbox, lambda received: None)
            )
            options = ["--disable-get"]
            peer = stack.enter_context(run_dcmqrscp(folder / "qr", move_port=port, options=options))
            yield peer.node, listener
        else:
            archive = stack.enter_context(Archive(folder / "archive", "ARCHIVE"))
            yield Node("Archive", NodeRole.PACS, "RWE", "ARCHIVE", "127.0.0.1", archive.port), None


KINDS = ["orthanc", "dcmqrscp", "dcmqrscp without C-GET", "our own"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_study_comes_whole_and_byte_for_byte(kind: str, study: list[Path], tmp_path: Path) -> None:
    arrived: list[Received] = []
    with running(kind, tmp_path) as (node, listener):
        fill(node, study)
        result = retrieve(node, Wanted(STUDY), tmp_path / "1", arrived.append, listener=listener)
    assert result.complete
    assert (result.grown, result.failed, result.duplicates) == ((), frozenset(), 0)
    assert result.by_move == (kind == "dcmqrscp without C-GET")
    assert result.completed_by_peer == len(study)
    assert result.received == uids(study)
    assert {one.head.sop_instance_uid for one in arrived} == uids(study)
    sent = {send_file(path).sop_instance_uid: path for path in study}
    for one in arrived:
        assert (one.head.patient_id, one.head.patient_name) == ("S9990001", "TESTING^ANNA")
        assert one.size == one.path.stat().st_size
        assert dcmread(one.path).SOPInstanceUID == one.head.sop_instance_uid
        if not kind.startswith("dcmqrscp"):  # DCMTK writes each data set anew
            assert data_set(one.path) == data_set(sent[one.head.sop_instance_uid])


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_call_asks_only_for_what_is_missing(kind: str, study: list[Path], tmp_path: Path) -> None:
    """Two images of one series by their UIDs, the other series as a whole."""
    with running(kind, tmp_path) as (node, listener):
        fill(node, study)
        listed = find_instances(node, STUDY)
        first = [one.sop_instance_uid for one in listed if one.series_uid == SERIES[0]]
        result = retrieve(
            node, Wanted(STUDY), tmp_path / "1", lambda _: None, had=first[2:], listener=listener
        )
    assert result.complete
    assert result.received == uids(study) - set(first[2:])
    assert result.completed_by_peer == len(study) - 3


def test_compressed_images_come_as_they_are(tmp_path: Path) -> None:
    retired = [UID(f"1.2.840.10008.1.2.4.{process}") for process in (53, 55)]
    syntaxes = [JPEGLSLossless, ExplicitVRLittleEndian, ImplicitVRLittleEndian, *retired]
    paths = [
        make_instance(tmp_path / f"{n}.dcm", syntax=syntax, StudyInstanceUID=STUDY)
        for n, syntax in enumerate(syntaxes)
    ]
    with running("orthanc", tmp_path) as (node, _):
        fill(node, paths)
        arrived = fetched(node, Wanted(STUDY), tmp_path / "1")
    assert {one.head.transfer_syntax_uid for one in arrived} == set(syntaxes)
    assert {data_set(one.path) for one in arrived} == {data_set(path) for path in paths}


def test_one_series_alone_can_be_wanted(study: list[Path], tmp_path: Path) -> None:
    with running("our own", tmp_path) as (node, _):
        fill(node, study)
        wanted = Wanted(STUDY, series_uids=frozenset(SERIES[:1]))
        arrived = fetched(node, wanted, tmp_path / "1")
    assert len(arrived) == 5
    assert {one.head.series_uid for one in arrived} == {SERIES[0]}


def test_a_study_that_is_not_there_is_said(tmp_path: Path) -> None:
    with running("our own", tmp_path) as (node, _), pytest.raises(Permanent, match="has no images"):
        retrieve(node, Wanted(generate_uid()), tmp_path / "1", lambda _: None)


def test_without_c_get_and_without_a_listener_it_is_said(study: list[Path], tmp_path: Path) -> None:
    with running("dcmqrscp without C-GET", tmp_path) as (node, _):
        fill(node, study)
        with pytest.raises(NodeRejected, match="listener is not switched on"):
            retrieve(node, Wanted(STUDY), tmp_path / "1", lambda _: None)


def test_a_listener_that_the_node_does_not_know_is_named(study: list[Path], tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    settings = ListenerSettings("UNHEARD", 0, "127.0.0.1")
    with (
        StorageListener(settings, inbox, lambda head, calling: inbox, lambda received: None) as listener,
        running("dcmqrscp without C-GET", tmp_path) as (node, _),
    ):
        fill(node, study)
        with pytest.raises(NodeRejected, match="UNHEARD"):
            retrieve(node, Wanted(STUDY), tmp_path / "1", lambda _: None, listener=listener)


def test_the_class_of_the_images_is_not_always_said(study: list[Path], tmp_path: Path) -> None:
    with running("orthanc", tmp_path) as (node, _):
        fill(node, study)
        listed = [replace(one, sop_class_uid="") for one in find_instances(node, STUDY)]
        arrived = fetched(node, Wanted(STUDY), tmp_path / "1", listed)
    assert CTImageStorage in {one.head.sop_class_uid for one in arrived}
