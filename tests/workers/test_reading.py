"""The details of a transaction are of one moment, whatever is written between two of its reads."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iep_desktop import settings
from iep_desktop.core.transaction import Details, InstanceState
from iep_desktop.settings import Settings
from iep_desktop.store.database import Database
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers.desk import Desk, open_desk
from tests.store.samples import US, disc, images, moved

IMAGES = 24
READS = ("events", "messages", "series_progress")
EVIDENCE = ("evidence", "of", "uncommitted")


@pytest.fixture
def url(empty_ledger: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_ledger, tmp_path / 'ledger.sqlite')}"


@pytest.fixture
def desk(url: str, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk(
        settings.create_profile(tmp_path / "profile", Settings(hospital=US, ledger_url=url, user="looks"))
    )
    yield opened
    opened.close()


@pytest.fixture
def engine(url: str) -> Iterator[Transactions]:
    """Another program, with its own connection."""
    database = open_ledger(url)
    yield Transactions(database, US)
    database.dispose()


def spooled(engine: Transactions, id: int) -> None:
    engine.update_instances(
        id, [moved(each.sop_instance_uid, InstanceState.SPOOLED) for each in engine.instances(id)]
    )
    engine.record(id, "spooled", "All images are read", "engine")


def between(monkeypatch: pytest.MonkeyPatch, of: object, name: str, act: Callable[[], None]) -> None:
    """`act` is done just before this read."""
    read = getattr(of, name)

    def first(id: int) -> object:
        monkeypatch.undo()
        act()
        return read(id)

    monkeypatch.setattr(of, name, first)


def seen(details: Details) -> tuple[int, int, bool]:
    """Spooled images by the head, by the series, and whether the history tells of them."""
    by_series = sum(each.counts.spooled for each in details.series)
    told = any(event.kind == "spooled" for event in details.events)
    return details.transaction.counts.spooled, by_series, told


@pytest.mark.parametrize("read", READS + EVIDENCE)
def test_a_writer_between_two_reads_is_not_seen_by_the_second(
    desk: Desk, engine: Transactions, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    made = engine.create(disc(1, instances=images(IMAGES)))
    store: object = desk.ledger.transactions if read in READS else desk.ledger.commitments
    between(monkeypatch, store, read, lambda: spooled(engine, made.id))
    assert seen(desk.reading.details(made.id)) == (0, 0, False)
    assert seen(desk.reading.details(made.id)) == (IMAGES, IMAGES, True)


def test_another_thread_reads_the_ledger_as_it_is_while_one_looks_at_a_moment(
    desk: Desk, engine: Transactions
) -> None:
    made = engine.create(disc(1, instances=images(IMAGES)))
    found: list[int] = []

    def look() -> None:
        found.append(desk.reading.by_id(made.id).counts.spooled)

    database: Database = desk.ledger.database
    with database.snapshot():
        look()
        spooled(engine, made.id)
        look()
        other = threading.Thread(target=look)
        other.start()
        other.join()
    look()
    assert found == [0, 0, IMAGES, IMAGES]
