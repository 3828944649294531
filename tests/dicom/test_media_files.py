"""Real file-sets: pydicom's, with its DICOMDIR written in six odd ways; names in every character set."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from pydicom.data import get_charset_files

from iep_desktop.core.medium import FindingCode, MediumContents, MediumKind
from iep_desktop.dicom.media import fingerprint, open_medium, read_all
from tests.fakes.disc_builder import Patient, build_disc

DATA = Path(__file__).parent.parent / "data/dicomdirtests"
IMAGES = ("77654033", "98892001", "98892003")
EXPECTED = {  # of EXPECTED_DICOMDIR.json: patients, studies, series, images
    "DICOMDIR": (2, 6, 13, 31),
    "DICOMDIR-bigEnd": (2, 6, 13, 31),
    "DICOMDIR-implicit": (2, 6, 13, 31),
    "DICOMDIR-nooffset": (2, 6, 13, 31),
    "DICOMDIR-nopatient": (2, 6, 13, 31),
    "DICOMDIR-reordered": (2, 6, 13, 31),
}
NAMES = {
    "chrArab": "قباني^لنزار",
    "chrFren": "Buc^Jérôme",
    "chrFrenMulti": "Buc^Jérôme",
    "chrGerm": "Äneas^Rüdiger",
    "chrGreek": "Διονυσιος",
    "chrH31": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw": "שרון^דבורה",
    "chrI2": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti": "やまだ^たろう",
    "chrJapMultiExplicitIR6": "やまだ^たろう",
    "chrKoreanMulti": "김희중",
    "chrRuss": "Люкceмбypг",
    "chrX1": "Wang^XiaoDong=王^小東",
    "chrX2": "Wang^XiaoDong=王^小东",
}
CHARSETS = {
    "ISO_IR 101": "Žižka^Łukasz",
    "ISO_IR 109": "Ħaġar^Ġan",
    "ISO_IR 110": "Bērziņš^Jānis",
    "ISO_IR 144": "Люкceмбypг^Иван",
    "ISO_IR 127": "قباني^لنزار",
    "ISO_IR 126": "Διονυσιος^Νίκος",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 148": "Çavuş^Oğuz",
    "ISO_IR 166": "นามสกุล^ชื่อ",
    "ISO_IR 192": "Müller^김^王",
    "GB18030": "王^小东",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞",
}


def disc_with(tmp_path: Path, directory: str) -> Path:
    for folder in IMAGES:
        shutil.copytree(DATA / folder, tmp_path / folder)
    shutil.copy(DATA / directory, tmp_path / "DICOMDIR")
    return tmp_path


def sizes(contents: MediumContents) -> tuple[int, int, int, int]:
    series = sum(len(study.series) for study in contents.studies)
    return len(contents.patients), len(contents.studies), series, contents.instances


@pytest.mark.parametrize("directory", EXPECTED)
def test_a_real_file_set_is_read_whole_however_its_directory_is_written(
    tmp_path: Path, directory: str
) -> None:
    contents = read_all(open_medium(disc_with(tmp_path, directory)))
    assert sizes(contents) == EXPECTED[directory]
    assert (contents.missing, contents.kind, contents.label) == (0, MediumKind.DICOMDIR, "PYDICOM_TEST")
    assert contents.findings == ()
    assert {p.patient_id: (p.name, len(p.studies)) for p in contents.patients} == {
        "77654033": ("Doe^Archibald", 2),
        "98890234": ("Doe^Peter", 4),
    }


def test_an_empty_directory_leaves_every_file_to_be_found(tmp_path: Path) -> None:
    contents = read_all(open_medium(disc_with(tmp_path, "DICOMDIR-empty.dcm")))
    assert sizes(contents) == (2, 6, 13, 31)
    assert contents.kind is MediumKind.DICOMDIR
    assert Counter(f.code for f in contents.findings) == {FindingCode.UNLISTED_FILE: 31}


def test_the_folder_with_all_the_directories_is_read_by_the_one_of_the_right_name() -> None:
    contents = read_all(open_medium(DATA))
    assert sizes(contents) == (2, 6, 13, 31)
    told = Counter(f.code for f in contents.findings)
    assert told == {FindingCode.NOT_DICOM: 6 + 2}  # the other directories, README.md, LICENSE


def test_a_scan_finds_the_same_as_the_directory(tmp_path: Path) -> None:
    root = disc_with(tmp_path, "DICOMDIR")
    listed = read_all(open_medium(root))
    (root / "DICOMDIR").unlink()
    scanned = read_all(open_medium(root))
    assert scanned.kind is MediumKind.SCAN
    assert fingerprint(scanned) == fingerprint(listed)
    assert sizes(scanned) == sizes(listed)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_right_in_files_of_every_character_set(tmp_path: Path, name: str) -> None:
    (source,) = get_charset_files(f"{name}.dcm")
    shutil.copy(source, tmp_path / "IM1")
    (patient,) = read_all(open_medium(tmp_path)).patients
    assert patient.name == NAMES[name]


@pytest.mark.parametrize("charset", CHARSETS)
def test_names_are_right_in_directories_of_every_character_set(tmp_path: Path, charset: str) -> None:
    disc = build_disc(tmp_path, Patient(name=CHARSETS[charset], charset=charset))
    for number in range(3):
        disc.file(number).unlink()  # so that the directory alone tells
    (patient,) = read_all(open_medium(tmp_path)).patients
    assert patient.name == CHARSETS[charset]


@pytest.mark.parametrize("bytes_of", ["utf-8", "latin-1"])
def test_a_name_whose_character_set_nobody_declared_is_still_shown(tmp_path: Path, bytes_of: str) -> None:
    disc = build_disc(tmp_path, Patient(name="AEneas^RuedigerX"), dicomdir=False, pdi=False)
    said = "Äneas^Rüdiger".encode(bytes_of).ljust(16)
    for number in range(3):
        data = disc.file(number).read_bytes().replace(b"AEneas^RuedigerX", said)
        disc.file(number).write_bytes(data.replace(b"ISO_IR 100", b"ISO_IR 6  "))
    (patient,) = read_all(open_medium(tmp_path)).patients
    assert patient.name == "Äneas^Rüdiger"
