"""Our own listener: a PACS that knows C-MOVE only, and images that are stored to us without any transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from iep_desktop.core.errors import NodeRejected
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import scu
from tests.fakes.instances import make_instance
from tests.peers import STORE_AE, Orthanc, free_port, run_dcmqrscp
from tests.two_hospitals import IDENTITY, THEM, US, Pair, four_archives, pair_over, store_study


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


def test_a_pacs_that_knows_no_c_get_moves_its_images_to_our_listener(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    port, them = free_port(), pair.them
    with run_dcmqrscp(tmp_path / "pacs", move_port=port, options=("--disable-get",)) as pacs:
        old = replace(pacs.node, name="RX1 PACS", hospital=THEM)
        with them.desk() as desk:
            desk.nodes.add(old)
        study = store_study(old, tmp_path / "study", images=4, **IDENTITY, PatientID="K0999222")
        form = them.export_form(US)
        command: list[str | Path] = ["transfer", "--to", US, "--form", form, "--study", study, "--wait"]
        code, document = them.run(*command)
        assert (code, "C-MOVE" in document["error"]["message"] + document["error"]["hint"]) == (4, True), (
            document
        )
        them.configure(
            listener_port=port, listener_ae=STORE_AE, listener_callers=((pacs.node.ae_title, "127.0.0.1"),)
        )
        code, document = them.run("retry", document["number"], "--wait")
    assert (code, document["status"], document["instances"]["verified"]) == (0, "On IEP", 4), document
    assert len(archives["our gateway"].sop_instance_uids()) == 4


def test_what_a_known_caller_stores_to_us_becomes_one_row_a_study_and_goes_to_pacs_only_when_matched(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    us, port = pair.us, free_port()
    us.configure(listener_port=port, listener_callers=(("MODALITY", "127.0.0.1"),))
    listener = Node("US", NodeRole.PACS, US, "IEPDESKTOP", "127.0.0.1", port, "MODALITY")
    with us.desk() as desk:
        assert desk.storage_listener is not None
        studies = [
            store_study(listener, tmp_path / name, images=images, **IDENTITY, PatientID="N1")
            for name, images in (("one", 3), ("two", 1))
        ]
        stranger = replace(listener, calling_ae="STRANGER")
        with pytest.raises(NodeRejected), scu.open_store(stranger, (), Context()) as session:
            session.store(make_instance(tmp_path / "strange.dcm"))
        again = sorted((tmp_path / "one").glob("*.dcm"))[0]
        with scu.open_store(listener, (), Context()) as session:
            assert session.store(again).stored  # the sender lost our answer: nothing doubles
    us.work()
    rows = us.run("worklist", "--tab", "action-required")[1]["transactions"]
    assert sorted(row["instances"]["total"] for row in rows) == [1, 3]
    assert {row["type"] for row in rows} == {"Direct Routing"}
    assert archives["our pacs"].sop_instance_uids() == []

    number = next(row["number"] for row in rows if row["instances"]["total"] == 3)
    form = us.form(hospital=THEM)
    code, document = us.run("match", number, "--form", form, "--registered", "--wait")
    assert (code, document["status"]) == (0, "Delivered"), document
    (stored,) = archives["our pacs"].rest("/studies?expand")
    assert stored["MainDicomTags"]["StudyInstanceUID"] == studies[0]
    assert len(archives["our pacs"].sop_instance_uids()) == 3


def test_images_that_come_after_their_study_was_closed_make_a_row_of_their_own(
    pair: Pair, tmp_path: Path
) -> None:
    us, port = pair.us, free_port()
    us.configure(listener_port=port, listener_callers=(("MODALITY", "127.0.0.1"),))
    listener = Node("US", NodeRole.PACS, US, "IEPDESKTOP", "127.0.0.1", port, "MODALITY")
    with us.desk() as desk:
        assert desk.storage_listener is not None
        study = store_study(listener, tmp_path / "one", images=2, **IDENTITY, PatientID="N1")
        desk.keeping.run(Context())
        store_study(listener, tmp_path / "late", images=1, **IDENTITY, PatientID="N1", StudyInstanceUID=study)
    us.work()
    rows = us.run("worklist", "--tab", "action-required")[1]["transactions"]
    assert sorted(row["instances"]["total"] for row in rows) == [1, 2]
