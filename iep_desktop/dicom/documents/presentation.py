"""Presentation states as lines: which images they refer to, and what they do to them (PS3.3 A.33, C.11).

They are listed, not applied: the viewer shows images as their own files want it, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from iep_desktop.core.documents import Report, ReportLine
from iep_desktop.dicom.documents.structured import referenced
from iep_desktop.dicom.documents.values import day_and_time, name, words
from iep_desktop.dicom.render.attributes import items, numbers

_MOST_IMAGES = 5_000
NOT_APPLIED = "It is listed, not applied: images are shown as their own files say."


def presentation_state(ds: Dataset, kind: str) -> Report:
    title = words(ds, "ContentDescription") or words(ds, "ContentLabel") or kind
    found = (
        ("Kind", kind),
        ("Made", day_and_time(ds, "PresentationCreation")),
        ("By", name(ds, "ContentCreatorName")),
    )
    facts = tuple((label, value) for label, value in found if value)
    return Report(title, facts, (*_images(ds), *_effects(ds), *_notes(ds)), (NOT_APPLIED,))


def _images(ds: Dataset) -> Iterator[ReportLine]:
    count = 0
    for series in items(ds, "ReferencedSeriesSequence"):
        images = items(series, "ReferencedImageSequence")
        said = f"{words(series, 'SeriesInstanceUID')}, {len(images)} images"
        yield ReportLine(0, "Refers to series", said, heading=True)
        for image in images:
            count += 1
            if count > _MOST_IMAGES:
                yield ReportLine(1, "", "more images are left out")
                return
            yield ReportLine(1, "", referenced(image))


def _effects(ds: Dataset) -> Iterator[ReportLine]:
    lines = [*_windows(ds), *_shape(ds)]
    if lines:
        yield ReportLine(0, "What it does", heading=True)
        yield from lines


def _windows(ds: Dataset) -> Iterator[ReportLine]:
    for voi in items(ds, "SoftcopyVOILUTSequence") or [ds]:
        widths = numbers(voi, "WindowWidth")
        for centre, width in zip(numbers(voi, "WindowCenter"), widths, strict=False):
            yield ReportLine(1, "Window", f"W {width:g} L {centre:g}")
        if items(voi, "VOILUTSequence"):
            yield ReportLine(1, "Window", "a table")


def _shape(ds: Dataset) -> Iterator[ReportLine]:
    rotation = numbers(ds, "ImageRotation")
    if rotation and rotation[0]:
        yield ReportLine(1, "Rotated", f"{rotation[0]:g}°")
    if words(ds, "ImageHorizontalFlip") == "Y":
        yield ReportLine(1, "Flipped", "left to right")
    if words(ds, "PresentationLUTShape") == "INVERSE":
        yield ReportLine(1, "Inverted", "yes")
    if shutter := words(ds, "ShutterShape"):
        yield ReportLine(1, "Shutter", shutter.lower())
    for area in items(ds, "DisplayedAreaSelectionSequence")[:1]:
        if mode := words(area, "PresentationSizeMode"):
            yield ReportLine(1, "Size", mode.lower())


def _notes(ds: Dataset) -> Iterator[ReportLine]:
    """What is written and drawn on the images."""
    annotations = items(ds, "GraphicAnnotationSequence")
    if annotations:
        yield ReportLine(0, "Written and drawn on the images", heading=True)
    for annotation in annotations:
        layer = words(annotation, "GraphicLayer")
        for text in items(annotation, "TextObjectSequence"):
            yield ReportLine(1, layer, words(text, "UnformattedTextValue"))
        drawn = items(annotation, "GraphicObjectSequence") + items(annotation, "CompoundGraphicSequence")
        kinds = [words(one, "GraphicType") or words(one, "CompoundGraphicType") for one in drawn]
        for kind in dict.fromkeys(kinds):
            yield ReportLine(1, layer, f"{kinds.count(kind)} × {kind.lower() or 'drawing'}")
