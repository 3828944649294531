"""Reports read as text: every kind of content, where it hangs, who signed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iep_desktop.core.documents import HasPixels, Report, ReportLine, Unshown, document_kind
from iep_desktop.core.viewing import ViewImage, ViewSeries, ViewSet, ViewStudy, names_in
from iep_desktop.dicom.documents import structured
from iep_desktop.dicom.documents.reading import read_document
from iep_desktop.dicom.documents.structured import DEEPEST
from tests.dicom.documents.making import (
    CLASSES,
    CT,
    KEY_OBJECTS,
    PRESENTATION,
    SAMPLES,
    code,
    content,
    item,
    sr,
    write,
)


def _read(path: Path) -> Report:
    document = read_document(path)
    assert isinstance(document, Report), document
    return document


def _one(tmp_path: Path, kind: str, **attributes: Any) -> ReportLine:
    return _read(sr(tmp_path / "one.dcm", content(kind, "Finding", **attributes))).lines[0]


IMAGE = [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.3", ReferencedFrameNumber=4)]


@pytest.mark.parametrize(
    ("kind", "attributes", "value"),
    [
        ("TEXT", {"TextValue": "No fracture."}, "No fracture."),
        ("CODE", {"ConceptCodeSequence": code("Left")}, "Left"),
        ("DATE", {"Date": "20261124"}, "24/11/2026"),
        ("TIME", {"Time": "134105"}, "13:41:05"),
        ("DATETIME", {"DateTime": "20261124134105"}, "24/11/2026 13:41:05"),
        ("PNAME", {"PersonName": "DUCK^Donald"}, "DUCK, Donald"),
        ("UIDREF", {"UID": "1.2.3.4"}, "1.2.3.4"),
        ("IMAGE", {"ReferencedSOPSequence": IMAGE}, "CT Image 1.2.3, frame 4"),
        ("SCOORD", {"GraphicType": "CIRCLE", "GraphicData": [1.0, 2.0, 3.0, 4.0]}, "circle (1, 2) (3, 4)"),
        ("SCOORD3D", {"GraphicType": "POINT", "GraphicData": [1.0, 2.0, -3.5]}, "point (1, 2, -3.5)"),
        (
            "TCOORD",
            {"TemporalRangeType": "SEGMENT", "ReferencedTimeOffsets": ["1", "2.5"]},
            "segment seconds 1, 2.5",
        ),
        ("TABLE", {}, "(table: this kind of content is not known)"),
    ],
)
def test_every_kind_of_content_has_a_value_to_read(
    tmp_path: Path, kind: str, attributes: dict[str, object], value: str
) -> None:
    assert _one(tmp_path, kind, **attributes) == ReportLine(0, "Finding", value)


@pytest.mark.parametrize(
    ("unit", "scheme", "meaning", "value"),
    [
        ("mm", "UCUM", "millimeter", "12.5 mm"),
        ("1", "UCUM", "no units", "12.5"),
        ("{pixels}", "UCUM", "pixels", "12.5 pixels"),
        ("SL", "99X", "slices", "12.5 slices"),
    ],
)
def test_a_measurement_has_its_unit(tmp_path: Path, unit: str, scheme: str, meaning: str, value: str) -> None:
    measured = item(NumericValue="12.5", MeasurementUnitsCodeSequence=code(meaning, unit, scheme))
    assert _one(tmp_path, "NUM", MeasuredValueSequence=[measured]).value == value


def test_a_measurement_without_a_value_says_why(tmp_path: Path) -> None:
    line = _one(tmp_path, "NUM", NumericValueQualifierCodeSequence=code("Not a number"))
    assert line.value == "no value (Not a number)"


def test_containers_are_headings_and_what_is_in_them_is_indented(tmp_path: Path) -> None:
    inner = content("TEXT", "Comment", "HAS CONCEPT MOD", TextValue="Provisional")
    finding = content("TEXT", "Finding", TextValue="Effusion", ContentSequence=[inner])
    deeper = content("CONTAINER", "Left", ContentSequence=[finding])
    lines = _read(
        sr(tmp_path / "r.dcm", content("CONTAINER", "Chest", ContentSequence=[deeper]), content("CONTAINER"))
    ).lines
    assert [(line.depth, line.name, line.heading, line.relation) for line in lines] == [
        (0, "Chest", True, ""),
        (1, "Left", True, ""),
        (2, "Finding", False, ""),
        (3, "Comment", False, "modifier"),
        (0, "Section", True, ""),
    ]
    assert "    Finding: Effusion\n      modifier: Comment: Provisional" in _read(tmp_path / "r.dcm").text


def test_the_head_says_who_signed_and_in_which_state(tmp_path: Path) -> None:
    verifier = item(
        VerifyingObserverName="DOCTOR^A", VerifyingOrganization="UHL", VerificationDateTime="20261124120000"
    )
    report = _read(
        sr(
            tmp_path / "r.dcm",
            content("TEXT", "Finding", TextValue="x"),
            ContentDate="20261124",
            ContentTime="1159",
            CompletionFlag="COMPLETE",
            VerificationFlag="VERIFIED",
            VerifyingObserverSequence=[verifier],
        )
    )
    assert report.title == "CT report"
    assert report.facts == (
        ("Patient", "MOUSE, Minnie"),
        ("Written", "24/11/2026 11:59"),
        ("State", "complete, verified"),
        ("Verified by", "DOCTOR, A, UHL, 24/11/2026 12:00:00"),
    )


def test_names_and_texts_keep_their_own_characters(tmp_path: Path) -> None:
    path = sr(
        tmp_path / "r.dcm",
        content("PNAME", "Reader", PersonName="Yamada^Tarou=山田^太郎=やまだ^たろう"),
        content("TEXT", "Befund", TextValue="Größe <b>unverändert</b>"),
        SpecificCharacterSet="ISO_IR 192",
    )
    lines = _read(path).lines
    assert lines[0].value == "Yamada, Tarou / 山田, 太郎 / やまだ, たろう"
    assert lines[1].value == "Größe <b>unverändert</b>"


def test_key_objects_name_the_images_that_they_are_about(tmp_path: Path) -> None:
    path = sr(
        tmp_path / "k.dcm",
        content("TEXT", "Key Object Description", TextValue="for the meeting"),
        content("IMAGE", ReferencedSOPSequence=IMAGE),
        sop_class=KEY_OBJECTS,
        title=code("For Referring Provider"),
    )
    report = _read(path)
    assert report.title == "For Referring Provider"
    assert [line.value for line in report.lines] == ["for the meeting", "CT Image 1.2.3, frame 4"]


def test_a_presentation_state_is_listed_with_what_it_does(tmp_path: Path) -> None:
    images = [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=f"1.2.{n}") for n in (1, 2)]
    path = write(
        tmp_path / "p.dcm",
        PRESENTATION,
        ContentLabel="LIVER",
        ReferencedSeriesSequence=[item(SeriesInstanceUID="1.9", ReferencedImageSequence=images)],
        SoftcopyVOILUTSequence=[item(WindowCenter="40", WindowWidth="80")],
        ImageRotation=90,
        ImageHorizontalFlip="Y",
        GraphicAnnotationSequence=[
            item(
                GraphicLayer="NOTES",
                TextObjectSequence=[item(UnformattedTextValue="see here")],
                GraphicObjectSequence=[item(GraphicType="CIRCLE"), item(GraphicType="CIRCLE")],
            )
        ],
    )
    report = _read(path)
    assert report.title == "LIVER"
    values = [line.value for line in report.lines if line.value]
    assert values == [
        "1.9, 2 images", "CT Image 1.2.1", "CT Image 1.2.2", "W 80 L 40", "90°", "left to right", "see here",
        "2 × circle",
    ]  # fmt: skip
    assert "not applied" in report.remarks[0]


@pytest.mark.parametrize(
    ("sop_class", "title", "reason"),
    [
        (CLASSES + "481.5", "Radiotherapy plan", "does not show objects of its kind"),
        (CLASSES + "88.33", "Structured report", "no content"),
        (CLASSES + "9.1.1", "Waveform", "no waveforms"),
        (CLASSES + "104.1", "PDF document", "missing in the file"),
        (CT, "CT Image", "holds no pixels"),
        ("1.2.3.4", "Unknown object", "not known: 1.2.3.4"),
    ],
)
def test_what_cannot_be_shown_is_named_with_the_reason(
    tmp_path: Path, sop_class: str, title: str, reason: str
) -> None:
    document = read_document(write(tmp_path / "x.dcm", sop_class))
    assert isinstance(document, Unshown)
    assert document.title == title
    assert reason in document.reason


def test_a_retired_object_with_a_text_is_read(tmp_path: Path) -> None:
    report = _read(write(tmp_path / "old.dcm", "1.2.3.4", TextString="Normal chest.\nNo change."))
    assert [line.value for line in report.lines] == ["Normal chest.", "No change."]


def test_an_image_is_left_to_the_panes() -> None:
    assert read_document(SAMPLES / "CT_small.dcm") == HasPixels()


def test_a_report_without_end_stops_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structured, "MOST_LINES", 20)
    many = [content("TEXT", "n", TextValue="x") for _ in range(25)]
    report = _read(sr(tmp_path / "long.dcm", *many))
    assert len(report.lines) == 20
    assert "longer than can be shown" in report.remarks[0]


def test_containers_nested_without_end_are_cut(tmp_path: Path) -> None:
    inner = content("CONTAINER", "deep")
    for _ in range(DEEPEST + 10):
        inner = content("CONTAINER", "deep", ContentSequence=[inner])
    report = _read(sr(tmp_path / "deep.dcm", inner))
    assert len(report.lines) == DEEPEST + 1
    assert report.remarks


def test_kinds_are_told_by_their_class() -> None:
    assert document_kind(CLASSES + "88.59") == "Key objects"
    assert document_kind(CLASSES + "9.2.1") == "Waveform"
    assert document_kind(CLASSES + "66") == "Raw data"
    assert document_kind(CLASSES + "66.4") == ""  # a segmentation has pixels
    assert document_kind(CT) == ""
    assert document_kind("") == ""


def test_the_samples_of_the_standard_read_as_text() -> None:
    report = _read(SAMPLES / "test-SR.dcm")
    assert "Diameter: 3 Length Unit" in report.text
    assert ("Verified by", "Riesmeier, Jörg, OFFIS e.V., 13/02/2001 18:47:46") in report.facts


def test_images_that_the_viewer_knows_are_called_by_their_names(tmp_path: Path) -> None:
    series = ViewSeries("1.9", "CT", 2, "Head axial", (ViewImage("1.2.3", number=12), ViewImage("1.2.30")))
    names = names_in(ViewSet("x", (ViewStudy("1", series=(series, ViewSeries("1.8", "MR", 7))),)))
    assert (names["1.2.30"], names["1.8"]) == ("image 2 of Head axial", "MR series 7")
    report = _read(
        sr(tmp_path / "k.dcm", content("IMAGE", ReferencedSOPSequence=IMAGE), sop_class=KEY_OBJECTS)
    )
    assert report.named(names).lines[0].value == "CT Image image 12 of Head axial (1.2.3), frame 4"
    assert report.named({}) == report
