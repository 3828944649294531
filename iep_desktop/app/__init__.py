"""The composition root of the window: builds theme, services, engine and windows, and owns start and shutdown.

Nothing here decides anything about images. What takes time (ledger, libraries, network) is first touched in the
threads of `Queries` and `Engine`, so that the window stands at once.
"""

from __future__ import annotations

import gc

gc.disable()  # while modules are loaded: looking through what they made for garbage is a tenth of the start

from iep_desktop.qt_imports import load_qt

load_qt()

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from iep_desktop import settings
from iep_desktop.app.session import Session
from iep_desktop.core.errors import InvalidInput
from iep_desktop.ui.theme import Theme, ThemeChoice

TRY_DEMO = -1
"""What `open_window` returns where the person wants to see the demo first."""


def open_window(root: Path) -> int:
    """Show the window of a profile, or the first start's set-up where there is none; returns the exit code.

    Raises:
        InvalidInput: there is no display.
        Permanent: the profile cannot be used.
    """
    require_display()
    application = make_application()
    if not settings.exists(root):
        from iep_desktop.app.first_start import Choice, ask

        chosen = ask(root, Theme(application))
        if chosen is not Choice.PROFILE:
            return TRY_DEMO if chosen is Choice.DEMO else 0
    profile = settings.open_profile(root)
    session = Session(profile, Theme(application, ThemeChoice(profile.settings.theme)))
    session.show()
    QTimer.singleShot(0, lambda: _start_logging(profile))
    _close_on_signals(session)
    return application.exec()


def _start_logging(profile: settings.Profile) -> None:
    from iep_desktop.logs import start_logging  # lazy: the window stands before it

    start_logging(profile.logs)


def require_display() -> None:
    """Qt ends the program without a word where there is no display: say it before."""
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    headless = wanted.partition(":")[0] in ("offscreen", "minimal", "vnc")
    if sys.platform.startswith("linux") and not headless:
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise InvalidInput(
                "There is no display to open a window on",
                "Neither DISPLAY nor WAYLAND_DISPLAY is set.",
                "Everything can be done on the command line too: iep-desktop --help",
            )


def make_application() -> QApplication:
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("iep-desktop")
    application.setApplicationDisplayName("Image Exchange")
    return application


def _close_on_signals(session: Session) -> None:
    """A logout or Ctrl+C ends like a close without questions; Python hears signals at the engine's next tick."""

    def close(*_: object) -> None:
        session.close()
        QApplication.quit()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, close)


def draw_screens(root: Path, folder: Path) -> list[Path]:
    """One PNG of every screen, light and dark, drawn offscreen from a profile."""
    from iep_desktop.app.screenshots import draw

    profile = settings.open_profile(root)
    _start_logging(profile)
    return draw(profile, folder)


gc.enable()
