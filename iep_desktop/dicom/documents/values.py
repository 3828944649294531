"""Attributes as words for a person: names, dates, codes, measurements. What cannot be read is empty.

Must not know which document they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.uid import UID

from iep_desktop.core.names import display_name
from iep_desktop.dicom.render.attributes import items, value

LONGEST = 100_000  # characters of a text that is shown

_DAY = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})?")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def words(ds: Dataset, keyword: str) -> str:
    """The value as it is, several with commas; without control characters but line breaks."""
    found = value(ds, keyword)
    if found is None:
        return ""
    several = isinstance(found, Iterable) and not isinstance(found, (str, bytes)) and _is_list(found)
    text = ", ".join(map(str, found)) if several else str(found)
    return clean(text)


def _is_list(found: object) -> bool:
    return type(found).__name__ != "PersonName"  # it would give its letters


def clean(text: str) -> str:
    """Line breaks of one kind, no other control characters, no padding, and not endless."""
    plain = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + "…"


def name(ds: Dataset, keyword: str) -> str:
    """`MOUSE, Minnie`; with ideographic and phonetic groups behind, where there are any."""
    groups = [display_name(group) for group in words(ds, keyword).split("=")]
    return " / ".join(group for group in groups if group)


def day(text: str) -> str:
    """DA as DD/MM/YYYY; what is none stays as it is."""
    match = _DAY.match(text)
    return "/".join(reversed(match.groups())) if match else text


def time(text: str) -> str:
    """TM as HH:MM, with seconds where they are given."""
    match = _TIME.match(text)
    return ":".join(part for part in match.groups() if part) if match else text


def moment(text: str) -> str:
    """DT as DD/MM/YYYY HH:MM:SS."""
    return f"{day(text[:8])} {time(text[8:14])}".strip() if len(text) >= 8 else text


def day_and_time(ds: Dataset, prefix: str) -> str:
    """Of a pair such as ContentDate and ContentTime."""
    return f"{day(words(ds, prefix + 'Date'))} {time(words(ds, prefix + 'Time'))}".strip()


def meaning(item: Dataset) -> str:
    """A coded entry (PS3.3 8.8): its meaning, else its value and scheme."""
    said = words(item, "CodeMeaning")
    code = next(filter(None, (words(item, k) for k in ("CodeValue", "LongCodeValue", "URNCodeValue"))), "")
    return said or f"{code} {words(item, 'CodingSchemeDesignator')}".strip()


def coded(ds: Dataset, sequence: str) -> str:
    """The meanings of a code sequence."""
    return ", ".join(filter(None, map(meaning, items(ds, sequence))))


def unit(ds: Dataset, sequence: str) -> str:
    """A UCUM unit as it is written (`mm`, `cm2`); one in braces, and any other scheme, by its meaning."""
    for item in items(ds, sequence):
        code = words(item, "CodeValue")
        if words(item, "CodingSchemeDesignator") != "UCUM" or "{" in code or not code:
            return meaning(item)
        return "" if code == "1" else code
    return ""


def class_name(uid: str) -> str:
    """`CT Image` of a SOP Class UID; the UID itself where it is not known."""
    return UID(uid).name.removesuffix(" Storage") if uid else ""
