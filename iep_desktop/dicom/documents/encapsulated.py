"""Documents inside a DICOM file (PS3.3 A.45, A.104): PDF, CDA, text. Given as bytes or as plain text.

Owns the choice by media type and the narrative text of a CDA. Runs nothing, follows no link, resolves no entity.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from pydicom.dataset import Dataset

from iep_desktop.core.documents import Document, Facts, Pdf, Report, ReportLine, Unshown
from iep_desktop.dicom.documents.values import clean, coded, day_and_time, name, words
from iep_desktop.dicom.medium_facts import guessed
from iep_desktop.dicom.render.attributes import raw_bytes

_PDF_STARTS_WITHIN = 1024  # bytes, as readers of PDF accept it
_MOST_LINES = 20_000
_TEXT = {"text/plain", "text/rtf", ""}
_XML = {"text/xml", "application/xml", "text/html", "application/xhtml+xml", "application/hl7-cda+xml"}
_BLOCKS = {"paragraph", "tr", "item", "br", "caption", "li", "p", "div", "h1", "h2", "h3", "td", "th"}


def encapsulated(ds: Dataset, kind: str) -> Document:
    title = words(ds, "DocumentTitle") or coded(ds, "ConceptNameCodeSequence") or kind or "Document"
    said = words(ds, "MIMETypeOfEncapsulatedDocument").lower().partition(";")[0].strip()
    data = _data(ds)
    if not data:
        return Unshown(title, "The document is missing in the file, or too large.", _facts(ds))
    if b"%PDF-" in data[:_PDF_STARTS_WITHIN]:  # what it is counts, not what it is said to be
        return Pdf(title, _facts(ds), data)
    if said in _XML or data.lstrip()[:5] == b"<?xml":
        return _cda(title, ds, data)
    if said in _TEXT and b"\0" not in data:
        return Report(title, _facts(ds), _text_lines(guessed(data)))
    what = f"it is {said[:64]}" if said else "its kind is not said"
    return Unshown(title, f"Documents of this kind cannot be shown: {what}.", _facts(ds))


def _facts(ds: Dataset) -> Facts:
    found = (
        ("Patient", name(ds, "PatientName")),
        ("Written", day_and_time(ds, "Content")),
        ("Institution", words(ds, "InstitutionName")),
    )
    return tuple((label, value) for label, value in found if value)


def _data(ds: Dataset) -> bytes:
    """Without the byte of padding, where the length is given (0042,0015)."""
    data = raw_bytes(ds, "EncapsulatedDocument")
    length = words(ds, "EncapsulatedDocumentLength")
    return data[: int(length)] if length.isdigit() and int(length) else data


def _text_lines(text: str) -> tuple[ReportLine, ...]:
    return tuple(ReportLine(0, "", line.rstrip()) for line in clean(text).split("\n")[:_MOST_LINES])


def _cda(title: str, ds: Dataset, data: bytes) -> Document:
    """A document with its own entities is refused: CDA needs none, and they are the way to attack a parser."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return Unshown(title, "The document defines entities of its own, which are not followed.", _facts(ds))
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError):
        return Unshown(title, "The document is damaged: it is no well-formed XML.", _facts(ds))
    own = next((_flat(e) for e in root if _tag(e) == "title"), "")
    lines = tuple(line for line, _ in zip(_narrative(root, 0), range(_MOST_LINES), strict=False))
    if not lines:
        return Unshown(title, "The document has no text to read.", _facts(ds))
    return Report(own or title, _facts(ds), lines)


def _narrative(element: ET.Element, depth: int) -> Iterator[ReportLine]:
    """The sections' titles and texts, which is what CDA wants a person to read (HL7 CDA R2 1.3)."""
    for child in element:
        tag = _tag(child)
        if tag == "section" and depth < 32:
            heading = next((_flat(e) for e in child if _tag(e) == "title"), "")
            yield ReportLine(depth, heading or "Section", heading=True)
            yield from _narrative(child, depth + 1)
        elif tag in ("text", "body") and depth < 32 and not _holds_sections(child):
            yield from (ReportLine(depth, "", line) for line in _paragraphs(child))
        elif tag not in ("title", "entry"):
            yield from _narrative(child, depth)


def _holds_sections(element: ET.Element) -> bool:
    return any(_tag(e) == "section" for e in element.iter())


def _paragraphs(element: ET.Element) -> Iterator[str]:
    parts: list[str] = []
    for e in element.iter():
        if _tag(e) in _BLOCKS:
            parts.append("\t" if _tag(e) in ("td", "th") else "\n")
        parts.append(e.text or "")
    # what stands behind an element belongs to the text as well
    whole = (
        "".join(parts) if not any((e.tail or "").strip() for e in element.iter()) else _with_tails(element)
    )
    for line in whole.split("\n"):
        if tidy := re.sub(r"[ \r\f]+", " ", line).strip():
            yield clean(tidy)


def _with_tails(element: ET.Element) -> str:
    text = element.text or ""
    for child in element:
        text += ("\n" if _tag(child) in _BLOCKS else "") + _with_tails(child) + (child.tail or "")
    return text


def _flat(element: ET.Element) -> str:
    return clean(" ".join("".join(element.itertext()).split()))


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
