"""Worklists: pages of a hospital's transactions, filtered, searched and sorted by the ledger itself (R-UI)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import (
    Column,
    Page,
    Tab,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store.database import Database
from iep_desktop.store.rows import transactions_of
from iep_desktop.store.search import matches
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


class Worklists:
    """What the tabs of one hospital show."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    def page(self, filter: WorklistFilter, order: WorklistOrder, offset: int, limit: int) -> Page:
        """Some rows, without what only the details show (the medium), and how many there are in all."""
        conditions = self._conditions(filter)
        wanted = _sorted(select(EndRow).where(*conditions), order).offset(offset).limit(limit)
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(EndRow).where(*conditions)) or 0
            ends = session.scalars(wanted).all() if total else []
            return Page(transactions_of(session, ends), total)

    def counts(self) -> dict[Tab, int]:
        """How many stand in each tab; All holds every one."""
        wanted = (
            select(EndRow.tab, func.count()).where(EndRow.hospital == self._hospital).group_by(EndRow.tab)
        )
        with self._database.read() as session:
            found = dict(session.execute(wanted).all())
        return {tab: found.get(tab, 0) for tab in Tab} | {Tab.ALL: sum(found.values())}

    def _conditions(self, wanted: WorklistFilter) -> list[ColumnElement[bool]]:
        conditions = [EndRow.hospital == self._hospital]
        if wanted.tab is not Tab.ALL:
            conditions.append(EndRow.tab == wanted.tab)
        if wanted.directions:
            conditions.append(EndRow.direction.in_(wanted.directions))
        if wanted.types:
            conditions.append(EndRow.type.in_(wanted.types))
        if wanted.created_by:
            conditions.append(EndRow.created_by == wanted.created_by)
        if wanted.blue_light_only:
            conditions.append(EndRow.priority == Priority.BLUE_LIGHT)
        if wanted.date_from:
            conditions.append(EndRow.created_at >= _midnight(wanted.date_from))
        if wanted.date_to:
            conditions.append(EndRow.created_at < _midnight(wanted.date_to + timedelta(days=1)))
        if wanted.search.strip():
            conditions.append(matches(EndRow.search, wanted.search))
        return conditions


def _sorted(ends: Select[EndRow], order: WorklistOrder) -> Select[EndRow]:
    """Rows that are equal in the column stand in the order of their making, newest with the last."""
    keys = [_COLUMNS[order.column], EndRow.transaction_id]
    return ends.order_by(*((key.desc() if order.descending else key.asc()) for key in keys))


def _midnight(day: date) -> datetime:
    """The first moment of a day as people here count it."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)
