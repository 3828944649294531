"""How long to wait before the next try, and when to give up. Pure; only `engine` retries."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with jitter: `first`, twice that, … up to `longest`; `limit` tries in all."""

    limit: int = 5
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=15)

    def pause(self, attempts: int) -> timedelta | None:
        """How long to wait after the `attempts`-th failed try (from 1); None: give up."""
        if attempts >= self.limit:
            return None
        full = min(self.first * 2 ** (attempts - 1), self.longest)
        # Full jitter in the upper half: workstations that failed together do not come back together.
        return timedelta(seconds=full.total_seconds() * random.uniform(0.5, 1.0))
