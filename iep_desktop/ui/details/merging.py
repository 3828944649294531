"""Two who filled in one form at once: what either changed, put together. Pure; over the texts of the fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from iep_desktop.ui.disc_wizard.form_text import ExamText, FormText

_UNSEEN = ("hospital",)  # its name stands in the field, as `hospital_typed`


def merge(
    began: FormText, mine: FormText, theirs: FormText, label: Callable[[str], str]
) -> tuple[FormText, tuple[str, ...]]:
    """Mine, with theirs in the fields that I left as they were; and a line for each field that they changed."""
    theirs_by_name = {field.name: getattr(theirs, field.name) for field in fields(FormText)}
    taken, lines = {}, []
    for name, new in theirs_by_name.items():
        if new == getattr(began, name):
            continue
        own = getattr(mine, name)
        if own == getattr(began, name):
            taken[name] = new
        if name not in _UNSEEN:
            lines.append(_line(label(name), new, kept=own not in (new, getattr(began, name))))
    return replace(mine, **taken), tuple(lines)


def _line(label: str, new: object, *, kept: bool) -> str:
    return f"{label}: {_say(new)}{', yours is kept' if kept else ''}"


def _say(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(_exam(exam) for exam in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{value}”" if value else "empty"


def _exam(exam: ExamText) -> str:
    parts = (exam.modality, exam.description, exam.exam_code, exam.date)
    return " ".join(part for part in parts if part)
