"""Many rows in one statement, spelt for the database in use: a million rows need it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    Text,
    cast,
    column,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

Tuples = Sequence[tuple[Any, ...]]


def insert_many(tx: Connection, table: Table, columns: Sequence[str], rows: Tuples) -> None:
    """Inserts tuples of plain driver values (no column type converts them): an executemany on SQLite, COPY on
    PostgreSQL. A conflict raises IntegrityError."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    if tx.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        tx.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(rows))  # noqa: S608
        return
    raw: Any = tx.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def run_many(tx: Connection, sql: str, rows: Tuples) -> None:
    """Runs one statement, its places spelt `?`, for every tuple of plain driver values."""
    if rows:
        tx.exec_driver_sql(sql if tx.dialect.name == "sqlite" else sql.replace("?", "%s"), list(rows))


def among(tx: Connection, where: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`where IN (values)` as one parameter, however many there are: texts or whole numbers."""
    found = list(values)
    if tx.dialect.name == "sqlite":
        each = func.json_each(literal(json.dumps(found), Text)).table_valued(column("value"))
        return where.in_(select(each.c.value))
    if not found:  # an empty array would not say of what
        return false()
    kind = ARRAY(BigInteger if isinstance(found[0], int) else Text)
    return where == func.any(cast(literal(found, kind), kind))


def listed(tx: Connection, values: Iterable[Any]) -> Any:
    """Values as one driver parameter: for `IN (SELECT value FROM json_each(?))` on SQLite, for `= ANY(%s)` on
    PostgreSQL."""
    found = list(values)
    return json.dumps(found) if tx.dialect.name == "sqlite" else found


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
