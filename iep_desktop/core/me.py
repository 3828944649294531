"""Who acts, and where: the person at the workstation (a role, or the name they signed in with)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Me:
    user: str
    hospital: str  # ODS
    workstation: str
