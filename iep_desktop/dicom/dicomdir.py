"""The directory of a medium, DICOMDIR (PS3.3 F, PS3.10 8), as a list of the instances that it names.

Owns the walk over the directory records, one after the other as they lie in the file, and what hangs below what. The
offsets are believed where they fit together; else the order of the records tells. Must not look at the files named:
the directory is a hint, the files are the truth.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from iep_desktop.core.medium import MediumInstance, MediumPatient, MediumSeries, MediumStudy
from iep_desktop.dicom.charsets import CHARSET
from iep_desktop.dicom.elements import ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, Syntax
from iep_desktop.dicom.file_start import read_start
from iep_desktop.dicom.medium_facts import (
    INSTANCE_NUMBER,
    PATIENT_ID,
    PATIENT_NAME,
    SERIES_UID,
    STUDY_UID,
    WANTED,
    Facts,
    Placed,
    code,
    guessed,
    number,
)
from iep_desktop.dicom.skim import Damaged, Values, skim, tags

LONGEST = 1 << 28  # bytes; a directory of a million images is shorter
_FILE_SET_ID, _RECORDS = 0x00041130, 0x00041220
_NEXT, _IN_USE, _LOWER, _TYPE = 0x00041400, 0x00041410, 0x00041420, 0x00041430
_FILE_ID, _FILE_CLASS, _FILE_INSTANCE, _FILE_SYNTAX = 0x00041500, 0x00041510, 0x00041511, 0x00041512
_OF_RECORD = [
    *WANTED,
    *tags(_NEXT, _IN_USE, _LOWER, _TYPE, _FILE_ID, _FILE_CLASS, _FILE_INSTANCE, _FILE_SYNTAX),
]
_OF_ROOT = tags(CHARSET, _FILE_SET_ID)
_LEVELS = {"PATIENT": 0, "STUDY": 1, "SERIES": 2}
_ANYWHERE = {"PRIVATE", "HANGING PROTOCOL", "PALETTE", "IMPLANT", "IMPLANT ASSY", "IMPLANT GROUP", "MRDR"}
_IMAGE_LEVEL = 3
_PLACING = (PATIENT_ID, PATIENT_NAME, STUDY_UID, SERIES_UID)
_DEEPEST = 8  # records above a record; more is a circle

_Place = tuple[MediumPatient, MediumStudy, MediumSeries]


@dataclass(frozen=True, slots=True)
class Record:
    """A directory record. `offset` is that of its item in the file, which others refer to.

    `level` is that in the hierarchy which PS3.3 F.4 gives to known types; None for what may stand anywhere.
    """

    offset: int
    type: str
    level: int | None
    next: int
    lower: int
    in_use: bool
    values: Values

    @property
    def names_a_file(self) -> bool:
        return bool(self.values.get(_FILE_ID))


@dataclass(frozen=True, slots=True)
class Listed:
    """An instance as the directory lists it; the path in `placed` is what it says, not yet a file that is there."""

    file_id: tuple[str, ...]
    placed: Placed
    in_use: bool
    is_instance: bool  # private records may name files of any kind


class Directory:
    """Reads one DICOMDIR. Iterate `records` once; `listed` tells what those read so far mean."""

    def __init__(self, data: bytes) -> None:
        """Raises `Damaged` or `NotDicom` where it has no beginning."""
        self._fp = BytesIO(data)
        self._data = data
        start = read_start(self._fp)
        self._syntax = start.syntax
        self._facts = Facts()
        self._root = skim(self._fp, self._syntax, _OF_ROOT, lambda tag, vr, length: tag >= _RECORDS)
        self._records: list[Record] = []
        self._places: dict[int, _Place] = {}

    @property
    def file_set_id(self) -> str:
        return code(self._root, _FILE_SET_ID)

    @property
    def syntax(self) -> Syntax:
        return self._syntax

    def records(self) -> Iterator[Record]:
        """One after the other. A record that is damaged is left out, and told at the end.

        Raises:
            Damaged: not all of the directory could be read.
        """
        damage: Damaged | None = None
        position, end = self._sequence()
        while end is None or position < end:
            tag, length = self._item(position)
            if end is None and tag == SEQUENCE_END:
                break
            if tag != ITEM:
                raise Damaged("not a directory record")
            try:
                record, position_after = self._record(position, length, end)
            except Damaged as error:
                if length == UNDEFINED:
                    raise
                damage, position = error, position + 8 + length
                continue
            self._records.append(record)
            yield record
            position = position_after
        if damage:
            raise damage

    def listed(self) -> list[Listed]:
        """The instances that the records read so far name, in their order."""
        above = _above(self._records)
        self._places = {}
        return [self._placed(record, above) for record in self._records if record.names_a_file]

    def _sequence(self) -> tuple[int, int | None]:
        """Where the first record begins and where the last one ends; None where only a delimiter tells."""
        start = self._fp.tell()
        long = "<HHL" if self._syntax.little else ">HHL"
        group, element, length = self._unpack(long, start)
        size = 8
        if not self._syntax.implicit:
            (length,) = self._unpack(long[0] + "L", start + 8)
            size = 12
        if (group, element) != (0x0004, 0x1220):
            raise Damaged("no directory records")
        return start + size, None if length == UNDEFINED else start + size + length

    def _item(self, position: int) -> tuple[int, int]:
        group, element, length = self._unpack("<HHL" if self._syntax.little else ">HHL", position)
        return group << 16 | element, length

    def _unpack(self, layout: str, position: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(layout, self._data, position)
        except struct.error as error:
            raise Damaged("the directory ends early") from error

    def _record(self, position: int, length: int, limit: int | None) -> tuple[Record, int]:
        body = position + 8
        if length == UNDEFINED:
            self._fp.seek(body)
            values = skim(self._fp, self._syntax, _OF_RECORD)
            end = self._fp.tell()
            if self._item(end - 8)[0] != ITEM_END:
                raise Damaged("a record does not end")
        else:
            end = min(
                body + length, limit or UNDEFINED
            )  # some writers' last record is longer than the sequence
            if end > len(self._data):
                raise Damaged("the directory ends early")
            values = skim(BytesIO(self._data[body:end]), self._syntax, _OF_RECORD)
        return _record(position, values, self._syntax), end

    def _placed(self, record: Record, above: dict[int, Record]) -> Listed:
        file_id = _file_id(record)
        instance = MediumInstance(
            sop_instance_uid=code(record.values, _FILE_INSTANCE),
            sop_class_uid=code(record.values, _FILE_CLASS),
            transfer_syntax_uid=code(record.values, _FILE_SYNTAX),
            path="/".join(file_id),
            number=number(record.values, INSTANCE_NUMBER),
        )
        is_instance = record.type != "PRIVATE" or bool(instance.sop_instance_uid)
        return Listed(file_id, Placed(*self._place(record, above), instance), record.in_use, is_instance)

    def _place(self, record: Record, above: dict[int, Record]) -> _Place:
        """What the record and those above it say; the images of one series have theirs in common."""
        upper = above.get(record.offset)
        if upper is None or any(tag in record.values for tag in _PLACING):
            return self._place_of(_chain(record, above))
        if upper.offset not in self._places:
            self._places[upper.offset] = self._place_of(_chain(upper, above))
        return self._places[upper.offset]

    def _place_of(self, chain: list[Record]) -> _Place:
        charset = next((r.values[CHARSET] for r in chain if CHARSET in r.values), self._root.get(CHARSET))

        def nearest(*needed: int) -> Values:
            """The values of the nearest record that has one of `needed`, with the character set that holds there."""
            values = next((r.values for r in chain if any(tag in r.values for tag in needed)), {})
            return values if CHARSET in values or charset is None else {**values, CHARSET: charset}

        return (
            self._facts.patient(nearest(PATIENT_ID, PATIENT_NAME), self._syntax),
            self._facts.study(nearest(STUDY_UID), self._syntax),
            self._facts.series(nearest(SERIES_UID), self._syntax),
        )


def _record(offset: int, values: Values, syntax: Syntax) -> Record:
    def integer(tag: int) -> int:
        value = values.get(tag)
        return int.from_bytes(value, "little" if syntax.little else "big") if isinstance(value, bytes) else 0

    in_use = _IN_USE not in values or integer(_IN_USE) != 0
    kind = code(values, _TYPE)
    anywhere = kind in _ANYWHERE or (kind not in _LEVELS and not values.get(_FILE_ID))
    level = None if anywhere else _LEVELS.get(kind, _IMAGE_LEVEL)
    return Record(offset, kind, level, integer(_NEXT), integer(_LOWER), in_use, values)


def _file_id(record: Record) -> tuple[str, ...]:
    value = record.values.get(_FILE_ID)
    return tuple(guessed(value).strip(" \0").split("\\")) if isinstance(value, bytes) else ()


def _above(records: Sequence[Record]) -> dict[int, Record]:
    """For each record's offset, the record above it."""
    by_order, above = _by_order(records), _by_offsets(records)
    for record in records:
        if record.offset not in above and record.level and record.offset in by_order:
            above[record.offset] = by_order[record.offset]
    return above


def _by_offsets(records: Sequence[Record]) -> dict[int, Record]:
    """As the offsets say (PS3.3 F.3.2.2); empty where any of them is nonsense, since then all are in doubt."""
    at = {record.offset: record for record in records}
    above: dict[int, Record] = {}
    for upper in records:
        offset = upper.lower
        while offset:
            record = at.get(offset)
            if record is None or offset in above or not _may_hang_below(record, upper):
                return {}
            above[offset] = upper
            offset = record.next
    return above


def _may_hang_below(lower: Record, upper: Record) -> bool:
    return lower.level is None or upper.level is None or lower.level > upper.level


def _by_order(records: Sequence[Record]) -> dict[int, Record]:
    """As nearly every writer lays them out: each record below the last one before it of a higher level."""
    above: dict[int, Record] = {}
    path: list[Record] = []
    for record in records:
        level = record.level
        if level is None:
            if PATIENT_ID in record.values or PATIENT_NAME in record.values:
                path = [record]  # a patient by whatever type
            continue
        path = [upper for upper in path if (upper.level or 0) < level]
        if path:
            above[record.offset] = path[-1]
        if level < _IMAGE_LEVEL:
            path.append(record)
    return above


def _chain(record: Record, above: dict[int, Record]) -> list[Record]:
    """The record and those above it."""
    chain = [record]
    while len(chain) < _DEEPEST and chain[-1].offset in above:
        chain.append(above[chain[-1].offset])
    return chain
