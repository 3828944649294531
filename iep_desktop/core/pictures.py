"""What a pane shows: one frame as bytes for the screen with what is known of it, or the reason why there is none.

Frozen and without Qt or arrays: workers make them from files, windows paint them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from iep_desktop.core.measuring import Calibration
from iep_desktop.core.planes import Letters, Plane
from iep_desktop.core.viewing import ViewImage, ViewPatient


@dataclass(frozen=True)
class Slot:
    """A frame of an image; frames count from 0."""

    image: ViewImage
    frame: int = 0

    @property
    def key(self) -> tuple[str, int]:
        return self.image.sop_instance_uid or self.image.where, self.frame


@dataclass(frozen=True)
class WindowLevel:
    """A window in modality values (PS3.3 C.11.2.1.2)."""

    centre: float
    width: float


@dataclass(frozen=True)
class FileView:
    """A way to look at an image that its file offers; `level` is None for a table (VOI LUT)."""

    name: str
    level: WindowLevel | None = None


@dataclass(frozen=True)
class Look:
    """How frames are to be shown. Without `level` as the file says, by its `view`; `automatic` shows all values."""

    level: WindowLevel | None = None
    automatic: bool = False
    view: int = 0
    invert: bool = False
    reduce: int = 1  # every so many pixels averaged to one, for small panes


@dataclass(frozen=True)
class FrameFacts:
    """What a frame's own file says of it; nothing here comes from a list or a request."""

    rows: int
    columns: int
    frames: int = 1
    aspect: float = 1.0  # a pixel's height by its width
    grey: bool = True  # whether windows apply
    bits: int = 8
    modality: str = ""
    patient: ViewPatient = ViewPatient()
    institution: str = ""
    station: str = ""
    day: date | None = None
    time: str = ""  # HH:MM
    description: str = ""
    laterality: str = ""
    number: int | None = None
    plane: Plane | None = None
    letters: Letters = Letters()
    calibrations: tuple[Calibration, ...] = ()
    frame_seconds: float | None = None  # from one frame to the next, in a cine
    views: tuple[FileView, ...] = ()


@dataclass(frozen=True)
class Picture:
    """`height` rows of `width` pixels of `channels` bytes: 1 grey, 3 RGB. Pixels may be oblong, see `facts.aspect`."""

    slot: Slot
    look: Look
    facts: FrameFacts
    width: int
    height: int
    channels: int
    data: bytes
    level: WindowLevel | None = None  # that was applied; None for colour and for tables
    start: WindowLevel | None = None  # where dragging a window begins while a table is applied
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    """Why a frame cannot be shown. `again`: whether asking once more may help. `file` is there, but shows no image."""

    slot: Slot
    title: str
    reason: str = ""
    hint: str = ""
    again: bool = False
    file: Path | None = None
