"""Synthetic drafts for the ledger's tests, and a way to fill a ledger with very many transactions at once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iep_desktop.core.drafts import TransactionDraft
from iep_desktop.core.evidence import Evidence
from iep_desktop.core.model import Exam, Form, FormKind, Patient, Priority, Requester
from iep_desktop.core.transaction import Instance, InstanceState, Requirement, TransactionType
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.tables import Base
from iep_desktop.store.tallies import day_of

US = "RWE"
THEM = "RX1"
LONG = "RX1AA"
"""A site of THEM's: its code holds theirs."""

MOUSE = Patient("MOUSE^Minnie", date(1990, 1, 31), "S999111", "9990000018", address="1 Test Street")
CT_HEAD = Exam(date(2026, 11, 2), "CT", "Head", "CSKUH", study_uid="1.2.826.1")
FORM = Form(
    FormKind.IMPORT,
    "06396375",
    Requester("A. Doctor", "a.doctor@example.org"),
    MOUSE,
    hospital=THEM,
    exams=(CT_HEAD,),
)
CONFIRM = Requirement("match", "Confirm whose images they are", rule="R-GATE-3", clause="§2.3a")


def images(count: int, series: int = 2) -> tuple[Instance, ...]:
    return tuple(
        Instance(
            f"1.2.826.1.9.{no}",
            "1.2.840.10008.5.1.4.1.1.2",
            "1.2.840.10008.1.2.1",
            "1.2.826.1",
            f"1.2.826.1.{no % series}",
            "CT",
            f"Series {no % series}",
            f"DICOM/IM{no:06d}",
            526_000,
        )
        for no in range(count)
    )


def moved(uid: str, to: InstanceState) -> InstanceChange:
    """With evidence, where there must be some."""
    shown = to is InstanceState.VERIFIED
    return InstanceChange(uid, to, evidence=Evidence.INSTANCE if shown else None)


def disc(count: int = 3, **changes: Any) -> TransactionDraft:
    """A CD import that the engine may take."""
    draft = TransactionDraft(
        TransactionType.CD_IMPORT,
        THEM,
        US,
        Priority.NORMAL,
        FORM,
        "A. Operator",
        node="PACS",
        instances=images(count),
        queued=True,
    )
    return replace(draft, **changes)


def transfer(sender: str = US, recipient: str = THEM, **changes: Any) -> TransactionDraft:
    draft = TransactionDraft(
        TransactionType.TRANSFER,
        sender,
        recipient,
        Priority.NORMAL,
        replace(FORM, kind=FormKind.EXPORT, hospital=recipient),
        "A. Operator",
        queued=True,
    )
    return replace(draft, **changes)


def multiply(path: Path, number: int) -> None:
    """Copies of the ledger's first transaction, each a minute later with its own number and patient.

    One in 500 is in progress, one in 1000 failed, the others at rest; written past the program, which would take
    minutes.
    """
    name = "(CASE i % 4 WHEN 0 THEN 'mouse' WHEN 1 THEN 'duck' WHEN 2 THEN 'goose' ELSE 'wolf' END)"
    status = "(CASE WHEN i % 1000 = 0 THEN 'Failed' WHEN i % 500 = 1 THEN 'Started' ELSE 'Delivered' END)"
    tab = "(CASE WHEN i % 1000 = 0 THEN 'Failed' WHEN i % 500 = 1 THEN 'In Progress' ELSE 'All' END)"
    at = "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-01-01', i || ' minutes')"
    changes = {
        "transactions": {
            "id": "i",
            "number": "printf('2026-%06d', i)",
            "created_at": at,
            "created_by": "'person ' || (i % 7)",
            "status": status,
            "hospital_no": "printf('S%06d', i)",
            "nhs_no": "''",
        },
        "ends": {
            "transaction_id": "i",
            "created_at": at,
            "status": status,
            "tab": tab,
            "queue_at": "NULL",
            "changed": "i",
            "created_by": "'person ' || (i % 7)",
            "patient": f"{name} || (i % 997) || ' given' || (i % 89)",
            "search": f"printf('2026%06d rwes%06d ', i, i) || {name} || (i % 997) || ' given' || (i % 89)",
        },
        "forms": {"transaction_id": "i"},
        "exams": {"id": "i", "transaction_id": "i"},
    }
    series = (
        f"WITH RECURSIVE counter(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM counter WHERE i <= {number})"
    )
    with sqlite(path) as connection:
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        connection.execute("PRAGMA cache_size=-200000")
        connection.execute("BEGIN")
        for name, _ in indexes:  # made anew at the end, which is quicker than keeping them
            connection.execute(f"DROP INDEX {name}")
        for table, values in changes.items():
            names = [column.name for column in Base.metadata.tables[table].columns]
            chosen = ", ".join(values.get(name, f"old.{name}") for name in names)
            first = "id" if table == "transactions" else "transaction_id"
            connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) {series} "
                f"SELECT {chosen} FROM counter, {table} AS old WHERE old.{first} = 1"
            )
        connection.execute(
            "INSERT INTO found(rowid, words, hospitals) "
            "SELECT transaction_id, '  ' || replace(search, ' ', '  '), hospital FROM ends WHERE transaction_id > 1"
        )
        _tally(connection)
        connection.execute("UPDATE counters SET value = ? WHERE name IN ('2026', 'changes')", (number + 1,))
        for _, statement in indexes:
            connection.execute(statement)
        connection.execute("COMMIT")


def _tally(connection: sqlite3.Connection) -> None:
    def day(moment: str) -> str:
        return str(day_of(datetime.fromisoformat(moment).replace(tzinfo=UTC)))

    connection.create_function("day", 1, day, deterministic=True)
    kind = "hospital, day(substr(created_at, 1, 13) || ':00:00'), tab, type, direction, priority, created_by"
    connection.execute("DELETE FROM tallies")
    connection.execute(f"INSERT INTO tallies SELECT {kind}, count(*) FROM ends GROUP BY {kind}")


def sqlite(path: Path) -> sqlite3.Connection:
    """The file as any other program sees it."""
    return sqlite3.connect(path, isolation_level=None)
