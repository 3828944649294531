"""What an archive holds, in memory, and the matching of queries (PS3.4 C.2.2.2). No network and no disk here.

An instance is a `Holding`: its attributes as text, decoded from the file's own character set. Matching: single
value, list of UIDs, wildcards, ranges of dates and times; names regardless of case. Answers are sent in Unicode
(ISO_IR 192) where ASCII does not hold them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

from iep_desktop.dicom import query

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
_KEYWORDS: dict[str, tuple[str, ...]] = {
    "PATIENT": (
        "PatientID",
        "PatientName",
        "PatientBirthDate",
        "PatientSex",
        "IssuerOfPatientID",
        "OtherPatientIDs",
    ),
    "STUDY": (
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "StudyDescription",
        "ReferringPhysicianName",
        "InstitutionName",
    ),
    "SERIES": (
        "SeriesInstanceUID",
        "Modality",
        "SeriesNumber",
        "SeriesDescription",
        "SeriesDate",
        "SeriesTime",
        "BodyPartExamined",
        "StationName",
        "Manufacturer",
    ),
    "IMAGE": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ContentDate", "ContentTime"),
}
KEYWORDS = tuple(keyword for level in LEVELS for keyword in _KEYWORDS[level])
TAGS = [tag for tag in (tag_for_keyword(keyword) for keyword in (*KEYWORDS, "SpecificCharacterSet")) if tag]


@dataclass(frozen=True)
class Holding:
    path: Path
    transfer_syntax_uid: str
    attributes: dict[str, tuple[str, ...]]

    def first(self, keyword: str) -> str:
        values = self.attributes.get(keyword, ())
        return values[0] if values else ""

    @property
    def sop_instance_uid(self) -> str:
        return self.first("SOPInstanceUID")


def holding(path: Path, ds: Dataset, transfer_syntax_uid: str) -> Holding:
    """What is kept of a data set. Raises ValueError where it has not the UIDs that make it an instance."""
    attributes = {keyword: query.texts(ds, keyword) for keyword in KEYWORDS}
    if not all(attributes[UNIQUE[level]] for level in LEVELS[1:]):
        raise ValueError("a data set without study, series or instance UID")
    return Holding(path, transfer_syntax_uid, attributes)


class Holdings:
    """All instances of an archive; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_uid: dict[str, Holding] = {}

    def add(self, new: Holding) -> None:
        with self._lock:
            self._by_uid[new.sop_instance_uid] = new

    def __len__(self) -> int:
        return len(self._by_uid)

    def select(self, identifier: Dataset) -> list[Holding]:
        """The instances that match every key of the identifier."""
        matchers = list(_matchers(identifier))
        with self._lock:
            holdings = list(self._by_uid.values())
        return [h for h in holdings if all(matcher.fits(h) for matcher in matchers)]

    def find(self, level: str, identifier: Dataset) -> Iterator[Dataset]:
        """One answer for each patient, study, series or instance that matches."""
        entities: dict[str, list[Holding]] = {}
        for match in self.select(identifier):
            entities.setdefault(match.first(UNIQUE[level]), []).append(match)
        for members in entities.values():
            yield _answer(level, identifier, members, self._whole(level, members[0]))

    def _whole(self, level: str, member: Holding) -> list[Holding]:
        """All instances of the entity, also those that a key of a lower level excluded: they count."""
        unique = UNIQUE[level]
        with self._lock:
            return [h for h in self._by_uid.values() if h.first(unique) == member.first(unique)]


@dataclass(frozen=True)
class _Matcher:
    keyword: str
    vr: str
    values: tuple[str, ...]

    def fits(self, held: Holding) -> bool:
        mine = held.attributes.get(self.keyword)
        if mine is None:
            return True  # a key that is not supported matches everything (C.2.2.1.3)
        if self.vr == "UI":
            return bool(set(mine) & set(self.values))
        return any(self._matches(asked, value) for asked in self.values for value in mine or ("",))

    def _matches(self, asked: str, value: str) -> bool:
        if self.vr in ("DA", "TM"):
            return _in_range(asked, value, self.vr)
        if self.vr == "PN":
            groups = [value, *value.split("=")]
            return any(_wildcard(asked.rstrip("^").casefold(), g.rstrip("^").casefold()) for g in groups)
        if self.vr == "IS":
            return asked == value
        return _wildcard(asked, value)


def _matchers(identifier: Dataset) -> Iterator[_Matcher]:
    for element in identifier:
        values = query.texts(identifier, element.keyword) if element.VR != "SQ" else ()
        if element.keyword == "ModalitiesInStudy":
            if values:
                yield _Matcher("Modality", "CS", values)
        elif element.keyword in KEYWORDS and values and values != ("*",):
            yield _Matcher(element.keyword, element.VR, values)


def _wildcard(pattern: str, value: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == value
    parts = re.split(r"([*?])", pattern)
    regex = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(regex, value, re.DOTALL) is not None


def _in_range(asked: str, value: str, vr: str) -> bool:
    """C.2.2.2.5: `a-b`, `a-`, `-b`, or one value; times may be given to the hour only (10 is 10:00:00)."""
    width = 8 if vr == "DA" else 6
    value = re.sub(r"[.:]", "", value.split(".", maxsplit=1)[0] if vr == "TM" else value)
    if not value:
        return False
    first, dash, last = (re.sub(r"[.:]", "", part) for part in asked.partition("-"))
    if not dash:
        return value.startswith(first)
    fits_first = not first or value.ljust(width, "0") >= first.ljust(width, "0")
    return fits_first and (not last or value.ljust(width, "0") <= last.ljust(width, "9"))


def _answer(level: str, identifier: Dataset, members: list[Holding], whole: list[Holding]) -> Dataset:
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    supported = {keyword for upper in LEVELS[: LEVELS.index(level) + 1] for keyword in _KEYWORDS[upper]}
    computed = _computed(whole)
    asked = {element.keyword for element in identifier if element.keyword} | {UNIQUE[level]}
    for keyword in asked - {"QueryRetrieveLevel", "SpecificCharacterSet"}:
        if keyword in computed:
            setattr(ds, keyword, computed[keyword])
        elif keyword in supported:
            _set(ds, keyword, members[0].attributes[keyword])
        elif dictionary_VR(keyword) != "SQ":
            setattr(ds, keyword, None)
    if not all(str(element.value).isascii() for element in ds):
        ds.SpecificCharacterSet = "ISO_IR 192"
    return ds


def _set(ds: Dataset, keyword: str, values: tuple[str, ...]) -> None:
    setattr(ds, keyword, list(values) if len(values) > 1 else (values[0] if values else ""))


def _computed(whole: Iterable[Holding]) -> dict[str, int | list[str]]:
    """The counts of PS3.4 C.3.4 over all instances of an entity, whatever level it is of."""
    holdings = list(whole)

    def distinct(keyword: str) -> list[str]:
        return sorted({h.first(keyword) for h in holdings} - {""})

    studies, series = len(distinct("StudyInstanceUID")), len(distinct("SeriesInstanceUID"))
    return {
        "ModalitiesInStudy": distinct("Modality"),
        "SOPClassesInStudy": distinct("SOPClassUID"),
        "NumberOfPatientRelatedStudies": studies,
        "NumberOfPatientRelatedSeries": series,
        "NumberOfPatientRelatedInstances": len(holdings),
        "NumberOfStudyRelatedSeries": series,
        "NumberOfStudyRelatedInstances": len(holdings),
        "NumberOfSeriesRelatedInstances": len(holdings),
    }
