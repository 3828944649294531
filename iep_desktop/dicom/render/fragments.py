"""Where one frame's bytes lie in a file: native, or in the fragments of encapsulated pixel data (PS3.5 A.4).

Reads the one frame that is asked for. Knows offset tables and does not trust them; must not know what is in a frame.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from iep_desktop.dicom.render.checks import unshowable

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED = 0xFFFFFFFF
_LONG = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN"}
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")  # JPEG and JPEG-LS, JPEG 2000, JP2


@dataclass(frozen=True)
class PixelElement:
    """The pixel data element: its value lies `length` bytes from `start` on; encapsulated where that is None."""

    tag: int
    vr: str
    start: int
    length: int | None
    end_of_file: int


def pixel_element(file: BinaryIO, *, implicit: bool, little: bool) -> PixelElement:
    """Read the element's head, at which `file` stands."""
    order = "<" if little else ">"
    head = file.read(8)
    if len(head) < 8:
        raise unshowable("The object holds no image.")
    group, element, length = struct.unpack(order + "HHL", head)
    vr = b"" if implicit else head[4:6]
    if not implicit:
        if vr not in _LONG:
            raise unshowable("Its pixel data are of a kind that is not known.")
        length = int.from_bytes(file.read(4), "little" if little else "big")
    start = file.tell()
    end = file.seek(0, 2)
    known = None if length == _UNDEFINED else length
    return PixelElement(group << 16 | element, vr.decode(), start, known, end)


def native_bytes(file: BinaryIO, element: PixelElement, offset: int, length: int) -> bytes:
    """`length` bytes from `offset` on, which the element and the file must hold."""
    if element.length is None:
        raise unshowable("Its pixel data are compressed, but the transfer syntax says that they are not.")
    if offset + length > element.length or element.start + offset + length > element.end_of_file:
        raise unshowable("The pixel data are cut short: the frame is not in the file.")
    file.seek(element.start + offset)
    data = file.read(length)
    if len(data) < length:
        raise unshowable("The pixel data are cut short.")
    return data


@dataclass(frozen=True)
class Fragment:
    start: int
    length: int


class Encapsulated:
    """Finds frames among fragments: by the offset table where it fits, else by walking over them all, once."""

    def __init__(self, element: PixelElement, frames: int, extended: tuple[int, ...] = ()) -> None:
        if element.length is not None:
            raise unshowable("Its pixel data are not compressed, but the transfer syntax says that they are.")
        self._element, self._frames, self._extended = element, frames, extended
        self._walked: list[list[Fragment]] | None = None
        self._table: tuple[int, ...] | None = None
        self._first = 0

    def frame(self, file: BinaryIO, index: int) -> bytes:
        parts = self._parts(file, index)
        data = b"".join(self._read(file, part) for part in parts)
        if not data:
            raise unshowable("The frame is empty.")
        return data

    def _parts(self, file: BinaryIO, index: int) -> list[Fragment]:
        if self._table is None:
            self._read_table(file)
        assert self._table is not None
        if self._walked is None and self._table and (found := self._by_table(file, self._table, index)):
            return found
        if self._walked is None:
            self._walked = self._walk(file)
        return self._walked[index]

    def _read_table(self, file: BinaryIO) -> None:
        """The basic offset table is the first item; the extended one counts from the same place (C.7.6.3.1.8)."""
        item = self._item(file, self._element.start)
        if item is None:
            raise unshowable("Its pixel data hold no fragments.")
        data = self._read(file, item)
        self._first = item.start + item.length
        table = self._extended or struct.unpack(f"<{len(data) // 4}L", data[: len(data) // 4 * 4])
        rises = table[:1] == (0,) and all(a < b for a, b in pairwise(table))
        self._table = table if rises and len(table) == self._frames else ()

    def _by_table(self, file: BinaryIO, table: tuple[int, ...], index: int) -> list[Fragment]:
        """The frame's fragments where the table leads to them and to the next frame; none where it does not."""
        at = self._first + table[index]
        last = index + 1 == len(table)
        end = self._element.end_of_file if last else self._first + table[index + 1]
        found = []
        while at < end and at + 8 <= self._element.end_of_file:
            try:
                item = self._item(file, at)
            except ValueError:
                return []
            if item is None:
                break
            found.append(item)
            at = item.start + item.length
        if not found or not (last or at == end):
            return []
        # Where frames are known by how they begin, this one and the next must begin so, and nothing in between.
        known = self._starts(file, self._first + 8)
        begins = self._starts(file, found[0].start) == known
        goes_on = last or self._starts(file, end + 8) == known
        holds_another = any(self._starts(file, part.start) for part in found[1:])
        return found if begins and goes_on and not holds_another else []

    def _starts(self, file: BinaryIO, at: int) -> bool:
        """Whether a fragment's bytes are the beginning of a frame."""
        file.seek(at)
        return file.read(8).startswith(_STARTS)

    def _walk(self, file: BinaryIO) -> list[list[Fragment]]:
        fragments = []
        at = self._first
        try:
            while (item := self._item(file, at)) is not None:
                fragments.append(item)
                at = item.start + item.length
        except ValueError:
            if self._frames > 1 or not fragments:
                raise unshowable("Its pixel data are damaged between the fragments.") from None
        return self._shared_out(file, fragments)

    def _shared_out(self, file: BinaryIO, fragments: list[Fragment]) -> list[list[Fragment]]:
        """Which fragments make which frame: every frame has at least one, and none is shared (PS3.5 A.4)."""
        if self._frames == 1 and fragments:
            return [fragments]
        if len(fragments) < self._frames:
            raise unshowable(f"It announces {self._frames} frames and holds {len(fragments)} fragments.")
        if len(fragments) == self._frames:
            return [[fragment] for fragment in fragments]
        frames: list[list[Fragment]] = []
        for fragment in fragments:
            if self._starts(file, fragment.start) or not frames:
                frames.append([])
            frames[-1].append(fragment)
        if len(frames) != self._frames:
            raise unshowable(f"It announces {self._frames} frames; {len(frames)} were found.")
        return frames

    def _item(self, file: BinaryIO, at: int) -> Fragment | None:
        """The item at a place; None at the end of the sequence or of the file. ValueError where neither stands."""
        file.seek(at)
        head = file.read(8)
        if head[:4] == _END or not head:
            return None
        if head[:4] != _ITEM or len(head) < 8:
            raise ValueError("no item")
        return Fragment(at + 8, int.from_bytes(head[4:], "little"))

    def _read(self, file: BinaryIO, fragment: Fragment) -> bytes:
        if fragment.start + fragment.length > self._element.end_of_file:
            raise unshowable("The file is cut short.")
        file.seek(fragment.start)
        return file.read(fragment.length)
