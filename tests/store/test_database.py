"""The connection: what SQLite is told, and what becomes of its errors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from iep_desktop.core.errors import LedgerBusy, LedgerUnusable, OutOfSpace, Refused
from iep_desktop.store.database import Database
from iep_desktop.store.tables import DraftRow, EventRow, InstanceRow, TransactionRow
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from tests.store.samples import US, disc, sqlite


def _pragma(database: Database, name: str) -> object:
    with database.read() as session:
        return session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()


def test_the_ledger_uses_wal_checks_foreign_keys_and_syncs_every_commit(database: Database) -> None:
    assert _pragma(database, "journal_mode") == "wal"
    assert _pragma(database, "foreign_keys") == 1
    assert _pragma(database, "synchronous") == 2


def test_an_engine_keeps_little_of_the_ledger_in_memory_whoever_connected_before(database: Database) -> None:
    roomy = _pragma(database, "cache_size")
    with database.read() as held:
        held.connection()
        database.spare_memory()
    assert roomy == -16000
    with ExitStack() as together:
        sessions = [together.enter_context(database.read()) for _ in range(6)]
        sizes = [session.connection().exec_driver_sql("PRAGMA cache_size").scalar() for session in sessions]
    assert sizes == [-2000] * 6
    assert database._engine.pool.checkedin() == 4  # type: ignore[attr-defined]


def test_a_row_of_an_unknown_transaction_is_refused(database: Database, clock: datetime) -> None:
    with pytest.raises(Refused), database.write() as session:
        session.add(_event(404, database.now(), "text"))


def test_what_belongs_to_a_transaction_goes_with_it(database: Database, ours: Transactions) -> None:
    ours.create(disc())
    with database.write() as session:
        session.execute(delete(TransactionRow))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(InstanceRow)) == 0


def test_an_error_never_tells_what_was_to_be_written(database: Database) -> None:
    with pytest.raises(Refused) as refusal, database.write() as session:
        session.add(_event(404, database.now(), "MOUSE^Minnie"))
    assert "MOUSE" not in str(refusal.value)
    assert "MOUSE" not in str(refusal.value.__cause__)


def test_an_error_in_the_middle_leaves_nothing(database: Database) -> None:
    def break_off() -> None:
        with database.write() as session:
            session.add(_draft("text", database.now()))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(DraftRow)) == 0


def test_a_datetime_without_zone_is_a_defect(database: Database) -> None:
    with pytest.raises(Exception, match="aware"), database.write() as session:
        session.add(_event(1, datetime(2026, 1, 1), "text"))  # noqa: DTZ001


def test_a_locked_ledger_is_busy_after_the_time_we_wait(path: Path, database: Database) -> None:
    with _locked(path):
        begun = time.monotonic()
        with pytest.raises(LedgerBusy) as busy, database.write():
            pass
        assert 0.15 < time.monotonic() - begun < 5
    assert busy.value.hint


def test_a_locked_ledger_can_still_be_read(path: Path, database: Database, ours: Transactions) -> None:
    made = ours.create(disc())
    with _locked(path):
        assert ours.by_id(made.id).number == made.number


def test_a_write_goes_through_once_the_other_program_has_let_go(path: Path, ours: Transactions) -> None:
    with _locked(path), pytest.raises(LedgerBusy):
        ours.create(disc())
    assert ours.create(disc()).number == "2026-000001"


def test_a_ledger_deleted_while_open_takes_no_more_writes(path: Path, ours: Transactions) -> None:
    ours.create(disc())
    path.unlink()
    with pytest.raises(LedgerUnusable, match="deleted"):
        ours.create(disc())
    assert not path.exists()


def test_a_ledger_replaced_while_open_takes_no_more_writes(path: Path, ours: Transactions) -> None:
    ours.create(disc())
    path.rename(path.with_suffix(".old"))
    path.write_bytes(path.with_suffix(".old").read_bytes())
    with pytest.raises(LedgerUnusable):
        ours.create(disc())


def test_only_opening_makes_a_ledger(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'none.sqlite'}")
    with pytest.raises(LedgerUnusable), database.read() as session:
        session.scalar(select(1))
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"These are the minutes of a meeting. " * 100)
    with pytest.raises(LedgerUnusable, match="not a ledger"):
        open_ledger(f"sqlite:///{path}")


def test_a_damaged_ledger_is_said_so(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(LedgerUnusable, match="damaged"):
        open_ledger(f"sqlite:///{path}")


def test_a_truncated_ledger_is_said_so(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(LedgerUnusable, match="damaged"):
        open_ledger(f"sqlite:///{path}")


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.touch()
    database = open_ledger(f"sqlite:///{path}")
    assert Transactions(database, US).create(disc()).number
    database.dispose()


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="does not exist"):
        open_ledger(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.sqlite'}")


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir()
    with _sealed(folder), pytest.raises(LedgerUnusable, match="cannot be written"):
        open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")


def test_a_ledger_that_is_a_folder_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").mkdir()
    with pytest.raises(LedgerUnusable, match="cannot be opened"):
        open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.mark.parametrize("url", ["", "sqlite://", "nonsense", "nosuchdb://host/ledger"])
def test_an_address_that_is_none_is_said_so(url: str) -> None:
    with pytest.raises(LedgerUnusable):
        open_ledger(url)


def test_a_full_disk_is_told_from_a_damaged_ledger(database: Database) -> None:
    def write_much() -> None:
        with database.write() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
            session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
            session.add(_draft("x" * 1_000_000, database.now()))

    with pytest.raises(OutOfSpace):
        write_much()


def test_a_folder_with_signs_in_its_name_holds_a_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "100% #1 ü;=&"
    folder.mkdir()
    open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}").dispose()
    assert (folder / "ledger.sqlite").exists()


def _event(transaction: int, at: datetime, text: str) -> EventRow:
    return EventRow(transaction_id=transaction, at=at, hospital=US, actor="", kind="", text=text)


def _draft(text: str, at: datetime) -> DraftRow:
    return DraftRow(owner="", kind="k", key="1", text=text, updated_at=at)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Another program writes and does not end."""
    other = sqlite(path)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def _sealed(folder: Path) -> Iterator[None]:
    """A folder that may not be written, neither by root (who becomes nobody for the time)."""
    opened = [parent for parent in (folder, *folder.parents) if parent.stat().st_mode & 0o055 != 0o055]
    modes = {parent: parent.stat().st_mode for parent in opened}
    for parent in opened:
        parent.chmod(modes[parent] | 0o055)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)
        for parent, mode in modes.items():
            parent.chmod(mode)
        folder.chmod(0o700)
