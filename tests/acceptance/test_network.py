"""Our network against real peers on loopback (Orthanc, storescp, dcmqrscp), and DCMTK's tools against our archive."""

from __future__ import annotations

import shutil
import subprocess
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
)
from pynetdicom.dsutils import split_dataset

from iep_desktop.core.errors import Cancelled, IepError, NodeRejected, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.dicom.archive import Archive
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
from iep_desktop.dicom.status import StatusFamily
from tests.fakes.instances import make_instance
from tests.fakes.ways import way  # noqa: F401
from tests.peers import FilePeer, Orthanc, Peer, free_port, run_orthanc, run_storescp

pytestmark = pytest.mark.usefixtures("way")
LIMITS = Limits(connect=10, acse=15, dimse=30, network=30, write=15, release=1)
SYNTAXES = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
    RLELossless,
]


def send(peer: Peer, paths: list[Path], **changes: Any) -> list[int | None]:
    with open_store(peer.node_as(**changes), {read_pair(path) for path in paths}, limits=LIMITS) as session:
        return [session.store(path).status for path in paths]


def data_of(file: bytes, folder: Path) -> bytes:
    path = folder / "as-kept.dcm"
    path.write_bytes(file)
    return file[split_dataset(path)[1] :]


def study(folder: Path, count: int = 5, **elements: Any) -> list[Path]:
    same = {"StudyInstanceUID": "1.2.826.0.1.7", "SeriesInstanceUID": "1.2.826.0.1.7.1", **elements}
    return [
        make_instance(folder / f"{n}.dcm", SOPInstanceUID=f"1.2.826.0.1.7.1.{n}", InstanceNumber=n, **same)
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("name", ["orthanc", "storescp", "dcmqrscp"])
def test_an_echo_is_answered(name: str, request: pytest.FixtureRequest) -> None:
    peer: Peer = request.getfixturevalue(name)
    assert echo(peer.node, limits=LIMITS).echo_seconds < 1


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_orthanc_keeps_every_transfer_syntax_byte_for_byte(
    orthanc: Orthanc, tmp_path: Path, syntax: str
) -> None:
    path = make_instance(tmp_path / "image.dcm", syntax=syntax, pixels=64)
    assert send(orthanc, [path]) == [0]
    kept = orthanc.file(dcmread(path).SOPInstanceUID)
    sent = path.read_bytes()[split_dataset(path)[1] :]
    received = data_of(kept, tmp_path)
    assert received[: len(sent)] == sent
    assert received[len(sent) :].strip(b"\0") == b""  # behind a deflated data set Orthanc leaves zeros
    assert dcmread(BytesIO(kept)).file_meta.TransferSyntaxUID == syntax


def test_storescp_keeps_what_was_sent_byte_for_byte(tmp_path: Path) -> None:
    paths = [
        make_instance(tmp_path / f"{n}.dcm", syntax=syntax, pixels=64) for n, syntax in enumerate(SYNTAXES)
    ]
    with run_storescp(tmp_path / "scp", options=("+xa", "-pm", "+B")) as peer:
        assert send(peer, paths) == [0] * len(paths)
        kept = {data_of(path.read_bytes(), tmp_path) for path in peer.files()}
    assert kept == {path.read_bytes()[split_dataset(path)[1] :] for path in paths}


def test_what_was_sent_is_verified_by_query(orthanc: Orthanc, tmp_path: Path) -> None:
    send(orthanc, study(tmp_path))
    assert verified_uids(orthanc.node, "1.2.826.0.1.7", "1.2.826.0.1.7.1", limits=LIMITS) == set(
        orthanc.sop_instance_uids()
    )
    with open_find(orthanc.node, limits=LIMITS) as session:
        assert [s.instances for s in session.series("1.2.826.0.1.7")] == [5]
        assert [s.instances for s in session.studies(patient_id="S9990001")] == [5]


@pytest.mark.parametrize("name", ["orthanc", "dcmqrscp"])
def test_studies_are_found_by_a_part_of_their_description(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    peer: Peer = request.getfixturevalue(name)
    send(peer, study(tmp_path, 1, StudyDescription="CT HEAD TRAUMA", PatientID="S9990079"))
    (found,) = find_studies(peer.node, patient_id="S9990079", description="*HEAD*", limits=LIMITS)
    assert found.description == "CT HEAD TRAUMA"
    assert find_studies(peer.node, patient_id="S9990079", description="*KNEE*", limits=LIMITS) == ()


@pytest.mark.parametrize(
    ("name", "charset", "patient"),
    [
        ("orthanc", "ISO_IR 6", "TESTING^ANNA"),
        ("orthanc", "ISO_IR 100", "MÜLLER^JÖRG"),
        ("orthanc", "ISO_IR 192", "MÜLLER^JÖRG"),
        ("dcmqrscp", "ISO_IR 100", "MÜLLER^JÖRG"),
        ("dcmqrscp", "ISO_IR 192", "ŁUKASIEWICZ^ŻANETA"),
    ],
)
def test_patients_are_found_with_their_names_right(
    name: str, charset: str, patient: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    peer: Peer = request.getfixturevalue(name)
    elements = {"SpecificCharacterSet": charset, "PatientName": patient, "PatientID": "S9990077"}
    send(peer, study(tmp_path, 1, **elements))
    (by_number,) = find_studies(peer.node, patient_id="S9990077", limits=LIMITS)
    assert by_number.patient_name == patient
    assert [p.name for p in find_patients(peer.node, patient_id="S9990077", limits=LIMITS)] == [patient]
    assert find_patients(peer.node, patient_id="S9990078", limits=LIMITS) == ()


def test_names_beyond_latin_1_are_asked_for_and_answered(tmp_path: Path) -> None:
    """Stock Orthanc answers in Latin-1, whatever it is asked in, and drops the letters that are not in it."""
    name = "ŁUKASIEWICZ^ŻANETA"
    with run_orthanc(tmp_path / "orthanc", config={"DefaultEncoding": "Utf8"}) as peer:
        send(peer, study(tmp_path, 1, SpecificCharacterSet="ISO_IR 192", PatientName=name))
        assert [p.name for p in find_patients(peer.node, name="ŁUKASIEWICZ*", limits=LIMITS)] == [name]


def test_a_wrong_ae_title_of_the_pacs_is_said(tmp_path: Path) -> None:
    with run_orthanc(tmp_path, config={"DicomCheckCalledAet": True}) as peer:
        echo(peer.node, limits=LIMITS)
        with pytest.raises(NodeRejected, match='is not "WRONG"'):
            echo(peer.node_as(ae_title="WRONG"), limits=LIMITS)


def test_a_query_from_an_unknown_ae_title_is_an_error_and_not_an_empty_answer(orthanc: Orthanc) -> None:
    with pytest.raises(IepError) as caught:
        find_patients(orthanc.node_as(calling_ae="STRANGER"), patient_id="S9990001", limits=LIMITS)
    assert caught.value.title
    assert caught.value.hint


def test_a_sop_class_that_orthanc_does_not_know_is_refused_and_named(
    orthanc: Orthanc, tmp_path: Path
) -> None:
    private = make_instance(tmp_path / "p.dcm", SOPClassUID="1.2.826.0.1.3680043.9999.7")
    ct = make_instance(tmp_path / "ct.dcm")
    pairs = {read_pair(private), read_pair(ct)}
    with open_store(orthanc.node, pairs, limits=LIMITS) as session:
        refused, stored = session.store(private), session.store(ct)
    assert refused.family is StatusFamily.CONFIGURATION
    assert "1.2.826.0.1.3680043.9999.7" in refused.text
    assert stored.stored


def test_a_transfer_syntax_that_the_peer_does_not_take_is_named(tmp_path: Path) -> None:
    jpeg = make_instance(tmp_path / "jpeg.dcm", syntax=JPEGLSLossless)
    plain = make_instance(tmp_path / "plain.dcm")
    with (
        run_storescp(tmp_path / "scp", options=()) as peer,
        open_store(peer.node, {read_pair(jpeg), read_pair(plain)}, limits=LIMITS) as session,
    ):
        refused, stored = session.store(jpeg), session.store(plain)
    assert "only as Explicit VR Little Endian" in refused.text
    assert stored.stored


def test_nobody_at_the_port_is_said() -> None:
    with pytest.raises(NodeUnreachable, match="Nobody listens"):
        echo(FilePeer(Path(), "NOBODY", free_port(), [], nagle=True).node, limits=LIMITS)


def test_a_pacs_that_dies_mid_transfer_and_returns_has_every_instance_once(tmp_path: Path) -> None:
    paths = study(tmp_path, 40, pixels=256)
    left = list(paths)
    with run_orthanc(tmp_path / "orthanc") as peer:
        killer = threading.Timer(0.0, peer.kill)
        with open_store(peer.node, {read_pair(paths[0])}, limits=LIMITS) as session:
            with pytest.raises(NodeUnreachable):
                _store_all(session, left, at=10, then=killer.start)
            killer.join()
            assert 0 < len(left) < len(paths)
            peer.start()
            _store_all(session, left)
        assert len(peer.sop_instance_uids()) == len(paths)
        assert peer.sop_instance_uids() == sorted(f"1.2.826.0.1.7.1.{n}" for n in range(1, 41))


def _store_all(session: Any, left: list[Path], at: int = -1, then: Any = None) -> None:
    """Stores from the front of `left`, and takes away only what the peer has confirmed."""
    while left:
        if len(left) == at:
            then()
        assert session.store(left[0]).stored
        del left[0]


def test_a_transfer_to_a_real_pacs_is_cancelled_at_once(orthanc: Orthanc, tmp_path: Path) -> None:
    paths = study(tmp_path, 3, pixels=1024)
    ctx = Context()
    with (
        pytest.raises(Cancelled),
        open_store(orthanc.node, {read_pair(paths[0])}, ctx, limits=LIMITS) as session,
    ):
        _store_all(session, list(paths), at=2, then=ctx.cancel)
    assert len(orthanc.sop_instance_uids()) == 1


def test_a_mixed_disc_goes_over_one_association(storescp: FilePeer, tmp_path: Path) -> None:
    paths = [
        make_instance(tmp_path / f"{n}.dcm", syntax=syntax, SOPClassUID=sop_class)
        for n, (syntax, sop_class) in enumerate(
            (syntax, sop_class) for syntax in SYNTAXES for sop_class in (CTImageStorage, MRImageStorage)
        )
    ]
    assert send(storescp, paths) == [0] * len(paths)
    assert len(storescp.files()) == len(paths)


# -- others' tools against our archive


def tool(name: str, *arguments: str) -> str:
    program = shutil.which(name)
    assert program, f"{name} (DCMTK) is not installed"
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, errors="replace", timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_dcmtk_stores_queries_and_gets_with_our_archive(tmp_path: Path) -> None:
    paths = study(tmp_path, 3)
    (tmp_path / "got").mkdir()
    with Archive(tmp_path / "archive", "DEMOPACS", limits=LIMITS) as archive:
        who = ["-aec", "DEMOPACS", "127.0.0.1", str(archive.port)]
        tool("echoscu", *who)
        tool("storescu", *who, *map(str, paths))
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=testing*", "-k", "StudyInstanceUID"]
        assert "1.2.826.0.1.7" in tool("findscu", "-S", *keys, *who)
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.826.0.1.7"]
        tool("getscu", "-S", "-od", str(tmp_path / "got"), *keys, *who)
    assert len(list((tmp_path / "got").iterdir())) == 3


def test_dcmtk_moves_from_our_archive_to_storescp(storescp: FilePeer, tmp_path: Path) -> None:
    known = {"STORESCP": ("127.0.0.1", storescp.node.port)}
    with Archive(tmp_path / "archive", "DEMOPACS", destinations=known, limits=LIMITS) as archive:
        who = ["-aec", "DEMOPACS", "127.0.0.1", str(archive.port)]
        tool("storescu", *who, *map(str, study(tmp_path, 3)))
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.826.0.1.7"]
        tool("movescu", "-S", "-aem", "STORESCP", *keys, *who)
    assert len(storescp.files()) == 3
