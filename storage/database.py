"""One database, two doors: `read()` for any number of readers, `write()` for one writer at a time, in turn.

On SQLite a write is `BEGIN IMMEDIATE` behind a fair lock: the busy timeout alone lets a writer starve,
because SQLite polls for the lock and serves whoever asks at the right moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from storage.errors import BadInput, NestedWrite
from storage.fairlock import FairLock
from storage.postgresql import postgresql_engine
from storage.sqlite import is_locked, kept_locked, sqlite_engine

Dialect = Literal["sqlite", "postgresql"]
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


Guard = Callable[[Connection], None]
"""Asked at the start of every write transaction; raises, and nothing is stored, where the caller may not
store what it has."""


def _anybody(tx: Connection) -> None:
    """Whoever writes may."""


class Database:
    """A SQLite file or a PostgreSQL database, by URL. Thread-safe; close it when done.

    `guard` is asked by every `write()`: one place, so that no writer can forget it."""

    def __init__(self, url: str, *, synchronous: Literal["NORMAL", "FULL"] = "NORMAL") -> None:
        self.url = parsed(url)
        name = self.url.get_backend_name()
        self.dialect: Dialect = "sqlite" if name == "sqlite" else "postgresql"
        self.guard: Guard = _anybody
        self._lock = FairLock()
        self._writing = threading.local()
        if self.dialect == "sqlite":
            self._reader = sqlite_engine(self.url, synchronous, write=False)
            self._writer = sqlite_engine(self.url, synchronous, write=True)
        else:
            self._writer = postgresql_engine(self.url)
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
    def write(self, alone: str = "") -> Iterator[Connection]:
        """A write transaction: commits when the block ends, rolls back when it raises.

        On SQLite there is one writer; those of this process are served in the order they came. On PostgreSQL
        there are many: whoever decides by what it reads, and has no unique index to decide for it, names what
        it does in `alone`, and waits until nobody else on any machine writes under that name.
        Raises NestedWrite when this thread is already writing, StorageBusy when another process keeps a
        SQLite file locked for ten seconds, and what `guard` raises.
        """
        if self.dialect == "postgresql":
            with self._once_a_thread(), self._writer.begin() as connection:
                if alone:
                    connection.execute(_ALONE, {"name": f"counterpart.{alone}"})
                self.guard(connection)
                yield connection
            return
        with self._lock, self._begin_immediate() as connection:
            self.guard(connection)
            yield connection

    @contextmanager
    def _once_a_thread(self) -> Iterator[None]:
        """What would stand still for ever on SQLite is refused on PostgreSQL, too."""
        if getattr(self._writing, "now", False):
            raise NestedWrite(
                "this thread is already inside a write transaction: "
                "pass its connection on instead of opening a second one"
            )
        self._writing.now = True
        try:
            yield
        finally:
            self._writing.now = False

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
    return kept_locked(error.orig) if is_locked(error.orig) else error


def parsed(text: str) -> URL:
    """A database's address. Raises BadInput, which does not repeat the text: it may hold a password."""
    try:
        url = make_url(text)
        if url.get_backend_name() in ("sqlite", "postgresql", "postgres"):
            return _with_driver(url)
    except (ArgumentError, ValueError):
        pass  # the sentence below is the same for all that is no address
    raise BadInput(
        "This is no address of a database. It must look like postgresql://user:password@host/name "
        "or sqlite:///file; in a password, write @ : / as %40 %3A %2F."
    )


def _with_driver(url: URL) -> URL:
    """`postgresql://` and `postgres://` mean psycopg 3."""
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url
