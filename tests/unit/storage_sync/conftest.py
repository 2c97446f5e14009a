"""A migrated database of its own for every test, with two connections, their link and a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.attention import Attention
from storage.bindings import Bindings, Decisions
from storage.calls import Calls
from storage.connections import Connections
from storage.database import Database
from storage.links import Links
from storage.plans import Plans
from storage.queue import Queue
from storage.runs import Runs
from storage.staging import Staging
from storage.vault import Vault
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.run import Mode, Scope


@dataclass
class Store:
    """All repositories over one database."""

    db: Database
    vault: Vault
    folder: Path

    def __post_init__(self) -> None:
        self.connections, self.links = Connections(self.db, self.vault), Links(self.db)
        self.bindings, self.decisions = Bindings(self.db), Decisions(self.db)
        self.attention, self.staging, self.calls = Attention(self.db), Staging(self.db), Calls(self.db)
        self.runs, self.queue = Runs(self.db), Queue(self.db)
        self.plans = Plans(self.db, self.bindings, self.attention)

    def flow(self, entity: Entity = Entity.PRODUCT) -> Flow:
        return next(f for f in self.links.flows() if f.entity is entity)

    def run(self, entity: Entity = Entity.PRODUCT, mode: Mode = Mode.FULL) -> str:
        with self.db.write() as tx:
            return self.runs.start(tx, self.flow(entity).id, 1, mode, Scope(), "test")


@pytest.fixture
def store(tmp_path: Path, database: Database) -> Store:
    """Every test here runs on both kinds of database."""
    return Store(database, Vault.open(tmp_path, {}, db=database), tmp_path)


@pytest.fixture
def link(store: Store) -> Link:
    a = store.connections.add(
        "sentos", "ERP", {"url": "https://x.example/api"}, {"key": "k-12345", "secret": "s3cret-erp"}
    )
    b = store.connections.add("shopify", "Shop", {"shop": "moda"}, {"access_token": "shpat_0123456789ab"})
    return store.links.add("Moda", a.id, b.id, {"loc-1": ("1", "2")})


@pytest.fixture
def run_id(store: Store, link: Link) -> str:
    return store.run()
