"""Our own disk: files that appear whole or not at all, and its troubles in our words.

Owns temporary files, durability and the translation of errors of the disk we write to. Must know nothing of DICOM,
and must not be used around reads of a medium: those have their own words (spool.py).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from iep_desktop.core.errors import OutOfSpace, Permanent, Retriable

PART = ".part"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def own_disk() -> Iterator[None]:
    """Translate what the disk refuses; our own errors pass.

    Raises:
        OutOfSpace: it is full, or a quota or file size limit is reached.
        Permanent: it may not be written, or it is damaged.
        Retriable: anything else.
    """
    try:
        yield
    except OSError as error:
        raise _translated(error) from error


def _translated(error: OSError) -> OutOfSpace | Permanent | Retriable:
    if error.errno in _FULL:
        return OutOfSpace("The disk is full", "The spool has no room left.", "Free some space, then retry.")
    if error.errno in _FORBIDDEN:
        return Permanent(
            "The spool cannot be written",
            os.strerror(error.errno or 0),
            "Check the rights of the profile folder.",
        )
    if error.errno == errno.EIO:
        return Permanent("The disk of this computer fails", "It reports an input/output error.", "Call IT.")
    return Retriable("The spool cannot be used", os.strerror(error.errno) if error.errno else "")


def make_folder(path: Path) -> None:
    """A folder that only we may enter, durable in its parent."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_folder(path.parent)


def open_part(target: Path) -> tuple[BinaryIO, Path]:
    """A new temporary file beside `target`, locked as long as it is open so that no `sweep` takes it away."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PART}")
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    out = os.fdopen(os.open(part, flags, 0o600), "wb")
    lock(out.fileno())
    return out, part


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Write `target` so that it appears whole or not at all. Not durable: it can be made again."""
    out, part = open_part(target)
    try:
        with out:
            yield out
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


def sync_folder(path: Path) -> None:
    """Make names in a folder durable; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock(handle: int) -> bool:
    """Whether nobody else holds the file. Dies with its process; Windows never lets open files be removed anyway."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_abandoned(part: Path) -> bool:
    """Remove a temporary file that no living process writes; True where it is gone."""
    try:
        handle = os.open(part, os.O_RDONLY)
        try:
            free = lock(handle)
            if free and sys.platform != "win32":
                part.unlink()
        finally:
            os.close(handle)
        if free and sys.platform == "win32":
            part.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return free
