"""The benchmark of the ledger, with a small one, so that it does not rot."""

from __future__ import annotations

import json

import pytest

from benchmarks import ledger


def test_the_benchmark_says_every_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("ROUNDS", 2), ("OPENINGS", 2), ("MOVED", 200), ("QUEUED", 20)):
        monkeypatch.setattr(ledger, name, value)
    ledger.main(300)  # what it answers is for a quiet machine and a million
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = " ".join(row["figure"] for row in rows)
    assert all(row["figure"].startswith("5 ") for row in rows)
    for asked in (
        "tab open",
        "filter",
        "search",
        "one or two letters",
        "counts",
        "opened",
        "moved in a second",
        "the page Queues",
    ):
        assert asked in figures
