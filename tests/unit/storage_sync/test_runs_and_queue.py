"""Runs and the queue: one live run of a flow, one pending stage, claimed and never popped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import utc_now
from storage.redact import REDACTOR
from storage.tables.sync import sync_queue
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.flow import Link
from sync.model.run import BrakeHit, Counts, Mode, Scope, Status
from sync.model.text import say
from tests.unit.storage_sync import made
from tests.unit.storage_sync.conftest import Store


def queue(store: Store, run_id: str, action: str = "read_source", **more: object) -> None:
    with store.db.write() as tx:
        store.queue.add(tx, run_id, "product", action, **more)  # type: ignore[arg-type]


def statuses(store: Store) -> list[str]:
    with store.db.read() as tx:
        return list(tx.execute(select(sync_queue.c.status).order_by(sync_queue.c.id)).scalars())


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.BRAKED])
def test_a_flow_has_one_live_run(store: Store, link: Link, status: Status) -> None:
    store.runs.update(store.run(), status=status)
    with pytest.raises(NeedsOperator, match="already under way"):
        store.run()
    assert store.run(Entity.ORDER), "another flow may run"


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.QUEUED, Status.RUNNING, Status.BRAKED)]
)
def test_an_ended_run_makes_room(store: Store, link: Link, status: Status) -> None:
    store.runs.update(store.run(), status=status)
    assert store.run()


def test_a_run_comes_back_as_it_was_stored(store: Store, link: Link) -> None:
    scope = Scope(skus=("A",), confirmed=("prices",))
    with store.db.write() as tx:
        run_id = store.runs.start(tx, store.flow().id, 4, Mode.TEST, scope, "ayşe")
    hit = BrakeHit("prices", say("{count} prices move", count=9), 9, 5)
    store.runs.update(
        run_id,
        status=Status.BRAKED,
        counts=Counts(9, 9),
        brakes=(hit,),
        error=say("Stopped."),
        started_at=made.NOON,
        spent={"calls": 3.0},
        figures={"source": 9},
    )
    run = store.runs.get(run_id)
    assert (run.mode, run.scope, run.flow_version, run.started_by, run.status) == (
        Mode.TEST,
        scope,
        4,
        "ayşe",
        Status.BRAKED,
    )
    assert (run.counts, run.brakes, run.error, run.started_at) == (
        Counts(9, 9),
        (hit,),
        say("Stopped."),
        made.NOON,
    )
    assert run.spent == {"calls": 3.0} and run.figures == {"source": 9} and run.created_at
    with pytest.raises(NeedsOperator, match="no run nope"):
        store.runs.get("nope")


def test_runs_are_listed_newest_first(store: Store, link: Link) -> None:
    ids = []
    for _ in range(3):
        ids.append(store.run())
        store.runs.update(ids[-1], status=Status.DONE)
    live = store.run(Entity.ORDER)
    assert [r.id for r in store.runs.list(flow_id=store.flow().id)] == ids[::-1]
    assert [r.id for r in store.runs.list(live=True)] == [live] and len(store.runs.list(limit=2)) == 2
    last = store.runs.last(store.flow().id, (Status.DONE,))
    assert last is not None and last.id == ids[-1] and store.runs.last(store.flow().id, (Status.RED,)) is None


def test_the_first_write_is_marked_once(store: Store, run_id: str) -> None:
    with store.db.write() as tx:
        store.runs.mark_first_write(tx, run_id)
    first = store.runs.get(run_id).first_write_at
    with store.db.write() as tx:
        store.runs.mark_first_write(tx, run_id)
    assert first is not None and store.runs.get(run_id).first_write_at == first


def test_a_row_without_an_outcome_shows_as_imbalance(store: Store, run_id: str) -> None:
    store.plans.add(run_id, [made.planned(n) for n in range(3)], 0)
    assert store.runs.count(run_id) == Counts(read=3) and not store.runs.count(run_id).balanced


def test_the_most_urgent_due_item_is_claimed_once(store: Store, link: Link, run_id: str) -> None:
    other = store.run(Entity.ORDER)
    queue(store, run_id, priority=100)
    queue(store, other, priority=50)
    queue(store, run_id, "report", delay=3600)
    claimed = [store.queue.claim() for _ in range(3)]
    assert [c and c.run_id for c in claimed] == [other, run_id, None]
    assert statuses(store) == ["processing", "processing", "pending"]
    assert store.queue.at_work() and store.queue.busy(run_id)


def test_a_stage_of_a_run_is_pending_once(store: Store, run_id: str) -> None:
    queue(store, run_id)
    with pytest.raises(IntegrityError):
        queue(store, run_id)
    item = store.queue.claim()
    assert item is not None
    queue(store, run_id)  # one at work does not stop the next from being due


def test_a_retry_waits_and_counts_a_restart_does_not(store: Store, run_id: str) -> None:
    queue(store, run_id)
    item = store.queue.claim()
    assert item is not None and item.retry_count == 0
    with store.db.write() as tx:
        store.queue.again(tx, item, 3600, say("later"))
    assert store.queue.claim() is None
    due = store.queue.next_due()
    assert due is not None and timedelta(minutes=59) < due - utc_now() <= timedelta(hours=1)
    store.runs.cancel(run_id)
    item = store.queue.claim()
    assert item is not None and item.retry_count == 1, "a cancelled run is looked at at once"
    with store.db.write() as tx:
        store.queue.put_back(tx, item)
    item = store.queue.claim()
    assert item is not None and item.retry_count == 1


def test_what_a_killed_process_was_at_is_due_again(store: Store, run_id: str) -> None:
    queue(store, run_id)
    queue(store, run_id, "plan", delay=3600)
    assert store.queue.claim() and store.queue.rescue() == 1
    assert store.queue.claim() is not None


def test_a_rescued_stage_folds_into_its_twin(store: Store, run_id: str) -> None:
    queue(store, run_id)
    assert store.queue.claim()
    queue(store, run_id)
    assert store.queue.rescue() == 0 and statuses(store) == ["completed", "pending"]


def test_finished_items_are_nobodys_work(store: Store, run_id: str) -> None:
    queue(store, run_id)
    item = store.queue.claim()
    assert item is not None
    with store.db.write() as tx:
        store.queue.finish(tx, item, "failed", say("no"))
    assert store.queue.rescue() == 0 and not store.queue.busy(run_id) and store.queue.next_due() is None
    queue(store, run_id)
    store.queue.drop_all()
    assert statuses(store) == ["failed", "failed"]


def test_secrets_never_reach_the_stored_sentences(store: Store, run_id: str) -> None:
    REDACTOR.learn(["very-secret-value"])
    queue(store, run_id)
    item = store.queue.claim()
    assert item is not None
    with store.db.write() as tx:
        store.queue.again(tx, item, 0, say("refused {key}", key="very-secret-value"))
        store.runs.set(tx, run_id, error=say("refused very-secret-value"))
    with store.db.read() as tx:
        raw = (
            tx.exec_driver_sql("SELECT error_message FROM sync_queue UNION ALL SELECT error FROM runs")
            .scalars()
            .all()
        )
    assert len(raw) == 2 and "very-secret-value" not in "".join(raw)


def test_an_update_touches_one_run(store: Store, link: Link, run_id: str) -> None:
    other = store.run(Entity.ORDER)
    store.runs.update(run_id, stage="plan", done=3, total=9)
    assert (store.runs.get(run_id).stage, store.runs.get(other).stage) == ("plan", "")
    with store.db.write() as tx:
        tx.execute(update(sync_queue).values(due=utc_now()))
