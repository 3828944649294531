"""Figure 8: from the start of the program to a window that can be used, against the bare QApplication, in turns.

    python -m benchmarks.start [RUNS]

Usable: the window is painted, and a key that was pressed (Ctrl+1) has changed the tab; rows of the ledger are read
beside the loop and come later. Whole processes are timed, interpreter included.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figure import say

BAR = 2.5
BARE = "from PySide6.QtWidgets import QApplication; QApplication([])"
WINDOW = """
import os, sys
from pathlib import Path
from iep_desktop import app, settings
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from iep_desktop.ui.theme import Theme, ThemeChoice

application = app.make_application()
session = app.Session(settings.open_profile(Path(sys.argv[1])), Theme(application, ThemeChoice.LIGHT))
session.show()
window = session.window
window.activateWindow()
application.processEvents()
QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)

def look():
    if window.tabs.currentIndex() == 0 and window.isVisible():
        os._exit(0)

timer = QTimer()
timer.timeout.connect(look)
timer.start(1)
application.exec()
"""


def seconds(code: str, *arguments: str) -> float:
    """How long a process takes from its start to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, timeout=60, env=_environment())
    return time.perf_counter() - start


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parent.parent)
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return dict(compiled, QT_QPA_PLATFORM="offscreen", PYTHONPATH=root)


def main(runs: int = 7) -> int:
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        make = [sys.executable, "-m", "iep_desktop", "--profile", str(profile), "init", "--hospital", "RWE"]
        subprocess.run(make, check=True, env=_environment(), stdout=subprocess.DEVNULL)
        seconds(WINDOW, str(profile))  # compiles what is compiled once
        pairs = [(seconds(BARE), seconds(WINDOW, str(profile))) for _ in range(runs)]
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(window / base for base, window in pairs)
    met = say(
        "8 window usable, against the bare QApplication",
        ours=f"{ours:.2f} s",
        theirs=f"{bare:.2f} s",
        ratio=ratio,
        wanted=f"<= {BAR:g}",
        met=ratio <= BAR,
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
