"""What moves right now: slots, rates and the lights of the nodes. Hints for the screen, not the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iep_desktop.core.model import NodeRole
from iep_desktop.core.transaction import Slot


class LightState(StrEnum):
    UP = "up"
    SLOW = "slow"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class NodeLight:
    """How a node answered its last C-ECHO. `detail` says what is wrong in plain words."""

    name: str
    role: NodeRole
    state: LightState = LightState.UNKNOWN
    detail: str = ""
    rtt_ms: float | None = None


@dataclass(frozen=True)
class Flow:
    """Slots in use and the measured rate of this workstation."""

    slots: tuple[Slot, ...] = ()
    images_per_second: float = 0.0
    bytes_per_second: float = 0.0
    next_batch: datetime | None = None  # when the night window opens; None while it is open
    batch_open: bool = False
