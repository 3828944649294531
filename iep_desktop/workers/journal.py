"""A job's own memory of what happened to its instances, one line each, beside the ledger: what a peer has taken.

The ledger is written in batches; a process killed in between would send again what it had sent. Appending a line is
cheap, and survives the process (not a power cut, after which sending again is the safe side).
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path


class Journal:
    """Append-only file of SOP Instance UIDs; a torn last line is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._lock = threading.Lock()

    def noted(self) -> frozenset[str]:
        return frozenset(self.times())

    def times(self) -> Counter[str]:
        """How often each was noted."""
        try:
            text = self._path.read_text("ascii", errors="replace")
        except FileNotFoundError:
            return Counter()
        whole, _, _torn = text.rpartition("\n")
        return Counter(whole.split())

    def note(self, sop_instance_uid: str) -> None:
        """From any thread."""
        with self._lock:
            if self._handle is None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                self._handle = os.open(self._path, flags, 0o600)
                os.write(self._handle, b"\n")  # ends a line that was torn
            os.write(self._handle, f"{sop_instance_uid}\n".encode("ascii"))

    def clear(self) -> None:
        """Forget all: the ledger knows it now."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
