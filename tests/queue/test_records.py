"""Record items: folding, debounce, claiming, coming back, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from storage.clock import utc_now
from storage.queue import BY_HAND, LONGEST_WAIT, SCHEDULED, URGENT
from storage.tables.sync import sync_queue
from sync.model.entity import Entity
from sync.model.text import say
from tests.queue.conftest import World


def ids(world: World) -> list[str]:
    return [item.record_id for item in world.ws.queue.claim_records()]


def test_one_pending_row_per_record(world: World) -> None:
    world.push("1", "2", "2", priority=SCHEDULED)
    world.push("2", "3", priority=URGENT)
    assert world.rows("record_id", "status", "priority") == [
        ("1", "pending", SCHEDULED),
        ("2", "pending", URGENT),
        ("3", "pending", URGENT),
    ]


def test_each_direction_and_flow_has_its_own_row(world: World) -> None:
    other = world.ws.links.add_flow(world.flow.link_id, Entity.PRODUCT, "a>b")
    world.push("1")
    world.push("1", flow=other)
    assert len(world.rows("id")) == 2


def test_a_busy_record_is_put_off_but_not_for_ever(world: World) -> None:
    world.push("1", delay=5)
    ((first,),) = world.rows("due")
    world.push("1", delay=20)
    ((later, first_at),) = world.rows("due", "first_at")
    assert later > first
    for _ in range(3):
        world.push("1", delay=50_000)
    ((last,),) = world.rows("due")
    assert last == first_at + timedelta(seconds=LONGEST_WAIT)


def test_no_delay_means_at_once(world: World) -> None:
    world.push("1", delay=600)
    assert ids(world) == []
    world.push("1")
    assert ids(world) == ["1"]


def test_something_more_urgent_is_not_put_off_by_what_follows(world: World) -> None:
    world.push("1", priority=URGENT)
    world.push("1", priority=SCHEDULED, delay=600)
    assert ids(world) == ["1"]


def test_a_retry_keeps_its_waiting_time_unless_a_person_asks(world: World) -> None:
    world.push("1")
    (item,) = world.ws.queue.claim_records()
    with world.ws.db.write() as tx:
        world.ws.queue.retry_later(tx, [item], 300, say("Busy."))
    world.push("1")
    assert ids(world) == []
    world.push("1", priority=URGENT)
    assert ids(world) == ["1"]


def test_a_turn_takes_one_flow_most_urgent_first(world: World) -> None:
    other = world.ws.links.add_flow(world.flow.link_id, Entity.PRODUCT, "a>b")
    world.push("late", priority=SCHEDULED)
    world.push("soon", priority=BY_HAND)
    world.push("other", priority=SCHEDULED, flow=other)
    assert [i.record_id for i in world.ws.queue.claim_records(worker="w", fence=3)] == ["soon", "late"]
    assert world.rows("record_id", "status", "worker", "fence")[0] == ("late", "processing", "w", 3)
    assert ids(world) == ["other"]


def test_urgent_ones_go_alone_and_a_limit_holds(world: World) -> None:
    world.push(*[str(n) for n in range(5)], priority=SCHEDULED)
    world.push("u", priority=URGENT)
    assert ids(world) == ["u"]
    assert len(world.ws.queue.claim_records(3)) == 3


def test_a_flow_has_one_bulk_turn_at_a_time_and_urgent_ones_beside(world: World) -> None:
    world.push("1", priority=SCHEDULED)
    assert ids(world) == ["1"]
    world.push("2", priority=SCHEDULED)
    assert ids(world) == []
    world.push("3", priority=URGENT)
    assert [i.record_id for i in world.ws.queue.claim_records(urgent=True)] == ["3"]


def test_a_record_at_work_waits_for_its_end(world: World) -> None:
    world.push("1", priority=URGENT)
    first = world.ws.queue.claim_records()
    world.push("1", priority=URGENT)
    assert ids(world) == []
    with world.ws.db.write() as tx:
        world.ws.queue.complete(tx, first)
    assert ids(world) == ["1"]


def test_what_comes_back_folds_into_a_newer_twin(world: World) -> None:
    world.push("1", "2", priority=URGENT)
    items = world.ws.queue.claim_records()
    world.push("1", priority=SCHEDULED, delay=600)
    with world.ws.db.write() as tx:
        world.ws.queue.retry_later(tx, items, 5, say("Busy."))
    rows = {(r, s): (p, t) for r, s, p, t in world.rows("record_id", "status", "priority", "retry_count")}
    assert rows == {
        ("1", "completed"): (URGENT, 0),
        ("1", "pending"): (URGENT, 0),
        ("2", "pending"): (URGENT, 1),
    }


def test_success_closes_older_failures_of_the_record(world: World) -> None:
    for n in range(2):
        world.push("1", "2")
        items = world.ws.queue.claim_records()
        with world.ws.db.write() as tx:
            world.ws.queue.fail(tx, items, say("No. {n}", n=n))
    assert world.statuses() == {"completed": 2, "failed": 2}, "one row tells of one trouble"
    world.push("1")
    items = world.ws.queue.claim_records()
    with world.ws.db.write() as tx:
        world.ws.queue.complete(tx, items)
    assert [r for r, s in world.rows("record_id", "status") if s == "failed"] == ["2"]


def test_a_person_retries_hurries_and_dismisses(world: World) -> None:
    queue = world.ws.queue
    world.push("1", "2", "3")
    items = queue.claim_records()
    with world.ws.db.write() as tx:
        queue.fail(tx, items, say("No."))
    one, two, three = (row[0] for row in world.rows("id"))
    world.push("2", delay=600)
    assert queue.retry([one, two]) == 2 and queue.dismiss([three]) == 1
    assert [(r, s, t) for r, s, t in world.rows("record_id", "status", "retry_count")] == [
        ("1", "pending", 0),
        ("2", "completed", 0),
        ("3", "dismissed", 0),
        ("2", "pending", 0),
    ]
    waiting = [row[0] for row in world.rows("id")]
    assert queue.now(waiting) == 2 and sorted(ids(world)) == ["1", "2"]


def test_what_a_killed_process_left_is_due_again(world: World) -> None:
    world.push("1", "2")
    assert len(ids(world)) == 2
    world.push("2", delay=600)
    assert world.ws.queue.rescue() == 2
    assert sorted(world.rows("record_id", "status")) == [
        ("1", "pending"),
        ("2", "completed"),
        ("2", "pending"),
    ]


def test_a_new_owner_takes_back_only_what_older_fences_hold(world: World) -> None:
    world.push("old", priority=URGENT)
    world.ws.queue.claim_records(fence=1)
    world.push("new", priority=URGENT)
    world.ws.queue.claim_records(fence=2)
    assert world.ws.queue.rescue(partition=world.partition, fence=2) == 1
    assert world.rows("record_id", "status") == [("old", "pending"), ("new", "processing")]
    assert world.ws.queue.rescue(partition="elsewhere", fence=9) == 0


def test_old_finished_records_are_forgotten(world: World) -> None:
    world.push("1", "2")
    items = world.ws.queue.claim_records(1)
    with world.ws.db.write() as tx:
        world.ws.queue.complete(tx, items)
        tx.execute(update(sync_queue).values(finished_at=utc_now() - timedelta(days=3)))
    assert world.ws.queue.prune_records(utc_now() - timedelta(days=2)) == 1
    assert len(world.rows("id")) == 1
