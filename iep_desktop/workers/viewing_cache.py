"""What is kept on disk so that images can be looked at: fetched files and thumbnails, bounded, inside the profile.

Owns the folder. What belongs to a transaction lies in a folder of its id, which the spool empties with its own; the
rest, and what was forgotten, goes when it is a day old. No name says anything of a patient. Safe for several threads
and processes: whatever is taken away can be made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
import time
from pathlib import Path

from iep_desktop.dicom import disk

MOST_BYTES = 2 << 30
MOST_AGE = 86_400.0  # seconds
_YOUNG = 60.0  # seconds in which nothing is taken away: somebody may be about to read it


class ViewingCache:
    def __init__(self, root: Path, most: int = MOST_BYTES, young: float = _YOUNG) -> None:
        self._root, self._most, self._young = root, most, young
        self._lock = threading.Lock()
        self._held: int | None = None  # bytes; None: not counted yet

    def folder(self, scope: str, part: str = "") -> Path:
        """Of a transaction (its id), or of anything else that is looked at together; `part` keeps sources apart.

        Raises:
            OutOfSpace, Permanent: our own disk.
        """
        path = self._root / (scope if scope.isdigit() else hashed(f"scope {scope}")[:16])
        if part:
            path /= hashed(part)[:16]
        with disk.own_disk():
            disk.make_folder(path)
        return path

    def load(self, scope: str, name: str) -> bytes | None:
        path = self.folder(scope) / name
        try:
            data = path.read_bytes()
        except OSError:
            return None
        self.use(path)
        return data

    def save(self, scope: str, name: str, data: bytes) -> None:
        """Keep it if there is room; a full disk costs nothing but time."""
        with contextlib.suppress(OSError), disk.replacing(self.folder(scope) / name) as out:
            out.write(data)
        self.added(len(data))

    def use(self, path: Path) -> None:
        """It was wanted again: others go first."""
        with contextlib.suppress(OSError):
            os.utime(path)

    def added(self, count: int) -> None:
        """So many bytes more lie in our folders."""
        with self._lock:
            self._held = (
                sum(size for _, size, _ in self._files()) if self._held is None else self._held + count
            )
            if self._held > self._most:
                self._held = self._make_room()

    def sweep(self, age: float = MOST_AGE) -> None:
        """Take away what was last wanted so many seconds ago; to be called at start."""
        limit = time.time() - age
        for used, _, path in self._files():
            if used < limit:
                _remove(path)
        for folder, _, _ in os.walk(self._root, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)  # where it is empty

    def empty(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)

    def _make_room(self) -> int:
        """Take away what was not wanted for longest; bytes that stay."""
        files = sorted(self._files())
        held = sum(size for _, size, _ in files)
        limit = time.time() - self._young
        for used, size, path in files:
            if held <= self._most * 3 // 4 or used > limit:
                break
            _remove(path)
            held -= size
        return held

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for folder, _, names in os.walk(self._root):
            for path in (Path(folder, name) for name in names):
                with contextlib.suppress(OSError):
                    status = path.stat()
                    found.append((status.st_mtime, status.st_size, path))
        return found


def hashed(text: str) -> str:
    """A name that says nothing."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # in use on Windows, or gone already
        path.unlink()
