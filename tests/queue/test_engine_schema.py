"""The tables that wake workers: in a schema of our own, beside whatever else the database holds."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import URL, make_url

from sync.errors import NeedsOperator
from sync.queue import engine_schema
from sync.queue.engine_schema import SCHEMA, apply_schema, conninfo, workers_alive
from tests import postgres

OTHER = "counterpart_engine_1_0_0"


@pytest.fixture
def url() -> Iterator[URL]:
    with postgres.server().database(migrated=False) as made:
        yield make_url(made)


def _do(url: URL, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo(url)) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _jobs(url: URL, schema: str) -> object:
    return _do(url, f"SELECT count(*) FROM {schema}.procrastinate_jobs")[0][0]


def _job(url: URL, schema: str) -> None:
    _do(
        url,
        f"SET search_path = {schema}; INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
        "VALUES ('turns', 'turn', '{}')",
    )


def test_somebody_elses_procrastinate_stays_as_it_is(url: URL) -> None:
    """Another program of the same database may well use the same library."""
    _do(url, "CREATE SCHEMA procrastinate; CREATE TABLE procrastinate.theirs AS SELECT 1 AS kept")
    apply_schema(url)
    assert _do(url, "SELECT kept FROM procrastinate.theirs") == [(1,)]
    assert _jobs(url, SCHEMA) == 0


@pytest.mark.parametrize("comment", ["", "theirs"])
def test_a_schema_of_our_name_without_our_mark_is_left_and_named(url: URL, comment: str) -> None:
    _do(url, f"CREATE SCHEMA {SCHEMA}; CREATE TABLE {SCHEMA}.theirs AS SELECT 1 AS kept")
    if comment:
        _do(url, f"COMMENT ON SCHEMA {SCHEMA} IS '{comment}'")
    assert not workers_alive(url)
    with pytest.raises(NeedsOperator) as raised:
        apply_schema(url)
    assert SCHEMA in raised.value.message.english() and "drop or rename it" in raised.value.message.english()
    assert _do(url, f"SELECT kept FROM {SCHEMA}.theirs") == [(1,)]


def test_two_versions_keep_their_jobs_beside_each_other(url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """As while workers are upgraded one by one: neither start takes the other's jobs away."""
    with monkeypatch.context() as older:
        older.setattr(engine_schema, "SCHEMA", OTHER)
        apply_schema(url)
    _job(url, OTHER)
    apply_schema(url)
    _job(url, SCHEMA)
    with monkeypatch.context() as older:
        older.setattr(engine_schema, "SCHEMA", OTHER)
        apply_schema(url)
    apply_schema(url)
    assert (_jobs(url, OTHER), _jobs(url, SCHEMA)) == (1, 1)


def test_a_worker_of_another_version_counts_as_alive(url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(engine_schema, "SCHEMA", OTHER)
        apply_schema(url)
    assert not workers_alive(url)
    _do(url, f"INSERT INTO {OTHER}.procrastinate_workers DEFAULT VALUES")
    assert workers_alive(url)
