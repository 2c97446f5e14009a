"""Two workers speak to one Sentos: what one takes the other sees. The sandbox counts what it refused."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from storage.budgets import Budgets
from storage.database import Database
from storage.opening import open_database
from storage.paths import DataPaths
from storage.vault import Vault
from sync import workspace
from sync.application import Application
from sync.connectors import registry
from sync.model.flow import Connection
from tests.contract import sentos_factory
from tests.contract.sandboxes import Sandbox, sandbox

SPEED = 60.0
"""A minute is a second: a slow machine still makes several rounds in the tenant's minute."""
PAGES, ROUNDS, WRITES = 3, 4, 6


@pytest.fixture(scope="module")
def sentos() -> Iterator[Sandbox]:
    with sandbox("sentos", products=sentos_factory.PRODUCTS, dirt=0, speed=SPEED) as running:
        yield running


class Two:
    """Two workspaces as two workers have them, one database, one connection."""

    def __init__(self, url: str, folder: Path, sentos: Sandbox) -> None:
        sentos.post("/reset")
        sentos.post("/settings", {"total_get_per_min": 30})
        self.sentos, self.dbs = sentos, [open_database(url) for _ in range(2)]
        paths = DataPaths(folder, url)
        vault = Vault.open(folder, {}, db=self.dbs[0])
        self.spaces = [Application(paths, db, vault) for db in self.dbs]
        self.connection = self.spaces[0].connections.add(
            "sentos",
            "Firm",
            registry.spec("sentos").normalise({"url": sentos.url, "sandbox": "true"}),
            sentos_factory.GOOD,
            sandbox=True,
            speed=SPEED,
        )

    def both(self, work: Callable[[Any], None]) -> None:
        """The same work by both at once, on each one's own client."""
        clients = [ws.connector(self.connection.id)._client for ws in self.spaces]  # type: ignore[attr-defined]
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(work, client) for client in clients]:
                done.result(120)

    def refused(self) -> int:
        return sum(call["status"] == 429 for call in self.sentos.calls())

    def close(self) -> None:
        for ws in self.spaces:
            ws.close()


@pytest.fixture
def two(postgres_url: str, tmp_path: Path, sentos: Sandbox) -> Iterator[Two]:
    made = Two(postgres_url, tmp_path, sentos)
    yield made
    made.close()


def reading(client: Any) -> None:
    for n in range(PAGES * ROUNDS):
        client.get("/products", {"page": str(n % PAGES + 1), "size": "10"}, fresh=True)


def writing(client: Any) -> None:
    for _ in range(WRITES):
        client.write("POST", "/orders", {}, "orders.create")


def test_two_workers_together_stay_below_the_limits(two: Two) -> None:
    two.both(lambda client: (reading(client), writing(client)))  # type: ignore[arg-type,return-value]
    made = [call["path"].partition("?")[0] for call in two.sentos.calls()]
    assert made.count("/api/products") >= 2 * PAGES * ROUNDS and made.count("/api/orders") == 2 * WRITES
    assert two.refused() == 0


def test_each_for_itself_they_would_not(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure can fail: with windows of a process each, the tenant refuses."""
    monkeypatch.setattr(workspace, "shared_budgets", lambda budgets, connection: None)
    two.both(lambda client: (reading(client), writing(client)))  # type: ignore[arg-type,return-value]
    assert two.refused() > 0


def test_one_limit_is_changed_by_one_at_a_time(two: Two) -> None:
    """Nothing that one noted is overwritten by what another read before."""
    budgets, rounds = [Budgets(db) for db in two.dbs], 50

    def count(mine: Budgets) -> None:
        for _ in range(rounds):
            mine.change(two.connection.id, "x", lambda state, now: state.update(n=state.get("n", 0) + 1))

    threads = [threading.Thread(target=count, args=(mine,)) for mine in budgets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budgets[0].change(two.connection.id, "x", lambda state, now: state["n"]) == 2 * rounds


DIES = """
import os, sys
from storage.budgets import Budgets
from storage.opening import open_database
def half(state, now):
    state["taken"] = [[now, now + 120, "dead"]]
    os._exit(9)
Budgets(open_database(sys.argv[1])).change(sys.argv[2], "x", half)
"""


def test_who_dies_in_the_middle_leaves_nothing_behind(two: Two, postgres_url: str) -> None:
    ended = subprocess.run([sys.executable, "-c", DIES, postgres_url, two.connection.id], timeout=60)
    assert ended.returncode == 9
    assert Budgets(two.dbs[0]).change(two.connection.id, "x", lambda state, now: dict(state)) == {}


def test_a_state_goes_with_its_connection(two: Two) -> None:
    db, connection = two.dbs[0], two.connection
    Budgets(db).change(connection.id, "x", lambda state, now: state.update(n=1))
    assert kept(db, connection) == 1
    two.spaces[0].connections.delete(connection.id)
    assert kept(db, connection) == 0


def kept(db: Database, connection: Connection) -> int:
    with db.read() as tx:
        return len(tx.exec_driver_sql(f"SELECT 1 FROM budgets WHERE connection_id = '{connection.id}'").all())
