"""One database, two doors: `read()` for any number of readers, `write()` for one writer at a time, in turn.

On SQLite a write is `BEGIN IMMEDIATE` behind a fair lock: the busy timeout alone lets a writer starve,
because SQLite polls for the lock and serves whoever asks at the right moment.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from storage.errors import StorageBusy
from storage.fairlock import FairLock
from sync.model.text import say

_log = logging.getLogger(__name__)

Dialect = Literal["sqlite", "postgresql"]
SAFE_SQLITE = (3, 51, 3)
"""First SQLite without the WAL-reset bug (https://sqlite.org/wal.html#walresetbug)."""
BUSY_MILLISECONDS = 10_000
_warned = False


def sqlite_driver() -> ModuleType:
    """`pysqlite3` where a wheel exists, else Python's own module, with one warning if that SQLite is too
    old."""
    try:
        import pysqlite3.dbapi2 as current
    except ImportError:
        _warn_if_old(sqlite3.sqlite_version_info)
        return sqlite3
    module: ModuleType = current
    return module


def _warn_if_old(version: tuple[int, ...]) -> None:
    global _warned
    if version < SAFE_SQLITE and not _warned:
        _warned = True
        found, wanted = (".".join(map(str, numbers)) for numbers in (version, SAFE_SQLITE))
        _log.warning(
            "SQLite %s is older than %s and can damage a database under load; "
            "install the package pysqlite3, or a newer Python",
            found,
            wanted,
        )


class Database:
    """A SQLite file or a PostgreSQL database, by URL. Thread-safe; close it when done."""

    def __init__(self, url: str, *, synchronous: Literal["NORMAL", "FULL"] = "NORMAL") -> None:
        self.url = _with_driver(make_url(url))
        name = self.url.get_backend_name()
        if name not in ("sqlite", "postgresql"):
            raise ValueError(f"a database URL must begin with sqlite:/// or postgresql://, not {name}:")
        self.dialect: Dialect = "sqlite" if name == "sqlite" else "postgresql"
        self._lock = FairLock()
        if self.dialect == "sqlite":
            self._reader = _sqlite_engine(self.url, synchronous, write=False)
            self._writer = _sqlite_engine(self.url, synchronous, write=True)
        else:
            self._writer = create_engine(self.url, pool_pre_ping=True, pool_size=10, max_overflow=30)
            self._reader = self._writer.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL."""
        return Path(self.url.database or "") if self.dialect == "sqlite" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one unchanging view of the data. A write through it is refused by the
        database."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: commits when the block ends, rolls back when it raises.

        On SQLite the writers of this process are served in the order they came. Raises NestedWrite when this
        thread is already writing, StorageBusy when another process keeps the file locked for ten seconds.
        """
        if self.dialect == "postgresql":
            with self._writer.begin() as connection:
                yield connection
            return
        with self._lock, self._begin_immediate() as connection:
            yield connection

    @contextmanager
    def _begin_immediate(self) -> Iterator[Connection]:
        with self._writer.connect() as connection:
            try:
                transaction = connection.begin()
            except OperationalError as error:
                raise _busy(error) from error
            with transaction:
                yield connection

    def close(self) -> None:
        """Closes every pooled connection; on SQLite the last one folds the WAL back into the file."""
        self._reader.dispose()
        self._writer.dispose()


def _busy(error: OperationalError) -> Exception:
    if "locked" not in str(error.orig) and "busy" not in str(error.orig):
        return error
    return StorageBusy(
        say("Another process is keeping the database locked. Try again in a moment."), str(error.orig)
    )


def _with_driver(url: URL) -> URL:
    """`postgresql://` and `postgres://` mean psycopg 3."""
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _sqlite_engine(url: URL, synchronous: str, *, write: bool) -> Engine:
    size, overflow = (1, 0) if write else (8, 56)
    engine = create_engine(
        url,
        module=sqlite_driver(),
        pool_size=size,
        max_overflow=overflow,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
    )
    pragmas = [
        "journal_mode = WAL",
        "foreign_keys = ON",
        f"synchronous = {synchronous}",
        f"busy_timeout = {BUSY_MILLISECONDS}",
        f"query_only = {'OFF' if write else 'ON'}",
    ]

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver must not open transactions of its own: we say BEGIN
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def open_database(url_or_path: str | os.PathLike[str]) -> Database:
    """The database, created if it is new (folder 0700, file 0600) and migrated to this version's schema.

    Raises NeedsOperator when the database was written by a newer Counterpart.
    """
    from storage.migrations.runner import migrate

    url = as_url(url_or_path)
    if url.startswith("sqlite"):
        _create_file(Path(make_url(url).database or ""))
    database = Database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def as_url(url_or_path: str | os.PathLike[str]) -> str:
    """A URL as it is; a path as a SQLite URL."""
    text = os.fspath(url_or_path)
    if "://" in text:
        return text
    return URL.create("sqlite", database=str(Path(text).absolute())).render_as_string()


def _create_file(path: Path) -> None:
    if path.name in ("", ":memory:"):
        raise ValueError("the SQLite database must be a file: several threads and processes share it")
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
