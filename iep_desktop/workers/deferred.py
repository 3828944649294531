"""A service that is made only when a method of it is first called, by whoever calls it.

A window holds its services from the start and calls them from a pool's thread; so what a service needs (the ledger,
SQL, DICOM libraries) is opened and loaded there, and never in the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


def deferred(make: Callable[[], T]) -> T:
    """Stands for what `make` returns: any method can be called, attributes that are no methods cannot be read."""
    return cast("T", _Deferred(make))


class _Deferred:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: getattr(self._make(), name)(*args, **kwargs)
