"""A Blue Light's first image goes before all others that this engine moves (R-ENG-2).

Until it is away, the other jobs stand still between two images: they would share processor, archives and ledger with
it, each of its steps taking several times as long. How long they may be held is the engine's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iep_desktop.core.job import Context

if TYPE_CHECKING:
    from iep_desktop.store.slots import Claim


class Precedence:
    """Lives in the engine's thread."""

    def __init__(self) -> None:
        self._ahead: set[Claim | None] = set()  # None: one that has no slot yet
        self._others: dict[Claim, Context] = {}

    def awaited(self) -> None:
        """One is about to have the slot of another, which stops for it."""
        self._hold_for(None)

    def started(self, claim: Claim, ctx: Context) -> None:
        if claim.urgent:
            self._hold_for(claim)
            self.passed(None)
        else:
            self._others[claim] = ctx
            if self._ahead:
                ctx.hold()

    def passed(self, claim: Claim | None) -> None:
        """Its first image is away, or it has had its time; None for the one that was awaited."""
        self._ahead.discard(claim)
        if not self._ahead:
            for other in self._others.values():
                other.go_on()

    def ended(self, claim: Claim) -> None:
        self._others.pop(claim, None)
        self.passed(claim)

    def _hold_for(self, claim: Claim | None) -> None:
        self._ahead.add(claim)
        for other in self._others.values():
            other.hold()
