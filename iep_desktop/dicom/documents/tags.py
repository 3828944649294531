"""Every data element of a file as a line to read: tag, VR, keyword, name, and its value as it stands, shortened.

Bytes are taken as they are: a value that makes no sense is shown as bytes, elements that cannot be read end the list
with a remark. Large values are never read. Must not judge what an element means.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_description, dictionary_keyword, private_dictionary_description

from iep_desktop.core.documents import TagLine, TagListing
from iep_desktop.dicom.charsets import CHARSET, TEXT_VRS, Charset, charset_of
from iep_desktop.dicom.documents.reading import body_of, translated
from iep_desktop.dicom.elements import Element, Malformed, Syntax, item_elements, walk
from iep_desktop.dicom.medium_facts import guessed
from iep_desktop.dicom.skim import EXPLICIT

MOST_LINES = 100_000
LONGEST = 512  # characters of a value
_HELD = 1 << 18  # bytes of a value that are read
_LARGEST_SEQUENCE = 64 << 20  # bytes: per-frame functional groups of thousands of frames have some
_DEEPEST = 40
_NUMBERS = {
    "US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d", "OF": "f", "OD": "d",
    "OL": "I", "OV": "Q", "OW": "H",
}  # fmt: skip
_STRINGS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"})
_SHOWN_BYTES = 32


class _TooMany(Exception):
    pass


def list_tags(path: Path) -> TagListing:
    """All elements, those of the file meta first.

    Raises:
        MediumUnreadable, Permanent: it cannot be read, or is no DICOM file.
    """
    with translated("The elements cannot be listed"), path.open("rb") as file:
        lines: list[TagLine] = []
        remark = ""
        try:
            for line in _lines(file):
                lines.append(line)
                if len(lines) >= MOST_LINES:
                    raise _TooMany
        except _TooMany:
            remark = f"Only the first {MOST_LINES} elements are listed."
        except Malformed as error:
            remark = f"The rest of the file cannot be read: {error}."
        return TagListing(tuple(lines), remark)


def _lines(file: BinaryIO) -> Iterator[TagLine]:
    start, body = body_of(file)
    at = body.tell()
    if start.meta:
        file.seek(132 if start.preamble else 0)
        yield from _Lister(file, Charset()).lines(
            walk(file, EXPLICIT, _size(file), hold=_HELD, stop=0x00030000)
        )
    body.seek(at)
    yield from _Lister(body, Charset()).lines(walk(body, start.syntax, _size(body), hold=_HELD), start.syntax)


def _size(fp: BinaryIO) -> int:
    at = fp.tell()
    size = fp.seek(0, os.SEEK_END)
    fp.seek(at)
    return size


class _Lister:
    """Lines of one data set or item, which has its own character set and private creators."""

    def __init__(self, fp: BinaryIO, charset: Charset, depth: int = 0) -> None:
        self._fp, self._charset, self._depth = fp, charset, depth
        self._creators: dict[int, str] = {}

    def lines(self, elements: Iterable[Element], syntax: Syntax = EXPLICIT) -> Iterator[TagLine]:
        for e in elements:
            if e.tag == CHARSET:
                self._charset = charset_of(e.value)
            if e.is_sequence and not _is_pixels(e):
                yield from self._sequence(e, syntax)
            else:
                yield self._line(e, self._text(e, syntax))

    def _line(self, e: Element, value: str) -> TagLine:
        keyword, name = self._names(e.tag)
        vr = e.vr or e.known_vr
        return TagLine(self._depth, tag_text(e.tag), vr if len(vr) == 2 else "", keyword, name, value)

    def _sequence(self, e: Element, syntax: Syntax) -> Iterator[TagLine]:
        """The element, and below it each item with what it holds."""
        found: list[TagLine] = []
        count, trouble = 0, ""
        try:
            for content, item_syntax in item_elements(self._held(e), syntax):
                count += 1
                found.append(TagLine(self._depth + 1, "(FFFE,E000)", "", "", f"Item {count}"))
                if self._depth >= _DEEPEST:
                    raise Malformed("sequences are nested too deeply")
                inner = _Lister(self._fp, self._charset, self._depth + 2)
                found.extend(inner.lines(content, item_syntax))
                if len(found) > MOST_LINES:
                    break
        except Malformed as error:
            trouble = f"; the rest cannot be read: {error}"
        yield self._line(e, f"{count} item{'' if count == 1 else 's'}{trouble}")
        yield from found

    def _held(self, e: Element) -> Element:
        if e.value is not None or e.length > _LARGEST_SEQUENCE:
            return e
        at = self._fp.tell()
        self._fp.seek(e.offset)
        value = self._fp.read(e.length)
        self._fp.seek(at)
        return Element(e.tag, e.vr, e.header, len(value), value, e.offset, e.undefined)

    def _names(self, tag: int) -> tuple[str, str]:
        try:
            return dictionary_keyword(tag), dictionary_description(tag)
        except KeyError:
            return "", self._private_name(tag)

    def _private_name(self, tag: int) -> str:
        if not (tag >> 16) % 2:
            return "Group Length" if not tag & 0xFFFF else "Unknown"
        if tag & 0xFFFF <= 0xFF:
            return "Private Creator"
        creator = self._creators.get(tag & 0xFFFF0000 | (tag >> 8 & 0xFF), "")
        try:
            return f"{private_dictionary_description(tag, creator)} ({creator})"
        except KeyError:
            return f"Private ({creator})" if creator else "Private"

    def _text(self, e: Element, syntax: Syntax) -> str:
        if e.value is None or _is_pixels(e):
            return f"{e.length} bytes"
        text = _value_text(e, syntax, self._charset)
        if (e.tag >> 16) % 2 and 0x10 <= e.tag & 0xFFFF <= 0xFF:
            self._creators[e.tag] = text
        return shortened(text)


def _is_pixels(e: Element) -> bool:
    return e.tag in (0x7FE00008, 0x7FE00009, 0x7FE00010)


def _value_text(e: Element, syntax: Syntax, charset: Charset) -> str:
    value, vr = e.value or b"", e.known_vr
    if vr in TEXT_VRS:
        return _decoded(value, vr, charset)
    if vr in _STRINGS:
        return _known_uid(guessed(value).strip(" \0")) if vr == "UI" else guessed(value).strip(" \0")
    numbers = _NUMBERS.get("US" if " or " in vr else vr)
    if numbers:
        return _numbers(value, numbers, syntax)
    if vr == "AT":
        groups = struct.unpack(f"{_order(syntax)}{len(value) // 4 * 2}H", value[: len(value) // 4 * 4])
        return "\\".join(tag_text(a << 16 | b) for a, b in zip(groups[::2], groups[1::2], strict=True))
    return _bytes(value)


def _decoded(value: bytes, vr: str, charset: Charset) -> str:
    try:
        return charset.decode(value, vr).strip(" \0")
    except (UnicodeError, LookupError):
        return guessed(value).strip(" \0")


def _known_uid(uid: str) -> str:
    known = UID_dictionary.get(uid)
    return f"{uid} ({known[0]})" if known else uid


def _numbers(value: bytes, code: str, syntax: Syntax) -> str:
    size = struct.calcsize(code)
    if not value or len(value) % size:
        return _bytes(value)
    shown = min(len(value) // size, LONGEST // 2)
    numbers = struct.unpack(f"{_order(syntax)}{shown}{code}", value[: shown * size])
    more = f"\\… ({len(value) // size} values)" if shown < len(value) // size else ""
    return "\\".join(f"{n:.7g}" if isinstance(n, float) else str(n) for n in numbers) + more


def _order(syntax: Syntax) -> str:
    return "<" if syntax.little else ">"


def _bytes(value: bytes) -> str:
    """Text where it is plain text, else the first bytes and how many there are."""
    text = value.rstrip(b" \0")
    if text and text.isascii() and text.decode("ascii").isprintable():
        return text.decode("ascii")
    shown = value[:_SHOWN_BYTES].hex(" ")
    return f"{shown} … ({len(value)} bytes)" if len(value) > _SHOWN_BYTES else shown


def shortened(text: str) -> str:
    """On one line, without control characters, and no longer than a line may be."""
    one_line = "".join(
        c if c.isprintable() else "↵" if c == "\n" else " " for c in text[: LONGEST + 1]
    ).strip()
    return one_line if len(text) <= LONGEST else one_line[:LONGEST] + "…"


def tag_text(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
