"""Documents in the viewer: each kind has a view that can be read, searched and copied; else a reason."""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from iep_desktop.core.documents import Channel, Report, ReportLine, Waveform, WaveGroup
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.viewer.documents import DocumentView, document_widget
from iep_desktop.ui.viewer.pdf_view import PdfView
from iep_desktop.ui.viewer.report_view import ReportView
from iep_desktop.ui.viewer.waveform_view import MM_A_MILLIVOLT, MM_A_SECOND, WaveformPaper, WaveformView
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.workers.queries import Queries
from tests.dicom.documents.making import (
    CLASSES,
    CT,
    REPORT,
    SAMPLES,
    content,
    encapsulated,
    pdf_bytes,
    sr,
    write,
)

PX_A_MM = 96 / 25.4


def _shown(qtbot: QtBot, queries: Queries, theme: Theme, path: Path) -> DocumentView:
    view = document_widget(path, queries, theme)
    assert view is not None
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    qtbot.waitUntil(lambda: view.document is not None, timeout=10_000)
    return view


# --- which view -------------------------------------------------------------------------------------------------


def test_an_image_class_needs_no_document(queries: Queries, theme: Theme, tmp_path: Path) -> None:
    assert document_widget(tmp_path / "x", queries, theme, CT) is None


def test_a_report_is_shown_as_text(qtbot: QtBot, queries: Queries, theme: Theme, tmp_path: Path) -> None:
    path = sr(tmp_path / "r.dcm", content("TEXT", "Finding", TextValue="No <b>fracture</b>."))
    view = document_widget(path, queries, theme, REPORT)
    assert view is not None
    qtbot.addWidget(view)
    with qtbot.waitSignal(view.shown, timeout=10_000):
        view.show()
    assert isinstance(view.content, ReportView)
    assert view.content.title.text() == "CT report"
    assert "Finding  No <b>fracture</b>." in view.content.body.toPlainText()


def test_what_cannot_be_shown_is_named_with_its_reason(
    qtbot: QtBot, queries: Queries, theme: Theme, tmp_path: Path
) -> None:
    view = _shown(qtbot, queries, theme, write(tmp_path / "plan.dcm", CLASSES + "481.5"))
    assert isinstance(view.content, EmptyState)
    assert view.content.title.text() == "Radiotherapy plan"
    assert "does not show objects of its kind" in view.content.next_step.text()


def test_an_image_among_documents_is_told_to_the_window(qtbot: QtBot, queries: Queries, theme: Theme) -> None:
    view = document_widget(SAMPLES / "CT_small.dcm", queries, theme)
    assert view is not None
    qtbot.addWidget(view)
    with qtbot.waitSignal(view.image_found, timeout=10_000):
        view.show()


def test_a_file_that_is_gone_says_so(qtbot: QtBot, queries: Queries, theme: Theme, tmp_path: Path) -> None:
    view = DocumentView(tmp_path / "gone", queries, theme, {})
    qtbot.addWidget(view)
    view.show()

    def said() -> bool:
        return isinstance(view.content, EmptyState) and "cannot be read" in view.content.title.text()

    qtbot.waitUntil(said, timeout=10_000)


# --- report -----------------------------------------------------------------------------------------------------


@pytest.fixture
def report(qtbot: QtBot, theme: Theme) -> ReportView:
    lines = (
        ReportLine(0, "Chest", heading=True),
        ReportLine(1, "Finding", "Effusion, left"),
        ReportLine(2, "Size", "12 mm", relation="modifier"),
        ReportLine(1, "Comment", "Effusion has grown"),
    )
    view = ReportView(Report("CT chest", (("Patient", "MOUSE, Minnie"),), lines, ("Cut here.",)), theme)
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    return view


def test_lines_are_indented_and_headings_bold(report: ReportView) -> None:
    document = report.body.document()
    blocks = [document.findBlockByNumber(n) for n in range(document.blockCount())]
    assert [block.text() for block in blocks] == [
        "Patient  MOUSE, Minnie", "Chest", "Finding  Effusion, left", "modifier  Size  12 mm",
        "Comment  Effusion has grown", "Cut here.",
    ]  # fmt: skip
    margins = [block.blockFormat().leftMargin() for block in blocks]
    assert margins[1] == 0 < margins[2] < margins[3]
    assert blocks[1].begin().fragment().charFormat().font().weight() == 600


def test_a_search_counts_and_selects_one_after_the_other(qtbot: QtBot, report: ReportView) -> None:
    report.search.setText("effusion")
    qtbot.keyClick(report.search, Qt.Key.Key_Return)
    assert report.found.text() == "2 found"
    first = report.body.textCursor().selectionStart()
    assert report.body.textCursor().selectedText() == "Effusion"
    qtbot.keyClick(report.search, Qt.Key.Key_Return)
    assert report.body.textCursor().selectionStart() != first


def test_the_whole_report_is_copied(qtbot: QtBot, report: ReportView) -> None:
    qtbot.mouseClick(report.copy_button, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("CT chest\nPatient: MOUSE, Minnie\n\nChest\n  Finding: Effusion, left\n")
    assert "    modifier: Size: 12 mm" in copied


def test_a_report_follows_the_theme(report: ReportView, theme: Theme) -> None:
    theme.set_choice(ThemeChoice.DARK)
    image = report.grab().toImage()
    assert image.pixelColor(5, 5) == QColor(theme.colors.surface)
    bright = sum(image.pixelColor(x, y).lightness() > 180 for x in range(300) for y in range(80, 250))
    assert bright > 200


# --- PDF --------------------------------------------------------------------------------------------------------


@pytest.fixture
def pdf(qtbot: QtBot, queries: Queries, theme: Theme, tmp_path: Path) -> Iterator[PdfView]:
    path = encapsulated(tmp_path / "p.dcm", pdf_bytes("first page", "second page"), "application/pdf")
    view = _shown(qtbot, queries, theme, path)
    content = view.content
    assert isinstance(content, PdfView)
    qtbot.waitUntil(lambda: not content.picture.isNull(), timeout=20_000)
    yield content
    assert view.content is content


def test_a_pdf_shows_its_pages(qtbot: QtBot, pdf: PdfView) -> None:
    assert pdf.place.text() == "Page 1 of 2"
    page = pdf.picture.toImage()
    assert page.width() > 700
    assert page.pixelColor(2, 2) == QColor("white")
    assert page.pixelColor(page.width() // 2, page.height() - 3) == QColor("black")  # the bar at its foot
    ink = sum(page.pixelColor(x, y).lightness() < 80 for x in range(60, 260) for y in range(40, 120))
    assert ink > 100
    assert not pdf.before.isEnabled()


def test_pages_are_turned_and_zoomed_by_keyboard(qtbot: QtBot, pdf: PdfView) -> None:
    wide = pdf.picture.width()
    qtbot.keyClick(pdf, Qt.Key.Key_PageDown)
    assert pdf.place.text() == "Page 2 of 2"
    assert not pdf.after.isEnabled()
    qtbot.keyClick(pdf, Qt.Key.Key_Plus)
    qtbot.waitUntil(lambda: pdf.picture.width() > 1.2 * wide, timeout=10_000)
    assert pdf.scale.text() == "125 %"
    qtbot.keyClick(pdf, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: abs(pdf.picture.width() - wide) < 30, timeout=10_000)


def test_the_text_of_a_page_is_copied(qtbot: QtBot, pdf: PdfView) -> None:
    QGuiApplication.clipboard().clear()
    pdf.show_page(1)
    qtbot.mouseClick(pdf.copy_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "second page" in QGuiApplication.clipboard().text(), timeout=10_000)


def test_a_damaged_pdf_says_so(qtbot: QtBot, queries: Queries, theme: Theme, tmp_path: Path) -> None:
    path = encapsulated(tmp_path / "p.dcm", b"%PDF-1.7 but no more", "application/pdf")
    view = _shown(qtbot, queries, theme, path)
    content = view.content
    assert isinstance(content, PdfView)
    qtbot.waitUntil(lambda: content._trouble.isVisible(), timeout=20_000)
    assert content._trouble.title.text() == "The PDF cannot be shown"
    assert not content.copy_button.isEnabled()


def test_the_process_of_a_pdf_ends_with_its_view(qtbot: QtBot, pdf: PdfView) -> None:
    reader = pdf._reader
    process = getattr(reader, "_process")  # noqa: B009 - the protocol does not tell
    assert process.poll() is None
    pdf.deleteLater()
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=5000)


# --- waveform ---------------------------------------------------------------------------------------------------


def _square(millivolts: float = 1.0, seconds: float = 4.0, frequency: float = 500.0) -> Channel:
    """0.2 s at 0, 0.2 s up, and so on."""
    count = int(seconds * frequency)
    return Channel("II", "mV", array("f", (millivolts * (n // 100 % 2) for n in range(count))))


def _paper(qtbot: QtBot, theme: Theme, *channels: Channel, frequency: float = 500.0) -> WaveformPaper:
    paper = WaveformPaper(WaveGroup("RHYTHM", frequency, channels), theme)
    qtbot.addWidget(paper)
    paper.resize(800, 400)
    paper.show()
    return paper


def _dark(image: QImage) -> list[QPoint]:
    """Where the trace is drawn; below the label."""
    return [
        QPoint(x, y)
        for x in range(150, image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).lightness() < 60
    ]


def test_a_millivolt_is_ten_millimetres_and_a_second_twenty_five(qtbot: QtBot, theme: Theme) -> None:
    paper = _paper(qtbot, theme, _square())
    points = _dark(paper.viewport().grab().toImage())
    tops, bottoms = min(p.y() for p in points), max(p.y() for p in points)
    assert bottoms - tops == pytest.approx(MM_A_MILLIVOLT * PX_A_MM, abs=3)
    edges = sorted({p.x() for p in points if abs(p.y() - (tops + bottoms) // 2) < 3})
    gaps = [b - a for a, b in itertools.pairwise(edges) if b - a > 3]
    assert gaps[0] == pytest.approx(0.2 * MM_A_SECOND * PX_A_MM, abs=3)


def test_zoom_makes_it_larger_by_key_wheel_and_button(qtbot: QtBot, theme: Theme) -> None:
    view = WaveformView(Waveform("ECG", (), (WaveGroup("RHYTHM", 500, (_square(),)),)), theme)
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    assert view.scale.text() == "25 mm/s, 10 mm/mV, 500 Hz"
    qtbot.keyClick(view.paper, Qt.Key.Key_Plus)
    assert view.paper.zoom == 1.5
    qtbot.mouseClick(view.larger, Qt.MouseButton.LeftButton)
    assert view.scale.text() == "50 mm/s, 20 mm/mV, 500 Hz"
    points = _dark(view.paper.viewport().grab().toImage())
    assert max(p.y() for p in points) - min(p.y() for p in points) == pytest.approx(20 * PX_A_MM, abs=3)
    qtbot.keyClick(view.paper, Qt.Key.Key_0)
    assert view.paper.zoom == 1.0


def test_time_scrolls_by_keyboard_to_its_end(qtbot: QtBot, theme: Theme) -> None:
    paper = _paper(qtbot, theme, _square(seconds=20))
    bar = paper.horizontalScrollBar()
    assert bar.maximum() == pytest.approx(20 * MM_A_SECOND * PX_A_MM - paper.viewport().width(), abs=2)
    qtbot.keyClick(paper, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()
    qtbot.keyClick(paper, Qt.Key.Key_Home)
    assert bar.value() == 0


def test_what_was_not_recorded_leaves_a_gap(qtbot: QtBot, theme: Theme) -> None:
    values = array("f", [0.5] * 2000)
    for at in range(800, 1200):
        values[at] = math.nan
    paper = _paper(qtbot, theme, Channel("II", "mV", values))
    columns = {p.x() for p in _dark(paper.viewport().grab().toImage())}
    second = MM_A_SECOND * PX_A_MM
    assert not columns & set(range(round(1.65 * second), round(2.35 * second)))
    assert columns & set(range(round(2.5 * second), round(3 * second)))


def test_a_spike_is_seen_however_small_the_zoom(qtbot: QtBot, theme: Theme) -> None:
    values = array("f", [0.0] * 20_000)
    values[8_001] = 2.0
    paper = _paper(qtbot, theme, Channel("II", "mV", values))
    paper.set_zoom(0.25)
    points = _dark(paper.viewport().grab().toImage())
    height = max(p.y() for p in points) - min(p.y() for p in points)
    assert height == pytest.approx(2 * MM_A_MILLIVOLT * PX_A_MM * 0.25, abs=3)


def test_other_units_say_their_scale_and_bare_numbers_that_they_are_none(qtbot: QtBot, theme: Theme) -> None:
    pressure = Channel("ART", "mm[Hg]", array("f", [80.0, 120.0] * 500))
    bare = Channel("X", "", array("f", [0.0, 9.0] * 500), calibrated=False)
    view = WaveformView(Waveform("ECG", (), (WaveGroup("A", 100, (pressure, bare)),)), theme)
    qtbot.addWidget(view)
    view.show()
    assert [row.label for row in view.paper._rows] == ["ART, 20 mm[Hg] a cm", "X, 4.5 uncalibrated a cm"]
    assert "not calibrated" in view.remark.text()


def test_groups_are_chosen_and_flat_or_empty_channels_drawn(qtbot: QtBot, theme: Theme) -> None:
    groups = (
        WaveGroup(
            "RHYTHM", 500, (_square(),), "3 of 500 samples are shown: the rest is missing in the file."
        ),
        WaveGroup(
            "FLAT",
            100,
            (Channel("F", "", array("f", [7.0] * 50)), Channel("N", "mV", array("f", [math.nan]))),
        ),
    )
    view = WaveformView(Waveform("ECG", (("Patient", "MOUSE, Minnie"),), groups), theme)
    qtbot.addWidget(view)
    view.show()
    assert "missing in the file" in view.remark.text()
    view.groups.setCurrentIndex(1)
    assert view.paper.group is groups[1]
    assert view.paper.accessibleName() == "FLAT, 2 channels, 0.5 seconds"
    assert not view.paper.grab().isNull()


def test_the_paper_has_its_grid_in_both_themes(qtbot: QtBot, theme: Theme) -> None:
    paper = _paper(qtbot, theme, _square())
    for choice in (ThemeChoice.LIGHT, ThemeChoice.DARK):
        theme.set_choice(choice)
        image = paper.viewport().grab().toImage()
        row = [image.pixelColor(x, image.height() - 10).name() for x in range(600)]
        assert row.count(QColor(theme.colors.track).name()) >= 20  # every 5 mm
        assert row.count(QColor(theme.colors.surface).name()) > 200
