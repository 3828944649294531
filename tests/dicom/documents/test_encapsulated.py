"""Documents inside DICOM: told by what they are, made to text or pages, never executed or believed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from iep_desktop.core.documents import Pdf, Report, Unshown
from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.documents.pdf import PdfReader
from iep_desktop.dicom.documents.reading import read_document
from tests.dicom.documents.making import CDA, encapsulated, pdf_bytes

CLINICAL = b"""<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Imaging report</title>
<component><structuredBody><component><section><title>Findings</title>
<text><paragraph>No fracture.</paragraph><table><tr><td>Length</td><td>12 mm</td></tr></table></text>
<component><section><title>Left</title><text>Mild <content>effusion</content> only.</text></section></component>
</section></component></structuredBody></component></ClinicalDocument>"""


def test_a_pdf_is_handed_on_without_its_padding(tmp_path: Path) -> None:
    data = pdf_bytes("one") + b"x" * (1 - len(pdf_bytes("one")) % 2)
    document = read_document(encapsulated(tmp_path / "p.dcm", data, "application/pdf"))
    assert isinstance(document, Pdf)
    assert (document.title, document.data) == ("Discharge letter", data)


def test_what_a_document_is_counts_and_not_what_it_is_called(tmp_path: Path) -> None:
    assert isinstance(read_document(encapsulated(tmp_path / "p.dcm", pdf_bytes("x"), "text/plain")), Pdf)
    no_pdf = read_document(encapsulated(tmp_path / "q.dcm", b"MZ\0\0 program", "application/pdf"))
    assert isinstance(no_pdf, Unshown)
    assert "application/pdf" in no_pdf.reason


def test_plain_text_is_read(tmp_path: Path) -> None:
    path = encapsulated(tmp_path / "t.dcm", "Gr\u00f6\u00dfe\r\nunver\u00e4ndert".encode(), "text/plain")
    report = read_document(path)
    assert isinstance(report, Report)
    assert [line.value for line in report.lines] == ["Größe", "unverändert"]


def test_a_clinical_document_reads_by_its_sections(tmp_path: Path) -> None:
    report = read_document(encapsulated(tmp_path / "c.dcm", CLINICAL, "text/XML", CDA))
    assert isinstance(report, Report)
    assert report.title == "Imaging report"
    assert [(line.depth, line.name or line.value) for line in report.lines] == [
        (0, "Findings"), (1, "No fracture."), (1, "Length\t12 mm"), (1, "Left"), (2, "Mild effusion only."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', "entities"),
        (b"<?xml version='1.0'?><x><y></x>", "well-formed"),
        (b"<?xml version='1.0'?><x/>", "no text"),
    ],
)
def test_a_clinical_document_that_attacks_or_is_damaged_is_refused(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    document = read_document(encapsulated(tmp_path / "c.dcm", data, "text/XML", CDA))
    assert isinstance(document, Unshown)
    assert reason in document.reason


def test_pages_come_as_pictures_and_as_text() -> None:
    reader = PdfReader(pdf_bytes("first page", "second page"))
    try:
        assert list(reader.sizes) == [(612.0, 792.0)] * 2
        page = reader.page(1, 306)
        assert (page.width, page.height) == (306, 396)
        assert len(page.data) == 306 * 396 * 3
        assert page.data[:3] == b"\xff\xff\xff"  # white paper, and the black bar at its foot
        assert page.data[-3:] == b"\0\0\0"
        assert reader.text(1).strip() == "second page"
    finally:
        reader.close()


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 nonsense", pdf_bytes("x")[:120]])
def test_a_damaged_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(Permanent, match="damaged"):
        PdfReader(data)


def test_a_process_that_dies_costs_one_page() -> None:
    reader = PdfReader(pdf_bytes("page"))
    process: Any = reader._process
    try:
        process.kill()
        process.wait()
        with pytest.raises(Permanent, match="damaged"):
            reader.page(0, 100)
        assert reader.page(0, 100).width == 100
    finally:
        reader.close()


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Timer", _AtOnce)
    with pytest.raises(Permanent, match="damaged"):
        PdfReader(pdf_bytes("page"))


class _AtOnce(threading.Timer):
    def start(self) -> None:
        self.function()

    def cancel(self) -> None:
        pass


def test_a_closed_reader_answers_no_more() -> None:
    reader = PdfReader(pdf_bytes("page"))
    reader.close()
    with pytest.raises(Permanent, match="closed"):
        reader.text(0)
