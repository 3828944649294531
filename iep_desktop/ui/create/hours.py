"""Until when what is sent now would wait (R-TIME-4, R-ENG-2), as a line among the checks."""

from __future__ import annotations

from datetime import datetime

from iep_desktop.core.form_rules import Check, Verdict
from iep_desktop.core.model import Priority
from iep_desktop.ui.worklist.texts import moment


def hours_check(priority: Priority, until: datetime | None) -> Check:
    """It never blocks: what waits is sent by itself when its time has come."""
    if until is None:
        title = "A Blue Light runs at once" if priority is Priority.BLUE_LIGHT else "Within hours"
        return Check("hours", Verdict.MET, title, "", "R-TIME-4", "§2.9")
    if priority is Priority.BATCH:
        detail = "Batch runs in the night."
        return Check("hours", Verdict.WARNS, f"Waits until {moment(until)}", detail, "R-ENG-2", "§2.3d")
    detail = "Outside hours only the trauma pathway runs."
    return Check("hours", Verdict.WARNS, f"Waits until {moment(until)}", detail, "R-TIME-4", "§2.8")
