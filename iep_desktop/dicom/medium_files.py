"""The files of a medium: what there is, how it is found by a DICOMDIR's File ID, how it is opened.

Owns the abstract `Medium`, the folder (mounted disc, stick, plain folder) as one, and the matching of names. Must not
look into files. Nothing outside the medium's root is ever listed or opened, whatever a link or a reference says
(CVE-2026-32711), and nothing that could block (pipe, device) is opened at all.
"""

from __future__ import annotations

import os
import re
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from iep_desktop.core.errors import InvalidInput, MediumUnreadable
from iep_desktop.core.medium import Finding
from iep_desktop.dicom.medium_findings import outside, unreadable

BUFFER = 1 << 16  # one read of this size holds the head of most images
_VERSION = re.compile(r"[.]*;\d*$")  # ISO 9660: NAME.;1
_ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")
_EXTENSION = re.compile(r"\.(?=\w*[a-z])\w{1,5}$")  # with a letter: the end of a UID is none
_IMAGES = (".dcm", ".dic", ".dicom", ".ima", ".img")
_ABSOLUTE = re.compile(r"^(/|[A-Za-z]:)")
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0xA0000003)


@dataclass(frozen=True, slots=True)
class MediumFile:
    """`path` is relative to the root, with forward slashes."""

    path: str
    size: int


class OutsideMedium(Exception):
    """A reference leads out of the medium."""


class Medium(ABC):
    """A medium to read. `source` is what the person named, `label` what the medium calls itself."""

    def __init__(self, source: str, label: str = "") -> None:
        self.source = source
        self.label = label

    @abstractmethod
    def files(self) -> Iterator[MediumFile | Finding]:
        """Every file, those in the root first; what cannot be taken for one (link outwards, pipe) as a finding."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            OSError: it cannot be read, or lies outside the medium.
        """


class FolderMedium(Medium):
    """A folder; a mounted disc is one."""

    def __init__(self, path: str | Path) -> None:
        self._root = os.path.realpath(path)
        self._inside = {self._root}  # folders known to lie within
        super().__init__(str(path), os.path.basename(self._root))

    def files(self) -> Iterator[MediumFile | Finding]:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(os.path.join(self._root, folder)) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                yield unreadable(shown(folder), f"The folder cannot be read: {reason(error)}")
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if _is_own_folder(entry):
                    waiting.append(path)
                elif found := self._file(entry, path):
                    yield found

    def open(self, path: str) -> BinaryIO:
        if not path or _ABSOLUTE.match(path) or ".." in path.split("/"):
            raise PermissionError("outside the medium")
        real = os.path.join(self._root, *path.split("/"))
        if not os.path.lexists(real):
            real = _ESCAPED.sub(lambda match: chr(0xDC00 + int(match[1], 16)), real)
        if not self._holds(real):
            raise PermissionError("outside the medium")
        return open(real, "rb", buffering=BUFFER)

    def _file(self, entry: os.DirEntry[str], path: str) -> MediumFile | Finding | None:
        try:
            if entry.is_symlink() and not self._holds(entry.path):
                return outside(shown(path), "A link leads out of the medium: not followed")
            status = entry.stat()
        except (OSError, ValueError) as error:
            return unreadable(shown(path), f"The file cannot be read: {reason(error)}")
        if stat.S_ISDIR(status.st_mode):
            return None  # a link to a folder of this medium, which is read in its own place
        if not stat.S_ISREG(status.st_mode):
            return unreadable(shown(path), "Not a file but a pipe or a device: not opened")
        return MediumFile(shown(path), status.st_size)

    def _holds(self, real: str) -> bool:
        """Whether a file lies within the root after following all links."""
        folder = os.path.dirname(real)
        if folder not in self._inside:
            if not self._is_below(os.path.realpath(folder)):
                return False
            self._inside.add(folder)
        return not os.path.islink(real) or self._is_below(os.path.realpath(real))

    def _is_below(self, real: str) -> bool:
        return real == self._root or real.startswith(self._root.rstrip(os.sep) + os.sep)


def open_medium(source: str | Path) -> Medium:
    """The medium at a path that a person named: a folder, a mounted disc, or its DICOMDIR.

    Raises:
        InvalidInput: there is nothing, or something that is no folder.
        MediumUnreadable: the folder cannot be read.
    """
    path = Path(source)
    try:
        if path.is_file() and is_dicomdir(path.name):
            path = path.parent
        os.scandir(path).close()
    except (FileNotFoundError, ValueError) as error:
        raise InvalidInput(
            "There is no such disc or folder", hint="Check the path; is the disc in the drive?"
        ) from error
    except NotADirectoryError as error:
        raise InvalidInput(
            "Not a disc or folder", "It is a single file.", "Name the folder it is in."
        ) from error
    except OSError as error:
        raise MediumUnreadable(
            "The disc cannot be read", reason(error), "Clean the disc, try another drive, or ask the sender."
        ) from error
    return FolderMedium(path)


class Listing:
    """All files of a medium, in a steady order, found by name as discs are written and as systems show them."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.sizes: dict[str, int] = {}
        self._exact: dict[str, str] = {}
        self._without_extension: dict[str, str] = {}

    def add(self, found: MediumFile | Finding) -> None:
        if isinstance(found, Finding):
            self.findings.append(found)
            return
        self.sizes[found.path] = found.size
        key = _key(found.path)
        self._exact.setdefault(key, found.path)
        stem = _EXTENSION.sub("", key)
        if stem != key and (stem not in self._without_extension or key.endswith(_IMAGES)):
            self._without_extension[stem] = found.path

    @property
    def paths(self) -> list[str]:
        return sorted(self.sizes, key=lambda path: path.split("/"))

    def resolve(self, file_id: Sequence[str], folder: str = "") -> str | None:
        """The file that a File ID (0004,1500) below `folder` names: in any case, with or without extension, `.`, `;1`.

        Raises:
            OutsideMedium: it is absolute or leads upwards.
        """
        path = "/".join(component.strip(" \0") for component in file_id).replace("\\", "/")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if _ABSOLUTE.match(path) or ".." in parts:
            raise OutsideMedium
        key = _key("/".join([folder, *parts] if folder else parts))
        return (
            self._exact.get(key)
            or self._without_extension.get(key)
            or self._exact.get(_EXTENSION.sub("", key))
        )

    def dicomdirs(self) -> list[str]:
        """Every DICOMDIR, the root's first: copies of whole discs lie in folders of their own."""
        found = [path for path in self._exact.values() if is_dicomdir(path)]
        return sorted(found, key=lambda path: (path.count("/"), path))


def is_dicomdir(path: str) -> bool:
    """Whether a file has the name of a DICOMDIR, as any system may show it."""
    return _key(path.rpartition("/")[2]) == "dicomdir"


def shown(path: str) -> str:
    """A path that can be printed and stored; `open` understands it. Bytes that are no UTF-8 appear as `\\xNN`."""
    if path.isascii():
        return path
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in path)


def reason(error: OSError | ValueError) -> str:
    """What the system says, without the path."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return "the system does not say why"


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    """A folder that is no link, nor a junction of Windows (which Python calls a folder)."""
    try:
        if not entry.is_dir(follow_symlinks=False):
            return False
        return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) != _JUNCTION
    except OSError:
        return False


def _key(path: str) -> str:
    """A path as it is compared: `Images/IM1.;1` → `images/im1`."""
    parts = (_VERSION.sub("", part.strip()).rstrip(". ") for part in path.split("/"))
    return "/".join(parts).casefold()
