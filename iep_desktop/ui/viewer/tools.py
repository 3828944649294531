"""What the left button and a pane's keys do, and the windows that a person can choose. Words and numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.pictures import FrameFacts, Look, WindowLevel


class Tool(StrEnum):
    SCROLL = "Scroll"
    WINDOW = "Window"
    ZOOM = "Zoom"
    PAN = "Pan"
    MEASURE = "Measure"


@dataclass(frozen=True)
class Preset:
    """A way to look that has a name; `key` chooses it."""

    name: str
    look: Look
    key: str = ""

    @property
    def text(self) -> str:
        level = self.look.level
        return f"{self.name}, {level_text(level)}" if level else self.name


AS_FILE = Preset("As the file says", Look(), "1")
AUTOMATIC = Preset("Automatic", Look(automatic=True), "2")
CT = (
    Preset("Brain", Look(WindowLevel(40, 80)), "3"),
    Preset("Abdomen", Look(WindowLevel(40, 400)), "4"),
    Preset("Lung", Look(WindowLevel(-600, 1500)), "5"),
    Preset("Bone", Look(WindowLevel(500, 2000)), "6"),
)


def presets(facts: FrameFacts | None) -> tuple[Preset, ...]:
    """Those of the file by their names, and for CT, whose values are the same everywhere (HU), the usual ones."""
    if facts is None or not facts.grey:
        return (AS_FILE,)
    more = facts.views[1:] if len(facts.views) > 1 else ()
    named = tuple(
        Preset(f"{view.name}, {level_text(view.level)}" if view.level else view.name, Look(view=at))
        for at, view in enumerate(more, start=1)
    )
    return (AS_FILE, AUTOMATIC, *named, *(CT if facts.modality == "CT" else ()))


def level_text(level: WindowLevel) -> str:
    """`W 80 L 40`, with decimals only where the numbers are small."""
    return f"W {_number(level.width)} L {_number(level.centre)}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.3g}"
