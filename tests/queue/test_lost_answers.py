"""The database goes away just as it stores, and nobody knows whether it did: each answer in turn is lost,
once after the commit and once before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from storage.opening import open_database
from sync.errors import Cancelled
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.model.entity import Entity
from sync.model.run import LIVE, Mode, Run, Scope, Status
from sync.model.text import say
from sync.queue.distributed import Distributed
from sync.queue.engine_schema import SCHEMA, apply_schema
from sync.queue.lease import Leases, passed
from tests.queue.conftest import World, until

STAGES = ("read_source", "plan", "report")


def _gone() -> OperationalError:
    return OperationalError("COMMIT", {}, psycopg.OperationalError("gone"), connection_invalidated=True)


class Lossy:
    """Loses the answer of one write transaction of an executor: after its commit, or in its place."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self._write, self._left, self._stored = world, world.ws.db.write, 0, True
        self._monkeypatch = monkeypatch

    def lose(self, nth: int, *, stored: bool) -> None:
        """The answer of the nth write from now on."""
        self._left, self._stored = nth, stored

    @property
    def lost(self) -> bool:
        return self._left <= 0

    def worked(self, times: int = 60) -> None:
        """Looks for work until there is none, whatever a look runs into."""
        for _ in range(times):
            self.world.hurry()
            with self._monkeypatch.context() as patched:
                patched.setattr(self.world.ws.db, "write", self._writing)
                self.world.executor._look()
            if not self.world.statuses().keys() & {"pending", "processing"}:
                return

    @contextmanager
    def _writing(self, alone: str = "") -> Iterator[Connection]:
        self._left -= 1
        now = self._left == 0
        with self._write(alone) as tx:
            yield tx
            if now and not self._stored:
                raise _gone()
        if now:
            raise _gone()


@pytest.fixture
def lossy(world: World, monkeypatch: pytest.MonkeyPatch) -> Lossy:
    return Lossy(world, monkeypatch)


class Told(SyncManager):
    """Stages that say that they were visited, and do what the test says."""

    entity = Entity.STOCK

    def __init__(self, ws: Any) -> None:
        super().__init__(ws)
        self.visits: list[str] = []
        self.act: Callable[[str], None] = lambda stage: None

    def stages(self, run: Run) -> tuple[str, ...]:
        return STAGES

    def _do(self, ctx: Context, stage: str) -> None:
        self.visits.append(stage)
        self.act(stage)
        if stage == "report":
            self.report(ctx)


def _run(world: World) -> str:
    with world.ws.db.write() as tx:
        run_id = world.ws.runs.start(tx, world.flow.id, world.flow.version, Mode.FULL, Scope(), "test")
        world.ws.queue.add(tx, run_id, "stock", STAGES[0], partition=world.source)
    return run_id


def _stages_of(world: World, manager: SyncManager) -> None:
    world.ws.manager_of = lambda entity: manager  # type: ignore[method-assign,assignment,return-value]


@pytest.mark.parametrize("stored", [True, False])
def test_a_run_goes_through_whichever_answer_is_lost(world: World, lossy: Lossy, stored: bool) -> None:
    for nth in range(1, 100):
        manager = Told(world.ws)
        _stages_of(world, manager)
        run_id = _run(world)
        lossy.lose(nth, stored=stored)
        lossy.worked()
        run = world.ws.runs.get(run_id)
        assert run.status is Status.DONE and run.error is None, (nth, run, world.statuses())
        assert tuple(stage for stage, _ in groupby(manager.visits)) == STAGES, (nth, manager.visits)
        assert world.statuses().keys() == {"completed"}, (nth, world.statuses())
        if not lossy.lost:
            assert nth > 8, "the run was over before an answer could be lost"
            return
    raise AssertionError("a run needs a hundred writes")


@pytest.mark.parametrize("stored", [True, False])
def test_records_go_through_whichever_answer_is_lost(world: World, lossy: Lossy, stored: bool) -> None:
    for nth in range(1, 100):
        world.manager.done.clear()
        world.push("1", "2", "3")
        lossy.lose(nth, stored=stored)
        lossy.worked()
        assert set(world.manager.done) == {"1", "2", "3"}, nth
        assert world.statuses().keys() == {"completed"}, (nth, world.statuses())
        if stored:
            assert len(world.manager.done) == 3, "what was stored as done is not done again"
        if not lossy.lost:
            assert nth > 2
            return
    raise AssertionError("three records need a hundred writes")


def test_what_another_has_begun_meanwhile_is_not_given_back(world: World) -> None:
    """The answer to giving a stage back is lost, and another thread has it by the time it is repeated."""
    run_id = _run(world)
    queue = world.ws.queue
    mine = queue.claim(worker="w/1", fence=4)
    assert mine is not None and (mine.worker, mine.fence, mine.status) == ("w/1", 4, "processing")
    with world.ws.db.write() as tx:
        assert queue.put_back(tx, mine)
    theirs = queue.claim(worker="w/2", fence=4)
    assert theirs is not None
    with world.ws.db.write() as tx:
        assert not queue.put_back(tx, mine) and not queue.again(tx, mine, 0, say("No."))
        assert not queue.finish(tx, mine)
    assert world.statuses() == {"processing": 1} and queue.busy(run_id)
    with world.ws.db.write() as tx:
        assert queue.finish(tx, theirs) and not queue.put_back(tx, theirs)
    assert world.statuses() == {"completed": 1}


def test_records_that_have_ended_are_not_given_back(world: World) -> None:
    world.push("1", "2")
    items = world.ws.queue.claim_records(worker="w/1", fence=4)
    with world.ws.db.write() as tx:
        world.ws.queue.complete(tx, items[:1])
    with world.ws.db.write() as tx:
        world.ws.queue.give_back(tx, items)
    assert world.rows("record_id", "status") == [("1", "completed"), ("2", "pending")]
    (again,) = world.ws.queue.claim_records(worker="w/2", fence=4)
    with world.ws.db.write() as tx:
        world.ws.queue.retry_later(tx, items, 0, say("Busy."))
        world.ws.queue.fail(tx, items, say("No."))
        world.ws.queue.complete(tx, items)
    assert world.rows("record_id", "status") == [("1", "completed"), ("2", "processing")]
    with world.ws.db.write() as tx:
        world.ws.queue.complete(tx, [again])
    assert world.statuses() == {"completed": 2}


def test_a_run_that_nobody_cancelled_goes_on(world: World) -> None:
    """A lease that lapsed for a moment interrupts a stage; that is no operator's wish."""
    manager = Told(world.ws)
    _stages_of(world, manager)
    run_id = _run(world)

    def interrupted(stage: str) -> None:
        manager.act = lambda stage: None
        raise Cancelled(say("Cancelled by the operator."))

    manager.act = interrupted
    assert world.executor._look()
    assert world.ws.runs.get(run_id).status in LIVE and world.statuses() == {"pending": 1}
    world.work()
    assert world.ws.runs.get(run_id).status is Status.DONE


def test_a_lease_that_has_lapsed_does_not_come_back(world: World) -> None:
    """Part of the work has seen it and ended: a beat that reaches the database a moment later must not keep
    the rest, which would hold the partition and do nothing."""
    leases = Leases(world.ws.partitions, "one", seconds=60, grace=0)
    lease = leases.take("p")
    assert lease is not None
    lease.renewed = passed() - 61
    assert lease.lost
    lease.renewed = passed()
    leases.beat()
    assert lease.lost
    leases.release(lease)
    assert world.ws.partitions.take("p", "two", 60) == lease.fence + 1, "whoever comes next need not wait"


@pytest.fixture
def several(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    world = World(open_database(postgres_url), tmp_path)
    world.ws.executor = Distributed(world.ws, lambda: None, lease=300, grace=300)
    yield world
    world.close()


def test_a_partition_whose_taking_was_not_answered_is_worked_on(several: World) -> None:
    """By the database it is ours, and no turn here knows; nobody waits until lease and grace are over."""
    world, dispatcher = several, several.ws.executor
    assert isinstance(dispatcher, Distributed)
    assert world.ws.partitions.take(world.partition, dispatcher.leases.owner, 300)
    world.push("1")
    assert world.ws.start(always=True)
    until(lambda: world.manager.done == ["1"])


def test_a_job_that_is_never_given_back_does_not_stop_its_partition(several: World) -> None:
    """Procrastinate keeps the lock of a job whose end it could not store while its worker lives on."""
    world = several
    apply_schema(world.ws.db.url)
    with world.ws.db.write() as tx:
        tx.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
        worker = tx.exec_driver_sql(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() + interval '1 hour') RETURNING id"
        ).scalar_one()
        tx.exec_driver_sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id) "
            "VALUES ('turns', 'turn', %s, '{}', 'doing', %s)",
            (world.partition, worker),
        )
    world.push("1")
    try:
        assert world.ws.start(always=True)
        until(lambda: world.manager.done == ["1"])
    finally:
        with world.ws.db.write() as tx:
            tx.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
            tx.exec_driver_sql("DELETE FROM procrastinate_jobs")
            tx.exec_driver_sql("DELETE FROM procrastinate_workers")
