"""Names in every character set that pydicom ships are kept right through to PACS."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_charset_files
from pydicom.dataset import Dataset

from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Status
from iep_desktop.workers.imports import all_series
from tests.hospital import Hospital, form
from tests.peers import Orthanc

FILES = [Path(str(path)) for path in get_charset_files("chr*.dcm")]


def test_there_are_many_character_sets_to_try() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_sender_s_name_arrives_letter_by_letter(path: Path, orthanc: Orthanc, tmp_path: Path) -> None:
    original = _whole(dcmread(path))
    (tmp_path / "cd").mkdir()
    original.save_as(tmp_path / "cd" / "IM1")
    hospital = Hospital(tmp_path / "profile", orthanc.node)
    with hospital.desk() as desk:
        contents = desk.discs.read(str(tmp_path / "cd"), Context(), lambda _: None)
        (patient,) = contents.patients
        decision = replace(desk.imports.decision(patient, "compared on paper"), confirmed_by="second person")
        order = ImportOrder(
            parse_form(json.dumps(form(patient__name="MÜLLER^Änne"))),
            contents,
            patient,
            all_series(patient),
            decision=decision,
            registered_by="operator",
            everything_reason="the only study",
        )
        number = desk.imports.create(order, desk.imports.assess(order, Context())).id
        desk.disc_import.run(number, Context())
        assert desk.reading.by_id(number).status is Status.DELIVERED
    stored = dcmread(BytesIO(orthanc.file(original.SOPInstanceUID)))
    before = stored.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert str(before.PatientName) == str(original.get("PatientName", ""))
    assert _nested_name(stored) == _nested_name(original)
    assert str(stored.PatientName) in ("MÜLLER^Änne", "Muller^Anne", "MULLER^Anne")
    assert stored.PatientID == "S999111"


def _nested_name(ds: Dataset) -> str:
    """The name that two of the files hold in a sequence only."""
    codes = ds.get("RequestedProcedureCodeSequence") or [Dataset()]
    return str(codes[0].get("PatientName", ""))


def _whole(ds: Dataset) -> Dataset:
    """The charset files lack what makes an instance: it is added, the text is not touched."""
    ds.setdefault("SOPClassUID", ds.file_meta.MediaStorageSOPClassUID)
    ds.setdefault("SOPInstanceUID", ds.file_meta.MediaStorageSOPInstanceUID)
    ds.setdefault("StudyInstanceUID", "2.25.1")
    ds.setdefault("SeriesInstanceUID", "2.25.2")
    ds.setdefault("StudyDate", "20240110")
    ds.setdefault("Modality", "OT")
    return ds
