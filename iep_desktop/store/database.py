"""The connection to the ledger: SQLite with WAL today. All that is special to one database engine is here.

A session is short: one step of a caller, never over network I/O. `read` sees one consistent state and blocks nobody;
`write` takes the ledger's write lock at its start, so that what it reads is still true when it writes. Errors of the
driver become ours here and nowhere else; parameters (patients' data) never enter an error's text.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from iep_desktop.core.errors import IepError, LedgerBusy, LedgerUnusable, OutOfSpace, Refused


def utc_now() -> datetime:
    return datetime.now(UTC)


class Database:
    """An opened ledger. Made by `upgrade.open_ledger`; safe to use from any thread."""

    def __init__(
        self,
        url: str,
        busy_seconds: float = 10.0,
        clock: Callable[[], datetime] = utc_now,
        *,
        create: bool = False,
    ) -> None:
        self.now = clock
        parsed = _parse(url)
        self._file = _LedgerFile(parsed) if parsed.get_backend_name() == "sqlite" else None
        self._busy_seconds = busy_seconds
        self._use(self._file.engine(busy_seconds, create) if self._file else _server_engine(parsed))
        self._shared = threading.local()  # the session of a snapshot that this thread has open

    def _use(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(ledger_write=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that changes nothing; inside a `snapshot` of this thread, that one's."""
        with translated():
            shared: Session | None = getattr(self._shared, "session", None)
            if shared is not None:
                yield shared
                return
            self._check_file()
            with Session(self._engine, autoflush=False) as session:
                yield session

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads of this thread, of whatever store, see one moment of the ledger: that of the first.

        As short as any session, and only for what is read.
        """
        with self.read() as session:
            session.connection()  # begins here, once
            outer = getattr(self._shared, "session", None)
            self._shared.session = session
            try:
                yield
            finally:
                self._shared.session = outer

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that has the write lock; commits at the end, rolls back on any error."""
        with translated():
            self._check_file()
            with Session(self._writing, expire_on_commit=False) as session, session.begin():
                session.connection()  # lock now, not at the first statement
                yield session

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """The whole ledger to oneself, to change its schema; all or nothing. Foreign keys are checked at the end."""
        with translated(), self._engine.connect() as connection:
            if self._file:
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # tables may be made anew
                connection.rollback()
            try:
                with connection.execution_options(ledger_write=True).begin():
                    yield connection
                    self._check_keys(connection)
            finally:
                connection.invalidate()  # its foreign keys are off

    def remember_file(self) -> None:
        """From now on the file must stay the one it is."""
        if self._file:
            self._file.remember()

    def spare_memory(self) -> None:
        """For a process that runs for weeks and asks by key: few connections, which keep little of the file."""
        if self._file:
            self._engine.dispose()
            self._use(self._file.engine(self._busy_seconds, create=False, room=_ENGINE))

    def dispose(self) -> None:
        self._engine.dispose()

    def _check_file(self) -> None:
        if self._file:
            self._file.check()

    def broken_keys(self, connection: Connection) -> list[str]:
        """The tables of rows that belong to a row that is not there. A server does not let it come to that."""
        if not self._file:
            return []
        return [row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]

    def damage(self, connection: Connection) -> list[str]:
        """What the file itself says of its pages and indexes. A server looks after its own."""
        if not self._file:
            return []
        return [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)") if row[0] != "ok"]

    def _check_keys(self, connection: Connection) -> None:
        if self.broken_keys(connection):
            raise LedgerUnusable("The upgrade would break the ledger", "Nothing was changed.", _RESTORE)


_RESTORE = "Restore the last backup of the ledger, or ask the admin."


class _Room(NamedTuple):
    """What the connections of a process keep in memory, each for itself."""

    cache_kb: int  # of the file's pages: one that holds all of a growing ledger grows with it
    connections: int  # that stay open while nobody uses them


_WINDOW = _Room(cache_kb=16_000, connections=10)
"""With a quarter of the cache searches in a million rows took half as long again."""
_ENGINE = _Room(cache_kb=2_000, connections=4)
"""A dozen connections of an engine came to 25 MB after a thousand transactions."""
_MOST = 40
"""Connections at the same time."""


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise LedgerUnusable(
            "The ledger's address is none", hint="Example: sqlite:///ledger.sqlite"
        ) from error


def _server_engine(url: URL) -> Engine:
    """A database server locks rows by itself; `SELECT … FOR UPDATE` in the callers asks for it."""
    try:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        name = url.get_backend_name()
        raise LedgerUnusable(f"This installation has no driver for {name}", hint="Install it.") from error


class _LedgerFile:
    """SQLite: one file, many processes; readers and one writer at a time (WAL)."""

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise LedgerUnusable("The ledger needs a file", hint="Example: sqlite:///ledger.sqlite")
        self._path = Path(url.database).absolute()
        self._identity: tuple[int, int] | None = None

    def engine(self, busy_seconds: float, create: bool, room: _Room = _WINDOW) -> Engine:
        if create:
            self._check_folder()
        uri = f"{self._path.as_uri()}?mode={'rwc' if create else 'rw'}"

        def connect() -> sqlite3.Connection:
            # isolation_level None: we say BEGIN ourselves, the driver's own comes too late to lock.
            return sqlite3.connect(
                uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )

        engine = create_engine(
            "sqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=room.connections,
            max_overflow=_MOST - room.connections,
            pool_timeout=busy_seconds,
            pool_use_lifo=True,  # a few connections do nearly all, and only their caches fill
            hide_parameters=True,
        )
        event.listen(engine, "connect", partial(_set_up, room))
        event.listen(engine, "begin", _begin)
        return engine

    def _check_folder(self) -> None:
        folder = self._path.parent
        if not os.path.isdir(folder):
            raise LedgerUnusable(
                "The ledger's folder does not exist", str(folder), "Make it, or correct the address."
            )
        if not os.access(folder, os.W_OK) or (
            os.path.exists(self._path) and not os.access(self._path, os.W_OK)
        ):
            raise LedgerUnusable(
                "The ledger cannot be written", str(self._path), "Check the rights of its folder."
            )

    def remember(self) -> None:
        self._identity = self._look()

    def check(self) -> None:
        """A file that was deleted or replaced while open would take our writes into the void."""
        if self._identity and self._look() != self._identity:
            raise LedgerUnusable(
                "The ledger's file was deleted or replaced", "Nothing more is written to it.", _RESTORE
            )

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _set_up(room: _Room, connection: Any, _record: Any) -> None:
    """Each connection: WAL stays with the file, the others are the connection's own."""
    cache = f"cache_size=-{room.cache_kb}"
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", cache):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("ledger_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# -- errors


@contextmanager
def translated() -> Iterator[None]:
    """Errors of driver and pool as ours; everything else passes."""
    try:
        yield
    except PoolTimeout as error:
        raise _busy() from error
    except IntegrityError as error:
        raise Refused("The ledger does not take it", "It contradicts what is there already.") from error
    except DBAPIError as error:
        raise translate(error.orig) from error
    except sqlite3.Error as error:
        raise translate(error) from error


def translate(error: BaseException | None) -> IepError:
    """Our word for a driver's error. Its own text names tables and files, never values."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _busy()
    if code == sqlite3.SQLITE_FULL:
        return OutOfSpace(
            "The disk that holds the ledger is full", "", "Free some space; it goes on by itself."
        )
    title, hint = _UNUSABLE.get(code, ("The ledger cannot be used", _RESTORE))
    return LedgerUnusable(title, str(error), hint)


_UNUSABLE = {
    sqlite3.SQLITE_CORRUPT: ("The ledger is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("The ledger's file is not a ledger, or is damaged", _RESTORE),
    sqlite3.SQLITE_CANTOPEN: ("The ledger cannot be opened", "Check that its file and folder are there."),
    sqlite3.SQLITE_READONLY: ("The ledger cannot be written", "Check the rights of its file and folder."),
    sqlite3.SQLITE_PERM: ("The ledger cannot be written", "Check the rights of its file and folder."),
    sqlite3.SQLITE_IOERR: (
        "The ledger's disk does not answer as it should",
        "Check the disk; then start again.",
    ),
}


def _busy() -> LedgerBusy:
    return LedgerBusy(
        "The ledger is busy", "Another program holds it.", "It is tried again; close what else has it open."
    )
