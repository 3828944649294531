"""Warning signs: each is found where it is, and nothing is said where all is well."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from pydicom.uid import ExplicitVRBigEndian

from iep_desktop.core.errors import IepError
from iep_desktop.core.viewing import Sign, SignKind, ViewImage, ViewPatient, ViewSeries, ViewStudy
from iep_desktop.dicom.render.image import open_image
from iep_desktop.dicom.signs.burned_in import LETTERS_NEEDED, letters
from iep_desktop.dicom.signs.judging import Looked, judge, missing_numbers
from iep_desktop.dicom.signs.looking import Look, _frame, look
from tests.dicom.documents.making import CT, SAMPLES, content, encapsulated, pdf_bytes, sr, write
from tests.dicom.render import making

DATA = Path(__file__).parent.parent / "data"
MINNIE = ViewPatient("S999111", "", "MOUSE^Minnie", dt.date(1961, 3, 17), "F")
DONALD = ViewPatient("S999112", "", "DUCK^Donald", dt.date(1934, 6, 9), "M")
STUDY = ViewStudy("1")
SERIES = ViewSeries("1.1", "CT")


def _looked(number: int, series: ViewSeries = SERIES, study: ViewStudy = STUDY, **seen: Any) -> Looked:
    image = ViewImage(f"2.25.{number}", number=number)
    known = {"sop_instance_uid": image.sop_instance_uid, "patient": MINNIE, "number": number, "letters": 0}
    return Looked(study, series, image, Look(**{**known, "pixels": f"p{number}", **seen}))


def _kinds(signs: tuple[Sign, ...]) -> list[SignKind]:
    return [sign.kind for sign in signs]


# --- judged -----------------------------------------------------------------------------------------------------


def test_images_of_one_patient_raise_nothing() -> None:
    assert judge([_looked(n) for n in range(1, 9)], MINNIE) == ()
    assert judge([]) == ()


def test_another_patient_inside_is_found_without_a_request() -> None:
    signs = judge([*(_looked(n) for n in range(1, 6)), _looked(6, patient=DONALD)])
    assert _kinds(signs) == [SignKind.OTHER_PATIENT, SignKind.MIXED_BIRTH_DATES]
    assert signs[0].text.startswith(
        "1 image says another patient than the other images: name, date of birth, S number and sex"
    )
    assert signs[0].sop_instance_uids == ("2.25.6",)
    assert signs[0].study_uid == "1"
    assert "DUCK" not in signs[0].text  # words of a sign can end in a log


def test_all_images_of_another_patient_than_asked_for_are_found() -> None:
    signs = judge([_looked(1), _looked(2)], DONALD)
    assert signs[0].kind is SignKind.OTHER_PATIENT
    assert signs[0].sop_instance_uids == ("2.25.1", "2.25.2")


@pytest.mark.parametrize(
    "patient",
    [
        replace(MINNIE, name="Mouse^Minnie^Ann"),
        replace(MINNIE, patient_id="RWES999111"),
        replace(MINNIE, patient_id="884120"),  # another hospital's own
        replace(MINNIE, sex="O"),
        ViewPatient(),
    ],
)
def test_the_same_patient_written_in_another_way_is_no_other(patient: ViewPatient) -> None:
    assert judge([_looked(1, patient=patient), _looked(2)], MINNIE) == ()


def test_another_number_of_ours_is_another_patient() -> None:
    signs = judge([_looked(1, patient=replace(MINNIE, patient_id="S999112"))], MINNIE)
    assert _kinds(signs) == [SignKind.OTHER_PATIENT]


def test_the_same_uid_twice_is_a_duplicate() -> None:
    signs = judge([_looked(1), _looked(2), _looked(1, replace(SERIES, series_uid="1.2"))])
    assert _kinds(signs) == [SignKind.DUPLICATES]
    assert "UID" in signs[0].text


def test_the_same_pixels_twice_are_a_duplicate_but_not_in_two_studies_or_where_blank() -> None:
    assert _kinds(judge([_looked(1, pixels="x"), _looked(2, pixels="x")])) == [SignKind.DUPLICATES]
    other = replace(STUDY, study_uid="2")
    assert judge([_looked(1, pixels="x"), _looked(2, study=other, pixels="x")]) == ()
    blank = judge([_looked(1, pixels="x", empty=True), _looked(2, pixels="x", empty=True)])
    assert _kinds(blank) == [SignKind.EMPTY]


def test_gaps_in_the_numbers_are_named() -> None:
    signs = judge([_looked(n) for n in (1, 2, 3, 5, 6, 7, 10)])
    assert [(s.kind, s.text) for s in signs] == [(SignKind.MISSING_NUMBERS, "Numbers 4, 8–9 are missing")]
    assert judge([_looked(n) for n in (1, 2, 4)])[0].text == "Number 3 is missing"


def test_fewer_images_than_the_source_says_are_missing() -> None:
    series = replace(SERIES, expected=5)
    assert judge([_looked(n, series) for n in (1, 2, 3)])[0].text == "3 of 5 images are here"


def test_numbers_that_go_in_steps_or_do_not_count_lack_nothing() -> None:
    assert missing_numbers([1, 3, 5, 7]) == ()
    assert missing_numbers([10, 20, 40, 50]) == ((30, 30),)
    assert missing_numbers([1, 1001, 2001, 2002]) == ()
    assert missing_numbers([3]) == missing_numbers([]) == missing_numbers([1, 5]) == ()


@given(st.sets(st.integers(1, 60), min_size=30, max_size=59))
def test_every_number_is_there_or_missing(numbers: set[int]) -> None:
    gaps = {n for a, b in missing_numbers(sorted(numbers)) for n in range(a, b + 1)}
    between = set(range(min(numbers), max(numbers) + 1)) - numbers
    assert gaps in (between, set())
    assert gaps == between or len(between) > 0.5 * len(numbers)


def test_what_a_file_says_of_its_text_counts_before_the_pixels() -> None:
    signs = judge([_looked(1, burned_in_said="YES", letters=0), _looked(2, letters=40)])
    assert [(s.kind, s.sop_instance_uids) for s in signs] == [(SignKind.BURNED_IN, ("2.25.1",))]


def test_captures_need_fewer_letters() -> None:
    few = LETTERS_NEEDED - 1
    assert judge([_looked(1, letters=few)]) == ()
    signs = judge([_looked(1, letters=few, drawn_on=True), _looked(2, letters=None)])
    assert signs[0].text == "Likely burned-in text in 1 of 1 image looked at"


def test_unreadable_images_and_captures_are_named() -> None:
    signs = judge([_looked(1, trouble="It announces 0 rows."), _looked(2, capture=True)])
    assert [(s.kind, s.text) for s in signs] == [
        (SignKind.UNREADABLE, "1 image cannot be shown: It announces 0 rows."),
        (SignKind.SECONDARY_CAPTURE, "1 image is a secondary capture"),
    ]


# --- looked at --------------------------------------------------------------------------------------------------


def _file(tmp_path: Path, source: BytesIO) -> Path:
    path = tmp_path / "image.dcm"
    path.write_bytes(source.getvalue())
    return path


def _noise(size: int = 64) -> Any:
    return np.random.default_rng(1).integers(0, 4000, (size, size), dtype=np.uint16)


def test_a_file_is_looked_at_once_for_everything(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        making.grey(
            _noise(),
            PatientName="MOUSE^Minnie",
            PatientID="S999111",
            InstanceNumber="7",
            BurnedInAnnotation="YES",
        ),
    )
    seen = look(path)
    assert (seen.patient.name, seen.number, seen.burned_in_said, seen.trouble) == (
        "MOUSE^Minnie",
        7,
        "YES",
        "",
    )
    assert seen.capture  # its SOP Class is Secondary Capture
    assert not seen.empty
    assert seen.letters == 0
    assert look(path, text=False).letters is None


@pytest.mark.parametrize(
    ("attributes", "capture"),
    [
        ({"Modality": "CT"}, False),
        ({"ConversionType": "WSD"}, True),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, True),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}, False),
    ],
)
def test_captures_are_told_by_more_than_their_class(
    tmp_path: Path, attributes: dict[str, Any], capture: bool
) -> None:
    assert look(write(tmp_path / "c.dcm", CT, **attributes)).capture is capture


def test_the_same_pixels_have_the_same_mark_in_either_byte_order(tmp_path: Path) -> None:
    mark = look(_file(tmp_path, making.grey(_noise()))).pixels
    swapped = making.grey(_noise(), syntax=ExplicitVRBigEndian, PixelData=_noise().byteswap().tobytes())
    assert mark
    assert look(_file(tmp_path, swapped)).pixels == mark
    other = _noise()
    other[3, 3] += 1
    assert look(_file(tmp_path, making.grey(other))).pixels != mark


def test_images_that_show_nothing_are_empty(tmp_path: Path) -> None:
    blank = np.full((100, 100), 700, np.uint16)
    assert look(_file(tmp_path, making.grey(blank))).empty
    almost = blank.copy()
    almost[4, :5] = 0  # a few pixels differ: still nothing to see
    assert look(_file(tmp_path, making.grey(almost))).empty
    assert not look(_file(tmp_path, making.grey(_noise()))).empty
    assert look(_file(tmp_path, making.colour(np.zeros((40, 40, 3), np.uint8)))).empty


def test_a_film_is_empty_only_where_all_of_it_is(tmp_path: Path) -> None:
    frames = np.zeros((5, 32, 32), np.uint8)
    assert look(_file(tmp_path, making.grey(frames))).empty
    frames[0] = np.arange(32, dtype=np.uint8)
    assert not look(_file(tmp_path, making.grey(frames))).empty


def test_what_cannot_be_shown_says_why_and_still_whose_it_is(tmp_path: Path) -> None:
    seen = look(_file(tmp_path, making.grey(_noise(), Rows=0, PatientName="MOUSE^Minnie")))
    assert "0 rows" in seen.trouble
    assert seen.patient.name == "MOUSE^Minnie"
    (tmp_path / "x").write_text("no image" * 40)
    assert "not DICOM" in look(tmp_path / "x").trouble
    assert look(tmp_path / "gone").trouble


def test_a_report_is_no_unreadable_image(tmp_path: Path) -> None:
    seen = look(sr(tmp_path / "r.dcm", content("TEXT", "Finding", TextValue="x")))
    assert (seen.trouble, seen.pixels, seen.patient.name) == ("", "", "MOUSE^Minnie")


def test_the_text_of_a_pdf_is_not_burned_in(tmp_path: Path) -> None:
    path = encapsulated(tmp_path / "p.dcm", pdf_bytes("x"), "application/pdf", BurnedInAnnotation="YES")
    seen = look(path)
    assert (seen.burned_in_said, seen.drawn_on, seen.trouble) == ("", False, "")


# --- burned-in text ---------------------------------------------------------------------------------------------


def _pictures() -> list[tuple[str, Any]]:
    """The clean images of the tests and of pydicom, in grey as they are shown; each once."""
    pictures: dict[bytes, tuple[str, Any]] = {}
    for path in sorted([*DATA.rglob("*"), *SAMPLES.glob("*.dcm")]):
        try:
            image = open_image(path)
            grey = _frame(image, image.frames // 2)[1]
        except (IepError, OSError):
            continue
        if path.name not in WITH_TEXT:
            pictures[grey.tobytes()] = (path.name, grey)
    return list(pictures.values())


WITH_TEXT = {"examples_rgb_color.dcm", "examples_palette.dcm", "examples_jpeg2k.dcm"}  # ultrasounds


def _with_text(grey: Any, text: str, size: int, ink: int) -> Any:
    picture = Image.fromarray(np.array(grey))
    font = ImageFont.truetype(Path("iep_desktop/resources/fonts/Inter-Regular.ttf").resolve(), size)
    ImageDraw.Draw(picture).text((6, grey.shape[0] - 2 * size), text, fill=ink, font=font)
    return np.asarray(picture)


def _phantom() -> Any:
    """A round body with some structure and noise."""
    y, x = np.mgrid[-1:1:400j, -1:1:400j]
    body = np.where(x**2 + y**2 < 0.6, 120 + 40 * np.sin(9 * x) * np.cos(7 * y), 8)
    noise = np.random.default_rng(3).normal(0, 6, body.shape)
    return np.clip(body + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [12, 16, 24, 40])
@pytest.mark.parametrize(("ink", "inverse"), [(255, False), (190, False), (0, True)])
def test_drawn_text_is_found_on_any_ground(size: int, ink: int, inverse: bool) -> None:
    ground = 255 - _phantom() if inverse else _phantom()
    assert letters(ground) == 0
    assert letters(_with_text(ground, "MOUSE 17/03/1961", size, ink)) >= LETTERS_NEEDED


def test_text_on_flat_ground_and_in_tiny_images() -> None:
    flat = np.full((120, 300), 90, np.uint8)
    assert letters(flat) == 0
    assert letters(_with_text(flat, "S999111 MOUSE", 18, 255)) >= LETTERS_NEEDED
    for shape in ((1, 1), (1, 500), (500, 1), (8, 8), (9, 3)):
        assert letters(np.zeros(shape, np.uint8)) == 0


def test_noise_lines_and_grids_are_no_text() -> None:
    rng = np.random.default_rng(2)
    assert letters(rng.integers(0, 256, (600, 600), dtype=np.uint8)) == 0
    grid = np.zeros((400, 400), np.uint8)
    grid[::20] = grid[:, ::20] = 255
    assert letters(grid) == 0
    ramp = np.tile(np.arange(256, dtype=np.uint8), (200, 1))
    assert letters(ramp) == 0


def test_clean_images_raise_no_false_alarm() -> None:
    pictures = _pictures()
    assert len(pictures) > 40
    assert [name for name, grey in pictures if letters(grey) >= LETTERS_NEEDED] == []


def test_real_ultrasounds_with_text_are_marked() -> None:
    for name in WITH_TEXT:
        assert (look(SAMPLES / name).letters or 0) >= LETTERS_NEEDED
