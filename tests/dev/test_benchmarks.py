"""Every benchmark still runs, with small sizes: it says its figures, and its exit code goes by them.

Whether a figure is met is for a quiet machine and whole sizes: `python3 dev.py bench`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[2]
SECONDS = 300.0
"""For one of them on a machine that has much else to do; alone they take seconds."""

SIZES = {
    "blue_light": "1",
    "blue_light_window": "100",
    "cine": "8",
    "dicomdir": "60",
    "dicomweb": "4",
    "event_loop": "2",
    "memory": "0 8 1",
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
    code, out, err = _run([sys.executable, "-m", f"benchmarks.{name}", *SIZES[name].split()], environment)
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert rows, err
    assert "Traceback" not in err, err
    for row in rows:
        assert set(row) == {"figure", "ours", "theirs", "ratio", "wanted", "met"}
        assert row["ratio"] > 0
        assert re.search(r"[1-9]", row["ours"]), f"nothing was measured: {row}"
    assert code == (0 if all(row["met"] for row in rows) else 1)


def _run(command: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
    """Exit code and what it said; nothing that it started outlives it, whatever becomes of it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, out, err
