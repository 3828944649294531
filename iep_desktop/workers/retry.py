"""How long to wait before the next try, and when to give up, by what stood in the way. Pure; only `engine` retries.

What is not in the table here never comes here: refused images, wrong AE titles and the like are permanent, and go to
Failed at once (`core.errors`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from iep_desktop.core.errors import Cause


@dataclass(frozen=True)
class Pace:
    """How much more often, and how much slower, than usual."""

    tries: float = 1.0
    slower: float = 1.0


PACES: Mapping[Cause, Pace] = {
    Cause.UNKNOWN_HOST: Pace(
        tries=0.6, slower=6
    ),  # a name that is wrong stays wrong; one that is mended takes time
    Cause.ABORTED: Pace(tries=0.6),  # as it is by each try, where it is the image that the node cannot bear
    Cause.NOT_DICOM: Pace(tries=0.4),  # another program has the port
    Cause.PROCESSING: Pace(tries=0.6),  # 0110: seldom passes, and then at once
    Cause.BUSY: Pace(tries=2),  # as many connections as it allows: it comes right by itself
    Cause.FULL: Pace(tries=2, slower=6),  # A7xx: somebody must free space first
    Cause.LEDGER: Pace(tries=4),
}
"""The others (nobody listens, no answer, broken, not shown …) are tried as usual."""


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with jitter: `first`, twice that, … up to `longest`; `limit` tries in all."""

    limit: int = 5
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=15)

    def pause(self, attempts: int, cause: Cause = Cause.OTHER) -> timedelta | None:
        """How long to wait after the `attempts`-th failed try (from 1); None: give up."""
        pace = PACES.get(cause, Pace())
        if attempts >= max(round(self.limit * pace.tries), 1):
            return None
        full = min(self.first * pace.slower * 2 ** (attempts - 1), self.longest)
        # Full jitter in the upper half: workstations that failed together do not come back together.
        return timedelta(seconds=full.total_seconds() * random.uniform(0.5, 1.0))
