"""The walk over directory records: encodings, offsets, what hangs below what, damage."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from iep_desktop.dicom.dicomdir import Directory, Listed
from iep_desktop.dicom.file_start import NotDicom
from iep_desktop.dicom.skim import Damaged
from tests.fakes.disc_builder import Disc, Patient, Record, Series, Study, build_disc, dicomdir_bytes

DATA = Path(__file__).parent.parent / "data/dicomdirtests"
TWO_PATIENTS = (
    Patient(
        "N9990001",
        "TESTING^ANNA",
        studies=(Study(series=(Series("CT", 2), Series("MR", 1))), Study("20230105")),
    ),
    Patient("N9990002", "SAMPLE^BEN", studies=(Study(accession="B1"),)),
)


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Disc:
    return build_disc(tmp_path_factory.mktemp("disc"), *TWO_PATIENTS, pdi=False)


def read(data: bytes) -> list[Listed]:
    directory = Directory(data)
    for _ in directory.records():
        pass
    return directory.listed()


def read_what_can_be(data: bytes) -> tuple[list[Listed], bool]:
    """What is listed, and whether the directory was whole."""
    try:
        directory = Directory(data)
    except (Damaged, NotDicom):
        return [], False
    try:
        for _ in directory.records():
            pass
    except Damaged:
        return directory.listed(), False
    return directory.listed(), True


def names(listed: list[Listed]) -> Counter[tuple[str, str, int | None]]:
    return Counter(
        (x.placed.patient.name, x.placed.series.modality, x.placed.instance.number) for x in listed
    )


@pytest.mark.parametrize("undefined_length", [False, True])
@pytest.mark.parametrize("offsets", ["right", "none", "wrong"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_directory_says_the_same_however_it_is_encoded(
    disc: Disc, syntax: str, offsets: str, undefined_length: bool
) -> None:
    expected = read(dicomdir_bytes(disc.records))
    data = dicomdir_bytes(disc.records, syntax=syntax, offsets=offsets, undefined_length=undefined_length)  # type: ignore[arg-type]
    assert read(data) == expected
    assert [x.placed.instance.sop_instance_uid for x in expected] == disc.uids
    assert ["/".join(x.file_id) for x in expected] == disc.files
    assert {x.placed.patient.name for x in expected} == {"TESTING^ANNA", "SAMPLE^BEN"}
    assert len({x.placed.study.study_uid for x in expected}) == 3


def test_offsets_that_form_a_circle_are_not_followed(disc: Disc) -> None:
    data = bytearray(dicomdir_bytes(disc.records))
    directory = Directory(bytes(data))
    records = list(directory.records())
    image = next(record for record in records if record.type == "IMAGE")
    where = data.index(b"\x04\x00\x00\x14UL", image.offset) + 8
    data[where : where + 4] = image.offset.to_bytes(4, "little")
    assert names(read(bytes(data))) == names(read(dicomdir_bytes(disc.records)))


def test_records_in_another_order_are_placed_by_their_offsets() -> None:
    reordered, usual = (DATA / "DICOMDIR-reordered").read_bytes(), (DATA / "DICOMDIR").read_bytes()
    assert {(x.file_id, x.placed) for x in read(reordered)} == {(x.file_id, x.placed) for x in read(usual)}


def test_records_of_private_and_later_types_do_no_harm(disc: Disc) -> None:
    patient, *others = disc.records
    private = Record("PRIVATE")
    private.elements.PrivateRecordUID = "1.2.3.4"
    private.elements.ReferencedFileID = ["VENDOR", "CACHE"]
    palette = Record("HANGING PROTOCOL")
    study = patient.below[0]
    with_vendor = Record("STUDY", study.elements, [Record("VENDOR X"), *study.below])
    records = [
        private,
        Record("PATIENT", patient.elements, [with_vendor, *patient.below[1:]]),
        palette,
        *others,
    ]
    for offsets in ("right", "none"):
        listed = read(dicomdir_bytes(records, offsets=offsets))
        instances = [x for x in listed if x.is_instance]
        assert names(instances) == names(read(dicomdir_bytes(disc.records)))
        assert [x.file_id for x in listed if not x.is_instance] == [("VENDOR", "CACHE")]


@pytest.mark.parametrize(
    "type", ["SR DOCUMENT", "PRESENTATION", "ENCAP DOC", "RT PLAN", "WAVEFORM", "KEY OBJECT DOC"]
)
def test_every_kind_of_leaf_record_is_an_instance(disc: Disc, type: str) -> None:
    image = disc.records[0].below[0].below[0].below[0]
    series = Record("SERIES", disc.records[0].below[0].below[0].elements, [Record(type, image.elements)])
    study = Record("STUDY", disc.records[0].below[0].elements, [series])
    listed = read(dicomdir_bytes([Record("PATIENT", disc.records[0].elements, [study])]))
    assert [x.placed.instance.sop_instance_uid for x in listed] == disc.uids[:1]
    assert listed[0].placed.patient.name == "TESTING^ANNA"


@pytest.mark.parametrize("offsets", ["right", "none"])
def test_a_patient_record_of_another_type_is_still_the_patient(disc: Disc, offsets: str) -> None:
    records = [Record("UNKNOWN", patient.elements, patient.below) for patient in disc.records]
    listed = read(dicomdir_bytes(records, offsets=offsets))  # type: ignore[arg-type]
    assert names(listed) == names(read(dicomdir_bytes(disc.records)))


def test_each_record_is_read_in_its_own_character_set(tmp_path: Path) -> None:
    disc = build_disc(
        tmp_path,
        Patient("1", "Люкceмбypг", charset="ISO_IR 144"),
        Patient("2", "Äneas^Rüdiger", charset="ISO_IR 100"),
        Patient("3", "Διονυσιος", charset="ISO_IR 126"),
        Patient("4", "王^小東", charset="ISO_IR 192"),
    )
    listed = read(disc.dicomdir.read_bytes())
    assert {x.placed.patient.name for x in listed} == {"Люкceмбypг", "Äneas^Rüdiger", "Διονυσιος", "王^小東"}


def test_a_record_that_is_not_in_use_is_marked(disc: Disc) -> None:
    data = bytearray(dicomdir_bytes(disc.records))
    where = data.rindex(b"\x04\x00\x10\x14US\x02\x00") + 8
    data[where : where + 2] = b"\0\0"
    assert [x.in_use for x in read(bytes(data))] == [True] * (len(disc.files) - 1) + [False]


@pytest.mark.parametrize("undefined_length", [False, True])
def test_truncated_anywhere_it_is_told_and_what_is_whole_is_kept(disc: Disc, undefined_length: bool) -> None:
    whole = dicomdir_bytes(disc.records, undefined_length=undefined_length)
    expected = read(whole)
    counts = []
    for length in range(0, len(whole), 7):
        listed, complete = read_what_can_be(whole[:length])
        assert not complete
        assert [x.file_id for x in listed] == [x.file_id for x in expected[: len(listed)]]
        counts.append(len(listed))
    assert counts == sorted(counts)
    assert counts[-1] >= len(expected) - 1


def test_a_damaged_record_costs_itself_alone(disc: Disc) -> None:
    data = bytearray(dicomdir_bytes(disc.records))
    where = data.index(b"\x04\x00\x00\x15CS", data.index(b"IM000002") - 20) + 6
    data[where : where + 2] = b"\xff\xff"  # a File ID longer than its record
    listed, complete = read_what_can_be(bytes(data))
    assert not complete
    assert len(listed) == len(disc.files) - 1


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=30),
    undefined_length=st.booleans(),
    syntax=st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]),
)
def test_arbitrary_bytes_changed_never_raise_anything_else(
    disc: Disc, changes: list[tuple[int, int]], undefined_length: bool, syntax: str
) -> None:
    data = bytearray(dicomdir_bytes(disc.records, syntax=syntax, undefined_length=undefined_length))
    for position, value in changes:
        data[position % len(data)] = value
    listed, _ = read_what_can_be(bytes(data))
    assert all(isinstance(x, Listed) for x in listed)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_only_begin_like_a_directory_never_raise_anything_else(tail: bytes) -> None:
    listed, complete = read_what_can_be(b"\0" * 128 + b"DICM" + tail)
    assert not complete
    assert listed == []
