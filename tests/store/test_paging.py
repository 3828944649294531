"""Every way to a page shows the same: few rows collected, many walked through, from either end, by day or by word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.model import Patient, Priority
from iep_desktop.core.transaction import (
    Column,
    Direction,
    Tab,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store import search, worklists
from iep_desktop.store.database import Database
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.store.worklists import Worklists
from tests.store.samples import FORM, LONG, THEM, US, disc, sqlite, transfer
from tests.store.steps import live_in


class Ticking:
    """A clock that goes on by some hours at each look, over the end of summer time."""

    def __init__(self) -> None:
        self.time = datetime(2026, 10, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(hours=1, minutes=27)
        return self.time


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Sixty transactions of all kinds among three hospitals."""
    path = tmp_path_factory.mktemp("mixed") / "ledger.sqlite"
    database = open_ledger(f"sqlite:///{path}", clock=Ticking())
    live_in(database)
    yield database
    database.dispose()


def some(values: type[Direction] | type[TransactionType]) -> st.SearchStrategy[frozenset[object]]:
    return st.frozensets(st.sampled_from(list(values)), max_size=2)


DAYS = st.none() | st.dates(date(2026, 10, 22), date(2026, 10, 28))
FILTERS = st.builds(
    WorklistFilter,
    tab=st.just(Tab.ALL) | st.sampled_from(Tab),
    search=st.just("")
    | st.sampled_from(
        (
            "mouse",
            "MOUSE max",
            "li",
            "g",
            "2",
            "ou",
            "mo d",
            "2026",
            "goo li",
            "000003",
            "|rx1|",
            'a"b',
            "rx1",
        )
    ),
    directions=some(Direction),
    types=some(TransactionType),
    created_by=st.sampled_from(("", "", "person 1", "nobody")),
    blue_light_only=st.booleans(),
    date_from=DAYS,
    date_to=DAYS,
)
ORDERS = st.builds(WorklistOrder, st.just(Column.DATE) | st.sampled_from(Column), st.booleans())
HOSPITALS = st.sampled_from((US, THEM, LONG, "RNQ"))


def expected(
    database: Database, hospital: str, wanted: WorklistFilter, order: WorklistOrder, few: int = 10_000
) -> tuple[list[int], bool]:
    """The same question answered by looking at every row; whether a search finds more than is shown."""
    with database.read() as session:
        rows = [
            dict(row)
            for row in session.connection()
            .exec_driver_sql("SELECT * FROM ends WHERE hospital = ?", (hospital,))
            .mappings()
        ]
    shown = [row for row in rows if _shown(row, wanted)]
    name = {"date": "created_at", "assigned": "assigned_to"}.get(order.column.value, order.column.value)
    more = bool(search.words(wanted.search)) and len(shown) > few
    if more:
        newest_first = order.descending or order.column is not Column.DATE
        shown.sort(key=lambda row: row["created_at"], reverse=newest_first)
        del shown[few:]
    shown.sort(key=lambda row: (row[name], row["transaction_id"]), reverse=order.descending)
    return [row["transaction_id"] for row in shown], more


def _holds(haystack: str, typed: str) -> bool:
    """Long words anywhere, short ones where a word begins."""
    return all(
        word in haystack if len(word) >= 3 else any(each.startswith(word) for each in haystack.split())
        for word in search.words(typed)
    )


def _shown(row: dict[str, Any], wanted: WorklistFilter) -> bool:
    day = datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC).astimezone(LONDON).date()
    return (
        wanted.tab in (Tab.ALL, row["tab"])
        and _holds(row["search"], wanted.search)
        and (not wanted.directions or row["direction"] in wanted.directions)
        and (not wanted.types or row["type"] in wanted.types)
        and wanted.created_by in ("", row["created_by"])
        and (not wanted.blue_light_only or list(Priority)[row["priority"]] is Priority.BLUE_LIGHT)
        and (wanted.date_from is None or day >= wanted.date_from)
        and (wanted.date_to is None or day <= wanted.date_to)
    )


@pytest.mark.parametrize("few", [0, 3, 10_000])
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wanted=FILTERS, order=ORDERS, hospital=HOSPITALS, offset=st.integers(0, 70), limit=st.integers(1, 40))
def test_every_page_is_the_one_that_looking_at_every_row_would_give(
    mixed: Database,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    wanted: WorklistFilter,
    order: WorklistOrder,
    hospital: str,
    offset: int,
    limit: int,
) -> None:
    monkeypatch.setattr(worklists, "FEW", few)
    monkeypatch.setattr(worklists, "MANY", few)
    page = Worklists(mixed, hospital).page(wanted, order, offset, limit)
    ids, more = expected(mixed, hospital, wanted, order, few)
    assert (page.total, page.more) == (len(ids), more)
    assert [row.id for row in page.rows] == ids[offset : offset + limit]


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("typed", ["", "mouse", "li"])
@pytest.mark.parametrize("column", [Column.DATE, Column.PATIENT])
def test_pages_join_without_gap_at_every_offset(
    mixed: Database, monkeypatch: pytest.MonkeyPatch, few: int, descending: bool, typed: str, column: Column
) -> None:
    monkeypatch.setattr(worklists, "FEW", few)
    monkeypatch.setattr(worklists, "MANY", few)
    ours, order = Worklists(mixed, US), WorklistOrder(column, descending)
    wanted = WorklistFilter(search=typed)
    pages = [ours.page(wanted, order, offset, 7).rows for offset in range(0, 70, 7)]
    assert [row.id for page in pages for row in page] == expected(mixed, US, wanted, order, few)[0]


@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("offset", [0, 3, 7, 20])
def test_of_very_many_that_a_filter_leaves_the_newest_are_sorted_by_any_column(
    mixed: Database, monkeypatch: pytest.MonkeyPatch, column: Column, offset: int
) -> None:
    monkeypatch.setattr(worklists, "FEW", 7)
    monkeypatch.setattr(worklists, "MANY", 7)
    wanted, order = WorklistFilter(search="2026", date_from=date(2000, 1, 1)), WorklistOrder(column, False)
    page = Worklists(mixed, US).page(wanted, order, offset, 5)
    ids, _ = expected(mixed, US, wanted, order, 7)
    assert ([row.id for row in page.rows], page.total, page.more) == (ids[offset : offset + 5], 7, True)


def test_a_page_behind_the_end_is_empty(mixed: Database) -> None:
    page = Worklists(mixed, US).page(WorklistFilter(), WorklistOrder(), 1000, 10)
    assert (page.rows, page.total) == ((), 60)


def test_a_site_whose_code_holds_anothers_finds_its_own(mixed: Database) -> None:
    with mixed.read() as session:
        found = {
            hospital: set(session.scalars(list(search.indexed(session, hospital, "2026"))[-1]))
            for hospital in (US, THEM, LONG, "X1AA", "RX1A")
        }
    assert found[US] == set(range(1, 61))
    assert found[THEM]
    assert found[LONG]
    assert not found[THEM] & found[LONG]
    assert not found["X1AA"] | found["RX1A"]


def test_a_tab_is_counted_without_reading_it(mixed: Database, tmp_path: Path) -> None:
    copy = tmp_path / "ledger.sqlite"
    with mixed.read() as session:
        file = session.connection().exec_driver_sql("PRAGMA database_list").all()[0][2]
    with sqlite(Path(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    with sqlite(copy) as connection:
        connection.execute("DELETE FROM ends")
    connection.close()
    database = open_ledger(f"sqlite:///{copy}")
    assert Worklists(database, US).counts() == Worklists(mixed, US).counts()
    database.dispose()


def test_a_corrected_form_is_found_by_its_new_words_alone_in_the_index_too(
    database: Database, ours: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklists, "FEW", 0)
    made = ours.create(disc(1))
    ours.set_form(made.id, replace(FORM, patient=Patient("DUCK^Daisy")), "A. Operator")
    ours.set_form(made.id, replace(FORM, patient=Patient("DUCK^Donald")), "A. Operator")
    shown = Worklists(database, US)
    found = {
        typed: shown.page(WorklistFilter(search=typed), WorklistOrder(), 0, 9).total
        for typed in ("mouse", "daisy", "duck", "donald", "2026-000001")
    }
    assert found == {"mouse": 0, "daisy": 0, "duck": 1, "donald": 1, "2026-000001": 1}


def test_each_end_finds_by_the_words_of_its_own_form_alone(
    database: Database, ours: Transactions, theirs: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklists, "FEW", 0)
    made = ours.create(transfer())
    lion, duck = (replace(FORM, patient=Patient(name)) for name in ("LION^Leo", "DUCK^Daisy"))
    theirs.set_form(made.id, lion, "B. Reader")
    ours.set_form(made.id, duck, "A. Operator")

    def finds(hospital: str) -> dict[str, int]:
        shown = Worklists(database, hospital)
        return {
            typed: shown.page(WorklistFilter(search=typed), WorklistOrder(), 0, 9).total
            for typed in ("mouse", "lion", "duck", "d", "l", "2026")
        }

    assert finds(US) == {"mouse": 0, "lion": 0, "duck": 1, "d": 1, "l": 0, "2026": 1}
    assert finds(THEM) == {"mouse": 0, "lion": 1, "duck": 0, "d": 0, "l": 1, "2026": 1}
    monkeypatch.setattr(worklists, "MANY", 0)
    for hospital in (US, THEM):
        assert (
            not Worklists(database, hospital).page(WorklistFilter(search="mouse"), WorklistOrder(), 0, 9).more
        )


NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAME, typed=NAME, part=st.tuples(st.integers(0, 9), st.integers(1, 9)))
def test_the_index_finds_any_name_exactly_as_looking_for_it_does(
    database: Database, ours: Transactions, name: str, typed: str, part: tuple[int, int]
) -> None:
    made = ours.create(disc(1, form=replace(FORM, patient=Patient(name))))
    haystack = search.haystack(made.number, Patient(name))
    for asked in (typed, haystack[part[0] : part[0] + part[1]], name):
        with database.read() as session:
            if search.words(asked):
                anybodys, ours_alone = search.indexed(session, US, asked)
                assert (made.id in session.scalars(anybodys).all()) is _holds(haystack, asked)
                assert (made.id in session.scalars(ours_alone).all()) is _holds(haystack, asked)
