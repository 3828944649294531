"""The question that is asked when the window is closed while a job runs."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.confirm import ConfirmDialog


def close_question(theme: Theme, parent: QWidget) -> ConfirmDialog:
    return ConfirmDialog(
        "Close Image Exchange?",
        "An import is running. It stops cleanly and goes on at the next start.",
        "Close",
        theme,
        leave="Keep open",
        parent=parent,
    )
