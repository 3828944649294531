"""Alembic's entry: runs in the connection and transaction that `store.upgrade` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from iep_desktop.store.tables import Base


def _plain_type(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A revision names SQL's own types: ours may change later, it may not."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=_plain_type,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
