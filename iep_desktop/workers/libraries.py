"""Loads the network's libraries whole and once, whichever thread needs them first.

Two threads that import two modules of one library at the same moment can each find the other's half made (the
library's modules import each other); the interpreter's own locks give way then, to avoid waiting for ever.
"""

from __future__ import annotations

import threading

_LOCK = threading.Lock()


def load_network() -> None:
    """Return when pynetdicom and our modules over it are loaded."""
    with _LOCK:
        import iep_desktop.dicom.scu
        import iep_desktop.dicom.storage_scp  # noqa: F401 - loaded, not used
