"""R-RIS and R-GATE-6: every imported exam gets its own RIS event, dated when the images were acquired."""

from __future__ import annotations

from collections.abc import Iterable

from iep_desktop.core.model import Exam, RisState
from iep_desktop.core.transaction import Requirement


def ris_requirements(exams: Iterable[Exam]) -> tuple[Requirement, ...]:
    """One requirement an exam that is not on RIS yet; it does not hold up the images."""
    return tuple(
        Requirement(
            f"ris-{position}",
            f"Enter on RIS: {exam.label}",
            "One event of type import, dated when the images were acquired.",
            "R-GATE-6",
            "§2.2, §2.3f",
            "Enter on RIS",
            blocking=False,
        )
        for position, exam in enumerate(exams)
        if exam.ris_state is not RisState.ENTERED
    )
