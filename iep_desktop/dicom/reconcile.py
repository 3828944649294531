"""Import reconciliation (IHE IRWF.b): a foreign instance becomes one of our patient, and says what it was before.

Owns which attributes are coerced, and the trail in the file: Original Attributes, Other Patient IDs and Contributing
Equipment are appended to, never replaced. Everything else stays byte for byte: UIDs, Study Date, Institution Name,
private elements, pixel data, transfer syntax. Pixels are never decoded, and memory does not grow with the file.

Text goes into the file's own character set. Where that lacks a letter of ours, the data set is converted to ISO_IR 192
(UTF-8) without loss; the previous values keep their old bytes and name their old set. Where the file holds bytes that
its set does not explain, nothing is converted and nothing guessed: our text is transliterated (`Müller` → `Muller`).

Not done: digital signatures stay in the file but no longer verify (`CoercionNote.SIGNATURE`); text that follows the
pixel data keeps its bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from iep_desktop.dicom import disk
from iep_desktop.dicom.charsets import CHARSET, UTF_8, CannotRecode, Charset, charset_of, recoded
from iep_desktop.dicom.coercion import NOT_ALLOWED, Coerced, Coercion, CoercionNote, Importer
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.elements import Element, Syntax, appended, element, nested, sequence
from iep_desktop.dicom.part10 import SOP_CLASS, SOP_INSTANCE, Part10, opened
from iep_desktop.dicom.sendfile import SendFile, send_file

__all__ = ["CHANGED", "Coerced", "Coercion", "CoercionNote", "Importer", "coerce_file", "coerced_to_send"]

_ACCESSION, _ACCESSION_ISSUER = 0x00080050, 0x00080051
_NAME, _ID, _ID_ISSUER, _ID_TYPE, _ID_QUALIFIERS = 0x00100010, 0x00100020, 0x00100021, 0x00100022, 0x00100024
_BIRTH_DATE, _SEX, _OTHER_IDS = 0x00100030, 0x00100040, 0x00101002
_EQUIPMENT, _REQUEST = 0x0018A001, 0x00400275
_ORIGINAL, _MODIFIED = 0x04000561, 0x04000550
_REPLACED = (
    _ACCESSION,
    _ACCESSION_ISSUER,
    _NAME,
    _ID,
    _ID_ISSUER,
    _ID_QUALIFIERS,
    _BIRTH_DATE,
    _SEX,
    _REQUEST,
)
_APPENDED_TO = (_OTHER_IDS, _EQUIPMENT, _ORIGINAL)
CHANGED = frozenset((*_REPLACED, *_APPENDED_TO))
"""All that a coercion may change, unless it converts the text of a data set."""

_SIGNATURES = {0x4FFE0001, 0xFFFAFFFA}
_TYPE_2 = {
    _NAME: "PN",
    _ID: "LO",
    _BIRTH_DATE: "DA",
    _SEX: "CS",
    _ACCESSION: "SH",
}  # absent means empty (C.7.1.1)
_LENGTH_TO_END = 0x00080001
_MOST_IN_MEMORY = 4 << 20  # bytes of a head
_MOST_RECODED = 64 << 20  # bytes of one element that are held when a data set changes its character set

_BEFORE = {
    "PatientName": _NAME,
    "PatientID": _ID,
    "IssuerOfPatientID": _ID_ISSUER,
    "PatientBirthDate": _BIRTH_DATE,
    "PatientSex": _SEX,
    "AccessionNumber": _ACCESSION,
}


def coerce_file(source: Path, target: Path, coercion: Coercion) -> Coerced:
    """Write `source` to `target` as an instance of our patient; `target` appears whole or not at all.

    Raises:
        MediumUnreadable: the source is not a DICOM instance, damaged or cut short.
        Permanent: our patient's name cannot be written in this file.
        OutOfSpace, Retriable: our own disk.
    """
    with disk.own_disk(), opened(source, target.parent) as part10:
        old = charset_of(_value(part10.head, CHARSET))
        before = {name: _shown(part10.head, tag, old) for name, tag in _BEFORE.items()}
        new, notes = _reconciled(part10, coercion)
        with disk.replacing(target) as out:
            part10.write(out, new)
        signed = not _SIGNATURES.isdisjoint(part10.tail_tags.union(e.tag for e in part10.head))
        notes += (CoercionNote.SIGNATURE,) * signed
        return Coerced(
            part10.text(SOP_CLASS), part10.text(SOP_INSTANCE), part10.transfer_syntax, before, notes
        )


def coerced_to_send(source: Path, target: Path, coercion: Coercion) -> SendFile:
    """The same, to be sent without a second file: the new head in memory, and the rest of `source` behind it.

    A deflated data set, or one with a head of many megabytes, becomes the file `target` after all. Raises as
    `coerce_file`.
    """
    with disk.own_disk(), opened(source, target.parent) as part10:
        new, _ = _reconciled(part10, coercion)
        pair = Pair(part10.text(SOP_CLASS), part10.transfer_syntax)
        if not part10.inflated and sum(e.length for e in new) <= _MOST_IN_MEMORY:
            front, nothing = part10.front(new), b"" if part10.tail == part10.end else None
            if (
                len(front) % 2 == (part10.end - part10.tail) % 2 == 0
            ):  # what is odd gets its last byte in a file
                return SendFile(source, pair, part10.text(SOP_INSTANCE), part10.tail, front, nothing)
        with disk.replacing(target) as out:
            part10.write(out, new)
    return send_file(target)


def _reconciled(part10: Part10, coercion: Coercion) -> tuple[list[Element], tuple[CoercionNote, ...]]:
    """The new head, and what is to be told of its text."""
    old = charset_of(_value(part10.head, CHARSET))
    head, coercion, charset, notes = _in_one_charset(part10, coercion, old)
    return _coerced(part10, head, coercion, _Encoder(part10.syntax, charset)), notes


@dataclass(frozen=True)
class _Encoder:
    """Makes elements in the encoding and the character set of the file at hand."""

    syntax: Syntax
    charset: Charset

    def text(self, tag: int, vr: str, value: str) -> Element:
        return element(self.syntax, tag, vr, self.charset.encode(value))

    def label(self, tag: int, vr: str, value: str) -> Element:
        """Text that only informs: made to fit."""
        return self.text(tag, vr, NOT_ALLOWED.sub(" ", value).strip()[:64].rstrip())

    def sequence(self, tag: int, *content: Element) -> Element:
        return sequence(self.syntax, tag, content)

    def code(self, tag: int, value: str, scheme: str, meaning: str) -> Element:
        return self.sequence(
            tag,
            self.text(0x00080100, "SH", value),
            self.text(0x00080102, "SH", scheme),
            self.label(0x00080104, "LO", meaning),
        )


def _in_one_charset(
    part10: Part10, coercion: Coercion, charset: Charset
) -> tuple[list[Element], Coercion, Charset, tuple[CoercionNote, ...]]:
    """Head, coercion and character set that go together without loss."""
    if coercion.fits(charset):
        return list(part10.head), coercion, charset, ()
    try:
        head = recoded(part10.head_held(_MOST_RECODED), part10.syntax, charset)
    except CannotRecode:
        return list(part10.head), coercion.in_ascii(), charset_of(b""), (CoercionNote.TRANSLITERATED,)
    return head, coercion, charset_of(UTF_8.encode()), (CoercionNote.CONVERTED,)


def _coerced(part10: Part10, head: list[Element], coercion: Coercion, encoder: _Encoder) -> list[Element]:
    """The new head: replaced attributes, then the three sequences that tell of it."""
    replaced = _replacements(coercion, encoder)
    removed = set(replaced) | {_ID_QUALIFIERS} | ({_ID_ISSUER} if not coercion.issuer else set())
    result = {e.tag: e for e in head if e.tag in _APPENDED_TO}
    former = _former_id(head, coercion, encoder)
    for tag, content in (
        (_OTHER_IDS, former),
        (_EQUIPMENT, _equipment(coercion, encoder)),
        (_ORIGINAL, _original(part10.head, removed | _changed(part10.head, head), coercion, encoder)),
    ):
        if content:
            result[tag] = appended(part10.syntax, tag, result.get(tag), content)
    touched = {tag >> 16 for tag in (*replaced, *result)}
    assert CHANGED.issuperset((*removed, *result))
    kept = [e for e in head if e.tag not in removed and e.tag not in result and not _is_length(e, touched)]
    return [*kept, *replaced.values(), *result.values()]


@functools.lru_cache(maxsize=64)  # the same in image after image
def _replacements(coercion: Coercion, encoder: _Encoder) -> Mapping[int, Element]:
    """The coerced attributes (IHE IRWF.b); what we do not know is not here."""
    patient = coercion.patient
    new = [encoder.text(_NAME, "PN", patient.name), encoder.text(_ID, "LO", patient.hospital_no)]
    if coercion.issuer:
        new.append(encoder.text(_ID_ISSUER, "LO", coercion.issuer))
    if patient.birth_date:
        new.append(encoder.text(_BIRTH_DATE, "DA", patient.birth_date.isoformat().replace("-", "")))
    if patient.sex:
        new.append(encoder.text(_SEX, "CS", patient.sex))
    if coercion.accession:
        new.append(encoder.text(_ACCESSION, "SH", coercion.accession))
        new.append(_accession_issuer(coercion, encoder))
    if coercion.exam_code or coercion.exam_description:
        new.append(encoder.sequence(_REQUEST, *_request(coercion, encoder)))
    return MappingProxyType({e.tag: e for e in new})


def _accession_issuer(coercion: Coercion, encoder: _Encoder) -> Element:
    """Issuer of Accession Number Sequence; empty where the issuer is not known, for the old one would be wrong."""
    if not coercion.accession_issuer:
        return sequence(encoder.syntax, _ACCESSION_ISSUER)
    return encoder.sequence(_ACCESSION_ISSUER, encoder.text(0x00400031, "UT", coercion.accession_issuer))


def _request(coercion: Coercion, encoder: _Encoder) -> list[Element]:
    """Request Attributes (PS3.3 10.6) of the exam in our RIS."""
    content = []
    if coercion.accession:
        content += [
            encoder.text(_ACCESSION, "SH", coercion.accession),
            _accession_issuer(coercion, encoder),
        ]
    content.append(encoder.label(0x00321060, "LO", coercion.exam_description or coercion.exam_code))
    if coercion.exam_code:
        meaning = coercion.exam_description or coercion.exam_code
        content.append(encoder.code(0x00321064, coercion.exam_code, coercion.exam_code_scheme, meaning))
    if coercion.accession:  # our RIS has one procedure to an accession number
        content.append(encoder.text(0x00401001, "SH", coercion.accession))
    return content


def _former_id(head: list[Element], coercion: Coercion, encoder: _Encoder) -> list[Element]:
    """The item of Other Patient IDs Sequence for the number that the patient had; none where it is ours."""
    number, issuer = (_value(head, tag).strip(b" \0") for tag in (_ID, _ID_ISSUER))
    same = number == encoder.charset.encode(coercion.patient.hospital_no)
    if not number or (same and issuer == encoder.charset.encode(coercion.issuer)):
        return []
    content = [element(encoder.syntax, _ID, "LO", number)]
    if issuer:
        content.append(element(encoder.syntax, _ID_ISSUER, "LO", issuer))
    content.append(encoder.text(_ID_TYPE, "CS", "TEXT"))
    return content + [nested(e, encoder.syntax) for e in head if e.tag == _ID_QUALIFIERS]


@functools.lru_cache(maxsize=64)
def _equipment(coercion: Coercion, encoder: _Encoder) -> tuple[Element, ...]:
    """Contributing Equipment with the purpose (MEDIM, DCM), PS3.16 CID 7005."""
    importer = coercion.importer
    content = [encoder.label(0x00080070, "LO", importer.manufacturer)]
    optional = (
        (0x00080080, "LO", importer.institution),
        (0x00081010, "SH", importer.station[:16]),
        (0x00081090, "LO", importer.model),
        (0x00181020, "LO", importer.version),
    )
    content += [encoder.label(tag, vr, value) for tag, vr, value in optional if value]
    content.append(encoder.text(0x0018A002, "DT", _datetime(coercion.when)))
    content.append(encoder.text(0x0018A003, "ST", "Imported from portable media, patient reconciled"))
    content.append(encoder.code(0x0040A170, "MEDIM", "DCM", "Portable Media Importer Equipment"))
    return tuple(content)


def _original(
    old: tuple[Element, ...], tags: set[int], coercion: Coercion, encoder: _Encoder
) -> list[Element]:
    """The item of Original Attributes: the values as they stood, byte for byte, in the character set they had."""
    previous = {e.tag: nested(e, encoder.syntax) for e in old if e.tag in tags}
    for tag, vr in _TYPE_2.items():
        if tag in tags:
            previous.setdefault(tag, element(encoder.syntax, tag, vr, b""))
    return [
        encoder.sequence(_MODIFIED, *(previous[tag] for tag in sorted(previous))),
        encoder.text(0x04000562, "DT", _datetime(coercion.when)),
        encoder.label(0x04000563, "LO", coercion.modifying_system),
        encoder.label(0x04000564, "LO", coercion.source_of_previous_values),
        encoder.text(0x04000565, "CS", "COERCE"),
    ]


def _changed(old: tuple[Element, ...], head: list[Element]) -> set[int]:
    """The character set, where the data set was converted: the previous values need the old one."""
    return {CHARSET} if _value(old, CHARSET) != _value(head, CHARSET) else set()


def _is_length(e: Element, touched: set[int]) -> bool:
    """Retired group lengths (PS3.5 7.2) would be wrong now."""
    return e.tag == _LENGTH_TO_END or (e.tag & 0xFFFF == 0 and e.tag >> 16 in touched)


def _value(head: list[Element] | tuple[Element, ...], tag: int) -> bytes:
    return next((e.value or b"" for e in head if e.tag == tag), b"")


def _shown(head: tuple[Element, ...], tag: int, charset: Charset) -> str:
    value = _value(head, tag)
    try:
        text = charset.decode(value, "PN" if tag == _NAME else "LO")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.strip(" \0")


def _datetime(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y%m%d%H%M%S.%f}+0000"
