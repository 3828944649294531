"""Person names as DICOM PN (PS3.5 6.2.1.1): `FAMILY^Given^Middle^Prefix^Suffix`, groups parted by `=`."""

from __future__ import annotations

import re
import unicodedata

from iep_desktop.core.errors import InvalidInput


def components(pn: str) -> tuple[str, ...]:
    """The five components of the first non-empty group, stripped; missing ones are empty."""
    group = next((g for g in pn.split("=") if g.strip("^ ")), "")
    parts = [part.strip() for part in group.split("^")]
    return tuple((parts + [""] * 5)[:5])


def parse_name(pn: str) -> str:
    """A PN whose spacing is tidied (PS3.5 6.2: no line breaks); empty stays empty.

    Raises:
        InvalidInput: more than DICOM can hold, or a character that parts values.
    """
    name = " ".join(pn.split())
    groups = name.split("=")
    if len(groups) > 3 or any(group.count("^") > 4 for group in groups):
        raise InvalidInput("Not a DICOM name", "Expected FAMILY^Given^Middle^Prefix^Suffix.")
    if any(len(group) > 64 for group in groups):
        raise InvalidInput("Not a DICOM name", "It is longer than 64 characters.")
    if "\\" in name:
        raise InvalidInput("Not a DICOM name", "It holds a backslash.")
    return name


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
    """True where family and given name agree in the first group (alphabetic, ideographic, phonetic) that both give."""
    for mine, theirs in zip(one.split("="), other.split("="), strict=False):
        keys = comparison_key(mine), comparison_key(theirs)
        if "^" not in keys:
            return keys[0] == keys[1]
    return False


def _fold(text: str) -> str:
    """Letters, vowel signs and digits, without case and Latin accents (は and ば stay two letters)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in decomposed if not "\u0300" <= c <= "\u036f" and unicodedata.category(c)[0] in "LMN")
    return unicodedata.normalize("NFC", "".join(kept)).casefold()
