"""Keeps what is freed together, and gives it back: glibc gives threads arenas of their own, sixteen on two processors.

An engine has many threads that live for one transaction. What each frees stays in its arena, with gaps that only a
thread of the same arena fills. With two arenas an engine begins 15 MB smaller; what lies free between what is in use
goes back to the system once in a while (docs/performance.md, soak). Another C library than glibc is left as it is.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_ARENA_MAX = -8  # malloc.h of glibc
_MOST = 2
GIVE_BACK_MS = 20_000


def share_arenas() -> None:
    """To be called before the threads are there."""
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _MOST)


def give_back() -> None:
    """Whole pages that are free, wherever they lie, go back to the system; takes a few milliseconds."""
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)  # musl has neither
    return found
