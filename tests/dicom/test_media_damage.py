"""Discs that are broken, hostile or no discs at all: nothing raises, everything is told."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEG2000Lossless

from iep_desktop.core.errors import InvalidInput, MediumUnreadable
from iep_desktop.core.medium import Finding, FindingCode, MediumContents, MediumKind, Severity
from iep_desktop.dicom.media import open_medium, read, read_all
from iep_desktop.dicom.medium_files import FolderMedium, Medium, MediumFile
from tests.fakes.disc_builder import PDI_FILES, Disc, Patient, Series, Study, build_disc

DATA = Path(__file__).parent.parent / "data/dicomdirtests"
USUAL = {FindingCode.NOT_DICOM: len(PDI_FILES)}


def contents_of(root: Path) -> MediumContents:
    return read_all(open_medium(root))


def codes(contents: MediumContents) -> Counter[FindingCode]:
    return Counter(finding.code for finding in contents.findings)


def paths(contents: MediumContents, code: FindingCode) -> list[str]:
    return [finding.path for finding in contents.findings if finding.code is code]


@pytest.fixture
def disc(tmp_path: Path) -> Disc:
    return build_disc(tmp_path / "cd")


class Faulty(FolderMedium):
    """A disc with scratches: some files cannot be opened, or not be read beyond some bytes."""

    def __init__(self, path: Path, *, unopened: str = "", unread: str = "") -> None:
        super().__init__(path)
        self._unopened, self._unread = unopened, unread

    def open(self, path: str) -> BinaryIO:
        if self._unopened and path.endswith(self._unopened):
            raise OSError(5, "Input/output error")
        if self._unread and path.endswith(self._unread):
            with super().open(path) as file:
                return Scratched(file.read())
        return super().open(path)


class Scratched(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= 132:
            raise OSError(5, "Input/output error")
        return super().read(size)


# -- no disc at all


def test_a_path_that_does_not_exist_is_invalid_input(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        open_medium(tmp_path / "nothing")


def test_a_single_file_is_invalid_input(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4")
    with pytest.raises(InvalidInput):
        open_medium(tmp_path / "report.pdf")


def test_a_path_with_a_null_byte_is_invalid_input() -> None:
    with pytest.raises(InvalidInput):
        open_medium("disc\0")


def test_a_folder_that_the_system_cannot_read_is_unreadable(tmp_path: Path) -> None:
    os.symlink("loop", tmp_path / "loop")
    with pytest.raises(MediumUnreadable):
        open_medium(tmp_path / "loop")


def test_the_directory_itself_may_be_named(disc: Disc) -> None:
    assert read_all(open_medium(disc.dicomdir)).instances == 3


def test_an_empty_folder_holds_nothing_and_says_so(tmp_path: Path) -> None:
    contents = contents_of(tmp_path)
    assert (contents.patients, contents.kind) == ((), MediumKind.SCAN)
    assert codes(contents) == {FindingCode.NO_DICOMDIR: 1}


def test_a_folder_without_any_dicom_names_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a letter")
    (tmp_path / "empty").touch()
    (tmp_path / "x.bin").write_bytes(b"\x08\0\x16\0UI\x10\0not a dataset at all")
    contents = contents_of(tmp_path)
    assert contents.patients == ()
    assert paths(contents, FindingCode.NOT_DICOM) + paths(contents, FindingCode.UNREADABLE_FILE) == [
        "a.txt",
        "empty",
        "x.bin",
    ]


# -- a broken directory


def test_truncated_at_every_64th_byte_never_raises_and_every_file_is_found(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, Patient(studies=(Study(series=(Series(images=8),)),)), pdi=False)
    whole = disc.dicomdir.read_bytes()
    for length in range(0, len(whole), 64):
        disc.dicomdir.write_bytes(whole[:length])
        contents = contents_of(disc.root)
        assert (contents.instances, contents.missing) == (8, 0), length
        assert contents.kind is MediumKind.SCAN
        assert codes(contents) == {FindingCode.DICOMDIR_UNREADABLE: 1}, length


def test_missing_files_are_told_as_far_as_a_broken_directory_tells(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, pdi=False)
    disc.dicomdir.write_bytes(disc.dicomdir.read_bytes()[:-20])
    disc.file(0).unlink()
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (2, 1)
    assert codes(contents) == {FindingCode.DICOMDIR_UNREADABLE: 1, FindingCode.MISSING_FILE: 1}


@pytest.mark.parametrize(
    "content", [b"", b"DICM", b"\0" * 5000, b"MZ" * 3000, b"\0" * 128 + b"DICM" + b"\xff" * 900]
)
def test_a_directory_that_is_something_else_leads_to_a_scan(disc: Disc, content: bytes) -> None:
    disc.dicomdir.write_bytes(content)
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.DICOMDIR_UNREADABLE: 1}


def test_a_directory_of_absurd_size_is_not_read(disc: Disc) -> None:
    with disc.dicomdir.open("ab") as file:
        file.truncate(300 << 20)
    began = time.monotonic()
    contents = contents_of(disc.root)
    assert time.monotonic() - began < 2
    assert codes(contents) == USUAL | {FindingCode.DICOMDIR_UNREADABLE: 1}


def test_an_image_by_the_name_of_the_directory_is_an_image(disc: Disc) -> None:
    shutil.move(disc.file(0), disc.dicomdir)
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.DICOMDIR_UNREADABLE: 1}


def test_a_directory_on_a_scratch_leads_to_a_scan(disc: Disc) -> None:
    contents = read_all(Faulty(disc.root, unopened="DICOMDIR"))
    assert contents.instances == 3
    assert codes(contents) == USUAL | {FindingCode.DICOMDIR_UNREADABLE: 1}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_directory_with_arbitrary_bytes_changed_hides_no_file(
    disc: Disc, changes: list[tuple[int, int]]
) -> None:
    disc.write_dicomdir()
    data = bytearray(disc.dicomdir.read_bytes())
    for position, value in changes:
        data[position % len(data)] = value
    disc.dicomdir.write_bytes(data)
    found = {i.sop_instance_uid for s in contents_of(disc.root).studies for i in s.present}
    assert found == set(disc.uids)


# -- references and links out of the medium


@pytest.mark.parametrize(
    "file_id",
    [["..", "secret"], ["IMAGES", "..", "..", "secret"], ["", "secret"], ["/etc/passwd"], ["C:", "secret"]],
)
def test_a_reference_out_of_the_medium_is_never_followed(tmp_path: Path, file_id: list[str]) -> None:
    disc = build_disc(tmp_path / "cd")
    shutil.copy(disc.file(0), tmp_path / "secret")
    disc.file(0).unlink()
    disc.records[0].below[0].below[0].below[0].elements.ReferencedFileID = file_id
    disc.write_dicomdir()
    contents = contents_of(disc.root)
    assert codes(contents) == USUAL | {FindingCode.OUTSIDE_MEDIUM: 1}
    assert (contents.instances, contents.missing) == (2, 1)


def test_a_link_out_of_the_medium_is_never_followed(tmp_path: Path) -> None:
    disc = build_disc(tmp_path / "cd", pdi=False)
    other = build_disc(tmp_path / "other", Patient("2"))
    os.symlink(other.file(0), disc.root / "LINK")
    os.symlink(other.root, disc.root / "FOLDER")
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert sorted(paths(contents, FindingCode.OUTSIDE_MEDIUM)) == ["FOLDER", "LINK"]
    medium = open_medium(disc.root)
    for path in ("LINK", "FOLDER/" + other.files[0], "../other/DICOMDIR", str(other.file(0)), ""):
        with pytest.raises(OSError, match=r"outside|denied|permitted"):
            medium.open(path)


def test_links_within_the_medium_lead_nowhere_new(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, pdi=False)
    os.symlink(disc.root, disc.root / "AGAIN")
    os.symlink("DICOMDIR", disc.root / "OTHER")
    os.symlink("nowhere", disc.root / "DANGLING")
    contents = contents_of(disc.root)
    assert contents.instances == 3
    assert codes(contents) == {FindingCode.NOT_DICOM: 1, FindingCode.UNREADABLE_FILE: 1}
    assert paths(contents, FindingCode.UNREADABLE_FILE) == ["DANGLING"]


# -- files that cannot be read


def test_a_file_that_cannot_be_opened_is_said_and_the_rest_is_read(disc: Disc) -> None:
    contents = read_all(Faulty(disc.root, unopened=disc.files[1]))
    assert (contents.instances, contents.missing) == (2, 1)
    assert paths(contents, FindingCode.UNREADABLE_FILE) == [disc.files[1]]
    assert "Input/output error" in next(f.message for f in contents.findings if f.path == disc.files[1])


def test_a_file_that_fails_while_it_is_read_is_said(disc: Disc) -> None:
    contents = read_all(Faulty(disc.root, unread=disc.files[2]))
    assert (contents.instances, contents.missing) == (2, 1)
    assert paths(contents, FindingCode.UNREADABLE_FILE) == [disc.files[2]]


def test_a_pipe_is_never_opened(disc: Disc) -> None:
    os.mkfifo(disc.root / "PIPE")
    found: list[MediumContents] = []
    thread = threading.Thread(target=lambda: found.append(contents_of(disc.root)), daemon=True)
    thread.start()
    thread.join(20)
    assert found[0].instances == 3
    assert paths(found[0], FindingCode.UNREADABLE_FILE) == ["PIPE"]


def test_a_disc_taken_out_while_it_is_read_is_said_file_by_file(disc: Disc) -> None:
    steps = read(open_medium(disc.root))
    next(steps)
    next(steps)
    shutil.rmtree(disc.root)
    *_, last = steps
    assert last.finished
    assert (last.contents.instances, last.contents.missing) == (0, 3)
    assert {f.severity for f in last.contents.findings} == {Severity.ERROR}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEG2000Lossless, DeflatedExplicitVRLittleEndian])
def test_an_image_cut_short_anywhere_is_damaged(tmp_path: Path, syntax: str) -> None:
    disc = build_disc(tmp_path, syntax=syntax, pdi=False)
    whole = disc.file(0).read_bytes()
    for length in set(range(140, len(whole), 19)) - _element_starts(disc.file(0)):
        disc.file(0).write_bytes(whole[:length])
        contents = contents_of(disc.root)
        assert (contents.instances, contents.missing) == (2, 1), length
        assert codes(contents) == {FindingCode.UNREADABLE_FILE: 1}, length


def _element_starts(path: Path) -> set[int]:
    """Cut exactly there a file is a shorter one, not a damaged one: there are objects without image data."""
    ds = dcmread(path)
    if ds.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        return set()
    return {e.file_tell - (12 if e.VR in ("OB", "OW", "SQ") else 8) for e in ds if e.file_tell is not None}


def test_encapsulated_images_followed_by_padding_are_whole(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, syntax=JPEG2000Lossless, pdi=False)
    disc.file(0).write_bytes(disc.file(0).read_bytes() + b"\0" * 100)
    assert (contents_of(disc.root).instances, len(contents_of(disc.root).findings)) == (3, 0)


def test_a_whole_copy_of_a_damaged_image_is_taken(disc: Disc) -> None:
    whole = disc.file(0).read_bytes()
    (disc.root / "ZCOPY").write_bytes(whole)
    disc.file(0).write_bytes(whole[:-10])
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (3, 0)
    assert paths(contents, FindingCode.UNREADABLE_FILE) == [disc.files[0]]
    assert paths(contents, FindingCode.UNLISTED_FILE) == ["ZCOPY"]


def test_a_listed_file_that_is_no_image_is_said(disc: Disc) -> None:
    disc.file(0).write_bytes(b"nothing of use")
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (2, 1)
    assert codes(contents) == USUAL | {FindingCode.UNREADABLE_FILE: 1}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=20),
    cut=st.integers(0, 1 << 12),
)
def test_a_file_of_arbitrary_bytes_never_raises(disc: Disc, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(_image())
    for position, value in changes:
        data[position % len(data)] = value
    (disc.root / "ODD").write_bytes(data[: len(data) - cut % len(data)])
    contents = contents_of(disc.root)
    assert {i.sop_instance_uid for s in contents.studies for i in s.present} >= set(disc.uids)


def _image() -> bytes:
    return (DATA / "98892003/MR1/15820").read_bytes()[:1500]


def test_a_broken_sequence_of_other_patient_ids_hides_nothing_but_itself(disc: Disc) -> None:
    data = disc.file(0).read_bytes()
    where = data.index(b"\x20\0\x0d\0UI")
    broken = b"\x10\0\x02\x10SQ\0\0\x04\0\0\0\xfe\xff\0\xe0"
    disc.file(0).write_bytes(data[:where] + broken + data[where:])
    contents = contents_of(disc.root)
    assert (contents.instances, contents.patients[0].nhs_no) == (3, "")


def test_a_sequence_that_never_ends_is_damage_not_a_fault_of_the_drive(disc: Disc) -> None:
    data = disc.file(0).read_bytes()
    where = data.index(b"\x20\0\x0d\0UI")
    disc.file(0).write_bytes(data[:where] + b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff")
    (finding,) = (f for f in contents_of(disc.root).findings if f.code is FindingCode.UNREADABLE_FILE)
    assert "damaged" in finding.message


def test_deeply_nested_sequences_are_no_trap(disc: Disc) -> None:
    level = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    data = disc.file(0).read_bytes()
    where = data.index(b"\x20\0\x0d\0UI")
    disc.file(0).write_bytes(data[:where] + level * 5000 + data[where:])
    contents = contents_of(disc.root)
    assert (contents.instances, contents.missing) == (2, 1)


def test_a_deflated_file_that_grows_without_end_costs_little(tmp_path: Path) -> None:
    import zlib

    disc = build_disc(tmp_path, syntax=DeflatedExplicitVRLittleEndian, pdi=False)
    data = disc.file(0).read_bytes()
    start = data.index(b"1.2.840.10008.1.2.1.99\0") + 23 if b"1.2.840.10008.1.2.1.99\0" in data else 0
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (
        packer.compress(b"\x08\0\x18\0UI\x04\x001.2\0")
        + packer.compress(b"\0" * (200 << 20))
        + packer.flush()
    )
    disc.file(0).write_bytes(data[:start] + bomb)
    began = time.monotonic()
    contents = contents_of(disc.root)
    assert time.monotonic() - began < 10
    assert contents.instances >= 2


# -- what costs nothing


def test_a_huge_file_that_is_no_image_costs_nothing(disc: Disc) -> None:
    with (disc.root / "VIDEO.BIN").open("wb") as file:
        file.truncate(2 << 30)
    began = time.monotonic()
    contents = contents_of(disc.root)
    assert time.monotonic() - began < 2
    assert "VIDEO.BIN" in paths(contents, FindingCode.NOT_DICOM)


def test_a_huge_image_is_read_by_its_head(disc: Disc) -> None:
    data = disc.file(0).read_bytes()
    where = data.index(b"\xe0\x7f\x10\0OW")
    with disc.file(0).open("wb") as file:
        file.write(data[: where + 8] + (3 << 30).to_bytes(4, "little"))
        file.truncate(where + 12 + (3 << 30))
    began = time.monotonic()
    contents = contents_of(disc.root)
    assert time.monotonic() - began < 2
    assert contents.instances == 3
    assert contents.bytes > 3 << 30


def test_many_files_are_read_at_a_good_rate(tmp_path: Path) -> None:
    disc = build_disc(
        tmp_path, Patient(studies=(Study(series=(Series(images=20),)),)), pdi=False, dicomdir=False
    )
    data = disc.file(0).read_bytes()
    uid = disc.uids[0].encode()
    (tmp_path / "MORE").mkdir()
    for number in range(3000):
        other = uid[:-6] + b"%06d" % number
        (tmp_path / f"MORE/{number}").write_bytes(data.replace(uid, other))
    began = time.process_time()
    contents = contents_of(disc.root)
    assert contents.instances == 3020
    assert 3020 / (time.process_time() - began) > 500  # a slow machine; benchmarks measure


# -- names


def test_names_of_files_that_are_no_text_can_be_shown_and_opened(tmp_path: Path) -> None:
    disc = build_disc(tmp_path, pdi=False, dicomdir=False)
    odd = os.fsencode(tmp_path) + b"/IM\xe4GE"
    os.rename(disc.file(0), odd)
    shutil.copy(DATA / "README.md", tmp_path / "note\x1b[31m.txt")
    medium = open_medium(tmp_path)
    contents = read_all(medium)
    assert contents.instances == 3
    path = next(i.path for s in contents.studies for i in s.present if "GE" in i.path)
    assert path.encode("utf-8") == rb"IM\xe4GE"
    with medium.open(path) as file:
        assert file.read() == Path(os.fsdecode(odd)).read_bytes()
    assert paths(contents, FindingCode.NOT_DICOM) == [r"note\x1b[31m.txt"]


def test_no_finding_names_the_patient(tmp_path: Path) -> None:
    disc = build_disc(tmp_path / "cd", Patient("N9997777", "UNUSUAL^NAME", birth_date="19570203"))
    other = build_disc(tmp_path / "other", Patient("N9998888", "ANOTHER^ONE"))
    shutil.copy(other.file(0), disc.file(0))
    shutil.copy(other.file(1), disc.root / "EXTRA")
    data = disc.file(1).read_bytes()
    disc.file(1).write_bytes(data[:-4])
    (disc.root / "COPY").write_bytes(b"MZ".ljust(128, b"\0") + disc.file(2).read_bytes()[128:-1] + b"\x55")
    contents = contents_of(disc.root)
    assert len(codes(contents)) >= 5
    told = " ".join(finding.message for finding in contents.findings)
    for secret in ("UNUSUAL", "ANOTHER", "N9997777", "N9998888", "1957"):
        assert secret not in told


class Held(Medium):
    """A medium that is no folder: what ISO and ZIP will be."""

    def __init__(self, held: dict[str, bytes]) -> None:
        super().__init__("held", "HELD")
        self._held = held

    def files(self) -> Iterator[MediumFile | Finding]:
        yield from (MediumFile(path, len(data)) for path, data in self._held.items())

    def open(self, path: str) -> BinaryIO:
        return BytesIO(self._held[path])


def test_any_medium_that_lists_and_opens_files_can_be_read(disc: Disc) -> None:
    held: dict[str, Any] = {
        str(p.relative_to(disc.root)): p.read_bytes() for p in disc.root.rglob("*") if p.is_file()
    }
    contents = read_all(Held(held))
    assert (contents.source, contents.label, contents.instances) == ("held", "TESTDISC", 3)
    assert codes(contents) == USUAL
