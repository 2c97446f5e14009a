"""The tables of Procrastinate, in a schema of their own beside ours, one for each version of Procrastinate.

They hold nothing that we need: what is due stands in `sync_queue`, and jobs may be lost, for the tick of any
worker asks anew for every partition with something due. Workers of two versions may stand side by side, as
during an upgrade: each keeps its own jobs, and the lease of `partitions`, which they share, says whose turn
it is. Nothing is ever dropped: what an older version leaves behind is a few empty tables, and what carries
our name without our mark is somebody else's.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any, cast

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql
from sqlalchemy import URL

from sync.errors import NeedsOperator
from sync.model.text import say

SCHEMA = "counterpart_engine_" + re.sub(r"\W+", "_", version("procrastinate"))
MARK = "Made by Counterpart. Holds nothing that is needed while no worker runs."
"""The comment on every schema of ours: what does not carry it is not ours."""
_LOCK = 0x636F756E  # of the advisory lock under which one worker at a time looks


def conninfo(url: URL) -> str:
    """The database as libpq names it. Holds the password: not for logs."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def connection_options() -> dict[str, Any]:
    """What every connection of Procrastinate is opened with."""
    return {"options": f"-c search_path={SCHEMA}"}


def apply_schema(url: URL) -> None:
    """Makes the tables if they are missing; any number of workers may ask at once.

    Raises NeedsOperator when the role may not create a schema, or somebody else has one of that name."""
    try:
        with psycopg.connect(conninfo(url)) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            found = _mark(connection)
            if found is None:
                _make(connection)
            elif found != MARK:
                raise _foreign()
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
    """Has any worker, on any machine, of whichever version, given a sign of life in the last `within`
    seconds?"""
    with psycopg.connect(conninfo(url)) as connection:
        return any(_alive(connection, schema, within) for schema in _ours(connection))


def _make(connection: psycopg.Connection[Any]) -> None:
    name = sql.Identifier(SCHEMA)
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(name))
    connection.execute(cast(Any, SchemaManager.get_schema()))
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(MARK)))


def _mark(connection: psycopg.Connection[Any]) -> str | None:
    """The comment on the schema of our name, "" if it has none; None if there is no such schema."""
    row = connection.execute(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %s",
        [SCHEMA],
    ).fetchone()
    return None if row is None else str(row[0])


def _foreign() -> NeedsOperator:
    return NeedsOperator(
        say(
            "The database has a schema {schema} that does not carry Counterpart's mark; it was left as it "
            "is. If nobody else needs it, drop or rename it, and Counterpart makes its own. Otherwise give "
            "Counterpart a database of its own.",
            schema=SCHEMA,
        )
    )


def _ours(connection: psycopg.Connection[Any]) -> list[str]:
    """The schemas that carry our mark and hold a table of workers."""
    query = (
        "SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid "
        "WHERE obj_description(n.oid, 'pg_namespace') = %s AND c.relname = 'procrastinate_workers'"
    )
    return [str(row[0]) for row in connection.execute(query, [MARK])]


def _alive(connection: psycopg.Connection[Any], schema: str, within: float) -> bool:
    query = sql.SQL(
        "SELECT 1 FROM {}.procrastinate_workers "
        "WHERE last_heartbeat > now() - make_interval(secs => %s) LIMIT 1"
    ).format(sql.Identifier(schema))
    return connection.execute(query, [within]).fetchone() is not None
