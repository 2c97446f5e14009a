"""Moves an installation from its SQLite file into an empty PostgreSQL database: every table, in one
transaction, counted at the end. The file stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Table, func, select, text

from storage.database import Database
from storage.opening import open_database
from storage.oslock import ProcessLock
from storage.tables import metadata
from sync.errors import BrokenContract, NeedsOperator
from sync.model.text import say

LOCK_NAME = "worker.lock"
AT_ONCE = 2_000
"""Rows between two words of progress."""

Progress = Callable[[str, int, int], None]
"""Told of a table's name, how many of its rows are through, and how many there are."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What went over: rows by table, in the order of their moving."""

    rows: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def move(source_path: str | Path, target_url: str, progress: Progress = lambda *_: None) -> Moved:
    """Copies everything from the SQLite file to the PostgreSQL database at `target_url`.

    Sealed secrets stay sealed with the same key: keep `secret.key` (or COUNTERPART_SECRET_KEY). Raises
    NeedsOperator, before anything is written, if the file is not there, a worker runs on it, the target is no
    PostgreSQL or holds rows already; BrokenContract, with nothing kept, if the counts disagree at the end.
    """
    with ExitStack() as stack:
        source = stack.enter_context(_source(Path(source_path)))
        target = stack.enter_context(_target(target_url))
        reading = stack.enter_context(source.read())
        with target.write(alone="move") as writing:
            _refuse_filled(writing)
            moved = Moved({table.name: _copy(reading, writing, table, progress) for table in _tables()})
            _set_sequences(writing)
            _compare(reading, writing)
        with target.write() as tx:
            tx.execute(text("ANALYZE"))
    return moved


def _tables() -> list[Table]:
    """Parents before their children."""
    return list(metadata.sorted_tables)


@contextmanager
def _source(path: Path) -> Iterator[Database]:
    """The SQLite database, brought to this version's schema, while no worker can start on it."""
    if not path.is_file():
        raise NeedsOperator(say("There is no SQLite database at {path}.", path=path))
    lock = ProcessLock(path.parent / LOCK_NAME)
    if not lock.acquire():
        pid = (lock.holder() or {}).get("pid", "")
        raise NeedsOperator(
            say("Counterpart is running on this database (process {pid}). Stop it first.", pid=pid)
        )
    database = None
    try:
        database = open_database(path)
        yield database
    finally:
        if database is not None:
            database.close()
        lock.release()


@contextmanager
def _target(url: str) -> Iterator[Database]:
    if not url.startswith(("postgresql:", "postgresql+", "postgres:")):
        raise NeedsOperator(say("The target must be a PostgreSQL database: postgresql://user@host/name"))
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def _refuse_filled(writing: Connection) -> None:
    for table in _tables():
        if writing.execute(select(1).select_from(table).limit(1)).first() is not None:
            raise NeedsOperator(
                say(
                    "The PostgreSQL database holds data already (table {table}). Name an empty database.",
                    table=table.name,
                )
            )


def _copy(reading: Connection, writing: Connection, table: Table, progress: Progress) -> int:
    """Streams one table; answers how many rows it has."""
    total, done = _count(reading, table), 0
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    flags = [n for n, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    rows = reading.exec_driver_sql(f'SELECT {columns} FROM "{table.name}" ORDER BY {key}')  # noqa: S608
    raw: Any = writing.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        while page := rows.fetchmany(AT_ONCE):
            for row in page:
                copy.write_row(_plain(tuple(row), flags))
            done += len(page)
            progress(table.name, done, total)
    return done


def _plain(row: tuple[Any, ...], flags: list[int]) -> tuple[Any, ...]:
    """SQLite's 0 and 1 as PostgreSQL's false and true."""
    if not flags:
        return row
    values = list(row)
    for n in flags:
        values[n] = None if values[n] is None else bool(values[n])
    return tuple(values)


def _set_sequences(writing: Connection) -> None:
    """The next row gets the number after the last one."""
    for table in _tables():
        column = table.autoincrement_column
        if column is None:
            continue
        named = {"table": table.name, "column": column.name}
        sequence = writing.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), named).scalar()
        last = writing.execute(select(func.max(column))).scalar()
        if sequence and last is not None:
            writing.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def _compare(reading: Connection, writing: Connection) -> None:
    for table in _tables():
        there, here = _count(reading, table), _count(writing, table)
        if there != here:
            raise BrokenContract(
                say("The move is incomplete and was undone. Nothing was lost; try again."),
                f"{table.name}: {there} rows, {here} arrived",
            )


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
