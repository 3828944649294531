"""What a file says of one of its frames, beside the pixels: where and when it was taken, how large, how to look at it.

From the frame's functional groups where they stand there (PS3.3 C.7.6.16). Nonsense counts as absent.
"""

from __future__ import annotations

from datetime import date

from pydicom.dataset import Dataset

from iep_desktop.core.measuring import Basis, Calibration
from iep_desktop.core.pictures import FileView, FrameFacts, WindowLevel
from iep_desktop.core.planes import Letters, Plane, letters_of_patient_orientation, plane_of
from iep_desktop.dicom.render.attributes import group, integer, items, number, numbers, text, texts
from iep_desktop.dicom.render.checks import GREY, PixelFormat
from iep_desktop.dicom.render.geometry import Spacing, aspect_of, spacing_of
from iep_desktop.dicom.render.grey import View, Window
from iep_desktop.dicom.render.views import modality_of, views_of

_DATES = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")
_PROJECTIONS = {"CR", "DX", "MG", "IO", "PX", "RF", "XA"}
_CENTIMETRES = 3  # Physical Units X Direction (PS3.3 C.8.5.5.1.15)
_PLANE_2D = 1  # Region Spatial Format
_BASES = {"ImagerPixelSpacing": Basis.DETECTOR, "NominalScannedPixelSpacing": Basis.FILM}


def facts_of(ds: Dataset, said: PixelFormat, frame: int) -> FrameFacts:
    """All but the patient, whom `dicom.documents` reads."""
    plane = plane_at(ds, said, frame)
    grey = said.samples == 1 and said.photometric in GREY
    day, time = _taken(ds)
    return FrameFacts(
        rows=said.rows,
        columns=said.columns,
        frames=said.frames,
        aspect=aspect_of(ds),
        grey=grey,
        bits=said.stored,
        modality=text(ds, "Modality")[:16],
        institution=text(ds, "InstitutionName"),
        station=text(ds, "StationName"),
        day=day,
        time=time,
        description=text(ds, "SeriesDescription") or text(ds, "StudyDescription"),
        laterality=(text(ds, "ImageLaterality") or text(ds, "Laterality"))[:1],
        number=_instance_number(ds),
        plane=plane,
        letters=plane.letters if plane else _letters(ds),
        calibrations=_calibrations(ds, frame),
        frame_seconds=frame_seconds(ds, frame),
        views=_named(ds, said, frame) if grey else (),
    )


def frame_seconds(ds: Dataset, frame: int = 0) -> float | None:
    """From one frame to the next. The rate for display counts most, then the time of acquisition (C.7.6.5.1.1)."""
    rate = number(ds, "RecommendedDisplayFrameRate")
    vector = numbers(ds, "FrameTimeVector")
    step = number(ds, "FrameTime") or next((step for step in vector[frame + 1 :] + vector if step > 0), None)
    slower = number(ds, "CineRate")
    seconds = 1 / rate if rate else step / 1000 if step else 1 / slower if slower else None
    return seconds if seconds and 0 < seconds < 3600 else None


def _instance_number(ds: Dataset) -> int | None:
    found = integer(ds, "InstanceNumber", -1)
    return found if found >= 0 else None


def _taken(ds: Dataset) -> tuple[date | None, str]:
    """Day and time of the same act: when it was acquired, else whatever is known."""
    for keyword in _DATES:
        day = _day(text(ds, keyword))
        if day:
            return day, _time(text(ds, keyword.replace("Date", "Time")))
    return None, ""


def _day(said: str) -> date | None:
    try:
        return date(int(said[:4]), int(said[4:6]), int(said[6:8]))
    except ValueError:
        return None


def _time(said: str) -> str:
    hours, minutes = said[:2], said[2:4]
    good = said[:4].isdigit() and len(said) >= 4 and int(hours) < 24 and int(minutes) < 60
    return f"{hours}:{minutes}" if good else ""


def plane_at(ds: Dataset, said: PixelFormat, frame: int) -> Plane | None:
    """Where a frame lies in the patient."""
    spacing = spacing_of(ds, frame)
    if spacing is None or spacing.source != "PixelSpacing":
        return None
    position = numbers(group(ds, frame, "PlanePositionSequence"), "ImagePositionPatient")
    orientation = numbers(group(ds, frame, "PlaneOrientationSequence"), "ImageOrientationPatient")
    size, measures = (said.rows, said.columns), (spacing.row, spacing.column)
    return plane_of(position, orientation, measures, size, text(ds, "FrameOfReferenceUID"))


def _letters(ds: Dataset) -> Letters:
    return letters_of_patient_orientation(texts(ds, "PatientOrientation"))


def _calibrations(ds: Dataset, frame: int) -> tuple[Calibration, ...]:
    """Regions of ultrasound first, for they say it of a part of the image."""
    spacing = spacing_of(ds, frame)
    whole = (Calibration(spacing.row, spacing.column, _basis(ds, spacing)),) if spacing else ()
    return (*filter(None, map(_region, items(ds, "SequenceOfUltrasoundRegions"))), *whole)


def _basis(ds: Dataset, spacing: Spacing) -> Basis:
    """Pixel Spacing of a projection is that of the detector unless it is said to be calibrated (PS3.3 10.7.1.3)."""
    if spacing.source in _BASES:
        return _BASES[spacing.source]
    projection = text(ds, "Modality") in _PROJECTIONS
    return Basis.DETECTOR if projection and not text(ds, "PixelSpacingCalibrationType") else Basis.PATIENT


def _region(item: Dataset) -> Calibration | None:
    """A part with two directions in centimetres: no traces, no Doppler."""
    units = number(item, "PhysicalUnitsXDirection"), number(item, "PhysicalUnitsYDirection")
    deltas = number(item, "PhysicalDeltaX"), number(item, "PhysicalDeltaY")
    edges = (
        number(item, "RegionLocationMinX0"), number(item, "RegionLocationMinY0"),
        number(item, "RegionLocationMaxX1"), number(item, "RegionLocationMaxY1"),
    )  # fmt: skip
    if number(item, "RegionSpatialFormat") != _PLANE_2D or any(unit != _CENTIMETRES for unit in units):
        return None
    left, top, right, bottom = edges
    if left is None or top is None or right is None or bottom is None or not all(deltas):
        return None
    across, down = (abs(delta or 0.0) * 10 for delta in deltas)
    return Calibration(down, across, Basis.REGION, (left, top, right + 1, bottom + 1))


def _named(ds: Dataset, said: PixelFormat, frame: int) -> tuple[FileView, ...]:
    views = views_of(ds, frame, modality_of(ds, said, frame))[0]
    return tuple(_file_view(view, at) for at, view in enumerate(views, start=1))


def _file_view(view: View, at: int) -> FileView:
    if isinstance(view, Window):
        return FileView(view.explanation or f"Window {at}", WindowLevel(view.centre, view.width))
    return FileView(view.explanation or f"Table {at}")
