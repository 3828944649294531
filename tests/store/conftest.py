"""A fresh ledger for each test, seen by our hospital and by another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iep_desktop.store.database import Database
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from tests.store.samples import THEM, US


class Clock:
    """The ledger's clock, which a test sets forward."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> datetime:
        self.time += timedelta(**by)
        return self.time


@pytest.fixture
def path(empty_ledger: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_ledger, tmp_path / "ledger.sqlite"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(path: Path, clock: Clock) -> Iterator[Database]:
    database = open_ledger(f"sqlite:///{path}", 0.2, clock)
    yield database
    database.dispose()


@pytest.fixture
def ours(database: Database) -> Transactions:
    return Transactions(database, US)


@pytest.fixture
def theirs(database: Database) -> Transactions:
    return Transactions(database, THEM)
