"""What every page with rows is given by the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from iep_desktop.core.clocks import Countdown
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.services import KeepsWorklists, KnowsTransfers, ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries


@dataclass(frozen=True)
class Around:
    """Services, the person, the clock; `forecast` is the one model of every countdown."""

    reading: ReadsLedger
    queries: Queries
    me: str
    theme: Theme
    transfers: KnowsTransfers
    worklists: KeepsWorklists
    forecast: Callable[[Transaction], Countdown]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
