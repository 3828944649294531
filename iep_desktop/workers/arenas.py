"""Keeps what is freed together: glibc gives threads arenas of their own, sixteen on two processors.

An engine has many threads that live for one transaction. What each frees stays in its arena, with gaps that only a
thread of the same arena fills. With two arenas an engine begins 15 MB smaller (docs/performance.md, soak).
"""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8  # malloc.h of glibc
_MOST = 2


def share_arenas() -> None:
    """To be called before the threads are there. Does nothing where the C library is another one."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _MOST)
