"""Structured reports and key object selections as lines to read (PS3.3 A.35, C.17).

Owns the content tree: every value type, with what it hangs on. Lays nothing out, resolves no reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom.dataset import Dataset

from iep_desktop.core.documents import Facts, Report, ReportLine
from iep_desktop.dicom.documents.values import (
    class_name,
    coded,
    day,
    day_and_time,
    moment,
    name,
    time,
    unit,
    words,
)
from iep_desktop.dicom.render.attributes import items, numbers

MOST_LINES = 20_000
DEEPEST = 48  # containers in containers; more is an attack, not a report
_POINTS = 6  # coordinates that are written out

_RELATIONS = {  # PS3.3 table C.17.3.2.4; CONTAINS, PROPERTIES and ACQ CONTEXT are what indentation says
    "HAS CONCEPT MOD": "modifier",
    "HAS OBS CONTEXT": "context",
    "INFERRED FROM": "inferred from",
    "SELECTED FROM": "selected from",
}


class _TooLong(Exception):
    """More lines than anybody reads."""


def report(ds: Dataset, kind: str) -> Report:
    """The document; `kind` is its title where it gives none itself."""
    lines: list[ReportLine] = []
    remarks: tuple[str, ...] = ()
    try:
        for line in _children(ds, 0):
            lines.append(line)
            if len(lines) >= MOST_LINES:
                raise _TooLong
    except _TooLong:
        remarks = ("The report is longer than can be shown; the rest is left out.",)
    if not lines:
        remarks = ("The report has no content.",)
    return Report(coded(ds, "ConceptNameCodeSequence") or kind, facts(ds), tuple(lines), remarks)


def facts(ds: Dataset) -> Facts:
    """Who wrote it, when, and whether it is finished and verified."""
    found = [
        ("Patient", name(ds, "PatientName")),
        ("Written", day_and_time(ds, "Content")),
        ("Institution", words(ds, "InstitutionName")),
        ("Author", "; ".join(_observer(item) for item in items(ds, "AuthorObserverSequence"))),
        ("State", _state(ds)),
        *(("Verified by", _verifier(item)) for item in items(ds, "VerifyingObserverSequence")),
    ]
    return tuple((label, value) for label, value in found if value)


def _state(ds: Dataset) -> str:
    flags = (words(ds, "CompletionFlag"), words(ds, "VerificationFlag"), words(ds, "PreliminaryFlag"))
    return ", ".join(flag.lower() for flag in flags if flag)


def _observer(item: Dataset) -> str:
    return name(item, "PersonName") or words(item, "StationName") or words(item, "Manufacturer")


def _verifier(item: Dataset) -> str:
    parts = (
        name(item, "VerifyingObserverName"),
        words(item, "VerifyingOrganization"),
        moment(words(item, "VerificationDateTime")),
    )
    return ", ".join(part for part in parts if part)


def _children(parent: Dataset, depth: int) -> Iterator[ReportLine]:
    if depth > DEEPEST:
        raise _TooLong
    for item in items(parent, "ContentSequence"):
        yield _line(item, depth)
        yield from _children(item, depth + 1)


def _line(item: Dataset, depth: int) -> ReportLine:
    kind = words(item, "ValueType")
    relation = _RELATIONS.get(words(item, "RelationshipType"), "")
    concept = coded(item, "ConceptNameCodeSequence")
    if kind == "CONTAINER":
        return ReportLine(depth, concept or "Section", heading=True, relation=relation)
    return ReportLine(depth, concept or _UNNAMED.get(kind, ""), _value(item, kind), relation=relation)


_UNNAMED = {"IMAGE": "Image", "WAVEFORM": "Waveform", "COMPOSITE": "Document", "SCOORD": "Region"}


def _value(item: Dataset, kind: str) -> str:
    """By Value Type (0040,A040), PS3.3 table C.17.3.2.1."""
    read = _VALUES.get(kind)
    return read(item) if read else f"({kind.lower()}: this kind of content is not known)"


def _by_reference(item: Dataset) -> str:
    place = numbers(item, "ReferencedContentItemIdentifier")
    return f"see item {'.'.join(f'{n:g}' for n in place)}" if place else "(empty item)"


def _measured(item: Dataset) -> str:
    """`12.5 mm (qualifier)`; several values where there are."""
    values = [
        f"{words(one, 'NumericValue') or '?'} {unit(one, 'MeasurementUnitsCodeSequence')}".strip()
        for one in items(item, "MeasuredValueSequence")
    ]
    qualifier = coded(item, "NumericValueQualifierCodeSequence")
    said = ", ".join(values) or "no value"
    return f"{said} ({qualifier})" if qualifier else said


def referenced(one: Dataset) -> str:
    """A SOP Instance that is referred to, with its frames, segments or channels."""
    said = (
        f"{class_name(words(one, 'ReferencedSOPClassUID'))} {words(one, 'ReferencedSOPInstanceUID')}".strip()
    )
    for keyword, what in (
        ("ReferencedFrameNumber", "frame"),
        ("ReferencedSegmentNumber", "segment"),
        ("ReferencedWaveformChannels", "channel"),
    ):
        if which := words(one, keyword):
            said += f", {what} {which}"
    return said


def _region(item: Dataset, dimensions: int) -> str:
    data = numbers(item, "GraphicData")
    points = [data[at : at + dimensions] for at in range(0, len(data) - dimensions + 1, dimensions)]
    shown = " ".join(f"({', '.join(f'{x:g}' for x in point)})" for point in points[:_POINTS])
    more = " …" if len(points) > _POINTS else ""
    return f"{words(item, 'GraphicType').lower()} {shown}{more}".strip()


def _moments(item: Dataset) -> str:
    kinds = (
        ("ReferencedSamplePositions", "samples"),
        ("ReferencedTimeOffsets", "seconds"),
        ("ReferencedDateTime", "at"),
    )
    said = next((f"{what} {words(item, key)}" for key, what in kinds if words(item, key)), "")
    return f"{words(item, 'TemporalRangeType').lower()} {said}".strip()


def _references(item: Dataset) -> str:
    return "; ".join(referenced(one) for one in items(item, "ReferencedSOPSequence"))


_VALUES: dict[str, Callable[[Dataset], str]] = {
    "TEXT": lambda item: words(item, "TextValue"),
    "NUM": _measured,
    "CODE": lambda item: coded(item, "ConceptCodeSequence"),
    "DATE": lambda item: day(words(item, "Date")),
    "TIME": lambda item: time(words(item, "Time")),
    "DATETIME": lambda item: moment(words(item, "DateTime")),
    "PNAME": lambda item: name(item, "PersonName"),
    "UIDREF": lambda item: words(item, "UID"),
    "IMAGE": _references,
    "WAVEFORM": _references,
    "COMPOSITE": _references,
    "SCOORD": lambda item: _region(item, 2),
    "SCOORD3D": lambda item: _region(item, 3),
    "TCOORD": _moments,
    "": _by_reference,
}
