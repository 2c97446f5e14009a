"""What the inventory pages ask: estimates, kept figures, and lists without the queue's small runs."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from storage.budgets import Budgets, Told
from storage.clock import utc_now
from sync.application import Application
from sync.managers.views import dashboard, estimate, runs, stock
from sync.managers.views.memo import Memo
from sync.model.run import Counts, Mode, Status
from tests.pages import seed as whole
from tests.pages.operating import ws
from tests.pages.seed import stock as seed

__all__ = ["ws"]


@pytest.mark.parametrize(
    ("rows", "calls", "seconds"), [(250, 1, 0), (100_000, 400, 20), (1_000_000, 4_000, 380)]
)
def test_an_estimate_is_what_the_budget_allows(
    ws: Application, rows: int, calls: int, seconds: float
) -> None:
    """A standard plan: 2,000 points to begin with and 100 a second; a call of 250 rows costs 10."""
    target = ws.connections.get(seed.stores(ws).link.b)
    found = estimate.of_rows(ws, target, {"stock": rows})
    assert found is not None and not found.told
    assert (found.calls, found.seconds) == (calls, seconds)


def test_an_estimate_takes_the_stores_own_budget_and_the_slower_pace(ws: Application) -> None:
    target = ws.connections.get(seed.stores(ws).link.b)
    ws.spending.trace(target.id).request("x", seconds=1, available=0, limit=20_000, restore=1_000)
    told = ws.spending.trace(target.id).told
    assert told is not None
    found = estimate.of_rows(ws, target, {"stock": 100_000}, now=told.at)
    assert found is not None and found.told and found.seconds == 4
    slower = estimate.of_rows(ws, target, {"stock": 100_000}, 100)
    assert slower is not None and slower.seconds == 100
    later = estimate.of_rows(
        ws, target, {"stock": 100_000}, now=told.at + timedelta(seconds=2 / target.speed)
    )
    assert later is not None and later.seconds == pytest.approx(2 / target.speed), "it fills up meanwhile"


def test_a_process_that_makes_no_calls_knows_what_the_store_told_another(ws: Application) -> None:
    """The console beside `python -m sync worker`: a Plus store is not taken for a standard one."""
    target = ws.connections.get(seed.stores(ws).link.b)
    at = utc_now()
    other = Budgets(ws.db)
    other.tell(target.id, Told(0, 20_000, 1_000, at))
    found = estimate.of_rows(ws, target, {"stock": 100_000}, now=at)
    assert found is not None and found.told and found.seconds == pytest.approx(4 / target.speed)
    other.tell(target.id, Told(900, 20_000, 1_000, at + timedelta(seconds=1)))
    assert ws.budgets.told(target.id) == Told(0, 20_000, 1_000, at), "not at every call"
    other.tell(target.id, Told(900, 2_000, 100, at + timedelta(seconds=2)))
    assert ws.budgets.told(target.id) == Told(900, 2_000, 100, at + timedelta(seconds=2))


def test_a_platform_without_points_has_no_estimate(ws: Application) -> None:
    shop = whole.connect(ws)
    assert estimate.of_rows(ws, ws.connections.get(shop.link.a), {"stock": 100}) is None


def test_what_the_queue_writes_in_passing_is_no_run_of_the_lists(ws: Application) -> None:
    stores = seed.stores(ws)
    first = seed.aligned(ws, stores)
    at = utc_now() - timedelta(seconds=5)
    whole.run(ws, stores.flow, Mode.ITEMS, Status.RUNNING, at)
    whole.run(ws, stores.flow, Mode.ITEMS, Status.DONE, at, 1.0, counts=Counts(read=3, updated=3))
    assert [line.run.id for line in runs.recent(ws)] == [first]
    assert not runs.live(ws) and not runs.live_ids(ws)
    card = stock.card(ws, stores.flow.id)
    assert card.live is None and card.last is not None and card.last.id == first


def test_the_dashboard_counts_stock_by_the_runs_reports(ws: Application) -> None:
    stores = seed.stores(ws)
    seed.aligned(ws, stores, changes=60)
    now, _before = dashboard.activity(ws)
    assert (now.of("stock"), now.failed) == (58, 2)


def test_a_kept_figure_is_worked_out_once() -> None:
    memo, numbers = Memo(), itertools.count(1)
    for _ in range(3):
        assert memo.get("name", 60, lambda: next(numbers)) == 1
    assert memo.get("name", -1, lambda: next(numbers)) == 2
    memo.forget()
    assert memo.get("name", 60, lambda: next(numbers)) == 3
