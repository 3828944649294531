"""How many transactions fetch from one node at once, in this program.

A stock Orthanc serves four associations at once, and a C-GET or C-MOVE is one of them from its first image to its
last: four transfers that fetch would leave nobody a question, and a Blue Light would wait for one of them to end. So
one place is kept free; a Blue Light waits for none. Over DICOMweb a node has places enough.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from iep_desktop.core.job import Context
from iep_desktop.core.model import Node

AT_ONCE = 3
_LOOK = 0.1  # seconds between two looks whether a place has become free


class Fetches:
    """Safe for several threads; one of a program, for all its transactions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def place(self, node: Node, ctx: Context, *, urgent: bool) -> Iterator[None]:
        """While a transaction fetches from a node. Raises Cancelled while it waits for a place."""
        while not self._enter(node, urgent):
            ctx.wait(_LOOK)
        try:
            yield
        finally:
            with self._lock:
                self._running[node.name] -= 1

    def _enter(self, node: Node, urgent: bool) -> bool:
        with self._lock:
            full = self._running[node.name] >= AT_ONCE
            if full and not urgent and not node.dicomweb:
                return False
            self._running[node.name] += 1
            return True
