"""Opens a ledger: makes it, brings it to the schema of this version, or says why it cannot be used.

Several programs may start at once on one ledger: the first takes it for itself and upgrades, the others wait and find
it done. Alembic is imported only where there is something to do, for the sake of a quick start.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from iep_desktop.core.errors import LedgerUnusable
from iep_desktop.store.database import Database, utc_now
from iep_desktop.store.directory import seed

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""All that this version knows, oldest first; the last is what it works with."""

MIGRATIONS = Path(__file__).parent / "migrations"


def open_ledger(url: str, busy_seconds: float = 10.0, clock: Callable[[], datetime] = utc_now) -> Database:
    """The ledger at `url`, made or upgraded where needed.

    Raises:
        LedgerUnusable: made by a newer version, damaged, not a ledger, not writable.
        LedgerBusy: another program holds it.
    """
    making = Database(url, busy_seconds, clock, create=True)
    try:
        with making.read() as session:
            current = revision_of(session.connection())
        if current != REVISIONS[-1]:
            with making.alone() as connection:
                _bring_up(connection)
    finally:
        making.dispose()
    database = Database(url, busy_seconds, clock)
    database.remember_file()
    return database


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None where the ledger is empty.

    Raises:
        LedgerUnusable: a newer version made it, or it is another program's database.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    found = None
    if "alembic_version" in tables:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found is None:
        raise LedgerUnusable("This database is not a ledger", hint="Choose another file for the ledger.")
    if found not in REVISIONS:
        raise LedgerUnusable(
            "This ledger was made by a newer version of the program",
            f"It has schema {found}, this version knows up to {REVISIONS[-1]}.",
            "Start the newer version, or choose another ledger.",
        )
    return str(found)


def _bring_up(connection: Connection) -> None:
    """With the ledger to ourselves: look again, as another may have done it while we waited."""
    before = revision_of(connection)
    if before == REVISIONS[-1]:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if before is None:
        with Session(connection) as session:
            seed(session)
            session.flush()
