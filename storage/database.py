"""One database, two doors: `read()` for any number of readers, `write()` for one writer at a time, in turn.

On SQLite a write is `BEGIN IMMEDIATE` behind a fair lock: the busy timeout alone lets a writer starve,
because SQLite polls for the lock and serves whoever asks at the right moment.
"""

from __future__ import annotations

import logging
import os
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import psycopg
import psycopg.conninfo
from psycopg import pq
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from storage.errors import BadInput, NestedWrite, StorageBusy
from storage.fairlock import FairLock
from sync.errors import NeedsOperator
from sync.model.text import say

_log = logging.getLogger(__name__)

Dialect = Literal["sqlite", "postgresql"]
SAFE_SQLITE = (3, 51, 3)
"""First SQLite without the WAL-reset bug (https://sqlite.org/wal.html#walresetbug)."""
BUSY_MILLISECONDS = 10_000
WRITER_CACHE_KB, READER_CACHE_KB = 64_000, 8_000
"""Pages that a connection may keep: what a million rows in no order need, and no more than is used."""
CHECKPOINT_PAGES = 4_000
"""So many pages (16 MB) may be in the WAL before they go into the file: a large run writes the same pages of
an index again and again."""
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_QUOTED = re.compile(r'".*"', re.DOTALL)
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


FROZEN_SECONDS = 10
"""A process that is frozen in the midst of a transaction loses its session on PostgreSQL after so long, and
with it the locks that all others would wait for."""
_LIMIT = "SELECT set_config('idle_in_transaction_session_timeout', %s, false)"
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds: a network that went away silently is noticed within half a minute, unless the URL says
otherwise."""


Guard = Callable[[Connection], None]
"""Asked at the start of every write transaction; raises, and nothing is stored, where the caller may not
store what it has."""


def _anybody(tx: Connection) -> None:
    """Whoever writes may."""


class Database:
    """A SQLite file or a PostgreSQL database, by URL. Thread-safe; close it when done.

    `guard` is asked by every `write()`: one place, so that no writer can forget it."""

    def __init__(self, url: str, *, synchronous: Literal["NORMAL", "FULL"] = "NORMAL") -> None:
        self.url = _parsed(url)
        name = self.url.get_backend_name()
        self.dialect: Dialect = "sqlite" if name == "sqlite" else "postgresql"
        self.guard: Guard = _anybody
        self._lock = FairLock()
        self._writing = threading.local()
        if self.dialect == "sqlite":
            self._reader = _sqlite_engine(self.url, synchronous, write=False)
            self._writer = _sqlite_engine(self.url, synchronous, write=True)
        else:
            self._writer = _postgresql_engine(self.url)
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
    return _kept_locked(error.orig) if _is_locked(error.orig) else error


def _is_locked(error: object) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _kept_locked(error: object) -> StorageBusy:
    return StorageBusy(
        say("Another process is keeping the database locked. Try again in a moment."), str(error)
    )


class _PlainText(StrDumper):
    """PostgreSQL's text cannot hold NUL, which exports of other systems do contain: it is stored as the sign
    for an unreadable character."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def _postgresql_engine(url: URL) -> Engine:
    alive = {name: value for name, value in _KEEPALIVE.items() if name not in url.query}
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=30, connect_args=alive, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.adapters.register_dumper(str, _PlainText)
        raw.execute(_LIMIT, (f"{FROZEN_SECONDS}s",))
        raw.commit()

    @event.listens_for(engine, "handle_error")
    def _hide(context: ExceptionContext) -> None:
        _hide_values(context)

    return engine


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL names what it refused: a key in DETAIL, or the whole row. Tracebacks are kept in the log,
    and a buyer's address has no place there: only the first sentence stays, and of data that cannot be read
    not even what it quotes."""
    original, told = context.original_exception, context.sqlalchemy_exception
    if not isinstance(original, psycopg.Error) or not original.diag.message_primary:
        return
    full, plain = str(original), original.diag.message_primary
    if (original.sqlstate or "").startswith("22"):
        plain = _QUOTED.sub('"…"', plain)
    original.args = (plain,)
    if told is not None:
        told.args = tuple(part.replace(full, plain) if isinstance(part, str) else part for part in told.args)


def _parsed(text: str) -> URL:
    """Raises BadInput, which does not repeat the text: it may hold a password."""
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


def _sqlite_engine(url: URL, synchronous: str, *, write: bool) -> Engine:
    size, overflow = (1, 0) if write else (8, 56)
    engine = create_engine(
        url,
        module=sqlite_driver(),
        pool_size=size,
        max_overflow=overflow,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
        hide_parameters=True,
    )
    pragmas = [
        "foreign_keys = ON",
        f"synchronous = {synchronous}",
        f"busy_timeout = {BUSY_MILLISECONDS}",
        f"cache_size = {-WRITER_CACHE_KB if write else -READER_CACHE_KB}",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        "temp_store = MEMORY",
        f"query_only = {'OFF' if write else 'ON'}",
    ]

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver must not open transactions of its own: we say BEGIN
        _use_wal(raw)
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _use_wal(raw: Any) -> None:
    """A file that is not in WAL mode yet is changed under a lock for which SQLite does not wait: it answers
    "locked" at once, whatever the busy timeout, while another process writes or makes the same change."""
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite_driver().OperationalError as error:
            if not _is_locked(error):
                raise
            if time.monotonic() > deadline:
                raise _kept_locked(error) from error
        time.sleep(random.uniform(0.01, 0.05))


def open_database(url_or_path: str | os.PathLike[str]) -> Database:
    """The database, created if it is new (folder 0700, file 0600) and migrated to this version's schema.

    Raises NeedsOperator when the database was written by a newer Counterpart, or PostgreSQL lets nobody in.
    """
    from storage.migrations.runner import migrate

    url = as_url(url_or_path)
    if url.startswith("sqlite"):
        _create_file(Path(make_url(url).database or ""))
    database = Database(url)
    try:
        migrate(database)
    except BaseException as error:
        database.close()
        if database.dialect == "postgresql" and _no_entry(error):
            raise _unreachable(database.url, error) from error
        raise
    return database


def _no_entry(error: BaseException) -> bool:
    """Did the very connecting fail (server, database, user, password)?"""
    return isinstance(error, OperationalError) and error.statement is None


def _unreachable(url: URL, error: BaseException) -> NeedsOperator:
    reason = (str(getattr(error, "orig", error)).splitlines() or [""])[0]
    return NeedsOperator(
        say(
            "The PostgreSQL database {name} on {host} cannot be opened. "
            "Is it running, and are the name, user and password of its URL right? It says: {reason}",
            name=url.database or "",
            host=url.host or "localhost",
            reason=reason,
        )
    )


def out_of_reach(url: str) -> bool:
    """Does no PostgreSQL server take connections at that address now: none answers, or it is starting or
    stopping? A server that refuses a name or a password is there. Takes two seconds at most for each of its
    addresses."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return False
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    asked = psycopg.conninfo.make_conninfo(plain, connect_timeout=2)
    return pq.PGconn.ping(asked.encode()) in (pq.Ping.REJECT, pq.Ping.NO_RESPONSE)


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
