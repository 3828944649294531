"""How worklists and lists find by typed text: what is kept is folded, what is typed is folded the same way.

A typed word of three letters or more is found anywhere, a shorter one where a word begins: nobody means the `li` in
the middle of Ballinger. SQLite finds transactions in `found`, an index of every three letters in a row (FTS5, trigram),
which answers exactly what `matches` answers; two spaces before each word make the index know how words begin.
A database server indexes `ends.search` itself.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, func, literal, select, table, text, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import normalise_hospital_number, parse_hospital_number
from iep_desktop.core.model import Patient
from iep_desktop.core.names import components

_NUMBER = re.compile(r"(rwe)?s?\d+")

LETTERS = 3
"""A shorter word is found at the beginning of words only: anywhere it would be in nearly every row."""


def fold(text: str) -> str:
    """Without case, accents, hyphens and apostrophes; words parted by one space."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\0", ""))
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\-'’.]", "", kept.replace("^", " ").replace(",", " ")).casefold().split())


def folded_name(patient: Patient) -> str:
    """Family name first, to sort by."""
    return fold(" ".join(components(patient.name)))


def digits(nhs_no: str) -> str:
    """An NHS number as it is kept; what is none stays findable."""
    return re.sub(r"[\s\-]", "", nhs_no)


def hospital_number(patient: Patient) -> str:
    return normalise_hospital_number(patient.hospital_no)


def haystack(number: str, patient: Patient) -> str:
    """All that finds a transaction: its number, the patient's identifiers and name."""
    parts = (number, _as_rwes(patient.hospital_no), digits(patient.nhs_no))
    return " ".join([*(fold(part).replace(" ", "") for part in parts if part), folded_name(patient)])


def matches(column: InstrumentedAttribute[str], typed: str) -> ColumnElement[bool]:
    """Every typed word is in the column, a short one at the beginning of a word; a number in groups is one word."""
    begun = literal(" ") + column
    return and_(
        true(),
        *(
            begun.contains(f" {word}", autoescape=True)
            if len(word) < LETTERS
            else column.contains(word, autoescape=True)
            for word in words(typed)
        ),
    )


def words(typed: str) -> list[str]:
    folded = fold(typed)
    compact = folded.replace(" ", "")
    return [compact] if _NUMBER.fullmatch(compact) else folded.split()


# -- the index of SQLite

_FOUND = table("found", column("rowid"), column("found"))
_KEEP = text("INSERT INTO found(rowid, words, hospitals) VALUES (:id, :words, :hospitals)")
_FORGET = text("INSERT INTO found(found, rowid, words, hospitals) VALUES ('delete', :id, :words, :hospitals)")


def index(session: Session, id: int, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """A transaction is found by other words from now on; they are given by hospital, none where it is new.

    The index holds the words of both ends together: whose they are must be looked at where an end is found.
    """
    if before == after or not is_indexed(session):
        return
    if before:  # the index keeps no text: it forgets what it is told
        session.execute(_FORGET, {"id": id, **_entry(before)})
    session.execute(_KEEP, {"id": id, **_entry(after)})


def _entry(ends: Mapping[str, str]) -> dict[str, str]:
    """Every word begins with three letters that no other place in a word has."""
    hospitals = sorted(ends)
    words = ends[hospitals[0]].split()
    words += [word for ods in hospitals[1:] for word in ends[ods].split() if word not in words]
    return {
        "words": "".join(f"  {word}" for word in words),
        "hospitals": " ".join(_mark(ods) for ods in hospitals),
    }


def indexed(session: Session, hospital: str, typed: str) -> Iterator[Select[int]]:
    """The ids of all transactions that hold every word, then of the hospital's, which takes twice the time.

    Nothing where there is no index of ours.
    """
    if is_indexed(session):
        phrases = [f"words : {_quoted(word.rjust(LETTERS))}" for word in words(typed)]
        for asked in (phrases, [*phrases, f"hospitals : {_quoted(_mark(hospital))}"]):
            yield select(_FOUND.c.rowid).where(_FOUND.c.found.op("MATCH")(" AND ".join(asked)))


def in_order(hits: Select[int], descending: bool) -> Select[int]:
    """Of their making, which the index knows without reading one of them."""
    return hits.order_by(_FOUND.c.rowid.desc() if descending else _FOUND.c.rowid.asc())


def listed(session: Session, ids: Sequence[int]) -> Sequence[int] | Select[Any]:
    """Many ids for an IN; thousands of parameters would take longer than the answer."""
    if not is_indexed(session):
        return ids
    return select(func.json_each(json.dumps(list(ids))).table_valued("value").c.value)


def indexed_ids(session: Session) -> set[int] | None:
    """Every transaction that the index knows; None where there is no index of ours."""
    return set(session.scalars(text("SELECT id FROM found_docsize"))) if is_indexed(session) else None


def is_indexed(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _mark(hospital: str) -> str:
    """A word of the index for each hospital, none within another. The usual code of three is one entry: quick."""
    return hospital if re.fullmatch(r"[A-Za-z0-9]{3}", hospital) else f"|{'~'.join(hospital)}|"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _as_rwes(number: str) -> str:
    """R-ID-3: holds the S number too, so either way of typing finds it."""
    try:
        return parse_hospital_number(number).rwes_number
    except InvalidInput:
        return number
