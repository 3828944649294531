"""Reads a medium: first what its DICOMDIR lists, then every file, and tells step by step what is there.

Owns the order of the work and what contradicts what. The DICOMDIR is a hint, the files are the truth: every file is
looked at, listed or not. Must not write, decode pixels, or raise for anything that a disc can contain.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from iep_desktop.core.job import Context
from iep_desktop.core.medium import Finding, MediumContents, MediumKind, ReadingStep
from iep_desktop.dicom import medium_findings as findings
from iep_desktop.dicom.dicomdir import LONGEST, Directory, Listed
from iep_desktop.dicom.file_heads import Head, IsDirectory, data_set_offset, read_head
from iep_desktop.dicom.file_start import NotDicom
from iep_desktop.dicom.medium_facts import Facts, Placed, is_standard_class
from iep_desktop.dicom.medium_files import Listing, Medium, OutsideMedium, is_dicomdir, open_medium, reason
from iep_desktop.dicom.medium_tree import Tree, key_of, name_key
from iep_desktop.dicom.skim import Damaged

__all__ = ["fingerprint", "open_medium", "read", "read_all"]

_FIRST_VIEW = 0.1  # seconds until the first patients are shown, however long the DICOMDIR
_STEP = 0.2  # seconds between steps, at least
_SHARE = 10  # of the time, one part in ten may go into views
_CHUNK = 1 << 20


def read(medium: Medium, ctx: Context | None = None) -> Iterator[ReadingStep]:
    """The views of the medium as they grow; the last one is `finished`.

    Raises:
        Cancelled: `ctx` was cancelled.
    """
    return _Reading(medium, ctx or Context()).steps()


def read_all(medium: Medium, ctx: Context | None = None) -> MediumContents:
    """What the medium holds in the end."""
    *_, last = read(medium, ctx)
    return last.contents


def fingerprint(contents: MediumContents) -> str:
    """The same for the same disc."""
    return contents.fingerprint


class _Reading:
    def __init__(self, medium: Medium, ctx: Context) -> None:
        self._medium = medium
        self._ctx = ctx
        self._listing = Listing()
        self._findings: list[Finding] = []
        self._tree = Tree()
        self._facts = Facts()
        self._directories: dict[str, Directory | None] = {}
        self._listed: dict[str, Listed] = {}  # by the path of the file
        self._read: dict[str, str] = {}  # SOP Instance UID → the file it was taken from
        self._label = medium.label
        self._kind = MediumKind.SCAN
        self._covered: list[str] = []  # folders with a DICOMDIR that could be read in full
        self._next_step = 0.0

    def steps(self) -> Iterator[ReadingStep]:
        for found in self._medium.files():
            self._ctx.check()
            self._listing.add(found)
            root = found.path if "/" not in found.path and not isinstance(found, Finding) else ""
            if is_dicomdir(root) and not self._directories:
                yield from self._first_view(root)
        self._findings[:0] = self._listing.findings
        self._read_directories()
        paths = sorted(self._listing.paths, key=lambda path: path not in self._listed)
        yield self._step(0, len(paths))
        for done, path in enumerate(paths):
            self._ctx.check()
            self._look_at(path)
            if time.monotonic() >= self._next_step:
                yield self._step(done + 1, len(paths))
        self._tree.gather()
        yield replace(self._step(len(paths), len(paths)), finished=True)

    # -- what the DICOMDIR lists

    def _first_view(self, path: str) -> Iterator[ReadingStep]:
        """What the root's DICOMDIR lists, before any other file is looked at."""
        started, shown = time.monotonic(), False
        directory = self._directories[path] = self._open_directory(path)
        if directory is None:
            return
        self._label = directory.file_set_id or self._label
        try:
            for _ in directory.records():
                if not shown and time.monotonic() - started > _FIRST_VIEW:
                    shown = True
                    yield self._view_of(directory)
        except Damaged:
            self._unreadable(path, "it is damaged or cut short")
        else:
            self._covers(path)
        yield self._view_of(directory)

    def _view_of(self, directory: Directory) -> ReadingStep:
        tree = Tree()
        for entry in directory.listed():
            tree.put(entry.placed, certain=False)
        return ReadingStep(0, 0, self._contents(tree))

    def _open_directory(self, path: str) -> Directory | None:
        try:
            if self._listing.sizes[path] > LONGEST:
                raise Damaged
            with self._medium.open(path) as fp:
                return Directory(fp.read())
        except OSError as error:
            self._unreadable(path, reason(error))
        except (Damaged, NotDicom):
            self._unreadable(path, "it is damaged, or something else")
        return None

    def _unreadable(self, path: str, why: str) -> None:
        self._findings.append(findings.dicomdir_unreadable(path, why))

    def _read_directories(self) -> None:
        paths = self._listing.dicomdirs()
        if not paths:
            self._findings.append(findings.no_dicomdir())
        for path in paths:
            self._ctx.check()
            if path not in self._directories:
                self._read_nested(path)
            if (directory := self._directories[path]) is not None:
                self._take_listed(directory, path.rpartition("/")[0])

    def _read_nested(self, path: str) -> None:
        directory = self._directories[path] = self._open_directory(path)
        try:
            for _ in directory.records() if directory else ():
                self._ctx.check()
        except Damaged:
            self._unreadable(path, "it is damaged or cut short")
        else:
            if directory:
                self._covers(path)

    def _covers(self, path: str) -> None:
        """A DICOMDIR that is whole should list all images in its folder and below."""
        self._kind = MediumKind.DICOMDIR
        self._covered.append(path.rpartition("/")[0])

    def _take_listed(self, directory: Directory, folder: str) -> None:
        seen: set[str] = set()
        for entry in directory.listed():
            said = "/".join([folder, *entry.file_id] if folder else entry.file_id)
            try:
                path = self._listing.resolve(entry.file_id, folder)
            except OutsideMedium:
                self._findings.append(findings.reference_outside("/".join(entry.file_id)))
                self._put_missing(entry, said)
                continue
            if path in seen:
                self._findings.append(findings.listed_twice(path))
            elif path is not None:
                seen.add(path)
                self._put_listed(entry, path)
            elif entry.in_use:
                self._findings.append(findings.missing(said))
                self._put_missing(entry, said)

    def _put_listed(self, entry: Listed, path: str) -> None:
        self._listed.setdefault(path, entry)
        if entry.is_instance:
            self._tree.put(_at(entry.placed, path, self._listing.sizes[path]), certain=False)

    def _put_missing(self, entry: Listed, path: str) -> None:
        placed = _lost(entry.placed, path)
        if entry.is_instance and not self._tree.holds(key_of(placed.instance)):
            self._tree.put(placed, certain=False)

    # -- what the files say

    def _look_at(self, path: str) -> None:
        try:
            with self._medium.open(path) as fp:
                head = read_head(fp, path, self._listing.sizes[path], self._facts)
        except NotDicom:
            self._not_dicom(path)
        except IsDirectory:
            if path not in self._directories:
                self._findings.append(findings.another_directory(path))
        except Damaged as error:
            self._damaged(path, f"The file is damaged: {error}")
        except (OSError, ValueError) as error:
            self._damaged(path, f"The file cannot be read: {reason(error)}")
        else:
            self._take(path, head)

    def _not_dicom(self, path: str) -> None:
        listed = self._listed.get(path)
        if listed is not None and listed.is_instance:
            self._findings.append(findings.listed_but_not_dicom(path))
            self._lose(path, listed.placed, certain=False)
        elif path not in self._directories:
            self._findings.append(findings.not_dicom(path))

    def _damaged(self, path: str, message: str) -> None:
        if path in self._directories:
            return  # told already
        self._findings.append(findings.unreadable(path, message))
        if listed := self._listed.get(path):
            self._lose(path, listed.placed, certain=False)

    def _take(self, path: str, head: Head) -> None:
        uid = head.placed.instance.sop_instance_uid
        listed = self._listed.get(path)
        if head.preamble:
            kind, severity = head.preamble.kind, head.preamble.severity
            self._findings.append(findings.suspicious_preamble(path, kind, severity))
        if listed is not None and key_of(_at(listed.placed, path).instance) != uid:
            self._forget(_at(listed.placed, path))
        if head.damage:
            self._findings.append(findings.unreadable(path, head.damage))
            if listed is not None:
                self._lose(path, head.placed, certain=True)
        elif uid in self._read:
            self._findings.append(self._duplicate(path, self._read[uid]))
        else:
            self._findings.extend(self._oddities(path, head.placed, listed))
            self._read[uid] = path
            self._tree.put(head.placed, certain=True)

    def _oddities(self, path: str, placed: Placed, listed: Listed | None) -> Iterator[Finding]:
        if listed is None and any(_is_below(path, folder) for folder in self._covered):
            yield findings.unlisted(path)
        if listed is not None and (what := _contradictions(listed.placed, placed)):
            yield findings.contradicts(path, what)
        if not is_standard_class(placed.instance.sop_class_uid):
            yield findings.unsupported_class(path, placed.instance.sop_class_uid)

    def _lose(self, path: str, placed: Placed, *, certain: bool) -> None:
        """A listed instance whose file cannot be used is missing, unless another file holds it."""
        lost = _lost(placed, path)
        if key_of(lost.instance) not in self._read:
            self._tree.put(lost, certain=certain)

    def _forget(self, placed: Placed) -> None:
        """What the DICOMDIR said of a file that holds something else."""
        if key_of(placed.instance) not in self._read:
            self._tree.drop(key_of(placed.instance))

    def _duplicate(self, path: str, first: str) -> Finding:
        same = self._same_content(path, first)
        return findings.duplicate(path, first) if same else findings.different_duplicate(path, first)

    def _same_content(self, one: str, other: str) -> bool:
        """Whether two files hold the same data set, byte for byte; what stands before it may differ."""
        try:
            with self._medium.open(one) as first, self._medium.open(other) as second:
                data_set_offset(first)
                data_set_offset(second)
                while chunk := first.read(_CHUNK):
                    self._ctx.check()
                    if second.read(_CHUNK) != chunk:
                        return False
                return not second.read(1)
        except OSError:
            return False

    # -- what is told

    def _contents(self, tree: Tree) -> MediumContents:
        return MediumContents(
            self._medium.source, self._kind, tree.patients(), tuple(self._findings), self._label
        )

    def _step(self, done: int, total: int) -> ReadingStep:
        started = time.monotonic()
        contents = self._contents(self._tree)
        now = time.monotonic()
        self._next_step = now + max(_STEP, (now - started) * _SHARE)
        return ReadingStep(done, total, contents)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _at(placed: Placed, path: str, size: int = 0) -> Placed:
    return replace(placed, instance=replace(placed.instance, path=path, size=size))


def _lost(placed: Placed, path: str) -> Placed:
    return replace(placed, instance=replace(placed.instance, path=path, size=0, present=False))


def _contradictions(listed: Placed, read: Placed) -> list[str]:
    """In what the DICOMDIR is wrong about a file; what it does not say is not wrong."""
    pairs = {
        "patient": (
            (listed.patient.patient_id, name_key(listed.patient.name)),
            (read.patient.patient_id, name_key(read.patient.name)),
        ),
        "study": ((listed.study.study_uid,), (read.study.study_uid,)),
        "series": ((listed.series.series_uid,), (read.series.series_uid,)),
        "image": ((listed.instance.sop_instance_uid,), (read.instance.sop_instance_uid,)),
        "kind of image": ((listed.instance.sop_class_uid,), (read.instance.sop_class_uid,)),
    }
    return [
        what
        for what, (said, true) in pairs.items()
        if any(s and s != t for s, t in zip(said, true, strict=True))
    ]
