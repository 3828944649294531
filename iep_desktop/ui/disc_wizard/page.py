"""What every page of the wizard is: it lays out, shows the case, and says what the footer holds.

A page changes the case only through the case's own methods and asks for another page by signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from iep_desktop.ui.disc_wizard.case import Case


@dataclass(frozen=True)
class Act:
    """A button of the footer besides Back and Next."""

    text: str  # with its mnemonic
    run: Callable[[], None]
    enabled: bool = True
    tip: str = ""


@dataclass(frozen=True)
class Footer:
    """The footer as a page wants it now."""

    strong: str = ""
    text: str = ""
    next_text: str = "&Next"
    next_enabled: bool = True
    back_enabled: bool = True
    left: Act | None = None
    right: Act | None = None
    eject: Act | None = None


class Page(QWidget):
    """One of the six. `refresh` brings it up to date with the case; it is called for the shown page alone."""

    go = Signal(object)  # Step
    footer_changed = Signal()
    focus_let_go = Signal()  # what has the focus is about to go

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.setProperty("ground", "surface")

    def enter(self) -> None:
        """The page has just been shown."""

    def refresh(self) -> None:
        """The case changed, or the page was entered."""

    def footer(self) -> Footer:
        return Footer()

    def next(self) -> None:
        """What the primary button does."""

    def first_focus(self) -> QWidget | None:
        return None
