"""Several associations at real archives: they see them, take what they take of them, and have every image once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Instance
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.workers.feed import Prepared
from tests.fakes.disc_builder import Disc
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.instances import make_instance
from tests.fakes.lane_sender import Sender
from tests.fakes.ways import way  # noqa: F401
from tests.hospital import Hospital, ct_disc, form
from tests.peers import Orthanc, run_dcmqrscp, run_storescp
from tests.store.samples import images

IMAGES = 40


class FileSender(Sender):
    """Each image with its UID in the data set as well, for who reads it there."""

    def _prepare(self, instance: Instance) -> Prepared:
        uid = instance.sop_instance_uid
        return Prepared(instance, send_file(make_instance(self.folder / f"{uid}.dcm", SOPInstanceUID=uid)))


@pytest.fixture
def disc(tmp_path: Path) -> Disc:
    return ct_disc(tmp_path / "cd", images=IMAGES)


def _import(disc: Disc, folder: Path, node: Node, associations: int) -> int:
    """How many associations the node saw, those before and after the sending among them."""
    with FaultProxy(node) as line:
        hospital = Hospital(folder, replace(line.node, associations=associations))
        code, answer = hospital.import_(disc.root, form(), "--registered")
        assert (code, answer["status"]) == (0, "Delivered")
        assert answer["instances"]["verified"] == IMAGES
        return line.connections


@pytest.mark.usefixtures("way")
def test_orthanc_sees_as_many_associations_as_are_set_and_has_every_image_once(
    orthanc: Orthanc, disc: Disc, tmp_path: Path
) -> None:
    one = _import(disc, tmp_path / "one", orthanc.node, 1)
    orthanc.clear()
    several = _import(disc, tmp_path / "several", orthanc.node, 4)
    assert several - one == 3
    assert orthanc.sop_instance_uids() == sorted(disc.uids)


def test_orthanc_gets_two_or_more_by_itself(orthanc: Orthanc, disc: Disc, tmp_path: Path) -> None:
    one = _import(disc, tmp_path / "one", orthanc.node, 1)
    orthanc.clear()
    assert _import(disc, tmp_path / "automatic", orthanc.node, 0) > one
    assert orthanc.sop_instance_uids() == sorted(disc.uids)


def test_an_archive_of_dcmtk_that_takes_two_at_once_gets_all_over_two(tmp_path: Path) -> None:
    """What it then has is not counted: dcmqrscp 3.6.7 loses some of what two store at the same time, whoever does."""
    given = images(IMAGES)
    with run_dcmqrscp(tmp_path / "archive", most=2) as archive:
        came = FileSender.of(tmp_path).send(replace(archive.node, associations=4), given)
        assert "Reject" in archive.log
    assert [outcome is not None and outcome.stored for _, outcome in came] == [True] * IMAGES


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("at_once", ["one", "all"])
def test_storescp_has_every_image_once_whether_it_takes_one_association_at_a_time_or_all(
    tmp_path: Path, at_once: str
) -> None:
    options = ("+xa", "-pm", *(("--fork",) if at_once == "all" else ()))
    given = images(IMAGES)
    with run_storescp(tmp_path / "scp", options=options) as scp, FaultProxy(scp.node) as line:
        FileSender.of(tmp_path).send(replace(line.node, associations=3), given)
        stored = sorted(str(dcmread(path).SOPInstanceUID) for path in scp.files())
        assert line.connections == 3
    assert stored == sorted(instance.sop_instance_uid for instance in given)
