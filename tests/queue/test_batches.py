"""Batches of records: settled row by row, tried five times, and a poisoned row costs itself alone."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.exc import OperationalError

from storage.queue import SCHEDULED, URGENT, Item
from sync.errors import CounterpartError, NeedsOperator, RecordRefused, Transient
from sync.queue.retry import TRIES
from tests.queue.conftest import World, until


def test_each_row_ends_as_the_manager_says(world: World) -> None:
    world.manager.act = lambda item: RecordRefused("Not this one.") if item.record_id == "2" else None
    world.push("1", "2", "3")
    world.work()
    assert world.manager.batches == [["1", "2", "3"]]
    assert world.rows("record_id", "status") == [("1", "completed"), ("2", "failed"), ("3", "completed")]
    (row,) = [r for r in world.ws.queue.list() if r.item.status == "failed"]
    assert row.error is not None and row.error.english() == "Not this one." and row.flow_id == world.flow.id


def test_five_retries_then_failed_with_the_reason(world: World) -> None:
    world.manager.act = lambda item: Transient("The shop is away.")
    world.push("1")
    world.work(hurry=True)
    assert len(world.manager.batches) == TRIES + 1
    (row,) = world.ws.queue.list()
    assert (row.item.status, row.item.retry_count) == ("failed", TRIES)
    assert row.error is not None and row.error.english() == "The shop is away."


def test_a_retry_waits_its_time(world: World) -> None:
    world.manager.act = lambda item: Transient("The shop is away.")
    world.push("1")
    world.work()
    assert len(world.manager.batches) == 1 and world.statuses() == {"pending": 1}


def test_poison_that_names_nobody_costs_itself_alone(world: World) -> None:
    """One in a hundred makes the whole batch burst; all others go through."""

    def burst(item: Item) -> CounterpartError | None:
        if int(item.record_id) % 100 == 7:
            raise KeyError("a shape nobody foresaw")
        return None

    world.manager.act = burst
    world.push(*(str(n) for n in range(1000)), priority=SCHEDULED)
    world.work()
    assert world.statuses() == {"completed": 990, "failed": 10}
    assert sorted(set(world.manager.done)) == sorted(str(n) for n in range(1000) if n % 100 != 7)
    assert len(world.manager.batches) < 200


def test_trouble_of_the_whole_batch_is_not_searched_for_in_it(world: World) -> None:
    def away(item: Item) -> CounterpartError | None:
        raise NeedsOperator("Grant the scope.")

    world.manager.act = away
    world.push(*(str(n) for n in range(50)))
    world.work()
    assert len(world.manager.batches) == 1 and world.statuses() == {"failed": 50}


def test_a_database_that_went_away_is_no_ones_fault(world: World) -> None:
    troubles = [OperationalError("SELECT", {}, Exception("server closed the connection"))]

    def gone(item: Item) -> CounterpartError | None:
        if troubles:
            raise troubles.pop()
        return None

    world.manager.act = gone
    world.push("1", "2")
    world.work()
    assert world.rows("status", "retry_count") == [("completed", 0), ("completed", 0)]


def test_urgent_records_overtake_while_all_other_threads_are_busy(world: World) -> None:
    there, go_on = threading.Event(), threading.Event()

    def slow(item: Item) -> CounterpartError | None:
        if item.record_id == "slow":
            there.set()
            assert go_on.wait(120)
        return None

    world.manager.act = slow
    world.push("slow", priority=SCHEDULED)
    world.executor.start()
    try:
        assert there.wait(120)
        world.push("urgent", priority=URGENT)
        until(lambda: "urgent" in world.manager.done)
        assert "slow" not in world.manager.done
    finally:
        go_on.set()
        world.executor.end()
    assert world.statuses() == {"completed": 2}


def test_stopping_gives_the_batch_back_without_counting_a_try(world: World) -> None:
    from sync.clock import check_cancelled

    def stopped(item: Item) -> CounterpartError | None:
        world.ws.stopping.set()
        check_cancelled()
        return None

    world.manager.act = stopped
    world.push("1")
    world.executor._look()
    world.ws.stopping.clear()
    assert world.rows("status", "retry_count") == [("pending", 0)]


@pytest.mark.parametrize("answer", [{}, None])
def test_a_manager_that_forgets_a_row_does_not_lose_it(world: World, answer: object) -> None:
    world.manager.items = lambda *_: answer if answer is not None else {}  # type: ignore[method-assign,assignment,return-value]
    world.push("1")
    world.work()
    assert world.statuses() == {"failed": 1}
