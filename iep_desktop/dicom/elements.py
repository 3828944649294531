"""Data elements as they stand in a file (PS3.5 7.1): walked, kept as bytes, encoded. Values are never interpreted.

Owns the encoding of data elements, sequences and items, in implicit and explicit VR, little and big endian.
Must not know what an attribute means, decode text, or touch pixels: what is not changed stays byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from struct import Struct
from typing import BinaryIO

from pydicom.datadict import dictionary_VR
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
HELD = 1 << 20  # values up to this size are kept in memory, larger ones are found again by their offset
DEEPEST = 64  # nested sequences; more is an attack, not an image
_CHUNK = 1 << 20

_LONG_VRS = frozenset(vr.encode() for vr in EXPLICIT_VR_LENGTH_32)
_HEADER = {True: Struct("<HH2sH"), False: Struct(">HH2sH")}
_TAG = {True: Struct("<HH"), False: Struct(">HH")}
_SHORT = {True: Struct("<H"), False: Struct(">H")}
_LONG = {True: Struct("<L"), False: Struct(">L")}


class Malformed(Exception):
    """The bytes are not data elements, or they end before a value does."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How data elements are encoded: implicit or explicit VR, byte order."""

    implicit: bool
    little: bool = True

    def tag(self, tag: int) -> bytes:
        return _TAG[self.little].pack(tag >> 16, tag & 0xFFFF)

    def header(self, tag: int, vr: str, length: int) -> bytes:
        """PS3.5 7.1.2, 7.1.3; items and delimiters never have a VR (7.5)."""
        if self.implicit or tag >> 16 == 0xFFFE:
            return self.tag(tag) + _LONG[self.little].pack(length)
        name = vr.encode("ascii")
        if name in _LONG_VRS:
            return self.tag(tag) + name + b"\0\0" + _LONG[self.little].pack(length)
        if length > 0xFFFF:
            raise Malformed(f"value of VR {vr} is too long")
        return self.tag(tag) + name + _SHORT[self.little].pack(length)


UN_SYNTAX = Syntax(implicit=True)  # what a sequence of VR UN holds, whatever the rest is in (PS3.5 6.2.2)


@dataclass(frozen=True, slots=True)
class Element:
    """One data element. `value` is None where it is larger than what is held: then it lies at `offset`.

    The value of undefined length includes its closing delimiter. `vr` is empty where none is written.
    """

    tag: int
    vr: str
    header: bytes
    length: int
    value: bytes | None
    offset: int = 0
    undefined: bool = False

    @property
    def known_vr(self) -> str:
        """The VR as written, else as the dictionary says; `UN` where neither knows."""
        return self.vr if self.vr not in ("", "UN") else vr_of(self.tag)

    @property
    def is_sequence(self) -> bool:
        return self.known_vr == "SQ" or (self.undefined and self.vr in ("", "UN"))

    @property
    def raw(self) -> bytes:
        """Header and value. Only for values that are held."""
        if self.value is None:
            raise Malformed("the value is too large")
        return self.header + self.value

    def items_syntax(self, syntax: Syntax) -> Syntax:
        return UN_SYNTAX if self.vr == "UN" else syntax


def vr_of(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "LO" if (tag >> 16) % 2 and 0x10 <= tag & 0xFFFF <= 0xFF else "UN"  # private creators are LO


def element(syntax: Syntax, tag: int, vr: str, value: bytes) -> Element:
    """A new element of defined length, padded to an even one (PS3.5 6.2)."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    return Element(tag, vr, syntax.header(tag, vr, len(value)), len(value), value)


def sequence(syntax: Syntax, tag: int, *items: Iterable[Element]) -> Element:
    """A new sequence of defined length; the elements of each item must be in the order of their tags."""
    return element(syntax, tag, "SQ", b"".join(item(syntax, content) for content in items))


def item(syntax: Syntax, content: Iterable[Element]) -> bytes:
    body = b"".join(e.raw for e in content)
    return syntax.header(ITEM, "", len(body)) + body


def walk(
    fp: BinaryIO, syntax: Syntax, end: int, *, hold: int = HELD, stop: int = UNDEFINED
) -> Iterator[Element]:
    """The data elements from where `fp` stands up to `end`, or to a tag of `stop` or above.

    Leaves `fp` before what it did not read: the element that stopped it, an item delimiter, or less than a header.

    Raises:
        Malformed: a value ends after `end`, or a sequence is not one.
    """
    start = fp.tell()
    while start + 8 <= end:
        tag, vr, length, header = _read_header(fp, syntax)
        if tag >= stop or tag == ITEM_END:
            fp.seek(start)
            return
        offset, undefined = start + len(header), length == UNDEFINED
        if undefined:
            _skip_items(fp, UN_SYNTAX if vr == "UN" else syntax, end, DEEPEST)
            length = fp.tell() - offset
            fp.seek(offset)
        start = offset + length
        if start > end:
            raise Malformed("a value ends after the end")
        value = fp.read(length) if length <= hold else None
        if value is None:
            fp.seek(start)
        yield Element(tag, vr, header, length, value, offset, undefined)


def appended(syntax: Syntax, tag: int, existing: Element | None, content: Iterable[Element]) -> Element:
    """The sequence with one more item at its end; the items that it has stay as they are."""
    if existing is None or not existing.length:
        return sequence(syntax, tag, content)
    items = existing.value
    if items is None:
        raise Malformed("the sequence is too large")
    if existing.vr == "UN" and not syntax.implicit:
        items = _explicit(items, syntax)
    elif existing.undefined:
        items = items[:-8]  # its delimiter: the length is defined from now on
    return element(syntax, tag, "SQ", items + item(syntax, content))


def changed_items(
    sequence_element: Element, syntax: Syntax, change: Callable[[list[Element], Syntax], list[Element] | None]
) -> Element:
    """The sequence after `change` saw the elements of every item; None leaves the item as it is.

    Lengths stay defined or undefined as they were.
    """
    inner = sequence_element.items_syntax(syntax)
    if sequence_element.value is None:
        raise Malformed("the sequence is too large")
    fp, parts = BytesIO(sequence_element.value), []
    for start, header, body_syntax, body_end in _items(fp, inner, len(sequence_element.value)):
        elements = list(walk(fp, body_syntax, body_end))
        closing = _end_of_item(fp, header, body_end)
        new = change(elements, body_syntax)
        if new is None:
            parts.append(sequence_element.value[start : fp.tell()])
            continue
        body = b"".join(e.raw for e in new)
        parts.append((header if closing else inner.header(ITEM, "", len(body))) + body + closing)
    value = b"".join(parts)
    if sequence_element.undefined:
        value += inner.header(SEQUENCE_END, "", 0)
    return with_value(sequence_element, syntax, value)


def item_elements(sequence_element: Element, syntax: Syntax) -> Iterator[tuple[list[Element], Syntax]]:
    """The elements of each item, and how they are encoded.

    Raises:
        Malformed: the value is not held, or not made of items.
    """
    if sequence_element.value is None:
        raise Malformed("the sequence is too large")
    fp = BytesIO(sequence_element.value)
    for _, header, body_syntax, body_end in _items(
        fp, sequence_element.items_syntax(syntax), sequence_element.length
    ):
        yield list(walk(fp, body_syntax, body_end)), body_syntax
        _end_of_item(fp, header, body_end)


def with_value(old: Element, syntax: Syntax, value: bytes) -> Element:
    """The same element with another value, in the way it was encoded."""
    if old.undefined:
        return Element(old.tag, old.vr, old.header, len(value), value, undefined=True)
    own = Syntax(syntax.implicit or not old.vr, syntax.little)
    return Element(old.tag, old.vr, own.header(old.tag, old.vr, len(value)), len(value), value)


def nested(old: Element, syntax: Syntax) -> Element:
    """An element of the data set as it may stand in an item: with a VR where all others have one."""
    if old.vr or syntax.implicit or old.undefined:
        return old
    vr = vr_of(old.tag)
    return Element(old.tag, vr, syntax.header(old.tag, vr, old.length), old.length, old.value)


def write(elements: Iterable[Element], source: BinaryIO, out: BinaryIO) -> None:
    """In the given order; what is not held comes from `source`."""
    held: list[bytes] = []
    for e in elements:
        held.append(e.header)
        if e.value is not None:
            held.append(e.value)
        else:
            out.write(b"".join(held))
            held.clear()
            copy_range(source, out, e.offset, e.length)
    out.write(b"".join(held))


def copy_range(source: BinaryIO, out: BinaryIO, offset: int, length: int) -> None:
    source.seek(offset)
    while length:
        chunk = source.read(min(_CHUNK, length))
        if not chunk:
            raise Malformed("the file became shorter while it was read")
        out.write(chunk)
        length -= len(chunk)


def _read_header(fp: BinaryIO, syntax: Syntax) -> tuple[int, str, int, bytes]:
    """Tag, VR, length and the bytes of the next header."""
    header = fp.read(8)
    if len(header) < 8:
        raise Malformed("no data element where one should be")
    group, number, vr, length = _HEADER[syntax.little].unpack(header)
    tag = group << 16 | number
    # some writers switch to implicit VR in the middle: what is no VR is a part of the length, as pydicom reads it
    if syntax.implicit or group == 0xFFFE or not (vr.isalpha() and vr.isupper()):
        return tag, "", _LONG[syntax.little].unpack_from(header, 4)[0], header
    if vr not in _LONG_VRS:
        return tag, vr.decode("ascii"), length, header
    header += fp.read(4)
    if len(header) < 12:
        raise Malformed("no length where one should be")
    return tag, vr.decode("ascii"), _LONG[syntax.little].unpack_from(header, 8)[0], header


def _skip_items(fp: BinaryIO, syntax: Syntax, end: int, depth: int) -> None:
    """Pass over items and fragments up to and with the sequence delimiter (PS3.5 7.5, A.4)."""
    if not depth:
        raise Malformed("sequences are nested too deeply")
    while True:
        tag, _, length, _ = _read_header(fp, syntax)
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise Malformed("a sequence holds something else than items")
        if length == UNDEFINED:
            _skip_elements(fp, _item_syntax(fp, syntax), end, depth)
        elif fp.seek(length, 1) > end:
            raise Malformed("an item ends after the end")


def _skip_elements(fp: BinaryIO, syntax: Syntax, end: int, depth: int) -> None:
    while True:
        tag, vr, length, _ = _read_header(fp, syntax)
        if tag == ITEM_END:
            return
        if length == UNDEFINED:
            _skip_items(fp, UN_SYNTAX if vr == "UN" else syntax, end, depth - 1)
        elif fp.seek(length, 1) > end:
            raise Malformed("a value ends after the end")


def _item_syntax(fp: BinaryIO, syntax: Syntax) -> Syntax:
    """Items of an explicit data set may hold implicit elements (as in a sequence that once was UN), and the reverse."""
    start = fp.tell()
    first = fp.read(6)
    fp.seek(start)
    vr = first[4:6]
    if len(first) < 6 or _TAG[syntax.little].unpack_from(first)[0] == 0xFFFE:
        return syntax
    return Syntax(not (vr.isalpha() and vr.isupper()), syntax.little)


def _items(fp: BinaryIO, syntax: Syntax, end: int) -> Iterator[tuple[int, bytes, Syntax, int]]:
    """Start, header, syntax and end of each item; `fp` stands at its first element. The caller reads to its end."""
    while (start := fp.tell()) + 8 <= end:
        tag, _, length, header = _read_header(fp, syntax)
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise Malformed("a sequence holds something else than items")
        body_end = end if length == UNDEFINED else fp.tell() + length
        if body_end > end:
            raise Malformed("an item ends after the end")
        yield start, header, _item_syntax(fp, syntax), body_end


def _end_of_item(fp: BinaryIO, header: bytes, body_end: int) -> bytes:
    """The delimiter of an item of undefined length; nothing may be left in one of defined length."""
    if header[4:] == b"\xff\xff\xff\xff":
        return fp.read(8)
    if fp.tell() != body_end:
        raise Malformed("an item does not end where it says")
    return b""


def _explicit(items: bytes, syntax: Syntax) -> bytes:
    """The items of a sequence of VR UN, which are implicit little endian, in explicit VR (PS3.5 6.2.2)."""
    if not syntax.little:
        raise Malformed("a big endian data set with a sequence of VR UN")
    fp, parts = BytesIO(items), []
    for _, header, body_syntax, body_end in _items(fp, UN_SYNTAX, len(items)):
        elements = list(walk(fp, body_syntax, body_end))
        _end_of_item(fp, header, body_end)
        parts.append(item(syntax, (_explicit_element(e, syntax) for e in elements)))
    return b"".join(parts)


def _explicit_element(e: Element, syntax: Syntax) -> Element:
    if e.vr:
        return e
    vr = "SQ" if e.is_sequence else e.known_vr
    vr = vr if len(vr) == 2 else "UN"  # the dictionary leaves some open: "US or SS"
    value = _explicit(e.value or b"", syntax) if vr == "SQ" else e.value or b""
    return element(syntax, e.tag, vr, value)
