"""Every benchmark still runs, with small sizes: it says its figures, and its exit code goes by them.

Whether a figure is met is for a quiet machine and whole sizes: `python3 dev.py bench`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[2]
SECONDS = 300.0
"""For one of them on a machine that has much else to do; alone they take seconds."""

SIZES = {
    "blue_light": "1",
    "blue_light_window": "1 6",
    "cine": "8",
    "dicomdir": "60",
    "dicomweb": "4",
    "event_loop": "2",
    "memory": "0.004 8 1",
    "send": "4",
    "soak": "4",
    "start": "1",
    "thumbnails": "40 1",
    "transfer": "4",
    "whole_import": "4",
}
"""What each is given on the command line."""

ELSEWHERE = {
    "ledger": "tests/store/test_ledger_benchmark.py",
    "receive": "tests/dicom/test_receive_benchmarks.py",
    "retrieve": "tests/dicom/test_receive_benchmarks.py",
}
"""These run in a test of their own, which can make them smaller than a command line can."""


def test_every_benchmark_is_run_by_a_test() -> None:
    assert sorted([*SIZES, *ELSEWHERE]) == dev.benchmarks()
    for name, test in ELSEWHERE.items():
        assert f"{name}.main(" in (ROOT / test).read_text("utf-8")


@pytest.mark.timeout(SECONDS + 10)
@pytest.mark.parametrize("name", SIZES)
def test_the_benchmark_runs_through_and_says_what_it_measured(name: str, tmp_path: Path) -> None:
    environment = dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path), QT_QPA_PLATFORM="offscreen")
    command = [sys.executable, "-m", f"benchmarks.{name}", *SIZES[name].split()]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert rows, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    for row in rows:
        assert set(row) == {"figure", "ours", "theirs", "ratio", "wanted", "met"}
        assert row["ratio"] > 0
        assert re.search(r"[1-9]", row["ours"]), f"nothing was measured: {row}"
    assert done.returncode == (0 if all(row["met"] for row in rows) else 1)
