"""How many associations a node is sent over at once, in this program: what is set, what pays, and what it takes.

Automatic is two, and one more for every 5 ms that a C-ECHO is under way, up to eight: an association waits for the
answer to each image, so that over distance only more of them fill the line. None is opened for fewer than ten images:
that costs more than it brings. What a node refuses beyond is not asked for again for ten minutes; and whoever needs
its first association goes before all that are only there to be faster. Over DICOMweb it is one, whose requests go
several at once by themselves.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from iep_desktop.core.model import Node

NEAR = 2
FAR = 8
STEP = 0.005
"""Seconds of a C-ECHO for which one more pays."""
EACH = 10
"""Images that make an association worth its opening."""
MEMORY = 600.0
"""Seconds for which it is remembered how far a node is, and how many it takes."""


def automatic(seconds: float | None) -> int:
    """Of a node whose C-ECHO takes `seconds`; None where that is not known."""
    return min(FAR, NEAR + int((seconds or 0.0) / STEP))


@dataclass
class _Known:
    """What is known of one node. Times are of the monotonic clock."""

    first: int = 0  # of transactions, open or being opened
    further: int = 0
    leaving: int = 0  # further ones that are asked to end
    most: int | None = None
    most_until: float = 0.0
    seconds: float | None = None
    seconds_until: float = 0.0


class Associations:
    """Safe for several threads; one of a program, for all its transactions."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._nodes: dict[str, _Known] = defaultdict(_Known)

    def unknown(self, node: Node, images: int) -> bool:
        """Whether a C-ECHO would tell how many pay."""
        with self._lock:
            known = self._nodes[node.name]
            far_enough = images >= (NEAR + 1) * EACH
            set_or_known = node.associations or node.dicomweb or self._now() < known.seconds_until
            return far_enough and not set_or_known

    def learn(self, node: Node, seconds: float) -> None:
        """A C-ECHO took so long."""
        with self._lock:
            known = self._nodes[node.name]
            known.seconds, known.seconds_until = seconds, self._now() + MEMORY

    def wanted(self, node: Node, images: int) -> int:
        """How many are worth it for so many images, the first among them."""
        with self._lock:
            known = self._nodes[node.name]
            fresh = known.seconds if self._now() < known.seconds_until else None
            pays = 1 if node.dicomweb else automatic(fresh)
            return max(1, min(node.associations or pays, images // EACH))

    @contextmanager
    def first(self, node: Node) -> Iterator[None]:
        """While a transaction has its own, which nobody counts against it."""
        self._change(node, first=1)
        try:
            yield
        finally:
            self._change(node, first=-1)

    def enter(self, node: Node) -> bool:
        """Whether a further one may be tried now; if so, `leave` must follow."""
        with self._lock:
            known = self._nodes[node.name]
            most = max(FAR, node.associations)
            if known.most is not None and self._now() < known.most_until:
                most = known.most
            if known.leaving or known.first + known.further >= most:
                return False
            known.further += 1
            return True

    def leave(self, node: Node) -> None:
        with self._lock:
            known = self._nodes[node.name]
            known.further -= 1
            known.leaving = min(known.leaving, known.further)

    def refused(self, node: Node) -> None:
        """The further one that is being tried is one too many."""
        with self._lock:
            known = self._nodes[node.name]
            known.most = max(1, known.first + known.further - 1)
            known.most_until = self._now() + MEMORY

    def make_room(self, node: Node) -> bool:
        """A first one was refused: the further ones are to end. False where there are none, and it would not help."""
        with self._lock:
            known = self._nodes[node.name]
            known.leaving = known.further
            if known.further:
                known.most = max(1, known.first + known.further - 1)
                known.most_until = self._now() + MEMORY
            return bool(known.further)

    def must_leave(self, node: Node) -> bool:
        """Whether a further one is to end now, between two images."""
        with self._lock:
            return self._nodes[node.name].leaving > 0

    def _change(self, node: Node, first: int) -> None:
        with self._lock:
            self._nodes[node.name].first += first
