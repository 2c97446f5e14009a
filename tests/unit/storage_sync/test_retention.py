"""Old runs go with all that hangs on them; what is compared with, live or young stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from storage import retention
from storage.clock import utc_now
from storage.retention import Pruned, Retention
from storage.stock_changes import StockChanges
from storage.tables.stock import stock_changes
from storage.tables.sync import attention, calls, changes, run_items, runs, staged, staged_keys, sync_queue
from sync.model.call import Call, Change
from sync.model.entity import Entity
from sync.model.flow import Link
from sync.model.plan import Park
from sync.model.product import Product
from sync.model.run import Mode, Status
from sync.model.text import say
from tests.unit.storage_sync import made
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import change

OF_A_RUN = (changes, calls, run_items, staged, staged_keys, sync_queue)


def full_run(
    store: Store, link: Link, days: float, *, status: Status = Status.DONE, mode: Mode = Mode.FULL
) -> str:
    """A run that ended (or, when live, began) so many days ago, with rows in every table."""
    run_id, at = store.run(mode=mode), utc_now() - timedelta(days=days)
    body = [made.planned(n, replace_id(made.price_change(n), run_id)) for n in range(3)]
    store.plans.add(run_id, body, 0)
    store.staging.put(run_id, "a", [(Product(f"p{n}"), [("sku", str(n), "")]) for n in range(3)])
    with store.db.write() as tx:
        store.calls.commit(tx, run_id, link.b, [Call(f"call-{run_id}", "x", {}, ())])
        store.calls.set_state(tx, f"call-{run_id}", "answered")
        store.queue.add(tx, run_id, "product", "report")
        tx.execute(
            update(sync_queue).where(sync_queue.c.run_id == run_id).values(status="completed", finished_at=at)
        )
        tx.execute(
            update(runs)
            .where(runs.c.id == run_id)
            .values(status=status.value, created_at=at, finished_at=None if status is Status.RUNNING else at)
        )
    return run_id


def replace_id(change: Change, run_id: str) -> Change:
    return replace(change, id=f"{run_id}-{change.id}")


def rows(store: Store, table: object, run_id: str) -> int:
    with store.db.read() as tx:
        return tx.execute(select(func.count()).where(table.c.run_id == run_id)).scalar_one()  # type: ignore[attr-defined]


def test_an_old_run_goes_with_everything(store: Store, link: Link) -> None:
    old, young = full_run(store, link, 200), full_run(store, link, 1)
    pruned = Retention(store.db).prune(180)
    assert (pruned.runs, pruned.changes, pruned.staged) == (1, 3, 3)
    assert [r.id for r in store.runs.list()] == [young]
    assert all(rows(store, table, old) == 0 for table in OF_A_RUN)
    assert all(rows(store, table, young) > 0 for table in OF_A_RUN)
    assert Retention(store.db).prune(180) == Pruned()


def test_live_runs_and_the_last_complete_one_stay(store: Store, link: Link) -> None:
    older = full_run(store, link, 400)
    last = full_run(store, link, 300, status=Status.RED)
    failed = full_run(store, link, 250, status=Status.FAILED)
    preview = full_run(store, link, 240, status=Status.PLANNED, mode=Mode.PREVIEW)
    live = full_run(store, link, 230, status=Status.RUNNING)
    Retention(store.db).prune(180)
    left = {r.id for r in store.runs.list()}
    assert left == {last, live} and not left & {older, failed, preview}
    assert rows(store, staged, live) and not rows(store, staged, last) and not rows(store, sync_queue, last)
    before = store.runs.last(store.flow().id, (Status.DONE, Status.RED))
    assert before is not None and before.id == last


@pytest.mark.parametrize("state", ["committed", "unknown"])
def test_a_call_that_nobody_knows_the_outcome_of_is_kept(store: Store, link: Link, state: str) -> None:
    old = full_run(store, link, 400)
    full_run(store, link, 1)
    with store.db.write() as tx:
        store.calls.set_state(tx, f"call-{old}", state)
    assert Retention(store.db).prune(180).runs == 0 and store.calls.unanswered(old)
    with store.db.write() as tx:
        store.calls.set_state(tx, f"call-{old}", "void")
    assert Retention(store.db).prune(180).runs == 1


def test_staged_records_of_a_preview_go_after_a_week(store: Store, link: Link) -> None:
    fresh = full_run(store, link, 6, status=Status.PLANNED, mode=Mode.PREVIEW)
    stale = full_run(store, link, 8, status=Status.PLANNED, mode=Mode.PREVIEW)
    assert Retention(store.db).prune(180).staged == 3
    assert (rows(store, staged, fresh), rows(store, staged, stale), rows(store, staged_keys, stale)) == (
        3,
        0,
        0,
    )
    assert store.plans.items(stale), "the plan itself stays"


def test_resolved_items_go_open_ones_stay(store: Store, link: Link) -> None:
    with store.db.write() as tx:
        store.attention.park(
            tx, link.id, "f", "r", [Park(Entity.PRODUCT, p, p, "c", say("x")) for p in ("old", "new", "open")]
        )
    by_record = {p.record_id: p.id for p in store.attention.list()}
    store.attention.close([by_record["old"], by_record["new"]], "ayşe")
    with store.db.write() as tx:
        tx.execute(
            update(attention)
            .where(attention.c.id != by_record["new"])
            .values(opened_at=utc_now() - timedelta(days=300))
        )
        tx.execute(
            update(attention)
            .where(attention.c.id == by_record["old"])
            .values(closed_at=utc_now() - timedelta(days=200))
        )
    assert Retention(store.db).prune(180).attention == 1
    assert [p.record_id for p in store.attention.list()] == ["open"] and len(
        store.attention.list(closed=True)
    ) == 1


def test_many_rows_go_in_small_transactions(
    store: Store, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 7)
    old = full_run(store, link, 200)
    store.plans.add(
        old, [made.planned(n, replace_id(made.price_change(n), old)) for n in range(100, 150)], 100
    )
    full_run(store, link, 1)
    assert Retention(store.db).prune(180).changes == 53
    assert rows(store, changes, old) == 0


def test_stock_changes_go_by_age_unless_their_run_needs_them(store: Store, link: Link) -> None:
    old = {
        "gone": full_run(store, link, 40),
        "open": full_run(store, link, 41),
        "kept": full_run(store, link, 30, status=Status.RUNNING, mode=Mode.ITEMS),
    }
    stock = StockChanges(store.db)
    for run_id in (*old.values(), "elsewhere", "young"):
        stock.add([replace(change("f", None, f"v{n}", 1, 1), run_id=run_id) for n in range(3)])
    with store.db.write() as tx:
        store.calls.set_state(tx, f"call-{old['open']}", "unknown")
        at = utc_now() - timedelta(days=20)
        tx.execute(update(stock_changes).where(stock_changes.c.run_id != "young").values(at=at))
    assert Retention(store.db).prune(19).stock == 6
    left = {run_id: sum(stock.counts(run_id).values()) for run_id in (*old.values(), "elsewhere", "young")}
    assert left == {old["gone"]: 0, old["open"]: 3, old["kept"]: 3, "elsewhere": 0, "young": 3}
