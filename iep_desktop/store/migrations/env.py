"""Alembic's entry: runs in the connection and transaction that `store.upgrade` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

import iep_desktop.store.commitment_tables
import iep_desktop.store.directory_tables
import iep_desktop.store.queue_tables  # noqa: F401 - belongs to the models
from iep_desktop.store.tables import Base


def _plain_type(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A revision names SQL's own types: ours may change later, it may not."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def _is_a_model(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """The index of searches and its parts are SQLite's own, no models."""
    return not (kind == "table" and name is not None and (name == "found" or name.startswith("found_")))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=_plain_type,
    include_object=_is_a_model,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
