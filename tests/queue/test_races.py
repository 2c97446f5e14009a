"""Two at the same rows on PostgreSQL, where both write at once: the second sees what the first did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.opening import open_database
from storage.tables.sync import sync_queue
from sync.errors import BrokenContract
from sync.model.text import say
from tests.queue.conftest import World, until

FAILED = BrokenContract(say("It has no price."))


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    made = World(open_database(postgres_url), tmp_path)
    yield made
    made.close()


def _meanwhile(world: World, moved: dict[str, str], verb: Callable[[], object]) -> object:
    """What `verb` answers if somebody else moves all rows while it looks at them."""
    with ThreadPoolExecutor(1) as pool:
        with world.ws.db.write() as tx:
            tx.execute(update(sync_queue).values(moved))
            answer: Future[object] = pool.submit(verb)
            until(lambda: _waits(world))
        return answer.result(60)


def _waits(world: World) -> bool:
    query = "SELECT 1 FROM pg_locks WHERE NOT granted"
    with world.ws.db.read() as tx:
        return tx.exec_driver_sql(query).first() is not None


def _ids(world: World) -> list[int]:
    return [int(str(row[0])) for row in world.rows("id")]


def test_what_was_retried_and_taken_meanwhile_stays_with_its_worker(world: World) -> None:
    world.push("1")
    world.manager.act = lambda item: FAILED
    world.work()
    moved = {"status": "processing", "worker": "somebody"}
    assert _meanwhile(world, moved, lambda: world.ws.queue.retry(_ids(world))) == 0
    assert world.rows("status", "worker") == [("processing", "somebody")]


@pytest.mark.parametrize("verb", ["now", "dismiss"])
def test_what_was_taken_meanwhile_is_neither_hurried_nor_dismissed(world: World, verb: str) -> None:
    world.push("1")
    ids = _ids(world)
    moved = {"status": "processing", "worker": "somebody"}
    assert _meanwhile(world, moved, lambda: getattr(world.ws.queue, verb)(ids)) == 0
    assert world.rows("status", "worker") == [("processing", "somebody")]


def test_what_has_ended_meanwhile_is_not_given_back(world: World) -> None:
    """The answer to its end was lost, and whoever gives it back comes a moment too late."""
    world.push("1")
    batch = world.ws.queue.claim_records(worker="me")

    def give_back() -> None:
        with world.ws.db.write() as tx:
            world.ws.queue.give_back(tx, batch)

    _meanwhile(world, {"status": "completed"}, give_back)
    assert world.rows("status") == [("completed",)]
