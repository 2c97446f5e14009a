"""Leases and fences: one owner at a time, and nothing stored under an old fence."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from storage.database import Database
from storage.fires import Fires
from storage.opening import open_database
from storage.partitions import Partitions
from sync import fence
from sync.errors import Fenced
from sync.queue.lease import Leases, passed
from sync.queue.owner import certainly_dead, new_owner
from tests.queue.conftest import World, until


def test_one_owner_at_a_time(database: Database) -> None:
    parts = Partitions(database)
    assert parts.take("p", "one", 60) == 1
    assert parts.take("p", "two", 60) is None
    assert parts.take("p", "one", 60) == 2, "taking it again fences one's own older turns"
    parts.release("p", "one", 1)
    assert parts.take("p", "two", 60) is None, "an old fence releases nothing"
    parts.release("p", "one", 2)
    assert parts.take("p", "two", 60) == 3


def test_a_takeover_waits_past_the_lease_unless_the_owner_is_dead(database: Database) -> None:
    parts = Partitions(database)
    assert parts.take("p", "one", -1) == 1
    assert parts.take("p", "two", 60, grace=30) is None
    assert parts.take("p", "two", 60, grace=30, dead=lambda owner: owner == "one") == 2
    assert parts.take("q", "one", -1) == 1
    assert parts.take("q", "two", 60, grace=0.5) == 2


def test_only_the_owner_prolongs(database: Database) -> None:
    parts = Partitions(database)
    mine = parts.take("p", "one", 1)
    assert mine and parts.renew("p", "one", mine, 60) and not parts.renew("p", "two", mine, 60)
    (row,) = parts.all()
    assert (row.name, row.owner, row.fence) == ("p", "one", mine) and 50 < row.left <= 60


def test_an_old_fence_stores_nothing(database: Database) -> None:
    parts = Partitions(database)
    parts.take("p", "one", 60)
    with database.write() as tx:
        parts.guard(tx, "p", "one", 1)
    parts.take("p", "one", 60)
    with pytest.raises(Fenced), database.write() as tx:
        tx.exec_driver_sql("DELETE FROM partitions")
        parts.guard(tx, "p", "one", 1)
    assert len(parts.all()) == 1, "the transaction was rolled back"


def test_a_takeover_waits_for_a_result_that_is_being_stored(postgres_url: str) -> None:
    db = open_database(postgres_url)
    parts = Partitions(db)
    taken: list[object] = []
    parts.take("p", "one", 60)
    try:
        with db.write() as tx:
            parts.guard(tx, "p", "one", 1)
            beat = threading.Thread(target=lambda: taken.append(parts.renew("p", "one", 1, 60)))
            beat.start()
            beat.join(120)
            assert taken.pop() is True, "a renewal does not wait"
            steal = lambda: taken.append(parts.take("p", "two", 60, dead=lambda _: True))  # noqa: E731
            thief = threading.Thread(target=steal)
            thief.start()
            until(lambda: _waits(db))
            assert taken == []
        thief.join(120)
        assert taken == [2]
    finally:
        db.close()


def _waits(db: Database) -> bool:
    with db.read() as tx:
        found = tx.exec_driver_sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(found.scalar())


def test_work_under_a_lost_lease_is_not_stored(world: World) -> None:
    """Frozen past its lease and woken: the batch was done, and its rows stay with the new owner."""
    leases = Leases(world.ws.partitions, "one", seconds=60, grace=0)
    lease = leases.take(world.partition)
    assert lease is not None
    world.push("1")
    world.executor.hold = lease
    world.manager.act = lambda item: [None, world.ws.partitions.take(world.partition, "one", 60)][0]
    with fence.holding(lease):
        assert world.executor._look()
    assert world.rows("status", "fence") == [("processing", lease.fence)]
    assert world.ws.queue.rescue(partition=world.partition, fence=lease.fence + 1) == 1
    with fence.holding(lease):
        assert not world.executor._look(), "an old fence claims nothing"
    assert world.rows("status") == [("pending",)]


def test_a_lease_runs_out_by_its_own_clock(database: Database) -> None:
    leases = Leases(Partitions(database), "one", seconds=60, grace=0)
    lease = leases.take("p")
    assert lease is not None and not lease.lost
    lease.renewed = passed() - 61
    with fence.holding(lease):
        assert fence.lost()
        with pytest.raises(Fenced):
            fence.check_alive()
    leases.beat()
    assert lease.lost, "part of its work has ended by now: it does not come back"
    again = leases.take("p")
    assert again is not None and not again.lost, "ours by the database: no need to wait"
    Partitions(database).take("p", "one", 60)
    leases.beat()
    assert again.lost


def test_who_is_certainly_dead() -> None:
    name = "import sys; sys.path.insert(0, '.'); from sync.queue.owner import new_owner; print(new_owner())"
    gone = subprocess.run([sys.executable, "-c", name], capture_output=True, text=True, check=True).stdout
    assert certainly_dead(gone.strip()) and not certainly_dead(new_owner())
    parts = gone.strip().split("/")
    elsewhere = "/".join([parts[0], "another-boot", *parts[2:]])
    assert not certainly_dead(elsewhere), "another machine cannot be seen"
    assert not certainly_dead("a name of another kind")


def test_a_schedule_fires_once(world: World) -> None:
    from storage.clock import utc_now

    fires, at = Fires(world.ws.db), utc_now()
    assert fires.claim(world.flow.id, at, "one") and not fires.claim(world.flow.id, at, "two")
    assert fires.claim(world.flow.id, at, "one"), "whose first answer may have been lost"
    assert not fires.claim(world.flow.id, at, "two", lambda worker: worker == "another")
    assert fires.claim(world.flow.id, at, "two", lambda worker: worker == "one"), "it died before it began"
    assert not fires.claim(world.flow.id, at, "three", lambda worker: worker == "one")
    assert fires.prune(at) == 0 and fires.claim(world.flow.id, utc_now(), "two")
