"""Opening the database of an installation: made if it is new, brought to this version's schema."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg.conninfo
from psycopg import pq
from sqlalchemy import URL, make_url
from sqlalchemy.exc import OperationalError

from storage.database import Database, parsed
from storage.migrations.runner import migrate
from sync.errors import NeedsOperator
from sync.model.text import say


def open_database(url_or_path: str | os.PathLike[str]) -> Database:
    """The database, created if it is new (folder 0700, file 0600) and migrated to this version's schema.

    Raises NeedsOperator when the database was written by a newer Counterpart, or PostgreSQL lets nobody in.
    """
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
    address = parsed(url)
    if address.get_backend_name() == "sqlite":
        return False
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
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
