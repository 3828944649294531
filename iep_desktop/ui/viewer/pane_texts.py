"""The words at a pane's edges: whose image, where and when taken, how shown, which of how many. From its own file."""

from __future__ import annotations

from collections.abc import Sequence

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.names import display_name
from iep_desktop.core.pictures import FrameFacts, Picture
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.ui.viewer.pane_painting import Texts
from iep_desktop.ui.viewer.tools import level_text
from iep_desktop.ui.viewer.viewport import Fit
from iep_desktop.ui.widgets.field import show_day

_SIDES = {"L": "Left", "R": "Right", "B": "Both sides"}


def texts_of(picture: Picture, fit: Fit, at: int, count: int, remarks: Sequence[str] = ()) -> Texts:
    """`at` counts from 0 and is the place of the frame in its series."""
    facts = picture.facts
    return Texts(
        top_left=patient_lines(facts.patient),
        top_right=_series_lines(facts),
        bottom_left=(_look_line(picture), f"Zoom {fit.zoom * 100:.0f} %"),
        bottom_right=_place_lines(picture, at, count),
        letters=fit.port.letters(facts),
        remarks=(*picture.remarks, *remarks),
    )


def patient_lines(patient: ViewPatient) -> tuple[str, ...]:
    """Name, date of birth and sex, number; what the file does not say is said to be missing."""
    born = show_day(patient.birth_date) if patient.birth_date else "no date of birth"
    sex = f", {patient.sex}" if patient.sex else ""
    number = _number(patient.nhs_no) or patient.patient_id or "no patient ID"
    return display_name(patient.name) or "No name", f"{born}{sex}", number


def _number(nhs_no: str) -> str:
    try:
        return format_nhs_number(nhs_no) if nhs_no else ""
    except InvalidInput:
        return nhs_no


def _series_lines(facts: FrameFacts) -> tuple[str, ...]:
    place = ", ".join(part for part in (facts.institution, facts.station) if part)
    taken = " ".join(part for part in (show_day(facts.day) if facts.day else "", facts.time) if part)
    what = facts.description or facts.modality
    return tuple(part for part in (place, taken, what, _SIDES.get(facts.laterality, "")) if part)


def _look_line(picture: Picture) -> str:
    if not picture.facts.grey:
        return "Colour"
    words = level_text(picture.level).replace(" L ", "  L ") if picture.level else "By the file's table"
    return f"{words}, inverted" if picture.look.invert else words


def _place_lines(picture: Picture, at: int, count: int) -> tuple[str, ...]:
    facts = picture.facts
    frame = f"Frame {picture.slot.frame + 1} of {facts.frames}" if facts.frames > 1 else ""
    image = "" if frame and facts.frames == count else f"Image {at + 1} of {count}"
    depth = f"Slice {facts.plane.depth:.1f} mm" if facts.plane else ""
    return tuple(part for part in (image, frame, depth) if part)


def spoken(texts: Texts) -> str:
    """For a screen reader."""
    parts = (*texts.top_left, *texts.top_right, *texts.bottom_right, *texts.bottom_left, *texts.remarks)
    return ", ".join(part for part in parts if part)
