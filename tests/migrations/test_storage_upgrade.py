"""A database of the release before comes through the upgrade with everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from storage.bindings import Bindings
from storage.database import Database
from storage.links import Links
from storage.logs import Logs
from storage.opening import open_database
from storage.queue import Queue
from storage.runs import Runs
from storage.search import LogFilter
from storage.stock_stages import StockStages
from storage.tables import metadata
from storage.tables.sync import changes
from sync.model.entity import Entity
from sync.model.flow import StockSettings
from sync.model.run import Mode, Scope, Status
from tests import postgres
from tests.conftest import DATABASES
from tests.migrations.released import ROWS, release_0_1


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a single table."""
    if request.param == "sqlite":
        (tmp_path / "old.db").touch(0o600)
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    with postgres.server().database(migrated=False) as url:
        yield url


@pytest.fixture
def upgraded(empty_url: str) -> Iterator[Database]:
    release_0_1(empty_url).close()
    database = open_database(empty_url)
    yield database
    database.close()


def test_every_row_is_there(upgraded: Database) -> None:
    with upgraded.read() as tx:
        for name, rows in ROWS.items():
            assert tx.execute(text(f"SELECT count(*) FROM {name}")).scalar() == len(rows), name


def test_the_rows_mean_what_they_meant(upgraded: Database) -> None:
    links, bindings = Links(upgraded), Bindings(upgraded)
    [link] = links.all()
    product, order = links.flows(link.id)
    assert link.locations == {"loc-1": ("1", "2")} and (product.entity, order.entity) == (
        Entity.PRODUCT,
        Entity.ORDER,
    )
    assert product.products.drift == "restore" and product.schedule.minutes == 15 and product.version == 3
    assert product.stock == StockSettings(), "what is new has its safe defaults"
    [variant] = bindings.by_a(link.id, "variant", ["a2"]).values()
    assert variant.parent_id == 1 and bindings.stock([2]) == {(2, "loc-1"): (5, 4)}
    assert Runs(upgraded).get("r1").counts.read == 2
    with upgraded.read() as tx:
        assert tx.execute(select(changes.c.diffs)).scalar_one()[0]["after"] == "B"
    assert len(Logs(upgraded).page(LogFilter(text="tisort", connection_id="shop")).rows) == 3


def test_what_was_under_way_goes_on(upgraded: Database) -> None:
    runs, queue = Runs(upgraded), Queue(upgraded)
    assert runs.get("r2").status is Status.RUNNING
    item = queue.claim()
    assert item is not None and (item.run_id, item.action) == ("r2", "apply:stock")
    with upgraded.write() as tx:
        beside = runs.start(tx, "f-product", 3, Mode.ITEMS, Scope(), "queue")
    assert runs.get(beside).status is Status.QUEUED, "what the queue writes is a run beside the live one"


def test_new_rows_are_numbered_after_the_old(upgraded: Database) -> None:
    with upgraded.write() as tx:
        Queue(upgraded).add(tx, "r2", "product", "report")
    with upgraded.read() as tx:
        assert tx.execute(text("SELECT max(id) FROM sync_queue")).scalar() == 3


def test_an_upgrade_invents_no_stock_flow(upgraded: Database) -> None:
    with upgraded.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM stock_stages")).scalar() == 0
    assert not StockStages(upgraded).get("f-product").live


def test_the_upgraded_schema_is_that_of_the_tables(upgraded: Database) -> None:
    def ours(_item: object, name: str | None, *_: object) -> bool:
        return not str(name).startswith(("logs_search", "ix_logs_")) and name != "words"

    with upgraded.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True, "include_object": ours})
        assert compare_metadata(context, metadata) == []
        names = {index["name"] for index in inspect(tx).get_indexes("sync_queue")}
    assert {"uq_sync_queue_pending_run_id_action", "uq_sync_queue_pending_record"} <= names


_GENERATED = (
    "SELECT column_name || ' ' || data_type || ' ' || generation_expression "
    "FROM information_schema.columns WHERE is_generated = 'ALWAYS'"
)


def test_postgresql_by_steps_is_postgresql_from_the_tables(postgres_url: str) -> None:
    def indexes(url: str) -> set[str]:
        database = Database(url)
        with database.read() as tx:
            rows = tx.execute(text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")).scalars()
            found = {row for row in rows if "alembic_version" not in row}
            found |= set(tx.execute(text(_GENERATED)).scalars())
        database.close()
        return found

    with postgres.server().database(migrated=False) as fresh:
        database = Database(fresh)
        with database.write() as tx:
            metadata.create_all(tx)
        database.close()
        assert indexes(fresh) == indexes(postgres_url)
