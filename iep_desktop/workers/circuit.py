"""The circuit breaker: a node that fails for all is left alone, looked at by C-ECHO, and used again when it answers.

What waits for it keeps its place and its tries. How nodes have failed is in the ledger, for all workstations.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from iep_desktop.core.errors import IepError, NodeRejected, NodeUnreachable
from iep_desktop.core.job import Context

if TYPE_CHECKING:
    from iep_desktop.store.circuits import Circuits

_log = logging.getLogger(__name__)

FAILS_FOR_ALL = 3
"""So many different transactions in a row, and nothing that ended well at the node between them."""


class Breaker:
    """One hospital's. `echo` raises what stands in the way of the node of that name."""

    def __init__(
        self,
        circuits: Circuits,
        echo: Callable[[str, Context], object],
        first: timedelta = timedelta(seconds=5),
        again: timedelta = timedelta(seconds=30),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._circuits = circuits
        self._echo = echo
        self._first = first
        self._again = again
        self._now = now

    def failed(self, id: int, error: IepError) -> bool:
        """A transaction failed. Whether its node is left alone now, so that the try does not count."""
        if not error.node or not isinstance(error, NodeUnreachable | NodeRejected):
            return False
        probe_at = self._now() + self._first
        is_open = self._circuits.failed(error.node, id, str(error), FAILS_FOR_ALL, probe_at)
        if is_open:
            _log.warning("%s fails for all: nothing is sent to it until it answers", error.node)
        return is_open

    def answered(self, *nodes: str) -> None:
        """A transaction ended well at these nodes."""
        for node in filter(None, nodes):
            self._circuits.answered(node)

    def due(self) -> str | None:
        """A node that is to be looked at now; nobody else looks at it meanwhile."""
        return self._circuits.take_probe(self._now(), self._again)

    def probe(self, node: str, ctx: Context) -> bool:
        """Look at it once; whether it is used again."""
        try:
            self._echo(node, ctx)
        except IepError as error:
            _log.info("%s is still away: %s", node, error.title)
            return False
        self._circuits.back(node)
        _log.info("%s answers again", node)
        return True
