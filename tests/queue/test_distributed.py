"""Several workers on one PostgreSQL: each item once, takeover after kill -9, a frozen one is fenced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.opening import open_database
from storage.queue import SCHEDULED, URGENT
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.model.entity import Entity
from sync.model.run import Mode, Run, Scope
from sync.model.run import Status as RunStatus
from sync.queue.distributed import Distributed
from tests import postgres
from tests.queue.conftest import World, until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0


class Scripted(SyncManager):
    """Three stages that do nothing but say that they were visited."""

    entity = Entity.STOCK
    visits: list[str]

    def stages(self, run: Run) -> tuple[str, ...]:
        return "read_source", "plan", "report"

    def _do(self, ctx: Context, stage: str) -> None:
        self.visits = [*getattr(self, "visits", []), stage]
        if stage == "report":
            self.report(ctx)


class Shop:
    """One PostgreSQL, one flow, a ledger, and as many workers as a test starts."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.ledger = url, folder, folder / "ledger"
        self.world = World(open_database(url), folder)
        self.ledger.touch()
        self.workers: list[subprocess.Popen[str]] = []

    def worker(self, pause: float = 0.0, lease: float = 60.0, grace: float = 30.0) -> subprocess.Popen[str]:
        """`lease`, `grace`: short only where a takeover is waited for. What a worker has done and not stored
        when its lease ends is done once more, and a machine may stand still for seconds."""
        env = {
            **os.environ,
            "COUNTERPART_HOME": str(self.folder),
            "COUNTERPART_DATABASE_URL": self.url,
            "COUNTERPART_LEASE_SECONDS": str(lease),
            "COUNTERPART_TAKEOVER_SECONDS": str(grace),
            "PYTHONPATH": str(ROOT),
        }
        made = subprocess.Popen(
            [sys.executable, "-m", "tests.queue.worker", str(self.ledger), str(pause)],
            env=env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.workers.append(made)
        assert made.stdout is not None and made.stdout.readline().strip() == "working", made.communicate()[1]
        return made

    def written(self) -> Counter[str]:
        return Counter(line.split()[0] for line in self.ledger.read_text().splitlines())

    def by(self) -> set[int]:
        return {int(line.split()[1]) for line in self.ledger.read_text().splitlines()}

    def done(self, n: int) -> bool:
        return self.world.ws.queue.counts()["completed"] >= n

    def close(self) -> None:
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.communicate()
        self.world.close()


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(postgres_url, tmp_path)
    yield made
    made.close()


def test_two_dispatchers_do_each_item_once(shop: Shop) -> None:
    ids = [str(n) for n in range(300)]
    first, second = shop.worker(0.001), shop.worker(0.001)
    for start in range(0, 300, 50):
        shop.world.push(*ids[start : start + 50], priority=SCHEDULED)
        shop.world.ws.executor.wake()
    until(lambda: shop.done(300), PATIENCE)
    assert shop.written() == Counter(ids)
    for worker in (first, second):
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0
    assert [p.owner for p in shop.world.ws.partitions.all()] == [""], "told to end, they give everything back"


def test_a_killed_worker_is_taken_over(shop: Shop) -> None:
    ids = [str(n) for n in range(40)]
    shop.world.push(*ids, priority=SCHEDULED)
    victim = shop.worker(0.1, lease=30, grace=30)
    until(lambda: len(shop.written()) > 3, PATIENCE)
    victim.kill()
    heir = shop.worker(0.0, lease=30, grace=30)
    until(lambda: shop.done(40), PATIENCE)
    assert set(shop.written()) == set(ids) and heir.pid in shop.by()


def test_a_frozen_worker_is_fenced_when_it_wakes(shop: Shop) -> None:
    ids = [str(n) for n in range(20)]
    shop.world.push(*ids, priority=SCHEDULED)
    frozen = shop.worker(0.2, lease=2, grace=1)
    until(lambda: len(shop.written()) > 2, PATIENCE)
    frozen.send_signal(signal.SIGSTOP)
    heir = shop.worker(0.0, grace=1)
    until(lambda: shop.done(20), PATIENCE)
    before = shop.ledger.read_text()
    frozen.send_signal(signal.SIGCONT)
    shop.world.push("more", priority=URGENT)
    until(lambda: shop.done(21), PATIENCE)
    frozen.send_signal(signal.SIGTERM)
    _, err = frozen.communicate(timeout=PATIENCE)
    assert heir.pid in shop.by()
    woken = shop.ledger.read_text()[len(before) :].splitlines()
    assert [line.split()[0] for line in woken] == ["more"], "nothing of the old batch was written"
    assert "another worker" in err


def test_postgresql_may_restart_under_the_workers(tmp_path: Path) -> None:
    server = postgres.Server()
    try:
        with server.database() as url:
            shop = Shop(url, tmp_path)
            try:
                shop.worker(0.01, lease=2, grace=1)
                shop.worker(0.01, lease=2, grace=1)
                shop.world.push(*(str(n) for n in range(200)), priority=SCHEDULED)
                until(lambda: len(shop.written()) > 20, PATIENCE)
                server.restart()
                until(lambda: _quietly(shop), PATIENCE)
                assert set(shop.written()) == {str(n) for n in range(200)}
            finally:
                shop.close()
    finally:
        server.close()


def _quietly(shop: Shop) -> bool:
    try:
        return shop.done(200)
    except Exception:
        return False


def test_a_run_goes_from_stage_to_stage(postgres_url: str, tmp_path: Path) -> None:
    """Reading the source is a turn of the source's partition, all else of the target's."""
    world = World(open_database(postgres_url), tmp_path)
    manager = Scripted(world.ws)
    world.ws.manager_of = lambda entity: manager  # type: ignore[method-assign,assignment,return-value]
    try:
        with world.ws.db.write() as tx:
            run_id = world.ws.runs.start(tx, world.flow.id, world.flow.version, Mode.FULL, Scope(), "test")
            world.ws.queue.add(tx, run_id, "stock", "read_source", partition=world.source)
        assert world.ws.start()
        until(lambda: world.ws.runs.get(run_id).status is RunStatus.DONE, PATIENCE)
        until(lambda: not world.ws.queue.busy(run_id), PATIENCE)
        assert manager.visits == ["read_source", "plan", "report"]
        with world.ws.db.read() as tx:
            rows = tx.exec_driver_sql("SELECT action, partition FROM sync_queue ORDER BY id").all()
        assert [tuple(row) for row in rows] == [
            ("read_source", world.source),
            ("plan", world.partition),
            ("report", world.partition),
        ]
    finally:
        world.close()


def test_a_console_that_does_no_work_wakes_the_workers(shop: Shop) -> None:
    """`wake` of a process that only reads: the item is done at once, not at the next poll of anybody."""
    assert isinstance(shop.world.ws.executor, Distributed)
    shop.worker()
    shop.world.push("1", priority=URGENT)
    shop.world.ws.executor.wake()
    until(lambda: shop.done(1), PATIENCE)
    assert shop.written() == Counter({"1": 1})
