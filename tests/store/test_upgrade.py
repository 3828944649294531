"""Schemas: the models are what the migrations make, and a ledger of every earlier version is brought up to date."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, create_engine, inspect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateTable

from iep_desktop.core.errors import LedgerUnusable
from iep_desktop.core.model import Patient, RisState
from iep_desktop.core.transaction import Status, Tab, WorklistFilter, WorklistOrder
from iep_desktop.store.check import check
from iep_desktop.store.database import Database
from iep_desktop.store.directory import Directory
from iep_desktop.store.drafts import Drafts
from iep_desktop.store.tables import Base
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import MIGRATIONS, REVISIONS, open_ledger
from iep_desktop.store.worklists import Worklists
from tests.store.freeze import FOLDER
from tests.store.samples import CONFIRM, FORM, LONG, THEM, US, sqlite
from tests.store.steps import live_in


def _is_a_model(_: object, name: str | None, *__: object) -> bool:
    """The index of searches is made by hand and has no model."""
    return not (name or "").startswith("found")


def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    with database.read() as session:
        options = {"compare_type": True, "include_object": _is_a_model}
        context = MigrationContext.configure(session.connection(), opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_program_knows_every_migration_there_is() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in scripts)[::-1] == REVISIONS


def test_every_constraint_and_index_has_a_name(path: Path) -> None:
    with sqlite(path) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        indexes = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")
        names = [name for (name,) in indexes]
    connection.close()
    for table, sql in tables:
        unnamed = [
            line
            for line in sql.splitlines()
            if line.strip().startswith(("PRIMARY", "FOREIGN", "UNIQUE", "CHECK"))
        ]
        assert table == "alembic_version" or not unnamed
    assert names
    assert all(name.startswith("ix_") for name in names)


def test_every_constraint_of_the_models_has_a_name() -> None:
    constraints = [each for table in Base.metadata.tables.values() for each in table.constraints]
    assert len(constraints) > 30
    assert [each for each in constraints if not each.name] == []


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_a_database_server_could_hold_the_table_too(table: Table) -> None:
    statement = str(CreateTable(table).compile(dialect=PGDialect()))  # type: ignore[no-untyped-call]
    assert statement.strip().startswith(f"CREATE TABLE {table.name}")
    assert "ROWID" not in statement


def test_a_ledger_frozen_at_every_schema_exists() -> None:
    assert {path.stem for path in FOLDER.glob("*.sqlite")} == {f"schema-{revision}" for revision in REVISIONS}


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_of_an_earlier_version_keeps_what_it_holds(revision: str, tmp_path: Path) -> None:
    path = shutil.copy(FOLDER / f"schema-{revision}.sqlite", tmp_path / "ledger.sqlite")
    database = open_ledger(f"sqlite:///{path}")
    ours = Transactions(database, US)
    done, waiting, sent = (ours.get(f"2026-00000{no}") for no in (1, 2, 3))
    assert (done.status, done.counts.verified, done.exams[0].ris_state) == (
        Status.DELIVERED,
        2,
        RisState.ENTERED,
    )
    assert done.form == FORM
    assert done.medium is not None
    assert done.medium.discs == 2
    assert done.match is not None
    assert waiting.required == (CONFIRM,)
    assert sent.unread == 1
    assert [m.hospital for m in ours.messages(sent.id)] == [THEM]
    shown = Worklists(database, US)
    # An unread message was nothing to do then; a ledger takes that up with the transaction's next change.
    assert shown.counts()[Tab.ACTION_REQUIRED] == (1 if revision <= "0005" else 2)
    assert shown.page(WorklistFilter(search="mouse"), WorklistOrder(), 0, 10).total == 3
    assert check(database) == ()
    assert Directory(database).nodes(US)[0].port == 4242
    assert Drafts(database, "A. Operator").load("cd-import", "1") == "{}"
    database.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_upgraded_ledger_has_the_schema_of_a_new_one(revision: str, tmp_path: Path) -> None:
    path = shutil.copy(FOLDER / f"schema-{revision}.sqlite", tmp_path / "ledger.sqlite")
    database = open_ledger(f"sqlite:///{path}")
    test_the_models_are_what_the_migrations_make(database)
    database.dispose()


@pytest.mark.parametrize("few", [0, 10_000])
def test_an_upgrade_counts_and_indexes_all_that_is_there_already(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("iep_desktop.store.worklists.FEW", few)
    live_in(database, own_forms=False)  # which no ledger had then
    before = {hospital: told(database, hospital) for hospital in (US, THEM, LONG)}
    database.dispose()
    _back_to("0001", path)
    upgraded = open_ledger(f"sqlite:///{path}")
    assert {hospital: told(upgraded, hospital) for hospital in (US, THEM, LONG)} == before
    assert check(upgraded) == ()
    Transactions(upgraded, US).cancel(2, "A. Operator")
    Transactions(upgraded, US).set_form(1, replace(FORM, patient=Patient("HERON^Hal")), "A. Operator")
    assert check(upgraded) == ()
    upgraded.dispose()


def told(database: Database, hospital: str) -> dict[str, object]:
    """What the hospital's program shows: counts, and which rows it finds by words long and short."""
    shown = Worklists(database, hospital)
    found = {
        typed: [row.id for row in shown.page(WorklistFilter(search=typed), WorklistOrder(), 0, 100).rows]
        for typed in ("mouse", "ng", "g", "2026-000003", "999000", "nobody")
    }
    assert found["mouse"]
    return {"tabs": shown.counts(), "found": found}


def _back_to(revision: str, path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        assert not {"found", "tallies"} & set(inspect(connection).get_table_names())
    engine.dispose()


def test_a_ledger_of_a_newer_version_is_left_alone(path: Path) -> None:
    with sqlite(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(LedgerUnusable, match="newer version") as error:
        open_ledger(f"sqlite:///{path}")
    assert "9999" in error.value.message
    assert error.value.hint


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite(path) as connection:
        connection.execute("CREATE TABLE letters (text)")
    connection.close()
    with pytest.raises(LedgerUnusable, match="not a ledger"):
        open_ledger(f"sqlite:///{path}")


def test_programs_that_start_at_once_on_no_ledger_all_get_it(tmp_path: Path) -> None:
    program = (
        "import sys; from iep_desktop.store.upgrade import open_ledger; "
        "from iep_desktop.store.directory import Directory; "
        "sys.stdin.read(); print(len(Directory(open_ledger(sys.argv[1])).hospitals()))"
    )
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    command = [sys.executable, "-c", program, url]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(5)
    ]
    for process in started:
        assert process.stdin
        process.stdin.close()  # go
        process.stdin = None
    answers = [process.communicate(timeout=60)[0].strip() for process in started]
    assert len(set(answers)) == 1
    assert int(answers[0]) > 60


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection: object) -> None:
        connection.exec_driver_sql("DROP TABLE drafts")  # type: ignore[attr-defined]
        raise LedgerUnusable("broken")

    monkeypatch.setattr("iep_desktop.store.upgrade.REVISIONS", (*REVISIONS, "9998"))
    monkeypatch.setattr("iep_desktop.store.upgrade._bring_up", broken)
    before = path.read_bytes()
    with pytest.raises(LedgerUnusable):
        open_ledger(f"sqlite:///{path}")
    assert path.read_bytes() == before
