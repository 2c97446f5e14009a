"""INSERT … ON CONFLICT DO UPDATE, spelt for the database in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
_AT_ONCE = 1000


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    update: Mapping[str, Callable[[Any, Any], ColumnElement[Any]]] | None = None,
) -> None:
    """Inserts `rows`; where `key` exists already, the other columns take the new values.

    `update` replaces that per column by an expression of (stored column, new value), for counters.
    `rows` must all have the same columns.
    """
    if not rows:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    columns = [name for name in rows[0] if name not in key]
    special = update or {}
    new = insert.excluded
    values = {
        name: special[name](table.c[name], new[name]) if name in special else new[name] for name in columns
    }
    statement = (
        insert.on_conflict_do_update(index_elements=list(key), set_=values)
        if values
        else (insert.on_conflict_do_nothing(index_elements=list(key)))
    )
    connection.execute(statement, [dict(row) for row in rows])


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Inserts `rows` and leaves out those that a unique index refuses; answers how many went in."""
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        return connection.execute(
            sqlite.insert(table).on_conflict_do_nothing(), [dict(r) for r in rows]
        ).rowcount
    stored = 0
    for start in range(0, len(rows), _AT_ONCE):  # PostgreSQL counts what one statement did, not what many did
        some = [dict(row) for row in rows[start : start + _AT_ONCE]]
        new = postgresql.insert(table).on_conflict_do_nothing()
        made = new.values(some) if len(some) > 1 else new.values(some[0])
        stored += connection.execute(made.execution_options(preserve_rowcount=True)).rowcount
    return stored
