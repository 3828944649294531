"""The spool: instances on their way, exactly as they came, each under a name that says nothing of the patient.

Owns the files of a transaction until it is finished. What `copy_in` or `copy_many` returned is on disk for good
(synced file, synced folder), so the ledger may record it; a name without suffix never stands for half a file.
Must not know the ledger, and must not change an instance: the coerced file is made beside it just before sending.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from iep_desktop.core.errors import IepError, MediumUnreadable, OutOfSpace, Permanent, Retriable
from iep_desktop.core.job import Context
from iep_desktop.dicom import disk

COERCED = ".coerced"
RESERVE = 256 << 20  # bytes that stay free for the ledger and everybody else
_SUFFIX = ".dcm"
_CHUNK = 1 << 20
_SYNCING = 4  # threads that wait for the disk while the next file is read
_GROUP = 16  # files of which the folder is synced together
_ABANDONED = 3600.0  # seconds after which a coerced file is nobody's
_GONE = {errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY}
_GONE |= {getattr(errno, name) for name in ("ENOMEDIUM", "EHOSTDOWN", "ENETDOWN") if hasattr(errno, name)}


class MediumAway(Retriable):
    """The disc or stick is not there at the moment, or was pulled."""

    kind = "medium-away"


@dataclass(frozen=True)
class SpoolRequest:
    """One instance to copy. `open_source` is called once; `size` is what the medium says, 0 where unknown."""

    sop_instance_uid: str
    open_source: Callable[[], BinaryIO]
    size: int = 0


@dataclass(frozen=True)
class SpooledFile:
    """An instance in the spool; `name` is relative to the spool's folder, with a forward slash."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class _Part:
    """A file that is read from its medium, and not safe yet."""

    out: BinaryIO
    path: Path
    name: str
    content: bytes | None  # of a small one, not hashed and written yet
    sha256: str = ""
    size: int = 0


_Waiting = tuple[SpoolRequest, Future[SpooledFile]]


class Spool:
    """Files of running transactions under one folder. Safe for several threads and processes."""

    def __init__(self, root: Path, beside: Path | None = None) -> None:
        """`beside` holds what is kept for looking at a transaction's images; it is emptied with the spool."""
        self._root = root
        self._beside = beside
        with disk.own_disk():
            disk.make_folder(root)

    def sweep(self) -> int:
        """Remove what a killed program left half-written; to be called at start. Returns how many files."""
        parts = [part for part in self._root.glob(f"*/.*{disk.PART}") if disk.remove_abandoned(part)]
        old = [path for path in self._root.glob(f"*/*{COERCED}") if _age(path) > _ABANDONED]
        for path in old:
            path.unlink(missing_ok=True)
        return len(parts) + len(old)

    def check_space(self, bytes_needed: int) -> None:
        """Before the start: is there room for `bytes_needed` and the reserve?

        Raises:
            OutOfSpace: no.
        """
        with disk.own_disk():
            free = shutil.disk_usage(self._root).free
        if free < bytes_needed + RESERVE:
            raise OutOfSpace(
                "Not enough space for the images",
                f"They need {_size(bytes_needed + RESERVE)}, the disk has {_size(free)} free.",
                "Free some space on this computer, then retry.",
            )

    def copy_in(
        self,
        open_source: Callable[[], BinaryIO],
        transaction_id: int,
        sop_instance_uid: str,
        size: int = 0,
        ctx: Context | None = None,
    ) -> SpooledFile:
        """Copy one instance. For many, `copy_many` is several times faster.

        Raises:
            MediumUnreadable: the source cannot be read, or is shorter than `size`.
            MediumAway: it is not there at the moment; may be tried again.
            OutOfSpace, Permanent: our own disk.
            Cancelled: `ctx` says so; nothing is left.
        """
        part = self._copy(SpoolRequest(sop_instance_uid, open_source, size), transaction_id, ctx or Context())
        spooled = _settle(part)
        self._sync_folder(transaction_id)
        return spooled

    def copy_many(
        self, requests: Iterable[SpoolRequest], transaction_id: int, ctx: Context | None = None
    ) -> Iterator[tuple[SpoolRequest, SpooledFile | IepError]]:
        """Read instances one after the other while others are hashed and wait for the disk; yields each when it is
        safe, in order.

        What is wrong with one source comes instead of its file, and the next follows; trouble with our own disk and
        cancellation are raised. Stopping early leaves no temporary file.
        """
        ctx = ctx or Context()
        waiting: deque[_Waiting] = deque()
        with ThreadPoolExecutor(_SYNCING, "spool-sync") as pool:
            for request in requests:
                try:
                    part = self._copy(request, transaction_id, ctx)
                except (MediumUnreadable, MediumAway) as error:
                    yield from self._settled(waiting, transaction_id)
                    yield request, error
                    continue
                waiting.append((request, pool.submit(_settle, part)))
                if len(waiting) >= _GROUP:
                    yield from self._settled(waiting, transaction_id)
            yield from self._settled(waiting, transaction_id)

    def path(self, name: str) -> Path:
        """Where a spooled file lies. Raises Permanent for a name that is not one of ours."""
        folder, _, file = name.partition("/")
        if not (folder.isdigit() and file.removesuffix(_SUFFIX).isalnum()):
            raise Permanent("Not a name of the spool")
        return self._root / folder / file

    def coerced_path(self, name: str) -> Path:
        """Where the coerced copy of a spooled file is made; remove it when it is sent."""
        path = self.path(name)
        return path.with_name(path.name + COERCED)

    def verify(self, name: str, sha256: str) -> bool:
        """Whether the file is there and still what was copied."""
        try:
            with open(self.path(name), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False

    def free(self, transaction_id: int) -> None:
        """Remove everything of a transaction; harmless where there is nothing."""
        beside = (self._beside / self.folder(transaction_id).name,) if self._beside else ()
        for folder in (self.folder(transaction_id), *beside):
            with disk.own_disk(), contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder)

    def used(self) -> int:
        """Bytes in the spool."""
        return sum(path.stat().st_size for path in self._root.glob("*/*") if path.is_file())

    def owners(self) -> tuple[int, ...]:
        """The transactions of which anything lies here."""
        return tuple(sorted(int(path.name) for path in self._root.iterdir() if path.name.isdecimal()))

    def folder(self, transaction_id: int) -> Path:
        """Where everything of a transaction lies; it may not exist yet."""
        return self._root / str(int(transaction_id))

    def _copy(self, request: SpoolRequest, transaction_id: int, ctx: Context) -> _Part:
        folder = self.folder(transaction_id)
        file = file_name(request.sop_instance_uid)
        with _medium():
            source = request.open_source()
        with source, disk.own_disk():
            disk.make_folder(folder)
            out, path = disk.open_part(folder / file)
            try:
                part = _Part(out, path, f"{folder.name}/{file}", *_pour(source, out, ctx))
                if part.size < request.size:
                    raise MediumUnreadable(
                        "A file is cut short", f"{part.size} of {request.size} bytes could be read."
                    )
                out.flush()
            except BaseException:
                _drop(out, path)
                raise
        return part

    def _settled(
        self, waiting: deque[_Waiting], transaction_id: int
    ) -> Iterator[tuple[SpoolRequest, SpooledFile]]:
        """Wait for the group, make its names durable together, hand it out."""
        if not waiting:
            return
        for _, future in waiting:
            future.result()
        self._sync_folder(transaction_id)
        while waiting:
            request, future = waiting.popleft()
            yield request, future.result()

    def _sync_folder(self, transaction_id: int) -> None:
        with disk.own_disk():
            disk.sync_folder(self.folder(transaction_id))


def file_name(sop_instance_uid: str) -> str:
    """Says nothing of the patient, and is the same whenever the same instance comes."""
    return hashlib.sha256(sop_instance_uid.encode()).hexdigest()[:40] + _SUFFIX


@contextlib.contextmanager
def _medium() -> Iterator[None]:
    """Errors of the medium: gone for now, or unreadable."""
    try:
        yield
    except OSError as error:
        if error.errno in _GONE:
            raise MediumAway(
                "The medium does not answer", os.strerror(error.errno), "Is the disc still in the drive?"
            ) from error
        raise MediumUnreadable(
            "A file on the medium cannot be read",
            os.strerror(error.errno) if error.errno else "",
            "Clean the disc and retry, or ask the sender for a new one.",
        ) from error


def _pour(source: BinaryIO, out: BinaryIO, ctx: Context) -> tuple[bytes | None, str, int]:
    """Copy and hash in one pass; the hash and the number of bytes. A small file is only read: its content."""
    digest, size = hashlib.sha256(), 0
    chunk = _read(source, ctx)
    if len(chunk) < _CHUNK:
        return chunk, "", len(chunk)
    while chunk:
        digest.update(chunk)
        out.write(chunk)
        size += len(chunk)
        chunk = _read(source, ctx)
    return None, digest.hexdigest(), size


def _read(source: BinaryIO, ctx: Context) -> bytes:
    """As much as goes in a chunk; less only at the end of the file."""
    ctx.check()
    with _medium():
        chunk = source.read(_CHUNK)
        while 0 < len(chunk) < _CHUNK and (more := source.read(_CHUNK - len(chunk))):
            chunk += more
    return chunk


def _settle(part: _Part) -> SpooledFile:
    """From temporary to whole: the bytes first, then the name."""
    sha256 = part.sha256
    try:
        with disk.own_disk():
            with part.out as out:
                if part.content is not None:
                    sha256 = hashlib.sha256(part.content).hexdigest()
                    out.write(part.content)
                disk.sync(out)
            part.path.replace(part.path.with_name(part.name.partition("/")[2]))
    except BaseException:
        _drop(part.out, part.path)
        raise
    return SpooledFile(part.name, sha256, part.size)


def _drop(out: BinaryIO, path: Path) -> None:
    with contextlib.suppress(OSError):
        out.close()
    with contextlib.suppress(OSError):
        path.unlink()


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
