"""Attributes of a data set as plain numbers and texts, and the functional groups in which they may stand.

Foreign files hold every kind of nonsense: what is optional and unreadable counts as absent. Must not know pixels.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset

_HUGE = 1 << 40  # beyond what any count can be
_UNREADABLE = (ValueError, TypeError, OverflowError, AttributeError, NotImplementedError, KeyError)


def value(ds: Dataset, keyword: str) -> Any:
    """The value, or None where it is absent or makes no sense to pydicom."""
    try:
        return ds.get(keyword)
    except _UNREADABLE:
        return None


def raw_bytes(ds: Dataset, key: str | int) -> bytes:
    """The value's bytes, words in little endian; what pydicom has unpacked already is packed again."""
    try:
        element = ds.get_item(key)
    except _UNREADABLE:
        return b""
    found = element.value if element is not None else None
    if isinstance(found, bytes):
        big = not getattr(element, "is_little_endian", True)  # as it was read; what was converted is little
        return _swapped(found) if big and element.VR in ("OW", "US", "SS") else found
    if found is None or isinstance(found, str):
        return b""
    many = found if isinstance(found, Iterable) else [found]
    return b"".join((int(one) & 0xFFFF).to_bytes(2, "little") for one in many)


def words(ds: Dataset, keyword: str) -> tuple[int, ...]:
    """Values of 16 bits without sign, however the file's VR takes them."""
    data = raw_bytes(ds, keyword)
    return struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])


def _swapped(words: bytes) -> bytes:
    swapped = bytearray(words[: len(words) // 2 * 2])
    swapped[0::2], swapped[1::2] = swapped[1::2], swapped[0::2]
    return bytes(swapped)


def numbers(ds: Dataset, keyword: str) -> tuple[float, ...]:
    """All values that are finite numbers; none at all where one is not."""
    found = value(ds, keyword)
    many = found if isinstance(found, Iterable) and not isinstance(found, (str, bytes)) else [found]
    try:
        read = tuple(float(one) for one in many if one is not None and one != "")
    except _UNREADABLE:
        return ()
    return read if all(map(math.isfinite, read)) else ()


def number(ds: Dataset, keyword: str) -> float | None:
    """The first value."""
    return next(iter(numbers(ds, keyword)), None)


def integer(ds: Dataset, keyword: str, absent: int) -> int:
    """The value; `absent` where there is none, -1 where there is one that is no count."""
    if keyword not in ds:
        return absent
    found = value(ds, keyword)
    if found is None and ds.get_item(keyword).value in (None, b"", ""):
        return absent
    read = number(ds, keyword)
    return int(read) if read is not None and read == int(read) and abs(read) < _HUGE else -1


def text(ds: Dataset, keyword: str) -> str:
    """All of it: several values, where one is right, are wrong together."""
    return "\\".join(texts(ds, keyword)).strip(" \0")


def texts(ds: Dataset, keyword: str) -> tuple[str, ...]:
    found = value(ds, keyword)
    if isinstance(found, str):
        return (found.strip(),)
    return tuple(str(one).strip() for one in found) if isinstance(found, Iterable) else ()


def items(ds: Dataset, keyword: str) -> list[Dataset]:
    found = value(ds, keyword)
    if found is None or isinstance(found, (str, bytes)) or not isinstance(found, Iterable):
        return []
    return [item for item in found if isinstance(item, Dataset)]


def group(ds: Dataset, frame: int, sequence: str) -> Dataset:
    """Where attributes of a frame stand (PS3.3 C.7.6.16): in its own group, the shared one, or the data set."""
    own = items(ds, "PerFrameFunctionalGroupsSequence")
    shared = items(ds, "SharedFunctionalGroupsSequence")
    for place in (own[frame : frame + 1], shared[:1]):
        for groups in place:
            if found := items(groups, sequence):
                return found[0]
    return ds
