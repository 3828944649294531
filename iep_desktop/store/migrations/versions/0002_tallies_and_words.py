"""Tallies of every kind of end, and an index of the words by which transactions are found."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LONDON = ZoneInfo("Europe/London")
BATCH = 5000

KIND = ("tab", "type", "direction", "priority", "created_by")
tallies = sa.table(
    "tallies",
    sa.column("hospital"),
    sa.column("day", sa.Date()),
    *(sa.column(name) for name in KIND),
    sa.column("number"),
)
ends = sa.table(
    "ends",
    sa.column("created_at", sa.DateTime(timezone=True)),
    *(sa.column(name) for name in ("transaction_id", "hospital", "search", *KIND)),
)


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("hospital", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tab", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hospital",
            "day",
            "tab",
            "type",
            "direction",
            "priority",
            "created_by",
            name=op.f("pk_tallies"),
        ),
        sqlite_with_rowid=False,
    )
    for column in ("created_by", "priority"):
        op.create_index(
            op.f(f"ix_ends_hospital_{column}_created_at_transaction_id"),
            "ends",
            ["hospital", column, "created_at", "transaction_id"],
        )
    _tally()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE found USING fts5(words, hospitals, tokenize='trigram', content='')")
        _index_words()


def _tally() -> None:
    """A day is one of London's, which the database does not know."""
    number: Counter[tuple[object, ...]] = Counter()
    wanted = sa.select(ends.c.hospital, ends.c.created_at, *(ends.c[name] for name in KIND))
    for hospital, at, *kind in _each(wanted):
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)  # SQLite keeps no zone
        number[hospital, aware.astimezone(LONDON).date(), *kind] += 1
    names = [column.name for column in tallies.columns]
    rows = [dict(zip(names, (*kind, count), strict=True)) for kind, count in number.items()]
    if rows:
        op.bulk_insert(tallies, rows)


def _index_words() -> None:
    """Two spaces before each word, and a word for each hospital, none within another."""
    keep = sa.text("INSERT INTO found(rowid, words, hospitals) VALUES (:id, :words, :hospitals)")
    batch = []
    wanted = sa.select(ends.c.transaction_id, ends.c.search, ends.c.hospital)
    by_owner = wanted.order_by(ends.c.transaction_id, ends.c.hospital)
    for key, group in groupby(_each(by_owner), key=lambda end: end[0]):
        fellows = list(group)
        words = "".join(f"  {word}" for word in fellows[0][1].split())
        batch.append({"id": key, "words": words, "hospitals": " ".join(_mark(end[2]) for end in fellows)})
        if len(batch) == BATCH:
            op.get_bind().execute(keep, batch)
            batch = []
    if batch:
        op.get_bind().execute(keep, batch)


def _mark(hospital: str) -> str:
    usual = len(hospital) == 3 and hospital.isascii() and hospital.isalnum()
    return hospital if usual else f"|{'~'.join(hospital)}|"


def _each(wanted: sa.Select[Any]) -> Iterator[Any]:
    yield from op.get_bind().execute(wanted.execution_options(yield_per=BATCH))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("found")
    for column in ("priority", "created_by"):
        op.drop_index(op.f(f"ix_ends_hospital_{column}_created_at_transaction_id"), "ends")
    op.drop_table("tallies")
