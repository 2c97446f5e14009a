"""Brings a database to the newest schema, in one transaction; refuses one from the future."""

from __future__ import annotations

import logging
import threading
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from storage.database import Database
from sync.errors import NeedsOperator
from sync.model.text import say

FOLDER = Path(__file__).parent
_one_at_a_time = threading.Lock()  # alembic keeps its context in a module
_log = logging.getLogger(__name__)


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, made in code."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The newest schema this code knows."""
    found = _scripts().get_current_head()
    if found is None:
        raise RuntimeError("storage/migrations/versions is empty")
    return found


def revision(connection: Connection) -> str | None:
    """The database's schema version, or None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check_known(found: str | None) -> None:
    """Raises NeedsOperator when a database of schema `found` was written by a newer Counterpart."""
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise NeedsOperator(
            say(
                "This database was written by a newer Counterpart (schema {schema}). Start that version, or "
                "restore a backup made before the upgrade.",
                schema=found,
            ),
            f"this code knows {', '.join(sorted(known))}",
        )


def migrate(database: Database) -> None:
    """To the newest schema. Nothing changes if a step fails. Raises NeedsOperator for a newer database."""
    with database.read() as connection:
        found = revision(connection)
    check_known(found)
    if found == head():
        return
    with _one_at_a_time, database.write(alone="migrate") as connection:
        found = revision(connection)  # another process may have been faster
        check_known(found)
        if found != head():
            command.upgrade(config(connection), "head")
            _log.info("database migrated from %s to %s", found or "empty", head())


@cache  # reading them takes longer than all else that opening a database does
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())
