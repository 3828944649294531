"""Qt leaves the sources of other modules alone where it was loaded by us."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from iep_desktop.qt_imports import load_qt

SOURCES = """
import linecache, sys
{before}
import PySide6.QtCore
import iep_desktop.workers.engine, iep_desktop.store.upgrade

print(sum(name.endswith(".py") for name in linecache.cache))
"""
OURS = "from iep_desktop.qt_imports import load_qt; load_qt()"


def sources_kept(before: str) -> int:
    code = SOURCES.format(before=before)
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)


def test_qt_reads_the_source_of_every_module() -> None:
    """What `qt_imports` is for; where this fails, it can go."""
    assert sources_kept("") > 200


def test_loaded_by_us_it_reads_none() -> None:
    assert sources_kept(OURS) < 10


@pytest.mark.parametrize("door", ["iep_desktop.app", "iep_desktop.cli.commands"])
def test_every_door_loads_it_so(door: str) -> None:
    arguments = "import argparse; arguments = argparse.Namespace(for_window=False, until_idle=True)"
    run = f"{arguments}\ntry: {door}.run(arguments, None, None)\nexcept AttributeError: pass"
    assert sources_kept(f"import {door}\n{run if door.endswith('commands') else ''}") < 10


def test_a_qt_that_does_not_look_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("shibokensupport.feature")
    monkeypatch.setitem(sys.modules, "shibokensupport.feature", other)
    load_qt()
    assert not hasattr(other, "_mod_uses_pyside")
