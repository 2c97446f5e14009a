"""SQLite: the current one, and connections to it on which many threads can work."""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from storage.errors import StorageBusy
from sync.model.text import say

_log = logging.getLogger(__name__)

SAFE_SQLITE = (3, 51, 3)
"""First SQLite without the WAL-reset bug (https://sqlite.org/wal.html#walresetbug)."""
BUSY_MILLISECONDS = 10_000
WRITER_CACHE_KB, READER_CACHE_KB = 64_000, 8_000
"""Pages that a connection may keep: what a million rows in no order need, and no more than is used."""
CHECKPOINT_PAGES = 4_000
"""So many pages (16 MB) may be in the WAL before they go into the file: a large run writes the same pages of
an index again and again."""
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


def sqlite_engine(url: URL, synchronous: str, *, write: bool) -> Engine:
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
            if not is_locked(error):
                raise
            if time.monotonic() > deadline:
                raise kept_locked(error) from error
        time.sleep(random.uniform(0.01, 0.05))


def is_locked(error: object) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def kept_locked(error: object) -> StorageBusy:
    return StorageBusy(
        say("Another process is keeping the database locked. Try again in a moment."), str(error)
    )
