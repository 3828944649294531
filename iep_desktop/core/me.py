"""Who acts, and where: the person at the workstation (a role, or the name they signed in with)."""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat


@dataclass(frozen=True)
class Me:
    user: str
    hospital: str  # ODS
    workstation: str
    numbers: NumberFormat = UHL_NUMBERS  # of this hospital's patients
