"""Between core values and SQL: aware datetimes, enumerations, dataclasses as JSON, many keys at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from sqlalchemy import BindParameter, DateTime, Dialect, Integer, SmallInteger, String, Text, bindparam
from sqlalchemy.types import TypeDecorator

from iep_desktop.core.model import Priority
from iep_desktop.store import serialise

E = TypeVar("E", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, in UTC. SQLite keeps no zone: what comes back gets it again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("The ledger takes aware datetimes only")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def among(ids: Iterable[int]) -> BindParameter[int]:
    """Keys for an IN, taken as a whole: to have each of hundreds looked at takes longer than the answer."""
    return bindparam("among", list(ids), Integer(), unique=True, expanding=True)


_QUOTED = "%:"


class FileName(TypeDecorator[str]):
    """A name from a foreign file system: where it holds bytes that are no text (PEP 383), it is kept quoted."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isprintable() and not value.startswith(_QUOTED)):
            return value
        return _QUOTED + quote(value, errors="surrogateescape")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not value.startswith(_QUOTED):
            return value
        return unquote(value[len(_QUOTED) :], errors="surrogateescape")


class Word(TypeDecorator[E]):
    """A StrEnum member, kept as its word."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        super().__init__(32)
        self.enum = enum
        self._members = {member.value: member for member in enum}  # a worklist's page reads hundreds

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        return None if value is None else self._members[value]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}
_PRIORITIES = tuple(Priority)


class Rank(TypeDecorator[Priority]):
    """A priority as its place in the queue (R-ENG-2), so that SQL can order by it."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Priority | None, dialect: Dialect) -> int | None:
        return None if value is None else _RANKS[value]

    def process_result_value(self, value: int | None, dialect: Dialect) -> Priority | None:
        return None if value is None else _PRIORITIES[value]


class Document(TypeDecorator[Any]):
    """A frozen dataclass of core, or a tuple of them, as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else serialise.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else serialise.remembered(self.of, value)
