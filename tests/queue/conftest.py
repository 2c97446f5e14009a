"""A workspace with a stock flow whose manager is played by the test, on each of both databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from storage.clock import utc_now
from storage.database import Database
from storage.opening import open_database
from storage.paths import DataPaths
from storage.queue import BY_HAND, Item
from storage.tables.sync import sync_queue
from storage.vault import Vault
from sync.application import Application
from sync.errors import CounterpartError
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.queue.executor import Executor

Act = Callable[[Item], CounterpartError | None]
PATIENCE = 180.0


class Played:
    """Does record items as the test says; remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.done: list[str] = []
        self.act: Act = lambda item: None

    def items(self, flow: Flow, batch: Sequence[Item], owner: str) -> Mapping[int, CounterpartError | None]:
        self.batches.append([item.record_id for item in batch])
        results = {item.id: self.act(item) for item in batch}
        self.done += [item.record_id for item in batch if results[item.id] is None]
        return results


class World:
    """One workspace, its stock flow and its played manager."""

    def __init__(self, db: Database, folder: Path, flow: Flow | None = None) -> None:
        paths = DataPaths(folder, db.url.render_as_string(hide_password=False))
        self.ws = Application(paths, db, Vault.open(folder, {}, db=db))
        self.manager = Played()
        self.ws.manager_of = lambda entity: self.manager  # type: ignore[method-assign,assignment,return-value]
        self.flow = flow or self._flow()
        self.executor = Executor(self.ws, lambda: None, threads=1)

    def _flow(self) -> Flow:
        ws = self.ws
        a = ws.connections.add("shopify", "One", {"shop": "one"}, {"access_token": "shpat_0123456789aa"})
        b = ws.connections.add("shopify", "Two", {"shop": "two"}, {"access_token": "shpat_0123456789bb"})
        link = ws.links.add("Stock", a.id, b.id)
        return ws.links.save(replace(ws.links.add_flow(link.id, Entity.STOCK, "a>b"), enabled=True))

    @property
    def partition(self) -> str:
        return self.ws.links.get(self.flow.link_id).b

    @property
    def source(self) -> str:
        return self.ws.links.get(self.flow.link_id).a

    def push(
        self, *records: str, priority: int = BY_HAND, delay: float = 0.0, flow: Flow | None = None
    ) -> None:
        to, place = flow or self.flow, self.partition
        with self.ws.db.write() as tx:
            self.ws.queue.push(tx, to.id, to.entity, to.direction, records, place, priority, "webhook", delay)

    def rows(self, *columns: str) -> list[tuple[object, ...]]:
        """Columns of all record rows, in the order of their making."""
        q = sync_queue.c
        query = select(*(q[name] for name in columns)).where(q.run_id.is_(None)).order_by(q.id)
        with self.ws.db.read() as tx:
            return [tuple(row) for row in tx.execute(query)]

    def statuses(self) -> dict[str, int]:
        return {name: n for name, n in self.ws.queue.counts().items() if n}

    def hurry(self) -> None:
        """What waits for its next try is due now."""
        with self.ws.db.write() as tx:
            tx.execute(update(sync_queue).where(sync_queue.c.status == "pending").values(due=utc_now()))

    def work(self, *, hurry: bool = False) -> None:
        """Does all that is due in this thread."""
        for _ in range(1000):
            if hurry:
                self.hurry()
            if not self.executor._look():
                return
        raise AssertionError("the queue is never empty")

    def close(self) -> None:
        self.ws.close()


def until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits until something holds."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    made = World(open_database(database_url), tmp_path)
    yield made
    made.close()
