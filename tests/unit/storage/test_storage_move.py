"""An installation moves from SQLite to PostgreSQL whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, func, select, text

from storage import move as module
from storage.connections import Connections
from storage.links import Links
from storage.logs import LogRow, Logs
from storage.move import Progress, move
from storage.opening import open_database
from storage.oslock import ProcessLock
from storage.preferences import LOG_DAYS, Preferences
from storage.search import LogFilter
from storage.stock_items import StockItems
from storage.tables import metadata
from storage.users import Users
from storage.vault import Vault
from sync.errors import BrokenContract, NeedsOperator
from sync.model.stock import StockItem, StockLevel
from sync.model.text import say

SECRET = "shpat_0123456789abcdef"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A lived-in installation on SQLite."""
    path = tmp_path / "counterpart.db"
    db = open_database(path)
    vault = Vault.open(tmp_path, {}, db=db)
    connections = Connections(db, vault)
    a = connections.add("sentos", "ERP", {"url": "https://erp.example"}, {"key": "k-123456"})
    b = connections.add("shopify", "Shop", {"shop": "moda"}, {"access_token": SECRET}, sandbox=True)
    Links(db).add("Moda", a.id, b.id, {"loc-1": ("1",)})
    Users(db).create("Ada", "correct horse battery")
    Preferences(db).set(LOG_DAYS, 30)
    Logs(db).write([LogRow("warning", say("Tişört {n}\0", n=n), sku="TSH-1") for n in range(50)])
    items = StockItems(db)
    sweep = items.begin_sweep(b.id)
    items.put(
        b.id, [StockItem("v1", "i1", levels=(StockLevel("L", 3, None, None, False),), tracked=False)], sweep
    )
    db.close()
    return path


def test_everything_is_there_and_works(old: Path, postgres_url: str) -> None:
    told: list[tuple[str, int, int]] = []
    moved = move(old, postgres_url, lambda *args: told.append(args))
    assert moved.rows["logs"] == 50 and moved.total >= 60 and ("logs", 50, 50) in told
    db = open_database(postgres_url)
    vault = Vault.open(old.parent, {}, db=db)
    connections = Connections(db, vault)
    shop = next(c for c in connections.all() if c.name == "Shop")
    assert shop.sandbox is True and connections.secrets(shop.id)["access_token"] == SECRET
    assert Links(db).all()[0].locations == {"loc-1": ("1",)} and Preferences(db).get(LOG_DAYS) == 30
    assert Users(db).verify("ada", "correct horse battery") is not None
    assert len(Logs(db).page(LogFilter(text="tisort", sku="TSH-1")).rows) == 50
    [item] = StockItems(db).by_variant(shop.id, ["v1"]).values()
    assert item.tracked is False and item.levels == (StockLevel("L", 3, None, None, False),)
    StockItems(db).put(shop.id, [StockItem("v2", "i2")])
    assert StockItems(db).by_variant(shop.id, ["v2"])["v2"].id > item.id, "numbers go on after the last"
    db.close()


def test_the_file_stays_as_it_was(old: Path, postgres_url: str) -> None:
    move(old, postgres_url)
    db = open_database(old)
    with db.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM logs")).scalar() == 50
    db.close()
    assert ProcessLock(old.parent / "worker.lock").acquire(), "nothing holds the installation any more"


def test_a_database_with_data_is_refused(old: Path, postgres_url: str) -> None:
    move(old, postgres_url)
    with pytest.raises(NeedsOperator, match=r"holds data already \(table \w+\)"):
        move(old, postgres_url)


def test_a_running_worker_is_named(old: Path, postgres_url: str) -> None:
    lock = ProcessLock(old.parent / "worker.lock")
    assert lock.acquire()
    with pytest.raises(NeedsOperator, match=r"is running on this database \(process \d+\)"):
        move(old, postgres_url)
    lock.release()


@pytest.mark.parametrize(
    ("path", "url", "reason"),
    [
        ("missing.db", "postgresql://x", "no SQLite database"),
        ("counterpart.db", "sqlite:///x", "must be a Post"),
    ],
)
def test_what_cannot_be_moved_says_so(old: Path, path: str, url: str, reason: str) -> None:
    with pytest.raises(NeedsOperator, match=reason):
        move(old.parent / path, url)


def test_counts_that_disagree_undo_the_move(
    old: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = module._copy

    def losing_one(reading: Connection, writing: Connection, table: Table, progress: Progress) -> int:
        done = copy(reading, writing, table, progress)
        if table.name == "logs":
            writing.execute(text("DELETE FROM logs WHERE id = (SELECT max(id) FROM logs)"))
        return done

    monkeypatch.setattr(module, "_copy", losing_one)
    with pytest.raises(BrokenContract, match=r"logs: 50 rows, 49 arrived"):
        move(old, postgres_url)
    db = open_database(postgres_url)
    with db.read() as tx:
        counts = [tx.execute(select(func.count()).select_from(t)).scalar() for t in metadata.sorted_tables]
    db.close()
    assert set(counts) == {0}
