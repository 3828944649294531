"""Storage commitment of a stock Orthanc, which reports on an association of its own."""

from __future__ import annotations

from pathlib import Path

from pydicom.uid import CTImageStorage

from iep_desktop.dicom.commitment import Reference, Reports, request_commitment
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import open_store
from tests.fakes.instances import make_instance
from tests.peers import CALLING_AE, run_orthanc

LIMITS = Limits(connect=10, acse=10, dimse=30, network=30, write=10, release=1)


def test_orthanc_commits_to_what_it_has_and_says_what_it_lacks(tmp_path: Path) -> None:
    reports = Reports()
    path = tmp_path / "1.dcm"
    make_instance(path, SOPInstanceUID="1.2.826.0.1.8.1")
    asked = [Reference(CTImageStorage, f"1.2.826.0.1.8.{n}") for n in (1, 2)]
    with (
        reports.listener(CALLING_AE, 0, limits=LIMITS) as listener,
        run_orthanc(tmp_path / "orthanc", move_port=listener.port) as orthanc,
    ):
        with open_store(orthanc.node, limits=LIMITS) as session:
            assert session.store(path).stored
        result = request_commitment(orthanc.node, asked, reports, wait=30, limits=LIMITS)
    assert result.committed == {"1.2.826.0.1.8.1"}
    assert [(f.sop_instance_uid, f.reason) for f in result.failed] == [("1.2.826.0.1.8.2", 0x0112)]
    assert not result.unreported
