"""The tables of Procrastinate, in a schema of their own beside ours. They hold nothing that we need: what is
due stands in `sync_queue`, so another version of Procrastinate simply gets new ones."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, cast

import psycopg
from procrastinate.schema import SchemaManager
from sqlalchemy import URL

from sync.errors import NeedsOperator
from sync.model.text import say

SCHEMA = "procrastinate"
_LOCK = 0x636F756E  # of the advisory lock under which one worker at a time looks


def conninfo(url: URL) -> str:
    """The database as libpq names it. Holds the password: not for logs."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def connection_options() -> dict[str, Any]:
    """What every connection of Procrastinate is opened with."""
    return {"options": f"-c search_path={SCHEMA}"}


def apply_schema(url: URL) -> None:
    """Makes the tables if they are missing or another version's; any number of workers may ask at once.

    Raises NeedsOperator when the role may not create a schema."""
    wanted = version("procrastinate")
    try:
        with psycopg.connect(conninfo(url)) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if _found(connection) == wanted:
                return
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
            connection.execute(f"SET LOCAL search_path = {SCHEMA}")
            connection.execute(cast(Any, SchemaManager.get_schema()))
            connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{wanted}'")
    except psycopg.errors.InsufficientPrivilege as error:
        raise NeedsOperator(
            say(
                "The database user may not create the schema {schema}. "
                "Grant it CREATE on the database, once.",
                schema=SCHEMA,
            ),
            str(error),
        ) from error


def workers_alive(url: URL, within: float = 10.0) -> bool:
    """Has any worker, on any machine, given a sign of life in the last `within` seconds?"""
    query = (
        f"SELECT 1 FROM {SCHEMA}.procrastinate_workers "  # noqa: S608 our own name
        "WHERE last_heartbeat > now() - make_interval(secs => %s) LIMIT 1"
    )
    with psycopg.connect(conninfo(url)) as connection:
        if _found(connection) is None:  # no worker has ever run here
            return False
        return connection.execute(cast(Any, query), [within]).fetchone() is not None


def _found(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [SCHEMA]
    ).fetchone()
    return None if row is None else str(row[0])
