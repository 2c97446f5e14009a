"""The schema by migrations is the schema of the tables, and a newer database is left alone."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.database import Database
from storage.migrations import runner
from storage.opening import open_database
from storage.tables import metadata
from sync.errors import NeedsOperator


def _schema(connection: Connection) -> dict[str, list[str]]:
    """Every table, index, trigger and view by its SQL; the order inside a table aside."""
    found = connection.execute(text("SELECT name, coalesce(sql, '') FROM sqlite_master"))
    return {name: _parts(sql) for name, sql in found if "alembic_version" not in name}


def _parts(sql: str) -> list[str]:
    plain = re.sub(r"\s+", " ", sql.replace('"', ""))
    plain = re.sub(r"\s*([(),])\s*", r"\1", plain)
    if not plain.startswith("CREATE TABLE"):
        return [plain]
    head, body = plain.removesuffix(")").split("(", 1)
    return [head, *sorted(re.split(r",(?![^()]*\))", body))]


def _ignoring_search(connection: Connection) -> MigrationContext:
    """FTS5 keeps its index in tables of its own, which are not in the metadata."""

    def ours(_item: object, name: str | None, *_: object) -> bool:
        return not str(name).startswith("logs_search")

    return MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})


def test_schema_by_migrations_is_schema_from_scratch(tmp_path: Path) -> None:
    migrated = open_database(tmp_path / "migrated.db")
    fresh = Database(f"sqlite:///{tmp_path}/fresh.db")
    with fresh.write() as connection:
        metadata.create_all(connection)
    with migrated.read() as one, fresh.read() as two:
        by_steps, from_scratch = _schema(one), _schema(two)
        assert compare_metadata(_ignoring_search(one), metadata) == []
    migrated.close()
    fresh.close()
    assert by_steps.keys() == from_scratch.keys()
    assert {name: sql for name, sql in by_steps.items() if sql != from_scratch[name]} == {}
    assert {"uq_runs_live_flow_id", "logs_search", "logs_search_delete"} <= by_steps.keys()


def test_many_processes_starting_at_once_migrate_once(tmp_path: Path) -> None:
    problems: list[Exception] = []

    def start() -> None:
        try:
            open_database(tmp_path / "counterpart.db").close()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_database(tmp_path / "counterpart.db").close()
    before = (tmp_path / "counterpart.db").read_bytes()
    open_database(tmp_path / "counterpart.db").close()
    assert (tmp_path / "counterpart.db").read_bytes() == before


def test_a_newer_database_is_refused_with_the_way_on(tmp_path: Path) -> None:
    path = tmp_path / "counterpart.db"
    database = open_database(path)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    before = path.read_bytes()
    with pytest.raises(NeedsOperator, match=r"newer Counterpart \(schema 9999\).*backup"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE users (mine TEXT)"))
    with pytest.raises(Exception, match="users"):
        runner.migrate(database)
    with database.read() as connection:
        assert list(_schema(connection)) == ["users"] and runner.revision(connection) is None
    database.close()


def test_every_table_can_be_spelt_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        statement = str(CreateTable(table).compile(dialect=dialect))
        assert "CREATE TABLE" in statement
        for index in table.indexes:
            assert "INDEX" in str(CreateIndex(index).compile(dialect=dialect))
    runs = next(index for index in metadata.tables["runs"].indexes if index.unique)
    assert "WHERE status IN" in str(CreateIndex(runs).compile(dialect=dialect))


def test_the_tables_need_no_migrations_to_be_made() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    engine.dispose()
