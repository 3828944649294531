"""The Qt bindings that are installed keep None alive on this Python."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def test_a_call_that_returns_nothing_takes_no_reference_off_none() -> None:
    """PySide6 6.12.0 did, before Python 3.12: after some thousand calls the process ended (requirements/run.in)."""
    target = QObject()
    before = sys.getrefcount(None)
    for _ in range(1000):
        target.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < 100
