"""Person names as DICOM PN (PS3.5 6.2.1.1): `FAMILY^Given^Middle^Prefix^Suffix`, groups parted by `=`."""

from __future__ import annotations

import re
import unicodedata


def components(pn: str) -> tuple[str, ...]:
    """The five components of the first non-empty group, stripped; missing ones are empty."""
    group = next((g for g in pn.split("=") if g.strip("^ ")), "")
    parts = [part.strip() for part in group.split("^")]
    return tuple((parts + [""] * 5)[:5])


def display_name(pn: str) -> str:
    """`MOUSE^Minnie` → `MOUSE, Minnie`; an empty name stays empty."""
    family, given, middle, _prefix, _suffix = components(pn)
    rest = " ".join(part for part in (given, middle) if part)
    return ", ".join(part for part in (family, rest) if part)


def from_parts(family: str, given: str = "", middle: str = "") -> str:
    """PN of what was typed; separators inside a part are replaced by a space (they would shift components)."""
    parts = [re.sub(r"[\^=\\]", " ", part).strip() for part in (family, given, middle)]
    return "^".join(parts).rstrip("^")


def comparison_key(pn: str) -> str:
    """Family and given name folded for comparison: case, accents, hyphens and spacing do not count.

    Only letters that differ make two names differ; a middle name, prefix or suffix that one side lacks does not.
    """
    family, given, *_ = components(pn)
    return f"{_fold(family)}^{_fold(given)}"


def same_name(one: str, other: str) -> bool:
    """True where both names are given and family and given name agree."""
    key = comparison_key(one)
    return key != "^" and key == comparison_key(other)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    kept = (c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[\s\-'’.]", "", "".join(kept)).casefold()
