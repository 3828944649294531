"""What can be shown of a file that is no image: a report, a waveform, a PDF, or the reason why nothing can.

Frozen and without Qt: `dicom.documents` makes them, windows lay them out. Texts are plain, never markup.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

_CLASSES = "1.2.840.10008.5.1.4.1.1."
_KINDS = (  # of SOP Classes without pixels (PS3.4 B.5), by how their UIDs begin
    (_CLASSES + "88.59", "Key objects"),
    (_CLASSES + "88.", "Structured report"),
    (_CLASSES + "11.", "Presentation state"),
    (_CLASSES + "9.", "Waveform"),
    (_CLASSES + "104.1", "PDF document"),
    (_CLASSES + "104.2", "Clinical document (CDA)"),
    (_CLASSES + "104.", "3D model"),
    (_CLASSES + "66.1", "Spatial registration"),
    (_CLASSES + "66.2", "Spatial fiducials"),
    (_CLASSES + "66.3", "Deformable spatial registration"),
    (_CLASSES + "66.5", "Surface segmentation"),
    (_CLASSES + "66.6", "Tractography results"),
    (_CLASSES + "67", "Real world value mapping"),
    (_CLASSES + "4.2", "MR spectroscopy"),
    (_CLASSES + "68.", "Surface scan"),
    (_CLASSES + "78.", "Lens and refraction measurements"),
    (_CLASSES + "79.1", "Macular grid report"),
    (_CLASSES + "80.1", "Visual field measurements"),
    (_CLASSES + "200.", "CT protocol"),
    (_CLASSES + "201.", "Inventory"),
    (_CLASSES + "91.1", "Microscopy annotations"),
    (_CLASSES + "131", "Basic structured display"),
    (_CLASSES + "481.3", "Radiotherapy structure set"),
    (_CLASSES + "481.4", "Radiotherapy treatment record"),
    (_CLASSES + "481.5", "Radiotherapy plan"),
    (_CLASSES + "481.6", "Radiotherapy treatment record"),
    (_CLASSES + "481.7", "Radiotherapy treatment record"),
    (_CLASSES + "481.8", "Radiotherapy plan"),
    (_CLASSES + "481.9", "Radiotherapy treatment record"),
    ("1.2.840.10008.5.1.4.34.", "Radiotherapy delivery instruction"),
    ("1.2.840.10008.5.1.4.38.", "Hanging protocol"),
    ("1.2.840.10008.5.1.4.39.", "Colour palette"),
    (_CLASSES + "66", "Raw data"),
)
_UID = re.compile(r"\d+(?:\.\d+)+")
_WITH_PIXELS = (_CLASSES + "66.4", _CLASSES + "66.7", _CLASSES + "66.8", _CLASSES + "11.12")


def document_kind(sop_class_uid: str) -> str:
    """What kind of document a SOP Class is, in words; empty for images, and for classes that are not known."""
    if sop_class_uid in _WITH_PIXELS:
        return ""
    return next((kind for start, kind in _KINDS if _begins(sop_class_uid, start)), "")


def _begins(uid: str, start: str) -> bool:
    return uid.startswith(start) and (start.endswith(".") or uid[len(start) : len(start) + 1] in ("", "."))


Facts = tuple[tuple[str, str], ...]  # name and value, for the head of a document


@dataclass(frozen=True)
class ReportLine:
    """One content item. `relation`: how it belongs to the one above it, where that is not plain."""

    depth: int
    name: str = ""
    value: str = ""
    heading: bool = False
    relation: str = ""


@dataclass(frozen=True)
class Report:
    """Anything that reads as text. `remarks`: what of it could not be read."""

    title: str
    facts: Facts = ()
    lines: tuple[ReportLine, ...] = ()
    remarks: tuple[str, ...] = ()

    def named(self, names: Mapping[str, str]) -> Report:
        """With the names of series and images behind their UIDs, where they are known."""
        lines = tuple(replace(line, value=_named(line.value, names)) for line in self.lines)
        return replace(self, lines=lines)

    @property
    def text(self) -> str:
        """All of it, for the clipboard."""
        head = [self.title, *(f"{name}: {value}" for name, value in self.facts)]
        return "\n".join([*head, "", *map(_line_text, self.lines), *self.remarks])


def _named(text: str, names: Mapping[str, str]) -> str:
    return _UID.sub(lambda found: f"{names[found[0]]} ({found[0]})" if found[0] in names else found[0], text)


def _line_text(line: ReportLine) -> str:
    return "  " * line.depth + ": ".join(part for part in (line.relation, line.name, line.value) if part)


@dataclass(frozen=True, eq=False)
class Channel:
    """`values` in `unit`, NaN where nothing was recorded. `calibrated` is False where they are bare numbers."""

    label: str
    unit: str
    values: array[float] = field(repr=False)
    calibrated: bool = True


@dataclass(frozen=True, eq=False)
class WaveGroup:
    """Channels that were sampled together (a multiplex group), `frequency` in Hz. `remark`: what is left out."""

    label: str
    frequency: float
    channels: tuple[Channel, ...]
    remark: str = ""

    @property
    def seconds(self) -> float:
        return max((len(channel.values) for channel in self.channels), default=0) / self.frequency


@dataclass(frozen=True, eq=False)
class Waveform:
    title: str
    facts: Facts = ()
    groups: tuple[WaveGroup, ...] = ()


@dataclass(frozen=True, eq=False)
class Pdf:
    title: str
    facts: Facts = ()
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Unshown:
    """A named placeholder: what it is, and why it is not shown."""

    title: str
    reason: str
    facts: Facts = ()


@dataclass(frozen=True)
class HasPixels:
    """The file is an image after all."""


Document = Report | Waveform | Pdf | Unshown | HasPixels


@dataclass(frozen=True, slots=True)
class TagLine:
    """A data element, or an item of a sequence, as it stands in the file; `value` is shortened."""

    depth: int
    tag: str  # (0010,0010)
    vr: str = ""
    keyword: str = ""
    name: str = ""
    value: str = ""

    @property
    def text(self) -> str:
        """For the clipboard."""
        return "\t".join(("  " * self.depth + self.tag, self.vr, self.keyword or self.name, self.value))


@dataclass(frozen=True)
class TagListing:
    """Every element of a file that could be read; `remark` says why the rest could not."""

    lines: tuple[TagLine, ...]
    remark: str = ""


@dataclass(frozen=True)
class PdfPage:
    """A page as a picture: `height` rows of `width` pixels of RGB."""

    width: int
    height: int
    data: bytes = field(repr=False)


class PdfPages(Protocol):
    """An opened PDF. Calls block and may come from several threads; all raise `Permanent`."""

    sizes: tuple[tuple[float, float], ...]  # width and height of each page, in points

    def page(self, number: int, width: int) -> PdfPage: ...

    def text(self, number: int) -> str: ...

    def close(self) -> None: ...
