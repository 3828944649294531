"""Core dataclasses as JSON text and back: forms, requirements, failures, decisions, a medium's patient.

Reading is tolerant, as a ledger outlives versions: an unknown key is ignored, a missing one takes its default.
Nothing is cleaned or checked here: what was put in comes out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

_Reader = Callable[[Any], Any]


def dumps(value: Any) -> str:
    return json.dumps(value, default=_plain, separators=(",", ":"))


def loads(type_: Any, text: str | bytes) -> Any:
    """The value of `type_` (a dataclass, or a tuple of one) that `dumps` wrote."""
    return _reader(type_)(json.loads(text))


@lru_cache(maxsize=2048)
def remembered(type_: Any, text: str) -> Any:
    """As `loads`. Lists are read again and again, and what is read is frozen: the same text is the same value."""
    return loads(type_, text)


def _plain(value: Any) -> Any:
    """What json does not know by itself; StrEnum members are text already."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, date):  # datetime is one
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the ledger")


@cache
def _reader(type_: Any) -> _Reader:
    """How to read one type; built once."""
    if get_origin(type_) in (Union, UnionType):
        return _optional(type_)
    if get_origin(type_) is tuple:
        item = _reader(get_args(type_)[0])
        return lambda value: tuple(item(part) for part in value)
    if is_dataclass(type_):
        return _dataclass(type_)
    if type_ is datetime:
        return datetime.fromisoformat
    if type_ is date:
        return date.fromisoformat
    if isinstance(type_, type) and issubclass(type_, Enum):
        return type_
    return _as_it_is


def _optional(type_: Any) -> _Reader:
    (inner,) = (part for part in get_args(type_) if part is not NoneType)
    read = _reader(inner)
    return lambda value: None if value is None else read(value)


def _dataclass(type_: Any) -> _Reader:
    hints = get_type_hints(type_)
    readers = {field.name: _reader(hints[field.name]) for field in fields(type_)}

    def read(value: dict[str, Any]) -> Any:
        return type_(**{key: readers[key](item) for key, item in value.items() if key in readers})

    return read


def _as_it_is(value: Any) -> Any:
    return value
