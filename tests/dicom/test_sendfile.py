"""A data set that begins in memory and goes on in a file, as it is sent by every way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from iep_desktop.core.errors import MediumUnreadable
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.reconcile import coerce_file, coerced_to_send
from iep_desktop.dicom.scu import open_store
from iep_desktop.dicom.sendfile import SendFile, as_file, pieces, read_ahead, send_file, size_of
from tests.dicom.comparing import coercion
from tests.dicom.test_reconcile import INSTANCES, made
from tests.fakes.instances import make_instance
from tests.fakes.peer import ScriptedPeer, accepts_no, answers, answers_after
from tests.fakes.ways import way  # noqa: F401

LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)
VERIFICATION = "1.2.840.10008.1.1"


def data_of(file: SendFile, size: int = 1 << 20) -> bytes:
    return b"".join(bytes(piece) for piece, _ in pieces(file, size))


@pytest.fixture
def begun(tmp_path: Path) -> SendFile:
    """A thousand bytes of another beginning."""
    file = send_file(make_instance(tmp_path / "ct.dcm", pixels=64))
    return replace(file, offset=file.offset + 600, front=bytes(1000))


@pytest.mark.parametrize("size", [2, 998, 1000, 1002, 4096, 1 << 20])
def test_the_pieces_are_the_beginning_and_then_the_file(begun: SendFile, size: int) -> None:
    whole = bytes(1000) + begun.path.read_bytes()[begun.offset :]
    given = [(bytes(piece), last) for piece, last in pieces(begun, size)]
    assert b"".join(piece for piece, _ in given) == whole
    assert max(len(piece) for piece, _ in given) <= size
    assert all(len(piece) % 2 == 0 for piece, _ in given[:-1])
    assert [last for _, last in given] == [False] * (len(given) - 1) + [True]
    assert size_of(begun) == len(whole)


def test_what_is_read_ahead_needs_the_file_no_more(begun: SendFile) -> None:
    whole = data_of(begun)
    in_file = len(whole) - len(begun.front)
    ahead = read_ahead(begun, in_file)
    assert read_ahead(begun, in_file - 1) is begun
    begun.path.unlink()
    assert data_of(ahead, 100) == whole
    with pytest.raises(MediumUnreadable):
        data_of(begun)


def test_a_file_that_ends_before_its_place_is_unreadable(begun: SendFile) -> None:
    begun.path.write_bytes(begun.path.read_bytes()[: begun.offset])
    with pytest.raises(MediumUnreadable):
        size_of(begun)
    with pytest.raises(MediumUnreadable):
        read_ahead(begun, 1 << 20)


def test_as_a_file_it_is_whole_and_gone_afterwards(begun: SendFile) -> None:
    with as_file(begun) as path:
        written = send_file(path)
        assert (written.pair, written.sop_instance_uid) == (begun.pair, begun.sop_instance_uid)
        assert data_of(written) == data_of(begun)
    assert list(begun.path.parent.iterdir()) == [begun.path]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("most", [0, 1 << 20])
def test_either_way_sends_the_beginning_from_memory(begun: SendFile, most: int) -> None:
    with ScriptedPeer(answers(0, max_pdu=4096)) as peer:
        with open_store(peer.node, [begun.pair], limits=LONG) as session:
            assert session.store_file(read_ahead(begun, most)).stored
        (message,) = peer.messages
    assert bytes(message.data) == data_of(begun)
    assert message.command[0x1000].decode().rstrip("\0") == begun.sop_instance_uid


# -- a coerced head before the file's own pixels


@pytest.mark.parametrize("source", INSTANCES, ids=lambda path: path.name)
def test_what_is_sent_of_a_coerced_file_is_what_would_be_written_of_it(source: Path, tmp_path: Path) -> None:
    whole, beside = tmp_path / "whole.dcm", tmp_path / "beside.dcm"
    coerced = coerce_file(source, whole, coercion())
    file = coerced_to_send(source, beside, coercion())
    written = send_file(whole)
    assert file.pair == written.pair == Pair(coerced.sop_class_uid, coerced.transfer_syntax_uid)
    assert file.sop_instance_uid == coerced.sop_instance_uid
    assert data_of(file) == data_of(written)
    assert beside.exists() == (file.pair.transfer_syntax_uid == DeflatedExplicitVRLittleEndian)


def test_a_deflated_file_is_written_for_it_is_deflated_as_a_whole(tmp_path: Path) -> None:
    source, target = made(tmp_path / "deflated.dcm", DeflatedExplicitVRLittleEndian), tmp_path / "target.dcm"
    file = coerced_to_send(source, target, coercion())
    assert (file.path, file.front) == (target, b"")
    assert dcmread(target).PatientID == coercion().patient.hospital_no


def test_no_second_file_is_made_of_an_ordinary_one(tmp_path: Path) -> None:
    source = made(tmp_path / "plain.dcm", ExplicitVRLittleEndian)
    file = coerced_to_send(source, tmp_path / "target.dcm", coercion())
    assert file.path == source
    assert list(tmp_path.iterdir()) == [source]


# -- how far a node is


@pytest.mark.usefixtures("way")
def test_a_c_echo_over_the_open_association_says_how_far_the_node_is(begun: SendFile) -> None:
    with (
        ScriptedPeer(answers_after(0.05)) as peer,
        open_store(peer.node, [begun.pair], limits=LONG, measured=True) as session,
    ):
        assert session.round_trip() is None  # nothing is open yet
        session.connect(begun)
        seconds = session.round_trip()
        assert session.store_file(begun).stored
    assert seconds is not None
    assert 0.05 <= seconds < 1
    assert len(peer.connections) == 1


@pytest.mark.parametrize("measured", [True, False])
def test_a_node_that_offers_no_c_echo_there_is_not_asked(begun: SendFile, measured: bool) -> None:
    script = accepts_no(VERIFICATION) if measured else answers(0)
    with (
        ScriptedPeer(script) as peer,
        open_store(peer.node, [begun.pair], limits=LONG, measured=measured) as session,
    ):
        session.connect(begun)
        assert session.round_trip() is None
        assert session.store_file(begun).stored
