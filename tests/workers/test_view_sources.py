"""Where images come from to be looked at: files, discs, the spool, and archives that may fall silent."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from iep_desktop.core.errors import Cancelled, InvalidInput, MediumUnreadable, Permanent, Retriable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Tab, WorklistFilter, WorklistOrder
from iep_desktop.core.viewing import ViewSeries, ViewStudy
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS
from iep_desktop.dicom.media import read_all
from iep_desktop.dicom.medium_files import open_medium
from iep_desktop.dicom.scu import find_studies, open_store, read_pair
from iep_desktop.workers import view_sets, view_sources
from iep_desktop.workers.asked_node import AskedNode
from iep_desktop.workers.view_sources import AHEAD, DiscFiles, NodeFiles
from iep_desktop.workers.viewing_cache import ViewingCache
from iep_desktop.workers.viewings import Viewings
from tests.fakes.fault_proxy import P_DATA, TO_US, Fault, FaultProxy, Harm
from tests.fakes.instances import make_instance
from tests.fakes.odd_kinds import odd_files
from tests.hospital import S_NUMBER, Hospital, ct_disc, form
from tests.peers import Orthanc, run_orthanc

IMAGES = 100
QUICK = replace(DEFAULT_LIMITS, connect=2.0, acse=2.0, dimse=1.0, network=1.0)


def no_node(_name: str) -> AskedNode:
    raise InvalidInput("No PACS node is set up")


def local(folder: Path) -> Viewings:
    """Without ledger and nodes."""
    return Viewings(_none, _none, ViewingCache(folder), no_node, no_node)


def _none() -> NoReturn:
    raise AssertionError("nobody asks for it")


def only_series(view_studies: tuple[ViewStudy, ...]) -> tuple[ViewStudy, ViewSeries]:
    (study,) = view_studies
    (series,) = study.series
    return study, series


# --- files -----------------------------------------------------------------------------------------------------


def test_files_are_grouped_by_what_they_say_of_themselves(tmp_path: Path) -> None:
    study = generate_uid()
    paths = [
        make_instance(
            tmp_path / f"{n}", StudyInstanceUID=study, SeriesInstanceUID="1.2", InstanceNumber=9 - n
        )
        for n in range(3)
    ]
    viewing = local(tmp_path / "cache").of_files([str(path) for path in paths], Context())
    found, series = only_series(viewing.view.studies)
    assert (found.patient.name, found.patient.patient_id, found.description) == (
        "TESTING^ANNA", "S9990001", "CT HEAD",
    )  # fmt: skip
    assert [image.number for image in series.images] == [7, 8, 9]
    assert viewing.source.file(found, series, series.images[0], Context()) == paths[2]


def test_what_is_no_image_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    with pytest.raises(InvalidInput) as caught:
        local(tmp_path / "cache").of_files([str(tmp_path / "letter.txt")], Context())
    assert caught.value.message == "letter.txt"


def test_among_good_files_a_bad_one_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    good = make_instance(tmp_path / "good")
    viewing = local(tmp_path / "cache").of_files([str(tmp_path / "letter.txt"), str(good)], Context())
    assert len(only_series(viewing.view.studies)[1].images) == 1


def test_a_file_deleted_while_it_is_shown_is_a_reason(tmp_path: Path) -> None:
    path = make_instance(tmp_path / "a")
    viewing = local(tmp_path / "cache").of_files([str(path)], Context())
    study, series = only_series(viewing.view.studies)
    path.unlink()
    with pytest.raises(MediumUnreadable) as caught:
        viewing.source.file(study, series, series.images[0], Context())
    assert str(path) not in str(caught.value)


# --- discs -----------------------------------------------------------------------------------------------------


def test_a_disc_is_shown_with_what_it_lacks(tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=4)
    disc.file(1).unlink()
    viewing = local(tmp_path / "cache").of_files([str(disc.dicomdir)], Context())
    study, series = only_series(viewing.view.studies)
    assert (len(series.images), series.expected) == (3, 4)
    path = viewing.source.file(study, series, series.images[0], Context())
    assert dcmread(path).SOPInstanceUID == series.images[0].sop_instance_uid


def test_a_disc_that_is_pulled_out_is_a_reason(tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=2)
    viewing = local(tmp_path / "cache").of_files([str(disc.root)], Context())
    study, series = only_series(viewing.view.studies)
    disc.root.rename(tmp_path / "in the drawer")
    with pytest.raises(MediumUnreadable) as caught:
        viewing.source.file(study, series, series.images[0], Context())
    assert "disc" in caught.value.hint


def test_nothing_outside_of_a_disc_is_opened(tmp_path: Path) -> None:
    secret = make_instance(tmp_path / "secret")
    disc = ct_disc(tmp_path / "cd", images=1)
    viewing = local(tmp_path / "cache").of_files([str(disc.root)], Context())
    study, series = only_series(viewing.view.studies)
    for where in ("../secret", str(secret)):
        with pytest.raises(MediumUnreadable):
            viewing.source.file(study, series, replace(series.images[0], where=where), Context())


def test_another_disc_in_the_drive_is_not_shown_for_the_first(tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=2)
    contents = read_all(open_medium(disc.root))
    study, series = only_series(view_sets.of_contents(contents).studies)
    first, second = (image.sop_instance_uid for image in series.images)
    swapped = DiscFiles(str(disc.root), {first: disc.files[1]})
    with pytest.raises(MediumUnreadable, match="Another disc"):
        swapped.file(study, series, series.images[0], Context())
    right = DiscFiles(str(disc.root), {first: disc.files[0], second: disc.files[1]})
    assert right.file(study, series, series.images[1], Context()) == disc.file(1)


@pytest.mark.parametrize("kind", ["another-meta", "no-meta", "deflated"])
def test_an_image_is_known_by_its_data_set_whatever_its_meta_header_says(kind: str, tmp_path: Path) -> None:
    """Programs that hide names leave the old meta header; old discs have none."""
    (path,) = (file for file in odd_files(tmp_path) if file.stem == kind)
    contents = read_all(open_medium(tmp_path))
    study, series = only_series(view_sets.of_contents(contents).studies)
    (image,) = (image for image in series.images if image.where == path.name)
    files = DiscFiles(str(tmp_path), {image.sop_instance_uid: image.where})
    assert files.file(study, series, image, Context()) == path


def test_a_disc_that_cannot_be_read_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scratched(_file: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    disc = ct_disc(tmp_path / "cd", images=1)
    study, series = only_series(view_sets.of_contents(read_all(open_medium(disc.root))).studies)
    (image,) = series.images
    monkeypatch.setattr(view_sources, "sop_instance_uid", scratched)
    with pytest.raises(MediumUnreadable, match="cannot be read from the disc"):
        DiscFiles(str(disc.root), {image.sop_instance_uid: image.where}).file(study, series, image, Context())


# --- nodes -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A series of a hundred images."""
    folder = tmp_path_factory.mktemp("study")
    same = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    return [
        make_instance(folder / f"{n:03}.dcm", pixels=32, InstanceNumber=n + 1, **same) for n in range(IMAGES)
    ]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with run_orthanc(tmp_path_factory.mktemp("orthanc")) as peer:
        yield peer


@pytest.fixture
def archive(running: Orthanc) -> Orthanc:
    """Empty."""
    running.clear()
    return running


@pytest.fixture
def pacs(archive: Orthanc, study: list[Path]) -> Node:
    with open_store(archive.node, {read_pair(path) for path in study}) as session:
        assert all(session.store(path).stored for path in study)
    return archive.node


def looking(node: Node, folder: Path) -> tuple[ViewStudy, ViewSeries, NodeFiles]:
    asked = AskedNode(node, QUICK)
    (found,) = find_studies(node, patient_id="S9990001")
    listed = asked.find(found.study_uid, Context())
    source = NodeFiles(asked, ViewingCache(folder), "7", silence=60)
    source.know(found.study_uid, listed)
    study, series = only_series((view_sets.of_study(found, listed),))
    return study, series, source


def here(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.dcm"))


def test_images_of_a_study_on_pacs_stand_in_their_order(pacs: Node, tmp_path: Path) -> None:
    study, series, _ = looking(pacs, tmp_path)
    assert (study.patient.name, study.description, series.modality) == ("TESTING^ANNA", "CT HEAD", "CT")
    assert [image.number for image in series.images] == list(range(1, IMAGES + 1))


def test_the_first_image_comes_alone_and_the_next_with_its_neighbours(pacs: Node, tmp_path: Path) -> None:
    study, series, source = looking(pacs, tmp_path)
    path = source.file(study, series, series.images[50], Context())
    assert dcmread(path).InstanceNumber == 51
    assert here(tmp_path) == 1
    path = source.file(study, series, series.images[10], Context())
    assert dcmread(path).InstanceNumber == 11
    assert here(tmp_path) == 1 + AHEAD
    began = time.monotonic()
    assert source.file(study, series, series.images[12], Context()).is_file()
    assert time.monotonic() - began < 0.2, "it was here already"


def test_a_pacs_that_falls_silent_in_mid_series_is_a_reason_and_not_waited_for_again(
    pacs: Node, tmp_path: Path
) -> None:
    study, series, _ = looking(pacs, tmp_path)
    fault = Fault(Harm.SWALLOW, TO_US, pdu=P_DATA, nth=8)
    with FaultProxy(pacs, None, fault) as line:
        source = NodeFiles(AskedNode(line.node, QUICK), ViewingCache(tmp_path), "7", silence=60)
        source.know(study.study_uid, AskedNode(pacs, QUICK).find(study.study_uid, Context()))
        source.file(study, series, series.images[50], Context())
        with pytest.raises(Retriable) as caught:
            source.file(study, series, series.images[99], Context())
        assert caught.value.title
        began = time.monotonic()
        with pytest.raises(Retriable):
            source.file(study, series, series.images[98], Context())
        assert time.monotonic() - began < 0.5
        assert source.file(study, series, series.images[50], Context()).is_file(), "what came stays"


def test_waiting_for_pacs_ends_when_nobody_looks_any_more(pacs: Node, tmp_path: Path) -> None:
    study, series, _ = looking(pacs, tmp_path)
    with FaultProxy(pacs, Fault(Harm.SWALLOW, TO_US)) as line:
        patient = replace(QUICK, acse=30.0, dimse=30.0, network=30.0)
        source = NodeFiles(AskedNode(line.node, patient), ViewingCache(tmp_path), "7")
        source.know(study.study_uid, AskedNode(pacs, QUICK).find(study.study_uid, Context()))
        ctx = Context()
        threading.Timer(0.3, ctx.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            source.file(study, series, series.images[0], ctx)
        assert time.monotonic() - began < 5


def test_what_the_node_lists_and_does_not_give_is_a_reason(pacs: Node, tmp_path: Path) -> None:
    study, series, source = looking(pacs, tmp_path)
    ghost = replace(series.images[0], sop_instance_uid=generate_uid())
    with pytest.raises((Permanent, Retriable)) as caught:
        source.file(study, series, ghost, Context())
    assert caught.value.title


# --- transactions ----------------------------------------------------------------------------------------------


def looked_at(hospital: Hospital) -> Path:
    """The file that the viewer gets for the middle image of the only transaction."""
    with hospital.desk() as desk:
        (row,) = desk.reading.page(WorklistFilter(tab=Tab.ALL), WorklistOrder(), 0, 10).rows
        viewing = desk.viewings.of_transaction(row.id, Context())
        study, series = only_series(viewing.view.studies)
        assert viewing.view.transaction_id == str(row.id)
        assert viewing.view.asked is not None
        assert viewing.view.asked.nhs_no == "9990000018"
        assert [image.number for image in series.images] in ([1, 2, 3], [None, None, None])
        return viewing.source.file(study, series, series.images[1], Context())


def test_a_transaction_is_looked_at_in_the_spool_and_else_on_its_disc(
    archive: Orthanc, tmp_path: Path
) -> None:
    hospital = Hospital(tmp_path / "profile", archive.node)
    disc = ct_disc(tmp_path / "cd", images=3)
    hospital.import_(disc.root, form())  # PACS knows nobody of that number: it waits for a person
    assert looked_at(hospital).is_relative_to(hospital.root / "spool")
    with hospital.desk() as desk:
        desk.spool.free(1)
    assert looked_at(hospital) == disc.file(1)
    shutil.rmtree(disc.root)
    with pytest.raises(MediumUnreadable):
        looked_at(hospital)


def test_what_was_delivered_is_looked_at_as_pacs_holds_it(archive: Orthanc, tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "profile", archive.node)
    hospital.admit(tmp_path)
    code, answer = hospital.import_(ct_disc(tmp_path / "cd", images=3).root, form())
    assert (code, answer["status"]) == (0, "Delivered")
    path = looked_at(hospital)
    assert path.is_relative_to(hospital.root / "viewing" / "1")
    assert dcmread(path).PatientID == S_NUMBER


def test_a_transaction_without_images_says_when_they_come(archive: Orthanc, tmp_path: Path) -> None:
    with Hospital(tmp_path / "profile", archive.node).desk() as desk, pytest.raises(InvalidInput):
        desk.viewings.of_transaction(1, Context())
