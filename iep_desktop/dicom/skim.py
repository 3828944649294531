"""Reads the few data elements that are asked for out of bytes of unknown quality, with pydicom's parser.

Owns the call into the parser and the translation of all that it raises on bytes that are no data elements. Must not
know what an element means; nothing here writes. Lengths are checked against what is there: a value that ends after
the end is damage, never a shorter value.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.values import convert_SQ

from iep_desktop.dicom.elements import Syntax

# What is odd about a foreign file is a finding of ours; pydicom says it to the terminal as well.
warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")

Values = dict[int, "bytes | Sequence"]
Stop = Callable[[BaseTag, "str | None", int], bool]

LONGEST = 1 << 16  # bytes of a value that anybody here asks for; longer ones are passed over
EXPLICIT = Syntax(implicit=False)

# All that pydicom has been seen to raise on arbitrary bytes (not OSError: that is the drive).
_PARSER_ERRORS = (
    ValueError, LookupError, EOFError, struct.error, AttributeError, TypeError, RuntimeError, ArithmeticError,
    MemoryError, AssertionError,
)  # fmt: skip

_IN_MEMORY_ERRORS = (*_PARSER_ERRORS, OSError)


class Damaged(Exception):
    """The bytes are not whole data elements."""


def tags(*numbers: int) -> list[BaseTag | int]:
    return list(numbers)  # not BaseTag: its comparisons take half of the parser's time


def skim(fp: BinaryIO, syntax: Syntax, wanted: list[BaseTag | int], stop: Stop | None = None) -> Values:
    """The values of the `wanted` tags from where `fp` stands; it is left where the parser stopped.

    Raises:
        Damaged: what is there cannot be parsed, or a value is shorter than it says.
        OSError: the drive cannot read it.
    """
    values: Values = {}
    try:
        elements = data_element_generator(
            fp, syntax.implicit, syntax.little, stop_when=stop, defer_size=LONGEST, specific_tags=wanted
        )
        for e in elements:
            if isinstance(e, RawDataElement):
                _keep(values, e)
            else:
                values[int(e.tag)] = e.value
    except _PARSER_ERRORS as error:
        raise Damaged("its data elements cannot be read") from error
    except OSError as error:
        if error.errno is None:  # pydicom's own, for a sequence that is none
            raise Damaged("its data elements cannot be read") from error
        raise
    return values


def _keep(values: Values, e: RawDataElement) -> None:
    value = e.value
    if isinstance(value, bytes):
        if e.length != 0xFFFFFFFF and len(value) != e.length:
            raise Damaged("it is cut short")
        values[int(e.tag)] = value


def items(value: bytes | Sequence, syntax: Syntax) -> Iterator[Dataset]:
    """The items of a sequence; none where its bytes are not one."""
    try:
        yield from convert_SQ(value, syntax.implicit, syntax.little) if isinstance(value, bytes) else value
    except _IN_MEMORY_ERRORS:
        return


def item_text(ds: Dataset, keyword: str) -> str:
    """A code or identifier in an item, as text; empty where absent or not readable."""
    try:
        return str(ds.get(keyword) or "").strip(" \0")
    except _IN_MEMORY_ERRORS:
        return ""


def item_items(ds: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence in an item; none where absent or not readable."""
    try:
        return list(ds.get(keyword) or ())
    except _IN_MEMORY_ERRORS:
        return []
