"""The benchmarks of retrieving and receiving still run: small, and whatever figures they say."""

from __future__ import annotations

import json

import pytest

from benchmarks import receive, retrieve


def test_the_benchmark_of_retrieving_says_its_figures(capfd: pytest.CaptureFixture[str]) -> None:
    assert retrieve.main(4) in (0, 1)
    assert _figures(capfd) == 4


def test_the_benchmark_of_receiving_says_its_figures(capfd: pytest.CaptureFixture[str]) -> None:
    assert receive.main(4, runs=1) in (0, 1)
    assert _figures(capfd) == 4


def _figures(capfd: pytest.CaptureFixture[str]) -> int:
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert all(row["ratio"] > 0 for row in rows)
    return len(rows)
