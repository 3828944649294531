"""Disc health in plain words: what reading a disc found, one line a kind, the worst first. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.medium import Finding, FindingCode, MediumContents, Severity
from iep_desktop.core.names import display_name
from iep_desktop.ui.disc_wizard.ticks import PatientKey, patient_key


class HealthAction(StrEnum):
    NONE = ""
    READ_AGAIN = "Read the disc again"
    COPY_LIST = "Copy the list for the sender"
    SHOW_LIST = "Show which"


@dataclass(frozen=True)
class HealthLine:
    code: str
    severity: Severity
    title: str
    detail: str = ""
    action: HealthAction = HealthAction.NONE
    paths: tuple[str, ...] = ()


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}

_Titles = Callable[[int], str]


def _files(one: str, many: str) -> _Titles:
    return lambda n: f"1 file {one}" if n == 1 else f"{n:,} files {many}".replace(",", " ")


def _images(one: str, many: str) -> _Titles:
    return lambda n: f"1 image {one}" if n == 1 else f"{n:,} images {many}".replace(",", " ")


_KINDS: dict[FindingCode, tuple[_Titles, str, HealthAction]] = {
    FindingCode.NO_DICOMDIR: (
        lambda _: "The disc has no index",
        "No DICOMDIR: every file was read instead.",
        HealthAction.NONE,
    ),
    FindingCode.DICOMDIR_UNREADABLE: (
        lambda _: "The disc’s index is damaged",
        "The DICOMDIR cannot be read: every file was read instead.",
        HealthAction.NONE,
    ),
    FindingCode.MISSING_FILE: (
        _files("is missing", "are missing"),
        "The index lists them, the disc does not hold them.",
        HealthAction.COPY_LIST,
    ),
    FindingCode.UNREADABLE_FILE: (
        _files("is damaged", "are damaged"),
        "They cannot be read; these images will be missing.",
        HealthAction.READ_AGAIN,
    ),
    FindingCode.UNLISTED_FILE: (
        _images("was not listed", "were not listed"),
        "Found by reading every file.",
        HealthAction.SHOW_LIST,
    ),
    FindingCode.NOT_DICOM: (
        _files("is not DICOM", "are not DICOM"),
        "A viewer program or documents, ignored.",
        HealthAction.SHOW_LIST,
    ),
    FindingCode.DUPLICATE_INSTANCE: (
        _images("is there twice", "are there twice"),
        "The copies are the same: one of each is taken.",
        HealthAction.SHOW_LIST,
    ),
    FindingCode.DIFFERENT_DUPLICATE: (
        _images("is there twice and differs", "are there twice and differ"),
        "One number, different content: the first is taken. Ask the sender which is right.",
        HealthAction.COPY_LIST,
    ),
    FindingCode.OUTSIDE_MEDIUM: (
        _files("lies outside the disc", "lie outside the disc"),
        "The index points elsewhere: not followed.",
        HealthAction.SHOW_LIST,
    ),
    FindingCode.CONTRADICTS_FILE: (
        _files("contradicts the index", "contradict the index"),
        "Index and image disagree: the image’s own header counts.",
        HealthAction.SHOW_LIST,
    ),
    FindingCode.UNSUPPORTED_CLASS: (
        _images("is of an unusual kind", "are of an unusual kind"),
        "PACS may refuse them.",
        HealthAction.SHOW_LIST,
    ),
    FindingCode.SUSPICIOUS_PREAMBLE: (
        _files("may hide a program", "may hide a program"),
        "The first bytes are not what an image has. Tell IT security before opening the disc elsewhere.",
        HealthAction.COPY_LIST,
    ),
}


def health_lines(
    contents: MediumContents, chosen: PatientKey | None, earlier: tuple[Finding, ...] = ()
) -> tuple[HealthLine, ...]:
    """What to know about the disc; `earlier` are the already-imported findings of the history (R-GATE-10)."""
    groups: dict[FindingCode, list[Finding]] = {}
    for finding in (*contents.findings, *earlier):
        groups.setdefault(finding.code, []).append(finding)
    before = groups.pop(FindingCode.ALREADY_IMPORTED, [])
    lines = [line for code, group in groups.items() for line in _lines(code, group)]
    lines += _seen_before(contents, before)
    lines += _patients(contents, chosen)
    return tuple(sorted(lines, key=lambda line: _ORDER[line.severity]))


def _lines(code: FindingCode, group: list[Finding]) -> list[HealthLine]:
    title, detail, action = _KINDS[code]
    paths = tuple(finding.path for finding in group if finding.path)
    severity = min((finding.severity for finding in group), key=_ORDER.__getitem__)
    if len(group) == 1 and group[0].message:
        detail = _single(group[0])
    return [
        HealthLine(code, severity, title(len(group)), detail, action if paths else HealthAction.NONE, paths)
    ]


def _single(finding: Finding) -> str:
    """One finding says most in its own words; which file it is, is said where they do not."""
    where = f" {finding.path}" if finding.path and finding.path not in finding.message else ""
    return _sentence(finding.message) + where


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _seen_before(contents: MediumContents, findings: list[Finding]) -> list[HealthLine]:
    """One line an earlier import, with what it was: the whole disc, or which of its studies (R-GATE-10)."""
    names = {study.study_uid: study.description or "a study" for study in contents.studies}
    by_message: dict[str, list[Finding]] = {}
    for finding in findings:
        by_message.setdefault(finding.message, []).append(finding)
    lines = []
    for message, group in by_message.items():
        whole = any(not finding.path for finding in group)
        known = ", ".join(names[finding.path] for finding in group if finding.path in names)
        title = "This disc was imported before" if whole else f"Imported before: {known or 'a study'}"
        detail = _sentence(message) + (f" With {known}." if whole and known else "")
        lines.append(HealthLine(FindingCode.ALREADY_IMPORTED, group[0].severity, title, detail))
    return lines


_NUMBERS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"}


def _patients(contents: MediumContents, chosen: PatientKey | None) -> list[HealthLine]:
    count = len(contents.patients)
    if count < 2:
        return []
    name = next((display_name(p.name) for p in contents.patients if patient_key(p) == chosen), "")
    detail = (
        f"Only {name} is on the form." if name else "None of them is on the form: tick the one who is meant."
    )
    return [
        HealthLine("patients", Severity.WARNING, f"{_NUMBERS.get(count, count)} patients on one disc", detail)
    ]
