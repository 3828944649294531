"""What the rows of a viewer's rail say: studies, series, groups and images, and warnings in two words."""

from __future__ import annotations

from iep_desktop.core.documents import document_kind
from iep_desktop.core.names import display_name
from iep_desktop.core.viewing import SignKind, ViewImage, ViewSeries, ViewStudy
from iep_desktop.ui.widgets.field import show_day
from iep_desktop.ui.worklist.texts import grouped

SIGNS = {
    SignKind.OTHER_PATIENT: "another patient",
    SignKind.MIXED_BIRTH_DATES: "other birth date",
    SignKind.BURNED_IN: "burned-in text",
    SignKind.MISSING_NUMBERS: "numbers missing",
    SignKind.DUPLICATES: "duplicates",
    SignKind.SECONDARY_CAPTURE: "secondary capture",
    SignKind.EMPTY: "empty image",
    SignKind.UNREADABLE: "unreadable",
}


def study_title(study: ViewStudy) -> str:
    return study.description or "Study without description"


def study_facts(study: ViewStudy, *, named: bool) -> str:
    """Its date; its patient too, where there are several."""
    name = display_name(study.patient.name) or "no name" if named else ""
    return ", ".join(part for part in (show_day(study.date), name) if part)


def series_title(series: ViewSeries) -> str:
    if series.description:
        return series.description
    return f"Series {series.number}" if series.number is not None else "Series without description"


def series_facts(series: ViewSeries) -> str:
    """`CT, 412 images`; `CT, 410 of 412 images` where the source says that there are more."""
    count, expected = len(series.images), series.expected or 0
    shown = f"{grouped(count)} of {grouped(expected)}" if expected > count else grouped(count)
    word = "document" if count and document_kind(series.images[0].sop_class_uid) else "image"
    images = f"{shown} {word}" if max(count, expected) == 1 else f"{shown} {word}s"
    return ", ".join(part for part in (series.modality, images) if part)


def group_title(images: int, before: int) -> str:
    """By their place in the series: numbers may be missing, or be there twice."""
    return f"{grouped(before + 1)} to {grouped(before + images)}"


def image_title(image: ViewImage, row: int) -> str:
    return f"Image {image.number if image.number is not None else row + 1}"


def image_facts(image: ViewImage) -> str:
    return f"{grouped(image.frames)} frames" if image.frames > 1 else ""
