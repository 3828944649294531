"""How a benchmark says a figure: one JSON object a line, ratios of one run, read by `dev.py bench`."""

from __future__ import annotations

import json
import sys


def say(figure: str, *, ours: str, theirs: str, ratio: float, wanted: str, met: bool) -> bool:
    """Print one figure; returns `met`."""
    row = {"figure": figure, "ours": ours, "theirs": theirs, "ratio": ratio, "wanted": wanted, "met": met}
    print(json.dumps(row), flush=True)
    return met


def note(text: str) -> None:
    """Progress and explanations, beside the figures."""
    print(text, file=sys.stderr, flush=True)
