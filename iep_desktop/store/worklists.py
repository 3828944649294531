"""Worklists: pages of a hospital's transactions, filtered, searched and sorted by the ledger itself (R-UI).

A page costs what it shows, however long the list is. The tallies say how many rows there are before one is read;
that decides how they are found: few are collected and sorted, many are walked through in the order of an index,
from the nearer end, by date from the very day. Of very many that a search finds the
newest are shown, and the page says so. A condition that is to be checked on the way, and not searched for by
an index of its own, is written as `coalesce(x, x)`: no statistics decide, and no database engine chooses otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import (
    Column,
    Page,
    Tab,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store import search, tallies
from iep_desktop.store.columns import among
from iep_desktop.store.database import Database
from iep_desktop.store.rows import transactions_of
from iep_desktop.store.tables import EndRow

_COLUMNS: dict[Column, InstrumentedAttribute[Any]] = {
    Column.TYPE: EndRow.type,
    Column.DIRECTION: EndRow.direction,
    Column.DATE: EndRow.created_at,
    Column.PATIENT: EndRow.patient,
    Column.INSTITUTION: EndRow.institution,
    Column.ASSIGNED: EndRow.assigned_to,
    Column.STATUS: EndRow.status,
}

FEW = 10_000
"""So many rows can be read and sorted for one page in a few hundredths of a second."""

MANY = 4_000
"""Nobody reads on beyond so many that a search finds: more is typed instead."""

_Ids = Sequence[int]
_BothWays = tuple[Select[int], Select[int]]
"""A list as it is asked for, and backwards."""


class _Found(NamedTuple):
    """The ids of a page, how many rows can be shown in all, and whether there are more than that."""

    ids: _Ids
    total: int
    more: bool = False


class Worklists:
    """What the tabs of one hospital show."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def page(self, filter: WorklistFilter, order: WorklistOrder, offset: int, limit: int) -> Page:
        """Some rows, without what only the details show (the medium), and how many there are in all."""
        with self._database.read() as session:
            question = _Question(session, self._hospital, filter, order)
            ids, total, more = (
                question.searched(offset, limit)
                if search.words(filter.search)
                else question.listed(offset, limit)
            )
            return Page(transactions_of(session, self._ends(session, ids)), total, more)

    def counts(self) -> dict[Tab, int]:
        """How many stand in each tab; All holds every one."""
        with self._database.read() as session:
            found = tallies.counts(session, self._hospital)
        return {tab: found.get(tab, 0) for tab in Tab} | {Tab.ALL: sum(found.values())}

    def _ends(self, session: Session, ids: _Ids) -> list[EndRow]:
        ours = _checked(EndRow.hospital) == self._hospital
        wanted = select(EndRow).where(ours, EndRow.transaction_id.in_(among(ids)))
        found = {end.transaction_id: end for end in session.scalars(wanted)} if ids else {}
        return [found[key] for key in ids]


class _Question:
    """One page that is asked for, in one consistent state of the ledger."""

    def __init__(self, session: Session, hospital: str, wanted: WorklistFilter, order: WorklistOrder) -> None:
        self._session = session
        self._hospital = hospital
        self._wanted = wanted
        self._order = order

    def listed(self, offset: int, limit: int) -> _Found:
        """Without a search the total is known before anything is read."""
        total = tallies.total(self._session, self._hospital, self._wanted)
        if total <= FEW:
            return _Found(self._all(self._few())[offset : offset + limit], total)
        if self._order.column is Column.DATE:
            return _Found(self._from_its_day(offset, limit), total)
        return _Found(self._stretch(self._sorted(self._many()), total, offset, limit), total)

    def searched(self, offset: int, limit: int) -> _Found:
        """By whichever leaves few: the other filters, or the index of the words. Of many, the newest are shown."""
        contains = search.matches(EndRow.search, self._wanted.search)
        if tallies.total(self._session, self._hospital, self._wanted) <= FEW:
            ids = self._all(self._few(contains))
            return _Found(ids[offset : offset + limit], len(ids))
        found = self._by_words()
        if found is not None:  # by words of either end
            ids = self._all(self._those(found, contains))
            more = len(found) > MANY
            if not more or len(ids) == len(found):
                ids = [each for each in ids if each not in found[MANY:]]
                return _Found(ids[offset : offset + limit], len(ids), more)
        if self._order.column is not Column.DATE:
            return self._walked_and_sorted(contains, offset, limit)
        found = self._all(self._walk(contains))
        return _Found(found[:MANY][offset : offset + limit], min(len(found), MANY), len(found) > MANY)

    # -- ways to the rows

    def _by_words(self) -> _Ids | None:
        """What the index of words finds, up to one more than many: the newest, or the oldest where those come first.

        Few may be others' or not what the filter wants: they are looked at afterwards, which takes less time. None
        where there is no index, or the filter must choose among many.
        """
        typed = self._wanted.search
        by_words_alone = self._wanted == WorklistFilter(search=typed)
        found: _Ids | None = None
        for hits in search.indexed(self._session, self._hospital, typed):
            if not by_words_alone and self._more_than_many(hits):
                continue
            found = self._all(search.in_order(hits, self._newest_first).limit(MANY + 1))
            if len(found) <= MANY:
                return found
        return found

    def _more_than_many(self, hits: Select[int]) -> bool:
        """Without bringing thousands of them here, only to know that they are too many."""
        counted = select(func.count()).select_from(hits.limit(MANY + 1).subquery())
        return (self._session.scalar(counted) or 0) > MANY

    def _walk(self, contains: ColumnElement[bool]) -> Select[int]:
        """The same by looking at row after row."""
        in_time = WorklistOrder(Column.DATE, self._newest_first)
        walk = _Question(self._session, self._hospital, self._wanted, in_time)
        return walk._sorted(walk._many(contains))[0].limit(MANY + 1)

    def _walked_and_sorted(self, contains: ColumnElement[bool], offset: int, limit: int) -> _Found:
        """In one statement: to come back to thousands of rows takes as long as the walk. What is too much is last."""
        column = _COLUMNS[self._order.column]
        walk = self._walk(contains).add_columns(EndRow.created_at, column).subquery()
        newest = walk.c.created_at.desc(), walk.c.transaction_id.desc()
        numbered = select(walk, func.row_number().over(order_by=newest).label("nth")).subquery()
        key = numbered.c.transaction_id
        by = (each.desc() if self._order.descending else each.asc() for each in (numbered.c[column.key], key))
        page = select(key, func.count().over()).order_by(numbered.c.nth > MANY, *by)
        shown = page.offset(offset).limit(max(0, min(limit, MANY - offset)))
        found = self._session.connection().execute(shown).all()
        total = found[0][1] if found else self._session.scalar(select(func.count()).select_from(walk)) or 0
        return _Found([row[0] for row in found], min(total, MANY), total > MANY)

    @property
    def _newest_first(self) -> bool:
        return self._order.descending or self._order.column is not Column.DATE

    def _from_its_day(self, offset: int, limit: int) -> _Ids:
        """Sorted by date: the tallies know the day on which the page begins."""
        newest_first = self._order.descending
        day, within = tallies.day_at(self._session, self._hospital, self._wanted, offset, newest_first)
        if day is None:
            return ()
        narrowed = replace(self._wanted, **{"date_to" if newest_first else "date_from": day})  # type: ignore[arg-type]
        rows, _ = self._sorted(_Question(self._session, self._hospital, narrowed, self._order)._many())
        return self._all(rows.offset(within).limit(limit))

    def _stretch(self, rows: _BothWays, total: int, offset: int, limit: int) -> _Ids:
        """Along an index, from the end that is nearer."""
        if offset >= total:
            return ()
        ahead, back = rows
        if offset <= total // 2:
            return self._all(ahead.offset(offset).limit(limit))
        beyond = max(total - offset - limit, 0)
        return self._all(back.offset(beyond).limit(total - offset - beyond))[::-1]

    def _all(self, rows: Select[int]) -> _Ids:
        return (
            self._session.connection().scalars(rows).all()
        )  # plain numbers: the mapper's way takes twice the time

    # -- statements

    def _many(self, *more: ColumnElement[bool]) -> Select[int]:
        """To be walked through in some order: every other condition is checked on the way."""
        in_time = self._order.column is Column.DATE
        conditions = self._conditions({"created_at"} if in_time else set())
        return select(EndRow.transaction_id).where(
            EndRow.hospital == self._hospital, *conditions.values(), *more
        )

    def _few(self, *more: ColumnElement[bool]) -> Select[int]:
        """Found by the filter that leaves least, whose column has an index, and sorted."""
        narrowest = next(iter(self._conditions(set())), None)
        if narrowest is None or narrowest == "created_at":
            rows = self._many(*more) if narrowest is None else self._in_days(*more)
            return self._sorted(rows, by_index=False)[0]
        condition = self._conditions({narrowest})[narrowest]
        return self._those(
            select(EndRow.transaction_id).where(EndRow.hospital == self._hospital, condition), *more
        )

    def _in_days(self, *more: ColumnElement[bool]) -> Select[int]:
        conditions = self._conditions({"created_at"})
        return select(EndRow.transaction_id).where(
            EndRow.hospital == self._hospital, *conditions.values(), *more
        )

    def _those(self, ids: Select[int] | _Ids, *more: ColumnElement[bool]) -> Select[int]:
        """Of these, found by their keys, the ones that the filter wants, sorted."""
        ours = _checked(EndRow.hospital) == self._hospital
        listed = ids if isinstance(ids, Select) else search.listed(self._session, ids)
        conditions = self._conditions(set()).values()
        rows = select(EndRow.transaction_id).where(
            ours, EndRow.transaction_id.in_(listed), *conditions, *more
        )
        return self._sorted(rows, by_index=False)[0]

    def _conditions(self, served: set[str]) -> dict[str, ColumnElement[bool]]:
        """What the filter asks for, by column, what leaves least by experience first."""
        w = self._wanted

        def column(name: str) -> Any:
            plain = getattr(EndRow, name)
            return plain if name in served else _checked(plain)

        days = (
            column("created_at") >= tallies.midnight(w.date_from) if w.date_from else true(),
            column("created_at") < tallies.until(w.date_to) if w.date_to else true(),
        )
        every = {
            "tab": (w.tab is not Tab.ALL, column("tab") == w.tab),
            "priority": (w.blue_light_only, column("priority") == Priority.BLUE_LIGHT),
            "created_by": (w.created_by, column("created_by") == w.created_by),
            "created_at": (w.date_from or w.date_to, and_(*days)),
            "type": (w.types, column("type").in_(w.types)),
            "direction": (w.directions, column("direction").in_(w.directions)),
        }
        return {name: condition for name, (is_given, condition) in every.items() if is_given}

    def _sorted(self, rows: Select[int], *, by_index: bool = True) -> _BothWays:
        """Rows that are equal in the column stand in the order of their making, newest with the last."""
        column = _COLUMNS[self._order.column]
        keys = (column if by_index else _checked(column), EndRow.transaction_id)
        up = rows.order_by(*(key.asc() for key in keys))
        down = rows.order_by(*(key.desc() for key in keys))
        return (down, up) if self._order.descending else (up, down)


def _checked(column: InstrumentedAttribute[Any]) -> Any:
    return func.coalesce(column, column)
