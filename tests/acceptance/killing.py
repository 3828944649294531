"""Killing the engine of a hospital, and letting another finish.

killed_after(hospital, 2.5, signal.SIGTERM)
finish(hospital)            # what is left is done by an engine that nobody kills
"""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.hospital import Hospital


def killed_after(hospital: Hospital, seconds: float, how: signal.Signals = signal.SIGKILL) -> bool:
    """Run the engine and kill it; False where it had nothing left to do before."""
    engine = subprocess.Popen(
        hospital.command("run", "--until-idle"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        engine.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        engine.send_signal(how)
        engine.wait()
        return True


def finish(hospital: Hospital) -> None:
    """Everything that is queued is done."""
    code, answer = hospital.run("run", "--until-idle")
    assert code == 0, answer


def spooled(hospital: Hospital) -> list[Path]:
    """The files that are left in the spool."""
    return [path for path in (hospital.root / "spool").rglob("*") if path.is_file()]
